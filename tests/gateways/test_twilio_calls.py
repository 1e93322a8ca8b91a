"""What Twilio is told to do with a call, and what it tells of the call afterwards."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.twiml.voice_response import VoiceResponse  # type: ignore[import-untyped]

from honeytoken import Vault, gateways
from honeytoken.contacts import Received
from honeytoken.errors import BadSignature, MalformedDelivery
from honeytoken.gateways import Delivery, Request
from honeytoken.trace.campaigns import template
from tests.conftest import Clock

from .requests import FORM, only, request

TOKEN = "test-auth-token"
URL = "https://hooks.shop.example/hooks/twilio?tenant=1&v=2"
SID = "CA" + "7a" * 16
RECORDING = "RE" + "1b" * 16
CALL = {
    "CallSid": SID,
    "AccountSid": "AC" + "9f" * 16,
    "From": "+447700900123",
    "To": "+447700900456",
    "CallStatus": "ringing",
    "Direction": "inbound",
}
#: Twilio's report of a recording says neither who rang nor whom.
RECORDED = {
    "CallSid": SID,
    "AccountSid": CALL["AccountSid"],
    "RecordingSid": RECORDING,
    "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/{RECORDING}",
    "RecordingStatus": "completed",
    "RecordingDuration": "12",
    "RecordingChannels": "1",
    "RecordingSource": "RecordVerb",
}
TRANSCRIBED = CALL | {
    "CallStatus": "completed",
    "RecordingSid": RECORDING,
    "TranscriptionSid": "TR" + "2c" * 16,
    "TranscriptionStatus": "completed",
    "TranscriptionText": "Hello, this is about your loan.",
}
VOICEMAIL: dict[str, object] = {"call_answer": "voicemail"}
FORWARD: dict[str, object] = {"call_answer": "forward", "forward_to": "+447700900789"}


def gateway(**options: object) -> gateways.Gateway:
    options = {"kind": "twilio", "public_url": URL, "auth_token": TOKEN, "region": "GB", **options}
    return gateways.build("voice", options)


def posted(fields: dict[str, str]) -> Request:
    """Post as Twilio's own SDK signs."""
    signature = RequestValidator(TOKEN).compute_signature(URL, fields)
    return request(
        urlencode(fields).encode(),
        headers={"X-Twilio-Signature": signature},
        content_type=FORM,
        query="tenant=1&v=2",
    )


def told(fields: dict[str, str]) -> Delivery:
    return only(gateway().receive(posted(fields)))


def answer(fields: dict[str, str], **options: object) -> ET.Element:
    built = gateway(**options)
    reply = built.reply((only(built.receive(posted(fields))),))
    assert (reply.status, reply.content_type) == (200, "text/xml")
    return ET.fromstring(reply.body)


def test_calls_are_rejected_unless_another_answer_is_chosen() -> None:
    assert [verb.tag for verb in answer(CALL)] == ["Reject"]
    assert [verb.tag for verb in answer(CALL, call_answer="reject")] == ["Reject"]


def test_voicemail_says_the_greeting_and_reports_to_the_configured_url() -> None:
    greeting = 'Say "A & B" <after> the tone'
    say, record, hangup = answer(CALL, **VOICEMAIL, greeting=greeting, language="en-GB")
    assert (say.tag, say.text, say.get("language")) == ("Say", greeting, "en-GB")
    assert (record.tag, hangup.tag) == ("Record", "Hangup")
    for name in ("action", "recordingStatusCallback", "transcribeCallback"):
        assert record.get(name) == URL
    assert (record.get("transcribe"), record.get("method")) == ("true", "POST")


def test_voicemail_greets_and_says_that_it_records_where_nothing_is_configured() -> None:
    say, _record, _hangup = answer(CALL, **VOICEMAIL)
    assert "recorded" in (say.text or "")


def test_voicemail_is_what_twilios_own_library_writes() -> None:
    response = VoiceResponse()
    response.say("Hi", language="en-GB")
    response.record(
        action=URL,
        method="POST",
        max_length=120,
        timeout=8,
        play_beep=True,
        recording_status_callback=URL,
        recording_status_callback_method="POST",
        recording_status_callback_event="completed absent",
        transcribe=True,
        transcribe_callback=URL,
    )
    response.hangup()
    ours = answer(CALL, **VOICEMAIL, greeting="Hi", language="en-GB")
    assert ET.canonicalize(ET.tostring(ours)) == ET.canonicalize(str(response))


@pytest.mark.parametrize("record", [False, True])
def test_forward_is_what_twilios_own_library_writes(record: bool) -> None:
    response = VoiceResponse()
    dial = {"action": URL, "method": "POST", "answer_on_bridge": True, "timeout": 25}
    if record:
        dial |= {
            "record": "record-from-answer-dual",
            "recording_status_callback": URL,
            "recording_status_callback_method": "POST",
            "recording_status_callback_event": "completed absent",
        }
    response.dial(**dial).number("+447700900789")
    ours = answer(CALL, **FORWARD, record_forwarded=record)
    assert ET.canonicalize(ET.tostring(ours)) == ET.canonicalize(str(response))


@pytest.mark.parametrize("name", ["From", "To"])
@pytest.mark.parametrize("number", ["+447700900789", "07700 900789"])
def test_call_that_would_come_back_to_itself_is_rejected(name: str, number: str) -> None:
    assert [verb.tag for verb in answer(CALL | {name: number}, **FORWARD)] == ["Reject"]


@pytest.mark.parametrize("sender", ["", "anonymous", "+266696687", "\ud800"])
def test_withheld_caller_is_forwarded_all_the_same(sender: str) -> None:
    built = gateway(**FORWARD)
    ringing = Delivery("voice", "x", told(CALL).medium, told(CALL).authenticity, sender=sender)
    assert b"<Dial" in built.reply((ringing,)).body


@pytest.mark.parametrize("options", [VOICEMAIL, FORWARD])
@pytest.mark.parametrize(
    "fields",
    [
        CALL | {"CallStatus": "in-progress"},
        CALL | {"CallStatus": "completed", "CallDuration": "9"},
        CALL | {"CallStatus": "in-progress", "Digits": "hangup", **RECORDED},
        CALL | {"CallStatus": "in-progress", "Digits": "1"},
        CALL | {"DialCallStatus": "completed", "DialCallDuration": "4"},
        CALL | {"DialCallStatus": "no-answer", "CallStatus": "ringing"},
        CALL | {"DialCallStatus": "answered"},
        RECORDED,
        TRANSCRIBED,
    ],
)
def test_only_a_ringing_call_is_answered_so_that_nothing_runs_for_ever(
    fields: dict[str, str], options: dict[str, object]
) -> None:
    assert list(answer(fields, **options)) == []


@pytest.mark.parametrize("options", [VOICEMAIL, FORWARD])
def test_outgoing_call_and_message_are_never_recorded_or_forwarded(
    options: dict[str, object],
) -> None:
    built = gateway(**options)
    assert built.receive(posted(CALL | {"Direction": "outbound-dial"})) == ()
    assert built.reply(()).body == b"<Response/>"


def test_recording_and_transcription_fold_into_the_call() -> None:
    events = [told(fields) for fields in (CALL, RECORDED, TRANSCRIBED)]
    assert {event.fold_key for event in events} == {SID}
    assert len({event.delivery_id for event in events}) == 3
    assert [event.status for event in events] == ["ringing", "recorded", "transcribed"]
    assert events[1].subject == f"{RECORDING} 12 s"
    assert (events[1].recipient, events[1].text) == (None, None)
    assert events[2].text == "Hello, this is about your loan."


def test_repeated_report_of_a_recording_is_a_repeat() -> None:
    assert told(RECORDED).delivery_id == told(RECORDED | {"RecordingDuration": "13"}).delivery_id


def test_result_of_a_recording_knows_its_id_from_the_url() -> None:
    result = CALL | {"CallStatus": "in-progress", "Digits": "hangup", "RecordingDuration": "12"}
    result |= {"RecordingUrl": RECORDED["RecordingUrl"]}
    assert told(result).subject == f"{RECORDING} 12 s"


@pytest.mark.parametrize("status", ["absent", "failed", "in-progress"])
def test_recording_that_failed_is_told_apart(status: str) -> None:
    changed = {**RECORDED, "RecordingStatus": status, "RecordingDuration": "-1"}
    assert told(changed).delivery_id != told(RECORDED).delivery_id
    assert told(changed).subject == RECORDING


def test_failed_transcription_leaves_the_text_empty() -> None:
    failed = {**TRANSCRIBED, "TranscriptionStatus": "failed", "TranscriptionText": ""}
    assert told(failed).text is None


def test_gathered_keys_and_speech_fold_into_the_call() -> None:
    keys = told(CALL | {"CallStatus": "in-progress", "Digits": "12#"})
    more = told(CALL | {"CallStatus": "in-progress", "Digits": "13#"})
    speech = told(CALL | {"CallStatus": "in-progress", "SpeechResult": "about a loan"})
    assert len({keys.delivery_id, more.delivery_id, speech.delivery_id}) == 3
    assert {keys.fold_key, more.fold_key, speech.fold_key} == {SID}
    assert (keys.subject, keys.text, speech.text) == ("keys 12#", None, "about a loan")


def test_recordings_id_does_not_tie_callers_together_nor_keep_them_apart() -> None:
    subject = told(RECORDED).subject or ""
    assert template(subject) == ""
    other = subject.replace("1b1b", "c3ff")
    text = TRANSCRIBED["TranscriptionText"]
    assert template(f"{subject}\n{text}") == template(f"{other}\n{text}") != ""


@pytest.mark.parametrize(
    "changed",
    [
        {"RecordingSid": "../../etc"},
        {"RecordingSid": RECORDING + "RecordingStatuscompleted"},
        {"TranscriptionSid": "TR1 OR 1=1"},
        {"CallSid": SID + "x"},
    ],
)
def test_signed_id_of_another_shape_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(posted(TRANSCRIBED | changed))


def test_transcription_altered_on_its_way_is_refused() -> None:
    good = posted(TRANSCRIBED)
    altered = good.body.replace(b"your+loan", b"your+heir")
    assert altered != good.body
    with pytest.raises(BadSignature):
        gateway().receive(request(altered, headers=good.headers, query=good.query))


def test_voicemail_is_one_contact_in_the_store_with_what_was_heard(furnished: Vault) -> None:
    built = gateway(**VOICEMAIL)
    number = {"To": "+447700900003"}
    for fields in (CALL | number, RECORDED, TRANSCRIBED | number, RECORDED):
        incoming = posted(fields)
        delivery = only(built.receive(incoming))
        furnished.contacts.record(
            [Received(delivery, "GB", incoming.received_at, incoming.headers, incoming.body)]
        )
    (contact,) = furnished.contacts.list()
    assert contact.contact_point_id is not None
    assert (contact.subject, contact.body) == (
        f"{RECORDING} 12 s",
        TRANSCRIBED["TranscriptionText"],
    )
    assert len(furnished.contacts.events(contact.id)) == 3


def test_what_a_voicemail_says_is_looked_at_although_it_comes_last(
    furnished: Vault, clock: Clock
) -> None:
    canary = furnished.mint(locale="en-GB")
    furnished.place(canary, "northbound", confirmed=True)
    name = canary.identity.name
    said = TRANSCRIBED | {"TranscriptionText": f"Hello {name}, ring 07700 900999 about the loan."}
    built = gateway(**VOICEMAIL)
    matched = []
    for fields in (CALL, said):
        number = {"To": str(canary.identity.phone_number)}
        incoming = replace(posted(fields | number), received_at=clock.forward(minutes=1))
        delivery = only(built.receive(incoming))
        furnished.contacts.record(
            [Received(delivery, "GB", incoming.received_at, incoming.headers, incoming.body)]
        )
        (sighting,) = furnished.evidence().sightings
        matched.append({match.field for one in sighting.candidates for match in one.matches})
    assert (matched[0], matched[1]) == ({"phone_number"}, {"phone_number", "name"})
    (contact,) = furnished.contacts.list()
    assert contact.facts.call_back_numbers == ("+447700900999",)

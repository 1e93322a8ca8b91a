"""SmsForwarder: every body form the app writes, and what its sign does not protect."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import pytest
from apprise.plugins.dingtalk import NotifyDingTalk

from honeytoken import gateways
from honeytoken.errors import BadSignature, MalformedDelivery, StaleDelivery
from honeytoken.gateways import Delivery, Heartbeat, Request, smsforwarder
from honeytoken.models import Authenticity, Medium

from .requests import FORM, JSON, NOW, only, request

SECRET = "SEC4a9f0c1d2e3b4a5968778695a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c"
STAMP = 1763800764123
AT = datetime.fromtimestamp(STAMP / 1000, UTC)
PLAIN = "XJ0lD45n+YYEBoTkHQLwOZ6xmkyCKk63u5zz4C13OpE="
ENCODED = quote(PLAIN, safe="")
SMS = {
    "kind": "sms",
    "to": "+8615400000001",
    "from": "+8616100000002",
    "text": "您的包裹【圆通速递】1 + 1",
    "sim": "SIM1_work",
    "device": "shelf-3",
    "at": "2025-11-22T16:39:20+0800",
}
CALL = SMS | {"kind": "call", "text": "通讯录名：未知号码\n通话类型：未接来电"}


def gateway(**options: object) -> gateways.Gateway:
    if "unsigned" not in options:
        options.setdefault("secret", SECRET)
    return gateways.build("phones", {"kind": "smsforwarder", **options})


def template(fields: dict[str, str], *, sign: str = ENCODED, stamp: object = str(STAMP)) -> Request:
    body = json.dumps(fields | {"timestamp": stamp, "sign": sign})
    return request(body.encode(), content_type=JSON, received_at=AT)


def received(fields: dict[str, str], **options: object) -> Delivery:
    return only(gateway(**options).receive(template(fields)))


def test_sign_equals_the_pinned_vector() -> None:
    assert smsforwarder.signature(SECRET, STAMP) == PLAIN


def test_sign_equals_the_one_another_program_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apprise.plugins.dingtalk.time.time", lambda: STAMP / 1000)
    robot = NotifyDingTalk(token="a" * 32, secret=SECRET)  # type: ignore[no-untyped-call]  # theirs
    stamp, signed = robot.get_signature()  # type: ignore[no-untyped-call]  # theirs
    assert signed == quote(smsforwarder.signature(SECRET, stamp), safe="")


def test_sms_from_the_recommended_template() -> None:
    delivery = received(SMS)
    assert (delivery.sender, delivery.recipient) == (SMS["from"], SMS["to"])
    assert (delivery.medium, delivery.text) == (Medium.SMS, SMS["text"])
    assert delivery.sent_at == datetime(2025, 11, 22, 8, 39, 20, tzinfo=UTC)
    assert delivery.authenticity is Authenticity.SENDER
    assert (delivery.fold_key, delivery.status) == (None, None)


@pytest.mark.parametrize("sign", [PLAIN, ENCODED, quote(ENCODED, safe="")])
@pytest.mark.parametrize("stamp", [STAMP, str(STAMP)])
def test_sign_in_json_may_be_encoded_up_to_twice(sign: str, stamp: object) -> None:
    assert gateway().receive(template(SMS, sign=sign, stamp=stamp))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_default_form_has_the_sign_encoded_twice(method: str) -> None:
    text = "+8616100000002\n短信\nSIM1_work\nSubId：1\n2025-11-22 16:39:20\nshelf-3"
    fields = {"from": "+8616100000002", "content": text, "timestamp": STAMP, "sign": ENCODED}
    body = urlencode(fields).encode()
    posted = request(body, content_type=FORM, received_at=AT, method=method)
    delivery = only(gateway(to="+8615400000001").receive(posted))
    assert (delivery.text, delivery.recipient) == (text, "+8615400000001")
    assert delivery.sent_at == datetime(2025, 11, 22, 8, 39, 20, tzinfo=UTC)


def test_get_with_a_template_has_the_sign_encoded_twice() -> None:
    query = urlencode(SMS | {"timestamp": STAMP, "sign": ENCODED})
    delivery = only(gateway().receive(request(method="GET", query=query, received_at=AT)))
    assert delivery.text == SMS["text"]


def test_get_without_a_template_has_the_sign_encoded_once() -> None:
    query = urlencode({"from": "10086", "content": "hi", "timestamp": STAMP, "sign": PLAIN})
    delivery = only(gateway().receive(request(method="GET", query=query, received_at=AT)))
    assert (delivery.sender, delivery.text) == ("10086", "hi")


def test_plus_of_the_sign_is_never_read_as_a_blank() -> None:
    query = f"from=10086&content=hi&timestamp={STAMP}&sign={PLAIN}"
    assert gateway().receive(request(method="GET", query=query, received_at=AT))


def test_plus_written_literally_into_a_get_template_is_understood() -> None:
    query = f"to=+8615400000001&from=1&org_content=hi&timestamp={STAMP}&sign={ENCODED}"
    delivery = only(gateway().receive(request(method="GET", query=query, received_at=AT)))
    assert delivery.recipient == "+8615400000001"


def test_text_template_is_read_line_by_line() -> None:
    lines = f"from=10086\norg_content: one\\ntwo=three\n{'sim：SIM2_x'}\ntimestamp={STAMP}"
    body = f"{lines}\nsign={ENCODED}\n".encode()
    posted = request(body, content_type="text/plain; charset=utf-8", received_at=AT)
    delivery = only(gateway(slots={"SIM2": "+8615400000009"}).receive(posted))
    assert (delivery.text, delivery.recipient) == ("one\ntwo=three", "+8615400000009")


def test_text_template_in_json_is_read_as_json() -> None:
    body = template(SMS).body
    assert gateway().receive(request(body, content_type="text/plain", received_at=AT))


def test_literal_number_in_the_template_goes_before_the_settings() -> None:
    assert received(SMS, to="+8615400000009").recipient == SMS["to"]


@pytest.mark.parametrize(
    "slots",
    [
        {"SIM1_work": "+8615400000007"},
        {"SIM1": "+8615400000007", "SIM2": "+8615400000008"},
        {"shelf-3|SIM1": "+8615400000007", "SIM1": "+8615400000008"},
        {"shelf-3|SIM1_work": "+8615400000007", "shelf-3|SIM1": "+8615400000008"},
    ],
)
def test_number_is_found_by_device_and_slot(slots: dict[str, str]) -> None:
    unaddressed = {name: value for name, value in SMS.items() if name != "to"}
    assert received(unaddressed, slots=slots).recipient == "+8615400000007"


def test_sender_may_be_unknown_and_recipient_unmapped() -> None:
    delivery = received({"from": "", "text": "hello", "at": "2025-11-22 16:39:20"})
    assert (delivery.sender, delivery.recipient) == (None, None)
    assert delivery.sent_at == datetime(2025, 11, 22, 8, 39, 20, tzinfo=UTC)


def test_local_time_without_zone_is_read_with_the_configured_offset() -> None:
    delivery = received(SMS | {"at": "2025-11-22 16:39:20"}, utc_offset="-03:30")
    assert delivery.sent_at == datetime(2025, 11, 22, 20, 9, 20, tzinfo=UTC)


def test_time_of_receipt_may_be_the_apps_timestamp() -> None:
    delivery = received(SMS | {"at": str(STAMP), "text": f"at {STAMP}"})
    assert (delivery.sent_at, delivery.text) == (AT, "at [timestamp]")


def test_unreadable_time_of_receipt_is_left_out() -> None:
    assert received(SMS | {"at": "[receive_time]"}).sent_at is None


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("来电挂机", "ended"),
        ("未接来电", "missed"),
        ("来电提醒", "ringing"),
        ("来电接通", "answered"),
        ("Incoming Ended", "ended"),
        ("Missed", "missed"),
        ("Incoming Received", "ringing"),
        ("Incoming Answered", "answered"),
    ],
)
@pytest.mark.parametrize("kind", [{"kind": "call"}, {}])
def test_status_of_a_call_is_read_from_the_apps_text(
    words: str, status: str, kind: dict[str, str]
) -> None:
    label = "Linkman:x\nCall type: " if words.isascii() else "通讯录名：x\n通话类型："
    fields = {"from": "10086", "text": label + words, "at": SMS["at"]} | kind
    delivery = received(fields)
    assert (delivery.medium, delivery.status, delivery.text) == (Medium.CALL, status, None)


@pytest.mark.parametrize("call_type", ["去电挂机", "去电拨出", "Outgoing Started", "2", "6"])
def test_outgoing_calls_are_nothing_to_record(call_type: str) -> None:
    assert gateway().receive(template(SMS | {"kind": "call", "call_type": call_type})) == ()
    text = f"通讯录名：x\n通话类型：{call_type}"
    assert gateway().receive(template({"from": "1", "text": text, "at": SMS["at"]})) == ()


def test_sms_that_imitates_an_outgoing_call_is_recorded_where_the_template_says_sms() -> None:
    delivery = received(SMS | {"text": "通讯录名：x\n通话类型：去电挂机"})
    assert delivery.medium is Medium.SMS


def test_app_notifications_are_nothing_to_record() -> None:
    assert gateway().receive(template(SMS | {"kind": "app"})) == ()


def test_heartbeat_of_a_scheduled_task_is_a_sign_of_life() -> None:
    beat = {"kind": "heartbeat", "device": "shelf-3"}
    assert gateway().receive(template(beat)) == (Heartbeat("phones", "shelf-3"),)
    assert gateway().receive(template({"kind": " Heartbeat "})) == (Heartbeat("phones"),)
    assert gateway().reply(()).status == 200


def test_heartbeat_needs_its_sign_as_everything_does() -> None:
    with pytest.raises(BadSignature):
        gateway().receive(template({"kind": "heartbeat"}, sign="x"))


def test_heartbeat_may_be_a_form_or_a_query() -> None:
    fields = {"kind": "heartbeat", "device": "shelf-3", "timestamp": STAMP, "sign": ENCODED}
    body = urlencode(fields).encode()
    posted = request(body, content_type=FORM, received_at=AT)
    asked = request(method="GET", query=body.decode(), received_at=AT)
    for beat in (posted, asked):
        assert gateway().receive(beat) == (Heartbeat("phones", "shelf-3"),)


def test_device_that_asks_for_the_sign_does_not_carry_it_away() -> None:
    (beat,) = gateway().receive(template({"kind": "heartbeat", "device": f"d{PLAIN}"}))
    assert beat == Heartbeat("phones", "d[sign]")


def test_delivery_names_the_phone_that_forwarded_it() -> None:
    assert received(SMS).device == "shelf-3"
    assert received(CALL).device == "shelf-3"
    assert received({"from": "1", "text": "hi"}).device is None


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(template(SMS | {"kind": "pigeon"}))


def test_events_of_one_call_are_distinct_and_fold() -> None:
    events = [
        received(CALL | {"text": f"通讯录名：x\n通话类型：{words}", "sim": sim})
        for words, sim in (("来电提醒", ""), ("来电接通", ""), ("来电挂机", "SIM1_work"))
    ]
    assert len({event.delivery_id for event in events}) == 3
    assert len({event.fold_key for event in events}) == 1
    assert {event.fold_window_s for event in events} == {120}
    assert received(CALL | {"from": "10086"}).fold_key != events[0].fold_key
    assert received(CALL | {"device": "shelf-4"}).fold_key != events[0].fold_key


def test_resent_event_with_a_new_timestamp_is_a_repeat() -> None:
    later = STAMP + 60_000
    again = template(SMS, sign=smsforwarder.signature(SECRET, later), stamp=later)
    assert only(gateway().receive(again)).delivery_id == received(SMS).delivery_id


@pytest.mark.parametrize("field", ["from", "to", "text", "sim", "device", "at"])
def test_any_other_field_makes_another_delivery(field: str) -> None:
    changed = SMS | {field: "2025-11-22T16:39:21+0800" if field == "at" else "other"}
    assert received(changed).delivery_id != received(SMS).delivery_id


def test_same_text_twice_without_time_of_receipt_is_two_deliveries() -> None:
    fields = {"from": "10086", "text": "hello"}
    later = template(fields, sign=smsforwarder.signature(SECRET, STAMP + 1), stamp=STAMP + 1)
    assert only(gateway().receive(later)).delivery_id != received(fields).delivery_id
    assert received(fields).delivery_id == received(fields).delivery_id


def test_template_without_any_time_is_refused() -> None:
    posted = request(b'{"from":"10086","text":"hello"}', content_type=JSON)
    with pytest.raises(MalformedDelivery):
        gateway(unsigned=True).receive(posted)


@pytest.mark.parametrize("form", [PLAIN, ENCODED, quote(ENCODED, safe="")])
def test_sms_that_asks_for_the_sign_does_not_carry_it_away(form: str) -> None:
    asked = received(SMS | {"text": f"code [sign] {form} [timestamp] {STAMP}"})
    assert asked.text == "code [sign] [sign] [timestamp] [timestamp]"
    later = STAMP + 5000
    signed = smsforwarder.signature(SECRET, later)
    resent = SMS | {"text": f"code [sign] {quote(signed, safe='')} [timestamp] {later}"}
    again = only(gateway().receive(template(resent, sign=signed, stamp=later)))
    assert again.delivery_id == asked.delivery_id


@pytest.mark.parametrize("offset_s", [-599, 599])
def test_delivery_within_the_tolerance_is_taken(offset_s: int) -> None:
    late = template(SMS)
    moved = request(late.body, content_type=JSON, received_at=AT + timedelta(seconds=offset_s))
    assert gateway().receive(moved)


@pytest.mark.parametrize("offset_s", [-601, 601, 10**9])
def test_stolen_sign_expires_in_both_directions(offset_s: int) -> None:
    late = template(SMS)
    moved = request(late.body, content_type=JSON, received_at=AT + timedelta(seconds=offset_s))
    with pytest.raises(StaleDelivery):
        gateway().receive(moved)


@pytest.mark.parametrize(
    ("sign", "stamp"),
    [
        ("", STAMP),
        ("x", STAMP),
        ("é", STAMP),
        ("%" * 1000, STAMP),
        (ENCODED, STAMP + 1),
        (ENCODED, ""),
        (ENCODED, "1763800764123.0"),
        (ENCODED, "１７６３８００７６４１２３"),
        (ENCODED, "-1"),
        (ENCODED, 10**30),
        (quote(quote(ENCODED, safe=""), safe=""), STAMP),
    ],
)
def test_missing_or_wrong_sign_is_refused(sign: str, stamp: object) -> None:
    with pytest.raises(BadSignature):
        gateway().receive(template(SMS, sign=sign, stamp=stamp))


def test_sign_is_needed_in_a_form_without_it() -> None:
    with pytest.raises(BadSignature):
        gateway().receive(request(b"from=10086&content=hello", content_type=FORM))


@pytest.mark.parametrize(
    "body",
    [
        b'{"from":"O"Neill","text":"hi"}',
        b'{"from":"1","text":"a","from":"2"}',
        b'{"from":["1"],"text":"a"}',
        b'{"from":true,"text":"a"}',
        b'{"from":"1","text":"a","timestamp":NaN}',
        b'{"from":"1","timestamp":' + b"9" * 5000 + b"}",
        b'{"text":' + b"[" * 200_000,
        b'{"text":' + b'{"a":' * 200_000,
        b'{"from":"\xff"}',
        b"{",
        b"[]",
        b"null",
        b"",
    ],
)
def test_broken_deep_or_ambiguous_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedDelivery):
        gateway(unsigned=True).receive(request(body, content_type=JSON))


def test_field_injected_by_the_text_of_a_form_is_refused() -> None:
    body = b"from=10086&text=hello&from=%2B8615400000002&at=2025-11-22+10:00:00"
    with pytest.raises(MalformedDelivery):
        gateway(unsigned=True).receive(request(body, content_type=FORM))


@pytest.mark.parametrize("method", ["DELETE", "HEAD", ""])
def test_methods_the_app_does_not_use_are_refused(method: str) -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(request(template(SMS).body, content_type=JSON, method=method))


def test_delivery_with_neither_sender_nor_text_is_refused() -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(template({"at": SMS["at"]}))


def test_unsigned_proves_nothing_and_says_so() -> None:
    posted = request(json.dumps(SMS).encode(), content_type=JSON, received_at=NOW)
    assert only(gateway(unsigned=True).receive(posted)).authenticity is Authenticity.NONE


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": "Bearer t0ken"},
        {"X-Honeytoken-Token": "t0ken"},
        {"Authorization": f"Basic {b64encode(b'phone:t0ken').decode()}"},
        {"Authorization": f"basic {b64encode(b':t0ken').decode()}"},
    ],
)
def test_token_is_a_second_factor(header: dict[str, str]) -> None:
    good = template(SMS)
    with_token = request(good.body, headers=header, content_type=JSON, received_at=AT)
    assert gateway(token="t0ken").receive(with_token)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer other"},
        {"Authorization": "t0ken"},
        {"Authorization": "Basic t0ken"},
        {"Authorization": "Basic é"},
        {"Authorization": f"Basic {b64encode(b't0ken').decode()}"},
        {"Authorization": f"Basic {b64encode(b't0ken:').decode()}"},
        {"Authorization": f"Basic {b64encode(bytes([255, 58, 116])).decode()}"},
        {"Authorization": f"Basic {b64encode(b'a:b:t0ken').decode()}"},
        {"Authorization": "Bearer é"},
        {"X-Honeytoken-Token": ""},
    ],
)
def test_good_sign_without_the_token_is_refused(header: dict[str, str]) -> None:
    good = template(SMS)
    without = request(good.body, headers=header, content_type=JSON, received_at=AT)
    with pytest.raises(BadSignature):
        gateway(token="t0ken").receive(without)


def test_control_and_bidi_characters_of_a_text_are_kept_as_evidence() -> None:
    assert received(SMS | {"text": "a\x00b\u202ec\ud800"}).text == "a\x00b\u202ec\ufffd"


def test_replies_are_those_the_app_understands() -> None:
    built = gateway()
    accepted = built.reply((received(SMS),))
    assert (accepted.status, accepted.body) == (200, b'{"code":200}')
    assert built.reply(()) == accepted
    assert built.refusal(BadSignature("no")).status == 401
    assert built.refusal(StaleDelivery("no")).status == 401
    assert built.refusal(MalformedDelivery("no")).status == 400


def test_representation_shows_no_secret_and_nothing_personal() -> None:
    built = gateway(token="t0ken", to="+8615400000001")
    shown = repr(built) + repr(template(SMS)) + repr(received(SMS))
    for secret in (SECRET, "t0ken", "154000", "圆通", PLAIN):
        assert secret not in shown

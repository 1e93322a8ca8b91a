"""SMS Gateway for Android: SMS, MMS and signs of life, signed over body and time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from honeytoken import Vault, gateways
from honeytoken.contacts import Received
from honeytoken.errors import BadSignature, MalformedDelivery, StaleDelivery
from honeytoken.gateways import Delivery, Heartbeat, Request, smsgateway
from honeytoken.models import Authenticity, Medium

from .requests import JSON, NOW, only, request, told

KEY = "V1StGXR8"
STAMP = 1763800765
#: The sheet's, byte for byte: its numbers are part of the signed body.
VECTOR = (
    b'{"id":"Ey6ECgOkVVFjz3CL48B8C","webhookId":"LreFUt-Z3sSq0JufY9uWB","event":"sms:received",'
    b'"deviceId":"ffffffffceb0b1db0000018e937c815b","payload":{"message":"Is the flat on Elm St '
    b'still free? \xe8\xbf\x98\xe5\x9c\xa8\xe5\x90\x97","receivedAt":"2025-11-22T16:39:24.000+08:00'
    b'","messageId":"3f2a1b9c","sender":"+8613912345678","recipient":"+8613800138000","simNumber":1,'
    b'"phoneNumber":"+8613912345678"}}'
)
SIGNED = "188001c1d4beff5608baeee1139a9a1e647f80900b49726f42dabdb71a247356"
DEVICE = "ffffffffceb0b1db0000018e937c815b"
PAYLOAD = {
    "messageId": "3f2a1b9c",
    "message": "您的包裹 1 + 1",
    "sender": "+8616100000002",
    "recipient": "+8615400000001",
    "simNumber": 1,
    "phoneNumber": "+8616100000002",
    "receivedAt": "2026-11-22T16:39:20.000+08:00",
}


def gateway(**options: object) -> gateways.Gateway:
    options.setdefault("signing_key", KEY)
    return gateways.build("phones", {"kind": "sms_gateway", **options})


def event(kind: str = "sms:received", **payload: object) -> dict[str, Any]:
    found = {**PAYLOAD, **payload}
    return {"id": "ev-1", "webhookId": "w", "event": kind, "deviceId": DEVICE, "payload": found}


def signed(
    content: object = None, *, body: bytes | None = None, at: datetime = NOW, key: str = KEY
) -> Request:
    body = json.dumps(event() if content is None else content).encode() if body is None else body
    stamp = int(at.timestamp())
    headers = {"X-Timestamp": str(stamp), "X-Signature": smsgateway.signature(key, stamp, body)}
    return request(body, headers=headers, content_type=JSON)


def received(content: object, **options: object) -> Delivery:
    return only(gateway(**options).receive(signed(content)))


def test_signature_equals_the_pinned_vector() -> None:
    assert smsgateway.signature(KEY, STAMP, VECTOR) == SIGNED
    headers = {"X-Timestamp": str(STAMP), "X-Signature": SIGNED}
    at = datetime.fromtimestamp(STAMP, UTC)
    delivery = only(
        gateway().receive(request(VECTOR, headers=headers, content_type=JSON, received_at=at))
    )
    assert delivery.delivery_id == "Ey6ECgOkVVFjz3CL48B8C"
    assert (delivery.text or "").endswith("还在吗")


def test_sms_is_recorded_under_the_id_of_its_event() -> None:
    assert received(None) == Delivery(
        gateway="phones",
        delivery_id="ev-1",
        medium=Medium.SMS,
        authenticity=Authenticity.BODY,
        sender="+8616100000002",
        recipient="+8615400000001",
        text="您的包裹 1 + 1",
        sent_at=datetime(2026, 11, 22, 8, 39, 20, tzinfo=UTC),
        device=DEVICE,
    )


def test_message_id_is_not_what_a_repeat_is_known_by() -> None:
    again = received(event() | {"id": "ev-2"})
    assert again.delivery_id != received(event()).delivery_id
    assert received(event(messageId="other")).delivery_id == "ev-1"


def test_retry_with_a_new_timestamp_is_a_repeat() -> None:
    later = only(gateway().receive(signed(at=NOW + timedelta(seconds=10))))
    assert later == received(None)


def test_older_versions_name_the_sender_otherwise() -> None:
    old = event()
    for name in ("sender", "recipient", "simNumber"):
        del old["payload"][name]
    assert received(old).sender == "+8616100000002"


def test_data_sms_is_recorded_as_the_app_writes_it() -> None:
    content = event("sms:data-received", data="aGVsbG8=")
    del content["payload"]["message"]
    assert received(content).text == "aGVsbG8="


def mms(kind: str, **changed: object) -> dict[str, Any]:
    common = {name: PAYLOAD[name] for name in ("sender", "recipient", "simNumber", "receivedAt")}
    own: dict[str, object] = (
        {"transactionId": "T1", "subject": "照片", "size": 125684, "contentClass": "IMAGE_BASIC"}
        if kind == "mms:received"
        else {"body": "look", "subject": "照片", "attachments": [{"partId": 1, "data": "AA=="}]}
    )
    payload = {"messageId": kind, **common, **own, **changed}
    return {"id": kind, "webhookId": "w", "event": kind, "deviceId": DEVICE, "payload": payload}


def test_announced_and_downloaded_mms_fold_into_one_contact() -> None:
    announced, there = received(mms("mms:received")), received(mms("mms:downloaded"))
    assert announced.delivery_id != there.delivery_id
    assert announced.fold_key == there.fold_key is not None
    assert (announced.text, there.text, there.subject) == (None, "look", "照片")
    assert there.fold_window_s == 300


@pytest.mark.parametrize("order", [("mms:received", "mms:downloaded"), ("mms:downloaded",) * 2])
def test_mms_is_one_contact_in_the_store(furnished: Vault, order: tuple[str, ...]) -> None:
    for kind in order:
        incoming = signed(mms(kind))
        delivery = only(gateway().receive(incoming))
        furnished.contacts.record([Received(delivery, "CN", NOW, incoming.headers, incoming.body)])
    (contact,) = furnished.contacts.list()
    assert (contact.subject, contact.body) == ("照片", "look")


@pytest.mark.parametrize("changed", [{"sender": "+8616100000003"}, {"simNumber": 2}])
def test_mms_of_another_sender_or_sim_does_not_fold(changed: dict[str, object]) -> None:
    other = received(mms("mms:downloaded", **changed))
    assert other.fold_key != received(mms("mms:received")).fold_key


def test_sms_never_fold() -> None:
    assert (received(None).fold_key, received(None).fold_window_s) == (None, None)


@pytest.mark.parametrize(
    ("kind", "content"),
    [("sms:batch:received", "message"), ("sms:batch:data-received", "data")],
)
def test_batch_of_missed_messages_gives_each_of_them(kind: str, content: str) -> None:
    messages = [PAYLOAD | {content: f"text {n}"} for n in range(3)]
    batch = event(kind) | {"payload": {"messages": messages}}
    deliveries = told(gateway().receive(signed(batch)))
    assert [delivery.text for delivery in deliveries] == ["text 0", "text 1", "text 2"]
    assert [delivery.delivery_id for delivery in deliveries] == ["ev-1:0", "ev-1:1", "ev-1:2"]


def test_batch_of_mms_folds_as_single_ones_do() -> None:
    payload = mms("mms:downloaded")["payload"]
    batch = mms("mms:batch:downloaded") | {"payload": {"messages": [payload]}}
    (delivery,) = told(gateway().receive(signed(batch)))
    assert delivery.fold_key == received(mms("mms:received")).fold_key


@pytest.mark.parametrize(
    "messages", [None, {}, "text", ["text"], [None], [PAYLOAD] * 257, [{"message": 5}]]
)
def test_batch_of_another_shape_is_refused(messages: object) -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(signed(event("sms:batch:received") | {"payload": {"messages": messages}}))


@pytest.mark.parametrize("kind", ["system:ping", "app:started"])
def test_ping_and_start_are_signs_of_life(kind: str) -> None:
    ping = event(kind) | {"payload": {"health": {"status": "pass"}}}
    assert gateway().receive(signed(ping)) == (Heartbeat("phones", DEVICE),)
    assert gateway().receive(signed(ping | {"deviceId": None})) == (Heartbeat("phones", None),)


@pytest.mark.parametrize(
    "kind",
    ["sms:sent", "sms:delivered", "sms:failed", "sms:cancelled", "mms:sent", "call:ended", "x"],
)
def test_other_events_are_proven_and_nothing_to_record(kind: str) -> None:
    assert gateway().receive(signed(event(kind))) == ()
    forged = signed(event(kind), key="other")
    with pytest.raises(BadSignature):
        gateway().receive(forged)


@pytest.mark.parametrize(
    "slots",
    [
        {"SIM1": "+8615400000007", "SIM2": "+8615400000008"},
        {f"{DEVICE}|SIM1": "+8615400000007", "SIM1": "+8615400000008"},
    ],
)
def test_number_is_found_by_device_and_slot(slots: dict[str, str]) -> None:
    delivery = received(event(recipient=None), slots=slots, to="+8615400000009")
    assert delivery.recipient == "+8615400000007"


def test_number_the_phone_names_goes_before_the_settings() -> None:
    slots = {"SIM1": "+8615400000009"}
    assert received(None, slots=slots).recipient == "+8615400000001"


def test_number_of_a_phone_with_one_sim_may_stand_in_the_settings() -> None:
    unnamed = event(recipient=None, simNumber=None)
    assert received(unnamed, to="+8615400000009").recipient == "+8615400000009"
    assert received(unnamed).recipient is None


@pytest.mark.parametrize("at", [None, "yesterday", "2026-11-22T08:00:00", ""])
def test_unreadable_time_of_receipt_is_left_out(at: object) -> None:
    assert received(event(receivedAt=at)).sent_at is None


@pytest.mark.parametrize("offset_s", [-300, 300])
def test_delivery_within_the_tolerance_is_taken(offset_s: int) -> None:
    assert gateway().receive(signed(at=NOW + timedelta(seconds=offset_s)))


@pytest.mark.parametrize("offset_s", [-301, 301, -(10**9)])
def test_delivery_out_of_time_is_refused_in_both_directions(offset_s: int) -> None:
    with pytest.raises(StaleDelivery):
        gateway().receive(signed(at=NOW + timedelta(seconds=offset_s)))


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Signature": ""},
        {"X-Signature": "é"},
        {"X-Signature": "\ud800"},
        {"X-Timestamp": ""},
        {"X-Timestamp": "1e9"},
        {"X-Timestamp": "-5"},
        {"X-Timestamp": "٣" * 10},
        {"X-Timestamp": "9" * 5000},
        {"X-Timestamp": str(int(NOW.timestamp()) + 1)},
    ],
)
def test_missing_or_altered_header_is_refused(headers: dict[str, str]) -> None:
    good = signed()
    changed = {name.lower(): value for name, value in headers.items()}
    with pytest.raises(BadSignature):
        gateway().receive(request(good.body, headers={**good.headers, **changed}))


def test_signature_in_capitals_is_not_the_apps() -> None:
    good = signed()
    loud = {**good.headers, "x-signature": good.headers["x-signature"].upper()}
    with pytest.raises(BadSignature):
        gateway().receive(request(good.body, headers=loud))


def test_border_between_body_and_time_cannot_be_moved() -> None:
    """``{...}17`` + ``63800765`` would sign the same bytes as ``{...}`` + ``1763800765``."""
    good = signed()
    stamp = good.headers["x-timestamp"]
    moved = {**good.headers, "x-timestamp": stamp[2:]}
    with pytest.raises((StaleDelivery, MalformedDelivery)):
        gateway().receive(request(good.body + stamp[:2].encode(), headers=moved))


@pytest.mark.parametrize(
    "changed",
    [
        {"event": None},
        {"event": 5},
        {"event": ""},
        {"id": None},
        {"id": ""},
        {"id": "a b"},
        {"id": "a" * 300},
        {"id": 7},
        {"deviceId": 7},
        {"deviceId": "d" * 400},
        {"payload": None},
        {"payload": []},
        {"payload": {"message": 5}},
        {"payload": {"sender": ["a"]}},
        {"payload": {"sender": "1" * 400}},
        {"payload": {"simNumber": "1"}},
        {"payload": {"simNumber": True}},
        {"payload": {"simNumber": 10**30}},
        {"payload": {"simNumber": -1}},
    ],
)
def test_signed_body_of_the_wrong_shape_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(signed(event() | changed))


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_other_methods_are_refused(method: str) -> None:
    good = signed()
    with pytest.raises(MalformedDelivery):
        gateway().receive(request(good.body, headers=good.headers, method=method))


def test_replies_are_those_the_app_understands() -> None:
    built = gateway()
    assert built.reply(told(built.receive(signed()))).status == 200
    assert built.reply(()).status == 200
    assert built.refusal(BadSignature("no")).status == 401
    assert built.refusal(StaleDelivery("no")).status == 401
    assert built.refusal(MalformedDelivery("no")).status == 400


def test_representation_shows_no_secret_and_nothing_personal() -> None:
    built = gateway(to="+8615400000001", slots={"SIM1": "+8615400000002"})
    shown = repr(built) + repr(signed()) + repr(built.receive(signed()))
    for secret in (KEY, "154000", "161000", "包裹"):
        assert secret not in shown

"""Standard Webhooks: the official package signs, we verify."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
import svix.webhooks
from standardwebhooks import Webhook

from honeytoken import gateways
from honeytoken.errors import BadSignature, MalformedDelivery, StaleDelivery
from honeytoken.gateways import Delivery, Request, standard_webhooks
from honeytoken.models import Authenticity, Medium

from .requests import JSON, NOW, only, request, told

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
DATA = {
    "medium": "email",
    "to": "lin@post.example",
    "from": "sales@broker.example",
    "subject": "贷款",
    "text": "Dear Lin",
    "sent_at": "2026-11-22T16:39:00+08:00",
}
EVENT = {"type": "contact.received", "timestamp": "2026-11-22T08:39:20Z", "data": DATA}


def gateway(**options: object) -> gateways.Gateway:
    if "secrets" not in options:
        options.setdefault("secret", SECRET)
    return gateways.build("desk", {"kind": "standard_webhooks", **options})


def signed(
    event: object = None,
    *,
    body: bytes | None = None,
    at: datetime = NOW,
    secret: str = SECRET,
    **headers: str,
) -> Request:
    body = json.dumps(EVENT if event is None else event).encode() if body is None else body
    given = {
        "webhook-id": ID,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(ID, at, body.decode()),
    }
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(body, headers={**given, **changed}, content_type=JSON)


def event(**data: object) -> dict[str, object]:
    return {**EVENT, "data": {**DATA, **data}}


def test_signature_equals_the_pinned_vector() -> None:
    made = standard_webhooks.signature(SECRET, ID, 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signature_equals_the_one_of_the_official_package() -> None:
    made = standard_webhooks.signature(SECRET, ID, int(NOW.timestamp()), b"{}")
    assert made == Webhook(SECRET).sign(ID, NOW, "{}")


def test_signature_equals_the_one_of_svix() -> None:
    theirs = svix.webhooks.Webhook(SECRET)
    body = json.dumps(EVENT)
    made = standard_webhooks.signature(SECRET, ID, int(NOW.timestamp()), body.encode())
    assert made == theirs.sign(ID, NOW, body)
    assert gateway().receive(signed(webhook_signature=theirs.sign(ID, NOW, body)))


@pytest.mark.parametrize("size", [24, 32, 64])
@pytest.mark.parametrize("padded", [True, False])
def test_secret_of_every_allowed_length_signs_as_the_official_package_does(
    size: int, padded: bool
) -> None:
    text = b64encode(bytes(range(size))).decode()
    secret = "whsec_" + (text if padded else text.rstrip("="))
    made = Webhook("whsec_" + text).sign(ID, NOW, json.dumps(EVENT))
    assert gateway(secret=secret).receive(signed(webhook_signature=made))


def test_retry_with_a_new_timestamp_is_a_repeat() -> None:
    again = only(gateway().receive(signed(at=NOW + timedelta(seconds=60))))
    assert again.delivery_id == only(gateway().receive(signed())).delivery_id


def test_contact_is_recorded_under_its_webhook_id() -> None:
    assert only(gateway().receive(signed())) == Delivery(
        gateway="desk",
        delivery_id=ID,
        medium=Medium.EMAIL,
        authenticity=Authenticity.BODY,
        sender="sales@broker.example",
        recipient="lin@post.example",
        subject="贷款",
        text="Dear Lin",
        sent_at=datetime(2026, 11, 22, 8, 39, tzinfo=UTC),
    )


@pytest.mark.parametrize("medium", ["call", "sms", "email", "parcel", "link", "told"])
def test_every_medium_a_person_or_program_can_report_is_taken(medium: str) -> None:
    minimal = {**EVENT, "data": {"medium": medium}}
    delivery = only(gateway().receive(signed(minimal)))
    assert delivery.medium == medium
    assert delivery.sent_at == datetime(2026, 11, 22, 8, 39, 20, tzinfo=UTC)


def test_events_of_one_call_fold_by_its_id() -> None:
    call = only(gateway().receive(signed(event(medium="call", call_id="c-1", status="missed"))))
    assert (call.fold_key, call.fold_window_s, call.status) == ("c-1", None, "missed")
    assert only(gateway().receive(signed(event(call_id="c-1")))).fold_key is None


def test_other_event_types_are_understood_and_not_recorded() -> None:
    assert gateway().receive(signed({"type": "ping", "data": {}})) == ()
    assert gateway().reply(()).status == 204


@pytest.mark.parametrize("current", [SECRET, OTHER])
def test_both_secrets_are_taken_while_they_change(current: str) -> None:
    assert gateway(secrets=[SECRET, OTHER]).receive(signed(secret=current))


def test_one_fitting_signature_among_others_is_enough() -> None:
    good = signed().headers["webhook-signature"]
    several = f"v1a,abc v2,def {standard_webhooks.signature(OTHER, ID, 1, b'')} {good}"
    assert gateway().receive(signed(webhook_signature=several))


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1",
        "v1,",
        "garbage",
        "v1,,,,",
        "v1,é",
        "v1,\ud800",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,a " * 100_000,
    ],
)
def test_missing_wrong_or_malformed_signature_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        gateway().receive(signed(webhook_signature=signature))


def test_fitting_signature_of_another_version_does_not_count() -> None:
    good = signed().headers["webhook-signature"]
    with pytest.raises(BadSignature):
        gateway().receive(signed(webhook_signature=good.replace("v1,", "v1a,")))


def test_wrong_secret_is_refused() -> None:
    with pytest.raises(BadSignature):
        gateway().receive(signed(secret=OTHER))


def test_altered_body_is_refused() -> None:
    good = signed()
    with pytest.raises(BadSignature):
        gateway().receive(request(good.body + b" ", headers=good.headers))


@pytest.mark.parametrize(
    ("webhook_id", "timestamp"),
    [
        ("msg_other", None),
        (f"{ID}.1", None),
        ("", None),
        ("é", None),
        ("a\nb", None),
        ("a" * 300, None),
        (ID, ""),
        (ID, "now"),
        (ID, "1e9"),
        (ID, "nan"),
        (ID, "1614265330.5"),
        (ID, "-5"),
        (ID, "9" * 5000),
        (ID, "٣" * 10),
    ],
)
def test_altered_or_malformed_id_or_timestamp_is_refused(
    webhook_id: str, timestamp: str | None
) -> None:
    good = signed()
    changed = {**good.headers, "webhook-id": webhook_id}
    if timestamp is not None:
        changed["webhook-timestamp"] = timestamp
    with pytest.raises(BadSignature):
        gateway().receive(request(good.body, headers=changed))


def test_dot_cannot_move_between_id_and_timestamp() -> None:
    """``a.1`` + ``2`` and ``a`` + ``1.2`` would sign the same bytes."""
    made = standard_webhooks.signature(SECRET, "a.1", 2, b"{}")
    headers = {"webhook-id": "a", "webhook-timestamp": "1.2", "webhook-signature": made}
    with pytest.raises(BadSignature):
        gateway().receive(request(b"{}", headers=headers))


@pytest.mark.parametrize("offset_s", [-300, 300])
def test_delivery_within_five_minutes_is_taken(offset_s: int) -> None:
    assert gateway().receive(signed(at=NOW + timedelta(seconds=offset_s)))


@pytest.mark.parametrize("offset_s", [-301, 301])
def test_replay_after_five_minutes_is_refused(offset_s: int) -> None:
    with pytest.raises(StaleDelivery):
        gateway().receive(signed(at=NOW + timedelta(seconds=offset_s)))


@pytest.mark.parametrize(
    "changed",
    [
        {"data": None},
        {"data": []},
        {"type": 7},
        {"type": None},
        {"data": {}},
        {"data": {"medium": "file"}},
        {"data": {"medium": ["sms"]}},
        {"data": {"medium": "sms", "to": 5}},
        {"data": {"medium": "sms", "text": {}}},
        {"data": {"medium": "sms", "from": "x" * 400}},
        {"data": {"medium": "sms", "sent_at": "yesterday"}},
        {"data": {"medium": "sms", "sent_at": "2026-11-22T08:00:00"}},
        {"data": {"medium": "sms", "sent_at": "0001-01-01T00:00:00+14:00"}},
        {"data": {"medium": "call", "call_id": ""}},
        {"data": {"medium": "call", "call_id": "a\x00b"}},
        {"data": {"medium": "call", "status": "<b>"}},
        {"data": {"medium": "sms"}, "timestamp": 5},
    ],
)
def test_signed_body_of_the_wrong_shape_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(signed({"type": "contact.received", **changed}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"type":"a","type":"b"}',
        b'{"type":"contact.received","data":' + b"[" * 100_000,
        b'{"type": Infinity}',
    ],
)
def test_signed_body_that_is_no_plain_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(signed(body=body))


def test_body_that_is_not_utf8_is_refused_after_its_signature_fits() -> None:
    stamp = int(NOW.timestamp())
    made = standard_webhooks.signature(SECRET, ID, stamp, b"\xff\xfe")
    headers = {"webhook-id": ID, "webhook-timestamp": str(stamp), "webhook-signature": made}
    with pytest.raises(MalformedDelivery):
        gateway().receive(request(b"\xff\xfe", headers=headers))


def test_body_over_the_limit_is_refused_before_it_is_hashed() -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(signed(body=b" " * 1_048_577))


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_other_methods_are_refused(method: str) -> None:
    good = signed()
    with pytest.raises(MalformedDelivery):
        gateway().receive(request(good.body, headers=good.headers, method=method))


def test_replies_are_those_of_the_specification() -> None:
    built = gateway()
    assert (built.reply(told(built.receive(signed()))).status, built.reply(()).body) == (204, b"")
    assert built.refusal(BadSignature("no")).status == 401
    assert built.refusal(StaleDelivery("no")).status == 401
    assert built.refusal(MalformedDelivery("no")).status == 400


def test_representation_shows_no_secret_and_nothing_personal() -> None:
    built = gateway()
    shown = repr(built) + repr(signed()) + repr(built.receive(signed()))
    key = repr(standard_webhooks._key(SECRET))
    for secret in (SECRET[6:], key, "lin@", "broker", "Dear"):
        assert secret not in shown

"""What a stranger, a thief of one delivery, or a broken phone sends to each gateway.

The good requests are signed by code that is not ours wherever there is any: Twilio's SDK,
``standardwebhooks``, ``svix``, and for SmsForwarder the DingTalk sign of ``apprise``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from unittest import mock
from urllib.parse import urlencode

import pytest
import standardwebhooks
import svix.webhooks
from apprise.plugins.dingtalk import NotifyDingTalk
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from honeytoken import Vault, gateways
from honeytoken.contacts import Received
from honeytoken.errors import BadSignature, DeliveryRefused, MalformedDelivery, StaleDelivery
from honeytoken.gateways import Gateway, Request
from honeytoken.models import Authenticity

from .requests import FORM, JSON, NOW, only, told

URL = "https://hooks.shop.example/h?tenant=1"
QUERY = "tenant=1"
NUMBER = "+447700900456"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_KEY = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TWILIO_SMS = {"MessageSid": "SM" + "5f" * 16, "From": "10086", "To": NUMBER, "Body": "hello"}
PHONE_SMS = {"message": "hello", "sender": "10086", "recipient": NUMBER, "simNumber": 1}
PHONE_EVENT = {"id": "e-1", "event": "sms:received", "deviceId": "d", "payload": PHONE_SMS}
FORWARDED = {"kind": "sms", "from": "10086", "to": NUMBER, "text": "hello"}
FORWARDED |= {"at": "2026-11-22T08:39:20Z"}
WEBHOOK_SMS = {"medium": "sms", "from": "10086", "to": NUMBER, "text": "hello"}
WEBHOOK = {"type": "contact.received", "data": WEBHOOK_SMS}

Sign = Callable[[bytes, datetime, str], Request]


def twilio_form(body: bytes, at: datetime, key: str, algorithm: str = "HMAC_SHA1") -> Request:
    pairs = [piece.partition("=") for piece in body.decode("utf-8", "replace").split("&") if piece]
    fields = {name: value.replace("+", " ").replace("%2B", "+") for name, _sign, value in pairs}
    signed = RequestValidator(key).compute_signature(URL, fields, algorithm)
    headers = {"content-type": FORM, "x-twilio-signature": signed}
    return Request("POST", "/h", QUERY, headers, body, at)


def twilio_shared_key(body: bytes, at: datetime, key: str) -> Request:
    return twilio_form(body, at, key, "HMAC_SHA256")


def twilio_json(body: bytes, at: datetime, key: str) -> Request:
    query = f"{QUERY}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    signed = RequestValidator(key).compute_signature(URL.replace(QUERY, query), {})
    headers = {"content-type": JSON, "x-twilio-signature": signed}
    return Request("POST", "/h", query, headers, body, at)


def plain(key: str) -> str:
    return "SEC" + hashlib.sha256(key.encode()).hexdigest()


def smsforwarder(body: bytes, at: datetime, key: str) -> Request:
    with mock.patch("apprise.plugins.dingtalk.time.time", return_value=at.timestamp()):
        # DingTalk's secrets are letters and digits.
        robot = NotifyDingTalk(token="a" * 32, secret=plain(key))  # type: ignore[no-untyped-call]
        stamp, sign = robot.get_signature()  # type: ignore[no-untyped-call]  # theirs
    proof = json.dumps({"timestamp": stamp, "sign": sign}).encode()[:-1]
    whole = proof + b"," + body[1:] if body[:1] == b"{" else body
    return Request("POST", "/h", "", {"content-type": JSON}, whole, at)


def sms_gateway(body: bytes, at: datetime, key: str) -> Request:
    """As the app's documentation says; there is no library for it."""
    stamp = str(int(at.timestamp()))
    signed = hmac.new(key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
    headers = {"content-type": JSON, "x-timestamp": stamp, "x-signature": signed}
    return Request("POST", "/h", "", headers, body, at)


def webhook(body: bytes, at: datetime, key: str) -> Request:
    theirs = standardwebhooks.Webhook(key)
    try:
        signed = theirs.sign("msg_1", at, body.decode())
    except UnicodeDecodeError:  # the library signs text only
        to_sign = b"msg_1.%d." % int(at.timestamp()) + body
        digest = hmac.digest(theirs._whsecret, to_sign, "sha256")
        signed = "v1," + b64encode(digest).decode()
    return _webhook(body, at, signed)


def webhook_by_svix(body: bytes, at: datetime, key: str) -> Request:
    return _webhook(body, at, svix.webhooks.Webhook(key).sign("msg_1", at, body.decode()))


def _webhook(body: bytes, at: datetime, signed: str) -> Request:
    stamp = str(int(at.timestamp()))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signed}
    return Request("POST", "/h", "", {"content-type": JSON, **headers}, body, at)


@dataclass(frozen=True)
class Way:
    """One way to sign, for one gateway."""

    gateway: Gateway
    sign: Sign
    good: bytes
    #: Headers that are the proof.
    headers: tuple[str, ...]
    tolerance_s: int | None = None

    def __call__(self, body: bytes | None = None, *, at: datetime = NOW, key: str = KEY) -> Request:
        return self.sign(self.good if body is None else body, at, key)


def built(kind: str, **options: object) -> Gateway:
    return gateways.build("any", {"kind": kind, "region": "GB", **options})


SIGNATURE = ("x-twilio-signature",)
PHONE = ("x-signature", "x-timestamp")
HOOK = ("webhook-id", "webhook-timestamp", "webhook-signature")
DESK = built("standard_webhooks", secret=KEY)
WAYS = {
    "twilio form": Way(
        built("twilio", public_url=URL, auth_token=KEY),
        twilio_form,
        urlencode(TWILIO_SMS).encode(),
        SIGNATURE,
    ),
    "twilio form, SharedKey": Way(
        built("twilio", public_url=URL, shared_key=KEY),
        twilio_shared_key,
        urlencode(TWILIO_SMS).encode(),
        SIGNATURE,
    ),
    "twilio json": Way(
        built("twilio", public_url=URL, auth_token=KEY),
        twilio_json,
        json.dumps(TWILIO_SMS).encode(),
        SIGNATURE,
    ),
    "smsforwarder": Way(
        built("smsforwarder", secret=plain(KEY)),
        smsforwarder,
        json.dumps(FORWARDED).encode(),
        (),
        600,
    ),
    "sms_gateway": Way(
        built("sms_gateway", signing_key=KEY),
        sms_gateway,
        json.dumps(PHONE_EVENT).encode(),
        PHONE,
        300,
    ),
    "standard_webhooks": Way(DESK, webhook, json.dumps(WEBHOOK).encode(), HOOK, 300),
    "standard_webhooks, svix": Way(DESK, webhook_by_svix, json.dumps(WEBHOOK).encode(), HOOK, 300),
}
EVERY = pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
COVERED = [name for name in WAYS if name != "smsforwarder"]
FORM_WAYS = [name for name in WAYS if name.startswith("twilio form")]
JSON_WAYS = [name for name in WAYS if name not in FORM_WAYS]
TIMED = [name for name, way in WAYS.items() if way.tolerance_s]
TWILIO = [name for name in WAYS if name.startswith("twilio")]


def of(names: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("way", [WAYS[name] for name in names], ids=names)


def refused(way: Way, request: Request) -> type[DeliveryRefused]:
    with pytest.raises(DeliveryRefused) as caught:
        way.gateway.receive(request)
    assert 400 <= way.gateway.refusal(caught.value).status < 500
    return type(caught.value)


@EVERY
def test_good_request_signed_by_foreign_code_is_taken(way: Way) -> None:
    delivery = only(way.gateway.receive(way()))
    assert (delivery.recipient, delivery.text) == (NUMBER, "hello")


@EVERY
def test_wrong_key(way: Way) -> None:
    assert refused(way, way(key=OTHER_KEY)) is BadSignature


@of(COVERED)
def test_altered_body(way: Way) -> None:
    request = way()
    altered = request.body.replace(b"hello", b"hallo")
    assert altered != request.body
    assert refused(way, replace(request, body=altered)) is BadSignature
    assert refused(way, replace(request, body=request.body + b" ")) is BadSignature


def test_altered_body_under_a_caught_sign_is_taken_and_never_counts_as_proven() -> None:
    """SmsForwarder's sign does not cover the content: its page says so, and so does the record."""
    way = WAYS["smsforwarder"]
    request = way()
    altered = replace(request, body=request.body.replace(b"hello", b"hallo"))
    delivery = only(way.gateway.receive(altered))
    assert (delivery.text, delivery.authenticity) == ("hallo", Authenticity.SENDER)


@of(TWILIO)
@pytest.mark.parametrize("query", ["tenant=2", "tenant=1&tenant=2", "tenant=1&x=1", "a=1&tenant=1"])
def test_altered_url(way: Way, query: str) -> None:
    request = way()
    altered = request.query.replace(QUERY, query)
    assert refused(way, replace(request, query=altered)) is BadSignature


@EVERY
def test_missing_proof(way: Way) -> None:
    request = way()
    for name in way.headers:
        headers = {key: value for key, value in request.headers.items() if key != name}
        assert refused(way, replace(request, headers=headers)) is BadSignature
    if not way.headers:
        assert refused(way, replace(request, body=way.good)) is BadSignature


@EVERY
def test_empty_proof(way: Way) -> None:
    request = way()
    for name in way.headers:
        headers = {**request.headers, name: ""}
        assert refused(way, replace(request, headers=headers)) is BadSignature


@of(TIMED)
@pytest.mark.parametrize("side", [-1, 1], ids=["past", "future"])
def test_stale_time(way: Way, side: int) -> None:
    assert way.tolerance_s
    inside = way(at=NOW + timedelta(seconds=side * way.tolerance_s))
    assert way.gateway.receive(replace(inside, received_at=NOW))
    outside = way(at=NOW + timedelta(seconds=side * (way.tolerance_s + 1)))
    assert refused(way, replace(outside, received_at=NOW)) is StaleDelivery


@EVERY
def test_replay_is_known_by_the_contents_own_id_and_stored_once(way: Way, furnished: Vault) -> None:
    later = NOW + timedelta(seconds=30)
    stored = []
    for request in (way(), way(), replace(way(), received_at=later)):
        (delivery,) = told(way.gateway.receive(request))
        item = Received(delivery, "GB", request.received_at, request.headers, request.body)
        stored += furnished.contacts.record([item])
    assert [one.repeated for one in stored] == [False, True, True]
    assert len(furnished.contacts.list()) == 1


@EVERY
@pytest.mark.parametrize("body", [b"", b" ", b"\x00", b"&", b"{}", b"[]", b"null", b'""', b"\xff"])
def test_empty_body_or_one_without_fields(way: Way, body: bytes) -> None:
    if way.sign is webhook_by_svix and not body.isascii():
        pytest.skip("svix signs text only")
    assert refused(way, way(body)) in (BadSignature, MalformedDelivery)


@of(FORM_WAYS)
def test_repeated_field_of_a_form(way: Way) -> None:
    body = way.good + b"&From=10010"
    fields = {**TWILIO_SMS, "From": ["10086", "10010"]}

    class Repeated(dict[str, object]):
        def getall(self, name: str) -> list[object]:
            found = self[name]
            return found if isinstance(found, list) else [found]

    algorithm = "HMAC_SHA256" if way.sign is twilio_shared_key else "HMAC_SHA1"
    signed = RequestValidator(KEY).compute_signature(URL, Repeated(fields), algorithm)
    headers = {"content-type": FORM, "x-twilio-signature": signed}
    assert refused(way, Request("POST", "/h", QUERY, headers, body, NOW)) is MalformedDelivery


@of(JSON_WAYS)
def test_repeated_key_of_json(way: Way) -> None:
    body = way.good.rstrip(b"}") + b',"to":"1","to":"2"' + b"}" * way.good.count(b"{")
    assert refused(way, way(body)) is MalformedDelivery


@of([name for name in WAYS if "svix" not in name])
def test_invalid_utf8(way: Way) -> None:
    body = way.good.replace(b"hello", b"h\xff\xfe")
    if way.sign in (twilio_form, twilio_shared_key):
        # The SDK signs text, so it cannot sign these bytes: test_twilio.py has them signed.
        assert refused(way, way(body)) is BadSignature
    else:
        assert refused(way, way(body)) is MalformedDelivery


@EVERY
def test_oversized_body(way: Way) -> None:
    assert refused(way, way(way.good + b" " * 1_048_577)) is MalformedDelivery


@of(FORM_WAYS)
def test_too_many_fields(way: Way) -> None:
    assert refused(way, way(way.good + b"&a=1" * 300)) is MalformedDelivery


@of(JSON_WAYS)
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_deep_json(way: Way, opening: bytes) -> None:
    body = way.good.rstrip(b"}") + b',"deep":' + opening * 100_000
    assert refused(way, way(body)) is MalformedDelivery


@of(JSON_WAYS)
@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "-1e999", "NaN", "Infinity", "9" * 400])
def test_huge_number_in_the_place_of_a_text(way: Way, number: str) -> None:
    request = way(way.good.replace(b'"hello"', number.encode()))
    if way.sign is smsforwarder and number == "9" * 400:
        # Its timestamp may be a number, so numbers are read as text.
        assert only(way.gateway.receive(request)).text == number
    else:
        assert refused(way, request) is MalformedDelivery


@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "NaN", "9" * 400, "1.5", "-1"])
def test_huge_number_in_the_place_of_a_number(number: str) -> None:
    way = WAYS["sms_gateway"]
    body = way.good.replace(b'"simNumber": 1', b'"simNumber": ' + number.encode())
    assert refused(way, way(body)) is MalformedDelivery


@of(FORM_WAYS)
@pytest.mark.parametrize("content_type", [JSON, "text/plain", "", "multipart/form-data"])
def test_form_under_another_content_type_is_not_covered(way: Way, content_type: str) -> None:
    request = way()
    headers = {**request.headers, "content-type": content_type}
    assert refused(way, replace(request, headers=headers)) is BadSignature


def test_json_under_the_content_type_of_a_form_is_not_covered() -> None:
    way = WAYS["twilio json"]
    request = way()
    headers = {**request.headers, "content-type": FORM}
    assert refused(way, replace(request, headers=headers)) is BadSignature


@of([name for name in JSON_WAYS if name != "twilio json"])
@pytest.mark.parametrize("content_type", [FORM, "text/plain", "", "\ud800"])
def test_content_type_cannot_change_what_signed_json_says(way: Way, content_type: str) -> None:
    request = way()
    headers = {**request.headers, "content-type": content_type}
    assert only(way.gateway.receive(replace(request, headers=headers))).text == "hello"


@of(JSON_WAYS)
def test_nul_and_lone_surrogates_are_kept_as_far_as_they_can_be_stored(
    way: Way, furnished: Vault
) -> None:
    request = way(way.good.replace(b"hello", b"a\\u0000b\\ud800c\\u202e"))
    delivery = only(way.gateway.receive(request))
    assert delivery.text == "a\x00b\ufffdc\u202e"
    item = Received(delivery, "GB", NOW, request.headers, request.body)
    furnished.contacts.record([item])
    assert furnished.contacts.list()[0].body == delivery.text


@of(FORM_WAYS)
def test_nul_in_a_form_is_kept(way: Way, furnished: Vault) -> None:
    fields = TWILIO_SMS | {"Body": "a\x00b"}
    algorithm = "HMAC_SHA256" if way.sign is twilio_shared_key else "HMAC_SHA1"
    signed = RequestValidator(KEY).compute_signature(URL, fields, algorithm)
    headers = {"content-type": FORM, "x-twilio-signature": signed}
    request = Request("POST", "/h", QUERY, headers, urlencode(fields).encode(), NOW)
    delivery = only(way.gateway.receive(request))
    furnished.contacts.record([Received(delivery, "GB", NOW, headers, request.body)])
    assert furnished.contacts.list()[0].body == "a\x00b"

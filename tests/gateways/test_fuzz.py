"""Whatever arrives, ``receive`` gives deliveries or refuses; nothing else ever comes out."""

from __future__ import annotations

import json
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from honeytoken import gateways
from honeytoken.errors import DeliveryRefused
from honeytoken.gateways import Delivery, Gateway, Request, smsforwarder, standard_webhooks, twilio

from .requests import FORM, JSON, NOW, told

URL = "https://hooks.shop.example/h"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BUILT = {
    "twilio": gateways.build("t", {"kind": "twilio", "public_url": URL, "auth_token": "k"}),
    "phones": gateways.build("p", {"kind": "smsforwarder", "secret": "k", "token": "t"}),
    "unsigned": gateways.build("u", {"kind": "smsforwarder", "unsigned": True}),
    "desk": gateways.build("d", {"kind": "standard_webhooks", "secret": KEY}),
}
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
NAMES = st.sampled_from(
    [
        *("MessageSid", "CallSid", "From", "To", "Body", "CallStatus", "Direction", "SmsStatus"),
        *("kind", "from", "to", "text", "content", "sim", "device", "at", "timestamp", "sign"),
        *("type", "data", "medium", "sent_at", "call_id", "status", "bodySHA256", "call_type"),
    ]
)
VALUES = st.one_of(
    ANY_TEXT,
    st.sampled_from(["call", "sms", "contact.received", "SM1", "CA1", "2026-11-22 08:00:00"]),
)
NESTED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)
FORMS = st.lists(st.tuples(NAMES | ANY_TEXT, VALUES), max_size=12).map(
    lambda pairs: "&".join(
        f"{quote_plus(n.encode('utf-8', 'surrogatepass'))}"
        f"={quote_plus(v.encode('utf-8', 'surrogatepass'))}"
        for n, v in pairs
    )
)
BODIES = st.one_of(
    st.binary(max_size=400),
    FORMS.map(str.encode),
    NESTED.map(lambda value: json.dumps(value).encode()),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("content-type", "authorization", "x-honeytoken-token", "x-twilio-signature"),
            *("x-twilio-webhooks-signature-settings", "webhook-id", "webhook-timestamp"),
            "webhook-signature",
        ]
    ),
    ANY_TEXT | st.sampled_from([FORM, JSON, "text/plain", "Bearer t", "t", "v1,x", "1"]),
)


def survives(gateway: Gateway, incoming: Request) -> None:
    deliveries: tuple[Delivery, ...] = ()
    try:
        deliveries = told(gateway.receive(incoming))
        reply = gateway.reply(deliveries)
    except DeliveryRefused as error:
        reply = gateway.refusal(error)
    assert reply.status in (200, 204, 400, 401, 403)
    for delivery in deliveries:
        for value in (delivery.sender, delivery.recipient, delivery.subject, delivery.text):
            assert value is None or value.encode("utf-8") is not None
        assert delivery.delivery_id.isascii()
        assert delivery.delivery_id.isprintable()


@pytest.mark.parametrize("name", BUILT)
@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "", "X"]),
    query=ANY_TEXT | FORMS,
    headers=HEADERS,
    body=BODIES,
)
def test_random_requests_are_delivered_or_refused(
    name: str, method: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    survives(BUILT[name], Request(method, "/h", query, headers, body, NOW))


@settings(max_examples=150, deadline=None)
@given(fields=st.dictionaries(NAMES | ANY_TEXT, VALUES, max_size=12))
def test_random_twilio_forms_that_are_signed(fields: dict[str, str]) -> None:
    body = "&".join(
        f"{quote_plus(n.encode('utf-8', 'surrogatepass'))}"
        f"={quote_plus(v.encode('utf-8', 'surrogatepass'))}"
        for n, v in fields.items()
    )
    signed = twilio.signature(URL, {n: v for n, v in fields.items() if n or v}, "k")
    headers = {"content-type": FORM, "x-twilio-signature": signed}
    survives(BUILT["twilio"], Request("POST", "/h", "", headers, body.encode(), NOW))


@settings(max_examples=150, deadline=None)
@given(fields=st.dictionaries(NAMES, NESTED, max_size=12))
def test_random_smsforwarder_templates_that_are_signed(fields: dict[str, object]) -> None:
    stamp = int(NOW.timestamp() * 1000)
    proof = {"timestamp": stamp, "sign": smsforwarder.signature("k", stamp)}
    headers = {"content-type": JSON, "x-honeytoken-token": "t"}
    body = json.dumps(fields | proof).encode()
    survives(BUILT["phones"], Request("POST", "/h", "", headers, body, NOW))


@settings(max_examples=150, deadline=None)
@given(
    event=NESTED
    | st.fixed_dictionaries(
        {"type": st.just("contact.received"), "data": st.dictionaries(NAMES, NESTED)}
    )
)
def test_random_webhook_bodies_that_are_signed(event: object) -> None:
    body, stamp = json.dumps(event).encode(), int(NOW.timestamp())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": standard_webhooks.signature(KEY, "msg_1", stamp, body),
    }
    survives(BUILT["desk"], Request("POST", "/h", "", headers, body, NOW))

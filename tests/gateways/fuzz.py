"""Throw made-up requests at every gateway: ``python -m tests.gateways.fuzz [EXAMPLES [NAME...]]``.

Each parser gets bodies that are random, that are nearly right, and that are right but for one
thing; most are *validly signed*, so that what stands behind the proof is reached. Whatever comes,
``receive`` gives deliveries, signs of life, or a refusal: anything else ends the command with the
smallest request that does it. The numbers it prints say how far the requests came.

Another parser is one more line in :data:`PARSERS`.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from honeytoken import gateways
from honeytoken.errors import DeliveryRefused
from honeytoken.gateways import (
    Delivery,
    Gateway,
    Heartbeat,
    Request,
    bodies,
    smsforwarder,
    smsgateway,
    standard_webhooks,
    twilio,
)

from .mails import MAILS, read_by_all
from .requests import FORM, JSON, NOW

URL = "https://hooks.shop.example/h?tenant=1"
QUERY = "tenant=1"
WEBHOOK_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STAMP = int(NOW.timestamp())
#: The seed of the command: the same requests every time.
SEED = 20261122

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Fuzzed:
    """One parser: what is thrown at it, and what it makes of that."""

    inputs: st.SearchStrategy[Any]
    #: Returns how far an input came, in one word; raises what must not be raised.
    run: Callable[[Any], str]


TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.sampled_from(["", "\x00", "\ud800", "\u202e", "+", "%", "%%41", "a" * 400, "９" * 20]),
)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([10**400, -(10**30), 1e308, 2**63, 0, -1]),
)
#: What stands at the right place in some good request of some gateway.
RIGHT = st.sampled_from(
    [
        *("call", "sms", "mms", "app", "heartbeat", "email", "contact.received"),
        *("sms:received", "mms:received", "mms:downloaded", "sms:batch:received", "system:ping"),
        *("SM" + "1" * 32, "CA" + "2" * 32, "RE" + "3" * 32, "TR" + "4" * 32),
        *("ringing", "in-progress", "completed", "inbound", "outbound-api", "received"),
        *("2026-11-22 08:00:00", "2026-11-22T16:39:24.000+08:00", "9999-12-31T23:59:59-23:59"),
        *("+447700900123", "通讯录名：x\n通话类型：未接来电", "SIM1_work", "[sign]", str(STAMP)),
    ]
)
NAMES = st.sampled_from(
    [
        *("MessageSid", "SmsSid", "CallSid", "From", "To", "Body", "CallStatus", "Direction"),
        *("SmsStatus", "SequenceNumber", "Digits", "SpeechResult", "DialCallStatus"),
        *("RecordingSid", "RecordingUrl", "RecordingStatus", "RecordingDuration"),
        *("TranscriptionSid", "TranscriptionText", "bodySHA256"),
        *("kind", "from", "to", "text", "content", "msg", "sim", "device", "at", "receive_time"),
        *("timestamp", "sign", "call_type", "card_slot", "device_mark"),
        *("id", "event", "deviceId", "payload", "message", "messages", "sender", "recipient"),
        *("simNumber", "receivedAt", "subject", "phoneNumber", "transactionId"),
        *("type", "data", "medium", "sent_at", "call_id", "status"),
    ]
)
VALUES = RIGHT | TEXT
NESTED = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)
#: Good requests of each gateway, to be altered in one place.
MESSAGE = {"message": "hi", "sender": "1", "recipient": "+447700900123", "simNumber": 1}
GOOD: Mapping[str, tuple[dict[str, object], ...]] = {
    "twilio": (
        {"MessageSid": "SM" + "1" * 32, "From": "1", "To": "+447700900123", "Body": "hi"},
        {"CallSid": "CA" + "2" * 32, "From": "1", "To": "+447700900123", "CallStatus": "ringing"},
        {"CallSid": "CA" + "2" * 32, "RecordingSid": "RE" + "3" * 32, "RecordingDuration": "9"},
    ),
    "smsforwarder": (
        {"kind": "sms", "from": "1", "to": "2", "text": "hi", "at": "2026-11-22 08:00:00"},
        {"kind": "call", "from": "1", "text": "通讯录名：x\n通话类型：未接来电", "at": "1"},
        {"kind": "heartbeat", "device": "shelf-3"},
    ),
    "sms_gateway": (
        {"id": "e", "event": "sms:received", "deviceId": "d", "payload": MESSAGE},
        {"id": "e", "event": "mms:batch:received", "payload": {"messages": [MESSAGE, MESSAGE]}},
        {"id": "e", "event": "system:ping", "deviceId": "d", "payload": {}},
    ),
    "standard_webhooks": (
        {"type": "contact.received", "data": {"medium": "sms", "to": "1", "text": "hi"}},
        {"type": "contact.received", "data": {"medium": "call", "call_id": "c", "status": "x"}},
    ),
}


@st.composite
def nearly_right(draw: st.DrawFn, kind: str) -> dict[str, object]:
    """A good request with up to two fields changed, added or taken away, at any depth."""
    found: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(GOOD[kind]))))
    for _change in range(draw(st.sampled_from([0, 1, 1, 2]))):
        place = found
        while draw(st.booleans()):
            below = [value for value in place.values() if isinstance(value, dict)]
            if not below:
                break
            place = below[0]
        own = st.sampled_from(sorted(place)) if place else NAMES
        name = draw(own | NAMES)
        if draw(st.integers(0, 3)) == 0:
            place.pop(name, None)
        else:
            place[name] = draw(st.one_of(RIGHT, RIGHT, TEXT, NESTED))
    return found


def as_form(pairs: Pairs) -> bytes:
    return "&".join(
        f"{quote_plus(name.encode('utf-8', 'surrogatepass'))}"
        f"={quote_plus(value.encode('utf-8', 'surrogatepass'))}"
        for name, value in pairs
    ).encode()


def flat(fields: Mapping[str, object]) -> Pairs:
    return [
        (name, value if isinstance(value, str) else str(value)) for name, value in fields.items()
    ]


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def as_lines(pairs: Pairs) -> bytes:
    return "\n".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "surrogatepass")


def forms(kind: str) -> st.SearchStrategy[Pairs]:
    """Fields: good ones nearly right, some of them repeated, or any."""
    right = nearly_right(kind).map(flat)
    repeated = st.tuples(right, st.lists(st.tuples(NAMES, VALUES), max_size=2))
    anything = st.lists(st.tuples(NAMES | TEXT, VALUES), max_size=12)
    return st.one_of(right, right, repeated.map(lambda two: two[0] + two[1]), anything)


@st.composite
def mangled(draw: st.DrawFn, body: bytes) -> bytes:
    """*body* cut off, doubled, turned around, or with bytes put into it."""
    at = draw(st.integers(0, len(body)))
    head, tail = body[:at], body[at:]
    return draw(st.sampled_from([head, body + tail, tail + head, head + b"\xff\x00" + tail]))


DEEP = st.tuples(
    st.sampled_from([b"[", b'{"data":', b'{"payload":{"messages":[']),
    st.sampled_from([10, 1000, 20_000]),
).map(lambda two: two[0] * two[1])


def raw_bodies(kind: str) -> st.SearchStrategy[bytes]:
    """Bodies of every form, most of them nearly right for *kind*."""
    right = nearly_right(kind).map(as_json)
    fields = forms(kind)
    whole = st.one_of(right, fields.map(as_form), fields.map(as_lines))
    return st.one_of(
        *(right, right, right),
        whole,
        whole.flatmap(mangled),
        NESTED.map(as_json),
        DEEP,
        st.binary(max_size=400),
    )


METHODS = st.sampled_from(["POST"] * 12 + ["GET", "PUT", "PATCH", "", "X"])
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("content-type", "authorization", "x-honeytoken-token", "x-twilio-signature"),
            *("x-twilio-webhooks-signature-settings", "webhook-id", "webhook-timestamp"),
            *("webhook-signature", "x-signature", "x-timestamp"),
        ]
    ),
    TEXT | st.sampled_from([FORM, JSON, "text/plain", "Bearer t", "Basic dTp0", "t", "v1,x", "1"]),
)


def unsigned(kind: str) -> st.SearchStrategy[Request]:
    """Requests in which nothing is signed but by chance."""
    return st.builds(
        Request,
        method=METHODS,
        url_path=st.just("/h"),
        query=TEXT | forms(kind).map(as_form).map(bytes.decode),
        headers=HEADERS,
        body=raw_bodies(kind),
        received_at=st.just(NOW),
    )


def signed(kind: str, *ways: Callable[[bytes], Request]) -> st.SearchStrategy[Request]:
    """Requests most of which are signed, in one of the *ways* the service does it."""
    good = [raw_bodies(kind).map(way) for way in ways]
    fields = [forms(kind).map(as_form).map(way) for way in ways if way in _TAKES_FORMS]
    right = [nearly_right(kind).map(as_json).map(way) for way in ways if way not in _TAKES_FORMS]
    return st.one_of(*good, *fields, *fields, *right, *right, unsigned(kind))


def _twilio_form(body: bytes) -> Request:
    try:
        pairs = bodies.form_pairs(body)
    except DeliveryRefused:
        pairs = []
    signed = twilio._signature(URL.encode(), pairs, b"k", "sha1")
    headers = {"content-type": FORM, "x-twilio-signature": signed}
    return Request("POST", "/h", QUERY, headers, body, NOW)


def _twilio_get(body: bytes) -> Request:
    query = f"{QUERY}&{body.decode('ascii', 'replace')}"
    signed = twilio.signature(URL.replace(QUERY, query), {}, "k")
    return Request("GET", "/h", query, {"x-twilio-signature": signed}, b"", NOW)


def _twilio_json(body: bytes) -> Request:
    query = f"{QUERY}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    signed = twilio.signature(URL.replace(QUERY, query), {}, "k")
    headers = {"content-type": JSON, "x-twilio-signature": signed}
    return Request("POST", "/h", query, headers, body, NOW)


def _forwarded(body: bytes, content_type: str, method: str) -> Request:
    """Whatever body it is, with the sign put in where its form allows it."""
    stamp = STAMP * 1000
    sign = quote_plus(smsforwarder.signature("k", stamp))
    proof = f"timestamp={stamp}&sign={quote_plus(sign)}".encode()
    if content_type == JSON:
        start = body.find(b"{") + 1
        fields = f'"timestamp":{stamp},"sign":"{sign}"'.encode()
        # An empty object takes no comma; anything else is JSON again with one.
        comma = b"" if body[start : start + 1] in (b"}", b"") else b","
        body = body[:start] + fields + comma + body[start:] if start else body
    elif content_type.startswith("text/"):
        body = body + b"\n" + proof.replace(b"&", b"\n").replace(b"%25", b"%")
    else:
        body = body + b"&" + proof
    query = body.decode("ascii", "replace") if method == "GET" else ""
    headers = {"content-type": content_type, "authorization": "Basic dTp0"}
    return Request(method, "/h", query, headers, b"" if method == "GET" else body, NOW)


def _phone_signed(body: bytes) -> Request:
    headers = {"x-timestamp": str(STAMP), "x-signature": smsgateway.signature("k", STAMP, body)}
    return Request("POST", "/h", "", headers, body, NOW)


def _webhook_signed(body: bytes) -> Request:
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(STAMP),
        "webhook-signature": standard_webhooks.signature(WEBHOOK_KEY, "msg_1", STAMP, body),
    }
    return Request("POST", "/h", "", headers, body, NOW)


def receiving(gateway: Gateway) -> Callable[[Request], str]:
    """Return what runs *gateway* and holds it to its contract."""

    def run(incoming: Request) -> str:
        try:
            reports = gateway.receive(incoming)
        except DeliveryRefused as error:
            reply, outcome = gateway.refusal(error), type(error).__name__
            if reply.status not in (400, 401, 403):
                raise AssertionError(reply.status) from error
            return outcome
        deliveries = [report for report in reports if isinstance(report, Delivery)]
        assert gateway.reply(deliveries).status in (200, 204)
        for delivery in deliveries:
            check(delivery)
        if any(isinstance(report, Heartbeat) for report in reports):
            return "heartbeat"
        return "delivered" if deliveries else "nothing to record"

    return run


def check(delivery: Delivery) -> None:
    """What is handed on can be stored, and known again."""
    texts = (delivery.sender, delivery.recipient, delivery.subject, delivery.text, delivery.device)
    for text in texts:
        assert text is None or (text.encode("utf-8") is not None and len(text) <= 65_536)
    for text in (delivery.delivery_id, delivery.fold_key):
        assert text is None or (text and text.isascii() and text.isprintable())
    assert delivery.sent_at is None or delivery.sent_at.utcoffset() is not None
    assert delivery.fold_window_s is None or delivery.fold_key


def _built(kind: str, **options: object) -> Callable[[Request], str]:
    return receiving(gateways.build("g", {"kind": kind, "region": "GB", **options}))


def _forwarded_json(body: bytes) -> Request:
    return _forwarded(body, JSON, "POST")


def _forwarded_form(body: bytes) -> Request:
    return _forwarded(body, FORM, "POST")


def _forwarded_lines(body: bytes) -> Request:
    return _forwarded(body, "text/plain", "PUT")


def _forwarded_query(body: bytes) -> Request:
    return _forwarded(body, "", "GET")


_TAKES_FORMS = (_twilio_form, _twilio_get, _forwarded_form, _forwarded_query)
#: Every parser that reads what strangers send, by name.
PARSERS: dict[str, Fuzzed] = {
    "twilio": Fuzzed(
        signed("twilio", _twilio_form, _twilio_get, _twilio_json),
        _built(
            "twilio",
            public_url=URL,
            auth_token="k",
            call_answer="forward",
            forward_to="+447700900789",
        ),
    ),
    "smsforwarder": Fuzzed(
        signed(
            "smsforwarder", _forwarded_json, _forwarded_form, _forwarded_lines, _forwarded_query
        ),
        _built("smsforwarder", secret="k", token="t"),
    ),
    "smsforwarder, unsigned": Fuzzed(
        unsigned("smsforwarder"), _built("smsforwarder", unsigned=True)
    ),
    "sms_gateway": Fuzzed(
        signed("sms_gateway", _phone_signed),
        _built("sms_gateway", signing_key="k", slots={"SIM1": "+447700900123"}),
    ),
    "standard_webhooks": Fuzzed(
        signed("standard_webhooks", _webhook_signed),
        _built("standard_webhooks", secret=WEBHOOK_KEY),
    ),
    "mail": Fuzzed(MAILS, read_by_all),
}


def fuzz(parser: Fuzzed, examples: int) -> Counter[str]:
    """Run *parser* on that many inputs; return how far they came."""
    outcomes: Counter[str] = Counter()

    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(parser.inputs)
    def run(one: Any) -> None:
        outcomes[parser.run(one)] += 1

    run()
    return outcomes


def main(arguments: list[str]) -> None:
    """Fuzz every parser, or those that are named."""
    examples = int(arguments[0]) if arguments else 10_000
    for name in arguments[1:] or PARSERS:
        began = time.perf_counter()
        outcomes = fuzz(PARSERS[name], examples)
        took_s = time.perf_counter() - began
        counted = ", ".join(f"{outcome} {n:,}" for outcome, n in outcomes.most_common())
        line = f"{name}: {outcomes.total():,} inputs in {took_s:.0f} s: {counted}\n"
        sys.stdout.write(line)
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])

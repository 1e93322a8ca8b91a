"""Twilio: the official SDK signs, we verify."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from honeytoken import gateways
from honeytoken.errors import BadSignature, DeliveryRefused, MalformedDelivery
from honeytoken.gateways import Delivery, Request, twilio
from honeytoken.models import Authenticity, Medium

from .requests import FORM, JSON, only, request

TOKEN = "test-auth-token"
URL = "https://hooks.shop.example/hooks/twilio"
SMS = {
    "MessageSid": "SM" + "5f" * 16,
    "AccountSid": "AC" + "9f" * 16,
    "From": "+447700900123",
    "To": "+447700900456",
    "Body": "Is the parcel still for sale? 包裹",
    "NumMedia": "0",
    "SmsStatus": "received",
}
CALL = {
    "CallSid": "CA" + "7a" * 16,
    "From": "+447700900123",
    "To": "+447700900456",
    "CallStatus": "ringing",
    "Direction": "inbound",
    "ForwardedFrom": "",
}


class Repeated(dict[str, list[str]]):
    """The MultiDict the SDK needs to see repeated names."""

    def getall(self, name: str) -> list[str]:
        return self[name]


def gateway(url: str = URL, **options: object) -> gateways.Gateway:
    options.setdefault("auth_token", TOKEN)
    return gateways.build("voice", {"kind": "twilio", "public_url": url, **options})


def sdk(url: str, params: object, *, secret: str = TOKEN, algorithm: str = "HMAC_SHA1") -> str:
    return str(RequestValidator(secret).compute_signature(url, params, algorithm))


def form(
    fields: dict[str, str], *, url: str = URL, query: str = "", signed: str | None = None
) -> Request:
    given = sdk(url, fields) if signed is None else signed
    return request(
        urlencode(fields).encode(),
        headers={"X-Twilio-Signature": given},
        content_type=FORM,
        query=query,
    )


def test_signature_of_a_form_equals_the_published_vector() -> None:
    # The numbers are part of Twilio's vector: others would have another signature.
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio.signature(url, fields, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    delivery = only(
        gateway(url, auth_token="12345").receive(
            form(fields, query="foo=1&bar=2", signed="RSOYDt4T1cUTdK1PDd93/VVr8B8=")
        )
    )
    assert delivery.delivery_id.startswith("CA1234567890ABCDE:unknown:")


def test_signature_of_json_equals_the_published_vector() -> None:
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    url = f"https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256={digest}"
    assert twilio.signature(url, {}, "12345") == "a9nBmqA0ju/hNViExpshrM61xv4="


def test_sms_is_recorded_with_its_own_id() -> None:
    delivery = only(gateway().receive(form(SMS)))
    assert delivery == Delivery(
        gateway="voice",
        delivery_id=SMS["MessageSid"],
        medium=Medium.SMS,
        authenticity=Authenticity.BODY,
        sender="+447700900123",
        recipient="+447700900456",
        text=SMS["Body"],
    )
    assert gateway().reply((delivery,)).body == b"<Response/>"


def test_call_is_rejected_unanswered_and_its_events_fold() -> None:
    events = [
        only(gateway().receive(form(CALL | {"CallStatus": status})))
        for status in ("ringing", "in-progress", "completed")
    ]
    assert [event.status for event in events] == ["ringing", "answered", "ended"]
    assert len({event.delivery_id for event in events}) == 3
    assert {event.fold_key for event in events} == {CALL["CallSid"]}
    reply = gateway().reply(events[:1])
    assert (reply.status, reply.content_type) == (200, "text/xml")
    assert reply.body == b"<Response><Reject/></Response>"


def test_sequence_number_tells_two_equal_states_apart() -> None:
    ids = {
        only(gateway().receive(form(CALL | {"SequenceNumber": number}))).delivery_id
        for number in ("0", "1")
    }
    assert ids == {f"{CALL['CallSid']}:ringing:0", f"{CALL['CallSid']}:ringing:1"}


@pytest.mark.parametrize(
    "fields",
    [
        CALL | {"Direction": "outbound-api"},
        CALL | {"Direction": "outbound-dial"},
        SMS | {"SmsStatus": "delivered"},
        SMS | {"SmsStatus": "sent", "MessageStatus": "sent"},
    ],
)
def test_what_we_sent_ourselves_is_nothing_to_record(fields: dict[str, str]) -> None:
    assert gateway().receive(form(fields)) == ()
    assert gateway().reply(()).body == b"<Response/>"


@pytest.mark.parametrize(
    ("configured", "signed"),
    [
        (URL, URL),
        ("https://hooks.shop.example:1234/hooks/twilio", URL),
        (URL, "https://hooks.shop.example:443/hooks/twilio"),
        ("http://hooks.shop.example/h", "http://hooks.shop.example:80/h"),
        ("http://hooks.shop.example:1234/h", "http://hooks.shop.example/h"),
        ("https://user:pass@shop.example:8443/h", "https://user:pass@shop.example/h"),
        ("https://user:pass@shop.example/h", "https://user:pass@shop.example:443/h"),
        ("https://[2001:db8::1]:8443/h", "https://[2001:db8::1]/h"),
        ("https://[2001:db8::1]/h", "https://[2001:db8::1]:443/h"),
        (URL + "#rc=2&rp=all", URL),
        (URL + "#rc=2&rp=all", URL + "#rc=2&rp=all"),
        ("https://hooks.shop.example:1234/h#rc=2", "https://hooks.shop.example/h#rc=2"),
    ],
)
def test_url_may_be_signed_with_or_without_its_port(configured: str, signed: str) -> None:
    assert gateway(configured).receive(form(SMS, url=signed))


@pytest.mark.parametrize(
    "signed",
    [
        "http://hooks.shop.example/hooks/twilio",
        "https://hooks.shop.example:8443/hooks/twilio",
        "https://hooks.shop.example:80/hooks/twilio",
        "https://evil.example/hooks/twilio",
        "https://hooks.shop.example/hooks/other",
    ],
)
def test_request_signed_for_another_url_is_refused(signed: str) -> None:
    with pytest.raises(BadSignature):
        gateway().receive(form(SMS, url=signed))


def test_host_header_cannot_choose_the_signed_url() -> None:
    good = form(SMS, url="https://evil.example/hooks/twilio")
    headers = {**good.headers, "host": "evil.example", "x-forwarded-host": "evil.example"}
    with pytest.raises(BadSignature):
        gateway().receive(request(good.body, headers=headers))


def test_get_carries_its_fields_in_the_signed_query() -> None:
    query = urlencode(SMS)
    signed = sdk(f"{URL}?{query}", {})
    got = request(headers={"X-Twilio-Signature": signed}, method="GET", query=query)
    assert only(gateway().receive(got)).text == SMS["Body"]


def test_get_with_an_altered_query_is_refused() -> None:
    signed = sdk(f"{URL}?{urlencode(SMS)}", {})
    query = urlencode(SMS | {"Body": "something else"})
    with pytest.raises(BadSignature):
        gateway().receive(
            request(headers={"X-Twilio-Signature": signed}, method="GET", query=query)
        )


def json_request(body: bytes, *, url: str = URL, digest: str | None = None) -> Request:
    digest = hashlib.sha256(body).hexdigest() if digest is None else digest
    query = f"bodySHA256={digest}"
    return request(
        body,
        headers={"X-Twilio-Signature": sdk(f"{url}?{query}", {})},
        content_type=JSON,
        query=query,
    )


def test_json_body_is_covered_by_its_hash_in_the_url() -> None:
    assert only(gateway().receive(json_request(json.dumps(SMS).encode()))).text == SMS["Body"]
    with_port = json_request(json.dumps(SMS).encode(), url=URL.replace("/hooks/", ":443/hooks/"))
    assert gateway().receive(with_port)


def test_json_body_altered_after_signing_is_refused() -> None:
    digest = hashlib.sha256(json.dumps(SMS).encode()).hexdigest()
    altered = json.dumps(SMS | {"Body": "pay here"}).encode()
    with pytest.raises(BadSignature):
        gateway().receive(json_request(altered, digest=digest))


def test_json_body_without_a_hash_in_the_url_is_refused() -> None:
    body = json.dumps(SMS).encode()
    unhashed = request(body, headers={"X-Twilio-Signature": sdk(URL, {})}, content_type=JSON)
    with pytest.raises(BadSignature):
        gateway().receive(unhashed)


def test_signature_of_a_get_cannot_be_reused_for_a_post_body() -> None:
    query = urlencode(SMS)
    headers = {"X-Twilio-Signature": sdk(f"{URL}?{query}", {})}
    stolen = request(b"", headers=headers, query=query, content_type=FORM)
    with pytest.raises(MalformedDelivery):
        gateway().receive(stolen)
    with pytest.raises(BadSignature):
        gateway().receive(request(b'{"MessageSid":"SM1"}', headers=headers, query=query))


def test_repeated_name_counts_once_per_distinct_value() -> None:
    params = Repeated({name: [value] for name, value in SMS.items()})
    params["Tag"] = ["b", "a", "b"]
    body = urlencode(params, doseq=True).encode()
    headers = {"X-Twilio-Signature": sdk(URL, params)}
    assert gateway().receive(request(body, headers=headers, content_type=FORM))


def test_field_we_read_with_two_values_is_refused_as_ambiguous() -> None:
    params = Repeated({name: [value] for name, value in SMS.items()})
    params["From"] = ["+447700900123", "+447700900999"]
    body = urlencode(params, doseq=True).encode()
    headers = {"X-Twilio-Signature": sdk(URL, params)}
    with pytest.raises(MalformedDelivery):
        gateway().receive(request(body, headers=headers, content_type=FORM))


def test_shared_key_signs_with_sha256() -> None:
    keyed = gateways.build(
        "voice",
        {"kind": "twilio", "public_url": URL, "shared_key": "sk", "shared_key_id": "key-1"},
    )
    signed = sdk(URL, SMS, secret="sk", algorithm="HMAC_SHA256")
    assert signed == twilio.signature(URL, SMS, "sk", digest="sha256")
    good = form(SMS, signed=signed)
    setting = {"x-twilio-webhooks-signature-settings": "key=key-1,algorithm=HMAC_SHA256"}
    assert keyed.receive(good)
    assert keyed.receive(request(good.body, headers={**good.headers, **setting}))
    other = {"x-twilio-webhooks-signature-settings": "key=key-2,algorithm=HMAC_SHA256"}
    with pytest.raises(BadSignature):
        keyed.receive(request(good.body, headers={**good.headers, **other}))


def test_header_cannot_downgrade_the_algorithm() -> None:
    keyed = gateways.build("v", {"kind": "twilio", "public_url": URL, "shared_key": "sk"})
    weak = form(SMS, signed=sdk(URL, SMS, secret="sk", algorithm="HMAC_SHA1"))
    setting = {"x-twilio-webhooks-signature-settings": "algorithm=HMAC_SHA1"}
    with pytest.raises(BadSignature):
        keyed.receive(request(weak.body, headers={**weak.headers, **setting}))


@pytest.mark.parametrize("signed", ["", "x", "é" * 28, "\ud800", "A" * 100_000])
def test_missing_or_strange_signature_is_refused(signed: str) -> None:
    with pytest.raises(BadSignature):
        gateway().receive(form(SMS, signed=signed))


def test_wrong_key_is_refused() -> None:
    with pytest.raises(BadSignature):
        gateway(auth_token="another").receive(form(SMS))


@pytest.mark.parametrize(
    "body",
    [
        urlencode(SMS | {"Body": "altered"}),
        urlencode(SMS) + "&Extra=1",
        urlencode(SMS) + "&Empty=",
        urlencode({name: value for name, value in SMS.items() if name != "NumMedia"}),
    ],
)
def test_altered_added_or_removed_field_is_refused(body: str) -> None:
    good = form(SMS)
    with pytest.raises(BadSignature):
        gateway().receive(request(body.encode(), headers=good.headers))


def test_moved_border_between_fields_cannot_make_a_second_delivery() -> None:
    """The signature has no separators: ``MessageSid=SM12`` + ``NumMedia=0`` reads as one value."""
    fields = dict(SMS)
    merged = fields.pop("MessageSid") + "NumMedia" + fields.pop("NumMedia")
    forged = fields | {"MessageSid": merged}
    assert sdk(URL, forged) == sdk(URL, SMS)
    with pytest.raises(MalformedDelivery):
        gateway().receive(form(forged, signed=sdk(URL, SMS)))


@pytest.mark.parametrize(
    "fields",
    [
        {"Hello": "world"},
        {"MessageSid": "SM1"},
        SMS | {"MessageSid": "../../etc"},
        CALL | {"CallSid": "CA1:ringing"},
        CALL | {"CallStatus": "Ringing\n"},
        SMS | {"From": "+" + "1" * 400},
    ],
)
def test_signed_but_unusable_content_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(form(fields))


def test_query_other_than_the_configured_one_is_refused() -> None:
    query = "tenant=2"
    signed = sdk(f"{URL}?{query}", SMS)
    with pytest.raises(BadSignature):
        gateway(URL + "?tenant=1").receive(form(SMS, query=query, signed=signed))


def test_query_dropped_by_a_proxy_is_put_back_from_the_settings() -> None:
    url = URL + "?tenant=1"
    assert gateway(url).receive(form(SMS, url=url))


@pytest.mark.parametrize(
    ("brought", "signed"),
    [
        ("who=it's+me", "who=it's%20me"),
        ("who=it%27s+me", "who=it's%20me"),
        ("who=it's%20me", "who=it's%20me"),
        ("who=it%27s%20me", "who=it%27s%20me"),
        ("a=1&b=2&a=3", "a=1&a=3&b=2"),
        ("e=&f", "e=&f="),
    ],
)
def test_query_written_anew_on_its_way_is_the_same_query(brought: str, signed: str) -> None:
    """Twilio's own library for Node takes a signature over the query as Node writes it."""
    url = f"{URL}?{brought}"
    posted = form(SMS, url=f"{URL}?{signed}", query=brought)
    assert gateway(url).receive(posted)


def test_query_that_means_something_else_is_not_the_same_query() -> None:
    got = urlencode(SMS | {"Body": "a+b"})
    signed = sdk(f"{URL}?{urlencode(SMS | {'Body': 'a b'})}", {})
    with pytest.raises(BadSignature):
        gateway().receive(request(headers={"X-Twilio-Signature": signed}, method="GET", query=got))


def test_credentials_in_the_url_are_part_of_what_is_signed() -> None:
    url = "https://user:pa%40ss@shop.example/h"
    assert gateway(url).receive(form(SMS, url=url))
    with pytest.raises(BadSignature):
        gateway(url).receive(form(SMS, url="https://user:other@shop.example/h"))


def test_mms_is_a_message_under_its_own_id() -> None:
    fields = SMS | {"MessageSid": "MM" + "5f" * 16, "NumMedia": "1", "Body": ""}
    fields |= {"MediaUrl0": "https://api.twilio.com/m/ME1", "MediaContentType0": "image/jpeg"}
    delivery = only(gateway().receive(form(fields)))
    assert (delivery.delivery_id, delivery.text) == (fields["MessageSid"], "")


def test_form_that_is_not_utf8_is_refused_after_its_signature_fits() -> None:
    body = b"Body=%FF&From=%2B447700900123&MessageSid=SM5f&To=%2B447700900456"
    signed = twilio._signature(
        URL.encode(),
        [
            (b"Body", b"\xff"),
            (b"From", b"+447700900123"),
            (b"MessageSid", b"SM5f"),
            (b"To", b"+447700900456"),
        ],
        TOKEN.encode(),
        "sha1",
    )
    headers = {"X-Twilio-Signature": signed}
    with pytest.raises(MalformedDelivery):
        gateway().receive(request(body, headers=headers, content_type=FORM))


def test_flood_of_form_fields_is_refused() -> None:
    with pytest.raises(MalformedDelivery):
        gateway().receive(request(b"&a=1" * 100_000, content_type=FORM))


def test_long_text_is_cut_in_the_record() -> None:
    delivery = only(gateway().receive(form(SMS | {"Body": "长" * 70_000})))
    assert delivery.text is not None
    assert len(delivery.text) == 65_536


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "get"])
def test_methods_twilio_does_not_use_are_refused(method: str) -> None:
    good = form(SMS)
    with pytest.raises(MalformedDelivery):
        gateway().receive(request(good.body, headers=good.headers, method=method))


@pytest.mark.parametrize(
    ("error", "status"), [(BadSignature("no"), 403), (MalformedDelivery("no"), 400)]
)
def test_refusal_tells_a_status_and_no_reason(error: DeliveryRefused, status: int) -> None:
    reply = gateway().refusal(error)
    assert (reply.status, reply.body) == (status, b"refused\n")


def test_representation_shows_no_secret_and_nothing_personal() -> None:
    built, incoming = gateway("https://u:hidden@shop.example/h"), form(SMS)
    shown = repr(built) + repr(incoming) + repr(gateway().receive(incoming))
    for secret in (TOKEN, "hidden", "7700900", "parcel"):
        assert secret not in shown

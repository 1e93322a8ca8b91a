"""Twilio: incoming calls and SMS, as form posts, JSON with ``bodySHA256``, or GET.

``X-Twilio-Signature`` is ``base64(HMAC(secret, S))``: SHA-1 under the account's auth token, SHA-256
under a SharedKey. ``S`` is the URL as it stands in the Twilio console, then, of a form, every name
and value sorted by name, a repeated name once per distinct value. Of a JSON body the URL carries
the SHA-256. There is no time in it: what stops a replay is the delivery id.

Twilio calls the same URL for every event of a call: when it rings, when it ends, with the result of
a ``<Gather>``, a ``<Record>`` or a ``<Dial>``, and for a recording and its transcription. They have
one ``CallSid`` and are one contact. What is to be done with a call is in ``twiml``.

``S`` has no separators, so that a thief of one request could move the borders between its fields
without breaking the signature. Ids are therefore checked for their shape, and fields are only read
from the part the signature covers: the body of a POST, the query of a GET, never both.

Source: twilio.com/docs/usage/webhooks/webhooks-security; suites of twilio-python and twilio-node.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from ..errors import BadSignature, DeliveryRefused, MalformedDelivery
from ..messages import translate as _
from ..models import Authenticity, Medium
from ..options import Options
from . import bodies, callevents, twiml
from .deliveries import Delivery, Reply, Request

Digest = Literal["sha1", "sha256"]
_Pairs = list[tuple[bytes, bytes]]

OPTIONS = ("public_url", "auth_token", "shared_key", "shared_key_id", "region", *twiml.OPTIONS)
_READ = frozenset(
    {"MessageSid", "SmsMessageSid", "SmsSid", "CallSid", "From", "To", "Body", "SmsStatus"}
    | {"MessageStatus", "CallStatus", "Direction", "SequenceNumber"}
    | callevents.FIELDS
)
_MESSAGE_SID = re.compile(r"(SM|MM)[0-9A-Fa-f]{1,32}")
_CALL_SID = re.compile(r"CA[0-9A-Fa-f]{1,32}")
_WORD = re.compile(r"[a-z-]{1,32}")
_SEQUENCE = re.compile(r"[0-9]{1,9}")
_AUTHORITY = re.compile(r"(?P<userinfo>.*@)?(?P<host>\[[^\]]*\]|[^:\[\]]+)(?::(?P<port>[0-9]*))?")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_STATUS = {
    "queued": "ringing",
    "ringing": "ringing",
    "in-progress": "answered",
    "completed": "ended",
    "no-answer": "missed",
    "busy": "missed",
    "canceled": "missed",
    "failed": "missed",
}
#: Message states of something that came in; the others tell how our own message fared.
_INCOMING = frozenset({"received", "receiving"})


def signature(
    url: str,
    params: Mapping[str, str] | Iterable[tuple[str, str]],
    secret: str,
    *,
    digest: Digest = "sha1",
) -> str:
    """Return the ``X-Twilio-Signature`` of a request.

    Args:
        url: as configured at Twilio, with the query string.
        params: the decoded form fields; empty for GET and JSON.
        secret: the auth token, or the secret of a SharedKey.
        digest: ``"sha1"`` for an auth token, ``"sha256"`` for a SharedKey.
    """
    items = params.items() if isinstance(params, Mapping) else params
    pairs = [(bodies.as_bytes(name), bodies.as_bytes(value)) for name, value in items]
    return _signature(bodies.as_bytes(url), pairs, bodies.as_bytes(secret), digest)


def _signature(url: bytes, pairs: _Pairs, secret: bytes, digest: Digest) -> str:
    # A set, because a name repeated with the same value counts once; bytes sort as Twilio does.
    signed = url + b"".join(name + value for name, value in sorted(set(pairs)))
    return b64encode(hmac.digest(secret, signed, digest)).decode("ascii")


@dataclass(frozen=True, slots=True)
class Twilio:
    """One Twilio hook."""

    name: str
    region: str
    public_url: str = field(repr=False)
    secret: str = field(repr=False)
    digest: Digest
    shared_key_id: str | None = field(default=None, repr=False)
    call_answer: twiml.CallAnswer = field(default_factory=twiml.CallAnswer)

    def receive(self, request: Request) -> tuple[Delivery, ...]:
        """Return the call or message *request* reports; see :class:`.Gateway`."""
        bodies.bounded(request.body)
        query = bodies.form_pairs(bodies.as_bytes(request.query))
        if request.method == "GET":
            if request.body:
                raise MalformedDelivery(_("a GET request must not have a body."))
            self._verify(request, query, signed=[])
            fields = query[len(self._configured_query()) :] if query else []
            return self._deliveries(fields)
        if request.method != "POST":
            raise MalformedDelivery(_("this method is not used by the gateway."))
        if bodies.media_type(request) == "application/x-www-form-urlencoded":
            form = bodies.form_pairs(request.body)
            self._verify(request, query, signed=form)
            return self._deliveries(form)
        self._verify(request, query, signed=[])
        _verify_body_hash(request.body, query)
        return self._deliveries(_json_pairs(request.body))

    def _configured_query(self) -> _Pairs:
        return bodies.form_pairs(bodies.as_bytes(urlsplit(self.public_url).query))

    def _verify(self, request: Request, query: _Pairs, *, signed: _Pairs) -> None:
        """Refuse *request* unless its signature covers the configured URL and *signed*."""
        given = request.headers.get("x-twilio-signature")
        if not given:
            raise BadSignature(_("the delivery is not signed."))
        self._refuse_other_key(request)
        configured = self._configured_query()
        if query and query[: len(configured)] != configured:
            raise BadSignature(_("the query string is not the one of public_url."))
        secret, header = bodies.as_bytes(self.secret), bodies.as_bytes(given)
        matches = [
            hmac.compare_digest(
                _signature(url, signed, secret, self.digest).encode("ascii"), header
            )
            for url in _signed_urls(self.public_url, request.query)
        ]
        if not any(matches):
            raise BadSignature(
                _("the signature does not fit."),
                hint=_("public_url must be the URL exactly as it stands in the Twilio console."),
            )

    def _refuse_other_key(self, request: Request) -> None:
        """Say so if another SharedKey was used. The header is unsigned: it never lets one pass."""
        settings = request.headers.get("x-twilio-webhooks-signature-settings", "")
        named = [part.strip()[4:] for part in settings.split(",") if part.strip()[:4] == "key="]
        if self.shared_key_id is not None and named and named != [self.shared_key_id]:
            raise BadSignature(_("the delivery is signed with another SharedKey."))

    def _deliveries(self, pairs: _Pairs) -> tuple[Delivery, ...]:
        texts = [(bodies.as_text(name), bodies.as_text(value)) for name, value in pairs]
        fields = bodies.unique_fields(texts, known=_READ)
        if fields.get("CallSid"):
            return self._call(fields)
        sid = fields.get("MessageSid") or fields.get("SmsMessageSid") or fields.get("SmsSid")
        if sid:
            return self._message(sid, fields)
        raise MalformedDelivery(_("the delivery is neither a call nor a message."))

    def _message(self, sid: str, fields: Mapping[str, str]) -> tuple[Delivery, ...]:
        if not _MESSAGE_SID.fullmatch(sid):
            raise MalformedDelivery(_("the id in the delivery is not one of Twilio's."))
        states = {fields[key] for key in ("SmsStatus", "MessageStatus") if fields.get(key)}
        if states - _INCOMING or fields.get("Direction", "").startswith("outbound"):
            return ()
        delivery = Delivery(
            gateway=self.name,
            delivery_id=sid,
            medium=Medium.SMS,
            authenticity=Authenticity.BODY,
            sender=bodies.identifier(fields.get("From")),
            recipient=_recipient(fields),
            text=bodies.content(fields.get("Body")),
        )
        return (delivery,)

    def _call(self, fields: Mapping[str, str]) -> tuple[Delivery, ...]:
        sid, state = fields["CallSid"], fields.get("CallStatus") or "unknown"
        sequence = fields.get("SequenceNumber")
        if (
            not _CALL_SID.fullmatch(sid)
            or not _WORD.fullmatch(state)
            or (sequence and not _SEQUENCE.fullmatch(sequence))
        ):
            raise MalformedDelivery(_("the id in the delivery is not one of Twilio's."))
        if fields.get("Direction", "").startswith("outbound"):
            return ()
        told = callevents.told(fields)
        delivery = Delivery(
            gateway=self.name,
            delivery_id=":".join(filter(None, (sid, state, sequence, *told.ids))),
            medium=Medium.CALL,
            authenticity=Authenticity.BODY,
            sender=bodies.identifier(fields.get("From")),
            # The report of a recording says neither.
            recipient=bodies.identifier(fields.get("To")) if told.ids else _recipient(fields),
            subject=told.subject,
            text=bodies.content(told.text),
            fold_key=sid,
            status=told.status or (None if state == "unknown" else _STATUS.get(state, state)),
        )
        return (delivery,)

    def reply(self, deliveries: Sequence[Delivery]) -> Reply:
        """Return TwiML: a call that rings gets its answer, everything else nothing more."""
        answer = twiml.NOTHING
        for delivery in deliveries:
            if delivery.medium is Medium.CALL and delivery.status in ("ringing", None):
                answer = self.call_answer.to(
                    sender=delivery.sender, recipient=delivery.recipient, region=self.region
                )
        return Reply(200, "text/xml", answer)

    def refusal(self, error: DeliveryRefused) -> Reply:
        """Return 403 for what is not proven, 400 for what cannot be read."""
        return Reply(error.status, "text/plain; charset=utf-8", b"refused\n")

    def sample(self, *, to: str, text: str, now: datetime) -> Request:
        """Return a signed SMS as Twilio posts it; see :class:`.Sampling`."""
        sid = "SM" + callevents.short_digest(text)
        fields = {"MessageSid": sid, "From": "honeytoken", "To": to, "Body": text}
        fields |= {"NumMedia": "0", "SmsStatus": "received"}
        signed = signature(
            self.public_url.partition("#")[0], fields, self.secret, digest=self.digest
        )
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": signed,
        }
        parts = urlsplit(self.public_url)
        body = urlencode(fields).encode("ascii")
        return Request("POST", f"/hooks/{self.name}", parts.query, headers, body, now)


def _recipient(fields: Mapping[str, str]) -> str:
    recipient = bodies.identifier(fields.get("To"))
    if recipient is None:
        raise MalformedDelivery(_("the delivery does not say whom it was for."))
    return recipient


def _verify_body_hash(body: bytes, query: _Pairs) -> None:
    """Refuse a body that is no form unless the signed URL carries its SHA-256."""
    hashes = [value for name, value in query if name == b"bodySHA256"]
    actual = hashlib.sha256(body).hexdigest().encode("ascii")
    if len(hashes) != 1 or not hmac.compare_digest(actual, hashes[0]):
        raise BadSignature(_("the signature does not cover the body."))


def _json_pairs(body: bytes) -> _Pairs:
    values = bodies.json_object(body)
    found = ((name, bodies.optional_text(values, name)) for name in sorted(_READ))
    return [
        (bodies.as_bytes(name), bodies.as_bytes(bodies.storable(value)))
        for name, value in found
        if value is not None
    ]


def _signed_urls(public_url: str, query: str) -> list[bytes]:
    """Return the URLs Twilio may have signed: as configured, without port, with the default port.

    All from the settings but the query string, which the request brings (``bodySHA256``, the fields
    of a GET) and the signature covers. A proxy may drop the configured one; then it is put back. A
    library on the way may have written it anew: the same fields, escaped as Node's ``querystring``
    does, are the same query to us, so nothing is read that was not signed. Retry settings after
    ``#`` are not signed, as far as is known; signed with them it would be the same address.
    """
    parts = urlsplit(public_url)
    query = query or parts.query
    tails = [f"?{one}" if one else "" for one in dict.fromkeys((query, _as_node_does(query)))]
    if parts.fragment:
        tails += [f"{tail}#{parts.fragment}" for tail in tails]
    return [
        bodies.as_bytes(f"{parts.scheme}://{authority}{parts.path}{tail}")
        for tail in tails
        for authority in _authorities(parts)
    ]


def _authorities(parts: SplitResult) -> list[str]:
    match = _AUTHORITY.fullmatch(parts.netloc)
    if not match:
        return [parts.netloc]
    bare = (match["userinfo"] or "") + match["host"]
    other = bare if match["port"] else f"{bare}:{_DEFAULT_PORTS[parts.scheme]}"
    return list(dict.fromkeys((parts.netloc, bare, other)))


def _as_node_does(query: str) -> str:
    grouped: dict[bytes, list[bytes]] = {}
    for name, value in bodies.form_pairs(bodies.as_bytes(query)):
        grouped.setdefault(name, []).append(value)
    return urlencode(grouped, doseq=True, quote_via=quote, safe="!'()*")


def build(options: Options) -> Twilio:
    """Return the gateway of a settings table; see ``docs/gateways/twilio.md``."""
    options.refuse_unknown(OPTIONS)
    token, shared = options.secret("auth_token"), options.secret("shared_key")
    if (token is None) == (shared is None):
        options.refuse(
            "auth_token",
            _("{key} is missing.")
            if token is None
            else _("{key} and shared_key exclude each other."),
            hint=_("Set auth_token, or shared_key where Twilio signs with a SharedKey."),
        )
    key_id = options.text("shared_key_id")
    if key_id is not None and shared is None:
        options.refuse("shared_key_id", _("{key} needs shared_key."))
    region, public_url = options.region(), _public_url(options)
    return Twilio(
        name=options.name,
        region=region,
        public_url=public_url,
        secret=token or shared or "",
        digest="sha1" if shared is None else "sha256",
        shared_key_id=key_id,
        call_answer=twiml.build(options, url=public_url, region=region),
    )


def _public_url(options: Options) -> str:
    hint = _(
        "The URL as it stands in the Twilio console, such as https://shop.example/hooks/twilio."
    )
    url = options.text("public_url")
    if url is None:
        options.refuse("public_url", _("{key} is missing."), hint=hint)
    try:
        parts = urlsplit(url)
        sound = (
            parts.scheme in _DEFAULT_PORTS
            and url.startswith(f"{parts.scheme}://")
            and bool(parts.hostname)
            and _AUTHORITY.fullmatch(parts.netloc) is not None
            and (parts.port is None or parts.port > 0)
            and all("!" <= character <= "~" for character in url)
        )
        bodies.split_pairs(bodies.as_bytes(parts.query))
    except (ValueError, DeliveryRefused):
        sound = False
    if not sound:
        options.refuse("public_url", _("{key} is not a web address."), hint=hint)
    return url

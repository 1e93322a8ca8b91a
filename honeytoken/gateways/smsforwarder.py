r"""SmsForwarder (pppscn, Android): calls and SMS from phones, in a layout the operator writes.

``sign = base64(HMAC-SHA256(secret, "<timestamp_ms>\n<secret>"))`` covers the time and nothing
else: it is a password that lives ten minutes. Whoever catches one may send any text under it until
then, so what comes in here is of authenticity ``sender``, never ``body``.

Fields, in a JSON template, a form, a query, or a text template of ``name=value`` lines (the names
of the app's own placeholders are understood too): ``kind`` (``sms``, ``call``, ``app``,
``heartbeat``), ``to``, ``from``, ``text``, ``sim``, ``device``, ``at``, ``call_type``,
``timestamp``, ``sign``.

Source: pppscn/SmsForwarder, ``WebhookUtils.kt`` and ``MsgInfo.kt``; the sign equals DingTalk's.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from urllib.parse import quote, unquote, unquote_to_bytes

from ..errors import BadSignature, DeliveryRefused, MalformedDelivery, StaleDelivery
from ..messages import translate as _
from ..models import Authenticity, Medium
from ..options import Options
from . import bodies, calltexts, sims
from .deliveries import Delivery, Heartbeat, Reply, Request, unauthorized_or

OPTIONS = ("secret", "unsigned", "token", "to", "slots", "tolerance_s", "utc_offset", "region")
#: One call gives up to three events: ringing, answered, ended or missed.
FOLD_WINDOW_S = 120
#: Our field -> names it may have in a template, the best first.
_NAMES = {
    "kind": ("kind",),
    "to": ("to",),
    "from": ("from",),
    "text": ("text", "org_content", "content", "msg"),
    "sim": ("sim", "card_slot"),
    "device": ("device", "device_mark"),
    "at": ("at", "receive_time"),
    "call_type": ("call_type",),
    "timestamp": ("timestamp",),
    "sign": ("sign",),
}
_KNOWN = frozenset(name for names in _NAMES.values() for name in names)
#: Sent by a scheduled task of the app: the phone lives, and nothing else is to be told.
_HEARTBEAT = "heartbeat"
_KINDS = {"sms": Medium.SMS, "mms": Medium.SMS, "call": Medium.CALL, "app": None}
_TIMESTAMP = re.compile(r"[0-9]{1,16}")
_LINE = re.compile(r"([A-Za-z_]{1,32})[ \t]*[=:：](.*)")
_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3]):([0-5][0-9])")
_LOST_PLUS = re.compile(r"\A (?=[0-9])")


def signature(secret: str, timestamp_ms: int | str) -> str:
    """Return the sign for *timestamp_ms* (milliseconds since 1970): plain base64.

    The app percent-encodes it in every place but a GET without template.
    """
    key = bodies.as_bytes(secret)
    signed = str(timestamp_ms).encode("ascii") + b"\n" + key
    return b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")


@dataclass(frozen=True, slots=True)
class SmsForwarder:
    """The hook of one or more phones that run SmsForwarder."""

    name: str
    region: str
    secret: str | None = field(repr=False)
    token: str | None = field(repr=False)
    to: str | None = field(repr=False)
    slots: Mapping[str, str] = field(repr=False)
    tolerance_s: int
    zone: timezone
    #: True if what carries the report has proven the phone already.
    is_proven: bool = False

    def receive(self, request: Request) -> tuple[Delivery | Heartbeat, ...]:
        """Return the call, SMS or sign of life *request* reports; see :class:`.Gateway`."""
        self._verify_token(request)
        fields = _fields(request)
        if self.secret is not None:
            self._verify_sign(self.secret, fields, request.received_at)
        if fields.get("kind", "").strip().lower() == _HEARTBEAT:
            device = bodies.identifier(_redacted(fields).get("device"))
            # Anybody may name phones where nothing is proven.
            return (Heartbeat(self.name, device),) if self._proves else ()
        medium, status = _event(fields)
        if medium is None or status == calltexts.OUTGOING:
            return ()
        return (self._delivery(medium, status, _redacted(fields)),)

    @property
    def _proves(self) -> bool:
        return self.is_proven or self.secret is not None or self.token is not None

    def _verify_token(self, request: Request) -> None:
        if self.token is None:
            return
        scheme, _blank, credentials = request.headers.get("authorization", "").partition(" ")
        given = [request.headers.get("x-honeytoken-token", "")]
        if scheme.lower() == "bearer":
            given.append(credentials)
        elif scheme.lower() == "basic":
            given.append(_password(credentials))
        expected = bodies.as_bytes(self.token)
        if not any(hmac.compare_digest(expected, bodies.as_bytes(one)) for one in given):
            raise BadSignature(_("the token is missing or wrong."))

    def _verify_sign(self, secret: str, fields: Mapping[str, str], received_at: datetime) -> None:
        given, timestamp = fields.get("sign", ""), fields.get("timestamp", "")
        if not given or not _TIMESTAMP.fullmatch(timestamp):
            raise BadSignature(_("the delivery is not signed."))
        # Encoded up to twice on its way, by template and transport; base64 has no "%" of its own.
        # A "+" stays a plus: it is a digit of base64.
        for _round in range(2):
            given = unquote(given) if "%" in given else given
        expected = signature(secret, timestamp).encode("ascii")
        if not hmac.compare_digest(expected, bodies.as_bytes(given)):
            raise BadSignature(_("the signature does not fit."))
        if abs(received_at.timestamp() * 1000 - int(timestamp)) > self.tolerance_s * 1000:
            raise StaleDelivery(
                _("the delivery is too old, or dated in the future."),
                hint=_("If it goes on, set the phone's clock."),
            )

    def _delivery(self, medium: Medium, status: str | None, fields: Mapping[str, str]) -> Delivery:
        sender, named = bodies.identifier(fields.get("from")), bodies.identifier(fields.get("to"))
        device = bodies.identifier(fields.get("device")) or ""
        sim = bodies.identifier(fields.get("sim")) or ""
        text = fields.get("text")
        if sender is None and not text:
            raise MalformedDelivery(_("the delivery has neither a sender nor a text."))
        at = bodies.identifier(fields.get("at")) or calltexts.time_in(text or "")
        # Without the time of receipt only the time of sending tells a second SMS from a repeat.
        stamp = at or fields.get("timestamp")
        if stamp is None:
            raise MalformedDelivery(
                _("the delivery has no time, so a repeat cannot be told from a second message."),
                hint=_('Put "at":"[receive_time]" into the template.'),
            )
        is_call = medium is Medium.CALL
        return Delivery(
            gateway=self.name,
            delivery_id=_digest(medium, status, device, sim, sender, named, text, stamp),
            medium=medium,
            authenticity=Authenticity.SENDER if self._proves else Authenticity.NONE,
            sender=sender,
            recipient=named or self._recipient(device, sim),
            # The app's own words about a call are not the caller's.
            text=None if is_call else bodies.content(text),
            sent_at=None if at is None else self._moment(at),
            # Not the SIM: "ringing" and "answered" do not tell it, "missed" and "ended" do.
            fold_key=_digest(device, sender, named) if is_call else None,
            fold_window_s=FOLD_WINDOW_S if is_call else None,
            status=status,
            device=(device or None) if self._proves else None,
        )

    def _moment(self, at: str) -> datetime | None:
        """Return the time of receipt: ISO 8601, or what "[timestamp]" puts in, milliseconds."""
        if len(at) == 13 and at.isascii() and at.isdigit():
            return datetime.fromtimestamp(int(at) / 1000, UTC)
        return bodies.moment(at, zone=self.zone)

    def _recipient(self, device: str, sim: str) -> str | None:
        """Return the number of the SIM by the settings: by device and slot, by slot, the only."""
        names = (sim, sim.partition("_")[0])
        return sims.number(self.slots, device=device, names=names) or self.to

    def reply(self, deliveries: Sequence[Delivery]) -> Reply:
        """Return 200 and ``{"code":200}``, which the app can be told to look for."""
        return Reply(200, "application/json", b'{"code":200}')

    def refusal(self, error: DeliveryRefused) -> Reply:
        """Return 401 for what is not proven, 400 for what cannot be read."""
        status = unauthorized_or(error)
        return Reply(status, "application/json", b'{"code":%d}' % status)

    def sample(self, *, to: str, text: str, now: datetime) -> Request:
        """Return a signed SMS as the recommended template sends it; see :class:`.Sampling`."""
        fields = {"kind": "sms", "to": to, "from": "honeytoken", "text": text}
        fields |= {"sim": "", "device": "", "at": now.isoformat()}
        if self.secret is not None:
            timestamp = str(int(now.timestamp() * 1000))
            sign = quote(signature(self.secret, timestamp), safe="")
            fields |= {"timestamp": timestamp, "sign": sign}
        headers = {"content-type": "application/json; charset=utf-8"}
        if self.token is not None:
            headers["x-honeytoken-token"] = self.token
        body = json.dumps(fields).encode("ascii")
        return Request("POST", f"/hooks/{self.name}", "", headers, body, now)


def _password(credentials: str) -> str:
    """Return the password of HTTP Basic credentials, ``""`` if they are none."""
    try:
        return b64decode(credentials, validate=True).decode("utf-8").partition(":")[2]
    except ValueError:
        return ""


def _fields(request: Request) -> dict[str, str]:
    """Return the fields of *request* under our names, whichever form the operator chose."""
    kind = bodies.media_type(request)
    body = bodies.bounded(request.body)
    if request.method == "GET":
        if body:
            raise MalformedDelivery(_("a GET request must not have a body."))
        found = _from_pairs(bodies.as_bytes(request.query))
        # A literal "+86..." in a GET template is not encoded by the app and arrives as a blank.
        found = {
            name: _LOST_PLUS.sub("+", value) if name in ("to", "from") else value
            for name, value in found.items()
        }
    elif request.method not in ("POST", "PUT", "PATCH"):
        raise MalformedDelivery(_("this method is not used by the gateway."))
    elif kind == "application/json" or body.lstrip()[:1] == b"{":
        found = _from_json(body)
    elif kind.startswith("text/"):
        found = _from_lines(body)
    else:
        found = _from_pairs(body)
    chosen = {}
    for ours, names in _NAMES.items():
        value = next((found[name] for name in names if name in found), None)
        if value is not None:
            chosen[ours] = bodies.storable(value)
    return chosen


def _from_pairs(raw: bytes) -> dict[str, str]:
    pairs = []
    for raw_name, raw_value in bodies.split_pairs(raw):
        name = bodies.as_text(bodies.form_decoded(raw_name))
        decoded = unquote_to_bytes(raw_value) if name == "sign" else bodies.form_decoded(raw_value)
        pairs.append((name, bodies.as_text(decoded)))
    return bodies.unique_fields(pairs, known=_KNOWN)


def _from_json(raw: bytes) -> dict[str, str]:
    found = {}
    for name, value in bodies.json_object(raw).items():
        if name not in _KNOWN or value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise MalformedDelivery(_('"{name}" in the delivery must be text.').format(name=name))
        found[name] = str(value)
    return found


def _from_lines(raw: bytes) -> dict[str, str]:
    """Read a text template: one field a line; values are escaped as in JSON, without breaks."""
    if bodies.bounded(raw).count(b"\n") >= bodies.MAX_FIELDS:
        raise MalformedDelivery(_("the delivery has too many fields."))
    matches = (_LINE.fullmatch(line.strip()) for line in bodies.as_text(raw).split("\n"))
    pairs = [(match[1].lower(), _unescaped(match[2].strip())) for match in matches if match]
    return bodies.unique_fields(pairs, known=_KNOWN)


def _unescaped(value: str) -> str:
    try:
        decoded = json.loads(f'"{value}"')
    except ValueError:
        return value  # [from] is put in unescaped
    return decoded if isinstance(decoded, str) else value


def _event(fields: Mapping[str, str]) -> tuple[Medium | None, str | None]:
    """Return the medium (``None`` for an app's notification) and the status of a call."""
    text, literal = fields.get("text", ""), fields.get("kind", "").strip().lower()
    if literal and literal not in _KINDS:
        raise MalformedDelivery(
            _("the delivery is of no kind we know."),
            hint=_('"kind" is "sms", "call", "app" or "heartbeat".'),
        )
    medium = _KINDS[literal] if literal else Medium.CALL if calltexts.is_call(text) else Medium.SMS
    if medium is not Medium.CALL:
        return medium, None
    return medium, calltexts.status_of(fields.get("call_type", "")) or calltexts.status_in(text)


def _redacted(fields: Mapping[str, str]) -> dict[str, str]:
    """Return *fields* with sign and timestamp taken out of the others.

    The app replaces placeholders one after the other, so that an SMS that says ``[sign]`` carries
    a valid sign away in its text. Putting the placeholder back also makes a repeat equal again.
    """
    secrets: dict[str, str] = {}
    sign, timestamp = fields.get("sign", ""), fields.get("timestamp", "")
    if len(sign) >= 16:
        plain = unquote(unquote(sign))
        for form in (sign, plain, quote(plain, safe=""), quote(quote(plain, safe=""), safe="")):
            secrets[form] = "[sign]"
    if len(timestamp) == 13 and timestamp.isdigit():
        secrets[timestamp] = "[timestamp]"
    cleaned = dict(fields)
    for name in cleaned.keys() & {"from", "to", "text", "device", "sim"}:
        for secret in sorted(secrets, key=len, reverse=True):
            cleaned[name] = cleaned[name].replace(secret, secrets[secret])
    return cleaned


def _digest(*parts: str | None) -> str:
    """Return the SHA-256 (hex) of *parts*; JSON keeps their borders apart."""
    return sha256(json.dumps(parts, separators=(",", ":")).encode("ascii")).hexdigest()


def build(options: Options) -> SmsForwarder:
    """Return the gateway of a settings table; see ``docs/gateways/smsforwarder.md``."""
    options.refuse_unknown(OPTIONS)
    secret, unsigned = options.secret("secret"), options.switch("unsigned")
    if secret is None and not unsigned:
        options.refuse(
            "secret",
            _("{key} is missing."),
            hint=_("Set one in the app and here. Without, anybody can write: unsigned = true."),
        )
    if secret is not None and unsigned:
        options.refuse("unsigned", _("{key} contradicts secret."))
    token = options.secret("token")
    if token is not None and not (token.isascii() and token.isprintable()):
        options.refuse("token", _("{key} can hold nothing but ASCII: it is sent in a header."))
    return SmsForwarder(
        name=options.name,
        region=options.region(),
        secret=secret,
        token=token,
        to=options.text("to"),
        slots=options.table("slots"),
        tolerance_s=options.whole_number("tolerance_s", default=600, low=1, high=86_400),
        zone=_zone(options),
    )


def _zone(options: Options) -> timezone:
    match = _OFFSET.fullmatch(options.text("utc_offset") or "+08:00")
    if not match:
        options.refuse("utc_offset", _('{key} must be an offset from UTC such as "+08:00".'))
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset) if offset else UTC

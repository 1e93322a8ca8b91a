"""SMS Gateway for Android (capcom6): SMS and MMS from phones, signed by the phone; no calls.

``X-Signature`` is ``hex(HMAC-SHA256(key, body + X-Timestamp))``: the body first, nothing between.
The border cannot be moved, because the body must be one JSON object and the timestamp digits. The
timestamp is Unix seconds and renewed with every attempt; the ``id`` of the event is not.

The app tells of an MMS twice: ``mms:received`` when it is announced, ``mms:downloaded`` when it is
there. The second does not name the transaction of the first, so both fold by phone, SIM and sender
within :data:`FOLD_WINDOW_S` of the time of receipt.

Source: capcom6/android-sms-gateway, ``PayloadSingingPlugin.kt``, ``WebHookEvent.kt``,
``payload/*.kt``.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from ..errors import BadSignature, DeliveryRefused, MalformedDelivery, StaleDelivery
from ..messages import translate as _
from ..models import Authenticity, Medium
from ..options import Options
from . import bodies, sims
from .deliveries import Delivery, Heartbeat, Reply, Request, unauthorized_or

OPTIONS = ("signing_key", "tolerance_s", "to", "slots", "region")
#: Between the announcement of an MMS and its content.
FOLD_WINDOW_S = 300
#: One event may hold several messages: those that came while the app slept.
MAX_MESSAGES = 256
#: Event -> the field of its payload that holds what was said.
_RECEIVED = {
    "sms:received": "message",
    "sms:data-received": "data",
    "mms:received": "body",
    "mms:downloaded": "body",
}
_ALIVE = frozenset({"system:ping", "app:started"})
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_ID = re.compile(r"[!-~]{1,255}")
_MAX_SLOT = 9


def signature(signing_key: str, timestamp: int | str, body: bytes) -> str:
    """Return the ``X-Signature`` of *body*: hexadecimal, lower case.

    Args:
        signing_key: as it stands in the app.
        timestamp: Unix seconds, the value of ``X-Timestamp``.
        body: the raw body.
    """
    signed = body + str(timestamp).encode("ascii")
    return hmac.digest(bodies.as_bytes(signing_key), signed, "sha256").hex()


@dataclass(frozen=True, slots=True)
class SmsGateway:
    """The hook of one or more phones that run SMS Gateway for Android."""

    name: str
    region: str
    signing_key: str = field(repr=False)
    tolerance_s: int
    to: str | None = field(repr=False)
    slots: Mapping[str, str] = field(repr=False)

    def receive(self, request: Request) -> tuple[Delivery | Heartbeat, ...]:
        """Return the messages or the sign of life *request* reports; see :class:`.Gateway`."""
        if request.method != "POST":
            raise MalformedDelivery(_("this method is not used by the gateway."))
        self._verify(request)
        event = bodies.json_object(request.body)
        kind = bodies.optional_text(event, "event")
        if not kind:
            raise MalformedDelivery(
                _('"{name}" in the delivery must be text.').format(name="event")
            )
        device = bodies.identifier(bodies.optional_text(event, "deviceId"))
        if kind in _ALIVE:
            return (Heartbeat(self.name, device),)
        single = kind.replace(":batch:", ":")
        if single not in _RECEIVED:
            return ()
        event_id = bodies.optional_text(event, "id") or ""
        if not _ID.fullmatch(event_id):
            raise MalformedDelivery(_('"{name}" in the delivery is unusable.').format(name="id"))
        payload = _object(event.get("payload"), "payload")
        if single == kind:
            return (self._delivery(event_id, kind, device, payload),)
        return tuple(
            self._delivery(f"{event_id}:{number}", single, device, message)
            for number, message in enumerate(_messages(payload))
        )

    def _verify(self, request: Request) -> None:
        body = bodies.bounded(request.body)
        given = request.headers.get("x-signature", "")
        timestamp = request.headers.get("x-timestamp", "")
        if not given or not _TIMESTAMP.fullmatch(timestamp):
            raise BadSignature(_("the delivery is not signed."))
        expected = signature(self.signing_key, timestamp, body).encode("ascii")
        if not hmac.compare_digest(expected, bodies.as_bytes(given)):
            raise BadSignature(_("the signature does not fit."))
        if abs(request.received_at.timestamp() - int(timestamp)) > self.tolerance_s:
            raise StaleDelivery(
                _("the delivery is too old, or dated in the future."),
                hint=_("If it goes on, set the phone's clock."),
            )

    def _delivery(
        self, delivery_id: str, kind: str, device: str | None, payload: Mapping[str, object]
    ) -> Delivery:
        # Older versions of the app say "phoneNumber" for the sender.
        sender = bodies.identifier(
            bodies.optional_text(payload, "sender") or bodies.optional_text(payload, "phoneNumber")
        )
        slot = _slot(payload)
        at = bodies.optional_text(payload, "receivedAt")
        recipient = bodies.identifier(bodies.optional_text(payload, "recipient"))
        is_mms = kind.startswith("mms:")
        return Delivery(
            gateway=self.name,
            delivery_id=delivery_id,
            medium=Medium.SMS,
            authenticity=Authenticity.BODY,
            sender=sender,
            recipient=recipient or self._recipient(device, slot),
            subject=bodies.content(bodies.optional_text(payload, "subject")) if is_mms else None,
            text=bodies.content(bodies.optional_text(payload, _RECEIVED[kind])),
            sent_at=None if at is None else bodies.moment(at, zone=None),
            fold_key=_digest("mms", device, slot, sender) if is_mms else None,
            fold_window_s=FOLD_WINDOW_S if is_mms else None,
            device=device,
        )

    def _recipient(self, device: str | None, slot: int | None) -> str | None:
        names = () if slot is None else (f"SIM{slot}",)
        return sims.number(self.slots, device=device or "", names=names) or self.to

    def reply(self, deliveries: Sequence[Delivery]) -> Reply:
        """Return 200: any 2xx ends the app's attempts."""
        return Reply(200, "application/json", b'{"status":"ok"}')

    def refusal(self, error: DeliveryRefused) -> Reply:
        """Return 401 for what is not proven, 400 for what cannot be read. The app tries again."""
        return Reply(unauthorized_or(error), "application/json", b'{"status":"refused"}')

    def sample(self, *, to: str, text: str, now: datetime) -> Request:
        """Return a signed SMS as the app sends it; see :class:`.Sampling`."""
        payload = {
            "messageId": "honeytoken",
            "message": text,
            "sender": "honeytoken",
            "recipient": to,
            "simNumber": None,
            "receivedAt": now.isoformat(),
        }
        event = {
            "id": sha256(bodies.as_bytes(text)).hexdigest()[:21],
            "webhookId": "honeytoken",
            "event": "sms:received",
            "deviceId": None,
            "payload": payload,
        }
        body, timestamp = json.dumps(event).encode("ascii"), str(int(now.timestamp()))
        headers = {
            "content-type": "application/json",
            "x-timestamp": timestamp,
            "x-signature": signature(self.signing_key, timestamp, body),
        }
        return Request("POST", f"/hooks/{self.name}", "", headers, body, now)


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise MalformedDelivery(_('"{name}" in the delivery must be an object.').format(name=name))
    return value


def _messages(payload: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = payload.get("messages")
    if not isinstance(found, list) or len(found) > MAX_MESSAGES:
        raise MalformedDelivery(_('"{name}" in the delivery is unusable.').format(name="messages"))
    return [_object(message, "messages") for message in found]


def _slot(payload: Mapping[str, object]) -> int | None:
    """Return the SIM slot, from 1; ``None`` where the phone does not tell."""
    value = payload.get("simNumber")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_SLOT:
        raise MalformedDelivery(_('"{name}" in the delivery is unusable.').format(name="simNumber"))
    return value


def _digest(*parts: str | int | None) -> str:
    """Return the SHA-256 (hex) of *parts*; JSON keeps their borders apart."""
    return sha256(json.dumps(parts, separators=(",", ":")).encode("ascii")).hexdigest()


def build(options: Options) -> SmsGateway:
    """Return the gateway of a settings table; see ``docs/gateways/sms_gateway.md``."""
    options.refuse_unknown(OPTIONS)
    signing_key = options.secret("signing_key")
    if signing_key is None:
        options.refuse(
            "signing_key",
            _("{key} is missing."),
            hint=_(
                "It is in the app: Settings, Webhooks, Signing Key. Set a long one of your own."
            ),
        )
    return SmsGateway(
        name=options.name,
        region=options.region(),
        signing_key=signing_key,
        tolerance_s=options.whole_number("tolerance_s", default=300, low=1, high=3600),
        to=options.text("to"),
        slots=options.table("slots"),
    )

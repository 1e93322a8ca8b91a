"""Standard Webhooks: the way in for everything that has no gateway of its own.

``webhook-signature`` holds ``v1,<base64>`` with ``HMAC-SHA256(key, id.timestamp.body)``, several of
them during a change of keys, other versions beside them. It covers id, time and the raw body.

Source: the Standard Webhooks specification, v1 symmetric signatures.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from ..errors import BadSignature, DeliveryRefused, MalformedDelivery, StaleDelivery
from ..messages import translate as _
from ..models import Authenticity, Medium
from ..options import Options
from . import bodies
from .deliveries import Delivery, Reply, Request, unauthorized_or

OPTIONS = ("secret", "secrets", "tolerance_s", "region")
EVENT_TYPE = "contact.received"
_PREFIX = "whsec_"
#: The specification asks for 24 to 64 random bytes.
_MIN_KEY_BYTES = 24
#: No dot: it separates the signed parts, and with one in the id they could be cut differently.
_ID = re.compile(r"[!-\-/-~]{1,255}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_MAX_SIGNATURES = 32
_CALL_ID = re.compile(r"[!-~]{1,255}")
_WORD = re.compile(r"[a-z-]{1,32}")
_MEDIA = {
    medium.value: medium
    for medium in (
        Medium.CALL,
        Medium.SMS,
        Medium.EMAIL,
        Medium.PARCEL,
        Medium.LINK,
        Medium.TOLD,
    )
}


def signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return one entry of ``webhook-signature``: ``v1,<base64>``.

    Args:
        secret: ``whsec_`` and base64, padding optional.
        webhook_id: the value of ``webhook-id``.
        timestamp: Unix seconds, the value of ``webhook-timestamp``.
        body: the raw body.

    Raises:
        ValueError: *secret* is not base64.
    """
    return _signature(_key(secret), bodies.as_bytes(webhook_id), str(timestamp).encode(), body)


def _signature(key: bytes, webhook_id: bytes, timestamp: bytes, body: bytes) -> str:
    signed = b".".join((webhook_id, timestamp, body))
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")


def _key(secret: str) -> bytes:
    text = secret.removeprefix(_PREFIX).rstrip("=")
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """One hook that takes Standard Webhooks."""

    name: str
    region: str
    keys: tuple[bytes, ...] = field(repr=False)
    tolerance_s: int

    def receive(self, request: Request) -> tuple[Delivery, ...]:
        """Return the contact *request* reports; see :class:`.Gateway`."""
        if request.method != "POST":
            raise MalformedDelivery(_("this method is not used by the gateway."))
        webhook_id = self._verify(request)
        event = bodies.json_object(request.body)
        kind = event.get("type")
        if not isinstance(kind, str):
            raise MalformedDelivery(_('"{name}" in the delivery must be text.').format(name="type"))
        if kind != EVENT_TYPE:
            return ()
        data = event.get("data")
        if not isinstance(data, dict):
            raise MalformedDelivery(
                _('"{name}" in the delivery must be an object.').format(name="data")
            )
        return (self._delivery(webhook_id, event, data),)

    def _verify(self, request: Request) -> str:
        """Return the id of *request* if it is signed by one of the keys, and in time."""
        bodies.bounded(request.body)
        webhook_id = request.headers.get("webhook-id", "")
        timestamp = request.headers.get("webhook-timestamp", "")
        given = request.headers.get("webhook-signature", "").split(" ")
        if not _ID.fullmatch(webhook_id) or not _TIMESTAMP.fullmatch(timestamp):
            raise BadSignature(_("the headers of the signature are missing or malformed."))
        if len(given) > _MAX_SIGNATURES:
            raise BadSignature(_("the delivery has too many signatures."))
        signed = (webhook_id.encode("ascii"), timestamp.encode("ascii"), request.body)
        expected = [_signature(key, *signed).encode("ascii") for key in self.keys]
        candidates = [bodies.as_bytes(entry) for entry in given if entry.startswith("v1,")]
        matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in candidates]
        if not any(matches):
            raise BadSignature(_("the signature does not fit."))
        if abs(request.received_at.timestamp() - int(timestamp)) > self.tolerance_s:
            raise StaleDelivery(_("the delivery is too old, or dated in the future."))
        return webhook_id

    def _delivery(
        self, webhook_id: str, event: Mapping[str, object], data: Mapping[str, object]
    ) -> Delivery:
        medium = _MEDIA.get(bodies.optional_text(data, "medium") or "")
        if medium is None:
            raise MalformedDelivery(_("the delivery names no medium we know."))
        call_id = _matching(data, "call_id", _CALL_ID)
        status = _matching(data, "status", _WORD)
        time = bodies.optional_text(data, "sent_at") or bodies.optional_text(event, "timestamp")
        sent_at = None if time is None else bodies.moment(time, zone=None)
        if time is not None and sent_at is None:
            raise MalformedDelivery(
                _("a time in the delivery is not ISO 8601 with an offset from UTC.")
            )
        return Delivery(
            gateway=self.name,
            delivery_id=webhook_id,
            medium=medium,
            authenticity=Authenticity.BODY,
            sender=bodies.identifier(bodies.optional_text(data, "from")),
            recipient=bodies.identifier(bodies.optional_text(data, "to")),
            subject=bodies.content(bodies.optional_text(data, "subject")),
            text=bodies.content(bodies.optional_text(data, "text")),
            sent_at=sent_at,
            fold_key=call_id if medium is Medium.CALL else None,
            status=status,
        )

    def reply(self, deliveries: Sequence[Delivery]) -> Reply:
        """Return 204."""
        return Reply(204, "text/plain; charset=utf-8", b"")

    def refusal(self, error: DeliveryRefused) -> Reply:
        """Return 401 for what is not proven, 400 for what cannot be read."""
        return Reply(unauthorized_or(error), "text/plain; charset=utf-8", b"refused\n")

    def sample(self, *, to: str, text: str, now: datetime) -> Request:
        """Return a signed mail or SMS, signed with the first secret; see :class:`.Sampling`."""
        medium = Medium.EMAIL if "@" in to else Medium.SMS
        data = {"medium": medium.value, "to": to, "from": "honeytoken", "text": text}
        event = {"type": EVENT_TYPE, "timestamp": now.isoformat(), "data": data}
        body, timestamp = json.dumps(event).encode("ascii"), str(int(now.timestamp())).encode()
        webhook_id = "msg_" + sha256(bodies.as_bytes(text)).hexdigest()[:24]
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp.decode(),
            "webhook-signature": _signature(self.keys[0], webhook_id.encode(), timestamp, body),
        }
        return Request("POST", f"/hooks/{self.name}", "", headers, body, now)


def _matching(data: Mapping[str, object], key: str, shape: re.Pattern[str]) -> str | None:
    value = bodies.optional_text(data, key)
    if value is not None and not shape.fullmatch(value):
        raise MalformedDelivery(_('"{name}" in the delivery is unusable.').format(name=key))
    return value


def build(options: Options) -> StandardWebhooks:
    """Return the gateway of a settings table; see ``docs/gateways/standard_webhooks.md``."""
    options.refuse_unknown(OPTIONS)
    one, several = options.secret("secret"), options.secrets("secrets")
    if (one is None) == (not several):
        options.refuse(
            "secret",
            _("{key} is missing.") if one is None else _("{key} and secrets exclude each other."),
            hint=_("Set secret, or secrets with the old and the new one while they change."),
        )
    given = ("secret", (one,)) if one is not None else ("secrets", several)
    return StandardWebhooks(
        name=options.name,
        region=options.region(),
        keys=tuple(_checked_key(options, given[0], secret) for secret in given[1]),
        tolerance_s=options.whole_number("tolerance_s", default=300, low=1, high=3600),
    )


def _checked_key(options: Options, name: str, secret: str) -> bytes:
    hint = _("A secret is whsec_ followed by base64 of 24 to 64 random bytes.")
    try:
        key = _key(secret)
    except ValueError:
        options.refuse(name, _("{key} is not a Standard Webhooks secret."), hint=hint)
    if len(key) < _MIN_KEY_BYTES:
        options.refuse(name, _("{key} is too short."), hint=hint)
    return key

"""The records that go into and come out of a gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from ..errors import BadSignature, DeliveryRefused, StaleDelivery
from ..models import Authenticity, MailChecks, Medium

#: HTTP status for a proof that is missing, wrong or too old, where the sender expects "401".
UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it came in."""

    #: Upper case.
    method: str
    url_path: str
    #: Raw, without the question mark; empty if there is none.
    query: str = field(repr=False)
    #: Names in lower case.
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    #: Aware UTC.
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event, understood and proven as far as ``authenticity`` says."""

    #: Name of the gateway.
    gateway: str
    #: Equal for a repeat of the same event, different for every other event.
    delivery_id: str = field(repr=False)
    medium: Medium
    authenticity: Authenticity
    #: As claimed; not canonical.
    sender: str | None = field(default=None, repr=False)
    #: As sent, or from the settings; not canonical.
    recipient: str | None = field(default=None, repr=False)
    subject: str | None = field(default=None, repr=False)
    #: Hostile input, control and bidi characters included; at most 65,536 characters.
    text: str | None = field(default=None, repr=False)
    #: As claimed. A mail's is its sender's free text, so mail counts from its arrival.
    sent_at: datetime | None = None
    #: Events with the same key are one contact.
    fold_key: str | None = field(default=None, repr=False)
    #: They are only within that many seconds of each other; ``None`` is for ever.
    fold_window_s: int | None = None
    #: ``ringing`` ``answered`` ``missed`` ``ended``, or the sender's own word.
    status: str | None = None
    #: Of a mail: what a host we trust found out about its sender.
    checks: MailChecks | None = None
    #: The phone that forwarded it, as it names itself: a sign that this phone is alive.
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life of a forwarder, with nothing to record as a contact."""

    #: Name of the gateway.
    gateway: str
    #: As the phone names itself; ``None`` if it does not.
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender is answered."""

    status: int
    content_type: str
    body: bytes


class Gateway(Protocol):
    """A service that tells us about contacts."""

    @property
    def name(self) -> str:
        """Name of its table in the settings, and of its hook."""

    @property
    def region(self) -> str:
        """Country (ISO 3166-1 alpha-2) whose national notation its numbers may use."""

    def receive(self, request: Request) -> tuple[Delivery | Heartbeat, ...]:
        """Return what *request* reports; ``()`` if there is nothing to record.

        Raises:
            DeliveryRefused: the proof is missing, wrong or stale, or the content unreadable.
        """

    def reply(self, deliveries: Sequence[Delivery]) -> Reply:
        """Return the answer to an accepted delivery, also to one that is a repeat."""

    def refusal(self, error: DeliveryRefused) -> Reply:
        """Return the answer to a refused one: a status, and no reason an attacker could use."""


@runtime_checkable
class Sampling(Protocol):
    """A gateway that can sign a delivery as its service would, to test the way from there to us."""

    def sample(self, *, to: str, text: str, now: datetime) -> Request:
        """Return a signed delivery of a message. Sent twice, it is one delivery.

        Args:
            to: whom it reaches: a number in E.164 form, or a mail address where the gateway takes
                mail.
            text: what it says.
            now: the time it is sent at, aware UTC.
        """


def unauthorized_or(error: DeliveryRefused) -> int:
    """Return 401 for a delivery that is not proven, its own status for any other refusal."""
    return UNAUTHORIZED if isinstance(error, BadSignature | StaleDelivery) else error.status

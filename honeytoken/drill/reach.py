"""How a contact point is reached: by which medium, through which senders, at which address."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from ..models import ContactPoint, ContactPointKind, Medium
from ..store import Store, Transaction, canaries
from ..store.ids import id_floor
from . import schedule
from .senders import Sender

#: By what a drill reaches a contact point; letters are sent by nobody.
MEDIA = {
    ContactPointKind.PHONE_NUMBER: Medium.SMS,
    ContactPointKind.EMAIL_DOMAIN: Medium.EMAIL,
    ContactPointKind.MAILBOX: Medium.EMAIL,
}
_LOOK_AGAIN = timedelta(hours=1)


def usable(point: ContactPoint, built: Iterable[Sender]) -> list[Sender]:
    """Return the senders that reach a contact point, and are not it."""
    return [
        sender
        for sender in built
        if MEDIA.get(point.kind) is sender.medium
        and (not sender.regions or point.region in sender.regions)
        and not sender.sends_from(point.value)
    ]


def has_address(point: ContactPoint) -> bool:
    """Tell whether mail to it can arrive at all: of a domain, whether a canary has an address."""
    return point.kind is not ContactPointKind.EMAIL_DOMAIN or point.used > 0


def usual_way(point: ContactPoint, caller: str | None) -> Medium:
    """Return how a person reaches it: a call, where one is to ring, else a message."""
    is_number = point.kind is ContactPointKind.PHONE_NUMBER
    return Medium.CALL if is_number and caller else MEDIA[point.kind]


def zone(point: ContactPoint) -> tzinfo:
    """Return the time zone it is in, as far as anybody can tell."""
    is_number = point.kind is ContactPointKind.PHONE_NUMBER
    return schedule.zone_of(point.region, point.value if is_number else None)


class Addresses:
    """Finds the number or mail address of a contact point."""

    def __init__(self, store: Store, rng: random.Random) -> None:
        self._store = store
        self._rng = rng
        # Mail domain -> until when it need not be searched again for a canary's address.
        self._no_address: dict[str, datetime] = {}

    def of(self, point: ContactPoint) -> str | None:
        """Return the number or mail address by which a contact point is reached.

        Of a mail domain that is a canary's: other addresses are refused by our own server.
        """
        if point.kind is not ContactPointKind.EMAIL_DOMAIN:
            return point.value
        now = self._store.clock()
        if not has_address(point) or self._no_address.get(point.id, now) > now:
            return None
        with self._store.read() as tx:
            address = self._minted_address(tx, point)
        if address is None:
            self._no_address[point.id] = now + _LOOK_AGAIN
        return address

    def _minted_address(self, tx: Transaction, point: ContactPoint) -> str | None:
        # From a moment at random on, then from the beginning: not always the same canary.
        middle = id_floor("can", point.added_at + (tx.now - point.added_at) * self._rng.random())
        for start, end in ((middle, None), ("", middle)):
            last = start
            while (end is None or last < end) and (chunk := canaries.chunk_after(tx, last)):
                last = chunk[-1].id
                fitting = [
                    email
                    for canary in chunk
                    if (email := canary.identity.email) and email.endswith(f"@{point.value}")
                    if canary.expires_at is None or canary.expires_at > tx.now
                ]
                if fitting:
                    return self._rng.choice(fitting)
        return None

"""Which stored contact a further event belongs to: one of the same call, or told late. No queries.

Events of one call or message carry the same fold key. An imported contact waits under digests of
its own for the hook that may still deliver (:mod:`.matching`). Several contacts may be open under
one digest: whoever rings two SIMs of one phone, or twice within some minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ..gateways import Delivery
from ..store.contacts import NewContact
from . import matching


class Folds:
    """The open contacts of a batch, stored ones and those that it makes.

    Args:
        found: digest -> stored contacts, earliest first.
    """

    def __init__(self, found: Mapping[bytes, Iterable[NewContact]]) -> None:
        self._open = {digest: list(contacts) for digest, contacts in found.items()}
        self._stored = {fold.contact.id for contacts in self._open.values() for fold in contacts}

    def is_stored(self, contact_id: str) -> bool:
        """Tell whether a contact was there before the batch."""
        return contact_id in self._stored

    def of_event(
        self, digest: bytes | None, delivery: Delivery, at: datetime, contact_point_id: str | None
    ) -> NewContact | None:
        """Return the contact that an event is a further one of: the latest that it fits.

        Args:
            digest: of the fold key; ``None`` if it has none.
            delivery: what told of it.
            at: when it happened.
            contact_point_id: where it arrived, ``None`` if that is not ours or not said.
        """
        if digest is None:
            return None
        fitting = (
            fold
            for fold in reversed(self._open.get(digest, ()))
            if _in_time(fold, delivery, at) and not _elsewhere(fold, delivery, contact_point_id)
        )
        return next(fitting, None)

    def take_imported(
        self, digests: Sequence[bytes], delivery: Delivery, at: datetime
    ) -> NewContact | None:
        """Take out the imported contact that a delivery tells of late: the nearest in time."""
        fitting = [
            (abs(fold.contact.received_at - at), fold.contact.id, digest)
            for digest in digests
            for fold in self._open.get(digest, ())
            if matching.is_late(fold.contact, at, delivery.text)
        ]
        if not fitting:
            return None
        _apart, contact_id, digest = min(fitting)
        waiting = self._open[digest]
        place = next(n for n, fold in enumerate(waiting) if fold.contact.id == contact_id)
        return waiting.pop(place)

    def hold(self, digest: bytes | None, fold: NewContact) -> None:
        """Keep a contact, as it is now, open for further events of the batch."""
        if digest is None:
            return
        others = [each for each in self._open.get(digest, ()) if each.contact.id != fold.contact.id]
        self._open[digest] = [*others, fold]


def _in_time(fold: NewContact, delivery: Delivery, at: datetime) -> bool:
    if fold.fold_until is None:
        return True
    window = timedelta(seconds=delivery.fold_window_s or 0)
    return fold.contact.received_at - window <= at <= fold.fold_until


def _elsewhere(fold: NewContact, delivery: Delivery, contact_point_id: str | None) -> bool:
    """Tell whether an event arrived at another contact point than the contact did."""
    both_say = bool(fold.contact.recipient and delivery.recipient)
    return both_say and fold.contact.contact_point_id != contact_point_id

"""What sinks are told of new contacts: nothing personal, and sealed all the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .. import store
from ..keys import IndexKind
from ..models import Disposition, Medium
from ..store.contacts import NewContact
from ..store.outbox import CONTACT, Notice

#: Sink -> the dispositions it is told of.
Sinks = Mapping[str, frozenset[Disposition]]

_MAX_CANARIES = 10


def notices(tx: store.Transaction, fresh: Iterable[NewContact], sinks: Sinks) -> Iterator[Notice]:
    """Yield one notice for each contact and sink that is told of its disposition."""
    for item in fresh:
        contact = item.contact
        wanting = [name for name, wanted in sinks.items() if contact.disposition in wanted]
        if not wanting:
            continue
        canaries = [candidate.canary_id for candidate in item.candidates[:_MAX_CANARIES]]
        data = {
            "contact_id": contact.id,
            "medium": contact.medium.value,
            "disposition": contact.disposition.value,
            "received_at": contact.received_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "contact_point_id": contact.contact_point_id,
            "canary_ids": canaries,
        }
        for name in wanting:
            yield Notice(name, CONTACT, _subject(tx, item), data)


def _subject(tx: store.Transaction, item: NewContact) -> str | None:
    """Return whose first contact counts: the contact point, at a mail domain the canary."""
    point = item.contact.contact_point_id
    if point is None or item.contact.medium is not Medium.EMAIL or not item.candidates:
        return point
    # A subject is not sealed: it must not say which canary is reached where.
    digest = tx.indexer.digest(IndexKind.ALERT, item.candidates[0].canary_id)
    return f"{point}/{digest.hex()}"

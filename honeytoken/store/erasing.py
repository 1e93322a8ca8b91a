"""Destroying what contacts said and who they were: a chunk at a time, each contact whole or erased.

The key of a contact's content is overwritten, its raw events are emptied, and what remains is
sealed anew. The entry in the ledger names what was erased and commits to what remains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, func, select

from ..ledger import Action, Leaf
from ..models import Contact, Disposition, Facts
from . import codec, contacts, schema
from .contacts import NewContact
from .schema import to_microseconds
from .transaction import Store, Transaction

_contacts = schema.contacts
_events = schema.events
#: Contacts opened at a time, or erased in one transaction: between two, others get in.
CHUNK = 250

#: What two contacts may have in common, and its digest.
Mark = tuple[Literal["sender", "text"], bytes]


@dataclass(frozen=True, slots=True)
class Held:
    """A contact that is not erased, with the marks that tie it to others."""

    contact: Contact = field(repr=False)
    marks: tuple[Mark, ...] = field(repr=False)


# Read a chunk at a time, each for itself: nothing is held open between two.


def held(store: Store) -> Iterator[list[Held]]:
    """Yield the contacts that are not erased."""
    last = ""
    while True:
        with store.read() as tx:
            found, last = contacts.held_after(tx, last, limit=CHUNK)
        if not last:
            return
        yield [Held(new.contact, _marks_of(new)) for new in found]


def tied(store: Store) -> Iterator[tuple[str, datetime, tuple[Mark, ...]]]:
    """Yield id, time and marks of the contacts that are not erased."""
    last = ""
    while True:
        with store.read() as tx:
            found, last = contacts.digests_after(tx, last, limit=CHUNK)
        if not last:
            return
        for contact_id, at, sender, text in found:
            yield contact_id, at, marks(sender, text)


def marks(sender: bytes | None, text: bytes | None) -> tuple[Mark, ...]:
    """Return what ties a contact to others, of the digests of its sender and text."""
    found: tuple[tuple[Literal["sender", "text"], bytes | None], ...]
    found = (("sender", sender), ("text", text))
    return tuple((kind, digest) for kind, digest in found if digest is not None)


def _marks_of(new: NewContact) -> tuple[Mark, ...]:
    return marks(new.sender_digest, new.text_digest)


def held_count(tx: Transaction) -> int:
    """Return how many contacts are not erased."""
    query = select(func.count()).select_from(_contacts).where(contacts.is_held())
    return tx.connection.execute(query).scalar_one()


def held_before(tx: Transaction, disposition: Disposition, before: datetime) -> list[str]:
    """Return the contacts of a disposition received before a time and not erased, by id."""
    query = select(_contacts.c.id).where(
        _contacts.c.disposition == disposition.value,
        _contacts.c.received_at < before,
        contacts.is_held(),
    )
    return list(tx.connection.execute(query.order_by(_contacts.c.id)).scalars())


def erase(
    tx: Transaction, contact_ids: Sequence[str], stand_ins: Mapping[Mark, str]
) -> tuple[int, int]:
    """Erase contacts; return how many, and how many raw events. Erased ones are left alone.

    Args:
        tx: the transaction: what it does to a contact happens whole or not at all.
        contact_ids: a chunk.
        stand_ins: for a mark that others have too, the contact that is named in its place.
    """
    found = [new for new in contacts.get_many(tx, contact_ids) if not new.contact.erased]
    events = _events_of(tx, [new.contact.id for new in found])
    rows, emptied = [], []
    for new in found:
        bare = _bare(new, stand_ins)
        contact = bare.contact
        plain = contacts.plain_of(bare)
        rows.append((*contacts.sealed_of(tx, bare, plain), contact.id))
        remains = codec.to_bytes({**contacts.ledger_data(contact, plain), "erased": True})
        tx.append(Action.ERASE, Leaf(contact.id, remains))
        for event_id, said in events.get(contact.id, ()):
            emptied.append((b"", event_id))
            tx.append(Action.ERASE, Leaf(event_id, codec.to_bytes(said)))
    if rows:
        tx.execute_many(
            "UPDATE contacts SET fold_digest = NULL, fold_until = NULL, sealed_key = {},"
            " sealed = {} WHERE id = {}",
            rows,
        )
    if emptied:
        tx.execute_many("UPDATE events SET sealed = {} WHERE id = {}", emptied)
    return len(rows), len(emptied)


def _bare(new: NewContact, stand_ins: Mapping[Mark, str]) -> NewContact:
    """Return what remains of a contact."""
    contact = new.contact
    named = {kind: stand_ins.get((kind, digest)) for kind, digest in _marks_of(new)}
    return replace(
        new,
        contact=replace(
            contact,
            sender=None,
            recipient=None,
            subject=None,
            body=None,
            notes=(),
            facts=Facts(),
            checks=replace(contact.checks, domain=None) if contact.checks else None,
            erased=True,
        ),
        sender_digest=None,
        text_digest=None,
        fold_digest=None,
        fold_until=None,
        same_sender_as=named.get("sender"),
        same_text_as=named.get("text"),
    )


def _events_of(
    tx: Transaction, contact_ids: Sequence[str]
) -> dict[str, list[tuple[str, dict[str, object]]]]:
    """Return, by contact, its events with what the ledger says of them when they are empty."""
    found: dict[str, list[tuple[str, dict[str, object]]]] = {}
    sql = (
        "SELECT id, contact_id, gateway, received_at FROM events WHERE contact_id IN {} ORDER BY id"
    )
    for event_id, contact_id, gateway, received_at in tx.select_in(sql, contact_ids):
        said = {"contact_id": contact_id, "gateway": gateway, "received_at": received_at}
        found.setdefault(contact_id, []).append((event_id, said))
    return found


def emptied_events(tx: Transaction, event_ids: Iterable[str]) -> dict[str, dict[str, object]]:
    """Return, by id, what stands beside the emptied ones of these events."""
    sql = "SELECT id, contact_id, gateway, received_at, sealed FROM events WHERE id IN {}"
    return {
        row[0]: {"contact_id": row[1], "gateway": row[2], "received_at": row[3]}
        for row in tx.select_in(sql, list(event_ids))
        if not row[4]
    }


def forget_counts(tx: Transaction, *, before: datetime) -> None:
    """Delete how many deliveries came on days long ago: no evidence, and nobody asks."""
    counts = schema.delivery_counts
    day = to_microseconds(before) // 86_400_000_000
    tx.connection.execute(delete(counts).where(counts.c.day < day))

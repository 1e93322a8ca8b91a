"""Contacts with their events: one aggregate, written together.

A sighting is what the tracer sees of a contact: no table of its own, but assembled from the
contact. Its candidates are sealed with the content: the weight of a name tells which name it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select, update

from ..keys import ContentKey, Sealer
from ..ledger import Action, Leaf
from ..models import (
    Authenticity,
    Candidate,
    Contact,
    Disposition,
    Medium,
)
from . import codec, schema
from .schema import to_microseconds
from .transaction import Transaction

_contacts = schema.contacts
_events = schema.events
_CHUNK = 500
_CONTACT_COLUMNS = (
    "id",
    "medium",
    "received_at",
    "sent_at",
    "contact_point_id",
    "disposition",
    "authenticity",
    "confirmed_by",
    "fold_digest",
    "fold_until",
    "sealed_key",
    "sealed",
)


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact with what only the store knows of it."""

    contact: Contact
    candidates: tuple[Candidate, ...]
    sender_digest: bytes | None
    text_digest: bytes | None
    fold_digest: bytes | None = None
    #: ``None`` with a ``fold_digest``: events join for ever.
    fold_until: datetime | None = None
    # Of an erased contact, in place of the digests: a contact that had the same.
    same_sender_as: str | None = None
    same_text_as: str | None = None
    #: What seals content and raw events: destroyed, they are erased.
    key: ContentKey = field(default_factory=ContentKey.generate, repr=False)


def open_folds(
    tx: Transaction, digests: Sequence[bytes], *, since: datetime
) -> dict[bytes, list[NewContact]]:
    """Return the contacts of each fold key, earliest first, that events of a time may still join.

    Args:
        tx: the transaction.
        digests: of the fold keys.
        since: the earliest event; what was closed before is left out.
    """
    if not digests:
        return {}
    still_open = or_(_contacts.c.fold_until.is_(None), _contacts.c.fold_until >= since)
    query = select(_contacts).where(_contacts.c.fold_digest.in_(digests), still_open)
    found: dict[bytes, list[NewContact]] = {}
    for row in tx.connection.execute(query.order_by(_contacts.c.received_at, _contacts.c.id)):
        found.setdefault(row.fold_digest, []).append(_stored_contact(tx, row, ()))
    return found


def plain_of(new: NewContact) -> bytes:
    """Return what is sealed of a contact, salted."""
    contact = new.contact
    data: dict[str, Any] = {
        name: value
        for name in ("sender", "recipient", "subject", "body")
        if (value := getattr(contact, name)) is not None
    }
    if contact.notes:
        data["notes"] = [codec.note_data(note) for note in contact.notes]
    if new.candidates:
        data["candidates"] = codec.candidates_data(new.candidates)
    if facts := codec.facts_data(contact.facts):
        data["facts"] = facts
    if contact.checks is not None:
        data["checks"] = codec.checks_data(contact.checks)
    if contact.erased:
        data["erased"] = True
    for name in ("sender_digest", "text_digest"):
        digest = getattr(new, name)
        if digest is not None:
            data[name] = digest.hex()
    for name in ("same_sender_as", "same_text_as"):
        other = getattr(new, name)
        if other is not None:
            data[name] = other
    return codec.to_bytes(data)


#: What every entry about a contact states: the last one says all.
LEDGER_FIELDS = (
    "medium",
    "received_at",
    "sent_at",
    "contact_point_id",
    "disposition",
    "authenticity",
    "confirmed_by",
    "content",
)


def ledger_data(contact: Contact, plain: bytes) -> dict[str, Any]:
    """Return what the ledger commits to: all that the tracer reads, and the sealed content."""
    return {
        "medium": contact.medium.value,
        "received_at": to_microseconds(contact.received_at),
        "sent_at": _stored(contact.sent_at),
        "contact_point_id": contact.contact_point_id,
        "disposition": contact.disposition.value,
        "authenticity": contact.authenticity.value,
        "confirmed_by": contact.confirmed_by,
        # The content begins with its salt.
        "content": hashlib.sha256(plain).hexdigest(),
    }


def ledger_states(tx: Transaction) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, for every contact, what the ledger should say of it last."""
    for row in rows_by_id(tx):
        content = hashlib.sha256(opened(tx, row)).hexdigest()
        plain = {name: getattr(row, name) for name in LEDGER_FIELDS[:-1]}
        times = {name: _stored(plain[name]) for name in ("received_at", "sent_at")}
        yield row.id, {**plain, **times, "content": content}


def insert_many(tx: Transaction, contacts: Iterable[NewContact]) -> None:
    """Add contacts."""
    rows = []
    for new in contacts:
        contact = new.contact
        plain = plain_of(new)
        rows.append(
            (
                contact.id,
                contact.medium.value,
                to_microseconds(contact.received_at),
                _stored(contact.sent_at),
                contact.contact_point_id,
                contact.disposition.value,
                contact.authenticity.value,
                contact.confirmed_by,
                new.fold_digest,
                _stored(new.fold_until),
                *sealed_of(tx, new, plain),
            )
        )
        leaf = Leaf(contact.id, codec.to_bytes(ledger_data(contact, plain)))
        tx.append(Action.RECEIVE, leaf)
    tx.insert_many(_contacts, _CONTACT_COLUMNS, rows)


def sealed_of(tx: Transaction, stored: NewContact, plain: bytes) -> tuple[bytes, bytes]:
    """Return what stands in ``sealed_key`` and ``sealed``.

    What an erasure left says nothing of anybody and needs no key of its own: the empty key tells,
    without opening the row, that it is done with.
    """
    row = stored.contact.id
    if stored.contact.erased:
        return b"", tx.sealer.seal(plain, table="contacts", column="sealed", row=row)
    return (
        tx.sealer.seal(stored.key.raw, table="contacts", column="sealed_key", row=row),
        stored.key.seal(plain, table="contacts", column="sealed", row=row),
    )


def _stored(at: datetime | None) -> int | None:
    return None if at is None else to_microseconds(at)


def content_key(tx: Transaction, contact_id: str, sealed_key: bytes | None) -> ContentKey:
    """Return the key of one contact's content, opened."""
    if not sealed_key:  # erased, or from before schema 0002: the next save gives it one of its own
        return ContentKey.generate()
    return ContentKey(
        tx.sealer.open(sealed_key, table="contacts", column="sealed_key", row=contact_id)
    )


def save(
    tx: Transaction, stored: NewContact, action: Action, said: Mapping[str, Any] | None = None
) -> None:
    """Store a changed contact, and say in the ledger what was done.

    Args:
        tx: the transaction.
        stored: as it is from now on.
        action: why: a further event, a note, another disposition, a new index.
        said: what else the entry says, such as the note or the reason.
    """
    contact = stored.contact
    plain = plain_of(stored)
    sealed_key, sealed = sealed_of(tx, stored, plain)
    tx.connection.execute(
        update(_contacts)
        .where(_contacts.c.id == contact.id)
        .values(
            contact_point_id=contact.contact_point_id,
            disposition=contact.disposition.value,
            authenticity=contact.authenticity.value,
            confirmed_by=contact.confirmed_by,
            fold_digest=stored.fold_digest,
            fold_until=stored.fold_until,
            sealed_key=sealed_key,
            sealed=sealed,
        )
    )
    payload = {**(said or {}), **ledger_data(contact, plain)}
    tx.append(action, Leaf(contact.id, codec.to_bytes(payload)))


def get(tx: Transaction, contact_id: str) -> NewContact | None:
    """Return one contact with its sighting's facts, or ``None``."""
    row = tx.connection.execute(select(_contacts).where(_contacts.c.id == contact_id)).first()
    if row is None:
        return None
    return _stored_contact(tx, row, _event_ids(tx, [contact_id]).get(contact_id, ()))


def list_contacts(
    tx: Transaction,
    *,
    disposition: Disposition | None = None,
    medium: Medium | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[Contact]:
    """Return contacts, earliest first; with *limit*, only that many of the latest."""
    query = select(_contacts)
    if disposition is not None:
        query = query.where(_contacts.c.disposition == disposition.value)
    if medium is not None:
        query = query.where(_contacts.c.medium == medium.value)
    if since is not None:
        query = query.where(_contacts.c.received_at >= since)
    if until is not None:
        query = query.where(_contacts.c.received_at < until)
    query = query.order_by(_contacts.c.received_at.desc(), _contacts.c.id.desc())
    rows = tx.connection.execute(query if limit is None else query.limit(limit)).all()
    event_ids = _event_ids(tx, [row.id for row in rows])
    return [_stored_contact(tx, row, event_ids.get(row.id, ())).contact for row in reversed(rows)]


def _event_ids(tx: Transaction, contact_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for start in range(0, len(contact_ids), _CHUNK):
        query = (
            select(_events.c.contact_id, _events.c.id)
            .where(_events.c.contact_id.in_(contact_ids[start : start + _CHUNK]))
            .order_by(_events.c.id)
        )
        for row in tx.connection.execute(query):
            found[row.contact_id] = (*found.get(row.contact_id, ()), row.id)
    return found


def _stored_contact(
    tx: Transaction, row: Row[*tuple[Any, ...]], event_ids: tuple[str, ...]
) -> NewContact:
    key = content_key(tx, row.id, row.sealed_key)
    data = codec.from_bytes(opened(tx, row, key))
    contact = Contact(
        id=row.id,
        medium=Medium(row.medium),
        received_at=row.received_at,
        disposition=Disposition(row.disposition),
        authenticity=Authenticity(row.authenticity),
        event_ids=event_ids,
        contact_point_id=row.contact_point_id,
        sender=data.get("sender"),
        recipient=data.get("recipient"),
        subject=data.get("subject"),
        body=data.get("body"),
        sent_at=row.sent_at,
        confirmed_by=row.confirmed_by,
        notes=tuple(codec.note(note) for note in data.get("notes", ())),
        facts=codec.facts(data.get("facts", {})),
        checks=codec.checks(data.get("checks")),
        erased=data.get("erased", False),
    )
    return NewContact(
        contact=contact,
        candidates=codec.candidates(data.get("candidates", ())),
        sender_digest=digest_in(data, "sender_digest"),
        text_digest=digest_in(data, "text_digest"),
        fold_digest=row.fold_digest,
        fold_until=row.fold_until,
        same_sender_as=data.get("same_sender_as"),
        same_text_as=data.get("same_text_as"),
        key=key,
    )


def opened(tx: Transaction, row: Row[*tuple[Any, ...]], key: ContentKey | None = None) -> bytes:
    """Return the salted content of a contact."""
    sealer: Sealer | ContentKey = tx.sealer
    if row.sealed_key:
        sealer = key or content_key(tx, row.id, row.sealed_key)
    return sealer.open(row.sealed, table="contacts", column="sealed", row=row.id)


def digest_in(data: Mapping[str, Any], name: str) -> bytes | None:
    """Return a digest that stands in the content, ``None`` if it does not."""
    return bytes.fromhex(data[name]) if name in data else None


def any_since(
    tx: Transaction,
    at: datetime,
    *,
    contact_point_ids: Sequence[str] | None = None,
    disposition: Disposition | None = None,
) -> bool:
    """Tell whether a contact was received at that time or later."""
    query = select(_contacts.c.id).where(_contacts.c.received_at >= at).limit(1)
    if contact_point_ids is not None:
        query = query.where(_contacts.c.contact_point_id.in_(contact_point_ids))
    if disposition is not None:
        query = query.where(_contacts.c.disposition == disposition.value)
    return tx.connection.execute(query).first() is not None


def walk(tx: Transaction) -> Iterator[NewContact]:
    """Yield every contact, oldest first, for work that touches all of them."""
    return (_stored_contact(tx, row, ()) for row in rows_by_id(tx))


def walk_between(
    tx: Transaction,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    contact_point_ids: Sequence[str] | None = None,
) -> Iterator[NewContact]:
    """Yield the contacts of a time, oldest first.

    Args:
        tx: the transaction.
        since: received at this time or later.
        until: received before.
        contact_point_ids: only those that reached one of these, or that somebody told of.
    """
    terms = []
    if since is not None:
        terms.append(_contacts.c.received_at >= since)
    if until is not None:
        terms.append(_contacts.c.received_at < until)
    if contact_point_ids is not None:
        point = _contacts.c.contact_point_id
        terms.append(or_(point.is_(None), point.in_(contact_point_ids)))
    return (_stored_contact(tx, row, ()) for row in rows_by_id(tx, *terms))


def rows_by_id(tx: Transaction, *terms: ColumnElement[bool]) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield every row that fulfils *terms*, oldest first, some hundreds in memory at a time."""
    last = ""
    while True:
        query = select(_contacts).where(_contacts.c.id > last, *terms).order_by(_contacts.c.id)
        rows = tx.connection.execute(query.limit(_CHUNK)).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id


def is_held() -> ColumnElement[bool]:
    """Say which rows still hold what was said, and by whom."""
    return _contacts.c.sealed_key.is_(None) | (_contacts.c.sealed_key != b"")


def held_after(tx: Transaction, last: str, *, limit: int) -> tuple[list[NewContact], str]:
    """Return up to *limit* contacts that are not erased, and the last one's id, ``""`` at the end.

    Args:
        tx: the transaction.
        last: their ids follow this one, ``""`` for the first.
        limit: at most.
    """
    query = select(_contacts).where(_contacts.c.id > last, is_held()).order_by(_contacts.c.id)
    rows = tx.connection.execute(query.limit(limit)).all()
    return [_stored_contact(tx, row, ()) for row in rows], rows[-1].id if rows else ""


def digests_after(
    tx: Transaction, last: str, *, limit: int
) -> tuple[list[tuple[str, datetime, bytes | None, bytes | None]], str]:
    """Return id, time, digest of sender and of text as :func:`held_after` does the contacts."""
    columns = _contacts.c
    query = select(columns.id, columns.received_at, columns.sealed_key, columns.sealed)
    query = query.where(columns.id > last, is_held()).order_by(columns.id).limit(limit)
    rows = tx.connection.execute(query).all()
    found = []
    for row in rows:
        data = codec.from_bytes(opened(tx, row))
        digests = digest_in(data, "sender_digest"), digest_in(data, "text_digest")
        found.append((row.id, row.received_at, *digests))
    return found, rows[-1].id if rows else ""


def get_many(tx: Transaction, contact_ids: Sequence[str]) -> list[NewContact]:
    """Return the contacts with these ids, without their events; unknown ones are left out."""
    found: list[NewContact] = []
    for start in range(0, len(contact_ids), _CHUNK):
        query = select(_contacts).where(_contacts.c.id.in_(contact_ids[start : start + _CHUNK]))
        found += [_stored_contact(tx, row, ()) for row in tx.connection.execute(query)]
    return found

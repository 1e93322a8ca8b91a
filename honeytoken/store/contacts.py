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

from sqlalchemy import ColumnElement, Row, Select, bindparam, or_, select, update

from ..keys import BY_MASTER, DIGEST_BYTES, ContentKey, IndexKind, Sealer, random_bytes
from ..ledger import Action, Leaf
from ..models import (
    Authenticity,
    Candidate,
    Contact,
    Disposition,
    Event,
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
_EVENT_COLUMNS = ("id", "gateway", "delivery_digest", "received_at", "contact_id", "sealed")


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


@dataclass(frozen=True, slots=True)
class StoredSighting:
    """What the tracer sees of a contact, with the digests that group campaigns."""

    id: str
    contact_id: str
    seen_at: datetime
    medium: Medium
    disposition: Disposition
    authenticity: Authenticity
    confirmed: bool
    contact_point_id: str | None
    candidates: tuple[Candidate, ...]
    sender_digest: bytes | None = field(repr=False)
    text_digest: bytes | None = field(repr=False)
    # Ids of sightings, in place of the digests of an erased contact.
    same_sender_as: str | None = None
    same_text_as: str | None = None


def delivery_digest(tx: Transaction, gateway: str, delivery_id: str) -> bytes:
    """Return the blind index on which repeats of a delivery fall."""
    return tx.indexer.digest(IndexKind.DELIVERY, f"{gateway}\0{delivery_id}")


def known_deliveries(tx: Transaction, digests: Sequence[bytes]) -> dict[bytes, str | None]:
    """Return, of these deliveries, those already stored, with the contact they belong to."""
    sql = "SELECT delivery_digest, contact_id FROM events WHERE delivery_digest IN {}"
    return {bytes(digest): contact_id for digest, contact_id in tx.select_in(sql, digests)}


def open_folds(tx: Transaction, digests: Sequence[bytes]) -> dict[bytes, NewContact]:
    """Return the latest contact of each fold key, with the time until which events join it."""
    if not digests:
        return {}
    query = select(_contacts).where(_contacts.c.fold_digest.in_(digests))
    rows = tx.connection.execute(query.order_by(_contacts.c.received_at))
    return {row.fold_digest: _stored_contact(tx, row, ()) for row in rows}


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


def sighting_id(contact_id: str) -> str:
    """Return the id of a contact's sighting."""
    return f"sig_{contact_id.partition('_')[2]}"


def _stored(at: datetime | None) -> int | None:
    return None if at is None else to_microseconds(at)


def insert_events(tx: Transaction, events: Iterable[tuple[Event, NewContact]]) -> None:
    """Add raw events, sealed as received by the key of the contact that each belongs to."""
    rows = []
    for event, owner in events:
        plain = event_plain(event)
        rows.append(
            (
                event.id,
                event.gateway,
                delivery_digest(tx, event.gateway, event.delivery_id),
                to_microseconds(event.received_at),
                owner.contact.id,
                owner.key.seal(plain, table="events", column="sealed", row=event.id),
            )
        )
        tx.append(Action.RECEIVE, Leaf(event.id, plain), keep=False)
    tx.insert_many(_events, _EVENT_COLUMNS, rows)


def event_plain(event: Event) -> bytes:
    """Return headers and body as they are sealed: the body's bytes stay as they came."""
    head = codec.to_bytes(
        {
            "delivery_id": event.delivery_id,
            "received_at": to_microseconds(event.received_at),
            "headers": dict(event.headers),
        }
    )
    return len(head).to_bytes(4, "big") + head + event.body


def list_events(tx: Transaction, contact_id: str) -> list[Event]:
    """Return the raw events of a contact, earliest first."""
    query = _event_rows().where(_events.c.contact_id == contact_id).order_by(_events.c.id)
    found = []
    for row in tx.connection.execute(query):
        plain = _opened_event(tx, row)
        if plain is None:
            continue
        size = int.from_bytes(plain[:4], "big")
        head = codec.from_bytes(plain[4 : 4 + size])
        found.append(
            Event(
                id=row.id,
                gateway=row.gateway,
                delivery_id=head["delivery_id"],
                received_at=row.received_at,
                headers=head["headers"],
                body=plain[4 + size :],
            )
        )
    return found


def _event_rows() -> Select[*tuple[Any, ...]]:
    joined = _events.join(_contacts, _events.c.contact_id == _contacts.c.id)
    return select(*_events.c, _contacts.c.sealed_key).select_from(joined)


def _opened_event(tx: Transaction, row: Row[*tuple[Any, ...]]) -> bytes | None:
    """Return headers and body of an event, ``None`` if they were erased."""
    if not row.sealed:
        return None
    if row.sealed[:1] == BY_MASTER:
        return tx.sealer.open(row.sealed, table="events", column="sealed", row=row.id)
    key = _key(tx, row.contact_id, row.sealed_key)
    return key.open(row.sealed, table="events", column="sealed", row=row.id)


def opened_events(tx: Transaction, event_ids: Sequence[str]) -> dict[str, bytes | None]:
    """Return, by id, what is sealed of raw events, ``None`` where it was erased.

    It is empty where something else stands beside it: another gateway, time or digest.
    """
    query = _event_rows().where(_events.c.id.in_(event_ids))
    found: dict[str, bytes | None] = {}
    for row in tx.connection.execute(query):
        plain = _opened_event(tx, row)
        found[row.id] = plain if plain is None or _agrees(tx, row, plain) else b""
    return found


def _agrees(tx: Transaction, row: Row[*tuple[Any, ...]], plain: bytes) -> bool:
    """Tell whether an event's row says what is sealed in it; older ones do not hold their time."""
    head = codec.from_bytes(plain[4 : 4 + int.from_bytes(plain[:4], "big")])
    received_at = to_microseconds(row.received_at)
    return bool(
        row.delivery_digest == delivery_digest(tx, row.gateway, head["delivery_id"])
        and head.get("received_at", received_at) == received_at
    )


def _key(tx: Transaction, contact_id: str, sealed_key: bytes | None) -> ContentKey:
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
    key = _key(tx, row.id, row.sealed_key)
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
        sender_digest=_digest(data, "sender_digest"),
        text_digest=_digest(data, "text_digest"),
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
        sealer = key or _key(tx, row.id, row.sealed_key)
    return sealer.open(row.sealed, table="contacts", column="sealed", row=row.id)


def _digest(data: Mapping[str, Any], name: str) -> bytes | None:
    return bytes.fromhex(data[name]) if name in data else None


def list_sightings(tx: Transaction, *, until: datetime) -> list[StoredSighting]:
    """Return what the tracer sees of the contacts before *until*, earliest first."""
    query = select(_contacts).where(_contacts.c.received_at < until)
    rows = tx.connection.execute(query.order_by(_contacts.c.received_at, _contacts.c.id))
    found = []
    for row in rows:
        data = codec.from_bytes(opened(tx, row))
        found.append(
            StoredSighting(
                id=sighting_id(row.id),
                contact_id=row.id,
                seen_at=row.received_at,
                medium=Medium(row.medium),
                disposition=Disposition(row.disposition),
                authenticity=Authenticity(row.authenticity),
                confirmed=row.confirmed_by is not None,
                contact_point_id=row.contact_point_id,
                candidates=codec.candidates(data.get("candidates", ())),
                sender_digest=_digest(data, "sender_digest"),
                text_digest=_digest(data, "text_digest"),
                same_sender_as=_sighting_named(data, "same_sender_as"),
                same_text_as=_sighting_named(data, "same_text_as"),
            )
        )
    return found


def _sighting_named(data: Mapping[str, Any], name: str) -> str | None:
    return sighting_id(data[name]) if name in data else None


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
        digests = _digest(data, "sender_digest"), _digest(data, "text_digest")
        found.append((row.id, row.received_at, *digests))
    return found, rows[-1].id if rows else ""


def get_many(tx: Transaction, contact_ids: Sequence[str]) -> list[NewContact]:
    """Return the contacts with these ids, without their events; unknown ones are left out."""
    found: list[NewContact] = []
    for start in range(0, len(contact_ids), _CHUNK):
        query = select(_contacts).where(_contacts.c.id.in_(contact_ids[start : start + _CHUNK]))
        found += [_stored_contact(tx, row, ()) for row in tx.connection.execute(query)]
    return found


def reindex_events(tx: Transaction) -> None:
    """Derive the delivery digests anew with the transaction's index master."""
    query = select(_contacts.c.id)
    fresh = [
        {"event_id": event.id, "fresh": delivery_digest(tx, event.gateway, event.delivery_id)}
        for contact_id in tx.connection.execute(query).scalars().all()
        for event in list_events(tx, contact_id)
    ]
    # What an erased event was called is gone: its digest under the exposed master goes as well.
    erased = select(_events.c.id).where(_events.c.sealed == b"")
    fresh += [
        {"event_id": event_id, "fresh": random_bytes(DIGEST_BYTES)}
        for event_id in tx.connection.execute(erased).scalars().all()
    ]
    if fresh:
        tx.connection.execute(
            update(_events)
            .where(_events.c.id == bindparam("event_id"))
            .values(delivery_digest=bindparam("fresh")),
            fresh,
        )

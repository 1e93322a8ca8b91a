"""Raw deliveries as they came, sealed by the key of the contact that each belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, select, update

from ..keys import BY_MASTER, DIGEST_BYTES, IndexKind, random_bytes
from ..ledger import Action, Leaf
from ..models import Event
from . import codec, schema
from .contacts import NewContact, content_key
from .schema import to_microseconds
from .transaction import Transaction

_contacts = schema.contacts
_events = schema.events
_EVENT_COLUMNS = ("id", "gateway", "delivery_digest", "received_at", "contact_id", "sealed")


def delivery_digest(tx: Transaction, gateway: str, delivery_id: str) -> bytes:
    """Return the blind index on which repeats of a delivery fall."""
    return tx.indexer.digest(IndexKind.DELIVERY, f"{gateway}\0{delivery_id}")


def known_deliveries(tx: Transaction, digests: Sequence[bytes]) -> dict[bytes, str | None]:
    """Return, of these deliveries, those already stored, with the contact they belong to."""
    sql = "SELECT delivery_digest, contact_id FROM events WHERE delivery_digest IN {}"
    return {bytes(digest): contact_id for digest, contact_id in tx.select_in(sql, digests)}


def insert_many(tx: Transaction, events: Iterable[tuple[Event, NewContact]]) -> None:
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
    key = content_key(tx, row.contact_id, row.sealed_key)
    return key.open(row.sealed, table="events", column="sealed", row=row.id)


def opened(tx: Transaction, event_ids: Sequence[str]) -> dict[str, bytes | None]:
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


def reindex(tx: Transaction) -> None:
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

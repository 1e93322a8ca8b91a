"""Contacts at one contact point around given times: what an imported record may be a second of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..models import Medium
from . import contacts
from .contacts import NewContact
from .schema import to_microseconds
from .transaction import Transaction

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Held:
    """A stored contact with the gateways that told of it."""

    stored: NewContact
    gateways: frozenset[str]


def around(
    tx: Transaction, contact_point_id: str, medium: Medium, spans: Iterable[Span]
) -> list[Held]:
    """Return the contacts of a medium that reached a point within any of *spans*, ends included."""
    ids: list[str] = []
    for first, last in _merged(spans):
        rows = tx.execute(
            # The empty text keeps SQLite from the index of contact points: of the two it may use
            # only one, and a number's whole history is longer than some minutes of all.
            "SELECT id FROM contacts WHERE received_at BETWEEN {} AND {}"
            " AND contact_point_id || '' = {} AND medium = {} ORDER BY received_at, id",
            to_microseconds(first),
            to_microseconds(last),
            contact_point_id,
            medium.value,
        )
        ids += [row[0] for row in rows]
    gateways: dict[str, set[str]] = {}
    sql = "SELECT contact_id, gateway FROM events WHERE contact_id IN {}"
    for contact_id, gateway in tx.select_in(sql, ids):
        gateways.setdefault(contact_id, set()).add(gateway)
    return [
        Held(stored, frozenset(gateways.get(stored.contact.id, ())))
        for stored in contacts.get_many(tx, ids)
    ]


def _merged(spans: Iterable[Span]) -> Sequence[Span]:
    """Return the same times in spans that do not touch, the earliest first."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged

"""Proofs of life: what was sent to a contact point, and whether it was heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, or_, select, update

from ..models import Drill, Medium
from . import codec, schema
from .ids import new_id
from .schema import to_microseconds
from .transaction import Transaction

_table = schema.drills


@dataclass(frozen=True, slots=True)
class Awaited:
    """A drill that may still arrive."""

    id: str
    contact_point_id: str
    medium: Medium
    #: A text that stands in the message, or the canonical number of who rings.
    marker: str = field(repr=False)


def open_drill(
    tx: Transaction, *, contact_point_id: str, medium: Medium, marker: str, deadline: datetime
) -> str:
    """Await a drill from now until *deadline*; return its id."""
    drill_id = new_id("drl", tx.now)
    sealed = tx.sealer.seal(
        codec.to_bytes({"marker": marker}), table="drills", column="sealed", row=drill_id
    )
    tx.connection.execute(
        insert(_table).values(
            id=drill_id,
            contact_point_id=contact_point_id,
            at=tx.now,
            heard=False,
            medium=medium.value,
            deadline=deadline,
            sealed=sealed,
        )
    )
    return drill_id


def awaited(tx: Transaction) -> list[Awaited]:
    """Return the drills that may still arrive."""
    # Asked for every batch of the listener: past SQLAlchemy.
    rows = tx.execute(
        "SELECT id, contact_point_id, medium, sealed FROM drills"
        " WHERE sealed IS NOT NULL AND deadline >= {}",
        to_microseconds(tx.now),
    )
    found = []
    for drill_id, point_id, medium, sealed in rows:
        plain = tx.sealer.open(bytes(sealed), table="drills", column="sealed", row=drill_id)
        marker = codec.from_bytes(plain)["marker"]
        found.append(Awaited(drill_id, point_id, Medium(medium), marker))
    return found


def heard(tx: Transaction, drill_id: str) -> None:
    """Note that a drill arrived."""
    tx.connection.execute(
        update(_table)
        .where(_table.c.id == drill_id)
        .values(heard=True, heard_at=tx.now, sealed=None)
    )


def decided(tx: Transaction, *, since: datetime, until: datetime) -> list[Drill]:
    """Return the drills of a window that were heard, or can no longer be, earliest first."""
    is_over = or_(_table.c.heard, _table.c.deadline.is_(None), _table.c.deadline < tx.now)
    query = (
        select(_table)
        .where(_table.c.at >= since, _table.c.at < until, is_over)
        .order_by(_table.c.at, _table.c.id)
    )
    return [Drill(row.contact_point_id, row.at, row.heard) for row in tx.connection.execute(query)]

"""Proofs of life: what was sent to a contact point, and whether it was heard.

A drill is *opened* before it is sent, *sent* once its service says that it left, *heard* when it
arrived. Each of the three goes into the ledger. Nothing is written when one is missed: it was
sent, and by its deadline it had not been heard.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, insert, or_, select, update

from ..ledger import Action, Leaf, commitment
from ..models import Drill, Medium
from . import codec, schema
from .ids import new_id
from .schema import from_microseconds, to_microseconds
from .transaction import Transaction

#: How long after its deadline a drill may still arrive. Networks keep a message for a phone that is
#: switched off, some of them for weeks; it must not be taken for a stranger's then.
LATE = timedelta(days=30)

#: ``via`` of a sample of `honeytoken gateway test`. It went straight to the listener: that it came
#: says nothing of the contact point, so it counts as no drill, and is only awaited as one.
SAMPLE = "(gateway test)"

_table = schema.drills
_counts = _table.c.via.is_distinct_from(SAMPLE)


@dataclass(slots=True)
class Awaited:
    """A drill that may still arrive, or arrive again through a second gateway."""

    id: str
    contact_point_id: str
    medium: Medium
    #: When it was opened, and until when it was waited for.
    at: datetime
    deadline: datetime
    heard: bool
    #: A text that stands in the message, or the canonical number of who rings.
    marker: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredDrill:
    """A drill as it stands in the store."""

    id: str
    contact_point_id: str
    medium: Medium
    at: datetime
    deadline: datetime
    heard_at: datetime | None
    sent_at: datetime | None
    #: Name of the sender, ``None`` if a person sent or rang it.
    via: str | None
    message_id: str | None
    failure: str | None

    def missed(self, now: datetime) -> bool:
        """Tell whether it left and did not arrive in time."""
        if self.heard_at is not None:
            return self.heard_at > self.deadline
        return self.sent_at is not None and self.deadline < now


def open_drill(
    tx: Transaction,
    *,
    contact_point_id: str,
    medium: Medium,
    marker: str,
    deadline: datetime,
    via: str | None = None,
) -> str:
    """Await a drill from now until *deadline*; return its id. It is not sent yet."""
    drill_id = new_id("drl", tx.now)
    plain = codec.to_bytes({"marker": marker})
    tx.connection.execute(
        insert(_table).values(
            id=drill_id,
            contact_point_id=contact_point_id,
            at=tx.now,
            heard=False,
            medium=medium.value,
            deadline=deadline,
            via=via,
            sealed=tx.sealer.seal(plain, table="drills", column="sealed", row=drill_id),
        )
    )
    data = {
        "contact_point_id": contact_point_id,
        "medium": medium.value,
        "at": tx.now.isoformat(),
        "deadline": deadline.isoformat(),
        "via": via,
        "marker": commitment(drill_id, plain).hex(),
        "sent_at": None,
        "heard_at": None,
        "heard": False,
    }
    tx.append(Action.DRILL, Leaf(drill_id, codec.to_bytes(data)))
    return drill_id


def accepted(tx: Transaction, drill_id: str, message_id: str) -> None:
    """Note that a service took the message, without saying yet that it left."""
    tx.connection.execute(
        update(_table).where(_table.c.id == drill_id).values(message_id=message_id)
    )


def sent(tx: Transaction, drill_id: str, *, at: datetime | None = None) -> None:
    """Note that the message left: from now on its silence means something."""
    at = at or tx.now
    tx.connection.execute(
        update(_table).where(_table.c.id == drill_id).values(sent_at=at, failure=None)
    )
    tx.append(Action.DRILL, Leaf(drill_id, codec.to_bytes({"sent_at": at.isoformat()})))


def not_sent(tx: Transaction, drill_id: str, failure: str) -> None:
    """Note that the message never left, and why: this says nothing of the contact point."""
    tx.connection.execute(update(_table).where(_table.c.id == drill_id).values(failure=failure))


def awaited(
    tx: Transaction, contact_point_ids: Collection[str], *, since: datetime | None
) -> list[Awaited]:
    """Return the drills that may arrive, or may have arrived, at these contact points.

    Args:
        tx: the transaction.
        contact_point_ids: where.
        since: only those that were waited for until then or longer; ``None`` for all.
    """
    if not contact_point_ids:
        return []
    # Asked for every batch of the listener: past SQLAlchemy.
    earliest = 0 if since is None else to_microseconds(since)
    rows = tx.select_in(
        "SELECT id, contact_point_id, medium, at, deadline, heard, sealed FROM drills"  # noqa: S608
        f" WHERE contact_point_id IN {{}} AND deadline >= {earliest:d} AND sealed IS NOT NULL",
        sorted(contact_point_ids),
    )
    found = []
    for drill_id, point_id, medium, at, deadline, is_heard, sealed in rows:
        plain = tx.sealer.open(bytes(sealed), table="drills", column="sealed", row=drill_id)
        found.append(
            Awaited(
                id=drill_id,
                contact_point_id=point_id,
                medium=Medium(medium),
                at=from_microseconds(at),
                deadline=from_microseconds(deadline),
                heard=bool(is_heard),
                marker=codec.from_bytes(plain)["marker"],
            )
        )
    return found


def heard(tx: Transaction, drill_id: str) -> None:
    """Note that a drill arrived."""
    tx.connection.execute(
        update(_table).where(_table.c.id == drill_id).values(heard=True, heard_at=tx.now)
    )
    data = {"heard_at": tx.now.isoformat(), "heard": True}
    tx.append(Action.DRILL, Leaf(drill_id, codec.to_bytes(data)))


def list_drills(tx: Transaction, ids: Sequence[str]) -> list[StoredDrill]:
    """Return the drills with these ids, earliest first."""
    query = select(_table).where(_table.c.id.in_(ids)).order_by(_table.c.at, _table.c.id)
    return [_stored(row) for row in tx.connection.execute(query)]


def recent(tx: Transaction, *, per_point: int) -> list[StoredDrill]:
    """Return the last few drills of every contact point, earliest first."""
    place = func.row_number().over(
        partition_by=_table.c.contact_point_id, order_by=(_table.c.at.desc(), _table.c.id.desc())
    )
    counted = _table.c.deadline.is_not(None) & _counts
    ranked = select(_table, place.label("place")).where(counted).subquery()
    query = select(ranked).where(ranked.c.place <= per_point).order_by(ranked.c.at, ranked.c.id)
    return [_stored(row) for row in tx.connection.execute(query)]


def last_heard(tx: Transaction) -> dict[str, datetime]:
    """Return when each contact point last heard a drill."""
    query = (
        select(_table.c.contact_point_id, func.max(_table.c.heard_at).label("heard_at"))
        .where(_table.c.heard_at.is_not(None), _counts)
        .group_by(_table.c.contact_point_id)
    )
    return {row.contact_point_id: row.heard_at for row in tx.connection.execute(query)}


def unasked(tx: Transaction) -> list[StoredDrill]:
    """Return the drills past their deadline of which only their service knows if they left."""
    query = select(_table).where(
        _table.c.message_id.is_not(None),
        _table.c.heard.is_(False),
        _table.c.sent_at.is_(None),
        _table.c.failure.is_(None),
        _table.c.deadline < tx.now,
    )
    return [_stored(row) for row in tx.connection.execute(query.order_by(_table.c.at))]


def decided(tx: Transaction, *, since: datetime, until: datetime) -> list[Drill]:
    """Return what drills proved in a window, and the last thing each proved before it.

    One that was late proves two things: at its time the contact point was deaf, and when it came
    it was not. Whoever rang in between was not heard.
    """
    is_over = or_(_table.c.heard, and_(_table.c.sent_at.is_not(None), _table.c.deadline < tx.now))
    last = (
        select(_table.c.contact_point_id, _table.c.medium, func.max(_table.c.at).label("at"))
        .where(_table.c.at < since, is_over, _counts)
        .group_by(_table.c.contact_point_id, _table.c.medium)
        .subquery()
    )
    is_last = and_(
        _table.c.contact_point_id == last.c.contact_point_id,
        _table.c.medium == last.c.medium,
        _table.c.at == last.c.at,
    )
    query = (
        select(_table)
        .outerjoin(last, is_last)
        .where(
            is_over, _counts, _table.c.at < until, or_(_table.c.at >= since, last.c.at.is_not(None))
        )
    )
    found = [
        drill for row in tx.connection.execute(query) for drill in _proved(_stored(row), until)
    ]
    return sorted(found, key=lambda drill: (drill.at, drill.contact_point_id, drill.heard))


def _proved(drill: StoredDrill, until: datetime) -> Iterator[Drill]:
    point_id, heard_at = drill.contact_point_id, drill.heard_at
    if heard_at is not None and heard_at <= drill.deadline:
        yield Drill(point_id, drill.at, heard=True, medium=drill.medium)
        return
    yield Drill(point_id, drill.at, heard=False, medium=drill.medium)
    if heard_at is not None and heard_at < until:
        yield Drill(point_id, heard_at, heard=True, medium=drill.medium)


def ledger_states(tx: Transaction) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, for every drill, what the ledger should say of it last."""
    for row in tx.connection.execute(select(_table)):
        marker = None
        if row.sealed is not None:
            plain = tx.sealer.open(row.sealed, table="drills", column="sealed", row=row.id)
            marker = commitment(row.id, plain).hex()
        yield (
            row.id,
            {
                "contact_point_id": row.contact_point_id,
                "medium": row.medium,
                "at": _when(row.at),
                "deadline": _when(row.deadline),
                "via": row.via,
                "marker": marker,
                "sent_at": _when(row.sent_at),
                "heard_at": _when(row.heard_at),
                "heard": row.heard,
            },
        )


def _when(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _stored(row: Row[*tuple[Any, ...]]) -> StoredDrill:
    return StoredDrill(
        id=row.id,
        contact_point_id=row.contact_point_id,
        medium=Medium(row.medium),
        at=row.at,
        deadline=row.deadline,
        heard_at=row.heard_at,
        sent_at=row.sent_at,
        via=row.via,
        message_id=row.message_id,
        failure=row.failure,
    )

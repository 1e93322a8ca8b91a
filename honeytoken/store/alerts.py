"""Alerts: messages to sinks, from being made to being sent, or given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, delete, func, or_, select, update

from . import schema
from .transaction import Transaction

WAITING, SENT, DEAD = "waiting", "sent", "dead"
STATES = (WAITING, SENT, DEAD)

_table = schema.alerts
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to one sink."""

    #: The same at every attempt: receivers drop repeats by it.
    id: str
    sink: str
    kind: str
    #: How many notices are in it.
    notices: int
    state: str
    made_at: datetime
    #: When it is tried next, while it is waiting.
    due_at: datetime
    attempts: int
    done_at: datetime | None = None
    #: Why the last attempt failed: a stable word or an HTTP status.
    failure: str | None = None
    claimed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How a sink does."""

    sink: str
    waiting: int
    dead: int
    #: When the oldest one that waits was made.
    oldest_at: datetime | None
    #: Of the oldest one that waits, or of the latest one given up.
    failure: str | None


def is_due(tx: Transaction, sink: str) -> bool:
    """Tell whether an alert of *sink* is to be sent now."""
    query = select(_table.c.id).where(*_claimable(tx, sink)).limit(1)
    return tx.connection.execute(query).first() is not None


def claim(tx: Transaction, sink: str, *, lease: timedelta) -> Alert | None:
    """Take the alert of *sink* that waits longest, so that no other worker sends it meanwhile.

    Args:
        tx: of :meth:`.Store.claim`; on PostgreSQL rows that others take just now are passed over.
        sink: whose.
        lease: after which it can be taken again, if this worker died.
    """
    query = select(_table).where(*_claimable(tx, sink)).order_by(_table.c.due_at, _table.c.id)
    row = tx.connection.execute(query.limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    until = tx.now + lease
    statement = update(_table).where(_table.c.id == row.id).values(claimed_until=until)
    tx.connection.execute(statement)
    return _alert(row, claimed_until=until)


def _claimable(tx: Transaction, sink: str) -> tuple[ColumnElement[bool], ...]:
    free = or_(_table.c.claimed_until.is_(None), _table.c.claimed_until <= tx.now)
    return (_table.c.sink == sink, _table.c.state == WAITING, _table.c.due_at <= tx.now, free)


def sent(tx: Transaction, alert: Alert) -> bool:
    """Note that *alert* was sent; False if it is not this worker's any more."""
    return _settle(tx, alert, state=SENT, done_at=tx.now, failure=None)


def failed(tx: Transaction, alert: Alert, *, failure: str, again_at: datetime | None) -> bool:
    """Note that *alert* was not sent, and is tried *again_at*, or never again.

    False if it is not this worker's any more.
    """
    if again_at is None:
        return _settle(tx, alert, state=DEAD, done_at=tx.now, failure=failure)
    return _settle(tx, alert, due_at=again_at, failure=failure)


def _settle(tx: Transaction, alert: Alert, **values: object) -> bool:
    # A worker whose lease ran out must not undo what another one did since.
    mine = (_table.c.id == alert.id, _table.c.claimed_until == alert.claimed_until)
    statement = update(_table).where(*mine, _table.c.state == WAITING)
    values.update(claimed_until=None, attempts=alert.attempts + 1)
    return tx.connection.execute(statement.values(**values)).rowcount == 1


def give_up(tx: Transaction, sink: str, *, failure: str) -> int:
    """Give up every alert of *sink* that waits and is not being sent; return how many."""
    free = or_(_table.c.claimed_until.is_(None), _table.c.claimed_until <= tx.now)
    statement = update(_table).where(_table.c.sink == sink, _table.c.state == WAITING, free)
    done = statement.values(state=DEAD, done_at=tx.now, failure=failure)
    return tx.connection.execute(done).rowcount


def made_since(tx: Transaction, sink: str, at: datetime) -> list[datetime]:
    """Return when alerts of *sink* were made, from *at* on, the earliest first."""
    query = select(_table.c.made_at).where(_table.c.sink == sink, _table.c.made_at > at)
    return list(tx.connection.execute(query.order_by(_table.c.made_at)).scalars())


def list_alerts(
    tx: Transaction,
    *,
    ids: Sequence[str] | None = None,
    sink: str | None = None,
    state: str | None = None,
    limit: int | None = None,
) -> list[Alert]:
    """Return alerts, the earliest first; with *limit* that many of the latest."""
    query = select(_table)
    if ids is not None:
        query = query.where(_table.c.id.in_(ids))
    if sink is not None:
        query = query.where(_table.c.sink == sink)
    if state is not None:
        query = query.where(_table.c.state == state)
    rows = tx.connection.execute(query.order_by(_table.c.id.desc()).limit(limit)).all()
    return [_alert(row) for row in reversed(rows)]


def revive(tx: Transaction, ids: Iterable[str]) -> None:
    """Put alerts that were given up back: they are tried now, with the whole schedule before them.

    They keep their ids: a receiver that has one after all drops it.
    """
    ids = list(ids)
    for start in range(0, len(ids), _CHUNK):
        chosen = _table.c.id.in_(ids[start : start + _CHUNK])
        statement = update(_table).where(chosen, _table.c.state == DEAD)
        tx.connection.execute(
            statement.values(state=WAITING, attempts=0, due_at=tx.now, done_at=None, failure=None)
        )


def tallies(tx: Transaction) -> list[Tally]:
    """Return how each sink with alerts that wait or were given up does."""
    found = []
    unsent = _table.c.state.in_((WAITING, DEAD))
    sinks = select(_table.c.sink).where(unsent).distinct().order_by(_table.c.sink)
    for sink in tx.connection.execute(sinks).scalars().all():
        counted = select(_table.c.state, func.count(), func.min(_table.c.made_at))
        counted = counted.where(_table.c.sink == sink, unsent).group_by(_table.c.state)
        by_state = {state: (n, at) for state, n, at in tx.connection.execute(counted)}
        last = select(_table.c.failure).where(_table.c.sink == sink, unsent)
        last = last.where(_table.c.failure.is_not(None)).order_by(_table.c.id.desc()).limit(1)
        waiting, dead = by_state.get(WAITING, (0, None)), by_state.get(DEAD, (0, None))
        failure = tx.connection.execute(last).scalar_one_or_none()
        found.append(Tally(sink, waiting[0], dead[0], waiting[1], failure))
    return found


def forget(tx: Transaction, *, before: datetime) -> None:
    """Delete alerts sent before that time, with their notices."""
    old = select(_table.c.id).where(_table.c.state == SENT, _table.c.done_at < before)
    outbox = schema.outbox
    while ids := tx.connection.execute(old.limit(_CHUNK)).scalars().all():
        tx.connection.execute(delete(outbox).where(outbox.c.alert_id.in_(ids)))
        tx.connection.execute(delete(_table).where(_table.c.id.in_(ids)))


def _alert(row: Row[*tuple[object, ...]], *, claimed_until: datetime | None = None) -> Alert:
    return Alert(
        id=row.id,
        sink=row.sink,
        kind=row.kind,
        notices=row.notices,
        state=row.state,
        made_at=row.made_at,
        due_at=row.due_at,
        attempts=row.attempts,
        done_at=row.done_at,
        failure=row.failure,
        claimed_until=claimed_until or row.claimed_until,
    )

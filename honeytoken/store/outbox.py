"""Notices: what is to be told to whom, written with what it is about.

A notice commits together with its contact. Later an alert, one message to one sink, is made of one
or more of them (:mod:`.alerts`): every notice is in exactly one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, insert, not_, select, update

from . import alerts, codec, schema
from .ids import id_floor, new_id, new_ids
from .schema import to_microseconds
from .transaction import Transaction

#: A contact that reached us; other kinds are told without asking what was told before.
CONTACT = "contact.received"
#: After so long without a notice of it, a subject's next one counts as its first.
FORGETS_AFTER = timedelta(days=30)
_COLUMNS = ("id", "sink", "kind", "subject", "created_at", "due_at", "sealed")
_CHUNK = 500
# Any space of locks that nothing else of ours uses.
_GATHER_LOCK = 0x686F6E
_table = schema.outbox


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told to one sink."""

    #: Name of its table in the settings.
    sink: str
    #: Such as ``"contact.received"``.
    kind: str
    #: What it is about, such as a contact point; ``None`` if nothing in particular.
    subject: str | None
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice that no alert tells yet."""

    id: str
    kind: str
    subject: str | None
    created_at: datetime
    #: True if it was put off before.
    put_off: bool
    #: True if nothing of this kind and subject is older, within :data:`FORGETS_AFTER`.
    first: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in its alert."""

    subject: str | None
    created_at: datetime
    put_off: bool
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """How many notices wait for a digest of a sink."""

    sink: str
    kind: str
    notices: int
    created_at: datetime
    due_at: datetime


def enqueue(tx: Transaction, notices: Iterable[Notice]) -> None:
    """Put notices into the outbox: they are told if, and only if, *tx* commits."""
    notices = list(notices)
    if not notices:
        return
    now = to_microseconds(tx.now)
    rows = []
    for notice, row_id in zip(notices, new_ids("ntc", tx.now, len(notices)), strict=True):
        plain = codec.to_bytes(notice.data)
        sealed = tx.sealer.seal(plain, table="outbox", column="sealed", row=row_id)
        rows.append((row_id, notice.sink, notice.kind, notice.subject, now, now, sealed))
    tx.insert_many(_table, _COLUMNS, rows)


def tell(
    tx: Transaction,
    sinks: Iterable[str],
    *,
    kind: str,
    subject: str | None,
    data: Mapping[str, Any],
) -> None:
    """Put one notice, such as ``"drill.overdue"``, into the outbox for every one of *sinks*.

    Args:
        tx: the notice is told if it commits.
        sinks: names, such as ``settings.alerts``.
        kind: a word with a dot.
        subject: what it is about, such as a contact point; ids and names only, it is not sealed.
        data: JSON; what people and programs are told. No personal data.
    """
    enqueue(tx, [Notice(sink, kind, subject, data) for sink in sinks])


def is_due(tx: Transaction, sink: str) -> bool:
    """Tell whether a notice of *sink* is to be looked at now."""
    query = select(_table.c.id).where(*_waiting(sink), _table.c.due_at <= tx.now)
    return tx.connection.execute(query.limit(1)).first() is not None


def take_turn(tx: Transaction, sink: str) -> bool:
    """Make this the only transaction that gathers notices of *sink*; False if another does it.

    Two that gathered at once would each find a first notice of one subject. SQLite has one writer.
    """
    if tx.connection.dialect.name != "postgresql":
        return True
    # Both keys are 32-bit integers with a sign.
    number = zlib.crc32(sink.encode("utf-8", "surrogatepass")) - 2**31
    query = select(func.pg_try_advisory_xact_lock(_GATHER_LOCK, number))
    return bool(tx.connection.execute(query).scalar_one())


def due(tx: Transaction, sink: str, *, limit: int) -> list[Pending]:
    """Return the notices of *sink* that are to be looked at now, the oldest first."""
    older = _table.alias("older")
    floor = id_floor("ntc", tx.now - FORGETS_AFTER)
    not_first = exists().where(
        older.c.sink == sink,
        older.c.subject == _table.c.subject,
        older.c.kind == _table.c.kind,
        older.c.id < _table.c.id,
        older.c.id >= floor,
    )
    query = (
        select(_table, not_(not_first).label("first"))
        .where(*_waiting(sink), _table.c.due_at <= tx.now)
        .order_by(_table.c.id)
        .limit(limit)
    )
    return [
        Pending(
            id=row.id,
            kind=row.kind,
            subject=row.subject,
            created_at=row.created_at,
            put_off=row.due_at > row.created_at,
            first=bool(row.first),
        )
        for row in tx.connection.execute(query)
    ]


def digests_at(tx: Transaction, sink: str) -> dict[str, datetime]:
    """Return, for each kind of which notices were put off, until when."""
    query = (
        select(_table.c.kind, func.min(_table.c.due_at))
        .where(*_waiting(sink), _table.c.due_at > tx.now)
        .group_by(_table.c.kind)
    )
    return {row[0]: row[1] for row in tx.connection.execute(query)}


def put_off(tx: Transaction, ids: Sequence[str], *, until: datetime) -> None:
    """Let notices wait for a digest."""
    for chunk in _chunks(ids):
        tx.connection.execute(update(_table).where(_table.c.id.in_(chunk)).values(due_at=until))


def make_alert(tx: Transaction, sink: str, kind: str, ids: Sequence[str]) -> str:
    """Make one alert of notices; return its id."""
    alert_id = new_id("alr", tx.now)
    tx.connection.execute(
        insert(schema.alerts).values(
            id=alert_id,
            sink=sink,
            kind=kind,
            made_at=tx.now,
            notices=len(ids),
            due_at=tx.now,
            attempts=0,
            state=alerts.WAITING,
        )
    )
    for chunk in _chunks(ids):
        statement = update(_table).where(_table.c.id.in_(chunk)).values(alert_id=alert_id)
        tx.connection.execute(statement)
    return alert_id


def told(tx: Transaction, alert_id: str) -> list[Told]:
    """Return the notices of an alert, the oldest first."""
    query = select(_table).where(_table.c.alert_id == alert_id).order_by(_table.c.id)
    return [
        Told(
            subject=row.subject,
            created_at=row.created_at,
            put_off=row.due_at > row.created_at,
            data=codec.from_bytes(
                tx.sealer.open(row.sealed, table="outbox", column="sealed", row=row.id)
            ),
        )
        for row in tx.connection.execute(query)
    ]


def held(tx: Transaction) -> list[Held]:
    """Return what waits to be put into an alert, by sink and kind."""
    query = (
        select(
            _table.c.sink,
            _table.c.kind,
            func.count().label("notices"),
            func.min(_table.c.created_at).label("created_at"),
            func.min(_table.c.due_at).label("due_at"),
        )
        .where(_table.c.alert_id.is_(None))
        .group_by(_table.c.sink, _table.c.kind)
        .order_by(_table.c.sink, _table.c.kind)
    )
    rows = tx.connection.execute(query)
    return [Held(row.sink, row.kind, row.notices, row.created_at, row.due_at) for row in rows]


def _waiting(sink: str) -> tuple[Any, ...]:
    return (_table.c.sink == sink, _table.c.alert_id.is_(None))


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]

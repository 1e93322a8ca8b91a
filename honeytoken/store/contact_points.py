"""Contact points: what the owner holds, how much of it is used, what is reserved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, select, true, update

from ..keys import IndexKind
from ..ledger import Action, Leaf
from ..models import Address, ContactPoint, ContactPointKind, ContactPointState, Role
from . import codec, schema
from .schema import to_microseconds
from .transaction import Transaction

_table = schema.contact_points
_CHUNK = 500

#: The canonical value of a contact point, and its parts if it is an address.
Value = tuple[str, Address | None]


def digest(tx: Transaction, kind: ContactPointKind, value: str) -> bytes:
    """Return the blind index under which a contact point of this canonical value is found."""
    return tx.indexer.digest(IndexKind.CONTACT_POINT, f"{kind.value} {value}")


def insert_many(tx: Transaction, points: Iterable[ContactPoint]) -> None:
    """Add contact points.

    Raises:
        AlreadyExists: at the end of the block, if one is in the pool already.
    """
    rows = []
    for point in points:
        data: dict[str, Any] = {"value": point.value}
        if point.address is not None:
            data["address"] = codec.address_data(point.address)
        plain = codec.to_bytes(data)
        rows.append(
            {
                "id": point.id,
                "kind": point.kind.value,
                "role": point.role.value,
                "region": point.region,
                "capacity": point.capacity,
                "used": 0,
                "added_at": point.added_at,
                "held_since": point.held_since,
                "attested": point.attested,
                "ready_at": point.ready_at,
                "device": point.device,
                "gateway": point.gateway,
                "digest": digest(tx, point.kind, point.value),
                "sealed": tx.sealer.seal(
                    plain, table="contact_points", column="sealed", row=point.id
                ),
            }
        )
        tx.append(Action.ADD_CONTACT_POINT, Leaf(point.id, codec.to_bytes(ledger_data(point))))
    if rows:
        tx.connection.execute(insert(_table), rows)


def ledger_data(point: ContactPoint) -> dict[str, Any]:
    """Return what the ledger commits to: all that a later claim about the point rests on."""
    return {
        "kind": point.kind.value,
        "value": point.value,
        "role": point.role.value,
        "region": point.region,
        "device": point.device,
        "gateway": point.gateway,
        "capacity": point.capacity,
        "added_at": _when(point.added_at),
        "held_since": _when(point.held_since),
        "attested": point.attested,
        "ready_at": _when(point.ready_at),
        "reserved_at": _when(point.reserved_at),
        "withdrawn": None,
        "withdrawn_at": None,
    }


def ledger_states(tx: Transaction) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, for every contact point, what the ledger should say of it last."""
    for row in tx.connection.execute(select(_table)):
        data = ledger_data(_point(tx, row))
        yield row.id, {**data, "withdrawn": row.withdrawn, "withdrawn_at": _when(row.withdrawn_at)}


def misindexed(tx: Transaction) -> Iterator[str]:
    """Yield the contact points that are not found under their value."""
    for row in tx.connection.execute(select(_table)):
        if row.digest != digest(tx, ContactPointKind(row.kind), _value(tx, row)[0]):
            yield row.id


def _when(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def list_points(
    tx: Transaction,
    *,
    kind: ContactPointKind | None = None,
    role: Role | None = None,
    ids: Sequence[str] | None = None,
) -> list[ContactPoint]:
    """Return contact points in the order they were added."""
    query = select(_table)
    if kind is not None:
        query = query.where(_table.c.kind == kind.value)
    if role is not None:
        query = query.where(_table.c.role == role.value)
    queries = [query]
    if ids is not None:
        parts = (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
        queries = [query.where(_table.c.id.in_(part)) for part in parts]
    found = [_point(tx, row) for part in queries for row in tx.connection.execute(part)]
    return sorted(found, key=lambda point: (point.added_at, point.id))


class Reached(NamedTuple):
    """A contact point as the listener needs it: nothing of it has to be opened."""

    id: str
    role: Role


def by_digest(tx: Transaction, digests: Sequence[bytes]) -> dict[bytes, Reached]:
    """Return the contact points found under these blind indexes."""
    sql = "SELECT digest, id, role FROM contact_points WHERE digest IN {}"
    return {
        bytes(digest): Reached(point_id, Role(role))
        for digest, point_id, role in tx.select_in(sql, digests)
    }


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a kind of contact point is left."""

    #: Points that may be planted, full ones included.
    points: int
    #: Canaries that fit on them.
    free: int


def _plantable(
    tx: Transaction, kind: ContactPointKind, roles: Sequence[Role], region: str | None
) -> tuple[ColumnElement[bool], ...]:
    return (
        true() if region is None else _table.c.region == region,
        _table.c.kind == kind.value,
        _table.c.role.in_([role.value for role in roles]),
        _table.c.withdrawn.is_(None),
        _table.c.held_since.is_not(None) | (_table.c.role == Role.TEST.value),
        _table.c.ready_at.is_(None) | (_table.c.ready_at <= tx.now),
    )


def room(
    tx: Transaction, kind: ContactPointKind, *, roles: Sequence[Role], region: str | None
) -> Room:
    """Return how many canaries the points of a kind (and country) have room for just now."""
    left = _table.c.capacity - _table.c.used
    query = select(func.count(), func.coalesce(func.sum(left), 0)).where(
        *_plantable(tx, kind, roles, region)
    )
    points, free_slots = tx.connection.execute(query).one()
    return Room(int(points), int(free_slots))


class Slot(NamedTuple):
    """A contact point with room, as minting sees it."""

    id: str
    #: Canonical.
    value: str
    #: The parts, of an address.
    address: Address | None
    #: How many more canaries may carry it.
    left: int


def free(
    tx: Transaction,
    kind: ContactPointKind,
    *,
    roles: Sequence[Role],
    region: str | None,
    limit: int,
    without: Set[str],
    opened: MutableMapping[str, Value],
) -> list[Slot]:
    """Return contact points that may be given to one more canary, least used first.

    Args:
        tx: the transaction that will also count the use.
        kind: of contact point.
        roles: that may be planted in the vault's mode.
        region: only points of this country; ``None`` for any.
        limit: how many at most.
        without: ids to leave out.
        opened: values opened before, by id: a long job meets the same points again and again.
    """
    marks = ", ".join(["{}"] * len(roles))
    country = "" if region is None else "AND region = {}"
    rows = tx.execute(
        "SELECT id, capacity - used FROM contact_points"  # noqa: S608  # nothing but marks
        f" WHERE kind = {{}} AND role IN ({marks}) {country} AND withdrawn IS NULL"
        " AND (held_since IS NOT NULL OR role = {})"
        " AND (ready_at IS NULL OR ready_at <= {}) AND used < capacity"
        " ORDER BY used, id LIMIT {}",
        kind.value,
        *[role.value for role in roles],
        *([] if region is None else [region]),
        Role.TEST.value,
        to_microseconds(tx.now),
        limit + len(without),
    )
    left = [row for row in rows if row[0] not in without][:limit]
    _open_values(tx, [point_id for point_id, _left in left if point_id not in opened], opened)
    return [Slot(point_id, *opened[point_id], room) for point_id, room in left]


def _open_values(tx: Transaction, ids: Sequence[str], opened: MutableMapping[str, Value]) -> None:
    for start in range(0, len(ids), _CHUNK):
        query = select(_table.c.id, _table.c.sealed).where(
            _table.c.id.in_(ids[start : start + _CHUNK])
        )
        for row in tx.connection.execute(query):
            opened[row.id] = _value(tx, row)


def count_use(tx: Transaction, uses: Mapping[str, int]) -> None:
    """Add to the number of canaries that carry each point."""
    tx.execute_many(
        "UPDATE contact_points SET used = used + {} WHERE id = {}",
        [(more, point_id) for point_id, more in sorted(uses.items())],
    )


def reserve(tx: Transaction, ids: Sequence[str]) -> None:
    """Make points controls from now on."""
    for point_id in ids:
        tx.connection.execute(
            update(_table)
            .where(_table.c.id == point_id)
            .values(role=Role.CONTROL.value, reserved_at=tx.now)
        )
        payload = codec.to_bytes({"role": Role.CONTROL.value, "reserved_at": tx.now.isoformat()})
        tx.append(Action.RESERVE, Leaf(point_id, payload))


def withdraw(tx: Transaction, point_id: str, state: ContactPointState) -> None:
    """Mark a point ``retired`` or ``burnt`` from now on."""
    tx.connection.execute(
        update(_table)
        .where(_table.c.id == point_id)
        .values(withdrawn=state.value, withdrawn_at=tx.now)
    )
    payload = codec.to_bytes({"withdrawn": state.value, "withdrawn_at": tx.now.isoformat()})
    tx.append(Action.RETIRE, Leaf(point_id, payload))


def reindex(tx: Transaction) -> None:
    """Derive every digest anew with the transaction's index master."""
    rows = [
        {"point_id": point.id, "fresh": digest(tx, point.kind, point.value)}
        for point in list_points(tx)
    ]
    if rows:
        tx.connection.execute(
            update(_table)
            .where(_table.c.id == bindparam("point_id"))
            .values(digest=bindparam("fresh")),
            rows,
        )


def _state(row: Row[*tuple[Any, ...]], now: datetime) -> ContactPointState:
    if row.withdrawn is not None:
        return ContactPointState(row.withdrawn)
    if row.used:
        return ContactPointState.IN_USE
    if row.ready_at is not None and row.ready_at > now:
        return ContactPointState.SOAKING
    return ContactPointState.READY


def _value(tx: Transaction, row: Row[*tuple[Any, ...]]) -> Value:
    plain = tx.sealer.open(row.sealed, table="contact_points", column="sealed", row=row.id)
    data = codec.from_bytes(plain)
    return data["value"], codec.address(data.get("address"))


def _point(tx: Transaction, row: Row[*tuple[Any, ...]]) -> ContactPoint:
    value, address = _value(tx, row)
    return ContactPoint(
        id=row.id,
        kind=ContactPointKind(row.kind),
        value=value,
        role=Role(row.role),
        region=row.region,
        state=_state(row, tx.now),
        capacity=row.capacity,
        used=row.used,
        added_at=row.added_at,
        held_since=row.held_since,
        attested=row.attested,
        ready_at=row.ready_at,
        reserved_at=row.reserved_at,
        device=row.device,
        gateway=row.gateway,
        address=address,
    )


def withdrawn_at(tx: Transaction) -> dict[str, datetime]:
    """Return since when the withdrawn contact points are so."""
    query = select(_table.c.id, _table.c.withdrawn_at).where(_table.c.withdrawn_at.is_not(None))
    return {row.id: row.withdrawn_at for row in tx.connection.execute(query)}


def regions(tx: Transaction) -> list[str]:
    """Return the countries of the pool's phone numbers."""
    kind = ContactPointKind.PHONE_NUMBER.value
    query = select(_table.c.region).where(_table.c.kind == kind).distinct()
    return sorted(tx.connection.execute(query).scalars())

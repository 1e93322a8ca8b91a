"""Placements: which canary went to which channel, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from ..errors import NotFound
from ..keys import IndexKind
from ..ledger import Action, Leaf
from ..models import DocumentKind, Outline, Permission, Placement, PlacementStatus
from . import codec, schema
from .schema import from_microseconds, to_microseconds
from .transaction import Transaction

_table = schema.placements
_CHUNK = 500
_COLUMNS = (
    "id",
    "canary_id",
    "channel_id",
    "route_id",
    "document",
    "status",
    "intended_at",
    "confirmed_at",
    "expected_until",
    "dispatched_at",
    "delivered_at",
    "permission",
    "reference_digest",
    "sealed",
)


def reference_digest(tx: Transaction, reference: str) -> bytes:
    """Return the blind index of an order number."""
    return tx.indexer.digest(IndexKind.REFERENCE, reference.strip())


def _private_data(placement: Placement) -> dict[str, Any]:
    """Return what is sealed: an order number leads straight to the canary's row in a dump."""
    data: dict[str, Any] = {
        name: value
        for name in ("reference", "batch", "region", "device", "consent")
        if (value := getattr(placement, name)) is not None
    }
    if placement.view:
        data["view"] = codec.view_data(placement.view)
    return data


def ledger_data(placement: Placement) -> dict[str, Any]:
    """Return what the ledger commits to when a placement is made: all of it."""
    return {
        "canary_id": placement.canary_id,
        "channel_id": placement.channel_id,
        "route_id": placement.route_id,
        "document": placement.document.value,
        "permission": placement.permission.value,
        "expected_until": _stored(placement.expected_until),
        **_private_data(placement),
        **status_data(placement),
        **tracking_data(placement),
    }


def status_data(placement: Placement) -> dict[str, Any]:
    """Return what changes later, as the ledger commits to it."""
    return {
        "status": placement.status.value,
        "intended_at": to_microseconds(placement.intended_at),
        "confirmed_at": _stored(placement.confirmed_at),
    }


def tracking_data(placement: Placement) -> dict[str, Any]:
    """Return what the courier's tracking says, as the ledger commits to it."""
    return {
        "dispatched_at": _stored(placement.dispatched_at),
        "delivered_at": _stored(placement.delivered_at),
    }


def _stored(at: datetime | None) -> int | None:
    return None if at is None else to_microseconds(at)


def insert_many(tx: Transaction, placements: Iterable[Placement]) -> None:
    """Add placements."""
    rows = []
    for placement in placements:
        reference = placement.reference
        plain = codec.to_bytes(_private_data(placement))
        rows.append(
            (
                placement.id,
                placement.canary_id,
                placement.channel_id,
                placement.route_id,
                placement.document.value,
                placement.status.value,
                to_microseconds(placement.intended_at),
                _stored(placement.confirmed_at),
                _stored(placement.expected_until),
                _stored(placement.dispatched_at),
                _stored(placement.delivered_at),
                placement.permission.value,
                reference_digest(tx, reference) if reference else None,
                tx.sealer.seal(plain, table="placements", column="sealed", row=placement.id),
            )
        )
        leaf = Leaf(placement.id, codec.to_bytes(ledger_data(placement)))
        tx.append(Action.PLACE, leaf)
    tx.insert_many(_table, _COLUMNS, rows)


def set_status(
    tx: Transaction, placements: Sequence[Placement], *, reason: str | None = None
) -> None:
    """Store the new status and confirmation time of placements, and why in the ledger."""
    tx.connection.execute(
        update(_table)
        .where(_table.c.id == bindparam("placement_id"))
        .values(status=bindparam("new_status"), confirmed_at=bindparam("at")),
        [
            {"placement_id": item.id, "new_status": item.status.value, "at": item.confirmed_at}
            for item in placements
        ],
    )
    for item in placements:
        action = Action.VOID if item.status is PlacementStatus.VOID else Action.CONFIRM
        payload = {"reason": reason, **status_data(item)}
        tx.append(action, Leaf(item.id, codec.to_bytes(payload)))


def set_tracking(tx: Transaction, placements: Sequence[Placement], *, source: str) -> None:
    """Store dispatch and delivery times, and in the ledger who said so."""
    tx.connection.execute(
        update(_table)
        .where(_table.c.id == bindparam("placement_id"))
        .values(dispatched_at=bindparam("left"), delivered_at=bindparam("arrived")),
        [
            {"placement_id": item.id, "left": item.dispatched_at, "arrived": item.delivered_at}
            for item in placements
        ],
    )
    for item in placements:
        payload = {"source": source, **tracking_data(item)}
        tx.append(Action.TRACK, Leaf(item.id, codec.to_bytes(payload)))


def by_references(tx: Transaction, references: Iterable[str]) -> dict[str, list[str]]:
    """Return the ids of the placements of order numbers; who is no canary's is left out."""
    digests = {reference_digest(tx, reference): reference for reference in references}
    sql = "SELECT reference_digest, id FROM placements WHERE reference_digest IN {}"
    found: dict[str, list[str]] = {}
    for digest, placement_id in tx.select_in(sql, list(digests)):
        found.setdefault(digests[bytes(digest)], []).append(placement_id)
    return found


def required(tx: Transaction, placement_ids: Iterable[str]) -> list[Placement]:
    """Return placements by their ids, each once.

    Raises:
        NotFound: there is no such placement.
    """
    ids = list(placement_ids)
    found = {item.id: item for item in list_placements(tx, ids=ids)}
    for placement_id in ids:
        if placement_id not in found:
            raise NotFound("placement", placement_id)
    return list(found.values())


def list_placements(
    tx: Transaction,
    *,
    ids: Sequence[str] | None = None,
    canary_ids: Sequence[str] | None = None,
    channel_id: str | None = None,
    status: PlacementStatus | None = None,
    reference: str | None = None,
) -> list[Placement]:
    """Return placements in the order they were intended."""
    query = select(_table)
    if channel_id is not None:
        query = query.where(_table.c.channel_id == channel_id)
    if status is not None:
        query = query.where(_table.c.status == status.value)
    if reference is not None:
        query = query.where(_table.c.reference_digest == reference_digest(tx, reference))
    found: list[Placement] = []
    for column, wanted in ((_table.c.id, ids), (_table.c.canary_id, canary_ids)):
        if wanted is not None:
            for start in range(0, len(wanted), _CHUNK):
                part = query.where(column.in_(wanted[start : start + _CHUNK]))
                found += (_placement(tx, row) for row in tx.connection.execute(part))
            break
    else:
        found = [_placement(tx, row) for row in tx.connection.execute(query)]
    return sorted(found, key=lambda item: (item.intended_at, item.id))


def outlines(tx: Transaction, canary_ids: Sequence[str]) -> dict[str, list[Outline]]:
    """Return the placements of canaries, in outline, by canary id; who has none is left out."""
    sql = (
        "SELECT canary_id, channel_id, status, intended_at, expected_until, dispatched_at,"
        " delivered_at FROM placements WHERE canary_id IN {}"
    )
    found: dict[str, list[Outline]] = {}
    for canary_id, channel_id, status, intended_at, *times in tx.select_in(sql, canary_ids):
        outline = Outline(
            channel_id,
            PlacementStatus(status),
            from_microseconds(intended_at),
            *(None if at is None else from_microseconds(at) for at in times),
        )
        found.setdefault(canary_id, []).append(outline)
    return found


def references(tx: Transaction) -> Iterator[str]:
    """Yield the order numbers of canary orders, each once, in order."""
    query = select(_table.c.id, _table.c.sealed).where(_table.c.reference_digest.is_not(None))
    found = set()
    for row in tx.connection.execute(query):
        plain = tx.sealer.open(row.sealed, table="placements", column="sealed", row=row.id)
        found.add(codec.from_bytes(plain)["reference"])
    yield from sorted(found)


def misindexed(tx: Transaction) -> Iterator[str]:
    """Yield the placements that are not found under their order number."""
    query = select(_table.c.id, _table.c.reference_digest, _table.c.sealed)
    for row in tx.connection.execute(query):
        plain = tx.sealer.open(row.sealed, table="placements", column="sealed", row=row.id)
        reference = codec.from_bytes(plain).get("reference")
        if row.reference_digest != (reference_digest(tx, reference) if reference else None):
            yield row.id


def reindex(tx: Transaction) -> None:
    """Derive every digest anew with the transaction's index master."""
    rows = [
        {"placement_id": item.id, "fresh": reference_digest(tx, item.reference)}
        for item in list_placements(tx)
        if item.reference
    ]
    if rows:
        tx.connection.execute(
            update(_table)
            .where(_table.c.id == bindparam("placement_id"))
            .values(reference_digest=bindparam("fresh")),
            rows,
        )


def _placement(tx: Transaction, row: Row[*tuple[Any, ...]]) -> Placement:
    plain = tx.sealer.open(row.sealed, table="placements", column="sealed", row=row.id)
    data = codec.from_bytes(plain)
    return Placement(
        id=row.id,
        canary_id=row.canary_id,
        channel_id=row.channel_id,
        document=DocumentKind(row.document),
        status=PlacementStatus(row.status),
        intended_at=row.intended_at,
        confirmed_at=row.confirmed_at,
        expected_until=row.expected_until,
        dispatched_at=row.dispatched_at,
        delivered_at=row.delivered_at,
        route_id=row.route_id,
        reference=data.get("reference"),
        batch=data.get("batch"),
        region=data.get("region"),
        view=codec.view(data.get("view", {})),
        device=data.get("device"),
        consent=data.get("consent"),
        permission=Permission(row.permission),
    )

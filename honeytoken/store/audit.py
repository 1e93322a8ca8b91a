"""Does the store still say what the ledger says? Opens every record that an entry commits to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, select

from ..errors import LedgerBroken
from ..ledger import COMMITMENT_BYTES, SALT_BYTES, Action, Entry, LedgerHead, commitment, verify
from ..messages import translate as _
from . import contact_points, ledger, placements, schema
from .transaction import Transaction

_CHUNK = 1000
#: Actions whose payload is the sealed record itself, and where that stands.
_IN_RECORD: dict[str, dict[str, Table]] = {
    Action.MINT: {"can": schema.canaries},
    Action.RECEIVE: {"evt": schema.events},
    Action.ADD_ROUTE: {"": schema.routes},
}


def check(tx: Transaction, *, head: str | None = None) -> LedgerHead:
    """Check the chain, its head, and every record against its commitment.

    Args:
        tx: a read transaction.
        head: a digest kept elsewhere, which must be in the chain.

    Raises:
        LedgerBroken: an entry or a record was altered, removed or reordered.
    """
    end = verify(ledger.entries(tx), head=head)
    if ledger.head(tx) != end:
        raise LedgerBroken(end.seq, _("entries at the end were removed."))
    latest: dict[str, tuple[int, dict[str, Any]]] = {}
    for entry in ledger.entries(tx):
        for seq, payloads in ledger.kept_payloads(tx, [entry.seq]):
            if payloads is None:
                _check_records(tx, entry)
            else:
                _check_kept(entry, payloads)
                _remember(latest, seq, entry, payloads)
    _check_state(tx, latest)
    return end


def _commitments(entry: Entry) -> Iterator[tuple[str, bytes]]:
    for index, subject in enumerate(entry.subjects):
        start = index * COMMITMENT_BYTES
        yield subject, entry.commitments[start : start + COMMITMENT_BYTES]


def _check_kept(entry: Entry, payloads: list[bytes]) -> None:
    if len(payloads) != len(entry.subjects):
        raise LedgerBroken(entry.seq, _("its payloads do not fit its subjects."))
    for (subject, committed), payload in zip(_commitments(entry), payloads, strict=True):
        if commitment(subject, payload) != committed:
            raise LedgerBroken(entry.seq, _("a payload was altered."))


def _check_records(tx: Transaction, entry: Entry) -> None:
    tables = _IN_RECORD.get(entry.action, {})
    for start in range(0, len(entry.subjects), _CHUNK):
        part = list(_commitments(entry))[start : start + _CHUNK]
        for prefix, table in tables.items():
            wanted = {key: value for key, value in part if key.startswith(prefix)}
            query = select(table.c.id, table.c.sealed).where(table.c.id.in_(wanted))
            found = {row.id: row.sealed for row in tx.connection.execute(query)}
            for record_id, committed in wanted.items():
                if record_id not in found:
                    raise LedgerBroken(
                        entry.seq, _("record {id} was removed.").format(id=record_id)
                    )
                plain = tx.sealer.open(
                    found[record_id], table=table.name, column="sealed", row=record_id
                )
                if commitment(record_id, plain) != committed:
                    raise LedgerBroken(
                        entry.seq, _("record {id} was altered.").format(id=record_id)
                    )


def _remember(
    latest: dict[str, tuple[int, dict[str, Any]]],
    seq: int,
    entry: Entry,
    payloads: list[bytes],
) -> None:
    """Keep, for each record, what the ledger says of it last, field by field."""
    for subject, payload in zip(entry.subjects, payloads, strict=True):
        if entry.action not in _REPLAYED:
            continue
        data = json.loads(payload[SALT_BYTES:])
        before = latest.get(subject, (seq, {}))[1]
        latest[subject] = (seq, {**before, **data})


_REPLAYED = frozenset(
    {
        Action.ADD_CONTACT_POINT.value,
        Action.RESERVE.value,
        Action.PLACE.value,
        Action.CONFIRM.value,
        Action.VOID.value,
        Action.RECEIVE.value,
        Action.CLASSIFY.value,
    }
)


def _check_state(tx: Transaction, latest: dict[str, tuple[int, dict[str, Any]]]) -> None:
    stored: dict[str, dict[str, Any]] = {}
    for point in contact_points.list_points(tx):
        data = contact_points.ledger_data(point)
        if point.reserved_at is not None:
            data["reserved_at"] = point.reserved_at.isoformat()
        stored[point.id] = data
    for placement in placements.list_placements(tx):
        stored[placement.id] = placements.ledger_data(placement)
    columns = schema.contacts.c
    query = select(
        columns.id,
        columns.medium,
        columns.received_at,
        columns.contact_point_id,
        columns.disposition,
        columns.authenticity,
    )
    for row in tx.connection.execute(query):
        stored[row.id] = {
            "medium": row.medium,
            "received_at": schema.to_microseconds(row.received_at),
            "contact_point_id": row.contact_point_id,
            "disposition": row.disposition,
            "authenticity": row.authenticity,
        }
    for record_id, (seq, said) in latest.items():
        if record_id not in stored:
            raise LedgerBroken(seq, _("record {id} was removed.").format(id=record_id))
        holds = stored.pop(record_id)
        if any(said.get(name) != value for name, value in holds.items()):
            raise LedgerBroken(seq, _("record {id} was altered.").format(id=record_id))
    for record_id in stored:
        raise LedgerBroken(0, _("record {id} is not in the ledger.").format(id=record_id))

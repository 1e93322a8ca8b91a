"""Does the store still say what the ledger says? Opens every record that an entry commits to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Table, select

from ..errors import LedgerBroken
from ..ledger import (
    COMMITMENT_BYTES,
    SALT_BYTES,
    VAULT,
    Action,
    Entry,
    LedgerHead,
    commitment,
    verify,
)
from ..messages import translate as _
from . import channels, contact_points, contacts, ledger, placements, schema
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
    entries = ledger.entries(tx)
    while part := {entry.seq: entry for entry in islice(entries, _CHUNK)}:
        for seq, payloads in ledger.kept_payloads(tx, part):
            if payloads is None:
                _check_records(tx, part[seq])
            else:
                _check_kept(part[seq], payloads)
                _remember(latest, part[seq], payloads)
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
    tables = _IN_RECORD.get(entry.action)
    if tables is None:
        raise LedgerBroken(entry.seq, _("its payloads were removed."))
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
    entry: Entry,
    payloads: list[bytes],
) -> None:
    """Keep, for each record, what the ledger says of it last, field by field."""
    for subject, payload in zip(entry.subjects, payloads, strict=True):
        if subject == VAULT:
            continue
        before = latest.get(subject, (0, {}))[1]
        latest[subject] = (entry.seq, {**before, **json.loads(payload[SALT_BYTES:])})


def _check_state(tx: Transaction, latest: dict[str, tuple[int, dict[str, Any]]]) -> None:
    stored: dict[str, dict[str, Any]] = {
        channel.id: channels.ledger_data(channel) for channel in channels.list_channels(tx)
    }
    stored.update(contact_points.ledger_states(tx))
    for placement in placements.list_placements(tx):
        stored[placement.id] = placements.ledger_data(placement)
    stored.update(contacts.ledger_states(tx))
    for record_id, (seq, said) in latest.items():
        if record_id not in stored:
            raise LedgerBroken(seq, _("record {id} was removed.").format(id=record_id))
        holds = stored.pop(record_id)
        if any(said.get(name) != value for name, value in holds.items()):
            raise LedgerBroken(seq, _("record {id} was altered.").format(id=record_id))
    for record_id in stored:
        raise LedgerBroken(0, _("record {id} is not in the ledger.").format(id=record_id))

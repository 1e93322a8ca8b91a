"""Does the store still say what the ledger says? Opens every record that an entry commits to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from itertools import islice
from typing import Any

from sqlalchemy import select

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
from . import channels, contact_points, contacts, drills, ledger, placements, schema
from .transaction import Transaction

_CHUNK = 1000
#: Actions whose payload is the sealed record itself, and in which table that stands by its id.
_IN_RECORD: dict[str, dict[str, str]] = {
    Action.MINT: {"can": "canaries"},
    Action.RECEIVE: {"evt": "events"},
    Action.ADD_ROUTE: {"": "routes"},
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
    erased = ledger.subjects(tx, Action.ERASE)
    entries = ledger.entries(tx)
    while part := {entry.seq: entry for entry in islice(entries, _CHUNK)}:
        for seq, payloads in ledger.kept_payloads(tx, part):
            if payloads is None:
                _check_records(tx, part[seq], erased)
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


def _check_records(tx: Transaction, entry: Entry, erased: Set[str]) -> None:
    tables = _IN_RECORD.get(entry.action)
    if tables is None:
        raise LedgerBroken(entry.seq, _("its payloads were removed."))
    for start in range(0, len(entry.subjects), _CHUNK):
        part = list(_commitments(entry))[start : start + _CHUNK]
        for prefix, table in tables.items():
            wanted = {key: value for key, value in part if key.startswith(prefix)}
            found = _plains(tx, table, list(wanted))
            for record_id, committed in wanted.items():
                if record_id not in found:
                    raise LedgerBroken(
                        entry.seq, _("record {id} was removed.").format(id=record_id)
                    )
                plain = found[record_id]
                if plain is None and record_id in erased:
                    continue
                if plain is None or commitment(record_id, plain) != committed:
                    raise LedgerBroken(
                        entry.seq, _("record {id} was altered.").format(id=record_id)
                    )


def _plains(tx: Transaction, table: str, ids: list[str]) -> dict[str, bytes | None]:
    """Return what is sealed of some records, ``None`` where it was erased."""
    if table == "events":
        return contacts.opened_events(tx, ids)
    columns = schema.metadata.tables[table].c
    query = select(columns.id, columns.sealed).where(columns.id.in_(ids))
    return {
        row.id: tx.sealer.open(row.sealed, table=table, column="sealed", row=row.id)
        for row in tx.connection.execute(query)
    }


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
    stored.update(drills.ledger_states(tx))
    for record_id, (seq, said) in latest.items():
        if record_id not in stored:
            raise LedgerBroken(seq, _("record {id} was removed.").format(id=record_id))
        holds = stored.pop(record_id)
        if any(said.get(name) != value for name, value in holds.items()):
            raise LedgerBroken(seq, _("record {id} was altered.").format(id=record_id))
    for record_id in stored:
        raise LedgerBroken(0, _("record {id} is not in the ledger.").format(id=record_id))

"""Does the store still say what the ledger says? Opens every record that an entry commits to."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import func, select

from ..errors import LedgerBroken
from ..keys import DIGEST_BYTES, random_bytes
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
from . import (
    canaries,
    channels,
    contact_points,
    contacts,
    drills,
    erasing,
    events,
    ledger,
    placements,
    schema,
)
from .transaction import Transaction

_CHUNK = 1000
#: Actions whose payload is the sealed record itself, and in which table that stands by its id.
_IN_RECORD: dict[str, dict[str, str]] = {
    Action.MINT: {"can": "canaries"},
    Action.RECEIVE: {"evt": "events"},
    Action.ADD_ROUTE: {"": "routes"},
}
_CONTACT, _EVENT = "con_", "evt_"
#: Fields that entries state since a later release: where none does, nothing can be compared.
_STATED_LATER = frozenset({"capacity"})
_STATE_BYTES = 16


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
    said, records = _Said(), _Records(tx)
    entries = ledger.entries(tx)
    while part := {entry.seq: entry for entry in islice(entries, _CHUNK)}:
        for seq, payloads in ledger.kept_payloads(tx, part):
            entry = part[seq]
            if payloads is None:
                records.check(entry)
                continue
            _check_kept(entry, payloads)
            if entry.action == Action.ERASE:
                records.check_erased(entry, payloads)
            said.remember(entry, payloads)
    records.finish()
    said.compare(tx)
    _check_indexes(tx)
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


def _removed(seq: int, record_id: str) -> LedgerBroken:
    return LedgerBroken(seq, _("record {id} was removed.").format(id=record_id))


def _altered(seq: int, record_id: str) -> LedgerBroken:
    return LedgerBroken(seq, _("record {id} was altered.").format(id=record_id))


def _unknown(record_id: str) -> LedgerBroken:
    return LedgerBroken(0, _("record {id} is not in the ledger.").format(id=record_id))


class _Records:
    """Compares sealed records with their commitments, an entry at a time."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._met: Counter[str] = Counter()
        key = random_bytes(DIGEST_BYTES)
        self._indexed, self._index = canaries.IndexSum(key), canaries.IndexSum(key)
        #: Events that hold nothing any more, with the entry about their receipt; an entry about
        #: their erasure has to follow.
        self._empty: dict[str, int] = {}

    def check(self, entry: Entry) -> None:
        """Compare the records of an entry that holds no payloads of its own."""
        tables = _IN_RECORD.get(entry.action)
        if tables is None:
            raise LedgerBroken(entry.seq, _("its payloads were removed."))
        pairs = _commitments(entry)
        while part := list(islice(pairs, _CHUNK)):
            for prefix, table in tables.items():
                wanted = {key: value for key, value in part if key.startswith(prefix)}
                found = self._plains(table, list(wanted))
                self._met[table] += len(wanted)
                for record_id, committed in wanted.items():
                    if record_id not in found:
                        raise _removed(entry.seq, record_id)
                    plain = found[record_id]
                    if plain is None:
                        self._empty[record_id] = entry.seq
                    elif commitment(record_id, plain) != committed:
                        raise _altered(entry.seq, record_id)
            if any(not key.startswith(tuple(tables)) for key, _committed in part):
                raise LedgerBroken(entry.seq, _("its payloads were removed."))

    def check_erased(self, entry: Entry, payloads: list[bytes]) -> None:
        """Compare the events of an entry about an erasure with what is left of them."""
        said = {
            subject: json.loads(payload[SALT_BYTES:])
            for subject, payload in zip(entry.subjects, payloads, strict=True)
            if subject.startswith(_EVENT)
        }
        left = erasing.emptied_events(self._tx, said)
        for event_id, beside in said.items():
            if left.get(event_id) != beside:
                raise _altered(entry.seq, event_id)
            self._empty.pop(event_id, None)

    def finish(self) -> None:
        """Find what was emptied without an entry about it, or added without one."""
        for event_id, seq in self._empty.items():
            raise _altered(seq, event_id)
        for table in ("canaries", "events", "routes"):
            query = select(func.count()).select_from(schema.metadata.tables[table])
            if self._tx.connection.execute(query).scalar_one() != self._met[table]:
                raise LedgerBroken(
                    0, _("records of {table} are not in the ledger.").format(table=table)
                )
        canaries.add_index(self._tx, self._index)
        if self._index.value != self._indexed.value:
            raise LedgerBroken(0, _("the index of the canaries was altered."))

    def _plains(self, table: str, ids: list[str]) -> Mapping[str, bytes | None]:
        """Return what is sealed of some records, ``None`` where it was erased."""
        if table == "events":
            return events.opened(self._tx, ids)
        if table == "canaries":
            return canaries.audited(self._tx, ids, self._indexed)
        columns = schema.metadata.tables[table].c
        query = select(columns.id, columns.sealed).where(columns.id.in_(ids))
        return {
            row.id: self._tx.sealer.open(row.sealed, table=table, column="sealed", row=row.id)
            for row in self._tx.connection.execute(query)
        }


class _Said:
    """What the ledger says last of each record."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[int, dict[str, Any]]] = {}
        # There may be a million contacts, and the last entry about one says all of it.
        self._contacts: dict[str, bytes] = {}

    def remember(self, entry: Entry, payloads: list[bytes]) -> None:
        """Take up an entry that holds its payloads."""
        for subject, payload in zip(entry.subjects, payloads, strict=True):
            if subject == VAULT or subject.startswith(_EVENT):
                continue
            data = json.loads(payload[SALT_BYTES:])
            if subject.startswith(_CONTACT):
                self._contacts[subject] = entry.seq.to_bytes(8, "big") + _state(data)
                continue
            before = self._latest.get(subject, (0, {}))[1]
            self._latest[subject] = (entry.seq, {**before, **data})

    def compare(self, tx: Transaction) -> None:
        """Compare with what the tables hold now."""
        for record_id, holds in _states(tx):
            if record_id not in self._latest:
                raise _unknown(record_id)
            seq, said = self._latest.pop(record_id)
            if any(
                said.get(name) != value
                for name, value in holds.items()
                if name in said or name not in _STATED_LATER
            ):
                raise _altered(seq, record_id)
        for record_id, holds in contacts.ledger_states(tx):
            packed = self._contacts.pop(record_id, None)
            if packed is None:
                raise _unknown(record_id)
            if packed[8:] != _state(holds):
                raise _altered(int.from_bytes(packed[:8], "big"), record_id)
        for record_id, (seq, _said) in self._latest.items():
            raise _removed(seq, record_id)
        for record_id, packed in self._contacts.items():
            raise _removed(int.from_bytes(packed[:8], "big"), record_id)


def _state(data: Mapping[str, Any]) -> bytes:
    """Return what an entry, or a row, says of a contact, in 16 bytes."""
    plain = json.dumps([data.get(name) for name in contacts.LEDGER_FIELDS]).encode()
    return hashlib.blake2b(plain, digest_size=_STATE_BYTES).digest()


def _states(tx: Transaction) -> Iterator[tuple[str, dict[str, Any]]]:
    for channel in channels.list_channels(tx):
        yield channel.id, channels.ledger_data(channel)
    yield from contact_points.ledger_states(tx)
    for placement in placements.list_placements(tx):
        yield placement.id, placements.ledger_data(placement)
    yield from drills.ledger_states(tx)


def _check_indexes(tx: Transaction) -> None:
    """Derive anew by what contact points and placements are found."""
    for record_id in (*contact_points.misindexed(tx), *placements.misindexed(tx)):
        raise _altered(0, record_id)

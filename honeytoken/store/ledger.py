"""The ledger's rows: append in order, read back, compare with the records they commit to."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, insert, select

from ..errors import LedgerBroken
from ..ledger import (
    GENESIS,
    SALT_BYTES,
    VAULT,
    Action,
    Entry,
    Leaf,
    LedgerHead,
    Reveal,
    link,
    salted,
)
from ..messages import translate as _
from . import schema
from .schema import to_microseconds

if TYPE_CHECKING:
    from .transaction import Transaction

#: Leaves in one entry: bounds what must be shown beside a single opened record (32 bytes each).
LEAVES_PER_ENTRY = 1024
_READ_CHUNK = 1000

#: What a transaction is going to append: action, record id, commitment, and the salted payload
#: where the entry keeps it. Plain tuples of plain values cost the garbage collector nothing.
Pending = tuple[Action, str, bytes, bytes | None]
_COLUMNS = ("seq", "at", "action", "subjects", "commitments", "previous", "digest", "sealed")


def create(tx: Transaction) -> None:
    """Write the state row of a new store; its first entry follows when *tx* ends."""
    tx.connection.execute(
        insert(schema.vault_state).values(
            id=1,
            created_at=tx.now,
            index_check=tx.indexer.check,
            sealing_key=tx.sealer.current,
            ledger_seq=0,
            ledger_digest=GENESIS,
            ledger_mac=tx.indexer.head_mac(0, GENESIS),
        )
    )
    tx.append(Action.CREATE, Leaf(VAULT, salted(b"{}")))


def append(tx: Transaction, to_append: Sequence[Pending]) -> None:
    """Append entries for what a transaction did: its last step."""
    if not to_append:
        return
    ((seq, digest),) = tx.execute("SELECT ledger_seq, ledger_digest FROM vault_state")
    digest = bytes(digest)
    rows: list[tuple[Any, ...]] = []
    for (action, keep), group in groupby(
        to_append, key=lambda item: (item[0], item[3] is not None)
    ):
        while part := list(islice(group, LEAVES_PER_ENTRY)):
            entry = link(
                seq=seq + 1,
                at=tx.now,
                action=action.value,
                subjects=tuple([subject for _action, subject, _committed, _kept in part]),
                commitments=b"".join([committed for _action, _subject, committed, _kept in part]),
                previous=digest,
            )
            seq, digest = entry.seq, entry.digest
            sealed = None
            if keep:
                payloads = [base64.b64encode(kept or b"").decode() for *_others, kept in part]
                sealed = tx.sealer.seal(
                    json.dumps(payloads).encode(), table="ledger", column="sealed", row=str(seq)
                )
            rows.append(
                (
                    entry.seq,
                    to_microseconds(entry.at),
                    entry.action,
                    " ".join(entry.subjects),
                    entry.commitments,
                    entry.previous,
                    entry.digest,
                    sealed,
                )
            )
    tx.insert_many(schema.ledger, _COLUMNS, rows)
    tx.execute(
        "UPDATE vault_state SET ledger_seq = {}, ledger_digest = {}, ledger_mac = {}",
        seq,
        digest,
        tx.indexer.head_mac(seq, digest),
    )


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    return Entry(
        seq=row.seq,
        at=row.at,
        action=row.action,
        subjects=tuple(row.subjects.split(" ")) if row.subjects else (),
        commitments=row.commitments,
        previous=row.previous,
        digest=row.digest,
    )


def entries(tx: Transaction, *, after: int = 0, newest: int | None = None) -> Iterator[Entry]:
    """Yield the entries in order; with *newest*, only that many of the last ones."""
    if newest is not None:
        query = select(schema.ledger).order_by(schema.ledger.c.seq.desc()).limit(newest)
        yield from reversed([_entry(row) for row in tx.connection.execute(query)])
        return
    while True:
        query = (
            select(schema.ledger)
            .where(schema.ledger.c.seq > after)
            .order_by(schema.ledger.c.seq)
            .limit(_READ_CHUNK)
        )
        rows = tx.connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            yield _entry(row)
        after = rows[-1].seq


def subjects(tx: Transaction, action: Action) -> frozenset[str]:
    """Return the ids of all records that an entry of this action is about."""
    query = select(schema.ledger.c.subjects).where(schema.ledger.c.action == action.value)
    return frozenset(
        record_id for row in tx.connection.execute(query) for record_id in row.subjects.split(" ")
    )


def reveals(tx: Transaction, *, newest: int | None = None) -> list[Reveal]:
    """Return the entries about revealing, in order; with *newest*, only that many of the last."""
    columns = schema.ledger.c
    query = select(columns.seq, columns.at).where(columns.action == Action.REVEAL.value)
    query = query.order_by(columns.seq.desc())
    rows = tx.connection.execute(query if newest is None else query.limit(newest)).all()
    times = {row.seq: row.at for row in reversed(rows)}
    return [
        Reveal(seq, times[seq], data["what"], tuple(data["ids"]), data.get("by", data.get("sink")))
        for seq, payloads in kept_payloads(tx, times)
        for data in (json.loads(payload[SALT_BYTES:]) for payload in payloads or ())
    ]


def head(tx: Transaction) -> LedgerHead:
    """Return the present end of the ledger.

    Raises:
        LedgerBroken: the stored head was not written by a holder of the keys.
    """
    state = schema.vault_state
    row = tx.connection.execute(
        select(state.c.ledger_seq, state.c.ledger_digest, state.c.ledger_mac)
    ).one()
    if row.ledger_mac != tx.indexer.head_mac(row.ledger_seq, row.ledger_digest):
        raise LedgerBroken(row.ledger_seq, _("the stored head was altered."))
    return LedgerHead(row.ledger_seq, row.ledger_digest.hex())


def kept_payloads(tx: Transaction, seqs: Iterable[int]) -> Iterator[tuple[int, list[bytes] | None]]:
    """Yield, for each entry, the salted payloads sealed in it, or ``None`` if it holds none."""
    wanted = iter(seqs)
    while part := list(islice(wanted, _READ_CHUNK)):
        query = select(schema.ledger.c.seq, schema.ledger.c.sealed).where(
            schema.ledger.c.seq.in_(part)
        )
        for row in tx.connection.execute(query.order_by(schema.ledger.c.seq)):
            if row.sealed is None:
                yield row.seq, None
                continue
            plain = tx.sealer.open(row.sealed, table="ledger", column="sealed", row=str(row.seq))
            yield row.seq, [base64.b64decode(item) for item in json.loads(plain)]

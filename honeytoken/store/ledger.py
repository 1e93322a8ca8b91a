"""The ledger's rows: append in order, read back, compare with the records they commit to."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, insert, select, update

from ..errors import LedgerBroken
from ..ledger import GENESIS, Action, Entry, Leaf, LedgerHead, link, salted
from ..messages import translate as _
from . import schema

if TYPE_CHECKING:
    from datetime import datetime

    from ..keys import Indexer, Sealer
    from .transaction import Transaction

#: Leaves in one entry: bounds what must be shown beside a single opened record (32 bytes each).
LEAVES_PER_ENTRY = 1024
_READ_CHUNK = 1000


def create(connection: Connection, indexer: Indexer, sealer: Sealer, now: datetime) -> None:
    """Write the state row and the first entry of a new store."""
    connection.execute(
        insert(schema.vault_state).values(
            id=1,
            created_at=now,
            index_check=indexer.check,
            sealing_key=sealer.current,
            ledger_seq=0,
            ledger_digest=GENESIS,
            ledger_mac=indexer.head_mac(0, GENESIS),
        )
    )
    first = [(Action.CREATE, Leaf("vault", salted(b"{}")), True)]
    _append(connection, indexer, sealer, now, first)


def append(tx: Transaction, to_append: Sequence[tuple[Action, Leaf, bool]]) -> None:
    """Append entries for what a transaction did. Its last step: from here on the head is locked."""
    if to_append:
        _append(tx.connection, tx.indexer, tx.sealer, tx.now, to_append)


def _append(
    connection: Connection,
    indexer: Indexer,
    sealer: Sealer,
    now: datetime,
    to_append: Sequence[tuple[Action, Leaf, bool]],
) -> None:
    state = schema.vault_state
    # PostgreSQL: replicas queue here, for the short rest of the transaction.
    last = connection.execute(
        select(state.c.ledger_seq, state.c.ledger_digest).with_for_update()
    ).one()
    seq, digest = last.ledger_seq, last.ledger_digest
    rows = []
    for (action, keep), group in groupby(to_append, key=lambda item: (item[0], item[2])):
        leaves = (leaf for _action, leaf, _keep in group)
        while part := list(islice(leaves, LEAVES_PER_ENTRY)):
            entry = link(
                seq=seq + 1,
                at=now,
                action=action.value,
                subjects=tuple(leaf.record_id for leaf in part),
                commitments=b"".join(leaf.commitment for leaf in part),
                previous=digest,
            )
            seq, digest = entry.seq, entry.digest
            sealed = None
            if keep:
                payloads = [base64.b64encode(leaf.salted).decode() for leaf in part]
                sealed = sealer.seal(
                    json.dumps(payloads).encode(), table="ledger", column="sealed", row=str(seq)
                )
            rows.append(
                {
                    "seq": entry.seq,
                    "at": entry.at,
                    "action": entry.action,
                    "subjects": " ".join(entry.subjects),
                    "commitments": entry.commitments,
                    "previous": entry.previous,
                    "digest": entry.digest,
                    "sealed": sealed,
                }
            )
    connection.execute(insert(schema.ledger), rows)
    connection.execute(
        update(state).values(
            ledger_seq=seq, ledger_digest=digest, ledger_mac=indexer.head_mac(seq, digest)
        )
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


def payload(record: object) -> bytes:
    """Return the canonical bytes of a JSON value: what a commitment is made over."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


__all__ = ["append", "create", "entries", "head", "kept_payloads", "payload"]

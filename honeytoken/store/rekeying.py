"""New masters: what changes in the store. Sealing goes chunk by chunk, indexing in one go."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    bindparam,
    func,
    literal,
    select,
    update,
)

from ..keys import BY_MASTER, Keyring
from ..ledger import VAULT, Action, Leaf, salted
from . import canaries, contact_points, events, placements, schema
from .transaction import Store, Transaction

_CHUNK = 500

#: Called with (sealed values done, all of them).
Progress = Callable[[int, int], None]


def _by_a_master(column: Column[bytes]) -> ColumnElement[bool]:
    """Say of which rows a column holds what a master sealed: not a content key, not nothing."""
    return func.substr(column, 1, 1) == literal(BY_MASTER, LargeBinary)


def total(store: Store) -> int:
    """Return how many values a master sealed."""
    with store.read() as tx:
        return sum(
            tx.connection.execute(
                select(func.count()).select_from(column.table).where(_by_a_master(column))
            ).scalar_one()
            for column in schema.SEALED
        )


def announce(tx: Transaction, keyring: Keyring) -> None:
    """Tell every process that works on the store which sealing master is current now."""
    state = schema.vault_state
    tx.connection.execute(update(state).values(sealing_key=keyring.current))
    tx.append(Action.REKEY, Leaf(VAULT, salted(keyring.current.encode())))


def reseal(store: Store, progress: Progress) -> None:
    """Seal anew what an older master sealed. Can be stopped anywhere and started again."""
    done, everything = 0, total(store)
    for column in schema.SEALED:
        last: object = None
        while True:
            with store.write() as tx:
                seen, last = _reseal_chunk(tx, column, last)
            if not seen:
                break
            done += seen
            progress(min(done, everything), everything)


def _reseal_chunk(tx: Transaction, column: Column[bytes], last: object) -> tuple[int, object]:
    table = column.table
    (key,) = table.primary_key.columns if table is not schema.canaries else (table.c.id,)
    query = select(key.label("key"), column.label("sealed")).where(_by_a_master(column))
    if last is not None:
        query = query.where(key > last)
    rows = tx.connection.execute(query.order_by(key).limit(_CHUNK)).all()
    stale = [row for row in rows if tx.sealer.is_stale(row.sealed)]
    if stale:
        tx.connection.execute(
            update(table).where(key == bindparam("row_key")).values({column: bindparam("fresh")}),
            [
                {"row_key": row.key, "fresh": _again(tx, column, row.key, row.sealed)}
                for row in stale
            ],
        )
    return len(rows), rows[-1].key if rows else last


def _again(tx: Transaction, column: Column[bytes], key: object, sealed: bytes) -> bytes:
    place = {"table": str(column.table), "column": column.name, "row": str(key)}
    return tx.sealer.seal(tx.sealer.open(sealed, **place), **place)


def uses_old_masters(store: Store) -> bool:
    """Tell whether anything is still sealed with a master that is not the current one."""
    with store.read() as tx:
        for column in schema.SEALED:
            heads = select(func.substr(column, 1, 5)).where(_by_a_master(column)).distinct()
            if any(tx.sealer.is_stale(row[0]) for row in tx.connection.execute(heads)):
                return True
    return False


def switch_index(tx: Transaction) -> None:
    """Derive every blind index of the store anew with the transaction's index master.

    What groups contacts into campaigns is derived from their content by the contacts room.
    """
    contact_points.reindex(tx)
    canaries.reindex(tx)
    placements.reindex(tx)
    events.reindex(tx)
    # Whose first contact counts, at a mail domain: a digest of the canary. The next is a first one.
    subject = schema.outbox.c.subject
    tx.connection.execute(update(schema.outbox).where(subject.contains("/")).values(subject=None))
    state = schema.vault_state
    tx.connection.execute(update(state).values(index_check=tx.indexer.check))
    tx.append(Action.REINDEX, Leaf(VAULT, salted(tx.indexer.check)))

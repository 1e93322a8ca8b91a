"""New masters: what changes in the store. Sealing goes chunk by chunk, indexing in one go."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Table, bindparam, func, select, update

from ..keys import Keyring
from ..ledger import VAULT, Action, Leaf, salted
from . import canaries, contact_points, contacts, placements, schema
from .transaction import Store, Transaction

_CHUNK = 500

#: Called with (sealed values done, all of them).
Progress = Callable[[int, int], None]


def total(store: Store) -> int:
    """Return how many rows hold a sealed value."""
    with store.read() as tx:
        return sum(
            tx.connection.execute(
                select(func.count()).select_from(table).where(table.c.sealed.is_not(None))
            ).scalar_one()
            for table in schema.SEALED
        )


def announce(tx: Transaction, keyring: Keyring) -> None:
    """Tell every process that works on the store which sealing master is current now."""
    state = schema.vault_state
    tx.connection.execute(update(state).values(sealing_key=keyring.current))
    tx.append(Action.REKEY, Leaf(VAULT, salted(keyring.current.encode())))


def reseal(store: Store, progress: Progress) -> None:
    """Seal anew what an older master sealed. Can be stopped anywhere and started again."""
    done, everything = 0, total(store)
    for table in schema.SEALED:
        last: object = None
        while True:
            with store.write() as tx:
                seen, last = _reseal_chunk(tx, table, last)
            if not seen:
                break
            done += seen
            progress(min(done, everything), everything)


def _key_column(table: Table) -> str:
    return "seq" if table is schema.ledger else "id"


def _reseal_chunk(tx: Transaction, table: Table, last: object) -> tuple[int, object]:
    key = table.c[_key_column(table)]
    query = select(key.label("key"), table.c.sealed).where(table.c.sealed.is_not(None))
    if last is not None:
        query = query.where(key > last)
    rows = tx.connection.execute(query.order_by(key).limit(_CHUNK)).all()
    stale = [row for row in rows if not tx.sealer.is_current(row.sealed)]
    if stale:
        tx.connection.execute(
            update(table).where(key == bindparam("row_key")).values(sealed=bindparam("fresh")),
            [
                {"row_key": row.key, "fresh": _again(tx, table, row.key, row.sealed)}
                for row in stale
            ],
        )
    return len(rows), rows[-1].key if rows else last


def _again(tx: Transaction, table: Table, key: object, sealed: bytes) -> bytes:
    place = {"table": table.name, "column": "sealed", "row": str(key)}
    return tx.sealer.seal(tx.sealer.open(sealed, **place), **place)


def uses_old_masters(store: Store) -> bool:
    """Tell whether anything is still sealed with a master that is not the current one."""
    with store.read() as tx:
        for table in schema.SEALED:
            rows = tx.connection.execute(
                select(func.substr(table.c.sealed, 1, 5))
                .where(table.c.sealed.is_not(None))
                .distinct()
            )
            if any(not tx.sealer.is_current(row[0]) for row in rows):
                return True
    return False


def switch_index(tx: Transaction) -> None:
    """Derive every blind index of the store anew with the transaction's index master.

    What groups contacts into campaigns is derived from their content by the contacts room.
    """
    contact_points.reindex(tx)
    canaries.reindex(tx)
    placements.reindex(tx)
    contacts.reindex_events(tx)
    state = schema.vault_state
    tx.connection.execute(update(state).values(index_check=tx.indexer.check))
    tx.append(Action.REINDEX, Leaf(VAULT, salted(tx.indexer.check)))

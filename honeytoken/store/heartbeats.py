"""When each forwarder was last heard of: silence of a phone is no silence of the callers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from . import schema
from .transaction import Transaction

_table = schema.heartbeats


def note(tx: Transaction, beats: Iterable[tuple[str, str]]) -> None:
    """Note that these (gateway, device) were heard of now."""
    rows = [
        # PostgreSQL stores no NUL in a text.
        {"gateway": gateway, "device": device.replace("\0", "\ufffd"), "heard_at": tx.now}
        for gateway, device in sorted(set(beats))
    ]
    if not rows:
        return
    dialect = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(_table)
    statement = statement.on_conflict_do_update(
        index_elements=["gateway", "device"], set_={"heard_at": statement.excluded.heard_at}
    )
    tx.connection.execute(statement, rows)


def forget(tx: Transaction, *, before: datetime) -> None:
    """Delete phones that were last heard of long ago."""
    tx.connection.execute(delete(_table).where(_table.c.heard_at < before))


def latest(tx: Transaction) -> dict[tuple[str, str], datetime]:
    """Return when each (gateway, device) was last heard of."""
    query = select(_table).order_by(_table.c.gateway, _table.c.device)
    return {(row.gateway, row.device): row.heard_at for row in tx.connection.execute(query)}

"""How many deliveries each gateway brought, a day: what a misconfigured forwarder shows up in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from . import schema
from .schema import to_microseconds
from .transaction import Transaction

_table = schema.delivery_counts
_DAY_MICROSECONDS = 86_400_000_000


def day(at: datetime) -> int:
    """Return the number of the day (UTC) since 1970."""
    return to_microseconds(at) // _DAY_MICROSECONDS


def add(tx: Transaction, counts: Mapping[tuple[str, str], int]) -> None:
    """Add to today's counts, by gateway and outcome."""
    if not counts:
        return
    dialect = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(_table)
    statement = statement.on_conflict_do_update(
        index_elements=["gateway", "outcome", "day"],
        set_={"count": _table.c.count + statement.excluded.count},
    )
    today = day(tx.now)
    tx.connection.execute(
        statement,
        [
            {"gateway": gateway, "outcome": outcome, "day": today, "count": count}
            for (gateway, outcome), count in sorted(counts.items())
        ],
    )


def any_of(tx: Transaction, gateways: Collection[str], first_day: int) -> bool:
    """Tell whether any of these gateways brought something on that day or later."""
    # The listener asks for every batch: past SQLAlchemy.
    sql = f"SELECT 1 FROM delivery_counts WHERE gateway IN {{}} AND day >= {first_day:d}"  # noqa: S608
    return next(tx.select_in(sql, sorted(gateways)), None) is not None


def since(tx: Transaction, first_day: int) -> dict[tuple[str, str], int]:
    """Return the counts from a day on, by gateway and outcome."""
    query = (
        select(_table.c.gateway, _table.c.outcome, func.sum(_table.c.count))
        .where(_table.c.day >= first_day)
        .group_by(_table.c.gateway, _table.c.outcome)
        .order_by(_table.c.gateway, _table.c.outcome)
    )
    return {
        (gateway, outcome): int(count) for gateway, outcome, count in tx.connection.execute(query)
    }

"""What is amiss just now, so that it is told once, and told again when it is well."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from . import schema
from .transaction import Transaction

_table = schema.alarms


def raised(tx: Transaction, kind: str) -> frozenset[str]:
    """Return the subjects for which an alarm of this kind is raised."""
    query = select(_table.c.subject).where(_table.c.kind == kind)
    return frozenset(tx.connection.execute(query).scalars())


def change(tx: Transaction, kind: str, *, raise_: Iterable[str], clear: Iterable[str]) -> None:
    """Raise alarms that are not raised, and clear ones that are."""
    fresh = [
        {"kind": kind, "subject": subject, "raised_at": tx.now} for subject in sorted(set(raise_))
    ]
    if fresh:
        tx.connection.execute(insert(_table), fresh)
    gone = list(clear)
    if gone:
        tx.connection.execute(
            delete(_table).where(_table.c.kind == kind, _table.c.subject.in_(gone))
        )

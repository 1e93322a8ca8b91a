"""What is to be told to somebody: rows written with what they are about, sent afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import codec, schema
from .ids import new_ids
from .schema import to_microseconds
from .transaction import Transaction

WAITING, SENT, DEAD = "waiting", "sent", "dead"
_COLUMNS = (
    "id",
    "sink",
    "kind",
    "subject",
    "created_at",
    "due_at",
    "attempts",
    "state",
    "sealed",
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told to one sink."""

    #: Name of its table in the settings.
    sink: str
    #: Such as ``"contact.received"``.
    kind: str
    #: What it is about, such as a contact point; ``None`` if nothing in particular.
    subject: str | None
    data: Mapping[str, Any] = field(repr=False)


def enqueue(tx: Transaction, notices: Iterable[Notice]) -> None:
    """Put notices into the outbox: they are sent if, and only if, *tx* commits."""
    notices = list(notices)
    if not notices:
        return
    now = to_microseconds(tx.now)
    rows = []
    for notice, row_id in zip(notices, new_ids("alr", tx.now, len(notices)), strict=True):
        plain = codec.to_bytes(notice.data)
        sealed = tx.sealer.seal(plain, table="outbox", column="sealed", row=row_id)
        rows.append(
            (row_id, notice.sink, notice.kind, notice.subject, now, now, 0, WAITING, sealed)
        )
    tx.insert_many(schema.outbox, _COLUMNS, rows)

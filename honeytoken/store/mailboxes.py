"""How far each mailbox was read: everything up to there is stored."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from . import schema
from .transaction import Transaction

_table = schema.mailboxes


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a mailbox (RFC 9051, section 2.3.1.1)."""

    #: With another one, the mailbox numbers its messages anew.
    uid_validity: int
    #: Of the last message that was read; 0 before the first.
    last_uid: int


def get(tx: Transaction, gateway: str) -> Place | None:
    """Return how far a gateway's mailbox was read; ``None`` if never."""
    query = select(_table.c.uid_validity, _table.c.last_uid).where(_table.c.gateway == gateway)
    row = tx.connection.execute(query).first()
    return None if row is None else Place(row.uid_validity, row.last_uid)


def put(tx: Transaction, gateway: str, place: Place) -> None:
    """Remember how far a mailbox was read; under one UIDVALIDITY it only goes forward.

    Several replicas may read one mailbox: the one that lags behind must not turn it back.
    """
    before = get(tx, gateway)
    values = {"uid_validity": place.uid_validity, "last_uid": place.last_uid}
    if before is None:
        tx.connection.execute(insert(_table).values(gateway=gateway, **values))
    elif before.uid_validity != place.uid_validity or before.last_uid < place.last_uid:
        tx.connection.execute(update(_table).where(_table.c.gateway == gateway).values(**values))

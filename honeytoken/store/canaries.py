"""Canaries: sealed identities and the blind indexes by which they are found again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select

from .. import normalize
from ..keys import DIGEST_BYTES, Indexer, IndexKind
from ..ledger import Action, Leaf
from ..models import Canary, ContactPoint, ContactPointKind, Identity, PlacementStatus
from . import codec, schema
from .ids import is_of
from .schema import from_microseconds, to_microseconds
from .transaction import Transaction

_table = schema.canaries
_index = schema.canary_index
_READ_CHUNK = 2000


def digests(indexer: Indexer, identity: Identity) -> list[bytes]:
    """Return the blind indexes of an identity: phone number, e-mail, joint (surname, last four).

    The e-mail's comes first. More projections (addresses, masked forms) would slow minting and
    reveal frequencies to whoever holds the file: who holds the keys builds them in memory.
    """
    found = []
    mac = indexer.function
    if identity.email is not None:
        found.append(mac(IndexKind.EMAIL)(identity.email.encode())[:DIGEST_BYTES])
    if identity.phone_number is not None:
        number = identity.phone_number
        found.append(mac(IndexKind.PHONE_NUMBER)(number.encode())[:DIGEST_BYTES])
        if identity.family_name:
            joint = normalize.surname_last4(identity.family_name, number)
            found.append(mac(IndexKind.SURNAME_LAST4)(joint.encode())[:DIGEST_BYTES])
    return found


def insert_many(
    tx: Transaction, canaries: Sequence[Canary], indexed: Sequence[Sequence[bytes]]
) -> None:
    """Add canaries, sealed and indexed, with one ledger entry for up to 1024 of them.

    Args:
        tx: the transaction.
        canaries: with ids.
        indexed: what :func:`digests` gives for each: whoever mints has looked them up before.
    """
    # The numbers go on from the highest: one transaction writes at a time.
    first = (tx.connection.execute(select(func.max(_table.c.number))).scalar() or 0) + 1
    seal, append = tx.sealer.seal, tx.append
    rows: list[tuple[Any, ...]] = []
    index_rows: list[tuple[bytes, int]] = []
    for number, canary in enumerate(canaries, first):
        expires = None if canary.expires_at is None else to_microseconds(canary.expires_at)
        data: dict[str, Any] = {
            "identity": codec.identity_data(canary.identity),
            "contact_point_ids": canary.contact_point_ids,
            # They stand in plain as well; here they show that those were not altered.
            "plan_id": canary.plan_id,
            "expires_at": expires,
        }
        if canary.note is not None:
            data["note"] = canary.note
        plain = codec.to_bytes(data)
        rows.append(
            (
                number,
                canary.id,
                canary.plan_id,
                to_microseconds(canary.minted_at),
                expires,
                seal(plain, table="canaries", column="sealed", row=canary.id),
            )
        )
        append(Action.MINT, Leaf(canary.id, plain), keep=False)
    for number, found in enumerate(indexed, first):
        index_rows += [(digest, number) for digest in found]
    # Sorted, a chunk touches each page of the index once.
    index_rows.sort()
    columns = ("number", "id", "plan_id", "minted_at", "expires_at", "sealed")
    tx.insert_many(_table, columns, rows)
    tx.insert_many(_index, ("digest", "number"), index_rows)


class IndexSum:
    """Tells whether two sets of rows of the index are equal, in whatever order they come.

    The sum of a keyed hash of each row, modulo 2**128. The key is drawn for each comparison, so
    that nobody can choose rows whose sum is that of others.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.value = 0

    def add(self, digest: bytes, number: int) -> None:
        """Count a row in."""
        row = digest + number.to_bytes(8, "big")
        hashed = hashlib.blake2b(row, key=self._key, digest_size=DIGEST_BYTES).digest()
        self.value = (self.value + int.from_bytes(hashed, "big")) % 2 ** (8 * DIGEST_BYTES)


def audited(tx: Transaction, ids: Sequence[str], expected: IndexSum) -> dict[str, bytes | None]:
    """Return, by id, what is sealed of canaries.

    It is empty where something else stands beside it: another plan or time. Older canaries do not
    hold their plan and expiry.

    Args:
        tx: the transaction.
        ids: of canaries.
        expected: takes up the rows of the index that lead to them.
    """
    plains: dict[str, bytes | None] = {}
    sql = "SELECT number, id, plan_id, minted_at, expires_at, sealed FROM canaries WHERE id IN {}"
    for number, canary_id, plan_id, minted_at, expires_at, sealed in tx.select_in(sql, ids):
        plain = tx.sealer.open(bytes(sealed), table="canaries", column="sealed", row=canary_id)
        data = codec.from_bytes(plain)
        agrees = (
            data.get("plan_id", plan_id) == plan_id
            and data.get("expires_at", expires_at) == expires_at
            and is_of(canary_id, minted_at)
        )
        plains[canary_id] = plain if agrees else b""
        for digest in set(digests(tx.indexer, codec.identity(data["identity"]))):
            expected.add(digest, number)
    return plains


def add_index(tx: Transaction, stored: IndexSum) -> None:
    """Count in every row of the index."""
    digest, number = b"", 0
    sql = (
        "SELECT digest, number FROM canary_index WHERE (digest, number) > ({}, {})"
        " ORDER BY digest, number LIMIT {}"
    )
    while rows := tx.execute(sql, digest, number, _READ_CHUNK):
        for found, number in rows:
            digest = bytes(found)
            stored.add(digest, number)


def ids_by_digest(tx: Transaction, digests: Sequence[bytes]) -> dict[bytes, list[str]]:
    """Return, for each blind index that is ours, the canaries under it, oldest first."""
    found: dict[bytes, list[str]] = {}
    sql = (
        "SELECT canary_index.digest, canaries.id FROM canary_index"
        " JOIN canaries ON canaries.number = canary_index.number"
        " WHERE canary_index.digest IN {} ORDER BY canary_index.number"
    )
    for digest, canary_id in tx.select_in(sql, digests):
        found.setdefault(bytes(digest), []).append(canary_id)
    return found


def carrying(tx: Transaction, point: ContactPoint) -> list[str]:
    """Return the canaries that carry a contact point, oldest first.

    A phone number or mailbox is found by its blind index. For an address every canary is opened:
    that is for a letter or parcel somebody holds in hand. A mail domain says too little and gives
    none.
    """
    if point.kind is ContactPointKind.PHONE_NUMBER:
        digest = tx.indexer.digest(IndexKind.PHONE_NUMBER, point.value)
        return ids_by_digest(tx, [digest]).get(digest, [])
    if point.kind is ContactPointKind.MAILBOX:
        digest = tx.indexer.digest(IndexKind.EMAIL, point.value)
        return ids_by_digest(tx, [digest]).get(digest, [])
    if point.kind is ContactPointKind.EMAIL_DOMAIN:
        return []
    return [
        canary.id
        for chunk in chunks(tx)
        for canary in chunk
        if point.id in canary.contact_point_ids
    ]


def get_many(tx: Transaction, ids: Sequence[str]) -> dict[str, Canary]:
    """Return the canaries with these ids; unknown ids are left out."""
    sql = "SELECT id, plan_id, minted_at, expires_at, sealed FROM canaries WHERE id IN {}"
    found = {}
    for canary_id, plan_id, minted_at, expires_at, sealed in tx.select_in(sql, ids):
        found[canary_id] = _opened(
            tx,
            canary_id,
            bytes(sealed),
            plan_id=plan_id,
            minted_at=from_microseconds(minted_at),
            expires_at=None if expires_at is None else from_microseconds(expires_at),
        )
    return found


def in_plan(tx: Transaction, plan_id: str) -> list[Canary]:
    """Return the canaries designed with one plan, oldest first."""
    query = select(_table).where(_table.c.plan_id == plan_id).order_by(_table.c.id)
    return [_canary(tx, row) for row in tx.connection.execute(query)]


def points_with_channel(tx: Transaction, channel_id: str) -> set[str]:
    """Return the contact points that canaries placed with a channel carry.

    Opens those canaries: which point one carries is nowhere in plain.
    """
    placed = schema.placements
    query = select(_table).where(
        _table.c.id.in_(
            select(placed.c.canary_id).where(
                placed.c.channel_id == channel_id, placed.c.status != PlacementStatus.VOID.value
            )
        )
    )
    rows = tx.connection.execute(query)
    return {point_id for row in rows for point_id in _canary(tx, row).contact_point_ids}


def chunk_after(tx: Transaction, last_id: str, *, limit: int = _READ_CHUNK) -> list[Canary]:
    """Return up to *limit* canaries whose ids follow *last_id* (``""`` for the first)."""
    query = select(_table).where(_table.c.id > last_id).order_by(_table.c.id).limit(limit)
    return [_canary(tx, row) for row in tx.connection.execute(query)]


def count(tx: Transaction) -> int:
    """Return how many canaries there are."""
    return tx.connection.execute(select(func.count()).select_from(_table)).scalar_one()


def reindex(tx: Transaction) -> None:
    """Derive every blind index anew with the transaction's index master."""
    tx.connection.execute(delete(_index))
    for chunk in chunks(tx):
        query = select(_table.c.id, _table.c.number).where(
            _table.c.id >= chunk[0].id, _table.c.id <= chunk[-1].id
        )
        numbers = {row.id: row.number for row in tx.connection.execute(query)}
        rows = [
            (digest, numbers[canary.id])
            for canary in chunk
            for digest in digests(tx.indexer, canary.identity)
        ]
        tx.insert_many(_index, ("digest", "number"), sorted(rows))


def chunks(tx: Transaction) -> Iterator[list[Canary]]:
    """Yield all canaries, oldest first, a chunk at a time."""
    last = ""
    while chunk := chunk_after(tx, last):
        yield chunk
        last = chunk[-1].id


def _canary(tx: Transaction, row: Row[*tuple[Any, ...]]) -> Canary:
    return _opened(
        tx,
        row.id,
        row.sealed,
        plan_id=row.plan_id,
        minted_at=row.minted_at,
        expires_at=row.expires_at,
    )


def _opened(
    tx: Transaction,
    canary_id: str,
    sealed: bytes,
    *,
    plan_id: str | None,
    minted_at: datetime,
    expires_at: datetime | None,
) -> Canary:
    plain = tx.sealer.open(sealed, table="canaries", column="sealed", row=canary_id)
    data = codec.from_bytes(plain)
    return Canary(
        id=canary_id,
        identity=codec.identity(data["identity"]),
        contact_point_ids=tuple(data["contact_point_ids"]),
        minted_at=minted_at,
        plan_id=plan_id,
        expires_at=expires_at,
        note=data.get("note"),
    )

"""The hash chain: what an entry is, how it is linked, how a chain is checked. Pure.

An entry commits to its payloads, it does not show them: ``commitment = SHA-256(domain, record id,
salt | payload)`` with 128 random bits of salt in front of each payload. One record can be
opened to a third party (payload, salt and the other 32-byte commitments of its entry) without the
others, and is erased by destroying the sealed payload: the chain still verifies.

    digest = SHA-256(domain, seq, at, action, subjects, SHA-256(commitments), previous digest)

every part prefixed by its length, so that no two entries read the same. Source: hash-linked time
stamping (Haber & Stornetta, 1991); ``docs/ledger.md`` has the format for other implementations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from .errors import LedgerBroken
from .keys import random_bytes
from .messages import translate as _

SALT_BYTES = 16
COMMITMENT_BYTES = 32
#: The record id of what concerns the vault as a whole.
VAULT = "vault"
#: What stands before the first entry.
GENESIS = bytes(32)

_COMMIT_DOMAIN = b"honeytoken ledger commitment 1"
_ENTRY_DOMAIN = b"honeytoken ledger entry 1"


class Action(StrEnum):
    """What was done."""

    CREATE = "create"
    ADD_CHANNEL = "add channel"
    ADD_ROUTE = "add route"
    ADD_CONTACT_POINT = "add contact point"
    RESERVE = "reserve"
    RETIRE = "retire"
    MINT = "mint"
    PLACE = "place"
    CONFIRM = "confirm"
    VOID = "void"
    RECEIVE = "receive"
    NOTE = "note"
    #: A person said what a contact is.
    CLASSIFY = "classify"
    #: The rules said anew what a contact is.
    REJUDGE = "rejudge"
    #: A second, independent record of a contact was found.
    CORROBORATE = "corroborate"
    #: The content of contacts was destroyed.
    ERASE = "erase"
    SET_SENDERS = "set senders"
    TRACK = "track"
    DRILL = "drill"
    REVEAL = "reveal"
    REKEY = "rekey"
    REINDEX = "reindex"


class Leaf(NamedTuple):
    """One payload of an entry. A tuple: minting makes one for every canary."""

    record_id: str
    #: Salt and payload together, as :func:`salted` gives them.
    salted: bytes

    @property
    def commitment(self) -> bytes:
        """The 32 bytes that go into the entry."""
        return commitment(self.record_id, self.salted)


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the chain."""

    seq: int
    at: datetime
    action: str
    #: Ids of the records it is about, in the order of the commitments.
    subjects: tuple[str, ...]
    commitments: bytes
    previous: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The last entry's number and digest: keep it elsewhere, and later nothing can be undone."""

    seq: int
    #: 64 hex digits.
    digest: str


#: What is shown whole: stable words, beside those of ``DocumentKind``.
REVEALED = (
    *("canaries", "channels", "placements", "contacts", "contact points"),
    *("mint", "alert"),
)


@dataclass(frozen=True, slots=True)
class Reveal:
    """One time that personal values were shown whole."""

    seq: int
    at: datetime
    #: Kind of the records, or how they were shown: one of :data:`REVEALED`, or a document.
    what: str
    #: Those shown; none if all of a kind were.
    ids: tuple[str, ...]
    #: The account at the machine, or the sink of an alert, where it is known.
    by: str | None = None


def salted(payload: bytes) -> bytes:
    """Return *payload* behind a fresh salt."""
    return random_bytes(SALT_BYTES) + payload


def commitment(record_id: str, salted_payload: bytes) -> bytes:
    """Return the hiding commitment to one record's payload, 32 bytes."""
    name = record_id.encode()
    head = _COMMIT_DOMAIN + len(name).to_bytes(4, "big") + name
    return hashlib.sha256(head + salted_payload).digest()


def microseconds(at: datetime) -> int:
    """Return an aware time as microseconds since 1970, exactly."""
    delta = at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def link(
    *,
    seq: int,
    at: datetime,
    action: str,
    subjects: tuple[str, ...],
    commitments: bytes,
    previous: bytes,
) -> Entry:
    """Return the entry that follows *previous*."""
    parts = (
        str(seq).encode(),
        str(microseconds(at)).encode(),
        action.encode(),
        " ".join(subjects).encode(),
        hashlib.sha256(commitments).digest(),
        previous,
    )
    hashed = hashlib.sha256(_ENTRY_DOMAIN)
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return Entry(seq, at, action, subjects, commitments, previous, hashed.digest())


def verify(entries: Iterable[Entry], *, head: str | None = None) -> LedgerHead:
    """Check a whole chain from its first entry and return where it ends.

    Args:
        entries: in the order in which they stand.
        head: a digest kept elsewhere; it must be that of one of the entries.

    Raises:
        LedgerBroken: an entry was altered, removed or reordered, or *head* is not in the chain.
    """
    head = None if head is None else head.strip().lower()
    previous, seq, met = GENESIS, 0, head is None or head == GENESIS.hex()
    for entry in entries:
        if entry.seq != seq + 1:
            raise LedgerBroken(seq + 1, _("an entry was removed or reordered."))
        seq = entry.seq
        if entry.previous != previous:
            raise LedgerBroken(seq, _("it does not follow the entry before it."))
        if len(entry.commitments) != COMMITMENT_BYTES * len(entry.subjects):
            raise LedgerBroken(seq, _("its commitments do not fit its subjects."))
        again = link(
            seq=seq,
            at=entry.at,
            action=entry.action,
            subjects=entry.subjects,
            commitments=entry.commitments,
            previous=previous,
        )
        if again.digest != entry.digest:
            raise LedgerBroken(seq, _("it was altered."))
        previous = entry.digest
        met = met or previous.hex() == head
    if not met:
        raise LedgerBroken(seq, _("the digest kept elsewhere is not in this chain."))
    return LedgerHead(seq, previous.hex())

"""Which record of a phone or carrier tells of which contact. Pure rules, but for the blind index.

A hook and a phone log tell of one call with times that differ a little: the same contact point, the
same claimed sender, within three minutes of the time from ring to end. Of messages the text says
more than the time: the same text within a day, for a carrier may hold a message back that long.
Each contact is matched once, the nearest pairs first.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .. import store
from ..keys import IndexKind
from ..models import Contact, Medium
from ..phonelogs import Source
from ..store import counts

#: Clocks of phone, forwarder and carrier, and the time until a forwarder sends.
TOLERANCE = timedelta(minutes=3)
#: Of messages with the same text.
TEXT_TOLERANCE = timedelta(hours=24)
#: Gateways whose records were imported and may be the second of a hook's.
IMPORTED = frozenset(source.value for source in Source)
#: The gateway of what a person typed in.
BY_HAND = "by hand"
#: The owner's own records: none proves that a hook works, nor is it a witness to another of them.
OWN_RECORDS = IMPORTED | {BY_HAND}
#: For so long after an import a hook may still tell of what was in it.
_LATE_DAYS = 30
#: A bucket is as wide as the tolerance on both sides, so a time lies within reach of two.
_BUCKET = 2 * TOLERANCE
#: Of one sender's contacts, as many are looked at before and after a record's time.
_NEAREST = 50
#: A shorter text stands in many others.
_SHORTEST_PART = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """What is compared: a record to import, or a contact."""

    key: str
    #: When it began; and when it ended, if that is known.
    at: datetime
    until: datetime
    #: Blind index of the claimed sender; ``None`` if withheld.
    sender: bytes | None = field(repr=False)
    #: As :func:`even` gives it.
    text: str = field(repr=False)


def even(text: str | None) -> str:
    """Return a message's text as it is compared: width, case and blanks evened out."""
    return "".join(unicodedata.normalize("NFKC", text or "").casefold().split())


def pairs(records: Sequence[Told], held: Sequence[Told]) -> dict[str, str]:
    """Return which contact each record tells of, by their keys: one to one, nearest first."""
    by_sender: dict[bytes | None, list[Told]] = {}
    for contact in sorted(held, key=lambda told: (told.at, told.key)):
        by_sender.setdefault(contact.sender, []).append(contact)
    found: list[tuple[timedelta, int, str, str]] = []
    for index, record in enumerate(records):
        same = by_sender.get(record.sender, [])
        place = bisect_left(same, record.at, key=lambda told: told.at)
        for contact in same[max(0, place - _NEAREST) : place + _NEAREST]:
            apart = distance(record, contact)
            if apart is not None:
                found.append((apart, index, record.key, contact.key))
    taken: set[str] = set()
    chosen: dict[str, str] = {}
    for _apart, _index, record_key, contact_key in sorted(found):
        if record_key not in chosen and contact_key not in taken:
            chosen[record_key] = contact_key
            taken.add(contact_key)
    return chosen


def distance(record: Told, contact: Told) -> timedelta | None:
    """Return how far apart two tellings are, ``None`` if they are not of one call or message."""
    if contact.at < record.at:
        apart = record.at - contact.at
    else:
        apart = max(contact.at - record.until, timedelta())
    if record.text and contact.text and record.text != contact.text:
        short, long = sorted((record.text, contact.text), key=len)
        # A forwarder may put words of its own around a text.
        fits = len(short) >= _SHORTEST_PART and short in long and apart <= TOLERANCE
        return apart if fits else None
    limit = TEXT_TOLERANCE if record.text and contact.text else TOLERANCE
    return apart if apart <= limit else None


def reach(record: Told) -> tuple[datetime, datetime]:
    """Return within which times a contact may be of the call or message that a record tells of."""
    around = TEXT_TOLERANCE if record.text else TOLERANCE
    return record.at - around, record.until + around


def is_same_time(first: datetime, second: datetime) -> bool:
    """Tell whether two times are one, as exporters round it: to the second or the minute."""
    one, other = first.replace(microsecond=0), second.replace(microsecond=0)
    if one == other:
        return True
    return 0 in (one.second, other.second) and one.replace(second=0) == other.replace(second=0)


# A hook may deliver late, when the import has made the contact already. So that it need not look
# through contacts, an imported one waits under a blind index that the delivery can derive, too.


def waiting_digest(
    tx: store.Transaction, point: bytes, medium: Medium, sender: str, at: datetime, text: str | None
) -> bytes:
    """Return under which fold digest an imported contact waits for a late delivery."""
    if even(text):
        return _digest(tx, point, medium, sender, even(text))
    return _digest(tx, point, medium, sender, _bucket(at))


def expect_late(tx: store.Transaction, source: Source, entries: int) -> None:
    """Note that entries were imported: from now on the listener looks for hooks that are late."""
    counts.add(tx, {(source.value, "imported"): entries})


def may_be_late(tx: store.Transaction) -> bool:
    """Tell whether anything was imported lately, so that a delivery may be a second record."""
    return counts.any_of(tx, IMPORTED, counts.day(tx.now) - _LATE_DAYS)


def digests_of_late(
    tx: store.Transaction, point: bytes, medium: Medium, sender: str, at: datetime, text: str | None
) -> list[bytes]:
    """Return under which fold digests an imported contact of the same call or message waits."""
    if medium not in (Medium.CALL, Medium.SMS):
        return []
    places = {_bucket(at - TOLERANCE), _bucket(at + TOLERANCE)}
    if even(text):
        places.add(even(text))
    return [_digest(tx, point, medium, sender, place) for place in sorted(places)]


def is_late(imported: Contact, at: datetime, text: str | None) -> bool:
    """Tell whether a delivery is of the imported contact that waits under one of its digests."""
    same_text = bool(imported.body) and even(imported.body) == even(text)
    return abs(imported.received_at - at) <= (TEXT_TOLERANCE if same_text else TOLERANCE)


def _bucket(at: datetime) -> str:
    return f"\0{(at - _EPOCH) // _BUCKET}"


def _digest(tx: store.Transaction, point: bytes, medium: Medium, sender: str, place: str) -> bytes:
    return tx.indexer.digest(
        IndexKind.FOLD, f"imported\0{medium}\0{point.hex()}\0{sender}\0{place}"
    )

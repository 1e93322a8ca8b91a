"""Phone logs and carrier bills become second records of contacts, or contacts that hooks missed.

Two passes over the file. The first reads all of it and stores nothing: a row that cannot be read, a
number that is none of ours, or a SIM nobody named refuses the file as a whole. The second matches
and stores, some hundreds of entries a transaction, so that the listener gets its turn; stopped
half-way, it is simply run again: what is stored already is recognised.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO

from .. import normalize, store
from ..errors import InvalidInput
from ..gateways import Delivery
from ..keys import IndexKind
from ..ledger import Action
from ..messages import ngettext
from ..messages import translate as _
from ..models import Authenticity, Contact, ContactPoint, Event, Medium
from ..phonelogs import DateOrder, Entry, PhoneLog, Source, Unreadable, open_log
from ..store import Store, contacts, nearby
from ..store.contacts import NewContact
from ..store.ids import new_ids
from . import matching, owners
from .candidates import claimed_sender
from .matching import Told
from .owners import Owners
from .recording import Received, record_batch, with_text

#: Entries in one transaction.
CHUNK = 500
#: China has one time all the year round.
_CHINA_TIME = timezone(timedelta(hours=8))
#: What a stream may hold; a file is read a piece at a time.
_MAX_STREAM_BYTES = 512 * 1024**2
#: So many unreadable lines are named in an error.
_NAMED_LINES = 5

#: Is told how much is done, of what, and what is being done.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Missed:
    """An entry that no hook had told of."""

    #: Where it stands in the file.
    line: int
    medium: Medium
    at: datetime
    #: ``None`` in a dry run.
    contact_id: str | None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import found, and what it did. Holds no personal data."""

    source: Source
    #: Calls and messages that came in, to a contact point of ours, within the time asked for.
    incoming: int
    #: Of them: contacts that were known already and now have a second record ...
    matched: int
    #: ... of which so many were confirmed by nothing before.
    confirmed: int
    #: Stored by an earlier import, or erased since.
    known: int
    #: New: no hook had told of them. In the file's order.
    missed: tuple[Missed, ...]
    #: Passed over, and nothing kept: what went out,
    outgoing: int
    #: what reached other numbers or other SIMs,
    elsewhere: int
    #: what lies before ``since`` or not before ``until``,
    outside: int
    #: what came from people in the phone's address book (``skip_known``),
    acquainted: int
    #: and what is neither call nor message.
    aside: int
    #: Lines that could not be read (``skip_bad``).
    unreadable: tuple[int, ...]
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be imported, and how the file is to be understood.

    Attributes:
        to: the number whose log it is, or its contact point's id; not needed if the file says it.
        sims: in place of it, for a phone with several: the phone's name of a SIM -> its number.
        zone: of times without an offset; China's where all numbers are Chinese.
        date_order: of dates such as 03/01/2026, where the file does not tell.
        medium: ``call`` or ``sms``, where the file does not tell.
        source: whose record it is, where the content tells it wrongly.
        since, until: only what came in at this time or later, and before that.
        skip_known: leave out who stands in the phone's address book.
        skip_bad: leave out lines that cannot be read.
        dry_run: store nothing.
    """

    to: str | None = field(default=None, repr=False)
    sims: Mapping[str, str] = field(default_factory=dict, repr=False)
    zone: tzinfo | None = None
    date_order: DateOrder | None = None
    medium: Medium | None = None
    source: Source | None = None
    since: datetime | None = None
    until: datetime | None = None
    skip_known: bool = False
    skip_bad: bool = False
    dry_run: bool = False


def phone_medium(medium: Medium | str) -> Medium:
    """Return ``call`` or ``sms``.

    Raises:
        InvalidInput: it is something else.
    """
    found = normalize.word(Medium, medium)
    if found not in (Medium.CALL, Medium.SMS):
        raise InvalidInput(_("a phone log holds calls and messages: call or sms."))
    return found


@contextmanager
def opened(file: str | Path | BinaryIO) -> Iterator[BinaryIO]:
    """Give *file* as one that can be read twice; what was open already stays open.

    Raises:
        InvalidInput: it cannot be read.
    """
    if isinstance(file, str | Path):
        try:
            with Path(file).open("rb") as binary:
                yield binary
        except (FileNotFoundError, IsADirectoryError, PermissionError) as err:
            raise InvalidInput(
                _("the file cannot be read: {reason}.").format(reason=err.strerror)
            ) from err
    elif file.seekable():
        yield file
    else:
        # Kept in memory: personal data does not go to a temporary file.
        raw = file.read(_MAX_STREAM_BYTES + 1)
        if len(raw) > _MAX_STREAM_BYTES:
            raise InvalidInput(
                _("the file is larger than {size} MB.").format(size=_MAX_STREAM_BYTES // 2**20),
                hint=_("Nothing was done. Give it as a file, not through a pipe."),
            )
        yield io.BytesIO(raw)


def import_file(
    store: Store, file: BinaryIO, choice: Choice, progress: Progress | None = None
) -> ImportReport:
    """Read *file*, match what it holds against the contacts, store the rest; return what was done.

    Raises:
        InvalidInput: it is no log, cannot be read in one way, or does not say whose it is.
        Refused: it is the log of a number that is no contact point of this vault.
    """
    log = open_log(file, date_order=choice.date_order, medium=choice.medium)
    with store.read() as tx:
        whose = owners.find(tx, log.own_numbers, to=choice.to, sims=choice.sims)
    zone = choice.zone or (_CHINA_TIME if whose.regions == {"CN"} else None)
    if log.needs_zone and zone is None:
        raise InvalidInput(
            _("the file's times do not say their offset from UTC."),
            hint=_("Nothing was done. Say it with --utc-offset, such as +01:00 or Europe/London."),
        )
    work = _Import(store, file, log, choice, whose, zone, progress or (lambda _d, _a, _w: None))
    work.survey()
    return work.store_all()


class _Fate(Enum):
    """What becomes of an entry, by itself."""

    WANTED = auto()
    OUTGOING = auto()
    ELSEWHERE = auto()
    OUTSIDE = auto()
    ACQUAINTED = auto()


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry that is to be stored, with what it is recognised by."""

    entry: Entry
    point: ContactPoint
    received: Received
    told: Told


class _Import:
    """One file on its way into a store."""

    def __init__(
        self,
        store: Store,
        file: BinaryIO,
        log: PhoneLog,
        choice: Choice,
        whose: Owners,
        zone: tzinfo | None,
        progress: Progress,
    ) -> None:
        self._store = store
        self._file = file
        self._log = log
        self._choice = choice
        self._owners = whose
        self._zone = zone
        self._progress = progress
        self._source = choice.source or log.source
        self._now = store.clock()
        self._counts = dict.fromkeys(_Fate, 0)
        self._aside = 0
        self._unreadable: list[int] = []
        self._matched = self._confirmed = self._known = 0
        self._missed: list[Missed] = []
        #: Contacts that this file has told of already.
        self._taken: set[str] = set()
        #: In a dry run, deliveries that would have been stored.
        self._seen: set[bytes] = set()

    def survey(self) -> None:
        """Read the whole file once; refuse it if not all of it can be understood."""
        bad: list[Unreadable] = []
        sims: set[str] = set()
        nameless = False
        size = self._file.seek(0, io.SEEK_END)
        for index, record in enumerate(self._records()):
            if index % CHUNK == 0:
                self._progress(self._file.tell() // 1024, size // 1024, _("reading (KB)"))
            if isinstance(record, Unreadable):
                self._unreadable.append(record.line)
                if len(bad) < _NAMED_LINES:
                    bad.append(record)
            elif not isinstance(record, Entry):
                self._aside += 1
            elif record.incoming is not False and record.recipient is None:
                nameless = True
                if record.sim is not None:
                    sims.add(record.sim)
        if bad and not self._choice.skip_bad:
            raise _unreadable(bad, len(self._unreadable))
        self._owners.require(sims, nameless=nameless)

    def store_all(self) -> ImportReport:
        """Match and store what the file holds; return the report."""
        chunk: list[tuple[Entry, ContactPoint]] = []
        size = self._file.seek(0, io.SEEK_END)
        for record in self._records():
            if not isinstance(record, Entry):
                continue
            fate, point = self._fate(record)
            self._counts[fate] += 1
            if point is not None:
                chunk.append((record, point))
            if len(chunk) == CHUNK:
                self._store_chunk(chunk)
                chunk = []
                self._progress(self._file.tell() // 1024, size // 1024, _("storing (KB)"))
        self._store_chunk(chunk)
        return ImportReport(
            source=self._source,
            incoming=self._counts[_Fate.WANTED],
            matched=self._matched,
            confirmed=self._confirmed,
            known=self._known,
            missed=tuple(self._missed),
            outgoing=self._counts[_Fate.OUTGOING],
            elsewhere=self._counts[_Fate.ELSEWHERE],
            outside=self._counts[_Fate.OUTSIDE],
            acquainted=self._counts[_Fate.ACQUAINTED],
            aside=self._aside,
            unreadable=tuple(self._unreadable),
            dry_run=self._choice.dry_run,
        )

    def _records(self) -> Iterator[object]:
        for record in self._log.records(self._zone):
            if isinstance(record, Entry) and record.at > self._now:
                yield Unreadable(record.line, _("the time lies in the future."))
            else:
                yield record

    def _fate(self, entry: Entry) -> tuple[_Fate, ContactPoint | None]:
        choice = self._choice
        if entry.incoming is False:
            return _Fate.OUTGOING, None
        point = self._owners.reached(entry)
        if entry.incoming is None and self._owners.sent(entry, point):
            return _Fate.OUTGOING, None
        if point is None:
            return _Fate.ELSEWHERE, None
        if choice.since is not None and entry.at < choice.since:
            return _Fate.OUTSIDE, None
        if choice.until is not None and entry.at >= choice.until:
            return _Fate.OUTSIDE, None
        if choice.skip_known and entry.named:
            return _Fate.ACQUAINTED, None
        return _Fate.WANTED, point

    def _store_chunk(self, chunk: Sequence[tuple[Entry, ContactPoint]]) -> None:
        if not chunk:
            return
        if self._choice.dry_run:
            with self._store.read() as tx:
                self._match(tx, chunk)
        else:
            with self._store.write() as tx:
                self._match(tx, chunk)

    def _match(self, tx: store.Transaction, chunk: Sequence[tuple[Entry, ContactPoint]]) -> None:
        """Settle a chunk: known already, a second record of a contact, or a contact of its own."""
        items = self._fresh(tx, [self._item(tx, entry, point) for entry, point in chunk])
        groups: dict[tuple[str, Medium], list[_Item]] = {}
        for item in items:
            groups.setdefault((item.point.id, item.entry.medium), []).append(item)
        seconds: list[tuple[_Item, NewContact]] = []
        unmatched: list[_Item] = []
        for (point_id, medium), group in groups.items():
            held = self._held(tx, point_id, medium, group)
            second, rest = self._pair(group, held)
            seconds += second
            unmatched += self._unknown(tx, rest, held)
        self._confirm(tx, seconds)
        self._record(tx, sorted(unmatched, key=lambda item: item.entry.line))

    def _item(self, tx: store.Transaction, entry: Entry, point: ContactPoint) -> _Item:
        sender = claimed_sender(entry.sender, medium=entry.medium, region=point.region)
        at = entry.at.astimezone(UTC)
        delivery = Delivery(
            gateway=self._source.value,
            delivery_id=_delivery_id(entry, point, sender),
            medium=entry.medium,
            authenticity=Authenticity.NONE,
            sender=entry.sender,
            recipient=point.value,
            subject=entry.subject,
            text=entry.text,
            sent_at=at,
        )
        digest = tx.indexer.digest(IndexKind.SENDER, sender) if sender else None
        return _Item(
            entry=entry,
            point=point,
            received=Received(delivery, point.region, tx.now, headers={}, body=_as_json(entry)),
            told=Told(
                key=delivery.delivery_id,
                at=at,
                until=at + timedelta(seconds=entry.duration_s or 0),
                sender=digest,
                text=matching.even(entry.text),
            ),
        )

    def _fresh(self, tx: store.Transaction, items: Sequence[_Item]) -> list[_Item]:
        """Return what no import has stored, each once."""
        digests = [
            contacts.delivery_digest(tx, self._source.value, item.told.key) for item in items
        ]
        stored = contacts.known_deliveries(tx, digests)
        self._taken.update(contact_id for contact_id in stored.values() if contact_id)
        seen = self._seen if self._choice.dry_run else set()
        fresh = []
        for item, digest in zip(items, digests, strict=True):
            if digest in stored or digest in seen:
                self._known += 1
            else:
                seen.add(digest)
                fresh.append(item)
        return fresh

    def _held(
        self, tx: store.Transaction, point_id: str, medium: Medium, group: Sequence[_Item]
    ) -> list[nearby.Held]:
        """Return the contacts that the entries of a group may be second records of."""
        spans = []
        for item in group:
            reach = matching.TEXT_TOLERANCE if item.told.text else matching.TOLERANCE
            spans.append((item.told.at - reach, item.told.until + reach))
        return [
            held
            for held in nearby.around(tx, point_id, medium, spans)
            if held.stored.contact.id not in self._taken
        ]

    def _pair(
        self, group: Sequence[_Item], held: Sequence[nearby.Held]
    ) -> tuple[list[tuple[_Item, NewContact]], list[_Item]]:
        """Return the entries with the contacts they tell of, and those that have none."""
        by_id = {
            each.stored.contact.id: each.stored
            for each in held
            if self._source.value not in each.gateways and not each.stored.contact.erased
        }
        chosen = matching.pairs(
            [item.told for item in group], [_told(stored) for stored in by_id.values()]
        )
        seconds, rest = [], []
        for item in group:
            contact_id = chosen.get(item.told.key)
            if contact_id is None:
                rest.append(item)
            else:
                seconds.append((item, by_id[contact_id]))
        return seconds, rest

    def _unknown(
        self, tx: store.Transaction, rest: Sequence[_Item], held: Sequence[nearby.Held]
    ) -> list[_Item]:
        """Return what is truly new: neither erased since, nor stored from another export."""
        if not rest:
            return []
        erased = [each.stored.contact for each in held if each.stored.contact.erased]
        before = [
            each.stored
            for each in held
            if self._source.value in each.gateways and not each.stored.contact.erased
        ]
        times = _Times(tx, self._source.value)
        unknown = []
        for item in rest:
            gone = any(
                abs(contact.received_at - item.told.at) <= matching.TOLERANCE for contact in erased
            )
            if gone or any(_is_again(item, stored, times) for stored in before):
                self._known += 1
            else:
                unknown.append(item)
        return unknown

    def _confirm(self, tx: store.Transaction, seconds: Sequence[tuple[_Item, NewContact]]) -> None:
        """Add each entry to its contact as a record of its own."""
        self._matched += len(seconds)
        self._confirmed += sum(stored.contact.confirmed_by is None for _item, stored in seconds)
        self._taken.update(stored.contact.id for _item, stored in seconds)
        if self._choice.dry_run or not seconds:
            return
        ids = new_ids("evt", tx.now, len(seconds))
        events = [
            (_event(event_id, item.received), stored)
            for event_id, (item, stored) in zip(ids, seconds, strict=True)
        ]
        contacts.insert_events(tx, events)
        for (event, stored), (item, _stored) in zip(events, seconds, strict=True):
            told = with_text(tx, stored, item.received)
            by = told.contact.confirmed_by or self._source.value
            fresh = replace(told, contact=replace(told.contact, confirmed_by=by))
            said = {"record": self._source.value, "event_id": event.id}
            contacts.save(tx, fresh, Action.CORROBORATE, said)

    def _record(self, tx: store.Transaction, items: Sequence[_Item]) -> None:
        """Make contacts of what no hook told of."""
        ids: list[str | None] = [None] * len(items)
        if items and not self._choice.dry_run:
            ids = [done.contact_id for done in record_batch(tx, [item.received for item in items])]
        self._taken.update(contact_id for contact_id in ids if contact_id)
        self._missed += [
            Missed(item.entry.line, item.entry.medium, item.told.at, contact_id)
            for item, contact_id in zip(items, ids, strict=True)
        ]


def _told(stored: NewContact) -> Told:
    contact = stored.contact
    at = contact.received_at
    return Told(contact.id, at, at, stored.sender_digest, matching.even(contact.body))


class _Times:
    """When the records of one source that a contact has say that it was; looked up once."""

    def __init__(self, tx: store.Transaction, source: str) -> None:
        self._tx = tx
        self._source = source
        self._found: dict[str, list[datetime]] = {}

    def of(self, contact: Contact) -> list[datetime]:
        """Return the times."""
        if contact.id not in self._found:
            self._found[contact.id] = [
                datetime.fromisoformat(json.loads(event.body)["at"])
                for event in contacts.list_events(self._tx, contact.id)
                if event.gateway == self._source
            ]
        return self._found[contact.id]


def _is_again(item: _Item, stored: NewContact, times: _Times) -> bool:
    """Tell whether a contact holds this very record, from a file that writes times otherwise."""
    told = _told(stored)
    if told.sender != item.told.sender or matching.distance(item.told, told) is None:
        return False
    return any(matching.is_same_time(item.told.at, at) for at in times.of(stored.contact))


def _delivery_id(entry: Entry, point: ContactPoint, sender: str) -> str:
    """Return what is the same for one entry in every export: not its place, nor its notation."""
    second = entry.at.astimezone(UTC).replace(microsecond=0)
    parts = (entry.medium.value, point.value, sender, second.isoformat(), matching.even(entry.text))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _as_json(entry: Entry) -> bytes:
    """Return the entry as it is kept beside the contact: what the file said."""
    data = {
        "line": entry.line,
        "medium": entry.medium.value,
        "at": entry.at.astimezone(UTC).isoformat(),
        "sender": entry.sender,
        "recipient": entry.recipient,
        "sim": entry.sim,
        "duration_s": entry.duration_s,
        "subject": entry.subject,
        "text": entry.text,
    }
    kept = {name: value for name, value in data.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _event(event_id: str, item: Received) -> Event:
    delivery = item.delivery
    return Event(
        id=event_id,
        gateway=delivery.gateway,
        delivery_id=delivery.delivery_id,
        received_at=item.received_at,
        headers=item.headers,
        body=item.body,
    )


def _unreadable(bad: Sequence[Unreadable], count: int) -> InvalidInput:
    lines = " ".join(
        _("line {line}: {reason}").format(line=each.line, reason=each.reason) for each in bad
    )
    return InvalidInput(
        ngettext(
            "{count} line cannot be read. {lines}", "{count} lines cannot be read. {lines}", count
        ).format(count=count, lines=lines),
        hint=_("Nothing was done. Mend the file, or leave such lines out with --skip-bad."),
    )

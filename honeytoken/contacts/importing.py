"""Phone logs and carrier bills become second records of contacts, or contacts that hooks missed.

Two passes over the file. The first reads all of it and stores nothing: a row that cannot be read, a
number that is none of ours, or a SIM nobody named refuses the file as a whole. The second matches
and stores, some hundreds of entries a transaction, so that the listener gets its turn; stopped
half-way, it is simply run again: what is stored already is recognised.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta, timezone, tzinfo
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO

from .. import normalize
from ..errors import InvalidInput
from ..messages import ngettext
from ..messages import translate as _
from ..models import ContactPoint, Medium
from ..phonelogs import Entry, PhoneLog, Unreadable, open_log
from ..store import Store
from . import owners
from .candidates import claimed_sender
from .owners import Owners
from .reports import Choice, ImportReport, Progress
from .settling import Settler

#: Entries in one transaction.
CHUNK = 500
#: China has one time all the year round.
_CHINA_TIME = timezone(timedelta(hours=8))
#: What a stream may hold; a file is read a piece at a time.
_MAX_STREAM_BYTES = 512 * 1024**2
#: So many unreadable lines are named in an error.
_NAMED_LINES = 5


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
        self._settler = Settler(self._source, dry_run=choice.dry_run)
        self._now = store.clock()
        self._counts = dict.fromkeys(_Fate, 0)
        self._aside = 0
        self._wordy = 0
        self._unreadable: list[int] = []

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
            elif self._choice.medium not in (None, record.medium):
                raise InvalidInput(
                    _("the file says itself which lines are calls and which are messages."),
                    hint=_("Nothing was done. Leave --medium out."),
                )
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
                self._wordy += _is_wordy(record, point)
            if len(chunk) == CHUNK:
                self._store_chunk(chunk)
                chunk = []
                self._progress(self._file.tell() // 1024, size // 1024, _("storing (KB)"))
        self._store_chunk(chunk)
        return ImportReport(
            source=self._source,
            incoming=self._counts[_Fate.WANTED],
            matched=self._settler.matched,
            confirmed=self._settler.confirmed,
            wordy=self._wordy,
            known=self._settler.known,
            missed=tuple(self._settler.missed),
            undecided=tuple(sorted(self._settler.undecided, key=lambda each: each.line)),
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
                self._settler.settle(tx, chunk)
        else:
            with self._store.write() as tx:
                self._settler.settle(tx, chunk)


def _is_wordy(entry: Entry, point: ContactPoint) -> bool:
    """Tell whether an entry says a sender that is no number, not even a short code."""
    sender = claimed_sender(entry.sender, medium=entry.medium, region=point.region)
    return bool(sender) and not sender.removeprefix("+").isdecimal()


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

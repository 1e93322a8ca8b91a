"""What is asked of an import, and what it says it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from ..models import Medium
from ..phonelogs import DateOrder, Source

#: Is told how much is done, of what, and what is being done.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Missed:
    """An entry that no hook had told of, or of which nobody can tell any more."""

    #: Where it stands in the file.
    line: int
    medium: Medium
    at: datetime
    #: ``None`` if it was not stored.
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
    #: Of those that came in: the sender is a word, as companies' messages have, or no number at
    #: all where the wrong column was read.
    wordy: int
    #: Stored by an earlier import, and perhaps erased since.
    known: int
    #: New: no hook had told of them. In the file's order.
    missed: tuple[Missed, ...]
    #: Not stored, in the file's order: at that time a contact came in that was erased since, and
    #: nobody can tell any more whether it was this one.
    undecided: tuple[Missed, ...]
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

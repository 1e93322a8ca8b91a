"""What a row of a phone's log or of a bill says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ..models import Medium


class Source(StrEnum):
    """Who kept the record; the words of ``Contact.confirmed_by``."""

    PHONE_LOG = "phone log"
    CARRIER_BILL = "carrier bill"


@dataclass(frozen=True, slots=True)
class Entry:
    """One call or message."""

    #: Where it stands in the file, from 1.
    line: int
    #: ``call`` or ``sms`` (which MMS are, too).
    medium: Medium
    #: Aware UTC.
    at: datetime
    #: ``None`` where only the two numbers tell: whoever asks knows which one is the owner's.
    incoming: bool | None
    #: Who rang or wrote, as written; ``None`` if withheld.
    sender: str | None = field(default=None, repr=False)
    #: Whom it reached, as written; ``None`` if the row does not say.
    recipient: str | None = field(default=None, repr=False)
    #: The phone's own name for the SIM: an index, or the card's number (ICCID).
    sim: str | None = field(default=None, repr=False)
    subject: str | None = field(default=None, repr=False)
    #: At most 65,536 characters.
    text: str | None = field(default=None, repr=False)
    duration_s: int | None = None
    #: True if the number stands under a name in the phone's address book.
    named: bool = False


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that is neither a call nor a message: data traffic."""

    line: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that cannot be read, or (``rest``) all that follows."""

    line: int
    #: For a person; never holds the row's content.
    reason: str
    rest: bool = False


Record = Entry | Aside | Unreadable

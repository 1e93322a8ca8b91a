"""Which kind of file it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import BinaryIO, Protocol

from ..models import Medium
from . import backups, tables, texts
from .entries import Record, Source
from .times import DateOrder


class PhoneLog(Protocol):
    """An open log or bill."""

    @property
    def source(self) -> Source:
        """Whose record it is."""

    @property
    def own_numbers(self) -> tuple[str, ...]:
        """The owner's numbers that the file as a whole names, as written."""

    @property
    def needs_zone(self) -> bool:
        """Whether it has times that do not say their offset from UTC."""

    def records(self, zone: tzinfo | None = None) -> Iterator[Record]:
        """Yield what it holds, from its start and in its order; one pass over the file at a time.

        Args:
            zone: of times that do not say their own.
        """


def open_log(
    file: BinaryIO, *, date_order: DateOrder | None = None, medium: Medium | None = None
) -> PhoneLog:
    """Return the log or bill that *file* is, told by its content.

    Args:
        file: open, seekable; stays open.
        date_order: of dates such as 03/01/2026, where the file itself does not tell.
        medium: ``call`` or ``sms``, where the file itself does not tell.

    Raises:
        InvalidInput: it is none, or cannot be read in one way.
    """
    encoding = texts.encoding_of(file)
    with texts.decoded(file, encoding) as text:
        head = text.read(1024)
    if head.lstrip("\ufeff \t\r\n").startswith("<"):
        return backups.Backup(file, encoding)
    return tables.read(file, encoding, order=date_order, medium=medium)

"""CSV files: read as a spreadsheet writes them, checked whole before anything is done."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, NoReturn

from ..errors import InvalidInput
from ..messages import translate as _
from .parameters import moment
from .visible import is_readable

#: UTF-8, with the byte order mark that spreadsheets put before it; else what a Chinese Excel saves.
_ENCODINGS = ("utf-8-sig", "gb18030")
_MAX_BYTES = 512 * 1024 * 1024
_PIECE = 64 * 1024
_YES, _NO = ("yes", "true", "1", "是"), ("no", "false", "0", "否")
_HEADER = re.compile(r"[A-Za-z][A-Za-z_ -]{0,39}")


class Row:
    """One row: its values by header, blanks trimmed, empty ones None; knows its line for errors."""

    def __init__(self, line: int, values: Mapping[str, str]) -> None:
        self.line = line
        self._values = values

    def get(self, header: str) -> str | None:
        """Return the value under *header*, or None where there is none."""
        return self._values.get(header) or None

    def need(self, header: str) -> str:
        """Return the value under *header*, which must be there."""
        return self.get(header) or self.fail(_("{header} is missing.").format(header=header))

    def pick(self, header: str, words: Sequence[str], default: str) -> str:
        """Return the value under *header*, one of *words*."""
        word = (self.get(header) or default).lower()
        if word not in words:
            self.fail(
                _("{key} must be one of: {words}.").format(key=header, words=_(", ").join(words))
            )
        return word

    def time(self, header: str) -> datetime | None:
        """Return the time under *header*, in UTC."""
        text = self.get(header)
        try:
            return moment(text) if text else None
        except ValueError:
            self.fail(_("{header} must look like 2026-03-31.").format(header=header))

    def number(self, header: str) -> int | None:
        """Return the whole number, 1 or more, under *header*."""
        text = self.get(header)
        if text is None:
            return None
        if not re.fullmatch("[1-9][0-9]{0,8}", text):
            self.fail(_("{header} must be a whole number, 1 or more.").format(header=header))
        return int(text)

    def flag(self, header: str) -> bool:
        """Return the yes or no under *header*; nothing is no."""
        return self.pick(header, (*_YES, *_NO), "no") in _YES

    def fail(self, reason: str) -> NoReturn:
        """Raise an error that names the line, never the value."""
        raise InvalidInput(
            _("line {line}: {reason}").format(line=self.line, reason=reason),
            hint=_("Nothing was done. Mend the file and try again."),
        )


def read(path: str, *, wanted: Sequence[str], needed: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a CSV file.

    Args:
        path: the file; ``-`` is stdin.
        wanted: the headers that mean something; others are refused, in case of a misspelling.
        needed: those of them that must be there.

    Raises:
        InvalidInput: it is no CSV text, its headers are wrong, or a row does not fit them.
    """
    with _opened(path) as binary:
        encoding = _encoding(binary)
        with io.TextIOWrapper(binary, encoding=encoding, newline="") as text:
            reader = csv.reader(text, strict=True)
            try:
                headers = [cell.strip().lower() for cell in next(reader, [])]
                _check(headers, wanted, needed)
                yield from _rows(reader, headers)
            except csv.Error as err:
                raise InvalidInput(
                    _("line {line}: not a CSV row.").format(line=reader.line_num),
                    hint=_("Nothing was done. Save the file as CSV in UTF-8."),
                ) from err


def cells(path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of each row of a table whose headers are not ours.

    Cells stand between commas, semicolons or tabs: whichever the first line holds most.

    Raises:
        InvalidInput: it is no CSV text.
    """
    with _opened(path) as binary:
        encoding = _encoding(binary)
        with io.TextIOWrapper(binary, encoding=encoding, newline="") as text:
            first = text.readline(_PIECE)
            text.seek(0)
            separator = max(",;\t", key=first.count)
            reader = csv.reader(text, delimiter=separator, strict=True)
            try:
                for row in reader:
                    if not all(map(is_readable, row)):
                        Row(reader.line_num, {}).fail(_("it holds control characters."))
                    yield reader.line_num, row
            except csv.Error as err:
                raise InvalidInput(
                    _("line {line}: not a CSV row.").format(line=reader.line_num),
                    hint=_("Nothing was done. Save the file as CSV in UTF-8."),
                ) from err


def _rows(reader: Iterator[list[str]], headers: Sequence[str]) -> Iterator[Row]:
    for cells in reader:
        line = getattr(reader, "line_num", 0)
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue
        row = Row(line, dict(zip(headers, values, strict=False)))
        if not all(map(is_readable, values)):
            row.fail(_("it holds control characters."))
        if len(values) != len(headers):
            row.fail(
                _("{found} cells where the header has {wanted}.").format(
                    found=len(values), wanted=len(headers)
                )
            )
        yield row


def _check(headers: Sequence[str], wanted: Sequence[str], needed: Sequence[str]) -> None:
    unknown = [header for header in headers if header not in wanted]
    missing = [header for header in needed if header not in headers]
    if not unknown and not missing and len(set(headers)) == len(headers):
        return
    # A file without headers starts with a person's data: show only what looks like a header.
    found = [header if _HEADER.fullmatch(header) else "…" for header in headers[:20]]
    said = _("the headers are {found}.").format(found=_(", ").join(found) or _("missing"))
    wrong = [header for header in unknown if _HEADER.fullmatch(header)]
    if wrong:
        said = _('the header "{name}" is not known.').format(name=wrong[0])
    elif missing and any(headers) and not unknown:
        said = _('the header "{name}" is missing.').format(name=missing[0])
    elif any(headers) and not unknown:
        twice = next(header for header in headers if headers.count(header) > 1)
        said = _('the header "{name}" stands twice.').format(name=twice)
    raise InvalidInput(
        said,
        hint=_("Nothing was done. Wanted are {needed}; allowed are {wanted}.").format(
            needed=_(", ").join(needed), wanted=_(", ").join(wanted)
        ),
    )


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        # Kept in memory: personal data does not go to a temporary file.
        with io.BytesIO(sys.stdin.buffer.read(_MAX_BYTES + 1)) as held:
            yield held
    else:
        with open(path, "rb") as binary:  # noqa: PTH123 - the name is as it was typed
            yield binary


def _encoding(binary: IO[bytes]) -> str:
    """Return the first encoding in which the whole file can be read, and go back to its start."""
    decoders = {name: codecs.getincrementaldecoder(name)() for name in _ENCODINGS}
    size = 0
    while decoders:
        piece = binary.read(_PIECE)
        size += len(piece)
        if size > _MAX_BYTES:
            raise InvalidInput(
                _("the file is larger than {size} MB.").format(size=_MAX_BYTES // 2**20),
                hint=_("Nothing was done. Cut it into several files."),
            )
        for name, decoder in tuple(decoders.items()):
            try:
                if "\0" in decoder.decode(piece, final=not piece):
                    decoders.clear()
                    break
            except UnicodeDecodeError:
                del decoders[name]
        if not piece:
            break
    if not decoders:
        raise InvalidInput(
            _("the file is not text in UTF-8 or GB18030."),
            hint=_("Nothing was done. Save it as CSV in UTF-8."),
        )
    binary.seek(0)
    return next(iter(decoders))

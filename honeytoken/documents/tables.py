"""Rows as lines of text, one at a time: a hundred thousand rows need the memory of one."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO

from ..errors import InvalidInput
from ..messages import translate as _

# What a spreadsheet runs when it opens the file. A sign before digits and blanks alone is a phone
# number or an amount: run, it would only give itself. Full-width signs count in East Asian
# Excel.
_FORMULA = re.compile("\\s*(?:[=@\uff1d\uff20]|[+\\-\uff0b\uff0d](?![0-9 ().-]*$))|[\t\r\n]").match


def as_csv(rows: Iterable[Mapping[str, str]], headers: Sequence[str]) -> Iterator[str]:
    """Yield the header line and then a line per row, as RFC 4180 has it (CRLF, quotes doubled).

    A cell that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, *CSV
    injection*); phone numbers and signed amounts stay as they are. A header that a row lacks gives
    an empty cell.

    Raises:
        InvalidInput: a row holds a cell for which there is no header.
    """
    buffer = StringIO(newline="")
    writer = csv.DictWriter(buffer, headers, restval="", lineterminator="\r\n")
    writer.writeheader()
    yield _taken(buffer)
    for row in rows:
        try:
            writer.writerow({header: _guarded(cell) for header, cell in row.items()})
        except ValueError as err:
            raise InvalidInput(_("a row holds a cell for which there is no header.")) from err
        yield _taken(buffer)


def as_json_lines(rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield one JSON object per row, each with its line feed; characters are not escaped."""
    for row in rows:
        yield json.dumps(dict(row), ensure_ascii=False) + "\n"


def _taken(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA(cell) else cell

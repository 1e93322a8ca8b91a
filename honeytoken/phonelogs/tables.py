"""Call lists as CSV, of exporters and of carriers, with whatever stands above the header.

A carrier's file begins with the customer's number and the period, has a header somewhere below,
may have several sections with headers of their own, and ends in totals. Only cells whose header we
know are looked at.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from typing import BinaryIO

from ..errors import InvalidInput
from ..messages import translate as _
from ..models import Medium
from . import texts, times
from .columns import Columns, Role, columns_of, meaning
from .entries import Aside, Entry, Record, Source, Unreadable
from .times import DateOrder, Months, Unclear

#: Among so many lines the first header must stand.
_HEAD_LINES = 100
_SEPARATORS = (",", "\t", ";", "|")
_TOTAL = re.compile(
    r"\s*(?:合计|总计|小计|共计|汇总|sub-?total|total|totals|grand total)\b.*", re.I | re.S
)
_OWN_NUMBER = re.compile(
    r"(?:手机号码|手机号|本机号码|用户号码|服务号码|业务号码|计费号码|查询号码|电话号码|号码"
    r"|(?:phone|mobile|telephone|line|your|subscriber) ?(?:number|no\.?))"
    r"[\s:：,，;|\"'=\t]*(\+?[0-9][0-9 ()-]{5,20}[0-9])(?![0-9*])",
    re.IGNORECASE,
)
_MONTH = re.compile(r"(20[0-9]{2})\s*[-年/.]\s*(1[0-2]|0?[1-9])(?![0-9])")
_MONTH_TOGETHER = re.compile(r"(?<![0-9])(20[0-9]{2})(0[1-9]|1[0-2])(?:[0-3][0-9])?(?![0-9])")
#: 1.38E+10: a spreadsheet has thrown the last digits away.
_DAMAGED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_FORMULA = re.compile(r'="([^"]*)"')
_NO_NAME = frozenset(
    {"", "-", "null", "unknown", "(unknown)", "未知", "(未知)", "无", "陌生号码", "陌生人"}
)
_WITHHELD = frozenset(
    {"", "-", "--", "null", "未知", "私密号码", "私密", "无主叫号码", "隐藏", "anonymous"}
)
#: How an exporter may name the phone's own side.
_OURSELVES = frozenset({"me", "我", "本机", "myself"})


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the head of a file says."""

    separator: str
    #: Rows before the first header.
    preamble: int
    own_numbers: tuple[str, ...]
    months: Months | None
    source: Source


@dataclass(frozen=True, slots=True)
class CallList:
    """An open call list."""

    file: BinaryIO
    encoding: str
    layout: _Layout
    order: DateOrder | None
    medium: Medium | None
    #: True if its times do not say their offset from UTC.
    needs_zone: bool

    @property
    def source(self) -> Source:
        """Whose record it is: only carriers know what a call cost."""
        return self.layout.source

    @property
    def own_numbers(self) -> tuple[str, ...]:
        """The owner's numbers that stand above the header, as written."""
        return self.layout.own_numbers

    def records(self, zone: tzinfo | None = None) -> Iterator[Record]:
        """Yield what the list holds, in its order.

        Args:
            zone: of times that do not say their own; needed if ``needs_zone``.
        """
        for row in _rows(self.file, self.encoding, self.layout):
            if isinstance(row, Unreadable):
                yield row
            else:
                yield self._record(row, zone)

    def _record(self, row: _Row, zone: tzinfo | None) -> Record:
        columns, line = row.columns, row.line
        if any(cell.strip() for cell in row.cells[columns.width :]) or (
            len(row.cells) < columns.width and not _reaches(row)
        ):
            return Unreadable(
                line,
                _("{found} cells where the header has {wanted}.").format(
                    found=len(row.cells), wanted=columns.width
                ),
            )
        try:
            return self._entry(row, zone)
        except Unclear as err:
            return Unreadable(line, str(err))

    def _entry(self, row: _Row, zone: tzinfo | None) -> Record:
        columns, cells = row.columns, row.cells
        medium = _medium_of(columns) or self.medium
        said = meaning(columns.cells(cells, Role.DIRECTION), medium=medium)
        if said.data and said.medium is None:
            return Aside(row.line)
        medium = (said.medium if self.medium is None else None) or medium
        if medium is None:
            raise Unclear(_("it does not say whether it is a call or a message."))
        number, recipient, incoming = _sides(columns, cells, said=said.incoming)
        sender = number if _is_given(number) else None
        return Entry(
            line=row.line,
            medium=medium,
            at=times.moment(
                row.time_text(), order=self.order, zone=zone, months=self.layout.months
            ),
            incoming=incoming,
            sender=sender,
            recipient=recipient,
            sim=texts.identifier(columns.cell(cells, Role.SIM)),
            subject=texts.storable(columns.cell(cells, Role.SUBJECT)).strip() or None,
            text=(texts.storable(columns.cell(cells, Role.TEXT)) or None)
            if medium is Medium.SMS
            else None,
            duration_s=times.duration_s(
                columns.cell(cells, Role.DURATION), unit_s=columns.duration_unit_s
            )
            if medium is Medium.CALL
            else None,
            named=_is_name(columns.cell(cells, Role.NAME), number),
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of data."""

    line: int
    cells: Sequence[str]
    columns: Columns

    def time_text(self) -> str:
        """Return date and time of day, from one column or two."""
        of = self.columns
        day = of.cell(self.cells, Role.DATE).strip(" \t'")
        at = (of.cell(self.cells, Role.AT) or of.cell(self.cells, Role.TIME)).strip(" \t'")
        if formula := _FORMULA.fullmatch(at):
            at = formula[1]
        if not day or times.has_date(at):
            return at
        return day if times.has_clock(day) or not at else f"{day} {at}"


def read(
    file: BinaryIO, encoding: str, *, order: DateOrder | None, medium: Medium | None
) -> CallList:
    """Return the call list that *file* is.

    Raises:
        InvalidInput: it has no header of a call list, does not say which calls came in, or the
            order of day and month is not clear.
    """
    layout = _layout(file, encoding)
    seen: set[frozenset[DateOrder]] = set()
    local = False
    for row in _rows(file, encoding, layout):
        if isinstance(row, _Row):
            text = row.time_text()
            local = local or times.is_local(text)
            if (allowed := times.orders(text)) is not None:
                seen.add(allowed)
    return CallList(file, encoding, layout, _order(seen, order), medium, needs_zone=local)


def _order(seen: set[frozenset[DateOrder]], wanted: DateOrder | None) -> DateOrder | None:
    """Return in which order the dates of a file are written, where that matters."""
    if not seen or wanted is not None:
        return wanted
    left = times.decided([allowed for allowed in seen if allowed])
    if len(left) == 1:
        return next(iter(left))
    raise InvalidInput(
        _("the order of day and month in the file's dates is not clear."),
        hint=_("Nothing was done. Say it with --date-order dmy, mdy or ymd."),
    )


def _layout(file: BinaryIO, encoding: str) -> _Layout:
    with texts.decoded(file, encoding) as text:
        head = list(islice(texts.Lines(text), _HEAD_LINES))
    for separator in _SEPARATORS:
        found = _header(head, separator)
        if found is not None:
            preamble, columns = found
            _require_direction(columns)
            above = unicodedata.normalize("NFKC", "".join(head[:preamble]))
            return _Layout(
                separator=separator,
                preamble=preamble,
                own_numbers=tuple(dict.fromkeys(_OWN_NUMBER.findall(above))),
                months=_months(above),
                source=Source.CARRIER_BILL if columns.has(Role.BILLED) else Source.PHONE_LOG,
            )
    raise InvalidInput(
        _("the file has no header of a call or message list."),
        hint=_("Nothing was done. Its columns must be named: time, number, and which way it went."),
    )


def _header(head: Sequence[str], separator: str) -> tuple[int, Columns] | None:
    """Return the first line that is a header, and what its cells mean."""
    for index, line in enumerate(head):
        try:
            cells = next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            continue
        if len(cells) > 1 and (columns := columns_of(cells)) is not None:
            return index, columns
    return None


def _require_direction(columns: Columns) -> None:
    if columns.has(Role.DIRECTION, Role.DESTINATION, Role.SENDER, Role.RECIPIENT):
        return
    raise InvalidInput(
        _("the file does not say which calls or messages came in."),
        hint=_("Nothing was done. Wanted is a column such as Type or 呼叫类型."),
    )


def _months(above: str) -> Months | None:
    found = [
        (int(year), int(month))
        for pattern in (_MONTH, _MONTH_TOGETHER)
        for year, month in pattern.findall(above)
    ]
    return Months(min(found), max(found)) if found else None


def _rows(file: BinaryIO, encoding: str, layout: _Layout) -> Iterator[_Row | Unreadable]:
    with texts.decoded(file, encoding) as text:
        lines = texts.Lines(text)
        waiting = iter(lines)
        for _line in islice(waiting, layout.preamble):
            pass
        reader = csv.reader(waiting, delimiter=layout.separator, strict=True)
        columns: Columns | None = None
        while True:
            line = lines.count + 1
            try:
                cells = next(reader, None)
            except csv.Error:
                reason = _("this is no row of the table; nothing after it can be read.")
                yield Unreadable(line, reason, rest=True)
                return
            if cells is None:
                return
            if not any(cell.strip() for cell in cells) or _TOTAL.fullmatch(cells[0]):
                continue
            # Only a first row, or one without a digit, can be the header of a further section.
            if columns is None or not any(c.isdigit() for cell in cells for c in cell):
                header = columns_of(cells)
                if header is not None:
                    _require_direction(header)
                    columns = header
                    continue
            if columns is not None:
                yield _Row(line, cells, columns)


def _reaches(row: _Row) -> bool:
    """Tell whether a short row has all that is needed: exporters leave out empty last cells."""
    needed = (Role.AT, Role.DATE, Role.TIME, Role.NUMBER, Role.SENDER, Role.RECIPIENT)
    places = [place for role in needed for place in row.columns.places.get(role, ())]
    return len(row.cells) > 1 and len(row.cells) > max(places)


def _medium_of(columns: Columns) -> Medium | None:
    if columns.has(Role.TEXT) == columns.has(Role.DURATION):
        return None
    return Medium.SMS if columns.has(Role.TEXT) else Medium.CALL


def _sides(
    columns: Columns, cells: Sequence[str], *, said: bool | None
) -> tuple[str | None, str | None, bool | None]:
    """Return the other side (or the sender), whom it reached, and whether it came in."""
    own = _number(columns.cell(cells, Role.OWN))
    if columns.has(Role.NUMBER):
        incoming = said
        if incoming is None and columns.has(Role.DESTINATION):
            incoming = (
                meaning([columns.cell(cells, Role.DESTINATION)], medium=None).incoming is True
            )
        if incoming is None:
            raise Unclear(_("it does not say whether it came in."))
        return _number(columns.cell(cells, Role.NUMBER)), own, incoming
    sender = _number(columns.cell(cells, Role.SENDER))
    recipient = _number(columns.cell(cells, Role.RECIPIENT)) or own
    if said is None and (sender or "").casefold() in _OURSELVES:
        said = False
    if said is None and not columns.has(Role.SENDER):
        raise Unclear(_("it does not say whether it came in."))
    if (recipient or "").casefold() in _OURSELVES:
        recipient = None
    return sender, recipient, said


def _number(cell: str) -> str | None:
    """Return a number as written, without what spreadsheets put around it.

    Raises:
        Unclear: a spreadsheet has rounded it.
    """
    text = texts.identifier(cell.strip().strip("'`").strip())
    if text is None:
        return None
    if formula := _FORMULA.fullmatch(text):
        text = formula[1].strip()
    even = unicodedata.normalize("NFKC", text)
    if _DAMAGED.fullmatch(even):
        raise Unclear(_("a spreadsheet has rounded the number; export the file again."))
    if re.fullmatch(r"[0-9]{5,}\.0", even):
        return even[:-2]
    return text or None


def _is_given(number: str | None) -> bool:
    return number is not None and " ".join(number.casefold().split()) not in _WITHHELD


def _is_name(name: str, number: str | None) -> bool:
    even = name.strip().casefold()
    return even not in _NO_NAME and even != (number or "").casefold()

"""Times and durations as phones and carriers print them. Nothing is guessed.

``2026-03-01 08:00:00``, ``2026/3/1 8:00``, ``2026年3月1日 下午8:00``, ``20260301080000``,
milliseconds or seconds since 1970, ``1 Mar 2026 08:00``, ``Mar 1, 2026 8:00:00 PM``. In
``03/01/2026`` only the file as a whole can tell day from month (:func:`orders`), and in ``03-01``
only the bill's period tells the year.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum

from ..messages import translate as _


class DateOrder(StrEnum):
    """In which order a date of two-digit parts is written."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"


class Unclear(ValueError):
    """A time or duration that cannot be read in one way; ``str()`` says why, for a person."""


@dataclass(frozen=True, slots=True)
class Months:
    """The months (year, month) that a bill speaks of, both included."""

    first: tuple[int, int]
    last: tuple[int, int]


#: Everything before it is no phone call; what the store can hold ends long after the last.
_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
#: A day and more on the telephone happens; ten days are a misread column.
_MAX_DURATION_S = 864_000
_LONGEST = 64

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +)?"
_REST = r"(?:(?:,? +at)?[ ,t]+(?P<rest>.+))?"
_EPOCH = re.compile(r"[0-9]{10}|[0-9]{13}")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _REST)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[ t]*(\d{2}):?(\d{2}):?(\d{2})?)?")
_SHORT = re.compile(_WEEKDAY + r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})" + _REST)
_NO_YEAR = re.compile(r"(\d{1,2})[-/.](\d{1,2})" + _REST)
_DAY_NAME = re.compile(
    _WEEKDAY + r"(\d{1,2})(?:st|nd|rd|th)?[- ]([a-z]{3,9})\.?,?[- ](\d{4}|\d{2})" + _REST
)
_NAME_DAY = re.compile(_WEEKDAY + r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})" + _REST)
_CLOCK = re.compile(
    r"(?P<before>上午|下午|凌晨|早上|中午|晚上)? ?(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,6}))?)?"
    r" ?(?P<after>am|pm|a\.m\.|p\.m\.)? ?(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2})?"
)
_UNITS = re.compile(
    r"(?:(\d{1,4})(?:小时|时|h|hrs?|hours?))?(?:(\d{1,5})(?:分钟|分|m|mins?|minutes?))?"
    r"(?:(\d{1,6})(?:秒钟|秒|s|secs?|seconds?))?"
)
_HAS_DATE = re.compile(
    r"\d{1,4}\s*[-/.年月]\s*\d{1,2}|\d{8}|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec",
    re.IGNORECASE,
)
_HAS_CLOCK = re.compile(r"\d:\d|[时点]")


def _even(text: str) -> str:
    """Return *text* with ASCII digits, in lower case, Chinese marks turned into dashes, colons."""
    if len(text) > _LONGEST:
        raise Unclear(_("the time is not understood."))
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = re.sub(r"([年月])\s*", "-", text).replace("日", " ").replace("号", " ")
        text = re.sub(r"[时点]\s*", ":", text).replace("秒", "")
        text = re.sub(r"分$", "", text.strip())
        text = re.sub(r"分\s*", ":", text)
        text = re.sub(r"\s*(?:星期|周)[一二三四五六日天]\s*", " ", text)
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(text.lower().split()).strip(" :")


def has_date(text: str) -> bool:
    """Tell whether *text* holds a date, and not only a time of day."""
    return _HAS_DATE.search(text) is not None


def has_clock(text: str) -> bool:
    """Tell whether *text* holds a time of day."""
    return _HAS_CLOCK.search(text) is not None


def orders(text: str) -> frozenset[DateOrder] | None:
    """Return the orders in which the date in *text* is one; ``None`` if it needs no order."""
    try:
        found = _SHORT.fullmatch(_even(text))
    except Unclear:
        return None
    if not found:
        return None
    dates = _dates((found[1], found[3], found[4]))
    # 02/02/2026 is the second of February whichever way it is read.
    return None if len(dates) > 1 and len(set(dates.values())) == 1 else frozenset(dates)


def _dates(parts: Sequence[str]) -> dict[DateOrder, date]:
    """Return the date that three parts make in each order in which they make one."""
    made = {order: _ordered(parts, order) for order in DateOrder}
    return {order: day for order, day in made.items() if day is not None}


def is_local(text: str) -> bool:
    """Tell whether *text* needs to be told its offset from UTC."""
    try:
        even = _even(text)
    except Unclear:
        return False
    if _EPOCH.fullmatch(even):
        return False
    clock = _CLOCK.search(even)
    return clock is None or clock["zone"] is None


def moment(
    text: str, *, order: DateOrder | None, zone: tzinfo | None, months: Months | None = None
) -> datetime:
    """Return *text* as an aware time in UTC.

    Args:
        text: date and time of day.
        order: how a date of two-digit parts is read.
        zone: that of a time which does not say its own.
        months: of the bill, where its dates have no year.

    Raises:
        Unclear: it cannot be read in exactly one way.
    """
    even = _even(text)
    if _EPOCH.fullmatch(even):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(even.ljust(13, "0")))
        return _plausible(at)
    day, clock = _day(even, order, months)
    if clock is None:
        raise Unclear(_("the time of day is missing."))
    of_day, offset = _time_of_day(clock)
    where = offset or zone
    if where is None:
        raise Unclear(_("the time does not say its offset from UTC."))
    try:
        return _plausible(datetime.combine(day, of_day, tzinfo=where).astimezone(UTC))
    except OverflowError as err:
        raise Unclear(_("the time is not understood.")) from err


def _plausible(at: datetime) -> datetime:
    if not _EARLIEST <= at < _LATEST:
        raise Unclear(_("the time lies before 1980 or after 2099."))
    return at


def _day(even: str, order: DateOrder | None, months: Months | None) -> tuple[date, str | None]:
    """Return the date, and what follows it."""
    if found := _YEAR_FIRST.fullmatch(even):
        return _date(found[1], found[2], found[3]), found["rest"]
    if found := _COMPACT.fullmatch(even):
        hour, minute, second = found[4], found[5], found[6] or "00"
        return _date(found[1], found[2], found[3]), hour and f"{hour}:{minute}:{second}"
    if found := _SHORT.fullmatch(even):
        return _short_day((found[1], found[3], found[4]), order), found["rest"]
    if found := _DAY_NAME.fullmatch(even):
        return _date(found[3], _month(found[2]), found[1]), found["rest"]
    if found := _NAME_DAY.fullmatch(even):
        return _date(found[3], _month(found[1]), found[2]), found["rest"]
    if found := _NO_YEAR.fullmatch(even):
        return _date(_year(int(found[1]), months), found[1], found[2]), found["rest"]
    raise Unclear(_("the time is not understood."))


def _short_day(parts: Sequence[str], order: DateOrder | None) -> date:
    dates = _dates(parts)
    days = {day for each, day in dates.items() if order in (None, each)}
    if len(days) != 1:
        raise Unclear(_("the order of day and month is not clear."))
    return days.pop()


def _date(year: str, month: str, day: str) -> date:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError as err:
        raise Unclear(_("there is no such day.")) from err


def _ordered(parts: Sequence[str], order: DateOrder) -> date | None:
    """Return the date that three parts make in an order; ``None`` if they make none."""
    year, month, day = (parts["ymd".index(c)] for c in "ymd")
    first, second, third = parts
    if order is DateOrder.YMD:
        year, month, day = first, second, third
    elif order is DateOrder.DMY:
        year, month, day = third, second, first
    else:
        year, month, day = third, first, second
    if len(year) == 1 or len(day) == 4:
        return None
    try:
        return _date(year, month, day)
    except Unclear:
        return None


def _month(name: str) -> str:
    if name[:3] in _MONTHS and any(full.startswith(name) for full in (*_MONTH_NAMES, "sept")):
        return str(_MONTHS.index(name[:3]) + 1)
    raise Unclear(_("the time is not understood."))


def _year(month: int, months: Months | None) -> str:
    """Return the only year of a bill in which a month lies."""
    if months is not None:
        years = [
            year
            for year in range(months.first[0], months.last[0] + 1)
            if months.first <= (year, month) <= months.last
        ]
        if len(years) == 1:
            return str(years[0])
    raise Unclear(_("the date has no year, and the file does not tell it."))


def _time_of_day(text: str) -> tuple[time, tzinfo | None]:
    found = _CLOCK.fullmatch(text.strip(" ,"))
    if not found:
        raise Unclear(_("the time of day is not understood."))
    hour = int(found["hour"])
    half = (found["after"] or "").replace(".", "") or {"上午": "am", "下午": "pm"}.get(
        found["before"] or ""
    )
    if found["before"] and half is None:
        raise Unclear(_("the time of day is not understood."))
    if half:
        if not 1 <= hour <= 12 and not (found["before"] and 0 <= hour <= 23):
            raise Unclear(_("there is no such time of day."))
        if hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        of_day = time(
            hour,
            int(found["minute"]),
            int(found["second"] or 0),
            int((found["part"] or "").ljust(6, "0")),
        )
    except ValueError as err:
        raise Unclear(_("there is no such time of day.")) from err
    return of_day, _offset(found["zone"])


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text in ("z", "utc", "gmt"):
        return UTC
    digits = text.replace(":", "")
    span = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    if span >= timedelta(hours=24) or int(digits[3:5]) > 59:
        raise Unclear(_("the time's offset from UTC is not understood."))
    return timezone(-span if digits[0] == "-" else span)


def decided(seen: Collection[frozenset[DateOrder]]) -> frozenset[DateOrder]:
    """Return the orders in which every date of a file is one."""
    left = frozenset(DateOrder)
    for each in seen:
        left &= each
    return left


def duration_s(text: str, *, unit_s: int = 1) -> int | None:
    """Return a duration in seconds: ``"00:01:23"``, ``"83"``, ``"1分23秒"``; ``None`` if empty.

    Args:
        text: as the file has it.
        unit_s: of a bare number: 60 where the header says minutes.

    Raises:
        Unclear: it is not understood, or longer than ten days.
    """
    even = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold().replace(" ", "")
    if even in ("", "-", "--", "null", "n/a"):
        return None
    seconds: float | None = None
    if re.fullmatch(r"[0-9]{1,7}(?:\.[0-9]{1,4})?", even):
        seconds = float(even) * unit_s
    elif clock := re.fullmatch(r"(?:([0-9]{1,3}):)?([0-9]{1,4}):([0-5][0-9])(?:\.[0-9]+)?", even):
        seconds = int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + int(clock[3])
    elif units := _UNITS.fullmatch(even):
        hours, minutes, rest = (int(part or 0) for part in units.groups())
        seconds = hours * 3600 + minutes * 60 + rest
    if seconds is None or seconds > _MAX_DURATION_S:
        raise Unclear(_("the duration is not understood."))
    return int(seconds)

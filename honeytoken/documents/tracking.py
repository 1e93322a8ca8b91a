"""A courier's tracking events, read from a table with Chinese or English headers. Pure.

Two layouts are understood: one event a row (order or waybill number, time, what happened), and
one parcel a row (number, and columns such as 揽收时间 and 签收时间). Rows about other parcels are
read like any other: which orders are canaries' is nobody's business but the vault's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum

from ..errors import InvalidInput
from ..messages import translate as _

#: China has one time zone.
CHINA = timezone(timedelta(hours=8))
_LONGEST_CELL = 2000


class Step(StrEnum):
    """What an event says of a parcel's way."""

    DISPATCHED = "dispatched"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """One step of one parcel."""

    #: In the file, for errors.
    line: int
    #: Order and waybill numbers of the row: one of them is a placement's reference.
    references: tuple[str, ...] = field(repr=False)
    step: Step
    #: Aware UTC.
    at: datetime


_REFERENCES = frozenset(
    {
        *("订单号", "订单编号", "商家订单号", "客户订单号", "客户单号", "参考号", "平台订单号"),
        *("运单号", "运单编号", "快递单号", "物流单号", "面单号", "单号", "邮件号", "运单号码"),
        *("order", "order number", "order no", "order id", "reference", "ref", "reference number"),
        *("customer reference", "order reference", "tracking number", "tracking no", "tracking id"),
        *("waybill", "waybill number", "waybill no", "awb", "consignment", "consignment number"),
        *("shipment", "shipment id", "shipment number", "parcel", "parcel number", "parcel id"),
    }
)
_DATES = frozenset({"日期", "操作日期", "扫描日期", "date", "event date", "scan date"})
_TIMES = frozenset(
    {
        *(
            "时间",
            "操作时间",
            "扫描时间",
            "轨迹时间",
            "状态时间",
            "更新时间",
            "发生时间",
            "处理时间",
        ),
        *("日期时间", "time", "timestamp", "event time", "scan time", "date time", "datetime"),
        *("date/time", "event timestamp", "occurred at", "event date time", "updated at"),
    }
)
_EVENTS = frozenset(
    {
        *(
            "状态",
            "物流状态",
            "运单状态",
            "轨迹",
            "操作",
            "操作类型",
            "扫描类型",
            "描述",
            "物流信息",
        ),
        *("轨迹描述", "轨迹内容", "物流轨迹", "跟踪信息", "事件", "备注"),
        *("event", "status", "description", "activity", "scan", "scan type", "state", "details"),
        *("event description", "event type", "tracking status", "status description"),
    }
)
_STEP_COLUMNS = {
    Step.DISPATCHED: frozenset(
        {
            *("揽收时间", "揽件时间", "收件时间", "发货时间", "发件时间", "寄件时间", "出库时间"),
            *("dispatched at", "dispatch time", "dispatch date", "dispatched", "shipped at"),
            *("shipped", "ship date", "shipped date", "pickup time", "pickup date", "picked up at"),
            *("collected at", "collection date"),
        }
    ),
    Step.DELIVERED: frozenset(
        {
            *("签收时间", "妥投时间", "送达时间", "派送完成时间", "签收日期"),
            *("delivered at", "delivery time", "delivery date", "delivered", "delivered on"),
            *("delivered date", "delivered time"),
        }
    ),
}

# What comes first decides: 未签收 holds 签收, and "out for delivery" is no delivery.
_NOT_YET = re.compile(
    r"待揽|等待揽|未揽|待取件|待发货|未发货|已下单|已接单|下单成功|预约|取消"
    r"|label (?:created|printed)|order (?:created|received|placed)|awaiting (?:collection|pickup)"
    r"|pre-?transit|cancell?ed|not (?:yet )?(?:collected|dispatched|shipped)|information received"
)
_STILL_OUT = re.compile(
    r"未签收|待签收|拒收|拒签|退回|退件|未妥投|预计|派送失败|投递失败|签收失败|派件失败|不成功|异常|待派|待取"
    r"|out for delivery|not delivered|undelivered|unable to deliver|could not|deliver\w* (?:failed"
    r"|attempt)|attempted|failed|will be|to be delivered|estimated|expected|scheduled|return"
)
_DELIVERED = re.compile(
    r"签收|妥投|已送达|送达成功|已代收|由.{0,20}代收|已取件|已自提|取件成功|已被.{0,10}取走"
    r"|\bdelivered\b|\bsigned for\b|\bcollected by (?:the )?(?:customer|recipient|consignee)\b"
    r"|\bleft (?:with|in|at)\b|\bpod\b"
)
_DISPATCHED = re.compile(
    r"揽收|揽件|已收件|已收取|收寄|发货|已发出|发往|离开|到达|运输|在途|转运|中转|派送|派件|投递|驿站|快递柜|出库|清关"
    r"|picked up|collected|in transit|dispatched|shipped|depart|arriv|accepted|received|sorted"
    r"|processed|hub|depot|on its way|with courier|cleared|handed over"
)


def step(words: str) -> Step | None:
    """Return what an event's words say (``"已签收"``, ``"in transit"``); ``None`` if nothing."""
    text = words[:_LONGEST_CELL].lower()
    if _STILL_OUT.search(text):
        return Step.DISPATCHED
    if _NOT_YET.search(text):
        return None
    if _DELIVERED.search(text):
        return Step.DELIVERED
    return Step.DISPATCHED if _DISPATCHED.search(text) else None


def tracking_events(
    rows: Iterable[tuple[int, Sequence[str]]],
    *,
    zone: tzinfo | None = None,
    unclear: Callable[[int], object] | None = None,
) -> Iterator[TrackingEvent]:
    """Yield the steps that a table tells of, in its order.

    Args:
        rows: line number and cells of each row, the headers first.
        zone: of times that do not say their own; by default China's where the headers are Chinese,
            else UTC.
        unclear: is told the lines whose words say nothing that is known; they yield no step.

    Raises:
        InvalidInput: a needed column is missing or stands twice, or a row cannot be read: then
            nothing of the file should be used.
    """
    numbered = iter(rows)
    line, headers = next(numbered, (1, ()))
    columns = _Columns(line, headers)
    if zone is None:
        zone = CHINA if columns.chinese else UTC
    for line, cells in numbered:
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue
        if len(values) < columns.width:
            values += [""] * (columns.width - len(values))
        references = tuple(
            dict.fromkeys(text for i in columns.references if (text := values[i].lstrip("'")))
        )
        if not references:
            raise _unreadable(line, _("it has no order or waybill number."))
        for found, text in columns.steps(values):
            if found is not None:
                yield TrackingEvent(line, references, found, _moment(line, text, zone))
        if unclear is not None and not columns.understands(values):
            unclear(line)


class _Columns:
    """Where what stands."""

    def __init__(self, line: int, headers: Sequence[str]) -> None:
        names = [_plain(header) for header in headers]
        self.width = len(names)
        self.chinese = any("\u4e00" <= c <= "\u9fff" for name in names for c in name)
        self.references = [i for i, name in enumerate(names) if name in _REFERENCES]
        self._events = [i for i, name in enumerate(names) if name in _EVENTS]
        self._dates = [i for i, name in enumerate(names) if name in _DATES]
        self._times = [i for i, name in enumerate(names) if name in _TIMES]
        self._parcel = [
            (which, i)
            for which, known in _STEP_COLUMNS.items()
            for i, name in enumerate(names)
            if name in known
        ]
        by_event = bool(self._events and (self._times or self._dates))
        if not self.references or not (by_event or self._parcel):
            raise InvalidInput(
                _("line {line}: {reason}").format(
                    line=line, reason=_("it is not the header of a tracking table.")
                ),
                hint=_(
                    "Wanted are an order or waybill number (订单号, reference), and a time with "
                    "what happened (时间 and 状态, time and status) or times of dispatch and "
                    "delivery (揽收时间, 签收时间, dispatched at, delivered at)."
                ),
            )
        if len(self._times) > 1 or len(self._dates) > 1:
            raise InvalidInput(
                _("line {line}: {reason}").format(
                    line=line, reason=_("two columns hold the time.")
                ),
                hint=_("Nothing was done. Take one of them out."),
            )

    def steps(self, values: Sequence[str]) -> Iterator[tuple[Step | None, str]]:
        """Yield what a row says happened, with its time as written."""
        for which, i in self._parcel:
            if values[i] and values[i] not in ("-", "--", "/", "无"):
                yield which, values[i]
        if self._events and (self._times or self._dates):
            words = " ".join(values[i] for i in self._events)
            when = " ".join(values[i] for i in (*self._dates, *self._times)).strip()
            yield step(words), when

    def understands(self, values: Sequence[str]) -> bool:
        """Tell whether a row's words are known, be it as something that is no step."""
        words = " ".join(values[i] for i in self._events)[:_LONGEST_CELL]
        return (
            not (self._events and (self._times or self._dates))
            or step(words) is not None
            or _NOT_YET.search(words.lower()) is not None
        )


def _plain(header: str) -> str:
    return " ".join(
        header.strip().lstrip("\ufeff").lower().replace("_", " ").rstrip("*:：").split()
    )


_YEAR_FIRST = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T ]*"
    r"(?:(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2})秒?)?"
    r"(?:[.,]\d{1,9})?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
).fullmatch
_NAMED_MONTHS = (
    *("%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%b %d, %Y %I:%M %p", "%b %d, %Y %H:%M", "%d %b %Y"),
    *("%d %B %Y %H:%M:%S", "%d %B %Y %H:%M", "%B %d, %Y %I:%M %p", "%B %d, %Y %H:%M", "%d %B %Y"),
)


def _moment(line: int, text: str, zone: tzinfo) -> datetime:
    """Return a time as an aware one in UTC; 02/03/2026 is refused, since it may be two days."""
    plain = " ".join(text[:64].split())
    found = _YEAR_FIRST(plain)
    try:
        if found:
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
            zone = _offset(found[7]) or zone
            at = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        else:
            at = _with_named_month(plain).replace(tzinfo=zone)
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as err:
        reason = _("the time must look like 2026-03-31 14:00.")
        raise _unreadable(line, reason) from err


def _with_named_month(text: str) -> datetime:
    for form in _NAMED_MONTHS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # the caller knows the zone
        except ValueError:
            continue
    raise ValueError


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text.upper() in ("Z", "UTC"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if text[0] == "-" else span)


def _unreadable(line: int, reason: str) -> InvalidInput:
    return InvalidInput(
        _("line {line}: {reason}").format(line=line, reason=reason),
        hint=_("Nothing was done. Mend the file and try again."),
    )

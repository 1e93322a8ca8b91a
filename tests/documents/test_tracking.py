"""A courier's tracking table, in the layouts people export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken.documents import Step, TrackingEvent, tracking_events
from honeytoken.documents.tracking import step
from honeytoken.errors import InvalidInput


def _read(*rows: Sequence[str], hours: int | None = None) -> list[TrackingEvent]:
    zone = None if hours is None else timezone(timedelta(hours=hours))
    return list(tracking_events(enumerate(rows, 1), zone=zone))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("已下单", None),
        ("待揽收", None),
        ("已揽收", Step.DISPATCHED),
        ("快件已从杭州发出,发往北京", Step.DISPATCHED),
        ("已发货", Step.DISPATCHED),
        ("派送中", Step.DISPATCHED),
        ("快件已到达菜鸟驿站,请凭取件码领取", Step.DISPATCHED),
        ("未签收,收件人不在", Step.DISPATCHED),
        ("拒收,退回中", Step.DISPATCHED),
        ("已签收,签收人:本人", Step.DELIVERED),
        ("代收点签收", Step.DELIVERED),
        ("已由菜鸟驿站代收", Step.DELIVERED),
        ("妥投", Step.DELIVERED),
        ("Label created", None),
        ("Picked up", Step.DISPATCHED),
        ("In transit", Step.DISPATCHED),
        ("Out for delivery", Step.DISPATCHED),
        ("Estimated delivery: Monday, will be delivered", Step.DISPATCHED),
        ("Delivery attempted, not delivered", Step.DISPATCHED),
        ("Delivered, signed for by CLARKE", Step.DELIVERED),
        ("Delivered to your neighbour", Step.DELIVERED),
        ("weather is fine", None),
    ],
)
def test_what_an_event_says(words: str, meant: Step | None) -> None:
    assert step(words) is meant


def test_one_event_a_row_in_english_is_in_utc_unless_told() -> None:
    header = ["Tracking Number", "Order Reference", "Date", "Time", "Status"]
    row = ["NB1", "SO-1", "2026-03-02", "14:05:33", "Out for delivery"]
    (event,) = _read(header, row)
    assert event == TrackingEvent(
        2, ("NB1", "SO-1"), Step.DISPATCHED, datetime(2026, 3, 2, 14, 5, 33, tzinfo=UTC)
    )
    (event,) = _read(header, row, hours=1)
    assert event.at.hour == 13


def test_one_parcel_a_row_in_chinese_is_in_chinas_time() -> None:
    found = _read(
        ["\ufeff订单号", "收件人", "揽收时间", "签收时间"],
        ["SO-1", "王明", "2026/3/2 9:00", "2026年3月3日 12:30:05"],
        ["SO-2", "李明", "2026-03-02 09:00:00", ""],
        [],
    )
    assert [(e.references, e.step, e.at.hour) for e in found] == [
        (("SO-1",), Step.DISPATCHED, 1),
        (("SO-1",), Step.DELIVERED, 4),
        (("SO-2",), Step.DISPATCHED, 1),
    ]


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-03-02T14:05:33Z", 14),
        ("2026-03-02T14:05:33.123456+08:00", 6),
        ("2 Mar 2026 14:05", 14),
        ("March 2, 2026 2:05 PM", 14),
        ("2026.3.2 14:05", 14),
    ],
)
def test_times_in_the_notations_met(written: str, hour: int) -> None:
    (event,) = _read(["reference", "delivered at"], ["SO-1", written])
    assert (event.at.day, event.at.hour) == (2, hour)


@pytest.mark.parametrize("written", ["02/03/2026 14:05", "yesterday", "2026-13-02", "9999999", ""])
def test_a_time_that_may_be_two_days_is_refused_with_its_line(written: str) -> None:
    rows = (["reference", "time", "status"], ["SO-1", written, "delivered"])
    with pytest.raises(InvalidInput, match="line 2: the time must look like"):
        _read(*rows)


@pytest.mark.parametrize(
    "header",
    [
        [],
        ["SO-1", "2026-03-02"],
        ["reference", "status"],
        ["time", "status"],
        ["reference", "time", "event time", "status"],
    ],
)
def test_what_is_no_tracking_table_is_refused(header: list[str]) -> None:
    with pytest.raises(InvalidInput, match="line 1"):
        _read(header, ["SO-1", "2026-03-02", "delivered"])


def test_a_row_without_a_number_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidInput, match="line 2: it has no order"):
        _read(["reference", "time", "status"], ["", "2026-03-02", "delivered"])


@given(st.lists(st.lists(st.text(max_size=30), max_size=5), max_size=5))
def test_any_table_is_read_or_refused(rows: list[list[str]]) -> None:
    try:
        found = _read(["订单号", "时间", "状态"], *rows)
    except InvalidInput:
        return
    assert all(event.at.tzinfo is UTC for event in found)


@given(st.text(max_size=3000))
def test_any_words_are_read(words: str) -> None:
    assert step(words) in (None, *Step)

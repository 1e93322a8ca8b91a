"""When a point is drilled, and what its drills say."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from honeytoken.drill import schedule
from honeytoken.drill.schedule import State
from honeytoken.models import Medium
from honeytoken.settings import DrillSettings
from honeytoken.store.drills import StoredDrill

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LONDON, SHANGHAI = ZoneInfo("Europe/London"), ZoneInfo("Asia/Shanghai")


def drill(
    days_ago: float, *, point: str = "a", heard: float | None = None, **given: object
) -> StoredDrill:
    """A drill that left *days_ago*; *heard* days later it arrived."""
    at = NOW - timedelta(days=days_ago)
    fields: dict[str, object] = {
        "id": f"drl_{point}{days_ago}",
        "contact_point_id": point,
        "medium": Medium.SMS,
        "at": at,
        "deadline": at + timedelta(hours=6),
        "heard_at": None if heard is None else at + timedelta(days=heard),
        "sent_at": at,
        "via": "phone",
        "message_id": None,
        "failure": None,
        **given,
    }
    return StoredDrill(**fields)  # type: ignore[arg-type]  # the fields of a drill


@pytest.mark.parametrize(
    ("past", "state"),
    [
        ([], State.NEVER),
        ([drill(0.1)], State.AWAITING),
        ([drill(1, heard=0.01)], State.ALIVE),
        ([drill(20, heard=0.01)], State.OVERDUE),
        ([drill(1)], State.DEAF),
        ([drill(2, heard=0.01), drill(1)], State.DEAF),
        ([drill(2), drill(1, heard=0.01)], State.ALIVE),
        # It came, two days too late: alive, and slow.
        ([drill(3, heard=2)], State.ALIVE),
        # What never left says nothing.
        ([drill(2, heard=0.01), drill(1, sent_at=None, failure="unreachable")], State.ALIVE),
        ([drill(1, sent_at=None, failure="unreachable")], State.NEVER),
        ([drill(20, sent_at=None, failure="unreachable")], State.OVERDUE),
        # The process was killed between opening and sending.
        ([drill(1, sent_at=None)], State.NEVER),
    ],
)
def test_what_drills_say_of_a_point(past: list[StoredDrill], state: State) -> None:
    heard_at = max((d.heard_at for d in past if d.heard_at), default=None)
    found = schedule.history(past, heard_at, now=NOW, overdue_days=14)
    assert found.state is state


def simulated(
    zones: dict[str, tzinfo], *, days: int, every_days: float, failing: bool = False
) -> list[StoredDrill]:
    """Run the schedule, looking every five minutes."""
    past: list[StoredDrill] = []
    now = NOW
    for _step in range(days * 288):
        now += timedelta(minutes=5)
        due = schedule.next_points(zones, past, now=now, every_days=every_days)
        if due:
            sent = drill(
                (NOW - now) / timedelta(days=1),
                point=due[0],
                heard=None if failing else 0.001,
                failure="refused" if failing else None,
            )
            past.append(sent)
    return past


def test_gaps_differ_and_keep_to_half_and_one_and_a_half_of_the_average() -> None:
    past = simulated({"a": LONDON}, days=400, every_days=4)
    gaps = [
        (after.at - before.at) / timedelta(days=1) for before, after in itertools.pairwise(past)
    ]
    # A gap that ends at night goes on until the morning.
    assert min(gaps) >= 2
    assert max(gaps) <= 6 + 11 / 24 + 1 / 24
    assert sum(gaps) / len(gaps) == pytest.approx(4, rel=0.15)
    assert len({round(gap, 2) for gap in gaps}) > 0.8 * len(gaps)


def test_nobody_is_drilled_at_night() -> None:
    for zone in (LONDON, SHANGHAI):
        past = simulated({"a": zone}, days=200, every_days=1)
        hours = {sent.at.astimezone(zone).hour for sent in past}
        assert min(hours) >= 8
        assert max(hours) < 21
        assert len(hours) > 8


def test_a_hundred_points_are_not_drilled_at_once_and_all_get_their_turn() -> None:
    zones: dict[str, tzinfo] = {f"p{n}": LONDON for n in range(100)}
    past = simulated(zones, days=14, every_days=7)
    gaps = [after.at - before.at for before, after in itertools.pairwise(past)]
    assert min(gaps) >= timedelta(minutes=10)
    assert {sent.contact_point_id for sent in past[:100]} == set(zones)
    assert past[99].at - past[0].at <= timedelta(days=7)
    # Not in the order in which they stand in the pool.
    assert [sent.contact_point_id for sent in past[:100]] != sorted(zones)


def test_a_message_that_cannot_be_sent_is_tried_again_the_same_day_but_not_at_once() -> None:
    past = simulated({"a": LONDON}, days=1, every_days=7, failing=True)
    gaps = [after.at - before.at for before, after in itertools.pairwise(past)]
    assert len(past) >= 2
    assert min(gaps) >= timedelta(hours=1.5)


def test_zero_sends_nothing_and_one_under_way_is_enough() -> None:
    assert schedule.next_points({"a": LONDON}, [], now=NOW, every_days=0) == []
    assert schedule.next_points({"a": LONDON}, [drill(0.2)], now=NOW, every_days=0.1) == []


def test_zones_are_those_of_the_numbers_and_countries() -> None:
    assert str(schedule.zone_of("CN", "+8615400000001")) == "Asia/Shanghai"
    assert str(schedule.zone_of("GB", "+447700900001")) == "Europe/London"
    assert str(schedule.zone_of("US", "+12125550101")) == "America/New_York"
    assert schedule.zone_of("ZZ") is UTC


def test_a_month_of_messages_is_counted() -> None:
    settings = DrillSettings(every_days=7)
    assert schedule.messages_a_month({"phone": 10}, settings) == {
        "phone": pytest.approx(43.5, 0.01)
    }
    assert schedule.messages_a_month({"phone": 10}, DrillSettings()) == {}

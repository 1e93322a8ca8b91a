"""When what is told: pure rules, and what must hold of every sequence of notices."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from honeytoken.notify import rules
from honeytoken.notify.rules import Group, Rule
from honeytoken.store.outbox import CONTACT, Pending

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
RULE = Rule(timedelta(minutes=60), per_hour=3)


def notice(
    notice_id: str,
    *,
    kind: str = CONTACT,
    first: bool = False,
    put_off: bool = False,
    at: datetime = NOW,
) -> Pending:
    return Pending(notice_id, kind, "cp_1", at, put_off=put_off, first=first)


def plan(*pending: Pending, made: int = 0, digest_at: datetime | None = None) -> rules.Plan:
    times = [NOW - timedelta(minutes=50 - n) for n in range(made)]
    digests = {CONTACT: digest_at} if digest_at else {}
    return rules.plan(pending, rule=RULE, now=NOW, made=times, digests=digests)


def test_the_first_notice_of_a_subject_is_told_at_once() -> None:
    assert plan(notice("a", first=True)) == rules.Plan((Group(CONTACT, ("a",)),), ())


def test_a_later_one_waits_for_the_digest() -> None:
    wait = NOW + timedelta(minutes=60)
    assert plan(notice("a")) == rules.Plan((), ((wait, Group(CONTACT, ("a",))),))


def test_a_later_one_joins_the_digest_that_others_wait_for() -> None:
    at = NOW + timedelta(minutes=7)
    assert plan(notice("b"), digest_at=at).later == ((at, Group(CONTACT, ("b",))),)


def test_a_due_digest_takes_with_it_what_came_meanwhile() -> None:
    found = plan(notice("a", put_off=True), notice("b"), notice("c", first=True))
    assert found == rules.Plan((Group(CONTACT, ("a", "b", "c")),), ())


def test_first_notices_that_are_looked_at_together_are_told_together() -> None:
    assert plan(notice("a", first=True), notice("b", first=True)).now[0].ids == ("a", "b")


def test_what_reached_nobody_known_is_never_urgent() -> None:
    stray = Pending("a", CONTACT, None, NOW, put_off=False, first=True)
    assert plan(stray).now == ()


def test_other_kinds_are_told_at_once_and_apart() -> None:
    found = plan(notice("a", kind="drill.overdue"), notice("b", first=True))
    assert [group.kind for group in found.now] == ["drill.overdue", CONTACT]


def test_beyond_so_many_an_hour_notices_wait_until_there_is_room() -> None:
    found = plan(notice("a", first=True), made=3)
    assert found == rules.Plan((), ((NOW + timedelta(minutes=10), Group(CONTACT, ("a",))),))


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 5), (2, 300), (3, 1800), (4, 7200), (5, 18_000), (9, 86_400)],
)
def test_waits_are_those_of_the_specification(attempts: int, seconds: int) -> None:
    found = rules.next_wait(attempts, failure="500", retry_after=None, chance=0)
    assert found == timedelta(seconds=seconds)


def test_after_the_last_attempt_an_alert_is_given_up() -> None:
    assert rules.next_wait(10, failure="500", retry_after=None, chance=0) is None


def test_jitter_makes_a_wait_longer_by_a_fifth_at_most() -> None:
    waits = [rules.next_wait(2, failure="500", retry_after=None, chance=c) for c in (0, 0.5, 1)]
    assert waits == [timedelta(seconds=s) for s in (300, 330, 360)]


def test_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    asked = timedelta(hours=3)
    assert rules.next_wait(1, failure="503", retry_after=asked, chance=0) == asked
    endless = timedelta(days=5000)
    assert rules.next_wait(1, failure="503", retry_after=endless, chance=0) == timedelta(days=1)


@pytest.mark.parametrize("status", ["429", "502", "503", "504"])
def test_a_receiver_with_too_much_to_do_is_not_asked_again_in_seconds(status: str) -> None:
    found = rules.next_wait(1, failure=status, retry_after=None, chance=0)
    assert found == timedelta(minutes=1)


kinds = st.sampled_from([CONTACT, "drill.overdue", "alert.sink_failing"])
arrivals = st.lists(
    st.tuples(st.integers(0, 90), kinds, st.sampled_from(["cp_1", "cp_2", "cp_3", None])),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(arrivals=arrivals, digest=st.integers(1, 90), per_hour=st.integers(1, 6))
def test_every_notice_is_told_exactly_once_and_no_hour_has_too_many(
    arrivals: list[tuple[int, str, str | None]], digest: int, per_hour: int
) -> None:
    """Minute by minute, as the worker does it, with its store as plain lists."""
    rule = Rule(timedelta(minutes=digest), per_hour)
    coming = sorted(arrivals, key=lambda arrival: arrival[0])
    seen: set[tuple[str, str | None]] = set()
    waiting: dict[str, tuple[Pending, datetime]] = {}
    made: list[datetime] = []
    told: Counter[str] = Counter()
    number = minute = 0
    while coming or waiting:
        now = NOW + timedelta(minutes=minute)
        while coming and coming[0][0] <= minute:
            _at, kind, subject = coming.pop(0)
            first = (kind, subject) not in seen
            seen.add((kind, subject))
            number += 1
            fresh = Pending(f"n{number:04d}", kind, subject, now, put_off=False, first=first)
            waiting[fresh.id] = (fresh, now)
        due = [item for item, at in waiting.values() if at <= now]
        digests: dict[str, datetime] = {}
        for item, at in waiting.values():
            if at > now:
                digests[item.kind] = min(at, digests.get(item.kind, at))
        found = rules.plan(
            due,
            rule=rule,
            now=now,
            made=[at for at in made if at > now - rules.HOUR],
            digests=digests,
        )
        for group in found.now:
            made.append(now)
            told.update(group.ids)
            for each in group.ids:
                assert waiting.pop(each)[0].kind == group.kind
        for until, group in found.later:
            assert until > now
            for each in group.ids:
                old = waiting[each][0]
                put_off = Pending(
                    old.id, old.kind, old.subject, old.created_at, put_off=True, first=old.first
                )
                waiting[each] = (put_off, until)
        in_hour = [at for at in made if at > now - rules.HOUR]
        assert len(in_hour) <= per_hour
        minute += 1
        assert minute < 24 * 60, "something waits for ever"
    assert set(told.values()) <= {1}
    assert len(told) == len(arrivals)

"""Tracking decides when riders may ring; it takes weight from contacts and gives none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from honeytoken import Canary, Vault
from honeytoken.documents import Step, TrackingEvent, tracking_events
from honeytoken.errors import InvalidInput, NotFound, Refused
from honeytoken.models import Disposition
from tests.conftest import START, Clock

RIDER = "+447700900555"


@pytest.fixture
def placed(furnished_both: Vault, clock: Clock) -> tuple[Vault, Canary, str]:
    canary = furnished_both.mint(locale="en-GB")
    (item,) = furnished_both.place(canary, "northbound", reference="SO-1", confirmed=True)
    return furnished_both, canary, item.id


def _ring(vault: Vault, canary: Canary, body: str | None = None) -> str:
    return vault.contacts.add(medium="sms" if body else "call", canary=canary, body=body).id


def _held(vault: Vault, contact_id: str) -> Disposition:
    return vault.contacts.get(contact_id).disposition


def test_a_call_that_counted_is_set_aside_when_the_tracking_explains_it(
    placed: tuple[Vault, Canary, str], clock: Clock
) -> None:
    vault, canary, placement = placed
    clock.forward(days=3)
    call, loan = _ring(vault, canary), _ring(vault, canary, "低息贷款")
    clock.forward(days=10)
    late = _ring(vault, canary)
    assert _held(vault, call) is Disposition.UNSOLICITED
    tracked = vault.placements.track(
        [placement],
        dispatched_at=START + timedelta(days=1),
        delivered_at=START + timedelta(days=2),
    )
    assert (tracked.changed, tracked.set_aside, tracked.waiting) == (1, 1, 0)
    assert _held(vault, call) is Disposition.AMBIGUOUS
    assert _held(vault, loan) is _held(vault, late) is Disposition.UNSOLICITED
    assert vault.contacts.why(call) == "somebody was awaited"
    assert vault.contacts.why(loan) == "not about a delivery"
    actions = [entry.action for entry in vault.ledger.entries()]
    assert actions[-2:] == ["track", "rejudge"]
    assert vault.ledger.verify() == len(actions)


def test_tracking_never_makes_evidence_of_what_is_known_already(
    furnished_both: Vault, clock: Clock
) -> None:
    vault = furnished_both
    canary = vault.mint(locale="en-GB")
    until = START + timedelta(days=10)
    (item,) = vault.place(canary, "northbound", expected_until=until, confirmed=True)
    clock.forward(days=8)
    call = _ring(vault, canary)
    delivered = START + timedelta(days=2)
    tracked = vault.placements.track([item.id], delivered_at=delivered)
    assert (tracked.set_aside, tracked.waiting) == (0, 1)
    assert _held(vault, call) is Disposition.AMBIGUOUS
    (change,) = vault.contacts.changes()
    assert (change.disposition, change.judged) == (
        Disposition.AMBIGUOUS,
        Disposition.UNSOLICITED,
    )
    assert vault.contacts.rejudge() == (change,)
    assert _held(vault, call) is Disposition.UNSOLICITED
    assert vault.contacts.changes() == ()


def test_what_a_person_classified_stays(placed: tuple[Vault, Canary, str], clock: Clock) -> None:
    vault, canary, placement = placed
    clock.forward(days=1)
    call = _ring(vault, canary)
    vault.contacts.classify(call, "unsolicited", reason="asked for a loan")
    vault.contacts.classify(call, "expected", reason="no, it was the rider")
    vault.contacts.classify(call, "unsolicited", reason="it was not")
    vault.placements.track([placement], dispatched_at=START)
    assert vault.contacts.rejudge() == ()
    assert _held(vault, call) is Disposition.UNSOLICITED
    assert vault.contacts.why(call) == "by hand"


def test_the_same_tracking_twice_changes_nothing(
    placed: tuple[Vault, Canary, str], clock: Clock
) -> None:
    vault, _canary, placement = placed
    clock.forward(days=3)
    event = TrackingEvent(2, ("SO-1", "YT1"), Step.DELIVERED, START + timedelta(days=1))
    assert vault.placements.track_events([event]).changed == 1
    head = vault.ledger.head()
    assert vault.placements.track_events([event, event]).changed == 0
    assert vault.placements.track([placement], delivered_at=event.at).changed == 0
    assert vault.ledger.head() == head


def test_the_first_event_on_the_way_and_the_first_delivery_count(
    placed: tuple[Vault, Canary, str], clock: Clock
) -> None:
    vault, canary, _placement = placed
    clock.forward(days=9)
    events = [
        TrackingEvent(n, ("SO-1",), step, START + timedelta(days=day))
        for n, (step, day) in enumerate(
            [
                (Step.DELIVERED, 5),
                (Step.DISPATCHED, 3),
                (Step.DELIVERED, 4),
                (Step.DISPATCHED, 2),
            ],
            2,
        )
    ]
    others = [TrackingEvent(9, (f"SO-{n}", f"YT{n}"), Step.DELIVERED, START) for n in (7, 8)]
    tracked = vault.placements.track_events([*events, *others, *others])
    (item,) = vault.placements.list(canary=canary)
    assert (item.dispatched_at, item.delivered_at) == (
        START + timedelta(days=2),
        START + timedelta(days=4),
    )
    assert (tracked.changed, tracked.others) == (1, 2)


@pytest.mark.parametrize(
    ("step", "days", "reason"),
    [(Step.DELIVERED, 50, "in the future"), (Step.DELIVERED, 0.5, "before it was dispatched")],
)
def test_a_file_with_an_impossible_time_is_refused_whole(
    placed: tuple[Vault, Canary, str], clock: Clock, step: Step, days: float, reason: str
) -> None:
    vault, canary, _placement = placed
    clock.forward(days=9)
    events = [
        TrackingEvent(2, ("SO-1",), Step.DISPATCHED, START + timedelta(days=1)),
        TrackingEvent(3, ("SO-1",), step, START + timedelta(days=days)),
    ]
    with pytest.raises(InvalidInput, match=f"line [23]: .*{reason}"):
        vault.placements.track_events(events)
    (item,) = vault.placements.list(canary=canary)
    assert item.dispatched_at is None


def test_times_by_hand_are_checked(placed: tuple[Vault, Canary, str], clock: Clock) -> None:
    vault, _canary, placement = placed
    clock.forward(days=2)
    with pytest.raises(InvalidInput, match="say when"):
        vault.placements.track([placement])
    with pytest.raises(Refused, match="future"):
        vault.placements.track([placement], delivered_at=START + timedelta(days=9))
    with pytest.raises(Refused, match="wrong order"):
        vault.placements.track(
            [placement], dispatched_at=START + timedelta(days=1), delivered_at=START
        )
    with pytest.raises(NotFound):
        vault.placements.track(["pl_none"], delivered_at=START)
    vault.void([placement], reason="lost")
    with pytest.raises(Refused, match="void"):
        vault.placements.track([placement], delivered_at=START)


def test_every_hop_of_a_route_shares_its_parcels_window(
    furnished_both: Vault, clock: Clock
) -> None:
    vault = furnished_both
    vault.channels.add("hub", kind="hub", parent="northbound")
    vault.routes.add("r", ["northbound", "hub"])
    vault.place(vault.mint(locale="en-GB"), route="r", reference="SO-2", confirmed=True)
    clock.forward(days=2)
    event = TrackingEvent(2, ("SO-2",), Step.DISPATCHED, START)
    assert vault.placements.track_events([event]).changed == 2


def test_a_tracking_table_reaches_the_placement(
    placed: tuple[Vault, Canary, str], clock: Clock
) -> None:
    vault, canary, _placement = placed
    clock.forward(days=3)
    rows = [
        (1, ["运单号", "订单号", "时间", "状态"]),
        (2, ["YT1", "SO-1", "2026-03-02 09:00:00", "【杭州市】已揽收"]),
        (3, ["YT1", "SO-1", "2026-03-03 12:30", "已签收,签收人:本人"]),
        (4, ["YT2", "SO-9", "2026-03-03 12:30", "已签收"]),
    ]
    assert vault.placements.track_events(tracking_events(rows)).others == 1
    (item,) = vault.placements.list(canary=canary)
    assert item.dispatched_at is not None
    assert item.delivered_at is not None
    assert item.dispatched_at.isoformat() == "2026-03-02T01:00:00+00:00"
    assert item.delivered_at.isoformat() == "2026-03-03T04:30:00+00:00"

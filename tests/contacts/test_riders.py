"""A month of deliveries: riders on private mobiles accuse nobody, a thief among them is seen.

Sixty parcels over thirty days to sixty canaries of six couriers. Each has one to three calls of
riders, from mobiles met nowhere else or of a rider who rings many, at any hour between dispatch and
48 hours after delivery; couriers and pick-up stations write; strangers ring anybody now and then,
controls included.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest

from honeytoken import Canary, NewPoint, Trace, Vault
from honeytoken.contacts import Received
from honeytoken.documents import tracking_events
from honeytoken.gateways import Delivery
from honeytoken.models import Authenticity, Disposition, Medium, Placement, Verdict
from tests.conftest import START, Clock

COURIERS = tuple(f"courier-{n}" for n in range(6))
PARCELS_EACH = 10
DAYS = 30
CHINA = timedelta(hours=8)


@dataclass
class Parcel:
    """A canary's parcel on its way."""

    canary: Canary
    placement: Placement
    courier: int
    dispatched_at: datetime
    delivered_at: datetime

    @property
    def tracking(self) -> Iterator[list[str]]:
        """Its rows in the courier's export: order, waybill, local time, what happened."""
        yield self._row(self.dispatched_at, "已揽收")
        yield self._row(self.dispatched_at + timedelta(hours=9), "运输中")
        yield self._row(self.delivered_at - timedelta(hours=3), "派送中")
        yield self._row(self.delivered_at, "已签收,签收人:本人")

    def _row(self, at: datetime, what: str) -> list[str]:
        local = (at + CHINA).strftime("%Y-%m-%d %H:%M:%S")
        return [self.placement.reference or "", f"YT{self.placement.id[-8:]}", local, what]


@dataclass
class Month:
    """What happens, day by day, in a vault."""

    vault: Vault
    clock: Clock
    random: random.Random
    days_given: int | None
    parcels: list[Parcel] = field(default_factory=list)
    waiting: list[tuple[datetime, str, str, str | None]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def furnish(self) -> None:
        for n, name in enumerate(COURIERS):
            senders = (f"9533{n}*", f"【{n}号速递】")
            self.vault.channels.add(name, kind="courier", expected_senders=senders)
        self.vault.pool.add_many(
            NewPoint("phone_number", f"+861540000{n:04d}", "CN", "test", capacity=1)
            for n in range(len(COURIERS) * PARCELS_EACH + 30)
        )
        self.vault.pool.reserve_controls(count=30)

    def send(self) -> None:
        """Hand the sixty parcels over within the first eighteen days."""
        canaries = list(self.vault.mint_many(60, requires=("phone_number",)))
        at = sorted(START + timedelta(days=self.random.uniform(0, 18)) for _canary in canaries)
        for n, (canary, when) in enumerate(zip(canaries, at, strict=True)):
            self.clock.now = when
            until = None if self.days_given is None else when + timedelta(days=self.days_given)
            (placed,) = self.vault.place(
                canary, COURIERS[n % 6], reference=f"SO-{n:04d}", expected_until=until
            )
            self.vault.confirm([placed.id])
            left = when + timedelta(hours=self.random.uniform(1, 20))
            arrived = left + timedelta(hours=self.random.uniform(20, 80))
            self.parcels.append(Parcel(canary, placed, n % 6, left, arrived))

    def deliver(self) -> None:
        """Let riders ring, and couriers and stations write, within each parcel's window."""
        regulars = [self.mobile() for _rider in range(8)]
        for parcel in self.parcels:
            end = parcel.delivered_at + timedelta(hours=47.9)
            sign = f"【{parcel.courier}号速递】"
            for _call in range(self.random.randint(1, 3)):
                rider = self.random.choice([*regulars, self.mobile()])
                self.at(self.between(parcel.dispatched_at, end), rider, parcel, None)
            if self.random.random() < 0.7:
                text = f"{sign}您的快件已到达驿站,请凭取件码{self.random.randrange(9)}-2-304领取。"
                self.at(parcel.delivered_at, f"9533{parcel.courier}", parcel, text)
            if self.random.random() < 0.5:
                text = f"【菜鸟驿站】包裹已到,电话{self.mobile()[3:]},20:00前取件,逾期退回。"
                self.at(self.between(parcel.delivered_at, end), "10690001", parcel, text)
            if self.random.random() < 0.2:
                text = "我是送快递的,放门口了,麻烦签收一下"
                self.at(self.between(parcel.delivered_at, end), self.mobile(), parcel, text)

    def strangers(self, calls: int) -> None:
        """Ring any number at any time, controls as likely as others."""
        for _call in range(calls):
            number = f"+861540000{self.random.randrange(90):04d}"
            at = self.between(START, START + timedelta(days=DAYS))
            self.waiting.append((at, self.mobile(), number, None))

    def between(self, begin: datetime, end: datetime) -> datetime:
        return begin + (end - begin) * self.random.random()

    def mobile(self) -> str:
        return f"+8616{self.random.choice('134')}{self.random.randrange(10**8):08d}"

    def at(self, when: datetime, sender: str, parcel: Parcel, text: str | None) -> None:
        number = parcel.canary.identity.phone_number
        assert number is not None
        self.waiting.append((when, sender, number, text))

    def live(self, *, first_day: int = 0) -> None:
        """Bring it all to the vault, a day at a time."""
        for day in range(first_day, DAYS + 1):
            self.clock.now = START + timedelta(days=day)
            due = sorted(item for item in self.waiting if item[0] < self.clock.now)
            self.waiting = [item for item in self.waiting if item[0] >= self.clock.now]
            self.vault.contacts.record([self._received(*item) for item in due])

    def _received(self, at: datetime, sender: str, number: str, text: str | None) -> Received:
        delivery = Delivery(
            gateway="phones",
            delivery_id=str(next(self.numbers)),
            medium=Medium.SMS if text else Medium.CALL,
            authenticity=Authenticity.BODY,
            sender=sender,
            recipient=number,
            text=text,
            sent_at=at,
        )
        return Received(delivery, "CN", self.clock(), {}, b"")

    def track(self) -> None:
        """Take the couriers' export at the end of the month, with other people's orders in it."""
        rows = [row for parcel in self.parcels for row in parcel.tracking]
        rows += [[f"SO-9{n:03d}", f"YT9{n}", "2026-03-03 09:00", "已签收"] for n in range(40)]
        self.random.shuffle(rows)
        table = [["订单号", "运单号", "时间", "状态"], *rows]
        self.vault.placements.track_events(tracking_events(enumerate(table, 1)))

    def trace(self) -> Trace:
        return self.vault.trace(since=START)


def _month(vault: Vault, clock: Clock, seed: int, *, days_given: int | None) -> Month:
    month = Month(vault, clock, random.Random(f"month {seed}"), days_given)
    month.furnish()
    month.send()
    month.deliver()
    return month


def _suspected(trace: Trace) -> list[str]:
    return [
        name
        for found in trace.attributions
        if found.verdict in (Verdict.SUSPECT, Verdict.STRONG) or found.posterior >= 0.5
        for name in found.channel_ids
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days_given", [9, None])
def test_a_month_of_riders_on_private_mobiles_accuses_nobody(
    vault: Vault, clock: Clock, seed: int, days_given: int | None
) -> None:
    """With the owner's guess of nine days, or with nothing but the tracking that comes later."""
    month = _month(vault, clock, seed, days_given=days_given)
    month.strangers(3)
    month.live()
    month.track()
    trace = month.trace()
    assert _suspected(trace) == []
    assert len(vault.contacts.list(disposition="unsolicited")) <= 3, "only strangers"
    assert len(vault.contacts.list()) > 150


def test_a_month_of_riders_on_both_databases(both: Vault, clock: Clock) -> None:
    month = _month(both, clock, 9, days_given=None)
    month.live()
    assert any(c.disposition is Disposition.UNSOLICITED for c in both.contacts.list())
    month.track()
    held = {c.disposition for c in both.contacts.list()}
    assert held == {Disposition.AMBIGUOUS, Disposition.EXPECTED}
    assert _suspected(month.trace()) == []
    assert both.ledger.verify() == both.ledger.head().seq


SCAMS = (
    "【{n}号速递】您好{name},您的快件在运输中丢失,现为您办理双倍赔偿,请加QQ客服2873",
    "【{n}号速递】{name}女士您的包裹破损,请点击 http://t.cn/A6xyz 登记退款",
    "【{n}号速递】您的快件异常,理赔专员将与您联系,请保持电话畅通,回电15400009999",
)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sender", ["the courier's", "private"])
def test_a_thief_with_the_couriers_signature_is_seen_among_the_riders(
    vault: Vault, clock: Clock, seed: int, sender: str
) -> None:
    """The list of one courier is sold; the buyers write inside the delivery windows."""
    month = _month(vault, clock, seed, days_given=9)
    month.strangers(3)
    scams = []
    for parcel in month.parcels:
        if parcel.courier == 2 and month.random.random() < 0.8:
            text = month.random.choice(SCAMS).format(n=2, name=parcel.canary.identity.name)
            at = month.between(parcel.dispatched_at, parcel.delivered_at + timedelta(hours=40))
            scams.append(text)
            month.at(at, "95332" if sender == "the courier's" else month.mobile(), parcel, text)
    month.live()
    month.track()
    seen = {c.body for c in vault.contacts.list(disposition="unsolicited") if c.body}
    assert seen == set(scams)
    assert _suspected(month.trace()) == [COURIERS[2]]


def test_who_rings_three_days_after_the_delivery_is_no_rider(vault: Vault, clock: Clock) -> None:
    month = _month(vault, clock, 1, days_given=9)
    month.waiting.clear()
    late = [parcel for parcel in month.parcels if parcel.courier == 4]
    for parcel in late:
        month.at(parcel.delivered_at + timedelta(hours=72), month.mobile(), parcel, None)
    clock.now = START + timedelta(days=DAYS)
    month.track()
    month.live(first_day=DAYS)
    assert len(vault.contacts.list(disposition="unsolicited")) == len(late)

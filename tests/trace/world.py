"""Small made-up worlds for the tracer's tests. Knows the records, nothing of the tracer's model.

``Story`` writes evidence by hand; ``play`` lets people and robots live in it: buyers who ring part
of a list after a while, robocallers who dial several numbers, single strangers. Delays are gamma,
not exponential, a buyer is one campaign over several canaries, and diallers come in bursts: on
purpose not the generator the decoder would like best.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from honeytoken.models import (
    Authenticity,
    Candidate,
    Channel,
    ChannelKind,
    Control,
    Disposition,
    DocumentKind,
    Drill,
    Evidence,
    FieldMatch,
    Medium,
    Permission,
    Placement,
    PlacementStatus,
    Sighting,
    SoakHistory,
    TracedCanary,
    View,
    Window,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
NUMBER = FieldMatch("phone_number", "full", 0.0)


def day(days: float) -> datetime:
    return START + timedelta(days=days)


@dataclass
class Story:
    """Evidence in the making. Days count from the window's start."""

    days: float = 90.0
    prior: float = 1.0
    channels: list[str] = field(default_factory=list)
    canaries: dict[str, TracedCanary] = field(default_factory=dict)
    placements: list[Placement] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    soaks: list[SoakHistory] = field(default_factory=list)
    drills: list[Drill] = field(default_factory=list)

    def channel(self, *names: str) -> None:
        self.channels.extend(names)

    def control(self, count: int, *, exposure: float | None = None) -> None:
        for _ in range(count):
            name = f"control{len(self.controls):03}"
            self.controls.append(Control(name, day(-30), exposure or self.days))

    def canary(
        self,
        name: str,
        *channels: str,
        at: float = 0.0,
        number: str | None = None,
        status: PlacementStatus = PlacementStatus.CONFIRMED,
        permission: Permission = Permission.UNKNOWN,
        expected_until: datetime | None = None,
        view: View | None = None,
    ) -> str:
        self.canaries.setdefault(name, TracedCanary(name, (number or f"number-{name}",)))
        for channel in channels:
            if channel not in self.channels:
                self.channels.append(channel)
            self.placements.append(
                Placement(
                    id=f"p{len(self.placements):05}",
                    canary_id=name,
                    channel_id=channel,
                    document=DocumentKind.WAYBILL,
                    status=status,
                    intended_at=day(at - 1),
                    confirmed_at=day(at) if status is PlacementStatus.CONFIRMED else None,
                    permission=permission,
                    expected_until=expected_until,
                    view=view or {},
                )
            )
        return name

    def plant(self, channels: Sequence[str], each: int, *, at: float = 0.0) -> None:
        for channel in channels:
            for n in range(each):
                self.canary(f"{channel}-{n}", channel, at=at)

    def ring(
        self,
        number: str,
        at: float,
        *,
        campaign: str | None = None,
        canaries: Sequence[str] = (),
        matches: tuple[FieldMatch, ...] = (),
        disposition: Disposition = Disposition.UNSOLICITED,
        authenticity: Authenticity = Authenticity.BODY,
        medium: Medium = Medium.CALL,
        confirmed: bool = False,
    ) -> str:
        """Somebody reaches *number*; of all canaries that carry it unless *canaries* are named."""
        name = f"s{len(self.sightings):05}"
        who = canaries or [c.id for c in self.canaries.values() if number in c.contact_point_ids]
        self.sightings.append(
            Sighting(
                id=name,
                seen_at=day(at),
                medium=medium,
                origin=f"contact-{name}",
                disposition=disposition,
                campaign_id=campaign or f"only-{name}",
                candidates=tuple(Candidate(c, (NUMBER, *matches)) for c in who),
                contact_point_id=number,
                authenticity=authenticity,
                confirmed=confirmed,
            )
        )
        return name

    def reach(self, canary: str, at: float, **how: object) -> str:
        """Somebody reaches *canary* on its own number."""
        number = self.canaries[canary].contact_point_ids[0]
        return self.ring(number, at, canaries=[canary], **how)  # type: ignore[arg-type]  # passed on

    def noise(self, control: int, at: float, *, campaign: str | None = None) -> str:
        number = self.controls[control].contact_point_id
        return self.ring(number, at, campaign=campaign, disposition=Disposition.BACKGROUND)

    def evidence(self) -> Evidence:
        return Evidence(
            channels=tuple(
                Channel(name, name.title(), ChannelKind.COURIER, START) for name in self.channels
            ),
            routes=(),
            canaries=tuple(self.canaries.values()),
            placements=tuple(self.placements),
            sightings=tuple(self.sightings),
            controls=tuple(self.controls),
            soak_histories=tuple(self.soaks),
            drills=tuple(self.drills),
            window=Window(day(0), day(self.days)),
            prior=self.prior,
        )


@dataclass(frozen=True)
class Life:
    """How the strangers and the buyers of one world behave."""

    #: Strangers' contacts per number and day, single and by diallers together.
    rate: float = 0.0006
    #: Share of those made by diallers of several numbers.
    dialled: float = 0.4
    #: Share of a leaked list that is used at all.
    used: float = 0.65
    buyers: int = 4
    named: float = 0.3
    delay_days: float = 30.0


def play(story: Story, rng: random.Random, *, leaks: Sequence[str] = (), life: Life) -> Story:
    """Let the world run: strangers everywhere, and buyers of the lists of *leaks*."""
    owners = {c.contact_point_ids[0]: c.id for c in story.canaries.values()}
    numbers = [*owners, *(c.contact_point_id for c in story.controls)]

    def ring(number: str, at: float, campaign: str, named: bool = False) -> None:
        kind = Disposition.UNSOLICITED if number in owners else Disposition.BACKGROUND
        matches = (FieldMatch("name", "spoken", 6.0),) if named else ()
        story.ring(number, at, campaign=campaign, disposition=kind, matches=matches)

    for number in numbers:
        at = rng.expovariate(life.rate * (1 - life.dialled))
        while at < story.days:
            ring(number, at, f"stranger-{number}-{at:.5f}")
            at += rng.expovariate(life.rate * (1 - life.dialled))
    budget = life.rate * life.dialled * len(numbers) * story.days
    dialler = 0
    while budget > 0 and rng.random() < budget / 5:
        size = min(len(numbers), rng.randint(2, 8))
        start = rng.uniform(0, story.days - 2)
        for number in rng.sample(numbers, size):
            ring(number, start + rng.random(), f"dialler-{dialler}")
        dialler, budget = dialler + 1, budget - size
    for source in leaks:
        lists = [p for p in story.placements if source in (p.channel_id, "*")]
        left_at = rng.uniform(0, story.days / 6)
        for placement in sorted({p.canary_id: p for p in lists}.values(), key=lambda p: p.id):
            if rng.random() > life.used:
                continue
            assert placement.confirmed_at is not None
            from_ = max(left_at, (placement.confirmed_at - START) / timedelta(days=1))
            at = from_ + rng.gammavariate(2, life.delay_days / 2)
            if at < story.days:
                buyer = f"buyer-{source}-{rng.randrange(life.buyers)}"
                number = story.canaries[placement.canary_id].contact_point_ids[0]
                ring(number, at, buyer, named=rng.random() < life.named)
    return story

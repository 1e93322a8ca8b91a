"""What the tracer is given, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .contacts import Drill, Sighting
from .people import ContactPointKind
from .planting import Channel, Permission, Placement, Route


@dataclass(frozen=True, slots=True)
class Window:
    """The time looked at: ``start <= t < end``, aware UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class NameTerms:
    """How common the name is: shares of the population, 0 to 1, with no name in it."""

    family_name: float
    #: Share of people who carry exactly this full name.
    name: float


@dataclass(frozen=True, slots=True)
class TracedCanary:
    """A canary as the tracer may see it: no sealed text."""

    id: str
    contact_point_ids: tuple[str, ...]
    name_terms: NameTerms | None = None
    #: Kind of each contact point, in the same order; empty: the first one is a phone number.
    kinds: tuple[ContactPointKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """A contact point that measures the background."""

    contact_point_id: str
    reserved_at: datetime
    #: Time within the window during which it listened, in days.
    exposure_days: float


@dataclass(frozen=True, slots=True)
class SoakHistory:
    """What a contact point heard before anybody was given it."""

    contact_point_id: str
    #: Days listened to before its first confirmed placement.
    days: float
    #: Contacts in those days, one per campaign.
    contacts: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """All the tracer knows. Without names, numbers or texts."""

    channels: tuple[Channel, ...]
    routes: tuple[Route, ...]
    canaries: tuple[TracedCanary, ...]
    placements: tuple[Placement, ...]
    sightings: tuple[Sighting, ...]
    controls: tuple[Control, ...]
    soak_histories: tuple[SoakHistory, ...]
    drills: tuple[Drill, ...]
    window: Window
    #: Expected number of channels that leaked (``K0``), stated before looking.
    prior: float
    ledger_head: str | None = None


class Verdict(StrEnum):
    """What may be said of a channel."""

    STRONG = "strong"
    SUSPECT = "suspect"
    NOT_ENOUGH_EVIDENCE = "not enough evidence"
    NO_SIGN = "no sign"


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The lowest and highest posterior under other, defensible assumptions."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """A channel, or a group that cannot be separated, and what speaks for it."""

    channel_ids: tuple[str, ...]
    #: P(data went out through it | evidence, model).
    posterior: float
    #: Posterior odds over prior odds.
    bayes_factor: float
    #: Ids of the sightings that count for it, earliest first.
    sightings: tuple[str, ...]
    #: Number of campaigns among them: each votes once.
    campaigns: int
    #: Canaries confirmed with it in the window.
    exposed: int
    #: Those of them that nobody reached.
    silent: int
    #: How many of ``exposed`` would have been reached by chance.
    expected_by_chance: float
    verdict: Verdict
    permission: Permission
    sensitivity: Sensitivity
    #: Why the verdict is not higher, as stable words (``"one canary only"``); empty for strong.
    limits: tuple[str, ...] = ()
    first_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole answer, with its assumptions."""

    #: Highest posterior first.
    attributions: tuple[Attribution, ...]
    #: P(somebody not declared passed data on).
    undeclared: float
    #: P(no leak at all).
    none: float
    #: Unsolicited contacts per number and day, and its 95 % interval.
    background: float
    background_low: float
    background_high: float
    #: What the background was measured on.
    controls: int
    controls_reached: int
    control_days: float
    #: Share of leaking channels this planting would have noticed in the window.
    detectable: float
    #: Sightings that no declared channel explains.
    unexplained: tuple[str, ...]
    window: Window
    prior: float
    ledger_head: str | None = None
    #: Sightings set aside as random dialling or as nobody's list; they count for no channel.
    set_aside: tuple[str, ...] = ()

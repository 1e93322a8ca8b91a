"""When a contact point is drilled, and what its drills say of it. Pure.

Nothing is planned ahead: what is due follows from the drills that are stored, so that a restart
sends none twice and every replica comes to the same answer. What looks like chance is drawn from
the id of a stored drill: 64 random bits that nobody outside has seen.

A point's gaps are spread evenly between half and one and a half of ``drill.every_days``, at hours
at which people write (8:00 to 21:00 where the point is). Points that are due together, as when the
schedule is first switched on, are taken one by one: a drill of any point keeps the others waiting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import SettingsError
from ..messages import translate as _
from ..settings import DrillSettings
from ..store.drills import StoredDrill

#: Hours of the day, where the contact point is, at which a drill looks like anything else.
FIRST_HOUR, LAST_HOUR = 8, 21
#: After a message that could not be sent; half as much to one and a half times as much.
RETRY = timedelta(hours=3)
#: Attempts through a sender that all failed: then it is told.
FAILURES_IN_A_ROW = 3
_LONGEST_SPACING = timedelta(hours=6)
_DAYS_A_MONTH = 30.44
_SHORTEST_DAYS = 0.25


class State(StrEnum):
    """What the drills of a contact point say of it."""

    #: The last drill was heard, and not long ago.
    ALIVE = "alive"
    #: One is under way.
    AWAITING = "awaiting"
    #: None was heard for longer than ``drill.overdue_days``.
    OVERDUE = "overdue"
    #: None was ever sent.
    NEVER = "never drilled"
    #: The last one left and was not heard.
    DEAF = "deaf"


@dataclass(frozen=True, slots=True)
class History:
    """The drills of one contact point, summed up."""

    #: What is known, :attr:`State.AWAITING` left out.
    health: State = State.NEVER
    #: True while a drill is under way.
    awaiting: bool = False
    #: When the last one that left, or was handed over, was opened.
    sent_at: datetime | None = None
    heard_at: datetime | None = None
    #: The last one, if any.
    last: StoredDrill | None = None

    @property
    def state(self) -> State:
        """What people are shown."""
        return State.AWAITING if self.awaiting else self.health


def history(
    drills: Sequence[StoredDrill],
    heard_at: datetime | None,
    *,
    now: datetime,
    overdue_days: float,
) -> History:
    """Sum up one contact point.

    Args:
        drills: its last ones, earliest first.
        heard_at: when it last heard one, however long ago.
        now: aware UTC.
        overdue_days: without one that was heard.
    """
    if not drills:
        return History()
    left = [drill for drill in drills if drill.sent_at or drill.heard_at or drill.message_id]
    return History(
        health=_health(drills, heard_at, now, timedelta(days=overdue_days)),
        awaiting=any(is_open(drill, now) for drill in drills),
        sent_at=left[-1].at if left else None,
        heard_at=heard_at,
        last=drills[-1],
    )


def _health(
    drills: Sequence[StoredDrill], heard_at: datetime | None, now: datetime, overdue: timedelta
) -> State:
    # One that came too late was missed, and then heard: the point is alive again.
    missed = [drill.at for drill in drills if drill.heard_at is None and drill.missed(now)]
    if missed and (heard_at is None or heard_at < missed[-1]):
        return State.DEAF
    if heard_at is not None:
        return State.OVERDUE if now - heard_at > overdue else State.ALIVE
    # None was heard and none was missed: nothing that was tried ever left.
    return State.OVERDUE if now - drills[0].at > overdue else State.NEVER


def check(settings: DrillSettings) -> None:
    """Refuse a schedule so dense that it would be a tell, and cost a fortune.

    Raises:
        SettingsError: ``drill.every_days`` is neither 0 nor a quarter of a day at least.
    """
    if 0 < settings.every_days < _SHORTEST_DAYS:
        raise SettingsError(
            _("drill.every_days must be 0, or at least {days}.").format(days=_SHORTEST_DAYS),
            hint=_("Once in a week or two is enough."),
        )


def is_open(drill: StoredDrill, now: datetime) -> bool:
    """Tell whether a drill is under way."""
    return drill.heard_at is None and drill.failure is None and now <= drill.deadline


def share(drill_id: str, purpose: str) -> float:
    """Return a number from 0 to 1 that only the id of a drill decides."""
    digest = hashlib.sha256(f"{purpose} {drill_id}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def due_at(last: StoredDrill | None, every: timedelta) -> datetime:
    """Return from when on a contact point may be drilled again: the beginning of time if never.

    Args:
        last: its last drill, sent or not.
        every: the average gap.
    """
    if last is None:
        return datetime.min.replace(tzinfo=UTC)
    never_left = last.failure is not None and not last.heard_at
    gap = min(RETRY, every) if never_left else every
    return last.at + gap * (0.5 + share(last.id, "gap"))


def spacing(points: int, every: timedelta, last_id: str) -> timedelta:
    """Return how long the drill of one point keeps all others waiting.

    About half of what would let every point have its turn in time, within the hours of a day.
    """
    hours_open = (LAST_HOUR - FIRST_HOUR) / 24
    fair = every * hours_open / (2 * max(points, 1))
    return min(fair, _LONGEST_SPACING) * (0.5 + share(last_id, "spacing"))


def is_day(now: datetime, zone: tzinfo) -> bool:
    """Tell whether people there are up and about."""
    return FIRST_HOUR <= now.astimezone(zone).hour < LAST_HOUR


def next_points(
    zones: Mapping[str, tzinfo],
    drills: Sequence[StoredDrill],
    *,
    now: datetime,
    every_days: float,
) -> list[str]:
    """Return the contact points to be drilled now, the one to be taken first first.

    Args:
        zones: the points that can be drilled, and the time of day where they are.
        drills: of all points, earliest first.
        now: aware UTC.
        every_days: the average gap; 0 or less: none is due.
    """
    if every_days <= 0 or not zones:
        return []
    every = timedelta(days=every_days)
    by_point: dict[str, StoredDrill] = {}
    open_points = set()
    for drill in drills:
        by_point[drill.contact_point_id] = drill
        if is_open(drill, now):
            open_points.add(drill.contact_point_id)
    if drills and now < drills[-1].at + spacing(len(zones), every, drills[-1].id):
        return []
    seed = drills[-1].id if drills else ""
    due = [
        point_id
        for point_id, zone in zones.items()
        if point_id not in open_points
        and is_day(now, zone)
        and due_at(by_point.get(point_id), every) <= now
    ]
    return sorted(due, key=lambda point_id: share(point_id, f"turn {seed}"))


def messages_a_month(
    points_by_sender: Mapping[str, float], settings: DrillSettings
) -> dict[str, float]:
    """Return how many messages the schedule sends a month, by sender."""
    if settings.every_days <= 0:
        return {}
    return {
        name: count * _DAYS_A_MONTH / settings.every_days
        for name, count in sorted(points_by_sender.items())
    }


@cache
def zone_of(region: str, number: str | None = None) -> tzinfo:
    """Return the time zone of a number, or of a country's mobiles; UTC if nobody knows.

    A country with several is taken at the one most of its numbers are in, as far as is known.
    """
    # Imported here: their data take a moment to load.
    import phonenumbers
    from phonenumbers import timezone

    kind = phonenumbers.PhoneNumberType.MOBILE
    example = phonenumbers.example_number_for_type(region, kind)
    parsed = [phonenumbers.parse(number)] if number else []
    for each in (*parsed, *([example] if example else [])):
        for name in _usual(timezone.time_zones_for_number(each)):
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError):
                continue
    return UTC


#: Of countries whose mobiles carry no place, the zone in which most people live.
_USUAL = ("Europe/London", "Australia/Sydney", "America/New_York", "Europe/Moscow")


def _usual(names: Iterable[str]) -> list[str]:
    known = [name for name in names if name != "Etc/Unknown"]
    return sorted(known, key=lambda name: name not in _USUAL)

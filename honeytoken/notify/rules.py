"""When what is told: at once, in a digest, or once more. Pure: no store, no clock, no chance.

The first notice of a subject (a contact point) goes out at once; later ones wait for the digest of
their sink. A sink gets at most so many alerts within any hour: what is more waits for the digest,
too. Nothing is dropped, and every digest says how many it held back, and since when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..store.outbox import CONTACT, Pending

HOUR = timedelta(hours=1)

#: Waits before each attempt (Standard Webhooks, operational recommendations); then it is given up.
SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
#: A share of each wait, so that what failed together is not tried together.
JITTER = 0.2
#: The receiver has too much to do, or stands behind somebody who has: it is not asked in seconds.
_BUSY = frozenset({"429", "502", "503", "504"})
_LEAST_WHEN_BUSY = timedelta(minutes=1)
#: What a receiver may ask for at most.
LONGEST_RETRY_AFTER = timedelta(days=1)
#: So many attempts of one alert fail before its sink counts as failing.
FAILING_AFTER = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """How often a sink wants to be told."""

    digest: timedelta
    per_hour: int


@dataclass(frozen=True, slots=True)
class Group:
    """Notices that become one alert, or wait together."""

    kind: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the notices of a sink that were looked at: each is in one group."""

    now: tuple[Group, ...]
    #: With the time until which they wait.
    later: tuple[tuple[datetime, Group], ...]


def plan(
    pending: Sequence[Pending],
    *,
    rule: Rule,
    now: datetime,
    made: Sequence[datetime],
    digests: Mapping[str, datetime],
) -> Plan:
    """Return which notices are told now, together, and until when the others wait.

    Args:
        pending: notices of one sink: new ones, and those whose digest is due.
        rule: of the sink.
        now: the present time.
        made: when alerts of the sink were made within the last hour, the earliest first.
        digests: kind -> when the digest that others wait for is due.
    """
    ready: list[Group] = []
    later: list[tuple[datetime, Group]] = []
    for kind in dict.fromkeys(notice.kind for notice in pending):
        group = [notice for notice in pending if notice.kind == kind]
        digest_at = digests.get(kind, now + rule.digest)
        if any(notice.put_off for notice in group):
            # Its digest is due: what came meanwhile goes with it.
            ready.append(_group(kind, group))
            continue
        urgent = [notice for notice in group if _is_urgent(notice)]
        if urgent:
            ready.append(_group(kind, urgent))
        if len(urgent) < len(group):
            rest = [notice for notice in group if not _is_urgent(notice)]
            later.append((digest_at, _group(kind, rest)))
    free = max(0, rule.per_hour - len(made))
    if len(ready) > free:
        room_at = _room_at(made, rule.per_hour, now)
        later += [(max(room_at, digests.get(g.kind, room_at)), g) for g in ready[free:]]
    return Plan(tuple(ready[:free]), tuple(later))


def _is_urgent(notice: Pending) -> bool:
    if notice.kind != CONTACT:
        return True
    # What reached nobody we know has no first time.
    return notice.first and notice.subject is not None


def _room_at(made: Sequence[datetime], per_hour: int, now: datetime) -> datetime:
    """Return when a further alert may be made."""
    if len(made) < per_hour:
        # This round's own alerts use up the hour.
        return now + HOUR
    return max(made[len(made) - per_hour] + HOUR, now + timedelta(seconds=1))


def _group(kind: str, notices: Iterable[Pending]) -> Group:
    return Group(kind, tuple(notice.id for notice in notices))


def next_wait(
    attempts: int, *, failure: str, retry_after: timedelta | None, chance: float
) -> timedelta | None:
    """Return how long to wait before an alert is tried again, ``None`` if it is given up.

    Args:
        attempts: that were made, this one included.
        failure: why it failed: a word or an HTTP status.
        retry_after: what the receiver asked for; at most :data:`LONGEST_RETRY_AFTER` of it counts.
        chance: from 0 to 1, for the jitter.
    """
    if attempts >= len(SCHEDULE):
        return None
    wait = SCHEDULE[attempts] * (1 + JITTER * chance)
    if failure in _BUSY:
        wait = max(wait, _LEAST_WHEN_BUSY)
    if retry_after is not None:
        wait = max(wait, min(retry_after, LONGEST_RETRY_AFTER))
    return wait

"""When a contact point was deaf, by its drills. Pure arithmetic.

Silence speaks for a channel only while somebody would have heard a contact, and a control measures
the background only then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..models import Drill, Medium

#: From when until when, in days.
Spells = tuple[tuple[float, float], ...]


def deaf_spells(drills: Iterable[Drill], start: datetime) -> dict[str, Spells]:
    """Return per contact point when it was deaf, in days since *start*: apart, and in order.

    A failed drill makes it deaf from the last drill of its medium that was heard to the next one.
    If none was heard before, it has never been proven to hear: deaf from ever. A number that hears
    messages and no calls is deaf too, because a contact could have come by either.
    """
    by_way: dict[tuple[str, Medium | None], list[tuple[float, bool]]] = {}
    for drill in drills:
        entry = ((drill.at - start).total_seconds() / 86_400, drill.heard)
        by_way.setdefault((drill.contact_point_id, drill.medium), []).append(entry)
    spells: dict[str, list[tuple[float, float]]] = {}
    for (point, _medium), entries in by_way.items():
        found = spells.setdefault(point, [])
        heard_at, failed = float("-inf"), False
        for at, heard in sorted(entries):
            if heard:
                if failed:
                    found.append((heard_at, at))
                heard_at, failed = at, False
            else:
                failed = True
        if failed:
            found.append((heard_at, float("inf")))
    return {point: _apart(found) for point, found in spells.items() if found}


def _apart(spells: list[tuple[float, float]]) -> Spells:
    """Return the union of spells as spells that do not overlap, in order."""
    union: list[tuple[float, float]] = []
    for begin, end in sorted(spells):
        if union and begin <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        else:
            union.append((begin, end))
    return tuple(union)


def heard_days(begin: float, end: float, spells: Spells) -> float:
    """Return how many of the days from *begin* to *end* lie outside of the deaf *spells*."""
    deaf = sum(max(0.0, min(end, deaf_to) - max(begin, deaf_from)) for deaf_from, deaf_to in spells)
    return max(0.0, end - begin - deaf)

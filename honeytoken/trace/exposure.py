"""What was planted, as numbers: who could have passed on which canary, and when.

Only confirmed placements are exposure. A leak through a channel reaches the canary's owner after a
delay that is exponential with mean 45 days, so a placement of age ``a`` has had the share
``F = 1 - exp(-a / 45)`` of its contacts. Contacts count only inside the window; *silence* counts
only while a contact would have been noticed and counted: not while the contact point was deaf, and
not while riders might ring anybody who carries the number (``windows``), since a call would have
been called ambiguous then. Controls get no riders.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ..models import (
    Evidence,
    FieldForm,
    Permission,
    Placement,
    PlacementStatus,
    TracedCanary,
    View,
)
from .deafness import deaf_spells, heard_days
from .points import listening_point, phone_point
from .windows import delivery_window, merged

#: Mean time from leak to contact.
DELAY_DAYS = 45.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def days_since(start: datetime, moment: datetime) -> float:
    """Return *moment* in days after *start*."""
    return (moment - start).total_seconds() / 86400


def arrived(at: float, begin: float, end: float) -> float:
    """Return the share of a leak's contacts that falls between *begin* and *end*, all in days."""
    begin = max(begin, at)
    if end <= begin:
        return 0.0
    return math.exp((at - begin) / DELAY_DAYS) - math.exp((at - end) / DELAY_DAYS)


def shown(view: View, field: str) -> FieldForm:
    """Return in which form *field* was shown; what a view does not name was shown in full."""
    seen = view.get(field)
    return seen.form if seen else FieldForm.FULL


@dataclass(frozen=True, slots=True)
class Plantings:
    """All exposure of one evidence, in arrays. Times are days since the window's start.

    ``channel``, ``canary``, ``at``, ``contacts``, ``silence``, ``views`` and ``permissions`` have
    one element per (channel, canary) pair, at its earliest confirmation.
    """

    #: Sorted ids; the arrays hold positions in them.
    channels: tuple[str, ...]
    canaries: tuple[str, ...]
    #: Position of a canary's id.
    position: dict[str, int]
    length: float
    channel: Ints
    canary: Ints
    at: Floats
    #: Share of a leak's contacts that falls into the window.
    contacts: Floats
    #: The same while silence would have been noticed and the channel knew how to reach us.
    silence: Floats
    views: tuple[View, ...]
    #: Which views say anything at all.
    viewed: NDArray[np.bool_]
    permissions: tuple[Permission, ...]
    #: Per canary: the pairs it is in.
    pairs: tuple[Ints, ...]
    #: Per canary: its phone number's contact point, or None.
    number: tuple[str | None, ...]
    #: Per canary: earliest confirmation with anybody, and exposure since then.
    first_at: Floats
    first_contacts: Floats
    first_silence: Floats
    #: Phone number -> positions of the canaries that carry it.
    sharing: dict[str, tuple[int, ...]]
    #: Any contact point -> earliest confirmation of a canary on it.
    planted_at: dict[str, float]
    #: Phone number -> days in the window during which a stranger's call would have counted.
    listened: dict[str, float]


def _confirmed(evidence: Evidence) -> list[Placement]:
    """Return placements that are exposure: the earliest of each channel and canary, in order."""
    known = {canary.id for canary in evidence.canaries}
    end = evidence.window.end
    earliest: dict[tuple[str, str], Placement] = {}
    for placement in evidence.placements:
        at = placement.confirmed_at
        if placement.status is not PlacementStatus.CONFIRMED or at is None or at >= end:
            continue
        if placement.canary_id not in known:
            continue
        key = (placement.channel_id, placement.canary_id)
        held = earliest.get(key)
        if held is None or (at, placement.id) < (held.confirmed_at or at, held.id):
            earliest[key] = placement
    return [earliest[key] for key in sorted(earliest)]


def _awaited(
    evidence: Evidence, number: Mapping[str, str | None], start: datetime
) -> dict[str, list[tuple[float, float]]]:
    """Return when riders might ring, per phone number, or per canary that has none.

    Whoever shares a number shares its riders: a bare call is of every canary that carries it.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for placement in evidence.placements:
        if placement.status is PlacementStatus.VOID or placement.canary_id not in number:
            continue
        window = delivery_window(placement)
        if window is not None:
            key = number[placement.canary_id] or placement.canary_id
            spell = (days_since(start, window[0]), days_since(start, window[1]))
            found.setdefault(key, []).append(spell)
    return found


def _silence(at: float, length: float, spells: Sequence[tuple[float, float]]) -> float:
    """Return the share of a leak's contacts whose absence would have been noticed."""
    begin = max(0.0, at)
    total = arrived(at, begin, length)
    for unheard_from, unheard_to in spells:
        total -= arrived(at, max(begin, unheard_from), min(length, unheard_to))
    return max(0.0, total)


def _reaches(view: View, *, phone: bool) -> bool:
    """True if somebody who saw *view* could ring the number (or, without one, write)."""
    if not view:
        return True
    if phone:
        return shown(view, "phone_number") in (FieldForm.FULL, FieldForm.RELAY)
    return FieldForm.FULL in (shown(view, "email"), shown(view, "address"))


def plantings(evidence: Evidence) -> Plantings:
    """Return the exposure in *evidence*: each confirmed (channel, canary) pair once."""
    start = evidence.window.start
    length = days_since(start, evidence.window.end)
    placements = _confirmed(evidence)
    channels = tuple(sorted({c.id for c in evidence.channels} | {p.channel_id for p in placements}))
    canaries = tuple(sorted({p.canary_id for p in placements}))
    traced = {canary.id: canary for canary in evidence.canaries}
    channel_at = {name: i for i, name in enumerate(channels)}
    canary_at = {name: i for i, name in enumerate(canaries)}
    number = tuple(phone_point(traced[name]) for name in canaries)
    deaf = deaf_spells(evidence.drills, start)
    awaited = _awaited(evidence, {name: phone_point(item) for name, item in traced.items()}, start)
    unheard: dict[tuple[str, str], tuple[tuple[float, float], ...]] = {}

    size = len(placements)
    at, contacts, silence = np.empty(size), np.empty(size), np.empty(size)
    for i, placement in enumerate(placements):
        confirmed = days_since(start, placement.confirmed_at or start)
        point = number[canary_at[placement.canary_id]]
        at[i] = confirmed
        contacts[i] = arrived(confirmed, 0.0, length)
        reaches = _reaches(placement.view, phone=point is not None)
        heard_by = listening_point(traced[placement.canary_id]) or ""
        key = (heard_by, point or placement.canary_id)
        if key not in unheard:
            unheard[key] = merged((*deaf.get(key[0], ()), *awaited.get(key[1], ())))
        silence[i] = _silence(confirmed, length, unheard[key]) if reaches else 0.0

    canary = np.array([canary_at[p.canary_id] for p in placements], dtype=np.int64)
    order = np.argsort(canary, kind="stable")
    bounds = np.searchsorted(canary[order], np.arange(len(canaries) + 1))
    pairs = tuple(order[bounds[i] : bounds[i + 1]] for i in range(len(canaries)))
    first = np.array([int(p[np.argmin(at[p])]) for p in pairs], dtype=np.int64)
    sharing = _sharing(number)
    planted_at = _planted_at(canaries, traced, at[first])
    return Plantings(
        channels=channels,
        canaries=canaries,
        position=canary_at,
        length=length,
        channel=np.array([channel_at[p.channel_id] for p in placements], dtype=np.int64),
        canary=canary,
        at=at,
        contacts=contacts,
        silence=silence,
        views=tuple(p.view for p in placements),
        permissions=tuple(p.permission for p in placements),
        viewed=np.array([bool(p.view) for p in placements], dtype=bool),
        pairs=pairs,
        number=number,
        first_at=at[first],
        first_contacts=contacts[first],
        first_silence=np.array([silence[p].max() for p in pairs]),
        sharing=sharing,
        planted_at=planted_at,
        listened={
            point: heard_days(max(0.0, planted_at[point]), length, unheard[point, point])
            for point in sharing
        },
    )


def _sharing(number: tuple[str | None, ...]) -> dict[str, tuple[int, ...]]:
    held: dict[str, list[int]] = {}
    for i, point in enumerate(number):
        if point is not None:
            held.setdefault(point, []).append(i)
    return {point: tuple(members) for point, members in held.items()}


def _planted_at(
    canaries: tuple[str, ...], traced: dict[str, TracedCanary], first_at: Floats
) -> dict[str, float]:
    planted: dict[str, float] = {}
    for i, name in enumerate(canaries):
        for point in traced[name].contact_point_ids:
            planted[point] = min(planted.get(point, float("inf")), float(first_at[i]))
    return planted

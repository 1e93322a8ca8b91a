"""Which sightings are evidence, and what the others say about the background.

* Outside the window, of no known canary, ``expected``, ``ambiguous``, ``probe``, ``unreviewed``:
  nothing.
* On a control: background, one per campaign and control.
* On a number before anybody had been given it: that number's own background.
* ``unsolicited``, of a canary whose placement was confirmed before: evidence, unless its campaign
  is random dialling (two numbers or more, a control among them). A campaign that is nobody's list
  (six numbers or more of which the best three channels were given less than 60 %) speaks for no
  declared channel; it may still speak for somebody undeclared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..models import Authenticity, Candidate, Disposition, Evidence, Medium, Sighting
from .background import Background
from .exposure import Plantings, days_since

#: A campaign over this many numbers must be explained by few channels, or it is nobody's list.
LIST_NUMBERS = 6
LIST_CHANNELS = 3
LIST_SHARE = 0.6

#: Media by which a stranger reaches a contact point; a file or a tale reaches none.
CONTACT_MEDIA = frozenset({Medium.CALL, Medium.SMS, Medium.EMAIL, Medium.PARCEL})
_BY_PHONE = frozenset({Medium.CALL, Medium.SMS})
_SILENT_ON_CONTROL = frozenset({Disposition.PROBE, Disposition.EXPECTED})
_HISTORY = frozenset({Disposition.UNSOLICITED, Disposition.BACKGROUND, Disposition.UNREVIEWED})


@dataclass(frozen=True, slots=True)
class Counted:
    """A sighting that is evidence, with the candidates that had been placed before it."""

    sighting: Sighting
    #: Days since the window's start.
    at: float
    campaign: str
    candidates: tuple[Candidate, ...]
    #: False if its campaign is nobody's list: it speaks for no declared channel.
    declared: bool = True

    @property
    def forgeable(self) -> bool:
        """True if anybody who holds the number could have made it up."""
        return self.sighting.authenticity is Authenticity.NONE and not self.sighting.confirmed


@dataclass(frozen=True, slots=True)
class Sifted:
    """The evidence that counts, and the background beside it."""

    counted: tuple[Counted, ...]
    #: Unsolicited sightings set aside as random dialling or nobody's list.
    set_aside: tuple[str, ...]
    #: Unsolicited sightings that no confirmed placement precedes.
    unplaced: tuple[str, ...]
    background: Background
    #: Contact point -> (contacts, days) before its first confirmed placement.
    histories: dict[str, tuple[int, float]]
    #: Campaigns set aside because they reached a control.
    diallers: int

    def without(self, sightings: Iterable[str]) -> Sifted:
        """Return the same with some counted sightings left out; the background stays."""
        gone = frozenset(sightings)
        return replace(self, counted=tuple(c for c in self.counted if c.sighting.id not in gone))


def points(counted: Counted, plantings: Plantings) -> tuple[str, ...]:
    """Return the contact points a sighting reached: where it arrived, or its canaries' numbers."""
    if counted.sighting.contact_point_id is not None:
        return (counted.sighting.contact_point_id,)
    numbers = {plantings.number[plantings.position[c.canary_id]] for c in counted.candidates}
    return tuple(sorted(number for number in numbers if number is not None))


def sift(evidence: Evidence, plantings: Plantings) -> Sifted:
    """Return what counts of *evidence*; the order of its records does not matter."""
    start = evidence.window.start
    controls = {
        control.contact_point_id: control
        for control in evidence.controls
        if control.contact_point_id not in plantings.planted_at
    }
    counted: list[Counted] = []
    unplaced: list[str] = []
    on_controls: set[tuple[str, str]] = set()
    early: dict[str, set[str]] = {}
    unique = {sighting.id: sighting for sighting in evidence.sightings}
    for sighting in sorted(unique.values(), key=lambda s: (s.seen_at, s.id)):
        at = days_since(start, sighting.seen_at)
        if not 0 <= at < plantings.length:
            continue
        campaign = sighting.campaign_id or sighting.id
        point = sighting.contact_point_id
        if point in controls:
            reserved = sighting.seen_at >= controls[point].reserved_at
            if reserved and sighting.disposition not in _SILENT_ON_CONTROL:
                on_controls.add((campaign, point))
            continue
        if point is not None and at <= plantings.planted_at.get(point, float("-inf")):
            if sighting.disposition in _HISTORY:
                early.setdefault(point, set()).add(campaign)
        elif sighting.disposition is Disposition.UNSOLICITED:
            candidates = _placed(sighting, at, plantings)
            if candidates:
                counted.append(Counted(sighting, at, campaign, candidates))
            else:
                unplaced.append(sighting.id)

    dialling = _dialling(counted, plantings, on_controls)
    nobodys = _nobodys_list((c for c in counted if c.campaign not in dialling), plantings)
    aside = dialling | nobodys
    return Sifted(
        counted=tuple(
            replace(c, declared=c.campaign not in nobodys)
            for c in counted
            if c.campaign not in dialling
        ),
        set_aside=tuple(c.sighting.id for c in counted if c.campaign in aside),
        unplaced=tuple(unplaced),
        background=_background(evidence, controls, on_controls),
        histories=_histories(evidence, plantings, early),
        diallers=len(dialling),
    )


def _placed(sighting: Sighting, at: float, plantings: Plantings) -> tuple[Candidate, ...]:
    """Return the candidates that somebody had been given before *at*, each canary once."""
    candidates: Iterable[Candidate] = sighting.candidates
    if not sighting.candidates and sighting.medium in _BY_PHONE and sighting.contact_point_id:
        # A bare contact on a number is of whoever carries it, said or unsaid.
        members = plantings.sharing.get(sighting.contact_point_id, ())
        candidates = (Candidate(plantings.canaries[i], ()) for i in members)
    placed: dict[str, Candidate] = {}
    for candidate in candidates:
        i = plantings.position.get(candidate.canary_id)
        if i is not None and plantings.first_at[i] < at:
            held = placed.get(candidate.canary_id)
            if held is None or _weight(candidate) > _weight(held):
                placed[candidate.canary_id] = candidate
    return tuple(placed[name] for name in sorted(placed))


def _weight(candidate: Candidate) -> tuple[float, str]:
    return (sum(m.log_likelihood_ratio for m in candidate.matches), repr(candidate.matches))


def _by_campaign(counted: Iterable[Counted]) -> dict[str, list[Counted]]:
    campaigns: dict[str, list[Counted]] = {}
    for item in counted:
        if item.sighting.medium in CONTACT_MEDIA:
            campaigns.setdefault(item.campaign, []).append(item)
    return campaigns


def _dialling(
    counted: list[Counted], plantings: Plantings, on_controls: set[tuple[str, str]]
) -> frozenset[str]:
    """Campaigns that reached a control and at least one number more."""
    touched = {
        campaign: len({point for item in items for point in points(item, plantings)})
        for campaign, items in _by_campaign(counted).items()
    }
    on_control: dict[str, int] = {}
    for campaign, _point in on_controls:
        on_control[campaign] = on_control.get(campaign, 0) + 1
    return frozenset(c for c, n in on_control.items() if n + touched.get(c, 0) >= 2)


def covers(counted: Iterable[Counted], plantings: Plantings) -> dict[str, tuple[int, ...]]:
    """Return campaign -> how many numbers it reached, then how many the best channels explain.

    ``(5, 2, 3, 4)``: five numbers, of which the best channel had been given two, the best two
    three, the best three four. The channels are chosen greedily. Campaigns over a single number
    are left out, and so are files, which reach none.
    """
    found: dict[str, tuple[int, ...]] = {}
    for campaign, items in _by_campaign(counted).items():
        if len({point for item in items for point in points(item, plantings)}) < 2:
            continue
        holders: dict[str, set[int]] = {}
        for item in items:
            channels: set[int] = set()
            for candidate in item.candidates:
                pairs = plantings.pairs[plantings.position[candidate.canary_id]]
                channels.update(plantings.channel[pairs[plantings.at[pairs] < item.at]].tolist())
            for point in points(item, plantings):
                holders.setdefault(point, set()).update(channels)
        found[campaign] = (len(holders), *_cover(holders))
    return found


def _nobodys_list(counted: Iterable[Counted], plantings: Plantings) -> frozenset[str]:
    """Campaigns over many numbers that no three channels explain."""
    return frozenset(
        campaign
        for campaign, (numbers, *explained) in covers(counted, plantings).items()
        if numbers >= LIST_NUMBERS and explained[-1] < LIST_SHARE * numbers
    )


def _cover(holders: dict[str, set[int]]) -> list[int]:
    """Return how many of the numbers the best one, two, three channels explain."""
    left = dict(holders)
    explained: list[int] = []
    for _turn in range(LIST_CHANNELS):
        counts: dict[int, int] = {}
        for channels in left.values():
            for channel in channels:
                counts[channel] = counts.get(channel, 0) + 1
        if counts:
            best = min(counts, key=lambda channel: (-counts[channel], channel))
            left = {point: channels for point, channels in left.items() if best not in channels}
        explained.append(len(holders) - len(left))
    return explained


def _background(
    evidence: Evidence, controls: Iterable[str], on_controls: set[tuple[str, str]]
) -> Background:
    mine = frozenset(controls)
    days = {
        c.contact_point_id: c.exposure_days for c in evidence.controls if c.contact_point_id in mine
    }
    listened = sum(1 for exposure in days.values() if exposure > 0)
    return Background(
        controls=listened,
        reached=len({point for _campaign, point in on_controls}),
        contacts=len(on_controls),
        days=float(np.sum(sorted(days.values()))) if days else 0.0,
    )


def _histories(
    evidence: Evidence, plantings: Plantings, early: dict[str, set[str]]
) -> dict[str, tuple[int, float]]:
    """Return each planted number's own past: its soak or what the window saw, if that is more."""
    histories: dict[str, tuple[int, float]] = {}
    for point, planted_at in sorted(plantings.planted_at.items()):
        histories[point] = (len(early.get(point, ())), max(0.0, planted_at))
    for soak in evidence.soak_histories:
        if soak.contact_point_id in histories:
            contacts, days = histories[soak.contact_point_id]
            histories[soak.contact_point_id] = (
                max(contacts, soak.contacts),
                max(days, soak.days),
            )
    return {point: history for point, history in histories.items() if history != (0, 0.0)}

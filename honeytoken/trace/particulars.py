"""What the sentences about one attribution need to know of the evidence. Counts and times only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..models import (
    Attribution,
    Authenticity,
    DocumentKind,
    Evidence,
    Placement,
    PlacementStatus,
    Sighting,
)
from .points import phone_point


@dataclass(frozen=True, slots=True)
class Particulars:
    """The evidence as one attribution sees it."""

    first_placed: datetime | None
    last_placed: datetime | None
    #: Sightings that named the canary or used its e-mail or address.
    named: int
    #: Sightings that asked for somebody else.
    asked_for_another: int
    #: Sightings that anybody holding the number could have made up.
    forgeable: int
    #: Placements on paper.
    printed: int
    #: Number-days the reached numbers were listened to before anybody had them; contacts then.
    soak_days: float
    soak_contacts: int
    #: Canaries given to other channels only, and those of them that anybody reached.
    elsewhere: int
    elsewhere_reached: int
    #: Other channels that had been given a canary that was reached.
    also_given: tuple[str, ...]
    #: Devices that typed or printed the reached placements, and how many other canaries of theirs
    #: stayed silent.
    devices: tuple[str, ...]
    device_silent: int


def _confirmed(evidence: Evidence) -> list[Placement]:
    return [
        p
        for p in evidence.placements
        if p.status is PlacementStatus.CONFIRMED
        and p.confirmed_at is not None
        and p.confirmed_at < evidence.window.end
    ]


def _canaries_of(sighting: Sighting) -> set[str]:
    return {candidate.canary_id for candidate in sighting.candidates}


def _asked_for_another(sighting: Sighting) -> bool:
    return any(match.log_likelihood_ratio < 0 for c in sighting.candidates for match in c.matches)


def _named(sighting: Sighting) -> bool:
    return any(
        match.field != "phone_number" and match.log_likelihood_ratio >= 0
        for candidate in sighting.candidates
        for match in candidate.matches
    )


def particulars(attribution: Attribution, evidence: Evidence) -> Particulars:
    """Return what of *evidence* concerns *attribution*."""
    counted = frozenset(attribution.sightings)
    sightings = [s for s in evidence.sightings if s.id in counted]
    confirmed = _confirmed(evidence)
    members = frozenset(attribution.channel_ids)
    mine = [p for p in confirmed if p.channel_id in members]
    held = {p.canary_id for p in mine}
    reached = {name for s in sightings for name in _canaries_of(s)} & held
    others = {p.canary_id for p in confirmed} - held
    touched = {
        name
        for s in evidence.sightings
        if s.disposition.value == "unsolicited"
        and evidence.window.start <= s.seen_at < evidence.window.end
        for name in _canaries_of(s)
    }
    times = [p.confirmed_at for p in mine if p.confirmed_at is not None]
    devices = {p.device for p in mine if p.canary_id in reached and p.device is not None}
    on_devices = {p.canary_id for p in confirmed if p.device in devices}
    numbers = {phone_point(c) for c in evidence.canaries if c.id in reached}
    soaks = [s for s in evidence.soak_histories if s.contact_point_id in numbers]
    return Particulars(
        first_placed=min(times, default=None),
        last_placed=max(times, default=None),
        named=sum(_named(s) for s in sightings),
        asked_for_another=sum(_asked_for_another(s) and not _named(s) for s in sightings),
        forgeable=sum(s.authenticity is Authenticity.NONE and not s.confirmed for s in sightings),
        printed=sum(p.document is DocumentKind.WAYBILL for p in mine),
        soak_days=sum(s.days for s in soaks),
        soak_contacts=sum(s.contacts for s in soaks),
        elsewhere=len(others),
        elsewhere_reached=len(others & touched),
        also_given=tuple(
            sorted({p.channel_id for p in confirmed if p.canary_id in reached} - members)
        ),
        devices=tuple(sorted(devices)),
        device_silent=len(on_devices - touched),
    )

"""All that the tracer is given, gathered. Opens canaries only for the terms of their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from .. import personas
from ..models import (
    ContactPoint,
    Control,
    Disposition,
    Drill,
    Evidence,
    Placement,
    PlacementStatus,
    Role,
    Sighting,
    SoakHistory,
    TracedCanary,
    Window,
)
from ..trace.campaigns import CampaignKey, group
from ..trace.deafness import deaf_spells, heard_days
from . import canaries, channels, contact_points, drills, ledger, placements, sightings
from .sightings import StoredSighting
from .transaction import Transaction

_DAY_S = 86_400.0


def gather(tx: Transaction, window: Window, *, prior: float) -> Evidence:
    """Return the evidence of a window, with *prior* as the expected number of leaking channels."""
    placed = [
        item for item in placements.list_placements(tx) if item.status is not PlacementStatus.VOID
    ]
    found = canaries.get_many(tx, list({item.canary_id: None for item in placed}))
    points = {point.id: point for point in contact_points.list_points(tx)}
    before_and_in = sightings.list_sightings(tx, until=window.end)
    withdrawn = contact_points.withdrawn_at(tx)
    proofs = tuple(drills.decided(tx, since=window.start, until=window.end))
    campaigns = group(
        [
            CampaignKey(
                item.id,
                item.seen_at,
                item.sender_digest,
                item.text_digest,
                item.same_sender_as,
                item.same_text_as,
            )
            for item in before_and_in
        ]
    )
    traced = tuple(
        TracedCanary(
            id=canary.id,
            contact_point_ids=canary.contact_point_ids,
            kinds=tuple(points[point_id].kind for point_id in canary.contact_point_ids),
            name_terms=personas.name_terms(canary.identity),
        )
        for canary in found.values()
    )
    return Evidence(
        channels=tuple(channels.list_channels(tx)),
        routes=tuple(channels.list_routes(tx)),
        canaries=traced,
        placements=tuple(placed),
        sightings=tuple(
            _sighting(item, campaigns[item.id])
            for item in before_and_in
            if item.seen_at >= window.start and not _after_the_end(item, points, withdrawn)
        ),
        controls=_controls(points, withdrawn, window, proofs),
        soak_histories=_soak_histories(points, traced, placed, before_and_in, campaigns),
        drills=proofs,
        window=window,
        prior=prior,
        ledger_head=ledger.head(tx).digest,
    )


def _sighting(item: StoredSighting, campaign_id: str) -> Sighting:
    return Sighting(
        id=item.id,
        seen_at=item.seen_at,
        medium=item.medium,
        origin=item.contact_id,
        disposition=item.disposition,
        campaign_id=campaign_id,
        candidates=item.candidates,
        contact_point_id=item.contact_point_id,
        authenticity=item.authenticity,
        confirmed=item.confirmed,
    )


def _after_the_end(
    item: StoredSighting,
    points: Mapping[str, ContactPoint],
    withdrawn: Mapping[str, datetime],
) -> bool:
    """Tell whether a control was reached when its days had ceased to count."""
    point = points.get(item.contact_point_id or "")
    if point is None or point.role is not Role.CONTROL or point.id not in withdrawn:
        return False
    return item.seen_at >= withdrawn[point.id]


def _controls(
    points: Mapping[str, ContactPoint],
    withdrawn: Mapping[str, datetime],
    window: Window,
    proofs: Sequence[Drill],
) -> tuple[Control, ...]:
    """Return the controls with the days they listened: a deaf one measures nothing."""
    deaf = deaf_spells(proofs, window.start)
    found = []
    for point in points.values():
        if point.role is not Role.CONTROL or point.reserved_at is None:
            continue
        start = max(point.reserved_at, window.start)
        end = min(withdrawn.get(point.id, window.end), window.end)
        days = heard_days(
            (start - window.start).total_seconds() / _DAY_S,
            (end - window.start).total_seconds() / _DAY_S,
            deaf.get(point.id, ()),
        )
        if days > 0:
            found.append(Control(point.id, point.reserved_at, days))
    return tuple(found)


def _soak_histories(
    points: Mapping[str, ContactPoint],
    traced: Sequence[TracedCanary],
    placed: Sequence[Placement],
    sightings: Sequence[StoredSighting],
    campaigns: Mapping[str, str],
) -> tuple[SoakHistory, ...]:
    """Return what each planted point heard between being added and its first exposure."""
    carried = {canary.id: canary.contact_point_ids for canary in traced}
    first: dict[str, datetime] = {}
    for placement in placed:
        at = placement.confirmed_at
        if at is None:
            continue
        for point_id in carried.get(placement.canary_id, ()):
            first[point_id] = min(at, first.get(point_id, at))
    heard: dict[str, set[str]] = {}
    for item in sightings:
        at_point = item.contact_point_id
        if at_point is None or at_point not in first or item.seen_at >= first[at_point]:
            continue
        if item.disposition is not Disposition.PROBE:
            heard.setdefault(at_point, set()).add(campaigns[item.id])
    return tuple(
        SoakHistory(
            contact_point_id=point_id,
            days=max(0.0, (at - points[point_id].added_at).total_seconds() / _DAY_S),
            contacts=len(heard.get(point_id, ())),
        )
        for point_id, at in sorted(first.items())
        if point_id in points
    )

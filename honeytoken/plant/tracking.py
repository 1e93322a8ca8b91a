"""When parcels left and arrived, as the courier says: it decides when riders may ring.

Tracking comes after the calls it explains. So it may take weight away from what was received:
unsolicited contacts inside the window become ambiguous. It never gives weight: what is known
already does not become evidence by a date that was filed later, unless a person has all contacts
judged anew (``Contacts.rejudge``), which is an act of its own in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .. import normalize
from ..contacts import rejudging
from ..documents import Step, TrackingEvent
from ..errors import InvalidInput, Refused
from ..messages import translate as _
from ..models import Disposition, Placement, PlacementStatus
from ..store import Store, Transaction, canaries, placements

#: Who said so, as the ledger keeps it.
BY_HAND = "by hand"
BY_COURIER = "tracking events"
#: Clocks of couriers may be ahead of ours by so much.
_CLOCKS_APART = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Tracked:
    """What tracking changed."""

    #: All placements it was about, as they stand now.
    placements: tuple[Placement, ...]
    #: How many of them were changed.
    changed: int
    #: Contacts that were unsolicited and may have been the rider's: they count no more.
    set_aside: int
    #: Contacts that the rules would now count, and that stay set aside until judged anew.
    waiting: int
    #: Parcels of the file that are no canary's.
    others: int = 0
    #: Placements that the file tells of and that are void: they stay as they are.
    void: tuple[str, ...] = ()


def set_times(
    store: Store,
    items: Sequence[str],
    *,
    dispatched_at: datetime | None,
    delivered_at: datetime | None,
) -> Tracked:
    """Store the dispatch or delivery of placements, as a person says.

    Raises:
        NotFound: there is no such placement.
        InvalidInput: neither time is given.
        Refused: a placement is void, or a time cannot be.
    """
    if dispatched_at is None and delivered_at is None:
        raise InvalidInput(_("say when it was dispatched or delivered."))
    left = None if dispatched_at is None else normalize.moment(dispatched_at)
    arrived = None if delivered_at is None else normalize.moment(delivered_at)
    with store.write() as tx:
        named = placements.required(tx, items)
        for item in named:
            if item.status is PlacementStatus.VOID:
                raise Refused(_("placement {id} is void.").format(id=item.id))
        wanted = [
            replace(
                item,
                dispatched_at=left or item.dispatched_at,
                delivered_at=arrived or item.delivered_at,
            )
            for item in named
        ]
        return _stored(tx, named, wanted, source=BY_HAND)


def take_events(store: Store, events: Iterable[TrackingEvent]) -> Tracked:
    """Store the dispatch and delivery of the parcels that a courier's events are about.

    A parcel left with its first event on the way and arrived with its first delivery. Earlier times
    that are known already stay; parcels that are no canary's, and void placements, are passed over.

    Raises:
        InvalidInput: the times of a parcel cannot be; the line is named, and nothing is stored.
    """
    parcels: dict[str, list[TrackingEvent]] = {}
    for event in events:
        for reference in event.references:
            parcels.setdefault(reference, []).append(event)
    with store.write() as tx:
        known = placements.by_references(tx, parcels)
        named = placements.required(
            tx, [placement_id for ids in known.values() for placement_id in ids]
        )
        held = {item.id: item for item in named if item.status is not PlacementStatus.VOID}
        void = dict.fromkeys(item.id for item in named if item.status is PlacementStatus.VOID)
        wanted = dict(held)
        for reference, ids in known.items():
            for event in sorted(parcels[reference], key=lambda event: event.at):
                if event.at > tx.now + _CLOCKS_APART:
                    raise _impossible(event, _("the time lies in the future."))
                for placement_id in ids:
                    if placement_id in wanted:
                        wanted[placement_id] = _with(wanted[placement_id], event)
            for placement_id in ids:
                if placement_id in wanted and not _possible(wanted[placement_id]):
                    last = max(parcels[reference], key=lambda event: event.at)
                    raise _impossible(last, _("it was delivered before it was dispatched."))
        others = len({event.references for event in _flat(parcels)} - _of(parcels, known))
        done = _stored(tx, list(held.values()), list(wanted.values()), source=BY_COURIER)
        return replace(done, others=others, void=tuple(void))


def _flat(parcels: dict[str, list[TrackingEvent]]) -> Iterable[TrackingEvent]:
    return (event for events in parcels.values() for event in events)


def _of(parcels: dict[str, list[TrackingEvent]], known: Iterable[str]) -> set[tuple[str, ...]]:
    return {event.references for reference in known for event in parcels[reference]}


def _with(item: Placement, event: TrackingEvent) -> Placement:
    """Return a placement with an event, if it is the first of its kind."""
    if event.step is Step.DELIVERED:
        return replace(item, delivered_at=min(event.at, item.delivered_at or event.at))
    return replace(item, dispatched_at=min(event.at, item.dispatched_at or event.at))


def _possible(item: Placement) -> bool:
    left, arrived = item.dispatched_at, item.delivered_at
    return left is None or arrived is None or left <= arrived


def _impossible(event: TrackingEvent, reason: str) -> InvalidInput:
    return InvalidInput(
        _("line {line}: {reason}").format(line=event.line, reason=reason),
        hint=_("Nothing was done. Mend the file, or name its time zone with --utc-offset."),
    )


def _stored(
    tx: Transaction, held: Sequence[Placement], wanted: Sequence[Placement], *, source: str
) -> Tracked:
    """Store new times, and take weight from contacts that may have been a rider's."""
    for item in wanted:
        late = [at for at in (item.dispatched_at, item.delivered_at) if at is not None]
        if any(at > tx.now + _CLOCKS_APART for at in late) or not _possible(item):
            raise Refused(
                _("placement {id}: the times lie in the future or in the wrong order.").format(
                    id=item.id
                )
            )
    changed = [item for item, old in zip(wanted, held, strict=True) if item != old]
    set_aside = waiting = 0
    if changed:
        placements.set_tracking(tx, changed, source=source)
        for stored, change in rejudging.changes(
            tx,
            canaries=canaries.get_many(tx, sorted({item.canary_id for item in changed})).values(),
        ):
            if change.judged is Disposition.UNSOLICITED:
                waiting += 1
            elif change.disposition is Disposition.UNSOLICITED:
                rejudging.apply(tx, stored, change)
                set_aside += 1
    return Tracked(tuple(wanted), len(changed), set_aside, waiting)

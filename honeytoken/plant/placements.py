"""Placements: which canary went to which channel. Stored before the document leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .. import normalize
from ..documents import TrackingEvent
from ..errors import InvalidInput, NotFound, Refused
from ..messages import translate as _
from ..models import (
    Canary,
    Channel,
    Disposition,
    DocumentKind,
    Hop,
    Permission,
    Placement,
    PlacementStatus,
    View,
)
from ..pool import require_plantable
from ..settings import Settings
from ..store import (
    Store,
    Transaction,
    canaries,
    channels,
    contact_points,
    contacts,
    placements,
)
from ..store.ids import new_ids
from . import tracking
from .channels import named_channel
from .names import slug
from .routes import checked_view, named_route
from .tracking import Tracked

#: Placements in one transaction.
CHUNK = 1000
_MAX_TEXT = 500
#: "No days from now" was a moment ago when it is stored.
_JUST_NOW = timedelta(minutes=1)
_CONSENT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class NewPlacement:
    """A placement to be made: a canary with a channel, or with all channels of a route."""

    canary: Canary | str
    #: Name or id; or give *route*.
    channel: str | None = None
    route: str | None = None
    document: DocumentKind | str = DocumentKind.WAYBILL
    reference: str | None = field(default=None, repr=False)
    batch: str | None = None
    region: str | None = None
    #: Overrides the route's view; ``None`` is the route's, or everything in full.
    view: View | None = None
    expected_until: datetime | None = None
    device: str | None = None
    consent: str | None = None
    permission: Permission | str = Permission.UNKNOWN
    confirmed: bool = False


class Placements:
    """Which canary went to which channel."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def add_many(self, new: Iterable[NewPlacement]) -> list[Placement]:
        """Store placements, intended or confirmed, all or none.

        Give a waybill to the courier only when this has returned: what is not stored before it
        leaves cannot be evidence.

        Raises:
            NotFound: a canary, channel or route does not exist.
            InvalidInput: a value cannot be used.
            Refused: a contact point may not be planted, or the canary has expired.
        """
        wanted = list(new)
        with self._store.write() as tx:
            by_name = {
                key: item for item in channels.list_channels(tx) for key in (item.id, item.name)
            }
            found = self._canaries(tx, wanted)
            made: list[Placement] = []
            ids: dict[str, None] = {}
            for item in wanted:
                canary = found[_canary_id(item.canary)]
                ids[canary.id] = None
                made += _placements(tx, item, canary, by_name)
            numbered = [
                replace(item, id=placement_id)
                for item, placement_id in zip(made, new_ids("pl", tx.now, len(made)), strict=True)
            ]
            placements.insert_many(tx, numbered)
        return numbered

    def _canaries(self, tx: Transaction, wanted: Sequence[NewPlacement]) -> dict[str, Canary]:
        ids = list({_canary_id(item.canary): None for item in wanted})
        found = canaries.get_many(tx, ids)
        for canary_id in ids:
            if canary_id not in found:
                raise NotFound("canary", canary_id)
        for canary in found.values():
            if canary.expires_at is not None and canary.expires_at <= tx.now:
                raise Refused(
                    _("canary {id} has expired.").format(id=canary.id),
                    hint=_("Mint another canary."),
                )
        points = {point_id for canary in found.values() for point_id in canary.contact_point_ids}
        require_plantable(contact_points.list_points(tx, ids=sorted(points)), self._settings)
        return found

    def confirm(
        self, placement_ids: Iterable[str], *, at: datetime | None = None
    ) -> list[Placement]:
        """Mark placements as having reached their channel: from here on they are exposure.

        Raises:
            NotFound: there is no such placement.
            Refused: one is void; or *at* lies before it was intended, in the future, or before
                contacts with the canary that are known already.
        """
        ids = list(placement_ids)
        with self._store.write() as tx:
            when = tx.now if at is None else normalize.moment(at)
            changed = []
            for item in placements.required(tx, ids):
                if item.status is PlacementStatus.VOID:
                    raise Refused(_("placement {id} is void.").format(id=item.id))
                if item.status is PlacementStatus.INTENDED and when < tx.now:
                    _require_nothing_since(tx, item, when)
                if not item.intended_at <= when <= tx.now:
                    raise Refused(
                        _(
                            "placement {id}: the time lies before it was intended or in the future."
                        ).format(id=item.id)
                    )
                if item.status is PlacementStatus.INTENDED:
                    changed.append(
                        replace(item, status=PlacementStatus.CONFIRMED, confirmed_at=when)
                    )
            if changed:
                placements.set_status(tx, changed)
        return self.list(ids=ids)

    def void(self, placement_ids: Iterable[str], *, reason: str | None = None) -> list[Placement]:
        """Mark placements as never having reached their channel.

        Args:
            placement_ids: of intended placements, or of ones confirmed by mistake.
            reason: why; goes into the ledger. A confirmed placement needs one: taking back
                exposure once the outcome is known changes what a trace says.

        Raises:
            NotFound: there is no such placement.
            Refused: one was confirmed and no reason is given, or unsolicited contacts came in
                since: exposure is not taken back once the outcome is known.
        """
        ids = list(placement_ids)
        with self._store.write() as tx:
            named = placements.required(tx, ids)
            for item in named:
                if item.status is PlacementStatus.CONFIRMED and not (reason or "").strip():
                    raise Refused(
                        _("placement {id} was confirmed: say why it never arrived.").format(
                            id=item.id
                        ),
                        hint=_("Give a reason with --reason; it goes into the ledger."),
                    )
                if item.confirmed_at is not None and item.status is PlacementStatus.CONFIRMED:
                    _require_no_evidence_since(tx, item, item.confirmed_at)
            changed = [
                replace(item, status=PlacementStatus.VOID)
                for item in named
                if item.status is not PlacementStatus.VOID
            ]
            if changed:
                placements.set_status(tx, changed, reason=reason)
        return self.list(ids=ids)

    def track(
        self,
        placement_ids: Iterable[str],
        *,
        dispatched_at: datetime | None = None,
        delivered_at: datetime | None = None,
    ) -> Tracked:
        """Store when parcels left or arrived: it decides when riders may ring.

        Contacts inside the window that were unsolicited become ambiguous, unless they show what
        they are or a person classified them. None is given weight (``plant.tracking``).

        Raises:
            NotFound: there is no such placement.
            InvalidInput: neither time is given.
            Refused: a placement is void, a time lies in the future, or delivery before dispatch.
        """
        return tracking.set_times(
            self._store,
            list(dict.fromkeys(placement_ids)),
            dispatched_at=dispatched_at,
            delivered_at=delivered_at,
        )

    def track_events(self, events: Iterable[TrackingEvent]) -> Tracked:
        """Store what a courier's tracking says; parcels that are no canary's are passed over.

        Raises:
            InvalidInput: the times of a parcel cannot be. Nothing is stored then.
        """
        return tracking.take_events(self._store, events)

    def list(
        self,
        *,
        canary: Canary | str | None = None,
        channel: str | None = None,
        status: PlacementStatus | str | None = None,
        reference: str | None = None,
        ids: Sequence[str] | None = None,
    ) -> list[Placement]:
        """Return placements in the order they were intended."""
        with self._store.read() as tx:
            return placements.list_placements(
                tx,
                ids=ids,
                canary_ids=None if canary is None else [_canary_id(canary)],
                channel_id=None if channel is None else named_channel(tx, channel).id,
                status=None if status is None else normalize.word(PlacementStatus, status),
                reference=reference,
            )


def _placements(
    tx: Transaction, item: NewPlacement, canary: Canary, by_name: dict[str, Channel]
) -> list[Placement]:
    """Return the placements of one canary, one per hop, without their ids."""
    if (item.channel is None) == (item.route is None):
        raise InvalidInput(_("give a channel or a route."))
    route = None if item.route is None else named_route(tx, item.route)
    if route is not None:
        hops = route.hops
    else:
        name = item.channel or ""
        channel = by_name.get(name) or by_name.get(slug(name)) or named_channel(tx, name)
        hops = (Hop(channel.id, {}),)
    for text in (item.reference, item.batch, item.region, item.device):
        if text is not None and (not text.strip() or len(text) > _MAX_TEXT):
            raise InvalidInput(_("a text is empty or longer than {n}.").format(n=_MAX_TEXT))
    if item.consent is not None and not _CONSENT.fullmatch(item.consent):
        raise InvalidInput(_("consent must be a SHA-256 digest: 64 hexadecimal digits."))
    until = None if item.expected_until is None else normalize.moment(item.expected_until)
    if until is not None and until < tx.now - _JUST_NOW:
        raise InvalidInput(
            _("the time until which a call may be the rider's is over already."),
            hint=_("Give a day to come, or leave it out where no rider calls."),
        )
    status = PlacementStatus.CONFIRMED if item.confirmed else PlacementStatus.INTENDED
    return [
        Placement(
            id="",
            canary_id=canary.id,
            channel_id=hop.channel_id,
            document=normalize.word(DocumentKind, item.document),
            status=status,
            intended_at=tx.now,
            confirmed_at=tx.now if item.confirmed else None,
            expected_until=until,
            route_id=route.id if route else None,
            reference=item.reference.strip() if item.reference else None,
            batch=item.batch,
            region=item.region,
            view=checked_view(hop.view if item.view is None else item.view),
            device=item.device,
            consent=item.consent,
            permission=normalize.word(Permission, item.permission),
        )
        for hop in hops
    ]


def _require_nothing_since(tx: Transaction, item: Placement, at: datetime) -> None:
    """Refuse to move a confirmation before contacts with the canary that are known already."""
    points = canaries.get_many(tx, [item.canary_id])[item.canary_id].contact_point_ids
    if contacts.any_since(tx, at, contact_point_ids=points):
        raise Refused(
            _("placement {id}: contacts came in after that time.").format(id=item.id),
            hint=_("Confirm it as of now: what is known already cannot become evidence later."),
        )


def _require_no_evidence_since(tx: Transaction, item: Placement, at: datetime) -> None:
    """Refuse to take exposure back once the outcome can be known: silence counts, too."""
    if contacts.any_since(tx, at, disposition=Disposition.UNSOLICITED):
        raise Refused(
            _("placement {id}: contacts came in since it was confirmed.").format(id=item.id),
            hint=_("It stays: exposure is not taken back once the outcome is known."),
        )


def _canary_id(canary: Canary | str) -> str:
    return canary.id if isinstance(canary, Canary) else canary

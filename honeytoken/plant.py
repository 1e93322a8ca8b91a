"""Planting: channels, routes and placements. An intended placement is stored before it leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from . import normalize
from .errors import AlreadyExists, InvalidInput, NotFound, Refused
from .messages import translate as _
from .models import (
    Canary,
    Channel,
    ChannelKind,
    Disposition,
    DocumentKind,
    FieldForm,
    Hop,
    Identity,
    Permission,
    Placement,
    PlacementStatus,
    Route,
    View,
)
from .pool import require_plantable
from .settings import Settings
from .store import (
    Store,
    Transaction,
    canaries,
    channels,
    contact_points,
    contacts,
    placements,
)
from .store.ids import new_ids

#: Placements in one transaction.
CHUNK = 1000
_MAX_NAME = 100
_MAX_TEXT = 500
_IDENTITY_FIELDS = frozenset(Identity.__dataclass_fields__) - {"locale"}
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


def slug(name: str) -> str:
    """Return the id of a channel or route of this name: lower case, blanks as hyphens."""
    return re.sub(r"\s+", "-", name.strip().casefold())


class Channels:
    """Who may be given data."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        name: str,
        *,
        kind: ChannelKind | str = ChannelKind.OTHER,
        parent: str | None = None,
        expected_senders: Sequence[str] = (),
    ) -> Channel:
        """Add a channel.

        Raises:
            InvalidInput: the name, kind or a sender cannot be used.
            NotFound: there is no channel *parent*.
            AlreadyExists: the name is taken.
        """
        senders = tuple(sender.strip() for sender in expected_senders)
        if any(not sender or len(sender) > _MAX_NAME for sender in senders):
            raise InvalidInput(_("an expected sender is empty or too long."))
        channel = Channel(
            id=slug(_name(name)),
            name=_name(name),
            kind=normalize.word(ChannelKind, kind),
            added_at=self._store.clock(),
            parent_id=None if parent is None else self.get(parent).id,
            expected_senders=senders,
        )
        try:
            with self._store.write() as tx:
                channels.insert_channel(tx, channel)
        except AlreadyExists as err:
            raise AlreadyExists(
                _('there is a channel "{name}" already.').format(name=channel.name),
                hint=_("`honeytoken channel list` shows all."),
            ) from err
        return channel

    def list(self) -> list[Channel]:
        """Return all channels in the order they were added."""
        with self._store.read() as tx:
            return channels.list_channels(tx)

    def get(self, name: str) -> Channel:
        """Return the channel of this name or id.

        Raises:
            NotFound: there is none; a close one is suggested.
        """
        with self._store.read() as tx:
            return _channel(tx, name)


class Routes:
    """Named, ordered lists of channels."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, name: str, hops: Sequence[Hop | str]) -> Route:
        """Add a route; a hop given by name sees every field in full.

        Raises:
            InvalidInput: there is no hop, a channel stands twice, or a view cannot be used.
            NotFound: a channel does not exist.
            AlreadyExists: the name is taken.
        """
        try:
            with self._store.write() as tx:
                made = tuple(_hop(tx, hop) for hop in hops)
                if not made:
                    raise InvalidInput(_("a route needs at least one channel."))
                if len({hop.channel_id for hop in made}) < len(made):
                    raise InvalidInput(_("a channel stands twice in the route."))
                route = Route(id=slug(_name(name)), name=_name(name), hops=made)
                channels.insert_route(tx, route)
        except AlreadyExists as err:
            raise AlreadyExists(
                _('there is a route "{name}" already.').format(name=name),
                hint=_("`honeytoken route list` shows all."),
            ) from err
        return route

    def list(self) -> list[Route]:
        """Return all routes in the order they were added."""
        with self._store.read() as tx:
            return channels.list_routes(tx)

    def get(self, name: str) -> Route:
        """Return the route of this name or id.

        Raises:
            NotFound: there is none; a close one is suggested.
        """
        with self._store.read() as tx:
            return _route(tx, name)


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
            for item in _named_placements(tx, ids):
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
            named = _named_placements(tx, ids)
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
                channel_id=None if channel is None else _channel(tx, channel).id,
                status=None if status is None else normalize.word(PlacementStatus, status),
                reference=reference,
            )


def _placements(
    tx: Transaction, item: NewPlacement, canary: Canary, by_name: dict[str, Channel]
) -> list[Placement]:
    """Return the placements of one canary, one per hop, without their ids."""
    if (item.channel is None) == (item.route is None):
        raise InvalidInput(_("give a channel or a route."))
    route = None if item.route is None else _route(tx, item.route)
    if route is not None:
        hops = route.hops
    else:
        name = item.channel or ""
        channel = by_name.get(name) or by_name.get(slug(name)) or _channel(tx, name)
        hops = (Hop(channel.id, {}),)
    for text in (item.reference, item.batch, item.region, item.device):
        if text is not None and (not text.strip() or len(text) > _MAX_TEXT):
            raise InvalidInput(_("a text is empty or longer than {n}.").format(n=_MAX_TEXT))
    if item.consent is not None and not _CONSENT.fullmatch(item.consent):
        raise InvalidInput(_("consent must be a SHA-256 digest: 64 hexadecimal digits."))
    until = None if item.expected_until is None else normalize.moment(item.expected_until)
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
            view=_checked_view(hop.view if item.view is None else item.view),
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


def _named_placements(tx: Transaction, placement_ids: Iterable[str]) -> list[Placement]:
    ids = list(placement_ids)
    found = {item.id: item for item in placements.list_placements(tx, ids=ids)}
    for placement_id in ids:
        if placement_id not in found:
            raise NotFound("placement", placement_id)
    return list(found.values())


def _channel(tx: Transaction, name: str) -> Channel:
    every = channels.list_channels(tx)
    wanted = slug(name)
    for channel in every:
        if wanted == channel.id or name == channel.name:
            return channel
    raise NotFound("channel", name, known=[channel.id for channel in every])


def _route(tx: Transaction, name: str) -> Route:
    every = channels.list_routes(tx)
    wanted = slug(name)
    for route in every:
        if wanted == route.id or name == route.name:
            return route
    raise NotFound("route", name, known=[route.id for route in every])


def _hop(tx: Transaction, hop: Hop | str) -> Hop:
    if isinstance(hop, str):
        return Hop(_channel(tx, hop).id, {})
    return Hop(_channel(tx, hop.channel_id).id, _checked_view(hop.view))


def _checked_view(view: View) -> View:
    for name, shown in view.items():
        if name not in _IDENTITY_FIELDS:
            raise InvalidInput(_('a view names the unknown field "{name}".').format(name=name))
        wants_text = shown.form in (FieldForm.MASKED, FieldForm.RELAY)
        if not wants_text and shown.shown is not None:
            raise InvalidInput(_("only a masked or relayed field has a text that was shown."))
    return view


def _name(name: str) -> str:
    stripped = " ".join(name.split())
    if not stripped or len(stripped) > _MAX_NAME or not stripped.isprintable():
        raise InvalidInput(_("a name must have 1 to {n} printable characters.").format(n=_MAX_NAME))
    return stripped

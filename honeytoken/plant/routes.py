"""Routes: named, ordered lists of channels, and what each of them gets to see."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import AlreadyExists, InvalidInput, NotFound
from ..messages import translate as _
from ..models import FieldForm, Hop, Identity, Route, View
from ..store import Store, Transaction, channels
from .channels import named_channel
from .names import checked_name, slug

_IDENTITY_FIELDS = frozenset(Identity.__dataclass_fields__) - {"locale"}


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
                route = Route(id=slug(checked_name(name)), name=checked_name(name), hops=made)
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
            return named_route(tx, name)


def named_route(tx: Transaction, name: str) -> Route:
    """Return the route of this name or id.

    Raises:
        NotFound: there is none; a close one is suggested.
    """
    every = channels.list_routes(tx)
    wanted = slug(name)
    for route in every:
        if wanted == route.id or name == route.name:
            return route
    raise NotFound("route", name, known=[route.id for route in every])


def _hop(tx: Transaction, hop: Hop | str) -> Hop:
    if isinstance(hop, str):
        return Hop(named_channel(tx, hop).id, {})
    return Hop(named_channel(tx, hop.channel_id).id, checked_view(hop.view))


def checked_view(view: View) -> View:
    """Return a view that can be stored.

    Raises:
        InvalidInput: it names an unknown field, or a text that its form has not.
    """
    for name, shown in view.items():
        if name not in _IDENTITY_FIELDS:
            raise InvalidInput(_('a view names the unknown field "{name}".').format(name=name))
        wants_text = shown.form in (FieldForm.MASKED, FieldForm.RELAY)
        if not wants_text and shown.shown is not None:
            raise InvalidInput(_("only a masked or relayed field has a text that was shown."))
    return view

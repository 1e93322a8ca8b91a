"""``honeytoken route``: the channels one order passes through, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..messages import translate as _
from . import output
from .groups import Group
from .output import Column
from .parameters import NAME, VIEW, form_options
from .session import open_vault
from .shorten import Plain, plain

if TYPE_CHECKING:
    from ..models import FieldView, Hop


def _hops(route: Plain) -> str:
    hops = route["hops"]
    return " > ".join(hop["channel_id"] for hop in hops) if isinstance(hops, list) else ""


COLUMNS = (Column("ID", "id"), Column(_("NAME"), "name"), Column(_("CHANNELS"), _hops))


@click.group("route", cls=Group, help=_("The channels that one order passes through."))
def route_command() -> None:
    """Run ``honeytoken route``."""


@route_command.command("add", help=_("Add a route: its name, then its channels in order."))
@click.argument("name", type=NAME)
@click.argument("channels", type=NAME, nargs=-1, required=True, metavar="CHANNEL...")
@click.option(
    "--view",
    "views",
    nargs=2,
    type=(NAME, VIEW),
    multiple=True,
    metavar="CHANNEL FIELD=FORM",
    help=_("In which form a channel sees a field, where not in full: hub phone_number=masked."),
)
@form_options
def add(
    *,
    name: str,
    channels: tuple[str, ...],
    views: Sequence[tuple[str, tuple[str, FieldView]]],
    form: str | None,
) -> None:
    """Run ``honeytoken route add``."""
    route = open_vault().routes.add(name, _with_views(channels, views))
    output.emit([plain(route)], COLUMNS, form=form)


def _with_views(
    channels: Sequence[str], views: Sequence[tuple[str, tuple[str, FieldView]]]
) -> list[Hop]:
    from ..models import Hop

    unknown = [channel for channel, _view in views if channel not in channels]
    if unknown:
        raise click.BadParameter(
            _("--view names a channel that is not on the route."), param_hint="--view"
        )
    return [
        Hop(channel, dict(view for seen_by, view in views if seen_by == channel))
        for channel in channels
    ]


@route_command.command("list", help=_("List all routes."))
@form_options
def list_routes(*, form: str | None) -> None:
    """Run ``honeytoken route list``."""
    output.emit(map(plain, open_vault().routes.list()), COLUMNS, form=form)

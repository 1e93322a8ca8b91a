"""``honeytoken channel``: who was given the data."""

from __future__ import annotations

import click

from ..messages import translate as _
from ..models import ChannelKind
from . import output
from .groups import Group
from .output import Column
from .parameters import NAME, choice, form_options, json_option
from .session import open_vault
from .shorten import plain

COLUMNS = (
    Column("ID", "id"),
    Column(_("NAME"), "name"),
    Column(_("KIND"), "kind", worded=True),
    Column(_("PARENT"), "parent_id"),
    Column(_("EXPECTED SENDERS"), "expected_senders"),
)


@click.group("channel", cls=Group, help=_("Who is given the data: couriers, hubs, lenders."))
def channel_command() -> None:
    """Run ``honeytoken channel``."""


@channel_command.command("add", help=_("Add a channel."))
@click.argument("name", type=NAME)
@click.option("--kind", type=choice(ChannelKind), default="other", help=_("What sort of party."))
@click.option(
    "--parent",
    type=NAME,
    metavar="CHANNEL",
    help=_("The courier of a hub, the lender of a partner."),
)
@click.option(
    "--sender",
    "senders",
    type=NAME,
    multiple=True,
    help=_("A number, number prefix (95338*), SMS signature or mail domain it is known to use."),
)
@form_options
def add(
    *, name: str, kind: str, parent: str | None, senders: tuple[str, ...], form: str | None
) -> None:
    """Run ``honeytoken channel add``."""
    channel = open_vault().channels.add(name, kind=kind, parent=parent, expected_senders=senders)
    output.emit([plain(channel)], COLUMNS, form=form)


@channel_command.command(
    "senders",
    help=_(
        "Change a channel's expected senders: from where it is known to ring and write. Without "
        "--add and --remove, list them."
    ),
)
@click.argument("name", type=NAME)
@click.option(
    "--add",
    "added",
    type=NAME,
    multiple=True,
    metavar="TEXT",
    help=_("A number, number prefix (95338*), SMS signature or mail domain it is known to use."),
)
@click.option(
    "--remove", "removed", type=NAME, multiple=True, metavar="TEXT", help=_("One it uses no more.")
)
@form_options
def senders(
    *, name: str, added: tuple[str, ...], removed: tuple[str, ...], form: str | None
) -> None:
    """Run ``honeytoken channel senders``."""
    channels = open_vault().channels
    if not added and not removed:
        output.emit([plain(channels.get(name))], COLUMNS, form=form)
        return
    changed = channels.set_senders(name, add=added, remove=removed)
    output.emit([plain(changed)], COLUMNS, form=form)
    output.say(
        _("`honeytoken contacts classify --dry-run` shows what this makes of stored contacts.")
    )


@channel_command.command("list", help=_("List all channels."))
@form_options
def list_channels(*, form: str | None) -> None:
    """Run ``honeytoken channel list``."""
    output.emit(map(plain, open_vault().channels.list()), COLUMNS, form=form)


@channel_command.command("show", help=_("Show one channel."))
@click.argument("name", type=NAME)
@json_option
def show(*, name: str, as_json: bool) -> None:
    """Run ``honeytoken channel show``."""
    output.one(plain(open_vault().channels.get(name)), as_json=as_json)

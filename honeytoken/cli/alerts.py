"""``honeytoken alerts``: what is told to whom, what was given up, and a test."""

from __future__ import annotations

import click

from ..messages import translate as _
from . import failures, output
from .groups import Group
from .output import Column
from .parameters import NAME, json_option
from .session import open_vault
from .shorten import plain

_STYLES = {_("dead"): "bold red", _("waiting"): "yellow"}
COLUMNS = (
    Column("ID", "id"),
    Column(_("SINK"), "sink"),
    Column(_("KIND"), "kind"),
    Column(_("NOTICES"), "notices"),
    Column(_("STATE"), "state", _STYLES, worded=True),
    Column(_("MADE AT"), "made_at"),
    Column(_("ATTEMPTS"), "attempts"),
    Column(_("NEXT ATTEMPT"), "due_at"),
    Column(_("FAILURE"), "failure", worded=True),
)
TESTED = (
    Column(_("SINK"), "sink"),
    Column(_("KIND"), "kind"),
    Column(_("SENT"), "sent", {_("yes"): "green", _("no"): "bold red"}),
    Column(_("FAILURE"), "failure", worded=True),
)
#: As ``honeytoken.notify.book.STATES``, which is heavy to load for a help text; a test compares.
STATES = ("waiting", "sent", "dead", "held")


@click.group("alerts", cls=Group, help=_("Alerts: list them, send them again, test."))
def alerts_command() -> None:
    """Run ``honeytoken alerts``."""


@alerts_command.command("list", help=_("List alerts, the earliest first, and what is held back."))
@click.option("--sink", type=NAME, metavar="NAME", help=_("Only its alerts."))
@click.option("--state", type=click.Choice(STATES), help=_("Only these."))
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000_000), help=_("Only this many of the latest.")
)
@json_option
def list_alerts(*, sink: str | None, state: str | None, limit: int | None, as_json: bool) -> None:
    """Run ``honeytoken alerts list``."""
    found = open_vault().alerts.list(sink=sink, state=state, limit=limit)
    output.emit(map(plain, found), COLUMNS, form="json" if as_json else None)


@alerts_command.command("test", help=_("Send a test message to a sink, or to every one, now."))
@click.argument("name", type=NAME, required=False, metavar="[NAME]")
@json_option
@click.pass_context
def test(ctx: click.Context, *, name: str | None, as_json: bool) -> None:
    """Run ``honeytoken alerts test``."""
    found = open_vault().alerts.test(name)
    if not found:
        output.say(_("No sink is set up: add an [alerts.NAME] table to honeytoken.toml."))
    output.emit(map(plain, found), TESTED, form="json" if as_json else None)
    if not all(tested.sent for tested in found):
        ctx.exit(failures.FAILED)


@alerts_command.command("retry", help=_("Put alerts that were given up back: they are sent again."))
@click.argument("ids", nargs=-1, type=NAME, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help=_("All that were given up."))
@json_option
def retry(*, ids: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Run ``honeytoken alerts retry``."""
    if bool(ids) == everything:
        raise click.UsageError(_("name alerts, or all of them with --all."))
    found = open_vault().alerts.retry(None if everything else ids)
    output.emit(map(plain, found), COLUMNS, form="json" if as_json else None)

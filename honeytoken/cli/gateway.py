"""``honeytoken gateway``: which services tell of contacts, and whether the way from them works."""

from __future__ import annotations

import click

from ..messages import translate as _
from . import failures, output
from .doctor import RESULT
from .groups import Group
from .output import Column
from .parameters import NAME, json_option
from .session import open_vault
from .shorten import plain

COLUMNS = (
    Column(_("NAME"), "name"),
    Column(_("KIND"), "kind"),
    Column(_("HOOK"), "hook"),
    Column(_("CONTACT POINTS"), "contact_points"),
    Column(_("PROBLEM"), "problem"),
)
STEPS = (
    Column(_("STEP"), "name", worded=True),
    RESULT,
    Column(_("FOUND"), "message"),
    Column(_("TO DO"), "hint"),
)


@click.group("gateway", cls=Group, help=_("The services that tell of contacts."))
def gateway_command() -> None:
    """Run ``honeytoken gateway``."""


@gateway_command.command("list", help=_("List the gateways of the settings."))
@json_option
def list_gateways(*, as_json: bool) -> None:
    """Run ``honeytoken gateway list``."""
    vault = open_vault()
    from ..trial import listed

    output.emit(map(plain, listed(vault)), COLUMNS, form="json" if as_json else None)


@gateway_command.command(
    "test", help=_("Send a signed sample through the running listener, as the service would.")
)
@click.argument("name", type=NAME)
@click.option(
    "--to",
    type=NAME,
    metavar="RECIPIENT",
    help=_("A number, mail address or id of a contact point; else the first of this gateway."),
)
@click.option(
    "--url",
    type=NAME,
    help=_("Address of the hook as the service calls it; else the listener of the settings."),
)
@json_option
@click.pass_context
def test(ctx: click.Context, *, name: str, to: str | None, url: str | None, as_json: bool) -> None:
    """Run ``honeytoken gateway test``."""
    vault = open_vault()
    from ..trial import run

    steps = list(run(vault, name, to=to, url=url))
    output.emit(map(plain, steps), STEPS, form="json" if as_json else None)
    if any(step.ok is False for step in steps):
        ctx.exit(failures.FAILED)

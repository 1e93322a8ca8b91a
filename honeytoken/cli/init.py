"""``honeytoken init``: make a vault."""

from __future__ import annotations

import click

from ..messages import translate as _
from . import output
from .session import session


@click.command(
    "init",
    help=_("Make a vault here: settings, keys and an empty store."),
)
@click.option(
    "--mode",
    type=click.Choice(["production", "test"]),
    default="production",
    show_default=True,
    help=_("In test mode contact points of the test role may be planted."),
)
@click.option("--url", metavar="URL", help=_("A PostgreSQL store: postgresql://user@host/name."))
def init_command(mode: str, url: str | None) -> None:
    """Run ``honeytoken init``."""
    from ..vault import Vault

    with Vault.create(session().folder, mode=mode, url=url) as vault:
        folder = vault.folder.resolve()
        settings = vault.settings
    output.say(_("Made a vault in {folder}:").format(folder=folder))
    output.say("  honeytoken.toml  " + _("the settings; read it, it explains itself."))
    output.say(
        f"  {settings.keys.file}  "
        + _("the keys. Back them up apart from the store; without them nothing can be read.")
    )
    if settings.store.url.startswith("sqlite"):
        output.say("  honeytoken.db  " + _("the store. Back it up with `honeytoken export vault`."))
    else:
        output.say(_("The store is the PostgreSQL database you named; back that up too."))
    output.say(_("Next: `honeytoken channel add NAME`, then `honeytoken pool add`."))

"""``honeytoken rekey`` and ``reindex``: move on to new masters."""

from __future__ import annotations

import click

from ..messages import translate as _
from . import output
from .session import open_vault


@click.command(
    "rekey", help=_("Seal everything anew under a new key. If interrupted, run it again.")
)
def rekey_command() -> None:
    """Run ``honeytoken rekey``."""
    vault = open_vault()
    with output.progress(_("Sealing anew")) as advance:
        vault.rekey(progress=advance)
    output.say(_("All is sealed under the new key. Back up the key file again."))


@click.command(
    "reindex", help=_("Index everything anew under a new key; for when the old one was exposed.")
)
def reindex_command() -> None:
    """Run ``honeytoken reindex``."""
    open_vault().reindex()
    output.say(_("All is indexed under the new key. Back up the key file again."))

"""``honeytoken rekey`` and ``reindex``: move on to new masters."""

from __future__ import annotations

import click

from ..errors import Refused
from ..messages import translate as _
from . import output
from .session import open_vault


@click.command(
    "rekey", help=_("Seal everything anew under a new key. If interrupted, run it again.")
)
@click.option(
    "--forget-old", is_flag=True, help=_("Make no new key; drop older ones from the key file.")
)
@click.option("--yes", is_flag=True, help=_("With --forget-old: older backups are done with."))
def rekey_command(*, forget_old: bool, yes: bool) -> None:
    """Run ``honeytoken rekey``."""
    vault = open_vault()
    if not forget_old:
        try:
            with output.progress(_("Sealing anew")) as advance:
                vault.rekey(progress=advance)
        except KeyboardInterrupt:
            output.say(_("Interrupted. `honeytoken rekey` goes on where it stopped."))
            raise
        output.say(_("All is sealed under the new key. Back up the key file again."))
        return
    if not yes:
        raise Refused(
            _("without the older keys, backups of before cannot be read."),
            hint=_("If you are done with those, say --forget-old --yes."),
        )
    vault.forget_old_masters()
    output.say(_("The key file holds only the present key. Back it up again."))


@click.command(
    "reindex", help=_("Index everything anew under a new key; for when the old one was exposed.")
)
def reindex_command() -> None:
    """Run ``honeytoken reindex``."""
    open_vault().reindex()
    output.say(_("All is indexed under the new key. Back up the key file again."))

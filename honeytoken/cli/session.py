"""The vault a command works on: opened when first asked for, closed when the command ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..vault import Vault


@dataclass
class Session:
    """What the global options said."""

    #: The vault's folder.
    folder: Path
    vault: Vault | None = None


def session() -> Session:
    """Return the session of the command that runs."""
    return click.get_current_context().ensure_object(Session)


def recorded(what: str, ids: Sequence[str]) -> None:
    """Put into the ledger what is about to be shown whole, and to whom; then show it."""
    open_vault().reveal(what, ids, by=_account())


def _account() -> str | None:
    """Return the account at the machine: by its number, which a variable cannot change."""
    try:
        import pwd
    except ImportError:  # not POSIX
        return os.environ.get("USERNAME")
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def open_vault(*, new_store: bool = False) -> Vault:
    """Return the vault of ``--vault``; a second call gives the same one."""
    # Imported here: the vault loads SQLAlchemy and the cipher, which `--help` need not wait for.
    from ..vault import Vault

    here = session()
    if here.vault is None:
        here.vault = Vault.open(here.folder, new_store=new_store)
        click.get_current_context().find_root().call_on_close(here.vault.close)
    return here.vault

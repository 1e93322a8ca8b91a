"""``honeytoken export`` and ``import``: data that leaves, and a backup that comes back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ..messages import translate as _
from . import files, output
from .parameters import READABLE, reveal_option
from .session import open_vault, recorded
from .shorten import plain
from .visible import visible

if TYPE_CHECKING:
    from ..models import Canary, Channel, Contact, Placement
    from ..vault import Vault

RECORDS = ("canaries", "channels", "placements", "contacts")
WHAT = ("references", *RECORDS, "vault")

#: Longer lines than this are in no backup.
_MAX_LINE = 64 * 1024 * 1024
#: Records whose revealing is one entry of the ledger.
_REVEALED_TOGETHER = 1000


@click.command(
    "export",
    help=_(
        "Write data out. WHAT is one of these. `references`: your own order numbers of canary "
        "orders, one per line, to keep out of accounts. `canaries`, `channels`, `placements`, "
        "`contacts`: one JSON object per line. `vault`: all of it, sealed, as a backup for "
        "`import`."
    ),
)
@click.argument("what", type=click.Choice(WHAT), metavar="WHAT")
@click.option(
    "--out",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=_("Write to this file, readable only by you; else to stdout."),
)
@click.option("--yes", is_flag=True, help=_("Overwrite the file if it is there."))
@reveal_option
def export_command(*, what: str, path: Path | None, yes: bool, reveal: bool) -> None:
    """Run ``honeytoken export``."""
    if reveal and what not in RECORDS:
        raise click.UsageError(
            _("--reveal is for {records}.").format(records=_(", ").join(RECORDS))
        )
    vault = open_vault()
    with files.written(path, overwrite=yes) as stream:
        if what in ("references", "vault"):
            # Whoever has the orders' own file finds the canaries in it with the references. A
            # copy of the vault is sealed, but still holds what is erased here later.
            recorded(what, [])
        if what == "vault":
            vault.export(stream)
        else:
            lines = (
                map(visible, vault.export_references())
                if what == "references"
                else _lines(vault, what, reveal=reveal)
            )
            stream.writelines(f"{line}\n" for line in lines)
    if path is not None:
        output.say(_("Wrote {what} to {name}.").format(what=what, name=path.name))


def _lines(vault: Vault, what: str, *, reveal: bool) -> Iterator[str]:
    rooms: dict[str, Callable[[], Iterable[Canary | Channel | Contact | Placement]]] = {
        "canaries": vault.canaries.list,
        "channels": vault.channels.list,
        "placements": vault.placements.list,
        "contacts": vault.contacts.list,
    }
    records = iter(rooms[what]())
    while part := list(islice(records, _REVEALED_TOGETHER)):
        if reveal:
            recorded(what, [record.id for record in part])
        for record in part:
            yield output.json_text(plain(record, reveal=reveal))


@click.command("import", help=_("Restore what `export vault` wrote, into an empty vault."))
@click.argument("path", type=READABLE, metavar="FILE")
def import_command(*, path: str) -> None:
    """Run ``honeytoken import``."""
    vault = open_vault(new_store=True)
    with _opened(path) as stream:
        # A line without an end (/dev/zero) is cut off, which the vault refuses as damaged.
        vault.import_(iter(lambda: stream.readline(_MAX_LINE), ""))
    output.say(_("Restored. `honeytoken doctor` checks it."))


@contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    if path == "-":
        yield sys.stdin
    else:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123 - the name is as it was typed
            yield stream

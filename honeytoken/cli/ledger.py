"""``honeytoken ledger``: the chain that shows whether the record was altered."""

from __future__ import annotations

import click

from ..messages import ngettext
from ..messages import translate as _
from . import output
from .groups import Group
from .output import Column
from .parameters import NAME, json_option
from .session import open_vault
from .shorten import Plain, plain


def _subjects(entry: Plain) -> str:
    return _some(entry["subjects"])


def _some(subjects: object) -> str:
    if not isinstance(subjects, list) or len(subjects) < 3:
        return output.text(subjects)
    return _("{first} and {count} more").format(first=subjects[0], count=len(subjects) - 1)


COLUMNS = (
    Column(_("SEQ"), "seq"),
    Column(_("AT"), "at"),
    Column(_("ACTION"), "action", worded=True),
    Column(_("SUBJECTS"), _subjects),
    Column(_("DIGEST"), "digest"),
)

REVEALS = (
    Column(_("SEQ"), "seq"),
    Column(_("AT"), "at"),
    Column(_("BY"), "by"),
    Column(_("WHAT"), "what", worded=True),
    Column(_("IDS"), lambda reveal: _some(reveal["ids"])),
)


@click.group("ledger", cls=Group, help=_("The chained record of all that was done."))
def ledger_command() -> None:
    """Run ``honeytoken ledger``."""


@ledger_command.command("head", help=_("Print the digest to keep elsewhere."))
@json_option
def head(*, as_json: bool) -> None:
    """Run ``honeytoken ledger head``."""
    found = plain(open_vault().ledger.head())
    if as_json:
        output.json_line(found)
    else:
        output.out(f"{found['seq']} {found['digest']}")


@ledger_command.command("verify", help=_("Find any altered, removed or reordered entry."))
@click.option(
    "--head", type=NAME, metavar="DIGEST", help=_("One you kept: it must be in the chain.")
)
@json_option
def verify(*, head: str | None, as_json: bool) -> None:
    """Run ``honeytoken ledger verify``."""
    checked = open_vault().ledger.verify(head=head)
    if as_json:
        output.json_line({"checked": checked})
        return
    said = ngettext(
        "{count} entry checked; the chain holds.",
        "{count} entries checked; the chain holds.",
        checked,
    )
    output.out(said.format(count=checked))


@ledger_command.command("list", help=_("List the latest entries."))
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000_000),
    default=20,
    show_default=True,
    help=_("At most."),
)
@json_option
def list_entries(*, limit: int, as_json: bool) -> None:
    """Run ``honeytoken ledger list``."""
    output.emit(
        map(plain, open_vault().ledger.entries(newest=limit)),
        COLUMNS,
        form="json" if as_json else None,
    )


@ledger_command.command(
    "reveals", help=_("List when personal values were shown whole, which, and to whom.")
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000_000),
    default=20,
    show_default=True,
    help=_("At most."),
)
@json_option
def list_reveals(*, limit: int, as_json: bool) -> None:
    """Run ``honeytoken ledger reveals``."""
    output.emit(
        map(plain, open_vault().ledger.reveals(newest=limit)),
        REVEALS,
        form="json" if as_json else None,
    )

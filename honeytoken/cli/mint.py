"""``honeytoken mint``: make canaries, and give each as a table row, a record or a document."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ..errors import HoneytokenError
from ..messages import LANGUAGES, ngettext
from ..messages import translate as _
from ..models import DocumentKind
from . import files, output
from .output import Column
from .parameters import NAME, TEXT, WHEN, form_options, reveal_option
from .session import open_vault, recorded
from .shorten import plain

if TYPE_CHECKING:
    from ..models import Canary

#: Canaries between two movements of the bar.
_STEP = 50
#: Canaries whose revealing is one entry of the ledger.
_REVEALED_TOGETHER = 1000

COLUMNS = (
    Column("ID", "id"),
    Column(_("NAME"), "identity.name"),
    Column(_("PHONE NUMBER"), "identity.phone_number"),
    Column(_("E-MAIL"), "identity.email"),
    Column(_("ADDRESS"), "identity.address.formatted"),
)
_DOCUMENTS = (DocumentKind.WAYBILL.value, DocumentKind.LOAN_FORM.value)
_REQUIRABLE = ("phone_number", "email", "address")


@click.command(
    "mint",
    help=_("Make canaries. With --document they come as the row that an order or a form wants."),
)
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help=_("How many."))
@click.option("--locale", type=NAME, default="zh-CN", show_default=True, help=_("Whose names."))
@click.option("--channel", type=NAME, help=_("Only phone numbers never placed with this channel."))
@click.option("--plan", type=NAME, metavar="ID", help=_("The set they are designed with."))
@click.option(
    "--require",
    "requires",
    type=click.Choice(_REQUIRABLE),
    multiple=True,
    help=_("Refuse to mint without this field; may be repeated."),
)
@click.option("--expires", "expires_at", type=WHEN, help=_("When they stop being of use."))
@click.option("--note", type=TEXT, help=_("For yourself; it is sealed."))
@click.option(
    "--document",
    type=click.Choice(_DOCUMENTS),
    help=_("Print whole rows for this; it is recorded."),
)
@click.option(
    "--format", "file_format", type=click.Choice(["csv", "json"]), help=_("Of the document.")
)
@click.option(
    "--headers",
    type=click.Choice(LANGUAGES),
    help=_("Language of the document's headers; else that of the locale."),
)
@click.option(
    "--ids-to",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=_("Write the canaries' ids here, in the order of the document's rows."),
)
@click.option("--bom", is_flag=True, help=_("Begin the CSV with a byte order mark, for Excel."))
@reveal_option
@form_options
def mint_command(
    *,
    count: int,
    locale: str,
    channel: str | None,
    plan: str | None,
    requires: tuple[str, ...],
    expires_at: datetime | None,
    note: str | None,
    document: str | None,
    file_format: str | None,
    headers: str | None,
    bom: bool,
    ids_to: Path | None,
    reveal: bool,
    form: str | None,
) -> None:
    """Run ``honeytoken mint``."""
    if (file_format or headers or bom or ids_to) and document is None:
        raise click.UsageError(_("--format, --headers, --bom and --ids-to are about a --document."))
    if document is not None and form:
        raise click.UsageError(_("a --document has a --format of its own."))
    if bom and file_format == "json":
        raise click.UsageError(_("--bom is for CSV."))
    vault = open_vault()
    if document is not None:
        from ..documents import required

        requires = tuple({*requires, *required(DocumentKind(document))} & set(_REQUIRABLE))
    canaries = vault.mint_many(
        count,
        locale=locale,
        plan_id=plan,
        channel=channel,
        note=note,
        expires_at=expires_at,
        requires=requires,
    )
    with _counted(canaries, count) as minted:
        if document is not None:
            language = headers or ("zh_CN" if locale.lower().startswith("zh") else "en")
            whole = _recorded(minted, document)
            with files.growing(ids_to) if ids_to else nullcontext() as ids:
                noted = _noted(whole, ids) if ids else whole
                lines = _lines(noted, DocumentKind(document), file_format or "csv", language)
                _write(lines, bom=bom)
            return
        shown = _recorded(minted, "mint") if reveal else minted
        output.emit((plain(c, reveal=reveal) for c in shown), COLUMNS, form=form)


def _noted(canaries: Iterator[Canary], ids: TextIO) -> Iterator[Canary]:
    """Give *canaries* on, each after its id is in the file *ids*."""
    for canary in canaries:
        ids.write(f"{canary.id}\n")
        yield canary


def _lines(
    canaries: Iterator[Canary], document: DocumentKind, file_format: str, language: str
) -> Iterator[str]:
    """Yield the lines of a document with a row per canary."""
    from ..documents import as_csv, as_json_lines, headers, row

    rows = (row(document, canary, language=language) for canary in canaries)
    if file_format == "json":
        return as_json_lines(rows)
    return as_csv(rows, headers(document, language=language))


def _write(lines: Iterator[str], *, bom: bool) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        # The lines end as their format has it, on every system.
        sys.stdout.reconfigure(newline="")
    if bom:
        sys.stdout.write("\ufeff")
    for line in lines:
        sys.stdout.write(line)


@contextmanager
def _counted(canaries: Iterable[Canary], total: int) -> Iterator[Iterator[Canary]]:
    """Give *canaries* on, with a bar; if it ends early, say how many there are now."""
    done = 0

    def through() -> Iterator[Canary]:
        nonlocal done
        with output.progress(_("Minting"), beside_data=True) as advance:
            for canary in canaries:
                done += 1
                if done % _STEP == 0:
                    advance(done, total)
                yield canary

    try:
        yield through()
        sys.stdout.flush()
    except (HoneytokenError, BrokenPipeError, KeyboardInterrupt):
        if done:
            said = ngettext(
                "Stopped after {count} canary; what was minted stays in the vault.",
                "Stopped after {count} canaries; what was minted stays in the vault.",
                done,
            )
            output.say(said.format(count=done))
        raise


def _recorded(canaries: Iterator[Canary], what: str) -> Iterator[Canary]:
    """Give *canaries* on, each after the ledger says that it was shown whole."""
    while part := list(islice(canaries, _REVEALED_TOGETHER)):
        recorded(what, [canary.id for canary in part])
        yield from part

"""``honeytoken contacts import``: a phone's log or a carrier's bill as second records."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from ..messages import ngettext
from ..messages import translate as _
from ..models import Medium
from ..phonelogs import DateOrder, Source
from . import output
from .output import Column
from .parameters import NAME, READABLE, WHEN, choice, form_options, in_order
from .session import open_vault
from .shorten import plain
from .zones import ZONE

if TYPE_CHECKING:
    from ..contacts import ImportReport

COLUMNS = (
    Column(_("LINE"), "line"),
    Column(_("RECEIVED AT"), "at"),
    Column(_("MEDIUM"), "medium", worded=True),
    Column("ID", "contact_id"),
)


def _sims(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Return ``SIM=NUMBER`` as SIM -> number."""
    found: dict[str, str] = {}
    for value in values:
        sim, equals, number = value.partition("=")
        if not equals or not sim.strip() or not number.strip() or sim.strip() in found:
            raise click.BadParameter(_("write each once, as SIM=NUMBER."))
        found[sim.strip()] = number.strip()
    return found


@click.command(
    "import",
    help=_(
        "Take a phone's call log or messages (XML of SMS Backup & Restore, CSV), or a carrier's "
        "itemised bill (CSV): what hooks delivered is confirmed, what they missed is stored."
    ),
)
@click.argument("path", type=READABLE, metavar="FILE")
@click.option(
    "--to", type=NAME, metavar="NUMBER", help=_("Whose log it is: a number of yours, or its id.")
)
@click.option(
    "--sim",
    "sims",
    type=NAME,
    multiple=True,
    callback=_sims,
    metavar="SIM=NUMBER",
    help=_("For a phone with several SIMs, in place of --to: which number a SIM has."),
)
@click.option(
    "--utc-offset",
    "zone",
    type=ZONE,
    help=_("Offset of times that do not give one: +01:00, or Europe/London. [China: +08:00]"),
)
@click.option(
    "--date-order",
    type=choice(DateOrder),
    help=_("How to read dates such as 03/01/2026, if the file does not tell."),
)
@click.option(
    "--medium",
    type=click.Choice([Medium.CALL.value, Medium.SMS.value]),
    help=_("What the file holds, if it does not tell."),
)
@click.option(
    "--source", type=choice(Source), help=_("What kind of record it is, if recognised wrongly.")
)
@click.option("--since", type=WHEN, help=_("Received at this time or later."))
@click.option("--until", type=WHEN, help=_("Received before this time."))
@click.option("--skip-known", is_flag=True, help=_("Leave out who is in the phone's contacts."))
@click.option("--skip-bad", is_flag=True, help=_("Leave out lines that cannot be read."))
@click.option("--dry-run", is_flag=True, help=_("Show what would be done; store nothing."))
@form_options
def import_command(
    *,
    path: str,
    to: str | None,
    sims: dict[str, str],
    zone: tzinfo | None,
    date_order: str | None,
    medium: str | None,
    source: str | None,
    since: datetime | None,
    until: datetime | None,
    skip_known: bool,
    skip_bad: bool,
    dry_run: bool,
    form: str | None,
) -> None:
    """Run ``honeytoken contacts import``."""
    in_order(since, until)
    if to is not None and sims:
        raise click.UsageError(_("name --to or --sim, not both."))
    vault = open_vault()
    with _opened(path) as file, output.steps() as progress:
        report = vault.contacts.import_log(
            file,
            to=to,
            sims=sims,
            zone=zone,
            date_order=date_order,
            medium=medium,
            source=source,
            since=since,
            until=until,
            skip_known=skip_known,
            skip_bad=skip_bad,
            dry_run=dry_run,
            progress=progress,
        )
    if form == "json":
        output.json_line(plain(report))
        return
    if form == "ids":
        for missed in report.missed:
            if missed.contact_id:
                output.out(missed.contact_id)
        return
    for line in _sentences(report):
        output.paragraph(line)
    if report.missed:
        output.emit((plain(missed) for missed in report.missed), COLUMNS, form=None)


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        yield file


def _sentences(report: ImportReport) -> Iterator[str]:
    """Yield what was found, in the order in which people ask."""
    if report.dry_run:
        yield _("Dry run: nothing was stored.")
    yield ngettext(
        "{source}: {count} call or message came in.",
        "{source}: {count} calls and messages came in.",
        report.incoming,
    ).format(source=_(report.source.value), count=report.incoming)
    counts = (
        (report.matched, _("{count} known from other records, {confirmed} of them now confirmed.")),
        (report.wordy, _("{count} from a sender that is no number.")),
        (report.known, _("{count} already imported, or erased since.")),
        (len(report.missed), _("{count} missed by the hooks: they are listed below.")),
        (report.outgoing, _("{count} outgoing: passed over, not kept.")),
        (report.elsewhere, _("{count} of other numbers: passed over, not kept.")),
        (report.outside, _("{count} outside of the time asked for: passed over, not kept.")),
        (report.acquainted, _("{count} from the phone's contacts: passed over, not kept.")),
        (report.aside, _("{count} neither calls nor messages: passed over.")),
    )
    for count, sentence in counts:
        if count:
            yield sentence.format(count=count, confirmed=report.confirmed)
    if report.undecided:
        yield ngettext(
            "{count} not stored, as it may be a contact that was erased: see line {lines}",
            "{count} not stored, as they may be contacts that were erased: see lines {lines}",
            len(report.undecided),
        ).format(
            count=len(report.undecided),
            lines=output.numbers([each.line for each in report.undecided]),
        )
    if report.unreadable:
        yield _("Lines that could not be read: {lines}").format(
            lines=output.numbers(report.unreadable)
        )

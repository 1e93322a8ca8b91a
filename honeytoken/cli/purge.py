"""``honeytoken purge`` and ``erase``: contents destroyed when their time is up, or on request."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from ..errors import Refused
from ..messages import ngettext
from ..messages import translate as _
from ..models import Disposition
from . import output
from .parameters import NAME, as_typed, choice, moment
from .session import open_vault
from .words import word

if TYPE_CHECKING:
    from ..purge import Chosen
    from ..vault import Vault

    _AgeType = click.ParamType[timedelta | datetime]
else:
    _AgeType = click.ParamType

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dwy])", re.ASCII)
_DAYS = {"d": 1, "w": 7, "y": 365}


class Age(_AgeType):
    """A span of time such as ``90d``, ``12w`` or ``1y``, or a day."""

    name = "age"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta | datetime:
        """Return *value* as a span, or as an aware time in UTC."""
        if isinstance(value, timedelta | datetime):
            return value
        text = str(value).strip()
        if found := _SPAN.fullmatch(text):
            return timedelta(days=int(found[1]) * _DAYS[found[2]])
        try:
            return moment(text)
        except ValueError:
            self.fail(_("write it as 90d, 12w, 1y or 2026-03-31."), param, ctx)


_DRY_RUN = click.option("--dry-run", is_flag=True, help=_("Say what would be erased, and stop."))
_REWRITE = click.option(
    "--rewrite", is_flag=True, help=_("Rewrite a SQLite store however large; writers wait.")
)
_YES = click.option("--yes", is_flag=True, help=_("Do not ask."))


@click.command(
    "purge",
    help=_(
        "Destroy what old contacts said, and who they were. Without --older-than: after the days "
        "that [retention] sets for each disposition."
    ),
)
@click.option("--older-than", "age", type=Age(), help=_("90d, 12w, 1y, or received before a day."))
@click.option(
    "--disposition",
    "dispositions",
    type=choice(Disposition),
    multiple=True,
    help=_("With --older-than: only these; else all but `unsolicited`."),
)
@_DRY_RUN
@_REWRITE
@_YES
def purge_command(
    *,
    age: timedelta | datetime | None,
    dispositions: tuple[str, ...],
    dry_run: bool,
    rewrite: bool,
    yes: bool,
) -> None:
    """Run ``honeytoken purge``."""
    if dispositions and age is None:
        raise click.UsageError(_("--disposition goes with --older-than."))
    vault = open_vault()
    if age is None:
        chosen = vault.purge.expired()
    else:
        chosen = vault.purge.older_than(age, dispositions=dispositions)
    _erase(vault, chosen, dry_run=dry_run, rewrite=rewrite, yes=yes)
    if not dry_run:
        vault.purge.tidy()


@click.command(
    "erase",
    help=_("Destroy what somebody said, and who they were: contacts by ID, number or e-mail."),
)
@click.argument("contact_ids", type=NAME, nargs=-1, metavar="[ID]...")
@click.option("--number", type=NAME, help=_("All that this number sent, or called with."))
@click.option("--email", type=NAME, help=_("All that this address sent."))
@click.option(
    "--region",
    type=NAME,
    metavar="COUNTRY",
    default="CN",
    show_default=True,
    help=_("Whose national notation the number is in."),
)
@click.option(
    "--mentioned", is_flag=True, help=_("Also what others sent in which it is mentioned.")
)
@_DRY_RUN
@_REWRITE
@_YES
def erase_command(
    *,
    contact_ids: tuple[str, ...],
    number: str | None,
    email: str | None,
    region: str,
    mentioned: bool,
    dry_run: bool,
    rewrite: bool,
    yes: bool,
) -> None:
    """Run ``honeytoken erase``."""
    if sum(map(bool, (contact_ids, number, email))) != 1:
        raise click.UsageError(_("give contacts by ID, or --number, or --email."))
    if mentioned and contact_ids:
        raise click.UsageError(_("--mentioned goes with --number or --email."))
    vault = open_vault()
    if contact_ids:
        chosen = vault.purge.named(contact_ids)
    else:
        with as_typed(), output.progress(_("Searching")) as advance:
            chosen = vault.purge.about(
                phone_number=number,
                email=email,
                region=region,
                mentioned=mentioned,
                progress=advance,
            )
    _erase(vault, chosen, dry_run=dry_run, rewrite=rewrite, yes=yes)


def _erase(vault: Vault, chosen: Chosen, *, dry_run: bool, rewrite: bool, yes: bool) -> None:
    for line in _said(chosen):
        output.out(line)
    if dry_run:
        return
    if chosen.contact_ids and not yes:
        _ask()
    from ..purge.erasures import REWRITTEN_UP_TO

    try:
        with output.progress(_("Erasing")) as advance:
            done = vault.purge.erase(
                chosen.contact_ids,
                rewrite_up_to=sys.maxsize if rewrite else REWRITTEN_UP_TO,
                progress=advance,
            )
    except KeyboardInterrupt:
        output.say(_("Interrupted. Each contact is whole or erased; run it again for the rest."))
        raise
    if not done.scrubbed:
        output.say(
            _("The store's files still hold older pages, as others use it. Run it again later.")
        )
    elif not done.rewritten:
        output.say(
            _(
                "The store is large: parts of old pages may stay in it until you run this with "
                "--rewrite, when no delivery is awaited."
            )
        )
    if not done.contacts:
        return
    output.out(
        ngettext("Erased {count} contact.", "Erased {count} contacts.", done.contacts).format(
            count=done.contacts
        )
    )
    output.say(
        _(
            "What remains is when it came, where it arrived and what it was held to be. Backups "
            "and exports of before still hold it: delete them too."
        )
    )


def _said(chosen: Chosen) -> Iterable[str]:
    """Yield what is going to be erased, and what that means."""
    count = len(chosen.contact_ids)
    if not count:
        yield _("There is nothing to erase.")
    else:
        kinds = _(", ").join(
            f"{word(kind.value)} {chosen.by_disposition[kind]}"
            for kind in Disposition
            if chosen.by_disposition.get(kind)
        )
        yield ngettext(
            "{count} contact to erase: {kinds}.", "{count} contacts to erase: {kinds}.", count
        ).format(count=count, kinds=kinds)
    if evidence := chosen.by_disposition.get(Disposition.UNSOLICITED):
        yield ngettext(
            "{count} of them is evidence: it keeps its weight, but what was said can never be "
            "shown again.",
            "{count} of them are evidence: they keep their weight, but what was said can never be "
            "shown again.",
            evidence,
        ).format(count=evidence)
    if mentioning := len(chosen.mentioning):
        yield ngettext(
            "{count} contact from somebody else mentions it and stays; --mentioned takes it too.",
            "{count} contacts from others mention it and stay; --mentioned takes them too.",
            mentioning,
        ).format(count=mentioning)


def _ask() -> None:
    if not sys.stdin.isatty():
        raise Refused(
            _("erasing cannot be undone; nothing was erased."),
            hint=_("Look at it with --dry-run, then say --yes."),
        )
    click.confirm(_("Erase them? This cannot be undone."), abort=True, err=True)

"""``honeytoken contacts``: who reached us, what they said, and what it is held to be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click

from ..messages import translate as _
from ..models import Contact, Disposition, Medium
from . import output
from .contacts_import import import_command
from .groups import Group
from .output import Column
from .parameters import (
    NAME,
    TEXT,
    WHEN,
    choice,
    form_options,
    in_order,
    json_option,
    reveal_option,
)
from .session import open_vault, recorded
from .shorten import plain

COLUMNS = (
    Column("ID", "id"),
    Column(_("RECEIVED AT"), "received_at"),
    Column(_("MEDIUM"), "medium", worded=True),
    Column(
        _("DISPOSITION"),
        "disposition",
        {_("unsolicited"): "bold", _("ambiguous"): "dim"},
        worded=True,
    ),
    Column(_("SENDER"), "sender"),
    Column(_("CONTACT POINT"), "contact_point_id"),
    Column(_("BODY"), "body"),
    Column(_("AUTHENTICITY"), "authenticity", worded=True),
    Column(_("CONFIRMED BY"), "confirmed_by"),
    Column(_("NOTES"), lambda contact: _count(contact["notes"])),
)


def _count(notes: object) -> int:
    return len(notes) if isinstance(notes, list) else 0


@click.group("contacts", cls=Group, help=_("Who reached your canaries, and what they said."))
def contacts_command() -> None:
    """Run ``honeytoken contacts``."""


def _print(contacts: Iterable[Contact], *, reveal: bool, form: str | None) -> None:
    contacts = list(contacts)
    if reveal and contacts:
        recorded("contacts", [contact.id for contact in contacts])
    output.emit((plain(c, reveal=reveal) for c in contacts), COLUMNS, form=form)


@contacts_command.command("list", help=_("List contacts, the earliest first."))
@click.option("--disposition", type=choice(Disposition), help=_("Only these."))
@click.option("--medium", type=choice(Medium), help=_("Only these."))
@click.option("--since", type=WHEN, help=_("Received at this time or later."))
@click.option("--until", type=WHEN, help=_("Received before this time."))
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000_000), help=_("Only this many of the latest.")
)
@reveal_option
@form_options
def list_contacts(
    *,
    disposition: str | None,
    medium: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    reveal: bool,
    form: str | None,
) -> None:
    """Run ``honeytoken contacts list``."""
    in_order(since, until)
    contacts = open_vault().contacts.list(
        disposition=disposition, medium=medium, since=since, until=until, limit=limit
    )
    _print(contacts, reveal=reveal, form=form)


@contacts_command.command("show", help=_("Show one contact with its notes."))
@click.argument("contact_id", type=NAME, metavar="ID")
@reveal_option
@json_option
def show(*, contact_id: str, reveal: bool, as_json: bool) -> None:
    """Run ``honeytoken contacts show``."""
    vault = open_vault()
    contact = vault.contacts.get(contact_id)
    if reveal:
        recorded("contacts", [contact.id])
    shown = {
        **plain(contact, reveal=reveal),
        "reason": vault.contacts.why(contact.id),
        # Carrier, region and kind of number: public plans, and of nobody in particular.
        "sender_number": vault.contacts.about_sender(contact),
    }
    output.one(shown, as_json=as_json)


@contacts_command.command(
    "add", help=_("Record what no gateway can see: a letter, a parcel, a visit.")
)
@click.option("--medium", type=choice(Medium), required=True, help=_("How they reached you."))
@click.option("--canary", type=NAME, metavar="ID", help=_("Whom it was meant for."))
@click.option("--contact-point", type=NAME, metavar="ID", help=_("Where it arrived."))
@click.option("--received-at", type=WHEN, help=_("When; else now."))
@click.option("--sender", type=TEXT, help=_("Who they said they were: a number, name or address."))
@click.option(
    "--recipient",
    type=TEXT,
    help=_("The number or e-mail it was sent to, if you do not know whose."),
)
@click.option(
    "--region",
    type=NAME,
    metavar="COUNTRY",
    help=_("Whose national notation the recipient is in; else that of the pool's numbers."),
)
@click.option("--subject", type=TEXT, help=_("Of a letter or mail."))
@click.option("--body", type=TEXT, help=_("What it said."))
@click.option("--confirmed-by", type=NAME, help=_("A second record of it: a phone log, a bill."))
@form_options
def add(
    *,
    medium: str,
    canary: str | None,
    contact_point: str | None,
    received_at: datetime | None,
    form: str | None,
    **texts: Any,
) -> None:
    """Run ``honeytoken contacts add``."""
    if not (canary or contact_point or texts.get("recipient")):
        raise click.UsageError(_("say whom it reached: --canary, --contact-point or --recipient."))
    contact = open_vault().contacts.add(
        medium=medium, canary=canary, contact_point=contact_point, received_at=received_at, **texts
    )
    _print([contact], reveal=False, form=form)


@contacts_command.command("note", help=_("Write down what a caller said: this is evidence."))
@click.argument("contact_id", type=NAME, metavar="ID")
@click.option("--claimed-to-be", type=TEXT, help=_("Who they claimed to be."))
@click.option("--asked-for", type=TEXT, help=_("Which name they asked for."))
@click.option("--knew", type=TEXT, help=_("What they knew: order, address, amount."))
@click.option("--data-from", type=TEXT, help=_("Where they said the data came from."))
@click.option("--call-back", type=TEXT, help=_("The number they asked to be rung back on."))
@click.option("--text", type=TEXT, help=_("Anything else."))
@form_options
def note(*, contact_id: str, form: str | None, **said: str | None) -> None:
    """Run ``honeytoken contacts note``."""
    if not any(said.values()):
        raise click.UsageError(_("say what to note, such as --asked-for NAME."))
    contact = open_vault().contacts.note(contact_id, **said)
    _print([contact], reveal=False, form=form)


CHANGES = (
    Column("ID", "id"),
    Column(_("RECEIVED AT"), "received_at"),
    Column(_("MEDIUM"), "medium", worded=True),
    Column(_("DISPOSITION"), "disposition", worded=True),
    Column(_("JUDGED"), "judged", {_("unsolicited"): "bold"}, worded=True),
    Column(_("REASON"), "reason", worded=True),
)


@contacts_command.command(
    "classify",
    help=_(
        "Say what a contact is held to be, and why. With --dry-run: what the present rules would "
        "make of stored contacts that no person classified; with --again: apply them."
    ),
)
@click.argument("contact_id", type=NAME, metavar="[ID]", required=False)
@click.argument("disposition", type=choice(Disposition), metavar="[DISPOSITION]", required=False)
@click.option("--reason", type=TEXT, help=_("Why; it is kept with the ledger entry."))
@click.option("--dry-run", is_flag=True, help=_("Change nothing."))
@click.option("--again", is_flag=True, help=_("Apply the present rules."))
@click.option("--since", type=WHEN, help=_("Received at this time or later."))
@click.option("--until", type=WHEN, help=_("Received before this time."))
@form_options
def classify(
    *,
    contact_id: str | None,
    disposition: str | None,
    reason: str | None,
    dry_run: bool,
    again: bool,
    since: datetime | None,
    until: datetime | None,
    form: str | None,
) -> None:
    """Run ``honeytoken contacts classify``."""
    in_order(since, until)
    if dry_run and again:
        raise click.UsageError(
            _("--{one} and --{other} do not go together.").format(one="dry-run", other="again")
        )
    if dry_run or again:
        if contact_id or reason:
            raise click.UsageError(_("--dry-run and --again take --since and --until only."))
        contacts = open_vault().contacts
        judge = contacts.changes if dry_run else contacts.rejudge
        changes = judge(since=since, until=until)
        output.emit(map(plain, changes), CHANGES, form=form)
        if not changes:
            output.say(_("The present rules change nothing."))
        return
    if contact_id is None or disposition is None or since or until:
        raise click.UsageError(
            _("name a contact and its disposition, or --dry-run or --again for all.")
        )
    contact = open_vault().contacts.classify(contact_id, disposition, reason=reason)
    _print([contact], reveal=False, form=form)


contacts_command.add_command(import_command)

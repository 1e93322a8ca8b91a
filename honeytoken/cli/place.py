"""``honeytoken place``: a canary reaches a channel: intended, then confirmed or void."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ..messages import ngettext
from ..messages import translate as _
from ..models import DocumentKind, Permission, Placement, PlacementStatus
from . import output, rows
from .output import Column
from .parameters import DIGEST, NAME, READABLE, VIEW, WHEN, choice, form_options, reveal_option
from .session import open_vault, recorded
from .shorten import plain
from .zones import ZONE

if TYPE_CHECKING:
    from ..models import FieldView
    from ..plant import NewPlacement, Tracked
    from ..vault import Vault

HEADERS = (
    "canary",
    "channel",
    "route",
    "document",
    "reference",
    "batch",
    "expected_until",
    "confirmed",
    "permission",
)

COLUMNS = (
    Column("ID", "id"),
    Column(_("CANARY"), "canary_id"),
    Column(_("CHANNEL"), "channel_id"),
    Column(_("STATUS"), "status", {_("confirmed"): "green", _("void"): "dim"}, worded=True),
    Column(_("DOCUMENT"), "document", worded=True),
    Column(_("REFERENCE"), "reference"),
    Column(_("INTENDED AT"), "intended_at"),
    Column(_("CONFIRMED AT"), "confirmed_at"),
    Column(_("EXPECTED UNTIL"), "expected_until"),
    Column(_("PERMISSION"), "permission", worded=True),
)
TRACKED = (
    *(column for column in COLUMNS if column.shows in ("id", "canary_id", "channel_id", "status")),
    Column(_("REFERENCE"), "reference"),
    Column(_("DISPATCHED AT"), "dispatched_at"),
    Column(_("DELIVERED AT"), "delivered_at"),
)
#: ``--status`` typed alone: no status and no id.
_NO_VALUE = "?"


@click.command(
    "place",
    help=_(
        "Record that a canary reaches a channel. `place CANARY CHANNEL` records one placement; "
        "--route in place of CHANNEL one for each channel of a route; --from those of a CSV file. "
        "`place --confirm ID...` says that they arrived, `place --void ID...` that they did not, "
        "`place --status ID...` when parcels left and were delivered, `place --list` shows them."
    ),
)
@click.argument("names", nargs=-1, type=NAME, metavar="[CANARY] [CHANNEL] | [ID]...")
@click.option("--confirm", is_flag=True, help=_("These placements arrived."))
@click.option("--void", is_flag=True, help=_("These placements never arrived."))
@click.option("--list", is_flag=True, help=_("Show placements."))
@click.option(
    "--from", "path", type=READABLE, metavar="FILE", help=_("Take a CSV file; - is stdin.")
)
@click.option(
    "--tracking",
    type=READABLE,
    metavar="FILE",
    help=_("Take dispatch and delivery from a courier's tracking events; - is stdin."),
)
@click.option(
    "--utc-offset",
    "zone",
    type=ZONE,
    help=_("With --tracking: offset of times that do not give one."),
)
@click.option("--route", type=NAME, help=_("The channels it passes through, in place of CHANNEL."))
@click.option("--document", type=choice(DocumentKind), help=_("On what it travels. [waybill]"))
@click.option("--reference", type=NAME, metavar="ORDER", help=_("Your own order number; sealed."))
@click.option("--batch", type=NAME, help=_("Your own name for orders that went out together."))
@click.option("--region", type=NAME, help=_("Where it went."))
@click.option("--device", type=NAME, help=_("What typed or printed it."))
@click.option("--consent", type=DIGEST, metavar="SHA256", help=_("Digest of the text agreed to."))
@click.option("--permission", type=choice(Permission), help=_("May the channel pass it on?"))
@click.option(
    "--view",
    "views",
    type=VIEW,
    multiple=True,
    help=_("How a field was shown, where not in full: phone_number=masked:138****1234."),
)
@click.option("--expected-until", type=WHEN, help=_("Until then a call may be the rider's."))
@click.option("--delivery-days", type=click.IntRange(0, 365), help=_("The same, in days from now."))
@click.option("--confirmed", is_flag=True, help=_("It has arrived already."))
@click.option("--at", type=WHEN, help=_("With --confirm: when they arrived."))
@click.option(
    "--reason",
    type=NAME,
    help=_("With --void: why; needed where it was confirmed, and kept in the ledger."),
)
@click.option("--canary", type=NAME, metavar="ID", help=_("With --list: only of this canary."))
@click.option("--channel", type=NAME, help=_("With --list: only with this channel."))
@click.option(
    "--status",
    type=NAME,
    is_flag=False,
    flag_value=_NO_VALUE,
    metavar="STATUS | ID...",
    help=_("With --list: only these. Else: these parcels left, or were delivered."),
)
@click.option("--dispatched-at", type=WHEN, help=_("With --status ID...: when they left."))
@click.option("--delivered-at", type=WHEN, help=_("With --status ID...: when they were delivered."))
@reveal_option
@form_options
@click.pass_context
def place_command(
    ctx: click.Context,
    /,
    *,
    names: tuple[str, ...],
    path: str | None,
    reveal: bool,
    form: str | None,
    **given: Any,
) -> None:
    """Run ``honeytoken place``."""
    # click gives every option: keep those that were typed (0 days is typed, and equals False).
    given = {
        name: value
        for name, value in given.items()
        if value is not None and value is not False and value != ()
    }
    mode = _mode(given, path)
    options = {option.name: option.opts[0].removeprefix("--") for option in ctx.command.params}
    refused = sorted(given.keys() - _ALLOWED[mode])
    if refused:
        raise click.UsageError(
            _("--{option} does not go with this.").format(option=options[refused[0]])
        )
    if mode == "list":
        _list(names, path, given, reveal=reveal, form=form)
        return
    if mode in ("status", "tracking"):
        unclear: list[int] = []
        tracked = _tracked(mode, names, path, given, unclear)
        _print_tracked(tracked, unclear, reveal=reveal, form=form)
        return
    if mode == "place":
        placements: Iterable[Placement] = _place(names, given)
    elif mode == "from":
        if names:
            raise click.UsageError(_("--from takes the place of CANARY and CHANNEL."))
        placements = _place_file(path or "-", given)
    else:
        placements = _settle(mode, _ids(names, path), given)
    _print(placements, reveal=reveal, form=form)


#: What may be typed beside the names, for each form of the verb.
_ALLOWED = {
    "place": {
        *("route", "document", "reference", "batch", "region", "device", "consent", "permission"),
        *("views", "expected_until", "delivery_days", "confirmed"),
    },
    "from": {"delivery_days"},
    "confirm": {"at"},
    "void": {"reason"},
    "status": {"status", "dispatched_at", "delivered_at"},
    "tracking": {"tracking", "zone"},
    "list": {"canary", "channel", "status", "reference"},
}


def _mode(given: dict[str, Any], path: str | None) -> str:
    """Return which form of the verb was typed, and take its flag out of *given*.

    Raises:
        click.UsageError: two were typed; a placement that is void stays so, whichever was meant.
    """
    typed = [mode for mode in ("confirm", "void", "list", "tracking") if mode in given]
    if len(typed) > 1:
        raise click.UsageError(
            _("--{one} and --{other} do not go together.").format(one=typed[0], other=typed[1])
        )
    if typed:
        if typed[0] != "tracking":
            del given[typed[0]]
        return typed[0]
    if "status" in given:
        return "status"
    return "from" if path else "place"


def _tracked(
    mode: str, names: Sequence[str], path: str | None, given: dict[str, Any], unclear: list[int]
) -> Tracked:
    """Store the times; lines of a file that say nothing known are added to *unclear*."""
    from ..documents import tracking_events

    if mode == "tracking":
        if names or path:
            raise click.UsageError(_("--tracking takes the place of IDs and --from."))
        cells = rows.cells(given["tracking"])
        events = list(tracking_events(cells, zone=given.get("zone"), unclear=unclear.append))
        return open_vault().placements.track_events(events)
    if not {"dispatched_at", "delivered_at"} & given.keys():
        raise click.UsageError(_("with --status ID... say --dispatched-at or --delivered-at."))
    # `--status ID` takes the first id for its value.
    first = given.pop("status")
    ids = _ids(names if first == _NO_VALUE else (first, *names), path)
    return open_vault().placements.track(ids, **given)


def _print_tracked(
    tracked: Tracked, unclear: Sequence[int], *, reveal: bool, form: str | None
) -> None:
    _print(tracked.placements, reveal=reveal, form=form, columns=TRACKED)
    if unclear:
        output.say(
            ngettext(
                "The status of {count} line is not understood: {lines}",
                "The status of {count} lines is not understood: {lines}",
                len(unclear),
            ).format(count=len(unclear), lines=output.numbers(unclear))
        )
    if tracked.void:
        output.say(
            ngettext(
                "{count} placement is void and stays as it is: {ids}",
                "{count} placements are void and stay as they are: {ids}",
                len(tracked.void),
            ).format(count=len(tracked.void), ids=_(", ").join(tracked.void))
        )
    if tracked.others:
        output.say(
            ngettext(
                "{count} other parcel was passed over.",
                "{count} other parcels were passed over.",
                tracked.others,
            ).format(count=tracked.others)
        )
    if tracked.set_aside:
        output.say(
            ngettext(
                "{count} contact may have been the rider's and counts no more.",
                "{count} contacts may have been the rider's and count no more.",
                tracked.set_aside,
            ).format(count=tracked.set_aside)
        )
    if tracked.waiting:
        output.say(
            ngettext(
                "{count} contact would now count: `honeytoken contacts classify --dry-run` says "
                "why.",
                "{count} contacts would now count: `honeytoken contacts classify --dry-run` says "
                "why.",
                tracked.waiting,
            ).format(count=tracked.waiting)
        )
    if not tracked.changed:
        output.say(_("No placement changes."))


def _print(
    placements: Iterable[Placement],
    *,
    reveal: bool,
    form: str | None,
    columns: Sequence[Column] = COLUMNS,
) -> None:
    placements = list(placements)
    if reveal and placements:
        recorded("placements", [placement.id for placement in placements])
    output.emit((plain(p, reveal=reveal) for p in placements), columns, form=form)


def _until(vault: Vault, until: object, days: object) -> datetime | None:
    if isinstance(days, int):
        if until is not None:
            raise click.UsageError(_("name --expected-until or --delivery-days, not both."))
        return vault.clock() + timedelta(days=days)
    return until if isinstance(until, datetime) else None


def _place(names: Sequence[str], given: dict[str, Any]) -> Iterable[Placement]:
    wanted = 1 if "route" in given else 2
    if len(names) != wanted:
        raise click.UsageError(
            _("name one canary, and one channel or --route; `export canaries` lists canaries.")
        )
    vault = open_vault()
    until = _until(vault, given.pop("expected_until", None), given.pop("delivery_days", None))
    view: dict[str, FieldView] | None = dict(given.pop("views", ())) or None
    return vault.place(
        names[0],
        names[1] if len(names) == 2 else None,
        view=view,
        expected_until=until,
        **given,
    )


def _place_file(path: str, given: dict[str, Any]) -> Iterable[Placement]:
    vault = open_vault()
    until = _until(vault, None, given.get("delivery_days"))
    return vault.place_many(list(_from_file(path, until)))


def _from_file(path: str, until: datetime | None) -> Iterator[NewPlacement]:
    from ..plant import NewPlacement

    for row in rows.read(path, wanted=HEADERS, needed=("canary",)):
        channel, route = row.get("channel"), row.get("route")
        if (channel is None) == (route is None):
            row.fail(_("name a channel or a route, not both."))
        yield NewPlacement(
            canary=row.need("canary"),
            channel=channel,
            route=route,
            document=DocumentKind(row.pick("document", list(DocumentKind), "waybill")),
            reference=row.get("reference"),
            batch=row.get("batch"),
            expected_until=row.time("expected_until") or until,
            confirmed=row.flag("confirmed"),
            permission=Permission(row.pick("permission", list(Permission), "unknown")),
        )


def _ids(names: Sequence[str], path: str | None) -> list[str]:
    """Return the placements named, on the command line or in a CSV file with the header ``id``."""
    if bool(names) == (path is not None):
        raise click.UsageError(_("name the placements, or a CSV file of them with --from."))
    if path is None:
        return list(names)
    return [row.need("id") for row in rows.read(path, wanted=("id",), needed=("id",))]


def _settle(mode: str, ids: Sequence[str], given: dict[str, Any]) -> Iterable[Placement]:
    vault = open_vault()
    return vault.confirm(ids, **given) if mode == "confirm" else vault.void(ids, **given)


def _list(
    names: Sequence[str], path: str | None, given: dict[str, Any], *, reveal: bool, form: str | None
) -> None:
    if names or path:
        raise click.UsageError(_("with --list use --canary, --channel, --status or --reference."))
    if given.get("status", "void") not in tuple(PlacementStatus):
        words = _(", ").join(PlacementStatus)
        raise click.UsageError(
            _("{key} must be one of: {words}.").format(key="--status", words=words)
        )
    _print(open_vault().placements.list(**given), reveal=reveal, form=form)

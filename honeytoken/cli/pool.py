"""``honeytoken pool``: the contact points that the owner holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from ..messages import translate as _
from ..models import Address, ContactPoint, ContactPointKind, Role
from . import output, rows
from .groups import Group
from .output import Column
from .parameters import NAME, READABLE, TEXT, WHEN, as_typed, choice, form_options, reveal_option
from .session import open_vault, recorded
from .shorten import Plain, plain

if TYPE_CHECKING:
    from ..pool import NewPoint

_ADDRESS_PARTS = ("street_address", "locality", "region_name", "postal_code", "country")
HEADERS = (
    "kind",
    "value",
    "region",
    "role",
    "held_since",
    "device",
    "gateway",
    "capacity",
    *_ADDRESS_PARTS,
)
_ROLES = (Role.PLANTABLE.value, Role.TEST.value)


def _use(point: Plain) -> str:
    return f"{point['used']}/{point['capacity']}"


def _held(point: Plain) -> str:
    since = output.text(point["held_since"])[:10]
    return _("{since} (owner's word)").format(since=since) if point["attested"] else since


COLUMNS = (
    Column("ID", "id"),
    Column(_("KIND"), "kind", worded=True),
    Column(_("VALUE"), "value"),
    Column(_("REGION"), "region"),
    Column(_("ROLE"), "role", worded=True),
    Column(_("STATE"), "state", {_("ready"): "green", _("burnt"): "red"}, worded=True),
    Column(_("USED"), _use),
    Column(_("HELD SINCE"), _held),
    Column(_("READY AT"), "ready_at"),
    Column(_("DEVICE"), "device"),
    Column(_("GATEWAY"), "gateway"),
)


@click.group("pool", cls=Group, help=_("The contact points you hold: numbers, domains, addresses."))
def pool_command() -> None:
    """Run ``honeytoken pool``."""


def _print(points: Iterable[ContactPoint], *, form: str | None, reveal: bool = False) -> None:
    output.emit((plain(p, reveal=reveal) for p in points), COLUMNS, form=form)


@pool_command.command("add", help=_("Add one contact point, or many with --from."))
@click.argument("kind", type=choice(ContactPointKind), required=False)
@click.argument("value", type=TEXT, required=False)
@click.option(
    "--from", "path", type=READABLE, metavar="FILE", help=_("Add the rows of a CSV file.")
)
@click.option("--region", type=NAME, metavar="CC", help=_("Its country, as two letters: CN, GB."))
@click.option(
    "--role",
    type=click.Choice(_ROLES),
    default="plantable",
    show_default=True,
    help=_("A test contact point is never planted in production mode."),
)
@click.option("--held-since", type=WHEN, help=_("Your word for how long you have held it."))
@click.option(
    "--soak-days",
    type=click.INT,
    help=_("Days to listen before it may be planted; else as in the settings."),
)
@click.option("--device", type=NAME, help=_("The phone or modem that holds the SIM."))
@click.option("--gateway", type=NAME, help=_("The gateway of the settings that tells us of it."))
@click.option("--capacity", type=click.INT, help=_("How many canaries may share it."))
@click.option("--street-address", type=TEXT, help=_("Of an address: street, house, unit."))
@click.option("--locality", type=TEXT, help=_("Of an address: city; in China city and county."))
@click.option("--region-name", type=TEXT, help=_("Of an address: province or state."))
@click.option("--postal-code", type=NAME, help=_("Of an address."))
@click.option("--country", type=NAME, metavar="CC", help=_("Of an address, as two letters."))
@form_options
def add(
    *,
    kind: str | None,
    value: str | None,
    path: str | None,
    role: str,
    soak_days: int | None,
    held_since: datetime | None,
    capacity: int | None,
    region: str | None,
    device: str | None,
    gateway: str | None,
    form: str | None,
    **parts: str | None,
) -> None:
    """Run ``honeytoken pool add``."""
    if path is not None:
        if kind is not None:
            raise click.UsageError(_("--from takes the place of KIND and VALUE."))
        points = open_vault().pool.add_many(list(_from_file(path, soak_days)))
        _print(points, form=form)
        return
    address = _address(value, parts)
    if kind is None or (value is None and address is None):
        raise click.UsageError(_("name a KIND and a VALUE, or a file with --from."))
    if (kind == ContactPointKind.ADDRESS) != (address is not None):
        raise click.UsageError(_("an address, and nothing else, needs --street-address and so on."))
    region = region or parts.get("country")
    if region is None:
        raise click.UsageError(_("--region is missing."))
    with as_typed():
        point = open_vault().pool.add(
            kind,
            value or (address.formatted if address else ""),
            role=role,
            region=region,
            address=address,
            device=device,
            gateway=gateway,
            held_since=held_since,
            soak_days=soak_days,
            capacity=capacity,
        )
    _print([point], form=form)


def _address(formatted: str | None, parts: Mapping[str, str | None]) -> Address | None:
    """Return the address made of *parts*, or None if there are none."""
    if not any(parts.values()):
        return None
    missing = [name for name in _ADDRESS_PARTS if not parts.get(name)]
    if missing:
        options = _(", ").join(f"--{name.replace('_', '-')}" for name in missing)
        raise click.UsageError(_("an address also needs {options}.").format(options=options))
    street, locality, region, postal_code, country = (parts[n] or "" for n in _ADDRESS_PARTS)
    if formatted is None:
        # As a label has it: in East Asia from the large to the small, without blanks.
        eastern = country.upper() in {"CN", "HK", "MO", "TW", "JP"}
        formatted = (
            f"{region}{locality}{street}"
            if eastern
            else f"{street}, {locality}, {region} {postal_code}"
        )
    return Address(
        formatted=formatted,
        street_address=street,
        locality=locality,
        region=region,
        postal_code=postal_code,
        country=country.upper(),
    )


def _from_file(path: str, soak_days: int | None) -> Iterator[NewPoint]:
    from ..pool import NewPoint

    for row in rows.read(path, wanted=HEADERS, needed=("kind", "value", "region")):
        kind = row.pick("kind", [kind.value for kind in ContactPointKind], "")
        try:
            address = _address(row.get("value"), {name: row.get(name) for name in _ADDRESS_PARTS})
        except click.UsageError as err:
            row.fail(err.message)
        if (kind == ContactPointKind.ADDRESS) != (address is not None):
            row.fail(_("an address, and nothing else, needs street_address and so on."))
        yield NewPoint(
            kind=ContactPointKind(kind),
            value=address.formatted if address else row.need("value"),
            role=Role(row.pick("role", _ROLES, "plantable")),
            region=row.need("region"),
            address=address,
            device=row.get("device"),
            gateway=row.get("gateway"),
            held_since=row.time("held_since"),
            soak_days=soak_days,
            capacity=row.number("capacity"),
        )


@pool_command.command("list", help=_("List contact points."))
@click.option("--kind", type=choice(ContactPointKind), help=_("Only of this kind."))
@click.option("--role", type=choice(Role), help=_("Only of this role."))
@reveal_option
@form_options
def list_points(*, kind: str | None, role: str | None, reveal: bool, form: str | None) -> None:
    """Run ``honeytoken pool list``."""
    vault = open_vault()
    points = vault.pool.list(kind=kind, role=role)
    if reveal:
        recorded("contact points", [point.id for point in points])
    _print(points, form=form, reveal=reveal)


@pool_command.command(
    "reserve-controls",
    help=_("Make contact points controls, for good: never planted, they measure the background."),
)
@click.argument("ids", type=NAME, nargs=-1, metavar="[ID]...")
@click.option("--count", type=click.IntRange(1), help=_("Choose this many at random."))
@form_options
def reserve_controls(*, ids: tuple[str, ...], count: int | None, form: str | None) -> None:
    """Run ``honeytoken pool reserve-controls``."""
    if bool(ids) == (count is not None):
        raise click.UsageError(_("name the contact points, or how many with --count."))
    _print(open_vault().pool.reserve_controls(count=count, ids=ids), form=form)


@pool_command.command("retire", help=_("Never plant a contact point again."))
@click.argument("point_id", type=NAME, metavar="ID")
@click.option("--burnt", is_flag=True, help=_("Those it was meant to catch know it."))
@form_options
def retire(*, point_id: str, burnt: bool, form: str | None) -> None:
    """Run ``honeytoken pool retire``."""
    _print([open_vault().pool.retire(point_id, burnt=burnt)], form=form)

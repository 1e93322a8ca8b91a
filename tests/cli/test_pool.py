"""`honeytoken pool`."""

from __future__ import annotations

import pytest

from .conftest import Shell

ADDRESS = [
    *("--street-address", "12 Acacia Avenue", "--locality", "Springfield"),
    *("--region-name", "Kent", "--postal-code", "AB1 2CD", "--country", "GB"),
]
CSV = """kind,value,region,role,held_since,device,capacity,\
street_address,locality,region_name,postal_code,country
phone_number,07700 900200,GB,test,2025-01-01,phone-1,5,,,,,
address,,CN,plantable,,,,文三路12号,杭州市西湖区,浙江省,310012,CN
email_domain,deer.example,GB,,,,,,,,,
"""


def test_a_number_is_shown_short_unless_revealed(shop: Shell) -> None:
    assert "+447700900120" not in shop.done("pool", "list")
    assert "+44770****120" in shop.done("pool", "list")
    before = len(shop.actions())
    assert "+447700900120" in shop.done("pool", "list", "--reveal")
    assert shop.actions()[before:] == ["reveal"]


def test_an_address_is_added_by_its_parts(shell: Shell) -> None:
    shell.done("pool", "add", "address", *ADDRESS)
    (point,) = shell.json("pool", "list", "--kind", "address", "--reveal", "--json")
    assert point["region"] == "GB"
    address = point["address"]
    assert isinstance(address, dict)
    assert address["formatted"] == "12 Acacia Avenue, Springfield, Kent AB1 2CD"


def test_many_are_added_from_a_csv_file(shell: Shell) -> None:
    (shell.folder / "pool.csv").write_text(CSV, encoding="utf-8")
    points = shell.json("pool", "add", "--from", str(shell.folder / "pool.csv"), "--json")
    assert [point["kind"] for point in points] == ["phone_number", "address", "email_domain"]
    assert (points[0]["capacity"], points[0]["device"]) == (5, "phone-1")
    assert "浙江省杭州市****" in str(points[1]["address"])
    assert len(shell.json("pool", "list", "--json")) == 3


def test_one_wrong_row_leaves_the_whole_file_out(shell: Shell) -> None:
    before = shell.store()
    for bad in ("phone_number,not a number,GB,,,,,,,,,\n", "phone_number,07700900201,,,,,,,,,,\n"):
        shell.failed("pool", "add", "--from", "-", stdin=CSV + bad)
    assert shell.store() == before


@pytest.mark.parametrize(
    "typed",
    [
        [],
        ["phone_number"],
        ["phone_number", "07700900200"],
        ["address", *ADDRESS[:4], "--region", "GB"],
        ["address", "12 Acacia Avenue", "--region", "GB"],
        ["phone_number", "07700900200", "--region", "GB", "--capacity", "many"],
        ["phone_number", "07700900200", "--region", "GB", "--role", "control"],
        ["phone_number", "--from", "-"],
        ["carrier-pigeon", "x", "--region", "GB"],
    ],
)
def test_what_is_incomplete_is_a_usage_error(shell: Shell, typed: list[str]) -> None:
    before = shell.store()
    shell.failed("pool", "add", *typed, code=2)
    assert shell.store() == before


@pytest.mark.parametrize(
    "typed",
    [
        ["phone_number", "12", "--region", "GB"],
        ["phone_number", "9" * 5000, "--region", "GB"],
        ["email_domain", "no domain'; drop table canaries", "--region", "GB"],
    ],
)
def test_what_cannot_be_read_is_typed_wrong(shop: Shell, typed: list[str]) -> None:
    before = shop.store()
    said = " ".join(shop.failed("pool", "add", *typed, code=2))
    assert typed[1] not in said
    assert shop.store() == before


@pytest.mark.parametrize(
    "typed",
    [
        ["phone_number", "+447700900120", "--region", "GB"],
        ["phone_number", "07700900200", "--region", "Britain"],
        ["phone_number", "07700900200", "--region", "GB", "--soak-days", "9" * 30],
        ["phone_number", "07700900200", "--region", "GB", "--capacity", "0"],
        ["phone_number", "07700900200", "--region", "GB", "--capacity", "9" * 30],
        ["phone_number", "07700900200", "--region", "GB", "--held-since", "2999-01-01"],
    ],
)
def test_what_cannot_be_held_is_refused_without_repeating_it(shop: Shell, typed: list[str]) -> None:
    before = shop.store()
    said = " ".join(shop.failed("pool", "add", *typed))
    assert typed[1] not in said
    assert shop.store() == before


def test_controls_are_reserved_and_never_twice(shop: Shell) -> None:
    shop.done("pool", "reserve-controls", "--count", "1")
    (control,) = shop.json("pool", "list", "--role", "control", "--json")
    assert control["reserved_at"] is not None
    before = shop.store()
    shop.failed("pool", "reserve-controls", str(control["id"]))
    shop.failed("pool", "reserve-controls", "--count", "99")
    shop.failed("pool", "reserve-controls", code=2)
    assert shop.store() == before


def test_a_retired_contact_point_says_so(shop: Shell) -> None:
    first, second, _third = shop.done("pool", "list", "--ids").split()
    shop.done("pool", "retire", first)
    shop.done("pool", "retire", second, "--burnt")
    states = [point["state"] for point in shop.json("pool", "list", "--json")]
    assert states == ["retired", "burnt", "ready"]
    assert shop.failed("pool", "retire", "nothing")[1] == "`honeytoken pool list` shows all."


def test_production_takes_no_number_reserved_for_fiction(empty: Shell) -> None:
    empty.done("init")
    before = empty.store()
    empty.failed("pool", "add", "phone_number", "+447700900123", "--region", "GB")
    assert empty.store() == before

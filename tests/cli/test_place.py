"""`honeytoken place`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from .conftest import Shell

HEADER = "canary,channel,route,document,reference,batch,expected_until,confirmed,permission\n"


@pytest.fixture
def canary(shop: Shell) -> str:
    """A canary in the shop's vault."""
    return shop.id("mint", "--locale", "en-GB")


def test_a_placement_is_intended_then_confirmed(shop: Shell, canary: str) -> None:
    placement = shop.id("place", canary, "northbound", "--reference", "ORDER-2026-0017")
    (intended,) = shop.json("place", "--list", "--json")
    assert (intended["status"], intended["reference"]) == ("intended", "OR****17")
    (confirmed,) = shop.json("place", "--confirm", placement, "--json")
    assert confirmed["status"] == "confirmed"
    assert confirmed["confirmed_at"] is not None


def test_a_placement_is_void(shop: Shell, canary: str) -> None:
    placement = shop.id("place", canary, "northbound")
    shop.done("place", "--void", placement)
    assert shop.done("place", "--list", "--status", "void", "--ids").split() == [placement]
    before = shop.store()
    shop.failed("place", "--confirm", placement)
    assert shop.store() == before


def test_confirm_and_void_together_change_nothing(shop: Shell, canary: str) -> None:
    placement = shop.id("place", canary, "northbound")
    before = shop.store()
    cause, _hint = shop.failed("place", "--confirm", "--void", placement, code=2)
    assert "--confirm and --void" in cause
    cause, _hint = shop.failed("place", "--list", "--utc-offset", "+08:00", code=2)
    assert "--utc-offset" in cause
    assert shop.store() == before


def test_a_route_makes_a_placement_with_each_channel(shop: Shell, canary: str) -> None:
    shop.done("channel", "add", "hub")
    shop.done("route", "add", "east", "northbound", "hub")
    made = shop.json("place", canary, "--route", "east", "--confirmed", "--json")
    assert [placement["channel_id"] for placement in made] == ["northbound", "hub"]
    assert {placement["status"] for placement in made} == {"confirmed"}


def test_all_that_is_known_of_a_placement_is_kept(shop: Shell, canary: str) -> None:
    shop.done(
        *("place", canary, "northbound", "--document", "loan_form", "--batch", "b1"),
        *("--region", "Kent", "--device", "desk-2", "--permission", "withdrawn"),
        *("--view", "phone_number=masked:077****0120", "--view", "email=absent"),
        *("--expected-until", "2030-01-01", "--consent", "ab" * 32),
    )
    (found,) = shop.json("place", "--list", "--canary", canary, "--reveal", "--json")
    assert found["document"] == "loan_form"
    assert found["expected_until"] == "2030-01-01T00:00:00Z"
    assert found["view"] == {
        "phone_number": {"form": "masked", "shown": "077****0120"},
        "email": {"form": "absent", "shown": None},
    }
    assert shop.actions()[-1] == "reveal"


def test_delivery_days_count_from_now(shop: Shell, canary: str) -> None:
    (made,) = shop.json("place", canary, "northbound", "--delivery-days", "3", "--json")
    assert str(made["expected_until"])[:10] > str(made["intended_at"])[:10]


def test_a_window_that_is_over_before_it_begins_is_refused(shop: Shell, canary: str) -> None:
    before = shop.store()
    shop.failed("place", canary, "northbound", "--expected-until", "2020-01-01")
    row = f"{canary},northbound,,,,,2020-01-01,,\n"
    shop.failed("place", "--from", "-", stdin=HEADER + row)
    assert shop.store() == before
    shop.done("place", canary, "northbound", "--delivery-days", "0")


def test_many_are_placed_and_confirmed_from_csv_files(shop: Shell) -> None:
    canaries = shop.done("mint", "--count", "3", "--locale", "en-GB", "--ids").split()
    rows = [f"{one},northbound,,waybill,O-{n},b1,,no,listed\n" for n, one in enumerate(canaries)]
    made = shop.done("place", "--from", "-", "--ids", stdin=HEADER + "".join(rows)).split()
    assert len(made) == 3
    shop.done("place", "--confirm", "--from", "-", stdin="id\n" + "\n".join(made))
    assert len(shop.json("place", "--list", "--status", "confirmed", "--json")) == 3


@pytest.mark.parametrize(
    "row",
    [
        "nobody,northbound,,,,,,,\n",
        "{canary},southbound,,,,,,,\n",
        "{canary},,,,,,,,\n",
        "{canary},northbound,east,,,,,,\n",
        "{canary},northbound,,passport,,,,,\n",
        "{canary},northbound,,,,,soon,,\n",
        "{canary},northbound,,,,,,perhaps,\n",
        "{canary},northbound,,,,,,,allowed\n",
        "{canary},northbound,,," + "x" * 5000 + ",,,,\n",
        ",northbound,,,,,,,\n",
        "{canary}\n",
    ],
)
def test_one_wrong_row_places_nothing(shop: Shell, canary: str, row: str) -> None:
    before = shop.store()
    good = f"{canary},northbound,,,,,,,\n"
    shop.failed("place", "--from", "-", stdin=HEADER + good + row.format(canary=canary))
    assert shop.store() == before


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 999, b"canary,kanal\n", b"\xff\xfe"])
def test_a_file_that_is_no_such_csv_places_nothing(shop: Shell, content: bytes) -> None:
    before = shop.store()
    shop.failed("place", "--from", "-", stdin=content)
    assert shop.store() == before


@pytest.mark.parametrize(
    "typed",
    [
        [],
        ["x"],
        ["x", "y", "z"],
        ["x", "northbound", "--route", "east"],
        ["--confirm"],
        ["x", "northbound", "--json", "--ids"],
        ["--confirm", "--void", "x"],
        ["--void", "--confirm", "x"],
        ["--list", "--void", "x"],
        ["--confirm", "x", "--tracking", "-"],
        ["--tracking", "-", "--list"],
        ["--confirm", "--status", "x"],
        ["--list", "--utc-offset", "+08:00"],
        ["--void", "x", "--at", "2026-01-01"],
        ["--confirm", "x", "--batch", "b"],
        ["--list", "x"],
        ["--list", "--confirmed"],
        ["x", "northbound", "--status", "void"],
        ["x", "northbound", "--expected-until", "2030-01-01", "--delivery-days", "3"],
        ["x", "northbound", "--view", "phone_number"],
        ["x", "northbound", "--delivery-days", "99999999999"],
        ["x", "northbound", "--reference", "\x1b[2J"],
        ["x", "northbound", "--consent", "yes"],
        ["--status"],
        ["--status", "--dispatched-at", "2026-01-01"],
        ["--list", "--status", "x"],
        ["--tracking", "-", "x"],
        ["x", "--dispatched-at", "2026-01-01"],
    ],
)
def test_what_does_not_go_together_is_a_usage_error(shop: Shell, typed: Sequence[str]) -> None:
    before = shop.store()
    shop.failed("place", *typed, code=2)
    assert shop.store() == before


@pytest.mark.parametrize(
    "typed",
    [
        ["nobody", "northbound"],
        ["{canary}", "southbound"],
        ["{canary}", "--route", "west"],
        ["--confirm", "nothing"],
        ["--void", "nothing"],
        ["--list", "--channel", "southbound"],
    ],
)
def test_what_is_not_there_is_one_clear_error(
    shop: Shell, canary: str, typed: Sequence[str]
) -> None:
    before = shop.store()
    shop.failed("place", *(word.format(canary=canary) for word in typed))
    assert shop.store() == before


def test_a_parcels_times_are_said_by_hand(shop: Shell, canary: str) -> None:
    first = shop.id("place", canary, "northbound", "--confirmed")
    second = shop.id("place", canary, "northbound")
    (one, two) = shop.json(
        *("place", "--status", first, second, "--dispatched-at", "2026-01-02"),
        *("--delivered-at", "2026-01-03T10:00:00+08:00", "--json"),
    )
    assert {one["id"], two["id"]} == {first, second}
    assert one["delivered_at"] == two["delivered_at"] == "2026-01-03T02:00:00Z"
    shop.done(
        "place", "--status", "--delivered-at", "2026-01-04", "--from", "-", stdin=f"id\n{first}"
    )
    assert shop.json("place", "--list", "--json")[0]["delivered_at"] == "2026-01-04T00:00:00Z"
    assert shop.actions()[-1] == "track"
    shop.failed("place", "--status", first, "--delivered-at", "2026-01-01")


TRACKING = """订单号;运单号;时间;状态
SO-1;YT1;2026-01-02 09:00:00;已揽收
SO-1;YT1;2026-01-03 12:30:00;已签收
SO-2;YT2;2026-01-03 12:31:00;已签收
"""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_couriers_tracking_is_taken_from_the_shops_whole_export(
    shop: Shell, canary: str, encoding: str
) -> None:
    shop.done("place", canary, "northbound", "--reference", "SO-1", "--confirmed")
    call = shop.id("contacts", "add", "--medium", "call", "--canary", canary)
    result = shop("place", "--tracking", "-", "--json", stdin=TRACKING.encode(encoding))
    assert "1 other parcel was passed over." in result.stderr
    assert '"dispatched_at": "2026-01-02T01:00:00Z"' in result.stdout
    shop.done("place", "--tracking", "-", "--utc-offset", "+00:00", stdin=TRACKING.encode(encoding))
    (found,) = shop.json("place", "--list", "--json")
    assert found["dispatched_at"] == "2026-01-02T01:00:00Z", "the earliest time known stays"
    assert shop.json("contacts", "show", call, "--json")[0]["disposition"] == "unsolicited"


def test_a_tracking_file_with_one_bad_row_is_refused_whole(shop: Shell, canary: str) -> None:
    shop.done("place", canary, "northbound", "--reference", "SO-1")
    before = shop.store()
    cause, _hint = shop.failed(
        "place", "--tracking", "-", stdin=TRACKING.replace("2026-01-03 12:30:00", "3/1/2026")
    )
    assert "line 3" in cause
    shop.failed("place", "--tracking", "-", stdin="a,b\n1,2\n")
    shop.failed("place", "--tracking", "-", stdin="")
    shop.failed("place", "--tracking", "-", "--utc-offset", "Moon/Sea", stdin=TRACKING, code=2)
    assert shop.store() == before


def test_tracking_says_what_it_did_not_take(shop: Shell, canary: str) -> None:
    shop.done("place", canary, "northbound", "--reference", "SO-1")
    void = shop.id("place", canary, "northbound", "--reference", "SO-2")
    shop.done("place", "--void", void)
    odd = TRACKING.replace("已揽收", "已下单").replace(
        "SO-1;YT1;2026-01-03 12:30:00;已签收", "SO-1;;;??"
    )
    before = shop.store()
    result = shop("place", "--tracking", "-", stdin=odd)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "The status of 1 line is not understood: 3",
        f"1 placement is void and stays as it is: {void}",
        "No placement changes.",
    ]
    assert shop.store() == before
    result = shop("place", "--tracking", "-", stdin=TRACKING)
    assert "No placement changes." not in result.stderr
    assert "No placement changes." in shop("place", "--tracking", "-", stdin=TRACKING).stderr

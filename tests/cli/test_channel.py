"""`honeytoken channel` and `honeytoken route`."""

from __future__ import annotations

from .conftest import Shell


def test_a_channel_is_added_listed_and_shown(shop: Shell) -> None:
    shop.done("channel", "add", "Northbound Hub 7", "--kind", "hub", "--parent", "northbound")
    assert shop.done("channel", "list", "--ids").split() == ["northbound", "northbound-hub-7"]
    (shown,) = shop.json("channel", "show", "Northbound Hub 7", "--json")
    assert (shown["kind"], shown["parent_id"]) == ("hub", "northbound")
    assert "parent_id" in shop.done("channel", "show", "northbound")


def test_the_same_channel_twice_is_refused(shop: Shell) -> None:
    before = shop.store()
    shop.failed("channel", "add", "Northbound")
    shop.failed("channel", "add", "Hub", "--parent", "southbound")
    assert shop.store() == before


def test_a_channel_may_be_named_in_any_script(shell: Shell) -> None:
    shell.done("channel", "add", "北行快递", "--kind", "courier")
    assert "北行快递" in shell.done("channel", "list")


def test_a_route_is_added_and_listed_in_order(shop: Shell) -> None:
    shop.done("channel", "add", "hub", "--kind", "hub")
    shop.done(
        *("route", "add", "east", "northbound", "hub"),
        *("--view", "hub", "phone_number=masked", "--view", "hub", "email=absent"),
    )
    (route,) = shop.json("route", "list", "--json")
    hops = route["hops"]
    assert isinstance(hops, list)
    assert [hop["channel_id"] for hop in hops] == ["northbound", "hub"]
    assert hops[1]["view"]["email"] == {"form": "absent", "shown": None}
    assert "northbound > hub" in shop.done("route", "list")


def test_a_view_of_nothing_known_is_refused(shop: Shell) -> None:
    before = shop.store()
    shop.failed("route", "add", "r", "northbound", "--view", "northbound", "shoe=full", code=2)
    shop.failed("route", "add", "r", "northbound", "--view", "hub", "email=full", code=2)
    shop.failed("route", "add", "r", "southbound")
    assert shop.store() == before

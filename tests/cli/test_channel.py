"""`honeytoken channel` and `honeytoken route`."""

from __future__ import annotations

import pytest

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


def test_known_senders_are_changed_later(shop: Shell) -> None:
    shop.done(
        *(
            "channel",
            "senders",
            "northbound",
            "--add",
            "【北行速递】",
            "--add",
            "northbound.example",
        ),
        *("--add", "+44 7700 900123", "--remove", "95338*"),
    )
    (shown,) = shop.json("channel", "senders", "Northbound", "--json")
    assert shown["expected_senders"] == ["【北行速递】", "northbound.example", "+44 7700 900123"]
    assert shop.actions()[-1] == "set senders"
    shop.done("ledger", "verify")
    before = shop.store()
    shop.done("channel", "senders", "northbound", "--add", "【北行速递】")
    assert shop.store() == before, "what is known already is no change"
    _cause, hint = shop.failed("channel", "senders", "northbound", "--remove", "【北行速遞】")
    assert "【北行速递】" in hint


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hello to you all", "【hello to you all】"),
        ("北行速递", "【北行速递】"),
        ("[北行速递]", "【北行速递】"),
        ("anna@northbound.example", "northbound.example"),
    ],
)
def test_a_sender_that_is_only_a_word_is_refused(shop: Shell, typed: str, meant: str) -> None:
    before = shop.store()
    _cause, hint = shop.failed("channel", "senders", "northbound", "--add", typed)
    assert hint == f'Did you mean "{meant}"?'
    shop.failed("channel", "add", "other", "--sender", typed)
    assert shop.store() == before


@pytest.mark.parametrize(
    "sender",
    [
        *("*", "1*", "138*", "+86*", "+861380*", "1069*", "400*", "9*", "x*", "12"),
        *("qq.com", "GMAIL.com", "com.cn", "【】", "【a", "\u3010" + "x" * 70 + "\u3011"),
    ],
)
def test_a_sender_that_many_others_share_is_refused(shop: Shell, sender: str) -> None:
    before = shop.store()
    shop.failed("channel", "senders", "northbound", "--add", sender)
    shop.failed("channel", "add", "other", "--sender", sender)
    assert shop.store() == before

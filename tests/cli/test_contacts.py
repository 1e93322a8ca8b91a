"""`honeytoken contacts`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from .conftest import Shell


@pytest.fixture
def canary(shop: Shell) -> str:
    """A canary in the shop's vault."""
    return shop.id("mint", "--locale", "en-GB")


@pytest.fixture
def contact(shop: Shell, canary: str) -> str:
    """A call that a colleague told of."""
    return shop.id(
        *("contacts", "add", "--medium", "call", "--canary", canary),
        *(
            "--sender",
            "+44 7700 900555",
            "--body",
            "Your loan is ready",
            "--confirmed-by",
            "phone log",
        ),
    )


def test_a_contact_is_listed_short_and_shown_whole_only_with_an_entry(
    shop: Shell, contact: str
) -> None:
    listed = shop.done("contacts", "list")
    assert contact in listed
    assert "900555" not in listed
    assert "loan" not in listed
    before = len(shop.actions())
    assert "Your loan is ready" in shop.done("contacts", "show", contact, "--reveal")
    assert "900555" in shop.done("contacts", "list", "--reveal")
    assert shop.actions()[before:] == ["reveal", "reveal"]


def test_contacts_are_found_by_what_they_are(shop: Shell, contact: str) -> None:
    assert shop.json("contacts", "list", "--medium", "sms", "--json") == []
    (found,) = shop.json("contacts", "list", "--medium", "call", "--since", "2020-01-01", "--json")
    assert (found["id"], found["confirmed_by"]) == (contact, "phone log")
    assert shop.json("contacts", "list", "--until", "2020-01-01", "--json") == []


def test_what_the_caller_said_is_noted(shop: Shell, contact: str) -> None:
    shop.done(
        *("contacts", "note", contact, "--claimed-to-be", "Northbound", "--asked-for", "Emma"),
        *("--knew", "the order", "--data-from", "a partner", "--call-back", "+447700900556"),
        *("--text", "polite"),
    )
    (shown,) = shop.json("contacts", "show", contact, "--reveal", "--json")
    notes = shown["notes"]
    assert isinstance(notes, list)
    assert notes[0]["data_from"] == "a partner"
    assert "partner" not in shop.done("contacts", "show", contact)


def test_a_contact_is_classified_by_an_entry(shop: Shell, contact: str) -> None:
    shop.done("contacts", "classify", contact, "expected", "--reason", "the rider")
    (shown,) = shop.json("contacts", "show", contact, "--json")
    assert shown["disposition"] == "expected"
    assert shop.actions()[-1] == "classify"


def test_hostile_text_is_shown_not_obeyed(shop: Shell, canary: str) -> None:
    body = "see [link]\u202egnp.exe"
    made = shop.id("contacts", "add", "--medium", "sms", "--canary", canary, "--body", body)
    assert r"[link]\u202egnp.exe" in shop.done("contacts", "show", made, "--reveal")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (["add", "--canary", "{canary}"], 2),
        (["add", "--medium", "call"], 2),
        (["add", "--medium", "pigeon", "--canary", "{canary}"], 2),
        (["add", "--medium", "call", "--canary", "nobody"], 1),
        (["add", "--medium", "call", "--contact-point", "nothing"], 1),
        (["add", "--medium", "call", "--canary", "{canary}", "--received-at", "2999-01-01"], 1),
        (["add", "--medium", "sms", "--canary", "{canary}", "--body", "x" * 99_999], 2),
        (["add", "--medium", "sms", "--canary", "{canary}", "--body", "a\x00b"], 2),
        (["show", "nothing"], 1),
        (["note", "nothing", "--text", "x"], 1),
        (["note", "{contact}"], 2),
        (["classify", "nothing", "expected"], 1),
        (["classify", "{contact}", "guilty"], 2),
        (["list", "--limit", "0"], 2),
    ],
)
def test_bad_input_is_one_clear_error_and_changes_nothing(
    shop: Shell, canary: str, contact: str, typed: Sequence[str], code: int
) -> None:
    before = shop.store()
    words = [word.format(canary=canary, contact=contact) for word in typed]
    shop.failed("contacts", *words, code=code)
    assert shop.store() == before


def test_the_present_rules_are_tried_dry_and_then_applied(shop: Shell, canary: str) -> None:
    placement = shop.id("place", canary, "northbound", "--delivery-days", "9")
    told = ("contacts", "add", "--medium", "call", "--canary", canary)
    rider, by_hand = shop.id(*told), shop.id(*told)
    shop.done("contacts", "classify", by_hand, "expected", "--reason", "it was Sam")
    shop.done("place", "--status", placement, "--delivered-at", "2026-01-01")
    before = shop.store()
    (change,) = shop.json("contacts", "classify", "--dry-run", "--json")
    assert (change["id"], change["disposition"], change["judged"], change["reason"]) == (
        *(rider, "ambiguous", "unsolicited"),
        "nobody was awaited",
    )
    assert "unsolicited" in shop.done("contacts", "classify", "--dry-run")
    assert not shop.json("contacts", "classify", "--dry-run", "--until", "2020-01-01", "--json")
    assert shop.store() == before
    assert shop.done("contacts", "classify", "--again", "--ids").split() == [rider]
    (shown,) = shop.json("contacts", "show", rider, "--json")
    assert (shown["disposition"], shown["reason"]) == ("unsolicited", "nobody was awaited")
    (kept,) = shop.json("contacts", "show", by_hand, "--json")
    assert (kept["disposition"], kept["reason"]) == ("expected", "by hand")
    assert shop.actions()[-1] == "rejudge"
    result = shop("contacts", "classify", "--again", "--ids")
    assert (result.stdout, result.stderr) == ("", "The present rules change nothing.\n")
    shop.done("ledger", "verify")


@pytest.mark.parametrize(
    "typed", [[], ["x"], ["x", "--dry-run"], ["x", "ambiguous", "--since", "2026-01-01"]]
)
def test_classify_wants_one_contact_or_all(shop: Shell, typed: Sequence[str]) -> None:
    shop.failed("contacts", "classify", *typed, code=2)


@pytest.mark.parametrize(
    "typed",
    [
        ["contacts", "list"],
        ["contacts", "classify", "--dry-run"],
        ["contacts", "classify", "--again"],
        ["contacts", "import", "-"],
        ["trace"],
    ],
)
def test_a_window_that_ends_before_it_begins_is_refused(shop: Shell, typed: Sequence[str]) -> None:
    for until in ("2026-01-01", "2026-01-02"):
        window = ("--since", "2026-01-02", "--until", until)
        assert "--until" in shop.failed(*typed, *window, code=2)[0]


def test_what_is_known_of_a_senders_number_is_shown(shop: Shell, contact: str) -> None:
    (shown,) = shop.json("contacts", "show", contact, "--json")
    assert isinstance(shown["sender_number"], dict)
    assert "sender_number" in shop.done("contacts", "show", contact)


HERE = ("--recipient", "+447700900120")


def test_a_sender_that_is_no_number_is_a_dash(shop: Shell) -> None:
    contact = shop.id("contacts", "add", "--medium", "call", *HERE, "--sender", "a stranger")
    assert "sender_number     -\n" in shop.done("contacts", "show", contact)


def test_the_kind_of_number_is_a_word(shop: Shell) -> None:
    contact = shop.id("contacts", "add", "--medium", "call", *HERE, "--sender", "+12125550100")
    assert re.search(r"type +fixed line or mobile\n", shop.done("contacts", "show", contact))
    shown = shop.done("--language", "zh_CN", "contacts", "show", contact)
    assert "fixed line or mobile（固定电话或手机）" in shown

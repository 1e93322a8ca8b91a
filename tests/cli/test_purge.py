"""`honeytoken purge` and `honeytoken erase`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from .conftest import Shell


def _received(days_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()


@pytest.fixture
def heard(shop: Shell) -> Shell:
    """A shop with contacts of today, of a month and of two years ago."""
    canary = shop.id("mint", "--locale", "en-GB")
    for days, sender in ((800, "+447700900555"), (30, "+447700900556"), (0, "+447700900555")):
        shop.done(
            *("contacts", "add", "--medium", "sms", "--canary", canary, "--sender", sender),
            *("--received-at", _received(days), "--body", f"ring +447700900777, {days} days ago"),
        )
    first = shop.done("contacts", "list", "--ids").split()[0]
    shop.done("contacts", "classify", first, "expected")
    return shop


def _erased(shell: Shell) -> list[bool]:
    return [bool(contact["erased"]) for contact in shell.json("contacts", "list", "--json")]


def test_purge_goes_by_the_settings(heard: Shell) -> None:
    assert "1 contact to erase: expected 1." in heard.done("purge", "--dry-run")
    assert _erased(heard) == [False, False, False]
    result = heard("purge", "--yes")
    assert "Erased 1 contact." in result.stdout
    assert "Backups" in result.stderr
    assert _erased(heard) == [True, False, False]
    assert "nothing to erase" in heard.done("purge", "--yes")
    assert "the chain holds" in heard.done("ledger", "verify")


@pytest.mark.parametrize("age", ["365d", "52w", "1y", "2025-01-01", "2025-01-01T00:00:00Z"])
def test_ages_and_days_are_understood(heard: Shell, age: str) -> None:
    assert "1 contact to erase" in heard.done("purge", "--older-than", age, "--dry-run")


@pytest.mark.parametrize("age", ["", "365", "1m", "-1d", "0d", "999999d", "1 y", "２d", "soon"])
def test_other_ages_are_refused(heard: Shell, age: str) -> None:
    heard.failed("purge", "--older-than", age, code=2)


def test_evidence_is_purged_only_if_it_is_named(heard: Shell) -> None:
    for contact in heard.done("contacts", "list", "--ids").split():
        heard.done("contacts", "classify", contact, "unsolicited")
    assert "nothing to erase" in heard.done("purge", "--older-than", "1d", "--yes")
    said = heard.done("purge", "--older-than", "1d", "--disposition", "unsolicited", "--yes")
    assert "2 of them are evidence" in said
    assert _erased(heard) == [True, True, False]


def test_a_disposition_without_an_age_is_typed_wrong(heard: Shell) -> None:
    heard.failed("purge", "--disposition", "expected", code=2)


def test_erasing_by_number_says_what_it_leaves(heard: Shell) -> None:
    said = heard.done("erase", "--number", "+447700900555", "--dry-run")
    assert said.startswith("2 contacts to erase")
    assert heard.done("erase", "--number", "+447700900777", "--dry-run").splitlines() == [
        "There is nothing to erase.",
        "3 contacts from others mention it and stay; --mentioned takes them too.",
    ]
    heard.done("erase", "--number", "07700 900555", "--region", "GB", "--yes")
    assert _erased(heard) == [True, False, True]
    heard.done("erase", "--number", "+447700900777", "--mentioned", "--yes")
    assert _erased(heard) == [True, True, True]


def test_erasing_by_id(heard: Shell) -> None:
    _first, second, _third = heard.done("contacts", "list", "--ids").split()
    heard.done("erase", second, "--yes")
    assert _erased(heard) == [False, True, False]
    heard.failed("erase", "con_nothing", "--yes")


@pytest.mark.parametrize(
    "typed",
    [
        (),
        ("con_1", "--number", "+447700900555"),
        ("--number", "+447700900555", "--email", "a@b.example"),
        ("con_1", "--mentioned"),
        ("--number", ""),
    ],
)
def test_what_does_not_go_together_is_typed_wrong(heard: Shell, typed: tuple[str, ...]) -> None:
    heard.failed("erase", *typed, code=2)


def test_without_a_person_or_yes_nothing_is_erased(heard: Shell) -> None:
    for typed in (("erase", "--number", "+447700900555"), ("purge",)):
        assert "nothing was erased" in heard.failed(*typed)[0]
    assert _erased(heard) == [False, False, False]


def test_nobody_in_particular_cannot_be_erased(heard: Shell) -> None:
    # Withheld numbers are many people.
    heard.failed("erase", "--number", "anonymous", "--yes", code=2)
    heard.failed("erase", "--email", "not an address", "--yes", code=2)


@pytest.mark.parametrize(
    "typed",
    [
        ["--number", "bob"],
        ["--number", "0770"],
        ["--number", "0770", "--region", "ZZ"],
        ["--number", "+447700900555", "--region", "ZZ"],
        ["--number", "0770", "--region", "GB"],
    ],
)
def test_a_misspelt_request_does_not_look_fulfilled(heard: Shell, typed: Sequence[str]) -> None:
    before = heard.store()
    for way in ("--yes", "--dry-run"):
        result = heard("erase", *typed, way)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Error" in result.stderr
    assert heard.store() == before


def test_a_short_code_that_sent_nothing_has_nothing_to_erase(heard: Shell) -> None:
    assert heard.done("erase", "--number", "95338", "--yes").strip() == "There is nothing to erase."


def test_a_sender_that_is_no_number_is_erased_where_it_was_heard(heard: Shell) -> None:
    canary = heard.id("mint", "--locale", "en-GB")
    heard.done("contacts", "add", "--medium", "sms", "--canary", canary, "--sender", "Bob & Co")
    assert "Erased 1 contact." in heard.done("erase", "--number", "bob & co", "--yes")


def test_a_large_store_is_rewritten_only_if_asked(
    heard: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("honeytoken.purge.erasures.REWRITTEN_UP_TO", 1000)
    first, second, _third = heard.done("contacts", "list", "--ids").split()
    assert "--rewrite" in heard("erase", first, "--yes").stderr
    assert "--rewrite" not in heard("erase", second, "--yes", "--rewrite").stderr

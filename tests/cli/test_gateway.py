"""`honeytoken gateway list` and `gateway test`, typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from honeytoken import Vault, service, startup

from .conftest import Shell

GATEWAY = """
[gateways.phones]
kind = "smsforwarder"
region = "GB"
secret = "SECabc"
"""
PAGE = Path(__file__).parents[2] / "docs" / "gateways" / "README.md"


@pytest.fixture
def phones(shell: Shell) -> Shell:
    """A vault with one gateway and one number behind it."""
    with (shell.folder / "honeytoken.toml").open("a", encoding="utf-8") as file:
        file.write(GATEWAY)
    shell.done(
        *("pool", "add", "phone_number", "+447700900123", "--region", "GB", "--role", "test"),
        *("--gateway", "phones"),
    )
    return shell


@pytest.fixture
def listening(phones: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its listener; gives the URL."""
    with Vault.open(phones.folder) as vault, service.running(vault) as url:
        monkeypatch.setenv("HONEYTOKEN_LISTEN__PORT", url.rpartition(":")[2])
        yield url


def test_a_wrong_option_says_where_it_is_set(phones: Shell) -> None:
    with (phones.folder / "honeytoken.toml").open("a", encoding="utf-8") as file:
        file.write("[gateways.other]\nkind = 7\n[senders.relay]\nkind = 'smtp'\nport = 'x'\n")
    cause, hint = phones.failed("drill")
    assert cause.endswith("senders.relay.from is missing.")
    assert hint == "Correct it in honeytoken.toml: docs/drill.md."


def test_a_wrong_setting_says_where_it_is_set(
    phones: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONEYTOKEN_MODE", "play")
    hint = phones.failed("pool", "list")[1]
    assert hint == "Correct honeytoken.toml, or the variable of the environment: docs/init.md."


def test_list_shows_the_hook_and_what_is_wrong(phones: Shell) -> None:
    (found,) = phones.json("gateway", "list", "--json")
    assert found == {
        "name": "phones",
        "kind": "smsforwarder",
        "hook": "/hooks/phones",
        "contact_points": 1,
        "problem": None,
    }


def test_test_prints_what_the_page_shows(phones: Shell, listening: str) -> None:
    shown = PAGE.read_text(encoding="utf-8").partition("$ honeytoken gateway test phones\n")[2]
    printed = phones.done("gateway", "test", "phones")
    assert [_words(line) for line in shown.partition("\n```")[0].splitlines()] == [
        _words(line) for line in printed.splitlines()
    ]
    assert "+447700900123" not in printed


def _words(line: str) -> list[str]:
    """A line without ids, port and the width of its columns."""
    return re.sub(r"(cp|con)_\w+\.*|:\d{4,5}", "ID", line).split()


def test_test_in_json_has_one_step_a_line(phones: Shell, listening: str) -> None:
    steps = phones.json("gateway", "test", "phones", "--json")
    assert [(step["name"], step["ok"]) for step in steps] == [
        *(("recipient", True), ("answer", True), ("stored", True), ("repeated", True))
    ]


def test_test_over_a_named_address_that_refuses_it_fails(phones: Shell, listening: str) -> None:
    result = phones("gateway", "test", "phones", "--url", f"{listening}/hooks/other", "--json")
    assert result.exit_code == 1
    assert '"ok": false' in result.stdout


@pytest.mark.parametrize(
    "typed",
    [
        ("nobody",),
        ("phones", "--to", "+447700900999"),
        ("phones", "--url", "nonsense"),
        ("phones",),
    ],
)
def test_what_cannot_be_tried_is_one_clear_error(
    phones: Shell, typed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with startup.bind("127.0.0.1", 0) as bound:
        monkeypatch.setenv("HONEYTOKEN_LISTEN__PORT", str(bound.getsockname()[1]))
    phones.failed("gateway", "test", *typed)

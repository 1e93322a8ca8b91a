"""Every verb that shows personal values whole says so in the ledger first."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path

import click
import pytest

from honeytoken.cli import main

from .conftest import Shell


def _revealing(command: click.Command, typed: str) -> Iterator[str]:
    """Yield every verb that takes ``--reveal``."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below is not None
            yield from _revealing(below, f"{typed} {name}".strip())
    elif any("--reveal" in option.opts for option in command.params):
        yield typed


#: Each with what else has to be typed; ``ID`` is a contact's, ``CANARY`` a canary's.
TYPED = {
    "mint": ["mint --locale en-GB --reveal"],
    "place": ["place CANARY northbound --reference SO-77 --reveal", "place --list --reveal"],
    "pool list": ["pool list --reveal"],
    "drill list": ["drill list --reveal"],
    "drill send": ["drill send POINT --manual --from +447700900555 --timeout 0.02 --json"],
    "contacts list": ["contacts list --reveal"],
    "contacts show": ["contacts show ID --reveal"],
    "export": [
        "export canaries --reveal",
        "export placements --reveal",
        "export contacts --reveal",
        # Without a flag: whoever has the orders finds the canaries, and a copy outlives an erasure.
        "export references",
        "export vault",
        "mint --locale en-GB --document waybill --format json",
    ],
}


def test_every_verb_that_reveals_is_in_this_list() -> None:
    assert sorted(_revealing(main, "")) == sorted(TYPED)


class _Witness(StringIO):
    """Counts, when the first line is printed, what the ledger holds by then."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self.database = database
        self.reveals: int | None = None

    def write(self, text: str) -> int:
        if self.reveals is None and text:
            self.reveals = _reveals(self.database)
        return super().write(text)


def _reveals(database: Path) -> int:
    connection = sqlite3.connect(database)
    try:
        sql = "SELECT count(*) FROM ledger WHERE action = 'reveal'"
        return int(connection.execute(sql).fetchone()[0])
    finally:
        connection.close()


@pytest.fixture
def told(shop: Shell) -> Shell:
    """A shop with one canary, placed, and one contact."""
    canary = shop.id("mint", "--locale", "en-GB")
    shop.done(
        *("pool", "add", "address", "--street-address", "12 Acacia Avenue", "--locality", "Leeds"),
        *("--region-name", "Yorkshire", "--postal-code", "AB1 2CD", "--country", "GB"),
    )
    shop.done("place", canary, "northbound", "--reference", "SO-1")
    shop.done(
        *("contacts", "add", "--medium", "sms", "--canary", canary),
        *("--sender", "+447700900555", "--body", "an offer"),
    )
    return shop


@pytest.mark.parametrize("typed", [line for lines in TYPED.values() for line in lines])
def test_the_entry_is_committed_before_anything_is_shown(
    told: Shell, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    contact = told.done("contacts", "list", "--ids").strip()
    canary = told.json("export", "canaries")[0]["id"]
    point = told.json("pool", "list", "--json")[0]["id"]
    named = {"ID": contact, "CANARY": str(canary), "POINT": str(point)}
    words = [named.get(word, word) for word in typed.split()]
    database = told.folder / "honeytoken.db"
    before = _reveals(database)
    witness = _Witness(database)
    monkeypatch.setattr(sys, "stdout", witness)
    with suppress(SystemExit):  # a drill that nobody answers ends with 1
        main.main(["--vault", str(told.folder), *words], standalone_mode=False)
    monkeypatch.undo()
    assert witness.getvalue()
    assert witness.reveals is not None
    assert witness.reveals > before


@pytest.mark.parametrize("typed", ["contacts list", "pool list", "place --list", "export contacts"])
def test_without_reveal_nothing_is_whole_and_nothing_recorded(told: Shell, typed: str) -> None:
    before = _reveals(told.folder / "honeytoken.db")
    shown = told.done(*typed.split())
    assert shown
    for whole in ("+447700900555", "+447700900120", "an offer"):
        assert whole not in shown
    assert _reveals(told.folder / "honeytoken.db") == before


def test_reveals_are_listed_with_who_when_and_which(told: Shell) -> None:
    contact = told.done("contacts", "list", "--ids").strip()
    told.done("contacts", "show", contact, "--reveal")
    (said,) = told.json("ledger", "reveals", "--limit", "1", "--json")
    assert (said["what"], said["ids"]) == ("contacts", [contact])
    assert said["by"]
    table = told.done("ledger", "reveals")
    assert contact in table

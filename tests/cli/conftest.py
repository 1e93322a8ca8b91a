"""A command line that is typed in a folder of its own."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from honeytoken.cli import main


@dataclass
class Shell:
    """Types `honeytoken ...` in one folder."""

    folder: Path

    def __call__(self, *typed: str, stdin: str | bytes | None = None) -> Result:
        """Run the verb in this process and give what it printed."""
        return CliRunner().invoke(main, ["--vault", str(self.folder), *typed], input=stdin)

    def done(self, *typed: str, stdin: str | bytes | None = None) -> str:
        """Run a verb that must succeed, and give what is on stdout."""
        result = self(*typed, stdin=stdin)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def json(self, *typed: str, stdin: str | bytes | None = None) -> list[dict[str, object]]:
        """Run a verb that must succeed, and give the objects it printed."""
        return [json.loads(line) for line in self.done(*typed, stdin=stdin).splitlines()]

    def id(self, *typed: str) -> str:
        """Run a verb that must succeed, and give the one id it printed."""
        (found,) = self.done(*typed, "--ids").splitlines()
        return found

    def failed(self, *typed: str, stdin: str | bytes | None = None, code: int = 1) -> list[str]:
        """Run a verb that must fail with one clear error, and give its two lines."""
        result = self(*typed, stdin=stdin)
        lines = result.stderr.splitlines()
        assert result.exit_code == code, result.output
        assert lines[0].startswith("Error: "), lines
        assert len(lines) == 2, lines
        assert "internal error" not in lines[0]
        return lines

    def store(self) -> list[str]:
        """Give all that is in the database."""
        connection = sqlite3.connect(self.folder / "honeytoken.db")
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    def actions(self) -> list[object]:
        """Give what the ledger says was done, the earliest first."""
        entries = self.json("ledger", "list", "--limit", "1000", "--json")
        return [entry["action"] for entry in entries]


@pytest.fixture
def empty(tmp_path: Path) -> Shell:
    """A folder without a vault."""
    return Shell(tmp_path)


@pytest.fixture
def shell(empty: Shell) -> Shell:
    """A folder with an empty vault in test mode."""
    empty.done("init", "--mode", "test")
    return empty


@pytest.fixture
def shop(shell: Shell) -> Shell:
    """A vault with a courier and room for some canaries."""
    shell.done("channel", "add", "Northbound", "--kind", "courier", "--sender", "95338*")
    for number in range(3):
        shell.done(
            *("pool", "add", "phone_number", f"+44770090012{number}", "--region", "GB"),
            *("--role", "test", "--soak-days", "0", "--held-since", "2025-01-01"),
        )
    return shell

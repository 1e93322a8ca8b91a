"""Tables and JSON, on a terminal and in a pipe."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from honeytoken.cli import output
from honeytoken.cli.output import Column

COLUMNS = (Column("NAME", "name"), Column("VERDICT", "verdict", {"strong": "bold red"}))
ROWS: list[dict[str, object]] = [
    {"name": "北行快递", "verdict": "strong"},
    {"name": "quicklend", "verdict": "no sign"},
]


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def no_colour_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def printed(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> str:
    monkeypatch.setattr(sys, "stdout", stream)
    output.emit(ROWS, COLUMNS, form=None)
    return stream.getvalue()


def test_a_piped_table_is_plain_and_lines_up_wide_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = printed(monkeypatch, io.StringIO()).splitlines()
    assert lines == ["NAME       VERDICT", "北行快递   strong", "quicklend  no sign"]
    assert cell_len(lines[1].removesuffix("strong")) == len("quicklend  ")


def test_a_piped_table_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setitem(ROWS[1], "name", "q" * 300)
    assert "q" * 300 in printed(monkeypatch, io.StringIO())


def test_force_color_colours_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31mstrong\x1b[0m" in printed(monkeypatch, io.StringIO())


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[1;31mstrong" in printed(monkeypatch, Terminal())


def test_no_color_takes_them_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[3" not in printed(monkeypatch, Terminal())
    assert "\x1b" not in printed(monkeypatch, io.StringIO())


def test_markup_and_control_characters_in_a_cell_are_shown_not_obeyed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ROWS[0], "name", "[red]x[/red]\x1b[2J")
    assert r"[red]x[/red]\x1b[2J" in printed(monkeypatch, io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert r"[red]x[/red]\x1b[2J" in printed(monkeypatch, Terminal())


def test_json_is_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit([*ROWS, {"name": "a\nb\u202e"}], COLUMNS, form="json")
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [*ROWS, {"name": "a\nb\u202e"}]


def test_rows_are_printed_while_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    seen = []

    def rows() -> Iterator[dict[str, object]]:
        for number in range(2000):
            if number == 1500:
                seen.append(capsys.readouterr().out.count("\n"))
            yield {"name": str(number), "verdict": ""}

    output.emit(rows(), COLUMNS, form=None)
    assert seen[0] > 1000


def test_a_card_shows_records_inside_it(capsys: pytest.CaptureFixture[str]) -> None:
    output.card({"id": "k1", "notes": [{"knew": "order"}], "view": {"email": None}})
    assert capsys.readouterr().out.splitlines() == [
        "id     k1",
        "notes",
        "  knew  order",
        "view",
        "  email  -",
    ]


def test_sentences_are_folded_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    piped, terminal = io.StringIO(), Terminal()
    for stream in (piped, terminal):
        monkeypatch.setattr(sys, "stdout", stream)
        output.paragraph("word " * 20 + "[red]\x1b")
    assert piped.getvalue().count("\n") == 1
    assert max(len(line) for line in terminal.getvalue().splitlines()) <= 40
    assert r"[red]\x1b" in terminal.getvalue()


def test_a_bar_is_drawn_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    piped, terminal = io.StringIO(), Terminal()
    for stream in (piped, terminal):
        monkeypatch.setattr(sys, "stderr", stream)
        with output.progress("Minting") as advance:
            advance(2, 3)
    assert piped.getvalue() == ""
    assert "Minting" in terminal.getvalue()

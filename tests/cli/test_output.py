"""Tables and JSON, on a terminal and in a pipe."""

from __future__ import annotations

import io
import json
import re
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


WIDE = (
    Column("ID", "id"),
    Column("接收时间", "received_at"),
    Column("CONTACT POINT", "contact_point_id"),
    Column("BODY", "body"),
)
RECORD: dict[str, object] = {
    "id": "con_01KAAAAAAAAAAAAAAAAAAAAAAA",
    "received_at": "2026-03-02T09:14:07Z",
    "contact_point_id": "cp_01KBBBBBBBBBBBBBBBBBBBBBBB",
    "body": "您的快件已到达，请点击链接领取 and ring back soon",
}


def on_terminal(monkeypatch: pytest.MonkeyPatch, width: int, columns: tuple[Column, ...]) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    output.emit([RECORD, RECORD], columns, form=None)
    return re.sub("\x1b\\[[0-9;]*m", "", stream.getvalue())


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_screen_too_narrow_for_a_table_gets_blocks(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    lines = on_terminal(monkeypatch, width, WIDE).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert f"ID             {RECORD['id']}"[:width] in lines
    assert f"接收时间       {RECORD['received_at']}" in lines
    assert lines.count("") == 1, "one between two records"
    said = "".join(line[15:] if line.startswith(" ") else line[4:].strip() for line in lines)
    assert said.replace(" ", "").count("您的快件已到达，请点击链接领取andringbacksoon") == 2


def test_a_screen_wide_enough_folds_the_texts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_terminal(monkeypatch, 115, WIDE).splitlines()
    assert max(map(cell_len, lines)) <= 115
    assert lines[0].split() == ["ID", "接收时间", "CONTACT", "POINT", "BODY"]
    first = next(line for line in lines if line.startswith(str(RECORD["id"])))
    assert str(RECORD["received_at"]) in first
    assert str(RECORD["contact_point_id"]) in first


def test_a_table_that_fits_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_terminal(monkeypatch, 60, WIDE[1:3]).splitlines()
    assert len(lines) == 3
    assert lines[0].split() == ["接收时间", "CONTACT", "POINT"]


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

"""What is printed: tables and cards for people, lines of JSON for programs, progress on stderr.

Data goes to stdout, everything else to stderr. On a terminal a table fits its width, and where
columns would become unreadable each record is a block of lines; in a pipe a table is plain text, as
wide as its data and never cut. ``NO_COLOR`` and ``FORCE_COLOR`` are obeyed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, TextIO

from ..messages import translate as _
from .fold import cells, fold
from .shorten import Plain
from .visible import visible, visible_json
from .words import explained, word

if TYPE_CHECKING:
    from rich.console import Console

#: Rows that are looked at to find the widths of a table's columns, and printed at once.
_CHUNK = 500
#: Cells between two columns of a table.
_GAP = 2
#: A column of longer texts may be folded, but not to less than this.
_NARROWEST_TEXT = 24
_FRACTION = re.compile(r"\.\d+Z$")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its title, what it shows of a record, in which colours."""

    title: str
    #: A field's name (``"identity.name"`` looks inside), or a function of the plain record.
    shows: str | Callable[[Plain], object]
    #: Cell text -> rich style.
    styles: Mapping[str, str] | None = None
    #: What it shows is one of the stable words of a record: people see it in their language.
    worded: bool = False

    def cell(self, record: Plain) -> str:
        """Return what the column shows of *record*, safe to print."""
        found = self.shows(record) if callable(self.shows) else inside(record, self.shows)
        return visible(text(word(found) if self.worded else found))


def inside(record: object, path: str) -> object:
    """Return the value at ``"identity.address.region"`` of a plain *record*, or None."""
    for part in path.split("."):
        record = record.get(part) if isinstance(record, dict) else None
    return record


def text(found: object) -> str:
    """Return one value as people read it."""
    if found in (None, "", [], {}):
        return "-"
    if isinstance(found, bool):
        return _("yes") if found else _("no")
    if isinstance(found, float):
        return f"{found:.4g}"
    if isinstance(found, list):
        return ", ".join(text(each) for each in found)
    if isinstance(found, dict):
        return ", ".join(f"{key}={text(each)}" for key, each in found.items() if each is not None)
    return _FRACTION.sub("Z", str(found))


def emit(records: Iterable[Plain], columns: Sequence[Column], *, form: str | None) -> None:
    """Print *records* as they come.

    Args:
        records: as :func:`~honeytoken.cli.shorten.plain` gives them.
        columns: those of the table.
        form: ``"json"``, one object per line; ``"ids"``, one id per line; None, a table.
    """
    if form == "json":
        for record in records:
            json_line(record)
    elif form == "ids":
        for record in records:
            out(visible(text(record["id"])))
    else:
        table(([column.cell(record) for column in columns] for record in records), columns)


def numbers(lines: Sequence[int], *, most: int = 20) -> str:
    """Return line numbers as a sentence names them, not more than *most*."""
    return _(", ").join(map(str, lines[:most])) + ("…" if len(lines) > most else "")


def json_line(record: object) -> None:
    """Print *record* as one line of JSON."""
    out(json_text(record))


def json_text(record: object) -> str:
    """Return *record* as one line of JSON, safe to print."""
    return visible_json(json.dumps(record, ensure_ascii=False, allow_nan=False))


def out(line: str) -> None:
    """Print one line of data."""
    sys.stdout.write(f"{line}\n")


def paragraph(words: str) -> None:
    """Print sentences that are data: folded between words on a terminal, one line in a pipe."""
    line = visible(words)
    if not sys.stdout.isatty():
        out(line)
        return
    for part in fold(line, shutil.get_terminal_size().columns):
        out(part)


def say(line: str) -> None:
    """Print one line that is no data, on stderr."""
    sys.stderr.write(f"{visible(line)}\n")


def card(record: Plain) -> None:
    """Print one record, a field per line; fields of records inside it are indented."""
    for line in _card_lines(record, ""):
        out(line)


def _card_lines(record: Plain, indent: str) -> Iterator[str]:
    width = max((len(key) for key in record), default=0)
    for key, found in record.items():
        if isinstance(found, dict) and found:
            yield f"{indent}{visible(key)}"
            yield from _card_lines(found, f"{indent}  ")
        elif isinstance(found, list) and found and isinstance(found[0], dict):
            for each in found:
                yield f"{indent}{visible(key)}"
                yield from _card_lines(each, f"{indent}  ")
        else:
            yield f"{indent}{visible(key):{width}}  {visible(text(explained(key, found)))}"


def table(rows: Iterable[Sequence[str]], columns: Sequence[Column]) -> None:
    """Print a table while its rows come; only some hundreds are held at a time."""
    rows = iter(rows)
    first = list(islice(rows, _CHUNK))
    if sys.stdout.isatty():
        while first:
            _terminal_table(first, columns)
            first = list(islice(rows, _CHUNK))
    else:
        _plain_table(first, rows, columns)


def _terminal_table(rows: Sequence[Sequence[str]], columns: Sequence[Column]) -> None:
    from rich.table import Table
    from rich.text import Text

    console = _console(sys.stdout)
    widths = _fitted(rows, columns, console.width)
    if widths is None:
        _blocks(rows, columns, console.width)
        return
    shown = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column, width in zip(columns, widths, strict=True):
        shown.add_column(Text(column.title), overflow="fold", width=width)
    for row in rows:
        shown.add_row(*(Text(cell, _style(c, cell)) for c, cell in zip(columns, row, strict=True)))
    console.print(shown)


def _fitted(
    rows: Sequence[Sequence[str]], columns: Sequence[Column], screen: int
) -> list[int] | None:
    """Return the columns' widths on a screen that wide, or None if some could not be read.

    Only texts are folded. Ids, times and words are there to be copied or compared: they stay whole.
    """
    widths = [
        max(cells(text) for text in (column.title, *(row[i] for row in rows)))
        for i, column in enumerate(columns)
    ]
    over = sum(widths) + _GAP * (len(widths) - 1) - screen
    least = {
        i: max(_NARROWEST_TEXT, cells(column.title))
        for i, column in enumerate(columns)
        if any(" " in row[i] or not row[i].isascii() for row in rows)
    }
    while over > 0:
        # The widest text gives way first, cell by cell, until it is as wide as the next one.
        texts = [i for i, smallest in least.items() if widths[i] > smallest]
        if not texts:
            return None
        widths[max(texts, key=lambda i: widths[i])] -= 1
        over -= 1
    return widths


def _blocks(rows: Iterable[Sequence[str]], columns: Sequence[Column], screen: int) -> None:
    """Print each record as lines of title and value, as a card has them."""
    label = max(cells(column.title) for column in columns)
    paint = _painter(sys.stdout)
    for number, row in enumerate(rows):
        if number:
            out("")
        for column, cell in zip(columns, row, strict=True):
            lines = fold(cell, max(screen - label - _GAP, 1))
            title = column.title + " " * (label - cells(column.title) + _GAP)
            for line in lines:
                out(paint(title, "bold") + paint(line, _style(column, cell)))
                title = " " * (label + _GAP)


def _style(column: Column, cell: str) -> str:
    return (column.styles or {}).get(cell, "")


def _plain_table(
    first: Sequence[Sequence[str]], rest: Iterable[Sequence[str]], columns: Sequence[Column]
) -> None:
    # Only a table needs rich, and of it only how wide a character is.
    from rich.cells import cell_len

    titles = [column.title for column in columns]
    widths = [max(cell_len(row[i]) for row in (titles, *first)) for i in range(len(titles))]
    paint = _painter(sys.stdout)
    for number, row in enumerate(chain([titles], first, rest)):
        parts = []
        for column, width, cell in zip(columns, widths, row, strict=True):
            style = "bold" if number == 0 else _style(column, cell)
            parts.append(paint(cell, style) + " " * max(0, width - cell_len(cell)))
        out("  ".join(parts).rstrip())


def _painter(stream: TextIO) -> Callable[[str, str], str]:
    if not _wants_colour(stream):
        return lambda cell, _style: cell
    from rich.color import ColorSystem
    from rich.style import Style

    def paint(cell: str, style: str) -> str:
        if not style:
            return cell
        return Style.parse(style).render(cell, color_system=ColorSystem.STANDARD)

    return paint


def _wants_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(
        file=stream,
        no_color=not _wants_colour(stream),
        markup=False,
        highlight=False,
        emoji=False,
    )


@contextmanager
def progress(
    description: str, *, beside_data: bool = False
) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on stderr while it is a terminal; what it gives is told how much is done, of what.

    With *beside_data* there is no bar where it would stand between lines of data.
    """
    with steps(hidden=beside_data and sys.stdout.isatty()) as advance:
        yield lambda done, total: advance(done, total, description)


@contextmanager
def steps(*, hidden: bool = False) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar as :func:`progress` does, for work whose steps have names of their own."""
    if hidden or not sys.stderr.isatty():
        yield lambda _done, _total, _what: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Remaining(),
        console=_console(sys.stderr),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, what: bar.update(
            task, completed=done, total=total, description=what
        )


def one(record: Plain, *, as_json: bool) -> None:
    """Print one record whole: a line of JSON, or a card."""
    if as_json:
        json_line(record)
    else:
        card(record)


def _say_each(changed: Sequence[tuple[str, str]]) -> None:
    for name, state in changed:
        say(f"{name}: {state}")


@contextmanager
def live(rows: Sequence[tuple[str, str]]) -> Iterator[Callable[[Sequence[tuple[str, str]]], None]]:
    """Show what is waited for on stderr; what it gives is told which rows have changed.

    On a terminal the table stays in place, elsewhere each change is a line.
    """
    if not sys.stderr.isatty():
        yield _say_each
        return
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    states = dict(rows)

    def drawn() -> Table:
        shown = Table.grid(padding=(0, 2))
        for name, state in states.items():
            shown.add_row(Text(visible(name)), Text(visible(state)))
        return shown

    with Live(drawn(), console=_console(sys.stderr), auto_refresh=False) as screen:

        def show(changed: Sequence[tuple[str, str]]) -> None:
            states.update(changed)
            screen.update(drawn(), refresh=True)

        yield show

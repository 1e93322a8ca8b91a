"""Help that fits the terminal in Chinese too: click counts characters, a terminal counts cells."""

from __future__ import annotations

from collections.abc import Iterable

import click

from .fold import fold

#: Tells click to leave a paragraph's lines as they are.
_AS_IT_IS = "\b\n"


class HelpFormatter(click.HelpFormatter):
    """Folds help where the screen ends, wide characters taking two cells."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(_folded(text, self.width - self.current_indent))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write options or verbs, and beside each its help."""
        rows = list(rows)
        first_column = min(max(len(first) for first, _help in rows), col_max) + col_spacing
        width = max(self.width - first_column - 2, 10)
        folded = [(first, _folded(text, width) if text else "") for first, text in rows]
        super().write_dl(folded, col_max, col_spacing)


def _folded(text: str, width: int) -> str:
    return _AS_IT_IS + "\n".join(fold(" ".join(text.split("\n")), width))


class Context(click.Context):
    """The context of a command whose help is folded so."""

    formatter_class = HelpFormatter


def first_sentence(command: click.Command) -> str:
    """Return what stands beside a verb in the list of verbs."""
    chinese, stop, _rest = (command.help or "").partition("。")
    return f"{chinese}{stop}" if stop else command.get_short_help_str(limit=200)

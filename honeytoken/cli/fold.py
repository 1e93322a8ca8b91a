"""Lines that fit a screen in any of our languages: Chinese breaks between characters, not words."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

_OPENING = "“‘（《〈【「『"
_CLOSING = "”’，。、；：！？）》〉】」』…"
#: Characters that take two cells and may end a line; punctuation stays with its neighbour.
_WIDE = (
    "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
)
_PIECE = re.compile(
    rf" +|[{_OPENING}]*(?:(?![{_CLOSING}])[{_WIDE}]|[^ {_WIDE}{_OPENING}{_CLOSING}]+)?[{_CLOSING}]*"
)


def cells(text: str) -> int:
    """Return how many cells of a terminal *text* takes."""
    return len(text) if text.isascii() else sum(1 + (east_asian_width(c) in "WF") for c in text)


def fold(text: str, width: int) -> list[str]:
    """Return *text* (one line of it) as lines of at most *width* cells."""
    lines, line, used = [], "", 0
    for match in _PIECE.finditer(text):
        piece = match[0]
        if used + cells(piece) > width and line:
            lines.append(line.rstrip())
            line, used = "", 0
            piece = piece.lstrip(" ")
        while cells(piece) > width:
            # A word longer than the screen is cut where the screen ends.
            end = next(n for n in range(len(piece), 0, -1) if n == 1 or cells(piece[:n]) <= width)
            lines.append(piece[:end])
            piece = piece[end:]
        line += piece
        used += cells(piece)
    return [*lines, line.rstrip()] if line.strip() or not lines else lines

"""Text from strangers, made safe to print: what a terminal would obey is shown instead.

A text message may hold ``ESC ]`` (which retitles a terminal, or worse), or characters that turn the
reading direction round so that a line reads as another. Everything the command line prints that it
did not write itself goes through here.
"""

from __future__ import annotations

import re

#: C0, DEL and C1 controls; format characters (soft hyphen, zero width, bidi, byte order mark,
#: annotations, tags); line and paragraph separators; lone surrogates, which cannot be encoded.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _escape_json(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def visible(text: str) -> str:
    r"""Return *text* on one line, with nothing a terminal obeys: ESC becomes ``\x1b``."""
    return _HOSTILE.sub(_escape, text)


def visible_json(line: str) -> str:
    r"""Return one line of JSON that means the same and holds nothing a terminal obeys.

    ``json.dumps`` escapes the C0 controls only: C1 controls (``\x9b`` is a whole ``ESC [``) and
    bidi characters would get through.
    """
    return _HOSTILE.sub(_escape_json, line)


def is_readable(text: str, *, lines: bool = False) -> bool:
    """Say whether *text* has no control character, and can be encoded.

    With *lines* it may have newlines and tabs.

    An argument that is no text in the terminal's encoding arrives with lone surrogates in it.
    """
    return not any(
        (c < " " and not (lines and c in "\n\t"))
        or "\x7f" <= c <= "\x9f"
        or "\ud800" <= c <= "\udfff"
        for c in text
    )

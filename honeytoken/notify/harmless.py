"""A stranger's text, made harmless for a chat room: no ping, no markup, no link.

A sender chooses what an SMS says: ``<!channel>``, ``@everyone``, a link, Markdown that hides one,
characters that turn the reading direction round. What a chat service might obey is replaced by its
full-width twin, which people read and no service understands.
"""

from __future__ import annotations

import re
import unicodedata

#: Characters after which a text from outside is cut.
MAX_LENGTH = 300

_TWINS = str.maketrans(
    {character: chr(ord(character) + 0xFEE0) for character in "@#<>&*_~`|[]()\\!$"}
)
# Other characters that some service folds to an at sign.
_TWINS.update(str.maketrans({"\ufe6b": "＠"}))
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}):(?=//|\S)")
# A dot that makes a host name: services link `evil.example` as they link `https://evil.example`.
_HOST_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_])")


def harmless(text: str, *, max_length: int = MAX_LENGTH) -> str:
    """Return *text* on one line, without mentions, markup, links, controls and bidi characters."""
    # Long enough that what is removed leaves enough, short enough for whatever a stranger sends.
    shown = "".join(_kept(character) for character in text[: max_length * 4])
    shown = " ".join(shown.split())
    cut = len(shown) > max_length
    shown = shown[:max_length]
    # Last: it is the longer for it. Security reports break links up in this way, too.
    shown = _SCHEME.sub(r"\1：", shown.translate(_TWINS))
    shown = _HOST_DOT.sub("［.］", shown)
    return f"{shown}…" if cut else shown


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zs", "Zl", "Zp") or character in "\n\r\t":
        return " "
    # Controls, format characters (zero width, bidi, tags), lone surrogates, private, unassigned.
    return "" if category[0] == "C" else character

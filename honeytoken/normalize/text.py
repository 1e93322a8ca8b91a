"""What every identifier is washed with first: width, digits, invisible characters, length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from ..errors import InvalidIdentifier
from ..messages import translate as _

_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")
#: Variation selectors: they choose a glyph and change no meaning. OCR and print lose them.
_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_ROUNDS = 6


def washed(raw: str, *, kind: str, longest: int) -> str:
    """Return *raw* in NFKC with ASCII digits, blanks for white space and nothing invisible.

    Bidi marks, zero-width characters and other format characters are dropped: phones copy them
    along with a number. Refused: control characters that are not white space (NUL), lone
    surrogates, and anything over *longest* characters, before any work is spent on it.

    Raises:
        InvalidIdentifier: as above, for the ``Identity`` field *kind*.
    """
    if len(raw) > longest:
        raise InvalidIdentifier(kind, _("it is too long"))
    if raw.isascii() and raw.isprintable():
        return raw
    text = unicodedata.normalize("NFKC", raw)
    if not text.isprintable():
        text = "".join([_visible(character, kind) for character in text])
    text = _SELECTOR.sub("", text)
    text = _FOREIGN_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text)
    return unicodedata.normalize("NFKC", text)


def settled(step: Callable[[str], str], text: str, *, kind: str) -> str:
    """Return the fixed point of *step* from *text* on: what makes a canonical form idempotent.

    Dropping a character can bring two others together that combine, so one pass is not always
    enough.

    Raises:
        InvalidIdentifier: no rest within a few rounds, or nothing is left.
    """
    for _round in range(_ROUNDS):
        after = step(text)
        if after == text:
            break
        text = after
    else:
        raise InvalidIdentifier(kind, _("it has no stable form"))
    if not text:
        raise InvalidIdentifier(kind, _("it is empty"))
    return text


def _visible(character: str, kind: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category in {"Cc", "Cs"}:
        raise InvalidIdentifier(kind, _("it holds control characters"))
    return character

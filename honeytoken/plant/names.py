"""Names of channels and routes: what is typed, and the ids they give."""

from __future__ import annotations

import re

from ..errors import InvalidInput
from ..messages import translate as _

#: Longest name, in characters.
MAX_NAME = 100


def slug(name: str) -> str:
    """Return the id of a channel or route of this name: lower case, blanks as hyphens."""
    return re.sub(r"\s+", "-", name.strip().casefold())


def checked_name(name: str) -> str:
    """Return a name with single blanks.

    Raises:
        InvalidInput: it is empty, too long, or not printable.
    """
    stripped = " ".join(name.split())
    if not stripped or len(stripped) > MAX_NAME or not stripped.isprintable():
        raise InvalidInput(_("a name must have 1 to {n} printable characters.").format(n=MAX_NAME))
    return stripped

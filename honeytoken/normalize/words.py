"""Words from closed sets, as people type them."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from ..errors import InvalidInput
from ..messages import translate as _

W = TypeVar("W", bound=StrEnum)


def word(kind: type[W], value: str) -> W:
    """Return the member of *kind* that *value* names.

    Raises:
        InvalidInput: it names none; the hint lists them all.
    """
    try:
        return kind(value)
    except ValueError as err:
        raise InvalidInput(
            _("that is none of the known words."),
            hint=_("One of: {words}.").format(words=_(", ").join(kind)),
        ) from err

"""What people read, in their language: gettext with English in the source and ``zh_CN`` beside it.

Every sentence a person sees is written ``_("... {name} ...").format(name=...)``; the English text
is the key. Catalogues live in ``locale/<language>/LC_MESSAGES/honeytoken.po`` with the compiled
``.mo`` beside it; ``tests/messages`` fails on a missing or stale one, and
``python -m tests.messages.catalogue`` brings both up to date and lists what is to be translated.

The language is taken, in this order, from ``HONEYTOKEN_LANGUAGE``, ``LANGUAGE``, ``LC_ALL``,
``LC_MESSAGES`` and ``LANG``, once per process, or set by :func:`use`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

__all__ = ["LANGUAGES", "language", "ngettext", "sentences", "translate", "use"]

#: Languages that are complete, the source language first.
LANGUAGES = ("en", "zh_CN")

_DOMAIN = "honeytoken"
_LOCALE_DIR = Path(__file__).parent / "locale"
_VARIABLES = ("HONEYTOKEN_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")

#: Full-width punctuation brings its own space.
_WIDE_STOPS = "。？！；："

_chosen: tuple[str, NullTranslations] | None = None


def _from_environment() -> str:
    for variable in _VARIABLES:
        for wanted in os.environ.get(variable, "").split(":"):
            if wanted:
                return "zh_CN" if wanted.lower().startswith("zh") else "en"
    return "en"


def use(name: str | None) -> None:
    """Speak *name* from now on, English if it is none of :data:`LANGUAGES`.

    ``None`` asks the environment again.
    """
    # Imported here: gettext costs a few milliseconds that `import honeytoken` need not pay.
    import gettext

    global _chosen
    if name is None:
        name = _from_environment()
    if name not in LANGUAGES:
        name = LANGUAGES[0]
    languages = [] if name == "en" else [name]
    catalogue = gettext.translation(_DOMAIN, _LOCALE_DIR, languages=languages, fallback=True)
    _chosen = (name, catalogue)


def _catalogue() -> NullTranslations:
    if _chosen is None:
        use(None)
    return _chosen[1] if _chosen else _catalogue()


def language() -> str:
    """Return the language in use, one of :data:`LANGUAGES`."""
    _catalogue()
    return _chosen[0] if _chosen else "en"


def translate(message: str) -> str:
    """Return *message* in the language in use; rooms import it as ``_``."""
    return _catalogue().gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the form of a message that fits *number*."""
    return _catalogue().ngettext(singular, plural, number)


def sentences(*said: str) -> str:
    """Return sentences as one text, with a blank between them unless the writing has none."""
    text = ""
    for sentence in filter(None, said):
        blank = "" if not text or text[-1] in _WIDE_STOPS else " "
        text += blank + sentence
    return text

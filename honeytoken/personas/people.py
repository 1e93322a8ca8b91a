"""The locales, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from random import Random

from ..errors import InvalidInput
from ..messages import translate as _
from ..models import Identity, NameTerms
from .persona import Model, Persona


def _chinese() -> Model:
    from .chinese import Chinese

    return Chinese()


def _japanese() -> Model:
    from .japanese import japanese

    return japanese()


def _german() -> Model:
    from .german import german

    return german()


def _american() -> Model:
    from .english import american

    return american()


def _british() -> Model:
    from .english import british

    return british()


_MODELS: dict[str, Callable[[], Model]] = {
    "zh-CN": _chinese,
    "en-US": _american,
    "en-GB": _british,
    "ja-JP": _japanese,
    "de-DE": _german,
}


def locales() -> tuple[str, ...]:
    """Return the locales that have people, as BCP 47 tags, the deepest model first."""
    return tuple(_MODELS)


def people(locale: str, *, random: Random, today: date) -> Iterator[Persona]:
    """Yield believable people of *locale* without end.

    Names fit the sex and, but for English, the birth decade; ages run from 18 to 75. Two people may
    share a name, as in life; keeping ``(surname, last four)`` apart is the business of the caller,
    who knows the phone numbers.

    ``local_part`` is what people there choose: for Chinese pinyin, or its initials, and digits;
    elsewhere the name, a word and digits. No tag, no ``+``, nothing that repeats between people.
    Who knows the name still has to guess among two million or more (21 bits), 22 bits for Chinese.
    That is as much as looks natural: the mail server limits guesses, and the store keeps local
    parts unique.

    Args:
        locale: one of :func:`locales`; case and ``_`` for ``-`` do not matter.
        random: where chance comes from; ``random.SystemRandom()`` for production, a seeded one in
            tests. A seed repeats only within one release: store people, do not make them again.
        today: the day on which they are adult.

    Raises:
        InvalidInput: no people for that locale.
    """
    return _model(_known(locale)).people(random, today)


def name_terms(identity: Identity) -> NameTerms:
    """Return how common the family name and the full name of *identity* are, 0 to 1.

    Under the model of its locale, as of 2026, both sexes. A name the model does not have, or a
    locale it does not have, is taken to be as common as the model's most common one (of ``zh-CN``
    for a locale unknown): an owner's own names may be anything, and a name thought rare would make
    a chance match look like proof.
    """
    known = {tag.casefold(): tag for tag in _MODELS}
    locale = known.get(identity.locale.replace("_", "-").casefold())
    if locale is None:
        return _model("zh-CN").name_terms("", "")
    return _model(locale).name_terms(identity.family_name, identity.given_name)


def _known(locale: str) -> str:
    wanted = locale.replace("_", "-").casefold()
    for tag in _MODELS:
        if tag.casefold() == wanted:
            return tag
    message = _('there are no people for the locale "{locale}".').format(locale=locale[:35])
    raise InvalidInput(message, hint=_("Use one of {names}.").format(names=_(", ").join(_MODELS)))


@cache
def _model(locale: str) -> Model:
    return _MODELS[locale]()

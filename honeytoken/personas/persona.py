"""One made-up person before any contact point, and how old such people are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import NamedTuple, Protocol

from ..models import Gender, NameTerms


class Persona(NamedTuple):
    """A made-up person, as yet without a phone number, mailbox or address.

    A tuple, since it is made and taken apart a million times in a long job.
    """

    #: Full name as a form of the locale wants it (``"陈志远"``, ``"佐藤 翔太"``, ``"Emma
    #: Clarke"``).
    name: str
    given_name: str
    family_name: str
    gender: Gender
    birthdate: date
    #: BCP 47, one of :func:`honeytoken.personas.locales`.
    locale: str
    #: What stands before the @ of a mail domain that the owner holds; see :func:`people`.
    local_part: str

    def __repr__(self) -> str:
        """Show nothing personal."""
        return f"Persona(locale={self.locale!r})"


class Model(Protocol):
    """What each locale brings: people without end, and how common a name is among them."""

    def people(self, random: Random, today: date) -> Iterator[Persona]:
        """Yield people, drawn with *random*, adult on *today*."""
        ...

    def name_terms(self, family_name: str, given_name: str) -> NameTerms:
        """Return the shares of people with that family name and with that full name."""
        ...


# Who orders and who borrows: ages with their share in percent. Our own round estimate.
_AGE_BANDS = ((18, 24, 14), (25, 34, 27), (35, 44, 25), (45, 54, 18), (55, 64, 11), (65, 75, 5))
#: One thousand ages in years, from which one is picked evenly.
AGES = tuple(
    age
    for youngest, oldest, percent in _AGE_BANDS
    for index in range(percent * 10)
    for age in (youngest + index * (oldest - youngest + 1) // (percent * 10),)
)
_DAYS_PER_YEAR = 365.2425
#: The year for which names are counted: `name_terms` has no clock, and the mix moves slowly.
REFERENCE_YEAR = 2026


def birthdate(random: Random, today: date) -> date:
    """Return the birth date of somebody aged 18 to 75 on *today*."""
    age = AGES[int(random.random() * 1000)]
    # One day more than the years need, so that nobody is a day short of 18.
    days = int((age + random.random()) * _DAYS_PER_YEAR) + 1
    return date.fromordinal(today.toordinal() - days)

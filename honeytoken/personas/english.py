"""People of the United States and of Great Britain, after Faker's weighted name lists.

Given names do not depend on the birth year here.
"""

from __future__ import annotations

from .alphabetic import Alphabetic, Era
from .weighted import Weighted, ranked

# Every era, so that the only one takes everybody.
_NO_YEAR = 0


def _full_name(family_name: str, given_name: str) -> str:
    return f"{given_name} {family_name}"


def american() -> Alphabetic:
    """Return the model of ``en-US``: Faker's names and weights."""
    from faker.providers.person.en_US import Provider

    era = Era(
        _NO_YEAR,
        Weighted(Provider.first_names_male),
        Weighted(Provider.first_names_female),
    )
    families = Weighted(Provider.last_names)
    return Alphabetic("en-US", families, (era,), _full_name, {})


def british() -> Alphabetic:
    """Return the model of ``en-GB``: Faker lists its given names the most common first."""
    from faker.providers.person.en_GB import Provider

    era = Era(
        _NO_YEAR,
        Weighted(ranked(Provider.first_names_male, flat=25)),
        Weighted(ranked(Provider.first_names_female, flat=25)),
    )
    return Alphabetic("en-GB", Weighted(Provider.last_names), (era,), _full_name, {})

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import islice
from random import Random

import pytest

from honeytoken import personas
from honeytoken.models import Identity


def identity(family_name: str, given_name: str, locale: str = "zh-CN") -> Identity:
    return Identity(family_name + given_name, given_name, family_name, locale=locale)


@pytest.mark.parametrize("locale", personas.locales())
def test_shares_are_those_of_the_people_that_are_drawn(locale: str) -> None:
    people = personas.people(locale, random=Random(3), today=date(2026, 6, 1))
    names = [(p.family_name, p.given_name) for p in islice(people, 80_000)]
    # Chosen in one half and counted in the other, so that choosing does not bias the count.
    common = [name for name, _ in Counter(names[:40_000]).most_common(60)]
    counted = Counter(names[40_000:])
    seen = sum(counted[name] for name in common) / 40_000
    told = sum(personas.name_terms(identity(*name, locale)).name for name in common)
    # At least 450 people are counted: 15 % is three standard errors.
    assert told == pytest.approx(seen, rel=0.15)
    family, count = Counter(name[0] for name in names).most_common(1)[0]
    terms = personas.name_terms(identity(family, common[0][1], locale))
    assert terms.family_name == pytest.approx(count / 80_000, rel=0.1)


def test_common_chinese_name_is_commoner_than_a_rare_one() -> None:
    common = personas.name_terms(identity("王", "伟"))
    rare = personas.name_terms(identity("欧阳", "应士"))
    assert common.family_name == pytest.approx(0.0725, abs=0.003)
    assert common.name > 1000 * rare.name > 0


@pytest.mark.parametrize("locale", personas.locales())
def test_name_that_is_not_in_the_model_counts_as_the_most_common(locale: str) -> None:
    unknown = personas.name_terms(identity("Qwxz", "Zxwq", locale))
    person = next(personas.people(locale, random=Random(1), today=date(2026, 6, 1)))
    known = personas.name_terms(identity(person.family_name, person.given_name, locale))
    assert unknown.family_name >= known.family_name
    assert unknown.name >= known.name
    assert unknown.name < unknown.family_name < 0.1


def test_unknown_locale_is_answered_with_caution() -> None:
    terms = personas.name_terms(identity("Dupont", "Jean", "fr-FR"))
    assert terms == personas.name_terms(identity("", ""))
    assert 0 < terms.name < terms.family_name

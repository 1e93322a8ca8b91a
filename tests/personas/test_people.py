from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import date
from itertools import islice
from random import Random

import pytest

from honeytoken import normalize, personas
from honeytoken.errors import InvalidInput
from honeytoken.models import Gender
from honeytoken.personas import Persona

TODAY = date(2026, 11, 22)


def draw(locale: str, count: int, seed: int = 7) -> list[Persona]:
    return list(islice(personas.people(locale, random=Random(seed), today=TODAY), count))


@pytest.fixture(scope="module")
def chinese() -> list[Persona]:
    return draw("zh-CN", 50_000)


def test_chinese_name_lengths_are_those_of_the_population(chinese: list[Persona]) -> None:
    lengths = Counter(len(person.name) for person in chinese)
    # Five standard errors of a share of 14.22 % in 50,000: 0.8 points; of 0.17 %: 0.09.
    assert lengths[2] / 50_000 == pytest.approx(0.1422, abs=0.008)
    assert lengths[3] / 50_000 == pytest.approx(0.8561, abs=0.008)
    assert lengths[4] / 50_000 == pytest.approx(0.0017, abs=0.0009)
    assert sum(lengths[n] for n in (2, 3, 4)) == 50_000


@pytest.mark.parametrize(("surname", "share"), [("王", 0.0725), ("李", 0.0719), ("张", 0.0683)])
def test_leading_chinese_surnames_have_their_published_share(
    chinese: list[Persona], surname: str, share: float
) -> None:
    seen = sum(person.family_name == surname for person in chinese) / 50_000
    # Faker's weights and the table of 2007 differ by up to 0.2 points; sampling adds 0.35 at three
    # standard errors.
    assert seen == pytest.approx(share, abs=0.0055)


def test_hundred_chinese_surnames_cover_most_people(chinese: list[Persona]) -> None:
    surnames = Counter(person.family_name for person in chinese)
    top = sum(count for _, count in surnames.most_common(100)) / 50_000
    assert top == pytest.approx(0.859, abs=0.02)
    assert len(surnames) > 450


def test_chinese_given_names_are_as_many_as_in_life(chinese: list[Persona]) -> None:
    given = Counter(person.given_name for person in chinese)
    top = sum(count for _, count in given.most_common(1000)) / 50_000
    # Published: 31.5 %. The top thousand of a sample have a little more than of the population.
    assert 0.28 <= top <= 0.38
    assert len(given) > 20_000


@pytest.mark.parametrize(
    ("name", "gender", "decade"),
    [
        ("建国", Gender.MALE, 1950),
        ("秀英", Gender.FEMALE, 1950),
        ("涛", Gender.MALE, 1980),
        ("子涵", Gender.FEMALE, 2000),
    ],
)
def test_chinese_given_name_belongs_to_its_era_and_sex(
    chinese: list[Persona], name: str, gender: Gender, decade: int
) -> None:
    born = [(p.birthdate.year, p.gender) for p in chinese if p.given_name == name]
    assert len(born) > 20
    assert sum(sex is gender for _, sex in born) / len(born) > 0.7
    assert sum(abs(year - decade - 5) <= 15 for year, _ in born) / len(born) > 0.6


def test_chinese_names_fit_a_template_in_gbk_and_are_canonical(chinese: list[Persona]) -> None:
    for person in chinese[:20_000]:
        person.name.encode("gbk")
        assert person.name == person.family_name + person.given_name
        assert normalize.name(person.name) == person.name


def test_chinese_local_part_is_pinyin_of_the_name(chinese: list[Persona]) -> None:
    zeng = [person for person in chinese if person.family_name == "曾"]
    assert zeng
    assert all("zeng" in p.local_part or p.local_part.startswith("z") for p in zeng)
    assert not any("ceng" in p.local_part for p in zeng if "层" not in p.name)


@pytest.mark.parametrize("locale", personas.locales())
def test_local_part_is_a_plain_mailbox_and_hardly_repeats(locale: str) -> None:
    parts = [person.local_part for person in draw(locale, 20_000)]
    for part in parts:
        assert "+" not in part
        assert normalize.email(f"{part}@post.example") == f"{part}@post.example"
    assert len(set(parts)) > 19_990


@pytest.mark.parametrize("locale", personas.locales())
def test_same_name_leaves_millions_of_local_parts(locale: str) -> None:
    people = draw(locale, 20_000)
    name = Counter(p.name for p in people).most_common(1)[0][0]
    parts = [p.local_part for p in people if p.name == name]
    assert len(parts) > 2
    assert len(set(parts)) == len(parts)


@pytest.mark.parametrize("locale", personas.locales())
def test_everybody_is_an_adult_and_nobody_is_very_old(locale: str) -> None:
    for person in draw(locale, 5_000):
        born = person.birthdate
        age = TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))
        assert 18 <= age <= 76
        assert person.locale == locale


@pytest.mark.parametrize("locale", personas.locales())
def test_both_sexes_are_as_frequent(locale: str) -> None:
    women = sum(person.gender is Gender.FEMALE for person in draw(locale, 10_000))
    assert women / 10_000 == pytest.approx(0.5, abs=0.025)  # five standard errors


def test_western_and_japanese_names_are_written_as_forms_want_them() -> None:
    american, japanese = draw("en-US", 1)[0], draw("ja-JP", 1)[0]
    assert american.name == f"{american.given_name} {american.family_name}"
    assert japanese.name == f"{japanese.family_name} {japanese.given_name}"


def test_umlauts_are_spelt_out_in_a_german_local_part() -> None:
    people = [p for p in draw("de-DE", 3_000) if p.family_name == "Müller"]
    assert any("mueller" in p.local_part for p in people)


def test_a_seed_repeats_and_another_differs() -> None:
    assert draw("zh-CN", 50, seed=1) == draw("zh-CN", 50, seed=1)
    assert draw("zh-CN", 50, seed=1) != draw("zh-CN", 50, seed=2)


@pytest.mark.parametrize("locale", ["zh_CN", "ZH-cn", "zh-CN"])
def test_locale_may_be_spelt_with_any_case_and_underscore(locale: str) -> None:
    assert next(personas.people(locale, random=Random(1), today=TODAY)).locale == "zh-CN"


@pytest.mark.parametrize("locale", ["", "xx", "zh", "fr-FR"])
def test_unknown_locale_is_refused_at_once_and_the_known_are_named(locale: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        personas.people(locale, random=Random(1), today=TODAY)
    assert "zh-CN" in (caught.value.hint or "")


def test_repr_of_a_persona_shows_nobody() -> None:
    assert repr(draw("zh-CN", 1)[0]) == "Persona(locale='zh-CN')"


def test_importing_personas_loads_neither_faker_nor_pypinyin() -> None:
    code = (
        "import sys, honeytoken.personas;"
        "sys.exit('faker' in sys.modules or 'pypinyin' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

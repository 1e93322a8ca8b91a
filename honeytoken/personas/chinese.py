"""People of the Chinese mainland: names that fit sex and birth decade, pinyin local parts.

The model: a full name has two characters in 14.22 % of cases, three in 85.61 %, four in 0.17 %
(Ministry of Public Security, 2007, Han). Surnames follow Faker's weights. A given name of two
characters is, with probability ``_WHOLE``, one that was in fashion, else first and second character
are drawn independently from tables for sex and birth decade; the share of one-character given names
also follows the decade, with the mean kept. What this leaves out: provinces, minorities' names,
meaning that spans surname and given name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from random import Random

from ..models import Gender, NameTerms
from . import chinese_characters as tables
from .persona import AGES, REFERENCE_YEAR, Persona, birthdate
from .weighted import Weighted, mixed, ranked

_LOCALE = "zh-CN"
# 0.18 % double surnames, of which 95 % with a given name of two characters, make the 0.17 % of
# names with four; the rest of the two-character names then is 14.22 / 99.82 of the single surnames.
_COMPOUND = 0.0018
_COMPOUND_SINGLE = 0.05
_SINGLE = 0.1422 / (1 - _COMPOUND)
# How the share of one-character given names moved, 1950s to 2000s, about a mean set by _SINGLE. Our
# estimate: rare after 1949, most frequent in the eighties, rare again after 2000.
_SINGLE_BY_DECADE = (0.75, 0.95, 1.2, 1.4, 1.05, 0.55)
_WHOLE = 0.10
_REST = 0.30

# Readings as a surname, where they differ from the usual one.
_AS_SURNAME = {
    "曾": "zeng", "单": "shan", "解": "xie", "仇": "qiu", "查": "zha", "覃": "qin", "盖": "ge",
    "区": "ou", "朴": "piao", "翟": "zhai", "乐": "yue", "员": "yun", "种": "chong", "召": "shao",
    "尉": "yu", "秘": "bi", "令狐": "linghu", "尉迟": "yuchi", "长孙": "zhangsun", "宓": "mi", "隗":
    "wei", "逄": "pang", "祭": "zhai",
}  # fmt: skip
# People whose names on a label would be noticed.
_FAMOUS = frozenset(
    {
        "毛泽东",
        "周恩来",
        "邓小平",
        "江泽民",
        "胡锦涛",
        "习近平",
        "李克强",
        "温家宝",
        "李强",
        "雷锋",
        "成龙",
    }
    | {"马云", "刘强东", "姚明", "李娜", "刘翔", "王菲", "周杰伦", "刘德华", "张艺谋", "孙悟空"}
)


@dataclass(frozen=True, slots=True)
class _Cohort:
    """Given names of one sex and birth decade."""

    single: Weighted
    whole: Weighted
    first: Weighted
    second: Weighted

    def share_of_two(self, given_name: str) -> float:
        """Return P(given name | it has two characters); exact for the way it is drawn."""
        one, two = given_name[0], given_name[1]
        composed = 0.0
        if one != two:
            first = self.first.shares.get(one, 0.0)
            repeat = self.second.shares.get(one, 0.0)
            composed = first * self.second.shares.get(two, 0.0) / (1 - repeat)
        return _WHOLE * self.whole.shares.get(given_name, 0.0) + (1 - _WHOLE) * composed


def _cohorts(
    single: tuple[str, ...],
    whole: tuple[str, ...],
    first: tuple[str, ...],
    second: tuple[str, ...],
    rest: str,
) -> tuple[_Cohort, ...]:
    scarce = ranked(rest, flat=60)
    return tuple(
        _Cohort(
            single=mixed((0.85, ranked(single[decade], flat=4)), (0.15, scarce)),
            whole=Weighted(ranked(whole[decade].split(), flat=4)),
            first=mixed((1 - _REST, ranked(first[decade], flat=8)), (_REST, scarce)),
            second=mixed((1 - _REST, ranked(second[decade], flat=8)), (_REST, scarce)),
        )
        for decade in range(tables.DECADES)
    )


def _decade(year: int, shift: int) -> int:
    """Return the table for a birth year; *shift* (0 to 8) lets fashions reach some parents late."""
    index = (year - tables.FIRST_DECADE + shift - 4) // 10
    return 0 if index < 0 else min(index, tables.DECADES - 1)


@cache
def _decade_shares(year: int) -> tuple[float, ...]:
    """Return the share of people that each table serves, for adults of *year*."""
    counts = [0] * tables.DECADES
    for age in AGES:
        for shift in range(9):
            counts[_decade(year - age, shift)] += 1
    return tuple(count / sum(counts) for count in counts)


@cache
def _single_shares(year: int) -> tuple[float, ...]:
    """Return per decade how many given names have one character, with the mean kept."""
    shares = _decade_shares(year)
    mean = sum(share * part for share, part in zip(shares, _SINGLE_BY_DECADE, strict=True))
    return tuple(_SINGLE * part / mean for part in _SINGLE_BY_DECADE)


class Chinese:
    """The model of ``zh-CN``; its tables are built once, on first use."""

    def __init__(self) -> None:
        from faker.providers.person.zh_CN import Provider
        from pypinyin import lazy_pinyin

        known = {name: weight for name, weight in Provider.last_names.items() if len(name) == 1}
        rarest = min(known.values())
        singles = known | {name: rarest for name in tables.RARE_SURNAMES if name not in known}
        doubles = ranked(tables.COMPOUND_SURNAMES, flat=0)
        self._surnames = mixed((1 - _COMPOUND, singles), (_COMPOUND, doubles))
        rows = {
            Gender.MALE: _cohorts(
                tables.MALE_SINGLE,
                tables.MALE_WHOLE,
                tables.MALE_FIRST,
                tables.MALE_SECOND,
                tables.MALE_REST,
            ),
            Gender.FEMALE: _cohorts(
                tables.FEMALE_SINGLE,
                tables.FEMALE_WHOLE,
                tables.FEMALE_FIRST,
                tables.FEMALE_SECOND,
                tables.FEMALE_REST,
            ),
        }
        self._cohorts = rows
        characters = {
            character
            for cohorts in rows.values()
            for cohort in cohorts
            for part in (cohort.single, cohort.whole, cohort.first, cohort.second)
            for name in part.names
            for character in name
        }
        self._pinyin = {character: "".join(lazy_pinyin(character)) for character in characters}
        self._surname_pinyin = {
            name: _AS_SURNAME.get(name) or "".join(lazy_pinyin(name))
            for name in self._surnames.names
        }

    def people(self, random: Random, today: date) -> Iterator[Persona]:
        """Yield people, drawn with *random*, adult on *today*."""
        draw = random.random
        surname = self._surnames.draw
        male, female = self._cohorts[Gender.MALE], self._cohorts[Gender.FEMALE]
        single_shares = _single_shares(today.year)
        while True:
            born = birthdate(random, today)
            decade = _decade(born.year, int(draw() * 9))
            is_male = draw() < 0.5
            cohort = male[decade] if is_male else female[decade]
            family_name = surname(draw())
            single = single_shares[decade] if len(family_name) == 1 else _COMPOUND_SINGLE
            if draw() < single:
                given_name = cohort.single.draw(draw())
            elif draw() < _WHOLE:
                given_name = cohort.whole.draw(draw())
            else:
                first = second = cohort.first.draw(draw())
                while second == first:
                    second = cohort.second.draw(draw())
                given_name = first + second
            name = family_name + given_name
            if name in _FAMOUS or family_name == given_name[0]:
                continue
            yield Persona(
                name,
                given_name,
                family_name,
                Gender.MALE if is_male else Gender.FEMALE,
                born,
                _LOCALE,
                self._local_part(family_name, given_name, draw()),
            )

    def _local_part(self, family_name: str, given_name: str, u: float) -> str:
        """Return one of 5 ways to write the name times at least a million endings: 22 bits."""
        surname = self._surname_pinyin[family_name]
        syllables = [self._pinyin[character] for character in given_name]
        initials = "".join([syllable[0] for syllable in syllables])
        style, rest = divmod(u * 5, 1)
        ending = int(rest * 10_000_000)
        match int(style):
            case 0:
                return f"{surname}{''.join(syllables)}{ending // 10:06d}"
            case 1:
                return f"{surname}{initials}{ending // 10:06d}"
            case 2:
                return f"{''.join(syllables)}{surname}{ending // 10:06d}"
            case 3:
                return f"{surname[0]}{initials}{ending:07d}"
            case _:
                return f"{surname}_{initials}{ending // 10:06d}"

    def name_terms(self, family_name: str, given_name: str) -> NameTerms:
        """Return the shares of people with that family name and with that full name."""
        family = self._surnames.shares.get(family_name, self._surnames.commonest)
        given = self._given_share(given_name, compound=len(family_name) > 1)
        return NameTerms(family_name=family, name=family * (given or self._commonest_given))

    def _given_share(self, given_name: str, *, compound: bool) -> float:
        """Return P(given name), over both sexes and all decades; 0 if it is not in the tables."""
        total = 0.0
        decades = _decade_shares(REFERENCE_YEAR)
        singles = _single_shares(REFERENCE_YEAR)
        for cohorts in self._cohorts.values():
            for cohort, weight, by_decade in zip(cohorts, decades, singles, strict=True):
                single = _COMPOUND_SINGLE if compound else by_decade
                if len(given_name) == 1:
                    total += weight * single * cohort.single.shares.get(given_name, 0.0)
                elif len(given_name) == 2:
                    total += weight * (1 - single) * cohort.share_of_two(given_name)
        return total / 2

    @cached_property
    def _commonest_given(self) -> float:
        names = {
            name
            for cohorts in self._cohorts.values()
            for cohort in cohorts
            for part in (cohort.single, cohort.whole)
            for name in part.names
        }
        return max(self._given_share(name, compound=False) for name in names)

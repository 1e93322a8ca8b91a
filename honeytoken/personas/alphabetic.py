"""People whose local part is written with words: all locales but Chinese."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from random import Random

from ..models import Gender, NameTerms
from .persona import AGES, REFERENCE_YEAR, Persona, birthdate
from .weighted import Weighted

# What people put beside their name when it alone is taken. 237 words and four digits: 21 bits.
WORDS = tuple(
    """
    acorn alder amber anchor apple april arrow aspen atlas autumn azure badger bamboo banjo basil
    bay beach bean bear berry birch bird blossom blue boat book breeze brick bridge bright brook
    brown button cabin cactus camper candle canoe canyon cedar cello cherry chess chili cider cinema
    circle clay cliff cloud clover coast cobalt cocoa coffee comet cookie copper coral corner cotton
    crane creek cricket crow crystal daisy dance dawn delta denim desert diver dolphin dove dragon
    dream drum dune eagle earth east echo elm ember emerald falcon farm feather fern fiddle field
    finch fire fish fjord flint flora flower flute forest fox frost galaxy garden garnet ginger
    glade globe gold goose grape green grove guitar gull harbor harp harvest hawk hazel heron hike
    hill hockey holly honey horizon indigo iris island ivory ivy jade jasmine jazz jelly juniper
    kayak kite koala lagoon lake lantern lark laurel lavender leaf lemon light lily lime linen lion
    lotus lucky lunar lynx magnet mango maple marble march marina marine meadow melody melon mint
    mocha moon moose morning moss mountain music navy nest noble north nova oak oasis ocean olive
    onyx opal orange orbit orchid otter owl paddle panda paper peach peak pearl pebble pepper piano
    pilot pine planet plum polar pond poppy prairie quartz quiet rabbit rain raven reef ribbon ridge
    river robin rocket rose ruby runner saffron sage sail salsa sand sierra silver sky snow solar
    spring sugar summer sun
    """.split()  # noqa: SIM905 - two hundred quoted words would hide the list
)
# Umlauts as Germans write them in mail addresses; other accents are dropped.
_LATIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})


def latin(name: str) -> str:
    """Return *name* in the letters a to z: ``"Jörg-Uwe O'Neill"`` becomes ``"joerguweoneill"``."""
    text = unicodedata.normalize("NFKD", name.lower().translate(_LATIN))
    return "".join([letter for letter in text if "a" <= letter <= "z"])


@dataclass(frozen=True, slots=True, eq=False)
class Era:
    """Given names of those born before a year."""

    born_before: int
    male: Weighted
    female: Weighted


@dataclass(frozen=True, eq=False)
class Alphabetic:
    """A locale made of weighted family names and of given names by sex and era."""

    locale: str
    families: Weighted
    #: Earliest first; the last one takes everybody else.
    eras: tuple[Era, ...]
    #: Puts family and given name together.
    full_name: Callable[[str, str], str]
    #: Name -> letters, for names that are not written in Latin script.
    romanized: Mapping[str, str]

    def people(self, random: Random, today: date) -> Iterator[Persona]:
        """Yield people, drawn with *random*, adult on *today*."""
        draw = random.random
        while True:
            born = birthdate(random, today)
            era = self._era(born.year)
            gender = Gender.MALE if draw() < 0.5 else Gender.FEMALE
            given_name = (era.male if gender is Gender.MALE else era.female).draw(draw())
            family_name = self.families.draw(draw())
            yield Persona(
                name=self.full_name(family_name, given_name),
                given_name=given_name,
                family_name=family_name,
                gender=gender,
                birthdate=born,
                locale=self.locale,
                local_part=self._local_part(family_name, given_name, draw(), draw()),
            )

    def _era(self, year: int) -> Era:
        return next((era for era in self.eras if year < era.born_before), self.eras[-1])

    def _local_part(self, family_name: str, given_name: str, u: float, v: float) -> str:
        family = self.romanized.get(family_name) or latin(family_name)
        given = self.romanized.get(given_name) or latin(given_name)
        word = WORDS[int(v * len(WORDS))]
        style, rest = divmod(u * 5, 1)
        digits = int(rest * 10_000)
        match int(style):
            case 0:
                return f"{given}.{family}.{word}{digits:04d}"
            case 1:
                return f"{given}{word}{digits:04d}"
            case 2:
                return f"{given[0]}{family}.{word}{digits:04d}"
            case 3:
                return f"{word}.{given}{digits:04d}"
            case _:
                return f"{given}_{family}_{word}{digits:04d}"

    def name_terms(self, family_name: str, given_name: str) -> NameTerms:
        """Return the shares of people with that family name and with that full name."""
        family = self.families.shares.get(family_name, self.families.commonest)
        given = self._given_shares.get(given_name, self._commonest_given)
        return NameTerms(family_name=family, name=family * given)

    @cached_property
    def _given_shares(self) -> Mapping[str, float]:
        """P(given name), over both sexes and all ages of :meth:`people`."""
        adults = Counter(self.eras.index(self._era(REFERENCE_YEAR - age)) for age in AGES)
        shares: defaultdict[str, float] = defaultdict(float)
        for index, count in adults.items():
            for part in (self.eras[index].male, self.eras[index].female):
                for name, share in part.shares.items():
                    shares[name] += share * count / (2 * len(AGES))
        return shares

    @cached_property
    def _commonest_given(self) -> float:
        return max(self._given_shares.values())

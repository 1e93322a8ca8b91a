"""Postal addresses, in the form in which notations of one door are equal.

Of fifteen notations for one flat, thirteen still differ after NFKC: 号楼, 栋 or 幢, hyphens, blanks
and 室 are decoration and carry no information, so they are taken out. A road, a number, a unit
stay.
"""

from __future__ import annotations

import re
import unicodedata

from ..errors import InvalidIdentifier
from ..messages import translate as _
from .text import settled, washed

_KIND = "address"
_LONGEST = 500
_COUNTRY = re.compile(r"[A-Za-z]{2}").fullmatch
_CHINESE = frozenset({"CN", "HK", "MO", "TW"})

# Anything that is no letter or digit, between two digits: 1-112 and 11-12 are two doors.
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[^\w]+(?=[0-9])|(?<=[0-9])_+(?=[0-9])")
_PUNCTUATION = re.compile(r"(?:(?<![0-9])|(?!-[0-9]))(?:[^\w]|_)")
_NUMERALS = "零〇一二三四五六七八九"
_NUMBER = re.compile(f"[{_NUMERALS}十百千]+")
_VALUES = {sign: max(index - 1, 0) for index, sign in enumerate(_NUMERALS)}
_POWERS = {"十": 10, "百": 100, "千": 1000}
_BUILDING = re.compile("号[楼栋幢]|號[樓棟]|[幢棟]")
_ROOM = re.compile("(?<=[0-9a-z])(?:号?[室房]间?)+")
_JAPANESE_PART = re.compile("(?<=[0-9])(?:丁目|番地|番|号室|号|室)")
_WORD = re.compile(r"[^\W\d_]+")
_STRASSE = re.compile(r"str(?:asse)?$")
_ABBREVIATIONS = {
    "apartment": "apt",
    "avenue": "ave",
    "boulevard": "blvd",
    "building": "bldg",
    "close": "cl",
    "court": "ct",
    "crescent": "cres",
    "drive": "dr",
    "east": "e",
    "floor": "fl",
    "gardens": "gdns",
    "highway": "hwy",
    "lane": "ln",
    "north": "n",
    "number": "no",
    "parkway": "pkwy",
    "place": "pl",
    "road": "rd",
    "room": "rm",
    "saint": "st",
    "south": "s",
    "square": "sq",
    "street": "st",
    "suite": "ste",
    "terrace": "ter",
    "west": "w",
}


def address(raw: str, *, country: str) -> str:
    """Return *raw* in the form used for matching; not for print.

    All countries: NFKC, case-folded, blanks and punctuation dropped, except that two numbers they
    separate stay apart, joined by one hyphen: ``1-112`` is not ``11-12``.

    * CN, HK, MO, TW: 号楼, 栋, 幢 become 栋; 单元 becomes 单; 室 and 房 after a number go; 汉字
      numerals become digits. ``"三号楼 2单元502室"`` and ``"3幢2单元５０２"`` are one.
    * JP: 丁目, 番, 番地, 号 become hyphens; 汉字 numerals become digits.
    * Others: the usual English abbreviations (Street, Apartment) and German ``straße``; ``#`` is
      ``apt``.

    Words are not looked up: a province left out, or a postcode written in front, makes another
    form.

    Args:
        raw: one line, as on a label.
        country: ISO 3166-1 alpha-2.

    Raises:
        InvalidIdentifier: nothing is left of it, it is over 500 characters, holds control
            characters, or *country* is no country code.
    """
    if not _COUNTRY(country):
        raise InvalidIdentifier(_KIND, _("its country is not a two-letter code"))
    country = country.upper()
    step = _chinese if country in _CHINESE else _japanese if country == "JP" else _western
    text = settled(step, washed(raw, kind=_KIND, longest=_LONGEST), kind=_KIND)
    if not any(character.isalnum() for character in text):
        raise InvalidIdentifier(_KIND, _("it is empty"))
    return text


def _plain(text: str) -> str:
    """Drop what is neither letter nor digit, keeping numbers apart."""
    if text.isalnum():
        return text
    return _PUNCTUATION.sub("", _BETWEEN_DIGITS.sub("-", text))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text.casefold())


def _chinese(text: str) -> str:
    text = _plain(_NUMBER.sub(_arabic, _folded(text)))
    text = _BUILDING.sub("栋", text).replace("单元", "单").replace("單元", "单")
    if "室" in text or "房" in text:
        text = _plain(_ROOM.sub(" ", text))
    return text


def _japanese(text: str) -> str:
    text = _NUMBER.sub(_arabic, _folded(text))
    return _plain(_JAPANESE_PART.sub(" ", _plain(text)))


def _western(text: str) -> str:
    text = _folded(text).replace("#", " apt ")
    return _plain(_WORD.sub(_abbreviated, text))


def _abbreviated(found: re.Match[str]) -> str:
    word = found[0]
    return _ABBREVIATIONS.get(word) or _STRASSE.sub("str", word)


def _arabic(found: re.Match[str]) -> str:
    """Return a Chinese numeral in digits: 十二 is 12, 一二 is 12, 三百零五 is 305."""
    numeral = found[0]
    if not _POWERS.keys() & set(numeral):
        return "".join([str(_VALUES[sign]) for sign in numeral])
    total = 0
    digit: int | None = None
    for sign in numeral:
        if power := _POWERS.get(sign):
            total += power * (1 if digit is None else digit)
            digit = None
        else:
            digit = (digit or 0) * 10 + _VALUES[sign]
    return str(total + (digit or 0))

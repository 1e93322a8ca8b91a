"""A unit added to a base address: a key that survives delivery, print and clean-up.

Courier and scribe drop or rewrite 号楼, 室, hyphens and blanks, so notation cannot tell canaries
apart; only an added token does. It goes where people of the country write it. The parcel still
comes, because street and house number are untouched and the owner's name list or porter knows the
unit.
"""

from __future__ import annotations

import re
from random import Random

from ..models import Address

_CHINESE = frozenset({"CN", "HK", "MO", "TW"})
_AFTER_THE_STREET = frozenset({"US", "CA", "PR"})
_GERMAN = frozenset({"DE", "AT", "CH", "LI"})

_CHINESE_ROOM = re.compile(
    r"(?:[室房户]|信箱|工位|(?:栋|幢|座|楼|单元|层|[0-9]+[-—－])\s*[0-9]{2,4}[A-Za-z]?)\s*$"
)
_CHINESE_UNIT = re.compile(r"单元\s*$")
_CHINESE_BUILDING = re.compile(
    r"(?:[0-9一二三四五六七八九十A-Za-z]+(?:号楼|栋|幢|座)|大厦|大楼|公寓)\s*$"
)
_WESTERN_UNIT = re.compile(
    r"\b(?:apt|apartment|flat|unit|suite|ste|room|rm|box|whg|wohnung|app|we|top)\b\.?\s*[0-9a-z]"
    r"|#\s*[0-9a-z]",
    re.IGNORECASE,
)
_JAPANESE_ROOM = re.compile(r"(?:室|[-－ー ][0-9]{3,4})\s*$")
_LETTERS = "ABCDEFGH"


def with_unit(base: Address, *, random: Random) -> Address:
    """Return *base* with a unit drawn for one canary, in the style of its country.

    * China: ``2单元502室`` behind a building, ``3栋2单元502室`` behind a compound or a number, in
      the usual mix of notations; behind a room a letter box or desk (``126号信箱``, ``B12工位``),
      since a second room would show.
    * GB, IE and other English-speaking countries put ``Flat 7`` or ``Unit 7`` in front, US and CA
      ``Apt 4B`` behind, Germany ``Whg. 12`` and Japan ``203号室`` behind. A base that already has a
      unit gets a room or box in it.

    ``street_address`` and ``formatted`` carry it; locality, region, postal code and country are
    untouched. Between 264 (a room in a given stairway) and several thousand units are distinct
    under :func:`honeytoken.normalize.address`; two draws may coincide, so the caller, who knows
    what is taken, draws again. An owner with few bases should know that a base used often is itself
    a tell.
    """
    if base.country in _CHINESE:
        token, in_front = _chinese(base.street_address, random), False
    elif base.country == "JP":
        token, in_front = _japanese(base.street_address, random), False
    elif base.country in _GERMAN:
        token, in_front = _german(base.street_address, random), False
    elif base.country in _AFTER_THE_STREET:
        token, in_front = _american(base.street_address, random), False
    else:
        token, in_front = _british(base.street_address, base.country, random), True
    street = _joined(base.street_address, token, in_front=in_front)
    formatted = _formatted(base, street, token, in_front)
    return Address(formatted, street, base.locality, base.region, base.postal_code, base.country)


def _joined(street: str, token: str, *, in_front: bool) -> str:
    return f"{token.strip(', ')}, {street.strip()}" if in_front else f"{street.rstrip()}{token}"


def _formatted(base: Address, street: str, token: str, in_front: bool) -> str:  # noqa: FBT001
    """Put the new street where the old one stood, else the token at the end people expect it."""
    head, found, tail = base.formatted.rpartition(base.street_address)
    if found:
        return f"{head}{street}{tail}"
    return _joined(base.formatted, token, in_front=in_front)


def _pick(u: float, *shares: float) -> int:
    """Return which of the shares *u* falls in; what they leave of 1 is the last one's."""
    for index, share in enumerate(shares):
        u -= share
        if u < 0:
            return index
    return len(shares)


def _chinese(street: str, random: Random) -> str:
    draw = random.random
    number, stair, style = 1 + int(draw() * 30), 1 + int(draw() * 4), draw()
    room = f"{1 + int(draw() * 33)}{1 + int(draw() * 8):02d}"
    if _CHINESE_ROOM.search(street):
        if style < 0.7:
            return f"{1 + int(draw() * 399)}号信箱"
        return f"{_LETTERS[int(draw() * 8)]}{1 + int(draw() * 60):02d}工位"
    if _CHINESE_UNIT.search(street):
        return f"{room}室" if style < 0.6 else room
    if _CHINESE_BUILDING.search(street):
        styles = (f"{stair}单元{room}室", f"{stair}单元{room}", f"{room}室")
        return styles[_pick(style, 0.4, 0.25)]
    match _pick(style, 0.27, 0.15, 0.18, 0.12, 0.16, 0.07):
        case 0:
            return f"{number}-{stair}-{room}"
        case 1:
            return f"{number}幢{stair}单元{1 + int(draw() * 6)}{1 + int(draw() * 4):02d}室"
        case 2:
            return f"{number}栋{room}"
        case 3:
            return f"{number}栋{stair}单元{room}"
        case 4:
            return f"{number}号楼{stair}单元{room}室"
        case 5:
            return f"{number}号楼{room}"
        case _:
            return f"{_LETTERS[int(draw() * 8)]}座{room}"


def _japanese(street: str, random: Random) -> str:
    if _JAPANESE_ROOM.search(street):
        return f" 宅配ボックス{1 + int(random.random() * 300)}"
    room = f"{1 + int(random.random() * 30)}{1 + int(random.random() * 15):02d}"
    return f" {room}号室" if random.random() < 0.6 else f" {room}"


def _german(street: str, random: Random) -> str:
    number = 1 + int(random.random() * 400)
    if _WESTERN_UNIT.search(street):
        return f", Zimmer {number}"
    styles = (f", Whg. {number}", f", App. {number}", f", WE {number}")
    return styles[_pick(random.random(), 0.5, 0.3)]


def _american(street: str, random: Random) -> str:
    floor, door = 1 + int(random.random() * 30), 1 + int(random.random() * 24)
    if _WESTERN_UNIT.search(street):
        return f" Box {1 + int(random.random() * 600)}"
    letter = "ABCDEFGHJKLMNPQRSTUVWXYZ"[door - 1]
    styles = (f" Apt {floor}{letter}", f" Apt {floor}{door:02d}", f" Unit {floor}{door:02d}")
    return styles[_pick(random.random(), 0.4, 0.3)]


def _british(street: str, country: str, random: Random) -> str:
    number = 1 + int(random.random() * 300)
    if _WESTERN_UNIT.search(street):
        return f"Room {number}"
    word = "Flat" if country in {"GB", "IE"} else "Unit"
    if random.random() < 0.7:
        return f"{word} {number}"
    return f"{word} {1 + number // 8}{_LETTERS[number % 8]}"

"""Personal values, shortened for a screen that others may see.

A field is personal where the record's dataclass leaves it out of ``repr``: there is one list of
them, in ``models``, and a new personal field is short here before anybody thinks of it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: A record as JSON holds it.
Plain = dict[str, object]

#: What makes a value short.
Shortener = Callable[[str], str]

_STARS = "****"
_CHINESE_PLACE = re.compile(
    r"(?:[^省市]{2,8}?(?:省|自治区|特别行政区))?[^省市]{2,8}?(?:市|自治州|地区|盟)"
)
_NUMBER = re.compile(r"\+?[\d\s().*#-]+")


def name(text: str) -> str:
    """Return ``"陈*"`` for ``"陈志远"`` and ``"E* C*"`` for ``"Emma Clarke"``."""
    return " ".join(f"{word[0]}*" for word in text.split()) or "*"


def phone_number(text: str) -> str:
    """Return ``"+44770****123"`` for ``"+447700900123"``; a company's short code stays whole."""
    digits = sum(c.isdigit() for c in text)
    if digits <= 6 and not text.startswith("+"):
        return text
    return f"{text[:6]}{_STARS}{text[-3:]}" if len(text) > 11 else f"{text[:3]}{_STARS}"


def domain(text: str) -> str:
    """Return ``"d***.example"`` for ``"deer.example"``."""
    first, dot, rest = text.partition(".")
    return f"{first[:1]}***{dot}{rest}"


def email(text: str) -> str:
    """Return ``"a***@d***.example"`` for ``"anna@deer.example"``."""
    local, _, host = text.rpartition("@")
    return f"{local[:1]}***@{domain(host)}"


def place(text: str) -> str:
    """Return the province and city of a Chinese address, of any other its first two characters."""
    found = _CHINESE_PLACE.match(text)
    return f"{found[0] if found else text[:2]}{_STARS}"


def reference(text: str) -> str:
    """Return ``"OR****17"`` for ``"ORDER-2026-0017"``."""
    return f"{text[:2]}{_STARS}{text[-2:]}" if len(text) > 7 else f"{text[:1]}{_STARS}"


def words(text: str) -> str:
    """Return the first two characters of *text*, or of less than four only one."""
    return f"{text[:2] if len(text) > 3 else text[:1]}***"


def sender(text: str) -> str:
    """Return *text* shortened as what it looks like: an e-mail address, a number or a name."""
    if "@" in text:
        return email(text.strip("<>").rpartition("<")[2])
    if _NUMBER.fullmatch(text):
        return phone_number(text)
    return words(text)


def value(text: str) -> str:
    """Return a contact point's *text* shortened: a number, a mail domain or an address."""
    if _NUMBER.fullmatch(text):
        return phone_number(text)
    return domain(text) if re.fullmatch(r"[^\s.]+(\.[^\s.]+)+", text) else place(text)


def _birthdate(text: str) -> str:
    return f"{text[:4]}-**-**"


def _stars(_text: str) -> str:
    return _STARS


_BY_FIELD: Mapping[str, Shortener] = {
    "name": name,
    "given_name": _stars,
    "family_name": name,
    "phone_number": phone_number,
    "email": email,
    "birthdate": _birthdate,
    "gender": _stars,
    "formatted": place,
    "street_address": _stars,
    "locality": place,
    "region": str,
    "postal_code": words,
    "value": value,
    "sender": sender,
    "recipient": sender,
    "call_back": sender,
    "reference": reference,
    "asked_for": name,
}


def plain(record: object, *, reveal: bool = False) -> Plain:
    """Return the fields of a *record* as JSON holds them, personal ones shortened unless *reveal*.

    Args:
        record: a dataclass of ``models``, or of a room that follows its ``repr`` rule.
        reveal: True leaves every value whole; the caller has then recorded it in the ledger.
    """
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        raise TypeError(type(record).__name__)
    return {
        name: _plain(getattr(record, name), name, hide=personal and not reveal, reveal=reveal)
        for name, personal in _fields(type(record))
    }


@cache
def _fields(kind: type[DataclassInstance]) -> tuple[tuple[str, bool], ...]:
    """Return the names of a record's fields, and which are personal."""
    return tuple((field.name, not field.repr) for field in dataclasses.fields(kind))


def _plain(found: object, field: str, *, hide: bool, reveal: bool) -> object:
    """Return one value as JSON holds it; *hide* is about it, *reveal* about records inside it."""
    if found is None or isinstance(found, bool):
        return found
    if dataclasses.is_dataclass(found):
        return plain(found, reveal=reveal)
    if isinstance(found, Mapping):
        return {
            str(key): _plain(inner, str(key), hide=hide, reveal=reveal)
            for key, inner in found.items()
        }
    if isinstance(found, (tuple, list, set, frozenset)):
        return [_plain(inner, field, hide=hide, reveal=reveal) for inner in found]
    if isinstance(found, (int, float)):
        return _STARS if hide else found
    text = _text(found)
    return _BY_FIELD.get(field, words)(text) if hide and text else text


def _text(found: object) -> str:
    if isinstance(found, Enum):
        return str(found.value)
    if isinstance(found, datetime):
        return when(found)
    if isinstance(found, date):
        return found.isoformat()
    if isinstance(found, bytes):
        return found.hex()
    return str(found)


def when(at: datetime) -> str:
    """Return a time as ISO 8601 in UTC: ``"2026-03-02T09:14:07Z"``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"

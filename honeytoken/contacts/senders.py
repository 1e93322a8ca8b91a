"""Expected senders: numbers, prefixes, signatures and mail domains a channel writes or rings from.

A claimed sender proves nothing: caller ids and SMS senders are forged with ease. It only tells
which contacts may be what they say. Pure rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache

from .. import normalize

_SIGNATURE = re.compile(r"【([^【】]{1,60})】").fullmatch
_PREFIX = re.compile(r"(\+?)([0-9 ().\-]{1,30})\*").fullmatch
_DOMAIN = re.compile(r"@?((?:[\w-]{1,63}\.)+[^\W\d][\w-]{1,62})").fullmatch
_HOST = re.compile(r"(?:[a-z]{2,8}://)?(?:[^/?#@]{0,200}@)?([^/?#:]{1,253})", re.IGNORECASE).match
_NOT_DIGITS = re.compile("[^0-9]")


class Kind(StrEnum):
    """What an expected sender is."""

    SIGNATURE = "signature"
    PREFIX = "prefix"
    DOMAIN = "domain"
    NUMBER = "number"


def kind(pattern: str) -> Kind:
    """Return what a pattern is: ``【圆通速递】``, ``95338*``, ``northbound.example``, a number."""
    if pattern.startswith("【"):
        return Kind.SIGNATURE
    if pattern.endswith("*"):
        return Kind.PREFIX
    return Kind.DOMAIN if _DOMAIN(pattern) else Kind.NUMBER


def canonical(pattern: str, *, region: str) -> str:
    """Return a pattern as senders are compared with it; ``""`` if nothing could ever match it.

    Prefixes are digits (after ``+`` if that was written), numbers as ``normalize.sender`` gives
    them, domains and signatures in NFKC without regard to case.
    """
    match kind(pattern):
        case Kind.SIGNATURE:
            found = _SIGNATURE(pattern)
            return _folded(found[1]) if found else ""
        case Kind.PREFIX:
            prefix = _PREFIX(unicodedata.normalize("NFKC", pattern))
            digits = _NOT_DIGITS.sub("", prefix[2]) if prefix else ""
            return f"{prefix[1]}{digits}" if prefix and digits else ""
        case Kind.DOMAIN:
            return _folded(pattern.removeprefix("@"))
        case _:
            return normalize.sender(pattern, region=region)


def knows_number(patterns: Iterable[str], sender: str, *, region: str) -> bool:
    """Tell whether a sender, as ``normalize.sender`` gives it, is a number or prefix of these."""
    if not sender:
        return False
    for pattern in patterns:
        which = kind(pattern)
        if which is Kind.NUMBER:
            if sender in (pattern, canonical(pattern, region=region)):
                return True
        elif which is Kind.PREFIX and (prefix := canonical(pattern, region=region)):
            if sender.startswith(prefix):
                return True
            # ``400820*`` is how it is written at home, ``+86400820...`` how it arrives.
            abroad = sender[0] == "+" and prefix[0] != "+"
            if abroad and sender.startswith(_international(prefix, region)):
                return True
    return False


def knows_signature(patterns: Iterable[str], signature: str | None) -> bool:
    """Tell whether the name in a text's ``【...】`` is one of these."""
    if not signature:
        return False
    folded = _folded(signature)
    return any(
        kind(pattern) is Kind.SIGNATURE and canonical(pattern, region="CN") == folded
        for pattern in patterns
    )


def knows_domain(patterns: Iterable[str], domain: str | None) -> bool:
    """Tell whether a domain is one of these, or below one."""
    if not domain:
        return False
    folded = _folded(domain).rstrip(".")
    return any(
        kind(pattern) is Kind.DOMAIN
        and (folded == (known := canonical(pattern, region="CN")) or folded.endswith(f".{known}"))
        for pattern in patterns
    )


def knows_link(patterns: Sequence[str], link: str) -> bool:
    """Tell whether a web address leads to one of these domains."""
    found = _HOST(re.sub("[。｡]", ".", link))
    return found is not None and knows_domain(patterns, found[1])


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


@cache
def _international(prefix: str, region: str) -> str:
    import phonenumbers

    return f"+{phonenumbers.country_code_for_region(region.upper())}{prefix.removeprefix('0')}"

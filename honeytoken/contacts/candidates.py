"""Which canaries a contact may be of, and which of their fields it showed. Pure rules.

Weights are natural logarithms of m / u (Fellegi & Sunter, 1969): m, the chance that the field is
seen so if the contact is of this canary; u, the chance that a stranger's contact shows it. For
names u is the share of the population that carries it: a rare name says much, 王 hardly anything.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .. import normalize, personas
from ..errors import InvalidIdentifier
from ..models import Canary, Candidate, ContactNote, FieldMatch, Identity, Medium, NameTerms

# Starting values, a judgement and not measured: facts on record linkage, docs/contacts.md.
_M_WRITTEN = 0.95
_M_SPOKEN = 0.90
_M_EXACT = 0.98
#: A number or an alias that nobody published, met by chance.
_U_EXACT = 1e-6
_SMALLEST_SHARE = 1e-7
_VIA_WEIGHT = math.log(_M_EXACT / _U_EXACT)
#: A shorter canonical address stands in any text.
_SHORTEST_ADDRESS = 4

_TITLE = re.compile(r"先生|女士|小姐|太太|老师|经理|总")
_LATIN_TITLES = ("mr", "mrs", "ms", "miss", "dr", "herr", "frau")


def claimed_sender(sender: str | None, *, medium: Medium, region: str) -> str:
    """Return the canonical form of a claimed sender, ``""`` if there is none; never raises."""
    if not sender:
        return ""
    if medium is Medium.EMAIL:
        try:
            return normalize.email(sender)
        except InvalidIdentifier:
            return sender.strip().casefold()
    return normalize.sender(sender, region=region)


@dataclass(frozen=True, slots=True)
class Sought:
    """A canary as texts are searched for it: its name and address in the form of the search."""

    canary: Canary
    terms: NameTerms
    name: str = field(repr=False)
    family_name: str = field(repr=False)
    #: Whole name in the orders it is written in; empty for scripts without blanks.
    latin_forms: tuple[str, ...] = field(repr=False)
    #: Canonical street address, ``""`` if there is none that could be recognised.
    street_address: str = field(repr=False)


def sought(canary: Canary) -> Sought:
    """Return *canary* made ready for :func:`find`."""
    identity = canary.identity
    name, family = _plain(identity.name), _plain(identity.family_name)
    forms: tuple[str, ...] = ()
    if _is_latin(name):
        given = _plain(identity.given_name)
        forms = tuple(dict.fromkeys((name, f"{family} {given}", f"{family}, {given}")))
    return Sought(
        canary=canary,
        terms=personas.name_terms(identity),
        name=name if forms else name.replace(" ", ""),
        family_name=family,
        latin_forms=tuple(form for form in forms if len(form) > 1),
        street_address=_street_address(identity),
    )


def _street_address(identity: Identity) -> str:
    if identity.address is None:
        return ""
    found = normalize.address(identity.address.street_address, country=identity.address.country)
    return found if len(found) >= _SHORTEST_ADDRESS else ""


def find(
    canaries: Iterable[Sought],
    *,
    via: str | None,
    texts: Sequence[str],
    notes: Sequence[ContactNote],
) -> tuple[Candidate, ...]:
    """Return the candidates of a contact with the fields each was seen by.

    Args:
        canaries: those found under the identifier that was reached, or named by the owner.
        via: the ``Identity`` field that was reached (``"phone_number"``, ``"email"``,
            ``"address"``), or ``None`` if a person says which canary it was.
        texts: subject and body.
        notes: what a person wrote down.
    """
    written = [_plain(text) for text in texts if text]
    asked = [_plain(note.asked_for) for note in notes if note.asked_for]
    told = [_plain(note.knew) for note in notes if note.knew]
    return tuple(
        Candidate(item.canary.id, tuple(_matches(item, via, written, asked, told)))
        for item in canaries
    )


def _matches(
    item: Sought,
    via: str | None,
    written: Sequence[str],
    asked: Sequence[str],
    told: Sequence[str],
) -> Iterable[FieldMatch]:
    terms = item.terms
    if via is not None:
        yield FieldMatch(via, "full", _VIA_WEIGHT)
    if written and any(_has_name(item, text) for text in written):
        yield FieldMatch("name", "full", _weight(_M_WRITTEN, terms.name))
    elif any(_has_name(item, text) for text in asked):
        yield FieldMatch("name", "spoken", _weight(_M_SPOKEN, terms.name))
    elif any(_has_family_name(item.family_name, text) for text in written):
        yield FieldMatch("family_name", "full", _weight(_M_WRITTEN, terms.family_name))
    elif any(_has_family_name(item.family_name, text) for text in asked):
        yield FieldMatch("family_name", "spoken", _weight(_M_SPOKEN, terms.family_name))
    elif asked:
        # Asked for somebody else: a recycled number, or another canary of a shared one.
        other = math.log((1 - _M_SPOKEN) / (1 - max(terms.name, _SMALLEST_SHARE)))
        yield FieldMatch("name", "conflicting", other)
    if item.street_address and _knows_address(item, (*written, *told)):
        yield FieldMatch("address", "full", math.log(_M_WRITTEN / _U_EXACT))


def _weight(m: float, share: float) -> float:
    return math.log(m / max(share, _SMALLEST_SHARE))


def _plain(text: str) -> str:
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(folded.casefold().split())


def _has_name(item: Sought, text: str) -> bool:
    if item.latin_forms:
        # Whoever has no surname in it needs no pattern: compiling one costs more than looking.
        return item.family_name in text and any(
            form in text and re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text) is not None
            for form in item.latin_forms
        )
    return len(item.name) > 1 and item.name in text.replace(" ", "")


def _has_family_name(family: str, text: str) -> bool:
    """Tell whether the surname stands with a title: a bare 王 is part of any other word."""
    if not family or family not in text:
        return False
    if _is_latin(family):
        titles = "|".join(_LATIN_TITLES)
        return re.search(rf"(?<!\w)(?:{titles})\.? {re.escape(family)}(?!\w)", text) is not None
    return re.search(rf"{re.escape(family)}\s?(?:{_TITLE.pattern})", text) is not None


def _is_latin(text: str) -> bool:
    return text.isascii() or "LATIN" in unicodedata.name(text[0], "")


def _knows_address(item: Sought, texts: Iterable[str]) -> bool:
    address = item.canary.identity.address
    if address is None:
        return False
    return any(
        item.street_address in normalize.address(text, country=address.country) for text in texts
    )

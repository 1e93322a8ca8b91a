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

from .. import normalize
from ..errors import InvalidIdentifier
from ..models import Canary, Candidate, ContactNote, FieldMatch, Identity, Medium, NameTerms

# Starting values, a judgement and not measured: facts on record linkage, docs/contacts.md.
_M_WRITTEN = 0.95
_M_SPOKEN = 0.90
_M_EXACT = 0.98
#: A number or an alias that nobody published, met by chance.
_U_EXACT = 1e-6
_SMALLEST_SHARE = 1e-7

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


def find(
    canaries: Iterable[tuple[Canary, NameTerms]],
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
    return tuple(
        Candidate(canary.id, tuple(_matches(canary.identity, terms, via, texts, notes)))
        for canary, terms in canaries
    )


def _matches(
    identity: Identity,
    terms: NameTerms,
    via: str | None,
    texts: Sequence[str],
    notes: Sequence[ContactNote],
) -> Iterable[FieldMatch]:
    if via is not None:
        yield FieldMatch(via, "full", math.log(_M_EXACT / _U_EXACT))
    written = [_plain(text) for text in texts if text]
    asked = [_plain(note.asked_for) for note in notes if note.asked_for]
    if any(_has_name(identity, text) for text in written):
        yield FieldMatch("name", "full", _weight(_M_WRITTEN, terms.name))
    elif any(_has_name(identity, text) for text in asked):
        yield FieldMatch("name", "spoken", _weight(_M_SPOKEN, terms.name))
    elif any(_has_family_name(identity, text) for text in written):
        yield FieldMatch("family_name", "full", _weight(_M_WRITTEN, terms.family_name))
    elif any(_has_family_name(identity, text) for text in asked):
        yield FieldMatch("family_name", "spoken", _weight(_M_SPOKEN, terms.family_name))
    elif asked:
        # Asked for somebody else: a recycled number, or another canary of a shared one.
        other = math.log((1 - _M_SPOKEN) / (1 - max(terms.name, _SMALLEST_SHARE)))
        yield FieldMatch("name", "conflicting", other)
    if identity.address is not None and _knows_address(identity, written, notes):
        yield FieldMatch("address", "full", math.log(_M_WRITTEN / _U_EXACT))


def _weight(m: float, share: float) -> float:
    return math.log(m / max(share, _SMALLEST_SHARE))


def _plain(text: str) -> str:
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(folded.casefold().split())


def _has_name(identity: Identity, text: str) -> bool:
    name = _plain(identity.name)
    if _is_latin(name):
        given, family = _plain(identity.given_name), _plain(identity.family_name)
        return any(
            # Compiling a pattern costs more than looking whether the words are there at all.
            form in text and re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text)
            for form in (name, f"{family} {given}", f"{family}, {given}")
            if len(form) > 1
        )
    return len(name) > 1 and name.replace(" ", "") in text.replace(" ", "")


def _has_family_name(identity: Identity, text: str) -> bool:
    """Tell whether the surname stands with a title: a bare 王 is part of any other word."""
    family = _plain(identity.family_name)
    if not family or family not in text:
        return False
    if _is_latin(family):
        titles = "|".join(_LATIN_TITLES)
        return re.search(rf"(?<!\w)(?:{titles})\.? {re.escape(family)}(?!\w)", text) is not None
    return re.search(rf"{re.escape(family)}\s?(?:{_TITLE.pattern})", text) is not None


def _is_latin(text: str) -> bool:
    return text.isascii() or "LATIN" in unicodedata.name(text[0], "")


def _knows_address(
    identity: Identity, written: Sequence[str], notes: Sequence[ContactNote]
) -> bool:
    if identity.address is None:
        return False
    country = identity.address.country
    wanted = normalize.address(identity.address.street_address, country=country)
    if len(wanted) < 4:
        return False
    told = [_plain(note.knew) for note in notes if note.knew]
    return any(
        wanted in normalize.address(text, country=country) for text in (*written, *told) if text
    )

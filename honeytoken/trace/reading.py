"""How one sighting reads: of which canaries, naming them or not, and how rare that is by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..models import Candidate, FieldForm, FieldMatch, Medium, NameTerms, View
from .exposure import Plantings, shown
from .sift import CONTACT_MEDIA, Counted, points

#: A stranger asks for exactly this name, where neither likelihood ratio nor name terms are known.
UNKNOWN_NAME = 0.02
#: No match is believed to be rarer than this by chance, however long the alias.
RAREST = 1e-6
#: Asking for somebody else speaks for a stranger by at most this factor.
SOMEBODY_ELSE = 50.0
BY_NUMBER = frozenset({Medium.CALL, Medium.SMS})

Cell = tuple[str, str | int]


@dataclass(frozen=True, slots=True)
class Reading:
    """How one sighting reads: named or bare, its weighted canaries, how rare it is by chance."""

    named: bool
    cells: tuple[Cell, ...]
    #: canary -> weight relative to the best candidate.
    weights: dict[int, float]
    #: Probability that a stranger's contact looks like this; above 1 where it contradicts.
    chance: float


def _telling(candidate: Candidate, *, by_contact: bool) -> tuple[FieldMatch, ...]:
    """Return the matches that say who was meant.

    Whoever contacts a number has it, so it says nothing more; a file or a tale arrives nowhere,
    and there the number is one more field that fits.
    """
    if not by_contact:
        return candidate.matches
    return tuple(match for match in candidate.matches if match.field != "phone_number")


def _chance(matches: tuple[FieldMatch, ...], ratio: float, terms: NameTerms | None) -> float:
    """Return the probability that a stranger's contact shows *matches*, from *ratio* and terms."""
    fields = {match.field for match in matches}
    known = 0.0
    if terms is not None and fields == {"name"}:
        known = terms.name
    elif terms is not None and fields == {"family_name"}:
        known = terms.family_name
    by_ratio = math.exp(-ratio) if ratio > 0 else known or UNKNOWN_NAME
    return min(1.0, max(RAREST, by_ratio, known))


def by_contact_point(item: Counted) -> bool:
    """True if it arrived somewhere; False for a file or a tale."""
    return item.sighting.medium in CONTACT_MEDIA or item.sighting.contact_point_id is not None


def _ratio(matches: tuple[FieldMatch, ...]) -> float:
    """Return the log likelihood ratio of *matches* together, within what can be believed."""
    ratios = [match.log_likelihood_ratio for match in matches]
    return sum(max(-30.0, min(30.0, ratio)) for ratio in ratios if not math.isnan(ratio))


def read(item: Counted, plantings: Plantings, terms: dict[str, NameTerms | None]) -> Reading:
    """Return how *item* reads.

    Args:
        item: the sighting and its candidates.
        plantings: where the canaries are.
        terms: canary id -> how common its name is.
    """
    ratios: dict[int, float] = {}
    matches: dict[int, tuple[FieldMatch, ...]] = {}
    against = 0.0
    for candidate in item.candidates:
        telling = _telling(candidate, by_contact=by_contact_point(item))
        ratio = _ratio(telling)
        if telling and ratio >= 0:
            position = plantings.position[candidate.canary_id]
            ratios[position], matches[position] = ratio, telling
        against = min(against, ratio)
    if ratios:
        best = max(ratios.values())
        weights = {i: math.exp(ratio - best) for i, ratio in ratios.items()}
        top = sorted(i for i, ratio in ratios.items() if ratio == best)
        chance = max(_chance(matches[i], best, terms.get(plantings.canaries[i])) for i in top)
        return Reading(
            named=True, cells=tuple(("named", i) for i in top), weights=weights, chance=chance
        )
    members = sorted(plantings.position[c.canary_id] for c in item.candidates)
    arrived_at = points(item, plantings)
    cells: list[Cell] = [("bare", p) for p in arrived_at if p in plantings.sharing]
    if not cells:
        cells = [("named", i) for i in members]
    # Asked for somebody else: as much likelier from a stranger as it is unlikelier from the leak.
    return Reading(
        named=False,
        cells=tuple(cells),
        weights=dict.fromkeys(members, 1.0),
        chance=math.exp(min(-against, math.log(SOMEBODY_ELSE))),
    )


def allows(view: View, candidate: Candidate, *, by_number: bool) -> bool:
    """True if who saw *view* could have passed on what the sighting shows of *candidate*."""
    if shown(view, "name") is FieldForm.ABSENT and any(
        match.field in ("family_name", "given_name") for match in candidate.matches
    ):
        return False
    forms = {m.field: m.form for m in candidate.matches if m.form != "conflicting"}
    if by_number:
        forms.setdefault("phone_number", "full")
    for field, form in forms.items():
        seen = shown(view, field)
        if form == "relay" or seen is FieldForm.RELAY:
            if form != seen.value:
                return False
        elif seen is FieldForm.ABSENT or (seen is FieldForm.MASKED and form != "masked"):
            return False
    return True

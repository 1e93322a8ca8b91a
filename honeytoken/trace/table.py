"""Placements and sightings as one table: hit rows against channels, and what stayed silent.

A *cell* is one thing that may be contacted: the *bare* cell of a number (somebody rang it, no more)
and the *named* cell of a canary (somebody also knew its name, e-mail or address). A leak through a
channel reaches the cells of its canaries in the shares of :class:`Shares`. A cell is hit or silent;
repeats add nothing. Sightings that fit several canaries equally well make one row over their cells;
less likely candidates enter it with the ratio of their likelihoods.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..models import Candidate, NameTerms
from .exposure import Floats, Ints, Plantings
from .reading import BY_NUMBER, Cell, Reading, allows, by_contact_point, read
from .sift import Counted, Sifted, covers

#: Probability that a name is heard or written wrongly.
MISHEARD = 0.1
#: A candidate this likely beside the best one counts as reached.
LIKELY = 0.1
#: Share of the buyers of a list who dial about as many numbers again at random.
ROAMING = 0.05
#: A clean campaign divides a row's background by at most three: controls may not be quite like
#: the planted numbers.
SHARPEST = 1 / 3
#: Strength (in contacts) with which a number's own history holds on to the common rate.
SHRINKAGE = 1.0

_FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class Shares:
    """How a leak's contacts divide over a canary's cells; they add up to 1."""

    #: Share of contacts that carry a name, estimated from the contacts (+1/+2 smoothing).
    named: float

    def bare(self, sharing: int) -> float:
        """Share that hits the number's bare cell, when *sharing* canaries carry the number."""
        # Alone on its number, a canary's misheard name fits nobody: the contact is bare.
        return 1 - (self.named if sharing > 1 else self.own(sharing))

    def own(self, sharing: int) -> float:
        """Share that hits the canary's own named cell; all of it for a canary without number."""
        return self.named * (1 - MISHEARD) if sharing else 1.0

    def other(self, sharing: int) -> float:
        """Share that hits, misheard, the named cell of each other canary on the number."""
        return self.named * MISHEARD / (sharing - 1) if sharing > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """What inference needs. ``J`` channels, ``R`` hit rows, ``K`` nodes of the background rate."""

    #: Per row: positions of the channels that may have caused it, and their exposure.
    rows: tuple[tuple[Ints, Floats], ...]
    #: Per row: the sightings in it.
    sightings: tuple[tuple[Counted, ...], ...]
    #: Sighting id -> the canaries it is likely of (at least :data:`LIKELY` of the best candidate).
    meant: dict[str, tuple[int, ...]]
    #: (J) exposure in silent cells: ``c_j``.
    silent: Floats
    #: (R) and total: the same for somebody undeclared.
    undeclared: Floats
    undeclared_silent: float
    #: (K, R) background of the hit rows; (K) of the silent cells together.
    background: Floats
    background_silent: Floats
    #: (K) logarithm of the nodes' weights.
    node_weights: Floats
    #: Phone number -> (K) its background.
    numbers: dict[str, Floats]


@dataclass(slots=True)
class _Row:
    """A hit row being built: its sightings and how each sees the candidates."""

    cells: tuple[Cell, ...]
    sightings: list[Counted]


def _group_rows(items: Sequence[tuple[Counted, Reading]]) -> list[_Row]:
    """Put sightings of the same cells together, the sharpest first, so that repeats add nothing."""
    rows: list[_Row] = []
    at: dict[Cell, _Row] = {}
    ordered = sorted(items, key=lambda x: (len(x[1].cells), x[0].at, x[0].sighting.id))
    for item, reading in ordered:
        row = next((at[cell] for cell in reading.cells if cell in at), None)
        if row is None:
            row = _Row(reading.cells, [])
            rows.append(row)
            for cell in reading.cells:
                at[cell] = row
        row.sightings.append(item)
    return rows


class Tabulator:
    """Makes :class:`Table` of plantings and sifted sightings.

    ``prior`` is that of one channel, ``background`` scales the rate.
    """

    def __init__(
        self,
        plantings: Plantings,
        sifted: Sifted,
        terms: dict[str, NameTerms | None],
        *,
        prior: float,
        background: float = 1.0,
    ) -> None:
        self.plantings = plantings
        self.sifted = sifted
        self.terms = terms
        rates, self.node_weights = sifted.background.nodes()
        self.rates = rates * background
        self.readings = {c.sighting.id: read(c, plantings, terms) for c in sifted.counted}
        self.covers = covers(sifted.counted, plantings)
        self.prior = prior
        self.rows = _group_rows([(c, self.readings[c.sighting.id]) for c in sifted.counted])
        named = sum(1 for row in self.rows if row.cells[0][0] == "named")
        self.shares = Shares((named + 1) / (len(self.rows) + 2))
        self.numbers = {p: self._rate(p) * self._days(p) for p in plantings.sharing}

    def _rate(self, point: str | None) -> Floats:
        """Return a number's rate at each node, shrunk from its own history to the common rate."""
        contacts, days = self.sifted.histories.get(point or "", (0, 0.0))
        shrunk: Floats = (contacts + SHRINKAGE) / (days + SHRINKAGE / self.rates)
        return shrunk

    def _days(self, point: str) -> float:
        return self.plantings.length - max(0.0, self.plantings.planted_at[point])

    def _sharing(self, canary: int) -> int:
        """Return how many canaries carry the number of *canary*; 0 if it has none."""
        point = self.plantings.number[canary]
        return len(self.plantings.sharing[point]) if point is not None else 0

    def _plain(self, item: Counted, reading: Reading) -> Floats:
        """Return the expected stranger's contacts at the row, before asking what they say."""
        kind, where = reading.cells[0]
        point = where if kind == "bare" else self.plantings.number[int(where)]
        if not by_contact_point(item):
            return np.ones_like(self.rates)
        if isinstance(point, str):
            return self.numbers[point]
        since = max(0.0, float(self.plantings.first_at[int(where)]))
        return self.rates * (self.plantings.length - since)

    def _campaign(self, item: Counted, plain: Floats) -> Floats:
        """Return the background of a row hit by a campaign over several numbers.

        Random dialling over ``h`` numbers would probably have touched a control. With ``esc`` the
        chance that one number is not a control, ``X = (n_bad + 1/2) esc^h / (1 - esc^h)`` such
        campaigns are expected to have escaped (never more than the rate allows); one of them
        hits a given number of the ``n`` with probability ``h / n``. Against that stands a
        buyer of ``c`` lists that explain ``m`` of the numbers, who dialled the others at random
        (:data:`ROAMING`). A campaign is one event, so its rows share the odds evenly:
        ``b = (X (h/n)^h / (roaming^(h - m) prior^(c - 1)))^(1/m)``, for the best ``c``.

        Where strangers ring often, a number is rung by several, and the most telling of them is a
        choice: ``b`` is raised by the mean number of contacts of a number that got any, and stays
        above a fraction (:data:`SHARPEST`) of the plain background.
        """
        touched, *explained = self.covers.get(item.campaign, (0,))
        controls, planted = self.sifted.background.controls, len(self.plantings.sharing)
        if touched < 2 or touched > planted:
            return plain
        escape = (planted / (planted + controls)) ** touched
        most = (self.sifted.diallers + 0.5) * escape / (1 - escape) if controls else math.inf
        dialled = np.log(np.maximum(np.minimum(most, plain * planted / touched), _FLOOR))
        dialled += touched * math.log(touched / planted)
        if not item.declared:
            return np.maximum(np.exp(dialled / touched), plain)
        roaming = math.log(ROAMING * touched / planted)
        best = np.full_like(plain, 1.0)
        for extra, m in enumerate(explained):
            if m:
                against = roaming * (touched - m) + math.log(self.prior) * extra
                best = np.minimum(best, np.exp((dialled - against) / m))
        return np.maximum(best * plain / -np.expm1(-plain), plain * SHARPEST)

    def _row_background(self, row: _Row) -> Floats:
        """Return the row's background: that of its most telling sighting."""
        least = np.full_like(self.rates, np.inf)
        for item in row.sightings:
            reading = self.readings[item.sighting.id]
            found = self._campaign(item, self._plain(item, reading)) * reading.chance
            least = np.minimum(least, found)
        return np.maximum(least, _FLOOR)

    def _shares_of(self, item: Counted) -> dict[int, float]:
        """Return canary -> share of its leak's contacts that would look like this sighting."""
        reading = self.readings[item.sighting.id]
        if not reading.named:
            return {i: self.shares.bare(self._sharing(i)) or 1.0 for i in reading.weights}
        shares = {i: w * self.shares.own(self._sharing(i)) for i, w in reading.weights.items()}
        for _kind, canary in reading.cells:
            point = self.plantings.number[int(canary)]
            for other in self.plantings.sharing.get(point, ()) if point is not None else ():
                if other != canary:
                    misheard = self.shares.other(self._sharing(other))
                    shares[other] = max(shares.get(other, 0.0), misheard)
        return shares

    def _support(self, row: _Row) -> tuple[Ints, Floats, dict[int, float]]:
        """Return (pairs, their share) that may have caused the row, and canary -> share."""
        p = self.plantings
        by_pair: dict[int, Floats] = {}
        by_canary: dict[int, float] = {}
        # Sightings that read alike differ only in time: the latest allows the most placements.
        latest: dict[tuple[object, ...], Counted] = {}
        for item in row.sightings:
            by_number = item.sighting.medium in BY_NUMBER
            latest[(by_number, item.declared, item.sighting.contact_point_id, item.candidates)] = (
                item
            )
        for item in latest.values():
            matches = {p.position[c.canary_id]: c for c in item.candidates}
            for canary, share in self._shares_of(item).items():
                pairs = p.pairs[canary]
                before = p.at[pairs] < item.at
                candidate = matches.get(canary, Candidate(p.canaries[canary], ()))
                allowed = self._allowed(pairs, candidate, item)
                support = np.where(before & allowed, share if item.declared else 0.0, 0.0)
                held = by_pair.get(canary)
                by_pair[canary] = support if held is None else np.maximum(held, support)
                if p.first_at[canary] < item.at:
                    by_canary[canary] = max(by_canary.get(canary, 0.0), share)
        canaries = sorted(by_pair)
        indices = np.concatenate([p.pairs[i] for i in canaries])
        return indices, np.concatenate([by_pair[i] for i in canaries]), by_canary

    def _allowed(self, pairs: Ints, candidate: Candidate, item: Counted) -> NDArray[np.bool_]:
        """Return which of *pairs* knew what the sighting shows."""
        p = self.plantings
        point = item.sighting.contact_point_id
        by_number = item.sighting.medium in BY_NUMBER or (
            point is not None and point == p.number[p.position[candidate.canary_id]]
        )
        unviewed = allows({}, candidate, by_number=by_number)
        allowed = np.full(len(pairs), unviewed)
        for i in np.flatnonzero(p.viewed[pairs]).tolist():
            allowed[i] = allows(p.views[int(pairs[i])], candidate, by_number=by_number)
        return allowed

    def table(self) -> Table:
        """Return the table."""
        p = self.plantings
        size = len(p.channels)
        silent = np.bincount(p.channel, weights=p.silence, minlength=size).astype(np.float64)
        undeclared_silent = float(p.first_silence.sum())
        rows: list[tuple[Ints, Floats]] = []
        undeclared = np.zeros(len(self.rows))
        # A stranger's call while riders were awaited would not have counted either.
        quiet = {point: self._rate(point) * days for point, days in p.listened.items()}
        for r, row in enumerate(self.rows):
            pairs, share, by_canary = self._support(row)
            exposure = np.bincount(
                p.channel[pairs], weights=share * p.contacts[pairs], minlength=size
            ).astype(np.float64)
            channels = np.flatnonzero(exposure)
            rows.append((channels, exposure[channels]))
            silent -= np.bincount(
                p.channel[pairs], weights=share * p.silence[pairs], minlength=size
            )
            for canary, part in by_canary.items():
                undeclared[r] += part * p.first_contacts[canary]
                undeclared_silent -= part * float(p.first_silence[canary])
            for kind, where in row.cells:
                if kind == "bare":
                    quiet.pop(str(where), None)
        nodes = np.zeros_like(self.rates)
        return Table(
            rows=tuple(rows),
            sightings=tuple(tuple(row.sightings) for row in self.rows),
            meant={
                name: tuple(i for i, w in sorted(reading.weights.items()) if w >= LIKELY)
                for name, reading in self.readings.items()
            },
            silent=np.maximum(silent, 0.0),
            undeclared=undeclared,
            undeclared_silent=max(undeclared_silent, 0.0),
            background=np.array([self._row_background(row) for row in self.rows])
            .reshape(len(self.rows), len(nodes))
            .T,
            background_silent=np.add.reduce([nodes, *(quiet[key] for key in sorted(quiet))]),
            node_weights=self.node_weights,
            numbers=self.numbers,
        )

"""From evidence to a trace: the one public verb of this room."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ..errors import InvalidInput
from ..messages import translate as _
from ..models import Attribution, Evidence, NameTerms, Permission, Sensitivity, Trace
from .component import LEVELS, log_hit
from .exposure import Floats, Ints, Plantings, plantings
from .inference import Columns, Posterior, infer, prior_log_odds, sigmoid, single_prior
from .rules import SUSPECT_POSTERIOR, Case, judge, permission
from .separate import separate
from .sift import Sifted, sift
from .table import Table, Tabulator

#: Factors of the sensitivity line: expected leaks up and down, background up.
PRIOR_FACTORS = (3.0, 1 / 3)
BACKGROUND_FACTOR = 3.0


def attribute(evidence: Evidence) -> Trace:
    """Return through which channels the data most probably went out, and how sure that is.

    Pure and deterministic: no clock, no store, no chance; the order of the records does not matter.
    The model is in :mod:`.inference`, what counts as evidence in :mod:`.sift`, the rules of the
    verdict in :mod:`.rules`, all of it in words in ``docs/trace.md``.

    Args:
        evidence: placements, sightings, controls and the window, without any personal data.

    Returns:
        one attribution per channel, or per group of channels that the placements cannot separate,
        highest posterior first. Every number is finite.

    Raises:
        InvalidInput: the window is empty, the prior is not a positive number, or a control's
            exposure is not a number of days.
    """
    _check(evidence)
    return _Tracer(evidence).trace()


def _check(evidence: Evidence) -> None:
    window = evidence.window
    if window.start.tzinfo is None or window.end.tzinfo is None:
        raise InvalidInput(_("the window's times need a time zone."))
    if window.start >= window.end:
        raise InvalidInput(
            _("the window is empty: it ends at or before its start."),
            hint=_("Give an end that is later than the start."),
        )
    if not (math.isfinite(evidence.prior) and evidence.prior > 0):
        raise InvalidInput(
            _("the expected number of leaks must be a positive number."),
            hint=_("1 says: about one of all channels leaks."),
        )
    days = [control.exposure_days for control in evidence.controls]
    days += [history.days for history in evidence.soak_histories]
    days += [float(history.contacts) for history in evidence.soak_histories]
    if not all(math.isfinite(value) and value >= 0 for value in days):
        raise InvalidInput(_("exposure in days must be a number, 0 or more."))


@dataclass(frozen=True, slots=True)
class _Reached:
    """What reached the canaries of one column."""

    #: Positions in the counted sightings, which are in order of time.
    sightings: Ints
    canaries: frozenset[int]


class _Tracer:
    """One run: the baseline, then the variations that the verdict has to survive."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.plantings: Plantings = plantings(evidence)
        self.sifted: Sifted = sift(evidence, self.plantings)
        self.terms: dict[str, NameTerms | None] = {c.id: c.name_terms for c in evidence.canaries}
        self.table = self._table(self.sifted)
        self.columns: Columns = separate(self.plantings, self.table)
        self.posterior = self._infer(self.table)
        self.reached = self._reached()
        numbered = {c.campaign: n for n, c in enumerate(self.sifted.counted)}
        self.campaign = np.array([numbered[c.campaign] for c in self.sifted.counted], dtype=int)
        self.without_campaign: dict[str, Floats] = {}

    def _table(self, sifted: Sifted, *, background: float = 1.0) -> Table:
        return Tabulator(
            self.plantings,
            sifted,
            self.terms,
            prior=single_prior(self.evidence.prior, len(self.plantings.channels)),
            background=background,
        ).table()

    def _infer(self, table: Table, *, expected: float = 1.0) -> Posterior:
        prior = prior_log_odds(
            self.columns, len(self.plantings.channels), self.evidence.prior * expected
        )
        return infer(table, self.columns, prior)

    def _reached(self) -> list[_Reached]:
        """Return, per column, the counted sightings of its canaries that follow their placement."""
        p = self.plantings
        place = {item.sighting.id: n for n, item in enumerate(self.sifted.counted)}
        found: list[list[Ints]] = [[] for _column in self.columns.members]
        canaries: list[set[int]] = [set() for _column in self.columns.members]
        for row, sightings in zip(self.table.rows, self.table.sightings, strict=True):
            supported = frozenset(self.columns.of[row[0]].tolist())
            by_canary: dict[int, list[int]] = {}
            for n in sorted(place[item.sighting.id] for item in sightings):
                for canary in self.table.meant[self.sifted.counted[n].sighting.id]:
                    by_canary.setdefault(canary, []).append(n)
            for canary, numbers in by_canary.items():
                times = [self.sifted.counted[n].at for n in numbers]
                positions = np.array(numbers, dtype=np.int64)
                pairs = p.pairs[canary]
                after = np.searchsorted(times, p.at[pairs], side="right").tolist()
                columns = self.columns.of[p.channel[pairs]].tolist()
                for column, since in zip(columns, after, strict=True):
                    if column in supported and since < len(numbers):
                        found[column].append(positions[since:])
                        canaries[column].add(canary)
        nothing = np.zeros(0, dtype=np.int64)
        return [
            _Reached(np.unique(np.concatenate([nothing, *items])), frozenset(reached))
            for items, reached in zip(found, canaries, strict=True)
        ]

    def _strongest(self, column: int) -> str:
        """Return the campaign whose rows speak most for *column*, being alone in them."""
        strength = dict.fromkeys(
            (self.sifted.counted[n].campaign for n in self.reached[column].sightings.tolist()), 0.0
        )
        members = self.columns.members[column]
        for r, (channels, exposure) in enumerate(self.table.rows):
            campaigns = {item.campaign for item in self.table.sightings[r]}
            mine = exposure[np.isin(channels, members)]
            if len(campaigns) != 1 or not len(mine):
                continue
            base = self.table.background[:, r] @ self.posterior.nodes
            rate = np.array([base + LEVELS[1] * float(mine.max()), base])
            gain = log_hit(rate)
            campaign = campaigns.pop()
            strength[campaign] = strength.get(campaign, 0.0) + float(gain[0] - gain[1])
        strongest: str = max(sorted(strength), key=lambda name: strength[name])
        return strongest

    def _less_campaign(self, column: int) -> float:
        campaign = self._strongest(column)
        if campaign not in self.without_campaign:
            gone = (c.sighting.id for c in self.sifted.counted if c.campaign == campaign)
            table = self._table(self.sifted.without(gone))
            self.without_campaign[campaign] = self._infer(table).probability
        return float(self.without_campaign[campaign][column])

    def _unforgeable(self) -> Floats:
        forged = [c.sighting.id for c in self.sifted.counted if c.forgeable]
        if not forged:
            return self.posterior.probability
        return self._infer(self._table(self.sifted.without(forged))).probability

    def _assumptions(self) -> Floats:
        """Return (variation, column) posteriors: other priors, a higher background."""
        varied = [self._infer(self.table, expected=k).probability for k in PRIOR_FACTORS]
        higher = self._table(self.sifted, background=BACKGROUND_FACTOR)
        return np.array([*varied, self._infer(higher).probability])

    def _chance(self) -> Floats:
        """Return, per canary, the probability that a stranger reaches it in the window."""
        numbers = {
            point: float(-np.expm1(-background) @ self.posterior.nodes)
            for point, background in self.table.numbers.items()
        }
        return np.array(
            [numbers.get(point, 0.0) if point else 0.0 for point in self.plantings.number]
        )

    def trace(self) -> Trace:
        """Return the whole answer."""
        posterior = self.posterior.probability
        assumptions = self._assumptions()
        suspected = bool(np.any(posterior >= SUSPECT_POSTERIOR))
        unforgeable = self._unforgeable() if suspected else posterior
        chance = self._chance()
        held = self._held()
        attributions = [
            self._attribution(j, assumptions[:, j], float(unforgeable[j]), chance, held[j])
            for j in range(len(self.columns.members))
        ]
        attributions.sort(key=lambda a: (-a.posterior, -a.bayes_factor, a.channel_ids))
        explained = {
            s for a in attributions if a.posterior >= SUSPECT_POSTERIOR for s in a.sightings
        }
        left = [c.sighting.id for c in self.sifted.counted if c.sighting.id not in explained]
        background = self.sifted.background
        low, high = background.interval()
        return Trace(
            attributions=tuple(attributions),
            undeclared=self.posterior.undeclared,
            none=self.posterior.none,
            background=background.rate,
            background_low=low,
            background_high=high,
            controls=background.controls,
            controls_reached=background.reached,
            control_days=background.days,
            detectable=self._detectable(),
            unexplained=self._in_order({*left, *self.sifted.unplaced, *self.sifted.set_aside}),
            window=self.evidence.window,
            prior=self.evidence.prior,
            ledger_head=self.evidence.ledger_head,
            set_aside=self._in_order(self.sifted.set_aside),
        )

    def _in_order(self, ids: Iterable[str]) -> tuple[str, ...]:
        seen: dict[str, datetime] = {s.id: s.seen_at for s in self.evidence.sightings}
        return tuple(sorted(ids, key=lambda name: (seen[name], name)))

    def _held(self) -> list[dict[int, set[Permission]]]:
        """Return, per column, the canaries confirmed with it and what was permitted for each."""
        p = self.plantings
        held: list[dict[int, set[Permission]]] = [{} for _column in self.columns.members]
        columns = self.columns.of[p.channel].tolist()
        for column, canary, allowed in zip(columns, p.canary.tolist(), p.permissions, strict=True):
            held[column].setdefault(canary, set()).add(allowed)
        return held

    def _detectable(self) -> float:
        """Return the share of leaking channels of which at least one canary would have rung."""
        p = self.plantings
        if not p.channels:
            return 0.0
        noticed = np.bincount(p.channel, weights=p.silence, minlength=len(p.channels))
        return float(np.mean(-np.expm1(-np.outer(LEVELS, noticed))))

    def _attribution(
        self,
        column: int,
        assumptions: Floats,
        unforgeable: float,
        chance: Floats,
        held: dict[int, set[Permission]],
    ) -> Attribution:
        reached = self.reached[column]
        log_odds = self.posterior.log_odds[column]
        posterior = float(sigmoid(log_odds))
        gain = float(log_odds - self.posterior.prior_log_odds[column])
        less = posterior
        if posterior >= SUSPECT_POSTERIOR and len(reached.sightings):
            less = self._less_campaign(column)
        case = Case(
            posterior=posterior,
            bayes_factor=math.exp(gain),
            exposed=len(held),
            reached=len(reached.canaries),
            controls=self.sifted.background.controls if self.sifted.background.measured else 0,
            none=self.posterior.none,
            unforgeable=unforgeable,
            assumptions=float(assumptions.min()),
            one_campaign_less=less,
        )
        verdict, limits = judge(case)
        range_ = (posterior, less, *assumptions.tolist())
        members = self.columns.members[column]
        sightings = [self.sifted.counted[n].sighting for n in reached.sightings.tolist()]
        permitted = [held[i] for i in reached.canaries] or list(held.values())
        return Attribution(
            channel_ids=tuple(self.plantings.channels[i] for i in members),
            posterior=posterior,
            bayes_factor=case.bayes_factor,
            sightings=tuple(sighting.id for sighting in sightings),
            campaigns=len(np.unique(self.campaign[reached.sightings])),
            exposed=len(held),
            silent=len(held) - len(reached.canaries),
            expected_by_chance=float(sum(chance[i] for i in sorted(held))),
            verdict=verdict,
            permission=permission(set().union(*permitted)),
            sensitivity=Sensitivity(low=min(range_), high=max(range_)),
            limits=limits,
            first_seen=sightings[0].seen_at if sightings else None,
        )

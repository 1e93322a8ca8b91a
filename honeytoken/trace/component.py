"""One component of coupled channels: every state weighed, or the likeliest found by beam.

See :mod:`.inference` for the model and for when which is done.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from .exposure import Floats, Ints

#: How completely a leak's buyers use it: 26 %, 55 % and 83 % of the canaries ring in the end.
LEVELS = np.array([0.3, 0.8, 1.8])
FULL = 6
SMALL = 12
DEEPEST = 7
KEPT = 30
WIDTH = 100
#: Sets this far (in natural logarithm) below the best are forgotten.
FORGET = 25.0
#: At most so many sets are weighed in every world.
WEIGHED = 1500

_WORK = 6_000_000
_AT_ONCE = 1_000_000
LEVELS_OR_NONE = np.concatenate([[0.0], LEVELS])


def log_hit(rate: Floats) -> Floats:
    """Return log(1 - exp(-rate)), accurate for small and large rates."""
    return np.asarray(np.log(-np.expm1(-np.maximum(rate, 1e-300))), dtype=np.float64)


def log_sum(values: Floats, axis: int = 0) -> Floats:
    """Return log(sum(exp(values))) along *axis*."""
    top = np.max(values, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(np.exp(values - top), axis=axis))
    return np.asarray(total + np.squeeze(top, axis=axis), dtype=np.float64)


@dataclass(slots=True)
class Part:
    """One component: its columns, its rows, and each source's exposure in them."""

    columns: Ints
    #: (n, R) exposure, (n) exposure in silent cells, (n) prior log odds.
    exposure: Floats
    silent: Floats
    prior: Floats
    #: (G, R) background and undeclared source, per world.
    base: Floats
    #: (G) logarithm of the worlds' weights before this component's rows.
    weight: Floats
    #: World by which the beam is steered: the likeliest without anybody undeclared.
    world: int

    def cost(self) -> Floats:
        """(n, levels) logarithm of prior odds and silence, for one column at one level."""
        return np.asarray(
            self.prior[:, None] - math.log(len(LEVELS)) - self.silent[:, None] * LEVELS,
            dtype=np.float64,
        )


@dataclass(slots=True)
class Answer:
    """Per world: logarithms of all sets together, of the empty one, of each column in and out."""

    total: Floats
    empty: Floats
    inside: Floats
    outside: Floats


def solve(part: Part) -> Answer:
    """Return the component's sums, exact for few channels and by beam for many."""
    size = len(part.columns)
    work = part.base.size
    for most in (size, 4):
        if size > (FULL if most == size else SMALL):
            continue
        states = _states(size, min(most, size))
        if len(states) * work > _WORK:
            continue
        answer = _weigh(part, states)
        if most == size or _deep(part, states) < 0.01:
            return answer
    return _beam(part)


@lru_cache(maxsize=64)
def _states(size: int, most: int) -> NDArray[np.int8]:
    """Return all assignments of levels (0: no leak) in which at most *most* columns leak."""
    if most >= size:
        full = list(product(range(len(LEVELS_OR_NONE)), repeat=size))
        return np.array(full, dtype=np.int8).reshape(len(full), size)
    found: list[NDArray[np.int8]] = []
    for count in range(most + 1):
        every = list(product(range(1, len(LEVELS_OR_NONE)), repeat=count))
        levels = np.array(every, dtype=np.int8).reshape(len(every), count)
        for chosen in combinations(range(size), count):
            block = np.zeros((len(levels), size), dtype=np.int8)
            block[:, list(chosen)] = levels
            found.append(block)
    return np.concatenate(found)


def _log_prior(part: Part, states: NDArray[np.int8]) -> Floats:
    cost = np.concatenate([np.zeros((len(part.columns), 1)), part.cost()], axis=1)
    index = np.arange(len(part.columns))
    return np.asarray(cost[index, states].sum(axis=1), dtype=np.float64)


def _score(part: Part, states: NDArray[np.int8], world: int) -> Floats:
    rate = LEVELS_OR_NONE[states] @ part.exposure + part.base[world]
    return np.asarray(_log_prior(part, states) + log_hit(rate).sum(axis=1), dtype=np.float64)


def _deep(part: Part, states: NDArray[np.int8]) -> float:
    """Share of the posterior on the largest sets enumerated: much of it means look further."""
    score = _score(part, states, part.world)
    score = np.exp(score - log_sum(score))
    largest = (states > 0).sum(axis=1) == 4
    return float(score[largest].sum())


def _weigh(part: Part, states: NDArray[np.int8]) -> Answer:
    """Sum over *states* in every world."""
    prior = _log_prior(part, states)
    rate = LEVELS_OR_NONE[states] @ part.exposure
    active = (states > 0).astype(np.float64)
    blank = int(np.flatnonzero(active.sum(axis=1) == 0)[0])
    if rate.size * len(part.base) <= _AT_ONCE:
        value = prior + log_hit(rate[None] + part.base[:, None, :]).sum(axis=2)
    else:
        value = np.array([prior + log_hit(rate + base).sum(axis=1) for base in part.base])
    top = value.max(axis=1, keepdims=True)
    share = np.exp(value - top)
    with np.errstate(divide="ignore"):
        inside = top + np.log(share @ active)
        outside = top + np.log(share @ (1 - active))
        total = top[:, 0] + np.log(share.sum(axis=1))
    return Answer(total, value[:, blank], inside, outside)


def _beam(part: Part) -> Answer:
    """Search the likeliest sets of a large component, then weigh those found in every world."""
    cost = part.cost()
    base = part.base[part.world]
    alone = np.array([log_hit(base + level * part.exposure).sum(axis=1) for level in LEVELS]).T
    gain = (cost + alone).max(axis=1)
    kept = np.sort(np.lexsort((np.arange(len(gain)), -gain))[:KEPT])
    core = Part(
        part.columns[kept],
        part.exposure[kept],
        part.silent[kept],
        part.prior[kept],
        part.base,
        part.weight,
        part.world,
    )
    states = _search(core)
    inner = _weigh(core, states)
    size = len(part.columns)
    answer = Answer(
        inner.total,
        inner.empty,
        np.empty((len(inner.total), size)),
        np.empty((len(inner.total), size)),
    )
    answer.inside[:, kept], answer.outside[:, kept] = inner.inside, inner.outside
    others = np.setdiff1d(np.arange(size), kept)
    if len(others):
        odds = _others(part, core, states, others, part.weight + inner.total)
        answer.inside[:, others] = inner.total[:, None] + odds - np.logaddexp(0.0, odds)
        answer.outside[:, others] = inner.total[:, None] - np.logaddexp(0.0, odds)
    return answer


def _search(core: Part) -> NDArray[np.int8]:
    """Return the sets a beam over :func:`_score` visits, the best first, the empty one included."""
    size, levels = len(core.columns), len(LEVELS)
    cost, base = core.cost(), core.base[core.world]
    steps = core.exposure[:, None, :] * LEVELS[:, None]
    place = (len(LEVELS_OR_NONE) ** np.arange(size, dtype=np.uint64)).astype(np.uint64)
    states = np.zeros((1, size), dtype=np.int8)
    prior = np.zeros(1)
    found, scores = [states], [_score(core, states, core.world)]
    best = float(scores[0][0])
    for _depth in range(min(DEEPEST, size)):
        rate = base + LEVELS_OR_NONE[states] @ core.exposure
        value = np.full((len(states), size, levels), -np.inf)
        for n in range(len(states)):
            free = np.flatnonzero(states[n] == 0)
            hit = log_hit(rate[n] + steps[free]).sum(axis=2)
            value[n, free] = prior[n] + cost[free] + hit
        flat = value.ravel()
        order = np.argsort(-flat, kind="stable")[: WEIGHED * 2]
        order = order[flat[order] > max(best, float(flat[order[0]])) - FORGET]
        if not len(order):
            break
        parent, rest = np.divmod(order, size * levels)
        column, level = np.divmod(rest, levels)
        made = states[parent].copy()
        made[np.arange(len(made)), column] = level + 1
        _code, first = np.unique(made.astype(np.uint64) @ place, return_index=True)
        first = np.sort(first)
        found.append(made[first])
        scores.append(flat[order[first]])
        top = float(flat[order[0]])
        states = made[first][:WIDTH]
        prior = prior[parent[first][:WIDTH]] + cost[column[first][:WIDTH], level[first][:WIDTH]]
        if top < best - FORGET / 2:
            break
        best = max(best, top)
    every, score = np.concatenate(found), np.concatenate(scores)
    best_first = np.argsort(-score, kind="stable")[:WEIGHED]
    # The empty set and every single column stay, however unlikely: each needs its odds.
    together = np.concatenate([every[best_first], _states(size, 1)])
    return np.unique(together, axis=0)


def _others(
    part: Part, core: Part, states: NDArray[np.int8], others: Ints, weight: Floats
) -> Floats:
    """Return, per world, log odds of each column outside the beam: added to its best sets.

    Worlds that hardly count (below 1 % of the likeliest) borrow the likeliest one's odds.
    """
    cost = part.cost()[others]
    odds = np.empty((len(weight), len(others)))
    order = np.argsort(-weight, kind="stable")
    for place, g in enumerate(order.tolist()):
        if place and weight[g] < weight[order[0]] - math.log(100):
            odds[g] = odds[order[0]]
            continue
        score = _score(core, states, g)
        best = np.argsort(-score, kind="stable")[:2]
        share = np.exp(score[best] - log_sum(score[best]))
        added = np.zeros(len(others))
        for mass, state in zip(share, states[best], strict=True):
            rate = part.base[g] + LEVELS_OR_NONE[state] @ core.exposure
            now = log_hit(rate).sum()
            for n, level in enumerate(LEVELS):
                hit = log_hit(rate + level * part.exposure[others]).sum(axis=1)
                added += mass * np.exp(np.minimum(cost[:, n] + hit - now, 600.0))
        odds[g] = np.log(np.maximum(added, 1e-300))
    return odds

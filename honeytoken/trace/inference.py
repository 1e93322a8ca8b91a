"""The posterior over who leaked, exactly where that is possible.

Model (a noisy-OR with Poisson background; ``docs/trace.md``): channel ``j`` leaks with probability
``pi_j``, at a level ``alpha`` in :data:`.component.LEVELS`, equally likely. A cell ``i`` stays
silent with probability ``exp(-b_i - sum_j alpha_j e_ij)``. *Somebody undeclared* is one more
source, exposed to every canary, with a prior of its own. Given the state of the undeclared source
and the node of the background rate (together: a *world*) the channels couple only through hit rows:

* a channel in no hit row has the odds ``pi/(1-pi) mean_alpha exp(-alpha c_j)``;
* a component of at most :data:`.component.FULL` channels is enumerated with all levels;
* one of at most :data:`.component.SMALL` channels is enumerated for sets of at most four;
* a larger one is searched by beam: the :data:`.component.KEPT` channels with the largest gain
  alone, sets of at most :data:`.component.DEEPEST`, normalised over all sets visited. The other
  channels get the odds of being added to the best of those sets.

Then the worlds are summed, exactly. Everything is in logarithms and deterministic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .component import LEVELS, LEVELS_OR_NONE, Answer, Part, log_sum, solve
from .exposure import Floats, Ints
from .table import Table

#: Prior probability that somebody nobody declared passed data on: a print PC, a hop not listed,
#: the telephone carrier. A judgement, not a measurement; a plan of one channel cannot do better.
UNDECLARED_PRIOR = 0.05
#: The prior of a single channel is kept below this: at one half the prior alone would accuse.
LARGEST_PRIOR = 0.45


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the evidence says, per channel (in the order of the columns) and over all."""

    #: Natural logarithm of the prior and of the posterior odds.
    prior_log_odds: Floats
    log_odds: Floats
    #: P(nobody leaked, declared or not).
    none: float
    undeclared: float
    #: (K) weights of the background's nodes after the evidence.
    nodes: Floats

    @property
    def probability(self) -> Floats:
        """Posterior probability of each column."""
        return sigmoid(self.log_odds)


@dataclass(frozen=True, slots=True)
class Columns:
    """Channels as inference sees them: those that cannot be separated are one column."""

    #: Per column: positions of its channels.
    members: tuple[tuple[int, ...], ...]
    #: Position of a channel -> its column.
    of: Ints


def sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -x)), dtype=np.float64)


def single_prior(expected: float, channels: int) -> float:
    """Return the prior of one channel when *expected* of *channels* leak: ``pi = K0 / N``."""
    return min(expected / max(channels, 1), LARGEST_PRIOR)


def prior_log_odds(columns: Columns, channels: int, expected: float) -> Floats:
    """Return the prior log odds of each column when *expected* of *channels* leak.

    A column of several channels leaks if any of them does.
    """
    single = single_prior(expected, channels)
    sizes = np.array([len(members) for members in columns.members], dtype=np.float64)
    prior = np.minimum(-np.expm1(sizes * np.log1p(-single)), LARGEST_PRIOR)
    return np.asarray(np.log(prior) - np.log1p(-prior), dtype=np.float64)


def infer(table: Table, columns: Columns, prior: Floats) -> Posterior:
    """Return the posterior for *table*, its channels grouped as *columns*.

    Args:
        table: placements and sightings.
        columns: which channels are one.
        prior: prior log odds of each column.
    """
    size = len(columns.members)
    silent = np.zeros(size)
    np.maximum.at(silent, columns.of, table.silent)
    alpha = np.repeat(LEVELS_OR_NONE, len(table.node_weights))
    node = np.tile(np.arange(len(table.node_weights)), len(LEVELS_OR_NONE))
    weight = np.repeat(
        [math.log1p(-UNDECLARED_PRIOR)] + [math.log(UNDECLARED_PRIOR / len(LEVELS))] * len(LEVELS),
        len(table.node_weights),
    )
    weight = weight + table.node_weights[node] - table.background_silent[node]
    weight = weight - alpha * table.undeclared_silent
    base = table.background[node] + alpha[:, None] * table.undeclared[None, :]

    steer = int(np.argmax(np.where(alpha == 0, weight, -np.inf)))
    parts = _parts(table, columns, silent, prior, base, weight, steer)
    log_odds = prior + log_sum(-np.outer(LEVELS, silent)) - math.log(len(LEVELS))
    coupled = np.zeros(size, dtype=bool)
    answers: list[tuple[Part, Answer]] = []
    for part in parts:
        answer = solve(part)
        answers.append((part, answer))
        coupled[part.columns] = True
        weight = weight + answer.total
    weight = weight - log_sum(weight)
    nobody = weight - float(np.sum(np.logaddexp(0.0, log_odds[~coupled])))
    for part, answer in answers:
        rest = weight - answer.total
        log_odds[part.columns] = log_sum(rest[:, None] + answer.inside) - log_sum(
            rest[:, None] + answer.outside
        )
        nobody = nobody + answer.empty - answer.total
    worlds = np.exp(weight)
    return Posterior(
        prior_log_odds=prior,
        log_odds=np.clip(log_odds, -690.0, 690.0),
        none=min(1.0, float(np.sum(np.exp(nobody[alpha == 0])))),
        undeclared=min(1.0, float(np.sum(worlds[alpha > 0]))),
        nodes=np.bincount(node, worlds, len(table.node_weights)).astype(np.float64),
    )


def _parts(
    table: Table,
    columns: Columns,
    silent: Floats,
    prior: Floats,
    base: Floats,
    weight: Floats,
    steer: int,
) -> list[Part]:
    """Split the columns of hit rows into components; rows without any stand alone."""
    size = len(columns.members)
    root = list(range(size))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    dense: list[tuple[Ints, Floats]] = []
    for channels, exposure in table.rows:
        row = np.zeros(size)
        np.maximum.at(row, columns.of[channels], exposure)
        held = np.flatnonzero(row)
        dense.append((held, row[held]))
        for other in held[1:].tolist():
            a, b = find(int(held[0])), find(other)
            root[max(a, b)] = min(a, b)
    rows: dict[int, list[int]] = {}
    for r, (held, _exposure) in enumerate(dense):
        rows.setdefault(find(int(held[0])) if len(held) else -1, []).append(r)
    members: dict[int, list[int]] = {}
    for j in range(size):
        members.setdefault(find(j), []).append(j)
    parts: list[Part] = []
    for key in sorted(rows):
        mine = np.array(members.get(key, []) if key >= 0 else [], dtype=np.int64)
        at = {int(j): n for n, j in enumerate(mine)}
        exposure = np.zeros((len(mine), len(rows[key])))
        for n, r in enumerate(rows[key]):
            held, amount = dense[r]
            exposure[[at[j] for j in held.tolist()], n] = amount
        mine_base = base[:, rows[key]]
        parts.append(Part(mine, exposure, silent[mine], prior[mine], mine_base, weight, steer))
    return parts

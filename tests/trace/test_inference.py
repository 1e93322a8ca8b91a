"""The posterior against sums done by hand and by brute force."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from honeytoken.trace.attribution import attribute
from honeytoken.trace.component import LEVELS, Part, solve
from honeytoken.trace.inference import UNDECLARED_PRIOR, Columns, infer, prior_log_odds
from honeytoken.trace.table import Table

from .world import Story


def test_silence_is_innocence_by_the_closed_form() -> None:
    """Ten channels, one expected leak, three canaries placed with each at the start of 45 days.

    F = 1 - e^-1 = 0.63212, c = 3 F = 1.89636;
    mean of e^(-0.3 c), e^(-0.8 c), e^(-1.8 c) = (0.56614 + 0.21935 + 0.03293) / 3 = 0.27281;
    odds = (0.1 / 0.9) 0.27281 = 0.030312, so the posterior is 0.029420.
    """
    story = Story(days=45)
    story.plant([f"c{n}" for n in range(10)], 3)
    story.control(25)
    trace = attribute(story.evidence())
    assert trace.attributions[0].posterior == pytest.approx(0.029420, abs=2e-6)
    assert trace.attributions[0].bayes_factor == pytest.approx(0.27281, abs=2e-5)


def test_one_hit_row_by_the_closed_form() -> None:
    """One channel, pi = 0.2, one row hit with e = 1, b = 0.05, and silent exposure c = 2.

    mean over alpha of e^(-2 alpha) (1 - e^(-0.05 - alpha)):
    0.3: 0.548812 x 0.295312 = 0.162071;  0.8: 0.201897 x 0.572585 = 0.115603;
    1.8: 0.027324 x 0.842763 = 0.023027;  mean 0.100234.
    Without a leak 1 - e^-0.05 = 0.048771. Odds 0.25 x 0.100234 / 0.048771 = 0.513800.
    """
    part = Part(
        columns=np.array([0]),
        exposure=np.array([[1.0]]),
        silent=np.array([2.0]),
        prior=np.array([math.log(0.25)]),
        base=np.array([[0.05]]),
        weight=np.zeros(1),
        world=0,
    )
    answer = solve(part)
    odds = math.exp(float(answer.inside[0, 0] - answer.outside[0, 0]))
    assert odds == pytest.approx(0.513800, abs=2e-6)


def _table(rng: random.Random, channels: int, rows: int, nodes: int) -> Table:
    """A table with every number drawn at random: nothing a story would need to give."""
    hit = []
    for _row in range(rows):
        held = sorted(rng.sample(range(channels), rng.randint(0, min(3, channels))))
        hit.append((np.array(held, dtype=np.int64), np.array([rng.random() for _ in held])))
    weights = np.array([rng.random() + 0.1 for _ in range(nodes)])
    return Table(
        rows=tuple(hit),
        sightings=tuple(() for _ in range(rows)),
        meant={},
        silent=np.array([3 * rng.random() for _ in range(channels)]),
        undeclared=np.array([rng.random() for _ in range(rows)]),
        undeclared_silent=4 * rng.random(),
        background=np.array([[0.2 * rng.random() for _ in range(rows)] for _ in range(nodes)]),
        background_silent=np.array([rng.random() for _ in range(nodes)]),
        node_weights=np.log(weights / weights.sum()),
        numbers={},
    )


def _brute_force(table: Table, prior: list[float]) -> tuple[list[float], float, float]:
    """Sum the model term by term, without logarithms, components or worlds taken apart."""
    levels = [float(level) for level in LEVELS]
    total = none = undeclared = 0.0
    leaked = [0.0] * len(prior)
    for node, log_weight in enumerate(table.node_weights):
        for extra in (0.0, *levels):
            for state in itertools.product((0.0, *levels), repeat=len(prior)):
                p = math.exp(log_weight - table.background_silent[node])
                p *= (1 - UNDECLARED_PRIOR) if extra == 0 else UNDECLARED_PRIOR / 3
                p *= math.exp(-extra * table.undeclared_silent)
                for j, alpha in enumerate(state):
                    p *= prior[j] / 3 if alpha else 1 - prior[j]
                    p *= math.exp(-alpha * table.silent[j])
                for r, (held, exposure) in enumerate(table.rows):
                    rate = table.background[node, r] + extra * table.undeclared[r]
                    rate += sum(state[j] * e for j, e in zip(held, exposure, strict=True))
                    p *= 1 - math.exp(-rate)
                total += p
                none += p if extra == 0 and not any(state) else 0
                undeclared += p if extra else 0
                for j, alpha in enumerate(state):
                    leaked[j] += p if alpha else 0
    return [value / total for value in leaked], none / total, undeclared / total


@pytest.mark.parametrize("seed", range(6))
def test_inference_equals_the_sum_over_every_state(seed: int) -> None:
    rng = random.Random(seed)
    channels = 2 + seed % 4
    table = _table(rng, channels, rows=1 + seed, nodes=1 + seed % 2)
    columns = Columns(tuple((j,) for j in range(channels)), np.arange(channels))
    prior = prior_log_odds(columns, channels, 0.4)
    found = infer(table, columns, prior)
    leaked, none, undeclared = _brute_force(table, [0.4 / channels] * channels)
    assert found.probability.tolist() == pytest.approx(leaked, rel=1e-9)
    assert (found.none, found.undeclared) == pytest.approx((none, undeclared), rel=1e-9)


def test_the_beam_agrees_with_enumeration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five coupled channels, done both ways; the beam visits sets, so it may miss a little."""
    rng = random.Random(5)
    table = _table(rng, 5, rows=7, nodes=2)
    columns = Columns(tuple((j,) for j in range(5)), np.arange(5))
    prior = prior_log_odds(columns, 5, 1.0)
    exact = infer(table, columns, prior)
    monkeypatch.setattr("honeytoken.trace.component.FULL", 0)
    monkeypatch.setattr("honeytoken.trace.component.SMALL", 0)
    searched = infer(table, columns, prior)
    assert searched.probability.tolist() == pytest.approx(exact.probability.tolist(), abs=0.01)


def test_a_channel_outside_the_beam_still_gets_its_odds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept to three channels of five, the others are judged beside the best sets found."""
    table = _table(random.Random(8), 5, rows=5, nodes=1)
    columns = Columns(tuple((j,) for j in range(5)), np.arange(5))
    prior = prior_log_odds(columns, 5, 0.5)
    exact = infer(table, columns, prior)
    monkeypatch.setattr("honeytoken.trace.component.FULL", 0)
    monkeypatch.setattr("honeytoken.trace.component.SMALL", 0)
    monkeypatch.setattr("honeytoken.trace.component.KEPT", 3)
    searched = infer(table, columns, prior)
    assert searched.probability.tolist() == pytest.approx(exact.probability.tolist(), abs=0.03)

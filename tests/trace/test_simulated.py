"""Whole made-up worlds with fixed seeds: how often the tracer is right, and how often it accuses.

The worlds are those of ``world.py``, whose people do not follow the decoder's model. Bounds are the
measured figures (docs/trace.md) plus two standard errors of so many worlds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from honeytoken.models import Trace, Verdict
from honeytoken.trace import attribute

from .world import Life, Story, play


def worlds(
    count: int, *, channels: int, each: int, leaks: int, life: Life, controls: int = 25
) -> Iterator[tuple[Trace, frozenset[str]]]:
    """Yield traces and the channels that really leaked."""
    names = [f"c{n:02}" for n in range(channels)]
    for seed in range(count):
        rng = random.Random(f"simulated {seed}")
        story = Story()
        story.plant(names, each)
        story.control(controls)
        leaked = rng.sample(names, leaks)
        play(story, rng, leaks=leaked, life=life)
        yield attribute(story.evidence()), frozenset(leaked)


def accused(trace: Trace, leaked: frozenset[str], *, strong: bool = False) -> list[str]:
    """Return the innocent at posterior 0.5 or more, or only those called strong."""
    return [
        name
        for a in trace.attributions
        for name in a.channel_ids
        if name not in leaked and (a.verdict is Verdict.STRONG if strong else a.posterior >= 0.5)
    ]


def test_without_a_leak_hardly_anybody_is_suspected_and_nobody_strongly() -> None:
    """Measured 6.2 % of 2000 worlds; 100 worlds allow 11. Strong: none of 2000."""
    found = list(worlds(100, channels=50, each=3, leaks=0, life=Life(rate=0.0004)))
    assert sum(bool(accused(*world)) for world in found) <= 11
    assert not any(accused(*world, strong=True) for world in found)


def test_without_controls_hardly_anybody_is_suspected_either() -> None:
    """Believing in no background would accuse in nearly every world. Measured 7.0 % of 500."""
    found = list(worlds(60, channels=50, each=3, leaks=0, controls=0, life=Life(rate=0.0004)))
    assert sum(bool(accused(*world)) for world in found) <= 8
    assert not any(accused(*world, strong=True) for world in found)


def test_a_background_that_reaches_every_third_number_makes_nobody_strong() -> None:
    """Measured 7.3 % of 300 worlds suspect somebody."""
    found = list(worlds(40, channels=30, each=4, leaks=0, life=Life(rate=0.005)))
    assert sum(bool(accused(*world)) for world in found) <= 6
    assert not any(accused(*world, strong=True) for world in found)


def test_a_planted_leak_is_found() -> None:
    """Measured in 1000 worlds: 95.0 % of leaks suspected, 31.9 % strong, no innocent strong."""
    found = list(worlds(60, channels=20, each=6, leaks=1, life=Life()))
    top = [trace.attributions[0] for trace, _leaked in found]
    right = [
        a.posterior >= 0.5 and a.channel_ids[0] in leaked
        for a, (_trace, leaked) in zip(top, found, strict=True)
    ]
    assert sum(right) >= 53
    assert sum(a.verdict is Verdict.STRONG for a in top) >= 11
    assert not any(accused(*world, strong=True) for world in found)


def test_more_canaries_make_strong_the_rule() -> None:
    """Measured 88.2 % of 400 worlds."""
    found = list(worlds(30, channels=8, each=12, leaks=1, life=Life(buyers=8)))
    strong = [trace.attributions[0].verdict is Verdict.STRONG for trace, _leaked in found]
    assert sum(strong) >= 22
    assert not any(accused(*world, strong=True) for world in found)


def test_a_trojan_on_the_way_of_all_orders_accuses_no_channel() -> None:
    """A print PC leaks everything: the hits fall on all channels in proportion."""
    for seed in range(25):
        rng = random.Random(f"trojan {seed}")
        story = Story()
        story.plant([f"c{n:02}" for n in range(20)], 4)
        story.control(25)
        play(story, rng, leaks=["*"], life=Life(buyers=4 if seed % 2 else 60))
        trace = attribute(story.evidence())
        assert trace.undeclared > 0.5
        assert not accused(trace, frozenset(), strong=True)
        assert len(accused(trace, frozenset())) <= 1


def test_posteriors_mean_what_they_say() -> None:
    """Where each of 20 channels leaks with probability 1/20: expected calibration error <= 0.03.

    About 20 leaks in 20 worlds; weighted by how many channels share a tenth.
    """
    pairs: list[tuple[float, bool]] = []
    names = [f"c{n:02}" for n in range(20)]
    for seed in range(120):
        rng = random.Random(f"calibration {seed}")
        story = Story()
        story.plant(names, 4)
        story.control(25)
        leaked = [name for name in names if rng.random() < 1 / len(names)]
        play(story, rng, leaks=leaked, life=Life())
        trace = attribute(story.evidence())
        pairs += [(a.posterior, a.channel_ids[0] in leaked) for a in trace.attributions]
    error = 0.0
    for tenth in range(10):
        inside = [(p, y) for p, y in pairs if min(9, int(p * 10)) == tenth]
        error += abs(sum(p for p, _y in inside) - sum(y for _p, y in inside)) / len(pairs)
    assert error <= 0.03


def pooled(seed: int, *, channels: int, numbers: int, weight: int) -> tuple[Story, frozenset[str]]:
    """Every channel is given some of a few canaries; nearly all of a leaked list is used."""
    rng = random.Random(f"pooled {seed}")
    story = Story(days=120)
    names = [f"c{n:03}" for n in range(channels)]
    story.control(25)
    for name in names:
        for n in rng.sample(range(numbers), weight):
            story.canary(f"n{n:02}", name)
    leaked = rng.sample(names, 2)
    life = Life(rate=0.0004, used=0.95, delay_days=15, named=0, buyers=12)
    return play(story, rng, leaks=leaked, life=life), frozenset(leaked)


def test_few_numbers_shared_by_many_channels_still_name_two_leaks() -> None:
    """Measured: both leaks on top in 40 of 40 worlds; these are the first ten."""
    right = 0
    for seed in range(10):
        story, leaked = pooled(seed, channels=200, numbers=60, weight=15)
        top = attribute(story.evidence()).attributions[:2]
        right += {a.channel_ids[0] for a in top} == leaked
    assert right >= 8

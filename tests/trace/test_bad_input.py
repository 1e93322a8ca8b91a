"""Empty, broken and huge evidence: an answer in numbers, or one clear error."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import datetime

import pytest

from honeytoken.errors import InvalidInput
from honeytoken.models import Evidence, FieldMatch, SoakHistory, Trace, Window
from honeytoken.trace import attribute, to_json

from .world import Story, day


def finite(trace: Trace) -> bool:
    """True if JSON without NaN and infinity can hold it and probabilities are probabilities."""
    json.dumps(to_json(trace), allow_nan=False)
    shares = [trace.none, trace.undeclared, trace.detectable]
    for a in trace.attributions:
        shares += [a.posterior, a.sensitivity.low, a.sensitivity.high]
    return all(0 <= share <= 1 for share in shares)


def test_no_evidence_at_all_is_an_answer() -> None:
    trace = attribute(Story().evidence())
    assert finite(trace)
    assert (trace.attributions, trace.unexplained, trace.controls) == ((), (), 0)


def test_sightings_without_a_single_placement_are_unexplained() -> None:
    story = Story()
    story.channel("a")
    story.canary("x")
    story.reach("x", 5)
    trace = attribute(story.evidence())
    assert finite(trace)
    assert trace.unexplained == ("s00000",)


@pytest.mark.parametrize("end", [0, -5])
def test_a_window_without_length_is_refused(end: float) -> None:
    evidence = replace(Story().evidence(), window=Window(day(0), day(end)))
    with pytest.raises(InvalidInput):
        attribute(evidence)


def test_a_window_without_time_zone_is_refused() -> None:
    bare = datetime(2026, 1, 1)  # noqa: DTZ001 - the mistake to be refused
    with pytest.raises(InvalidInput):
        attribute(replace(Story().evidence(), window=Window(bare, day(5))))


@pytest.mark.parametrize("prior", [0.0, -1.0, math.nan, math.inf])
def test_a_prior_that_is_no_number_of_leaks_is_refused(prior: float) -> None:
    with pytest.raises(InvalidInput):
        attribute(replace(Story().evidence(), prior=prior))


@pytest.mark.parametrize("days", [-1.0, math.nan, math.inf])
def test_an_exposure_that_is_no_number_of_days_is_refused(days: float) -> None:
    story = Story()
    story.control(1)
    broken = (replace(story.controls[0], exposure_days=days),)
    with pytest.raises(InvalidInput):
        attribute(replace(story.evidence(), controls=broken))
    with pytest.raises(InvalidInput):
        attribute(replace(story.evidence(), soak_histories=(SoakHistory("n", days, 0),)))


def _crowd(each: int, contacts: int) -> Evidence:
    story = Story(prior=1000)
    story.plant(["a", "b"], each)
    story.control(3)
    for n in range(contacts):
        story.reach(f"a-{n % each}", 1 + n % 80, matches=(FieldMatch("email", "full", 1e9),))
    return story.evidence()


def test_huge_counts_and_ratios_stay_finite() -> None:
    trace = attribute(_crowd(400, 3000))
    assert finite(trace)
    assert trace.attributions[0].posterior > 0.99


@pytest.mark.parametrize("ratio", [math.nan, math.inf, -math.inf, 1e308, -1e308])
def test_a_broken_likelihood_ratio_does_not_break_the_answer(ratio: float) -> None:
    story = Story()
    story.plant(["a", "b", "c"], 3)
    story.control(5)
    story.reach("a-0", 5, matches=(FieldMatch("name", "spoken", ratio),))
    assert finite(attribute(story.evidence()))


def test_controls_that_hardly_listened_and_rang_all_day_stay_finite() -> None:
    story = Story()
    story.plant(["a", "b", "c"], 3)
    story.control(2, exposure=1e-9)
    for n in range(500):
        story.noise(n % 2, n / 10)
    story.reach("a-0", 5)
    trace = attribute(story.evidence())
    assert finite(trace)
    assert trace.attributions[0].posterior < 0.5


def test_a_contact_in_the_instant_of_confirmation_is_before_it() -> None:
    story = Story()
    story.canary("x", "a", at=10)
    story.reach("x", 10)
    assert attribute(story.evidence()).attributions[0].sightings == ()


def test_a_control_that_was_planted_after_all_is_no_control() -> None:
    story = Story()
    story.control(1)
    story.canary("x", "a", number="control000")
    assert attribute(story.evidence()).controls == 0

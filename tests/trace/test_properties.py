"""What must hold in every world: hypothesis makes the worlds."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from honeytoken.models import Evidence, FieldMatch
from honeytoken.trace import attribute

from .test_bad_input import finite
from .test_evidence import of
from .world import Life, Story, play

few = settings(max_examples=40, deadline=None)
T = TypeVar("T")
CHANNELS = ["a", "b", "c", "d"]


@st.composite
def quiet_worlds(draw: st.DrawFn) -> Story:
    """Four channels, strangers on controls, and contacts only on canaries of channel a.

    Contacts elsewhere would bring in somebody undeclared, whom a silent canary can make less
    likely: then the declared channels rise together, and rightly so.
    """
    story = Story()
    each = draw(st.integers(2, 5))
    story.plant(CHANNELS, each, at=draw(st.integers(0, 30)))
    story.control(draw(st.sampled_from([0, 3, 25])))
    for n in draw(st.lists(st.integers(0, each - 2), max_size=4)):
        story.reach(f"a-{n}", draw(st.integers(31, 89)))
    for n in draw(st.lists(st.integers(0, 24), max_size=5)):
        if n < len(story.controls):
            story.noise(n, draw(st.integers(0, 89)))
    return story


def posterior(story: Story) -> float:
    return of(attribute(story.evidence()), "a").posterior


@few
@given(quiet_worlds(), st.integers(0, 60))
def test_one_more_silent_canary_never_raises_its_channel(story: Story, at: int) -> None:
    before = posterior(story)
    story.canary("one-more", "a", at=at)
    assert posterior(story) <= before + 1e-9


@few
@given(quiet_worlds(), st.integers(31, 89), st.booleans())
def test_one_more_unsolicited_contact_never_lowers_its_channel(
    story: Story, at: int, named: bool
) -> None:
    before = posterior(story)
    last = max(name for name in story.canaries if name.startswith("a-"))
    story.reach(last, at, matches=(FieldMatch("name", "spoken", 6.0),) if named else ())
    assert posterior(story) >= before - 1e-9


@few
@given(quiet_worlds(), st.integers(1, 6))
def test_contacts_on_controls_never_raise_a_channel(story: Story, contacts: int) -> None:
    if not story.controls:
        return
    before = posterior(story)
    for n in range(contacts):
        story.noise(n % len(story.controls), 40 + n)
    assert posterior(story) <= before + 1e-9


@st.composite
def lively_worlds(draw: st.DrawFn) -> Story:
    """Leaks, diallers, shared numbers and routes, as they come."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    story = Story(days=draw(st.sampled_from([10.0, 90.0, 400.0])), prior=rng.choice([0.3, 1, 3]))
    for n in range(draw(st.integers(1, 12))):
        hops = rng.sample(CHANNELS, rng.randint(1, 3))
        story.canary(f"x{n}", *hops, at=rng.uniform(-20, 15), number=f"n{rng.randrange(8)}")
    story.control(draw(st.sampled_from([0, 2, 30])))
    life = Life(rate=rng.choice([0.0005, 0.01, 0.07]), named=rng.random())
    return play(
        story, rng, leaks=draw(st.sampled_from([(), ("a",), ("b", "c"), ("*",)])), life=life
    )


def shuffled(evidence: Evidence, rng: random.Random) -> Evidence:
    def mix(items: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(rng.sample(items, len(items)))

    return replace(
        evidence,
        channels=mix(evidence.channels),
        canaries=mix(evidence.canaries),
        placements=mix(evidence.placements),
        sightings=tuple(replace(s, candidates=mix(s.candidates)) for s in mix(evidence.sightings)),
        controls=mix(evidence.controls),
    )


@few
@given(lively_worlds(), st.integers(0, 99))
def test_the_order_of_the_records_does_not_matter(story: Story, seed: int) -> None:
    evidence = story.evidence()
    assert attribute(shuffled(evidence, random.Random(seed))) == attribute(evidence)


@few
@given(lively_worlds())
def test_every_answer_is_finite_and_every_probability_is_one(story: Story) -> None:
    trace = attribute(story.evidence())
    assert finite(trace)
    ids = sorted(name for a in trace.attributions for name in a.channel_ids)
    assert ids == sorted(set(story.channels))
    assert all(a.exposed >= a.silent >= 0 <= a.expected_by_chance for a in trace.attributions)
    assert all(a.sensitivity.low <= a.posterior <= a.sensitivity.high for a in trace.attributions)

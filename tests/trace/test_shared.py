"""Numbers shared by canaries, canaries shared by channels, channels that cannot be told apart."""

from __future__ import annotations

import pytest

from honeytoken.models import ContactPointKind, FieldMatch, Medium, Permission, TracedCanary
from honeytoken.trace import attribute

from .test_evidence import of
from .world import NUMBER, Story, day


def two_on_one_number(pairs: int = 3) -> Story:
    """Numbers n0, n1.. each carry one canary of channel a and one of channel b; c has its own."""
    story = Story()
    for n in range(pairs):
        story.canary(f"a-{n}", "a", number=f"n{n}")
        story.canary(f"b-{n}", "b", number=f"n{n}")
    story.plant(["c", "d"], pairs)
    story.control(25)
    return story


def test_bare_contacts_on_shared_numbers_are_split_between_the_channels() -> None:
    story = two_on_one_number()
    for n in range(3):
        story.ring(f"n{n}", 30 + n)
    trace = attribute(story.evidence())
    a, b = of(trace, "a"), of(trace, "b")
    assert a.posterior == pytest.approx(b.posterior)
    assert 0.4 < a.posterior < 0.8
    assert of(trace, "c").posterior < 0.1


def test_a_name_decides_between_the_canaries_of_a_number() -> None:
    story = two_on_one_number()
    for n in range(3):
        story.ring(
            f"n{n}", 30 + n, canaries=[f"a-{n}"], matches=(FieldMatch("name", "spoken", 7.0),)
        )
    trace = attribute(story.evidence())
    assert of(trace, "a").posterior > 0.9
    assert of(trace, "b").posterior < 0.3


def test_a_name_that_fits_two_canaries_is_weighed_between_them() -> None:
    story = two_on_one_number()
    for n in range(3):
        story.ring(f"n{n}", 30 + n)
        sighting = story.sightings[-1]
        better, worse = (
            type(candidate)(candidate.canary_id, (NUMBER, FieldMatch("name", "spoken", ratio)))
            for candidate, ratio in zip(sighting.candidates, (6.0, 5.0), strict=True)
        )
        fields = {f: getattr(sighting, f) for f in sighting.__slots__}
        story.sightings[-1] = type(sighting)(**{**fields, "candidates": (better, worse)})
    trace = attribute(story.evidence())
    assert of(trace, "a").posterior > of(trace, "b").posterior > of(trace, "c").posterior


def test_a_later_placement_on_the_same_number_is_not_blamed_for_an_earlier_contact() -> None:
    story = Story()
    story.control(25)
    for n in range(4):
        story.canary(f"a-{n}", "a", at=0, number=f"n{n}")
        story.canary(f"b-{n}", "b", at=50, number=f"n{n}")
    for n in range(3):
        story.ring(f"n{n}", 20 + n)
    trace = attribute(story.evidence())
    assert of(trace, "a").posterior > 0.5
    assert of(trace, "b").sightings == ()
    assert of(trace, "b").posterior < of(trace, "a").posterior / 5


def test_channels_always_together_on_a_route_are_one_attribution() -> None:
    story = Story()
    story.control(25)
    for n in range(6):
        for hop, channel in enumerate(("shop", "courier", "hub")):
            story.canary(f"x-{n}", channel, at=hop / 4)
        if n < 3:
            story.canary(f"x-{n}", "station", at=1)
    for n in range(3, 6):
        story.reach(f"x-{n}", 30 + n)
    trace = attribute(story.evidence())
    assert of(trace, "shop").channel_ids == ("courier", "hub", "shop")
    assert of(trace, "station").channel_ids == ("station",)
    assert of(trace, "station").posterior < 0.5 < of(trace, "shop").posterior


def test_a_contact_between_two_confirmations_separates_the_channels() -> None:
    story = Story()
    story.control(25)
    for n in range(5):
        story.canary(f"x-{n}", "shop", at=0)
        story.canary(f"x-{n}", "courier", at=2)
    assert len(of(attribute(story.evidence()), "shop").channel_ids) == 2
    for n in range(4):
        story.reach(f"x-{n}", 1)
    trace = attribute(story.evidence())
    assert of(trace, "shop").channel_ids == ("shop",)
    assert of(trace, "shop").posterior > of(trace, "courier").posterior


def test_silence_of_the_siblings_tells_a_hub_from_its_courier() -> None:
    story = Story()
    story.control(25)
    for hub in ("hub1", "hub2", "hub3"):
        for n in range(6):
            story.canary(f"{hub}-{n}", "courier")
            story.canary(f"{hub}-{n}", hub)
    for n in range(4):
        story.reach(f"hub1-{n}", 30 + n)
    trace = attribute(story.evidence())
    assert of(trace, "hub1").posterior > 0.5 > of(trace, "courier").posterior


def test_an_alias_reached_by_mail_is_named_evidence_of_its_canary() -> None:
    story = Story()
    story.control(25)
    for channel in "abcd":
        for n in range(3):
            name = story.canary(f"{channel}-{n}", channel)
            story.canaries[name] = TracedCanary(
                name, ("the-domain",), kinds=(ContactPointKind.EMAIL_DOMAIN,)
            )
    alias = FieldMatch("email", "full", 13.8)
    for n in range(2):
        story.ring("the-domain", 30 + n, canaries=[f"a-{n}"], matches=(alias,), medium=Medium.EMAIL)
    trace = attribute(story.evidence())
    assert of(trace, "a").posterior > 0.99
    assert of(trace, "a").expected_by_chance == 0
    assert of(trace, "b").posterior < 0.1


def test_the_permission_is_that_of_the_canaries_that_were_reached() -> None:
    story = Story()
    story.canary("x", "a", permission=Permission.WITHDRAWN)
    story.canary("y", "a", permission=Permission.LISTED)
    story.canary("z", "a")
    assert of(attribute(story.evidence()), "a").permission is Permission.WITHDRAWN
    story.reach("y", 30)
    story.reach("z", 31)
    assert of(attribute(story.evidence()), "a").permission is Permission.LISTED


def test_a_canary_placed_twice_with_a_channel_counts_once_from_the_first_time() -> None:
    story = Story()
    story.canary("x", "a", at=5)
    story.canary("x", "a", at=50)
    story.reach("x", 20)
    found = of(attribute(story.evidence()), "a")
    assert (found.exposed, found.silent, found.first_seen) == (1, 0, day(20))

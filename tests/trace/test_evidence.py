"""What counts as evidence, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from honeytoken.models import (
    Attribution,
    Disposition,
    Drill,
    FieldForm,
    FieldMatch,
    FieldView,
    Medium,
    PlacementStatus,
    SoakHistory,
    Trace,
)
from honeytoken.trace import attribute
from honeytoken.trace.exposure import plantings

from .world import Story, day

ASKED = FieldMatch("name", "spoken", 6.0)


def of(trace: Trace, channel: str) -> Attribution:
    return next(a for a in trace.attributions if channel in a.channel_ids)


def four_channels(each: int = 4) -> Story:
    story = Story()
    story.plant(["a", "b", "c", "d"], each)
    story.control(25)
    return story


def posterior(story: Story, channel: str = "a") -> float:
    return of(attribute(story.evidence()), channel).posterior


@pytest.mark.parametrize(
    "disposition",
    [
        Disposition.EXPECTED,
        Disposition.AMBIGUOUS,
        Disposition.PROBE,
        Disposition.BACKGROUND,
        Disposition.UNREVIEWED,
    ],
)
def test_only_unsolicited_contacts_on_planted_canaries_count(disposition: Disposition) -> None:
    story = four_channels()
    before = attribute(story.evidence())
    for n in range(3):
        story.reach(f"a-{n}", 30, disposition=disposition, matches=(ASKED,))
    assert attribute(story.evidence()) == before


def test_unsolicited_contacts_raise_their_channel_and_no_other() -> None:
    story = four_channels()
    before = attribute(story.evidence())
    story.reach("a-0", 30)
    story.reach("a-1", 31)
    after = attribute(story.evidence())
    assert of(after, "a").posterior > 0.5 > of(after, "b").posterior
    assert of(after, "a").posterior > of(before, "a").posterior
    assert of(after, "a").sightings == ("s00000", "s00001")
    assert (of(after, "a").exposed, of(after, "a").silent) == (4, 2)
    assert of(after, "a").first_seen == day(30)


def test_a_contact_before_confirmation_is_only_background() -> None:
    story = four_channels()
    story.canary("late", "a", at=40)
    before = attribute(story.evidence())
    story.reach("late", 20)
    after = attribute(story.evidence())
    assert of(after, "a").sightings == ()
    assert of(after, "a").posterior <= of(before, "a").posterior + 1e-12
    assert of(after, "a").expected_by_chance > of(before, "a").expected_by_chance


def test_a_number_with_a_past_proves_less_when_it_rings_again() -> None:
    quiet, loud = four_channels(), four_channels()
    for story, contacts in ((quiet, 0), (loud, 5)):
        story.soaks.append(SoakHistory("number-a-0", 60, contacts))
        story.reach("a-0", 30)
        story.reach("a-1", 31)
    assert posterior(loud) < posterior(quiet)


def test_an_intended_or_void_placement_is_no_exposure() -> None:
    story = four_channels()
    for n, status in enumerate((PlacementStatus.INTENDED, PlacementStatus.VOID)):
        story.canary(f"never-{n}", "e", status=status)
        story.reach(f"never-{n}", 30, matches=(ASKED,))
    found = of(attribute(story.evidence()), "e")
    assert (found.exposed, found.sightings, found.limits) == (0, (), ("never exposed",))
    assert found.bayes_factor == pytest.approx(1)


def test_a_placement_after_the_window_is_no_exposure() -> None:
    story = four_channels()
    story.canary("tomorrow", "e", at=91)
    assert of(attribute(story.evidence()), "e").exposed == 0


def test_contacts_outside_the_window_are_ignored() -> None:
    story = four_channels()
    before = attribute(story.evidence())
    story.reach("a-0", -1)
    story.reach("a-0", 90)
    assert attribute(story.evidence()) == before


def test_repeats_on_one_number_add_nothing() -> None:
    once, often = four_channels(), four_channels()
    once.reach("a-0", 30, campaign="x")
    for n in range(10):
        often.reach("a-0", 30 + n, campaign="x")
    assert posterior(often) == pytest.approx(posterior(once))


def test_contacts_on_controls_lower_every_suspicion() -> None:
    story = four_channels()
    for n in range(3):
        story.reach(f"a-{n}", 30 + n)
    before = posterior(story)
    for n in range(15):
        story.noise(n, 20 + n)
    assert posterior(story) < before


def test_a_dialler_who_also_rings_a_control_is_set_aside() -> None:
    story = four_channels()
    names = {story.reach(f"a-{n}", 30 + n / 10, campaign="dialler") for n in range(3)}
    assert posterior(story) > 0.5
    story.noise(0, 31, campaign="dialler")
    trace = attribute(story.evidence())
    assert of(trace, "a").posterior < 0.1
    assert of(trace, "a").sightings == ()
    assert set(trace.set_aside) == names == set(trace.unexplained)


def test_a_single_contact_is_no_dialler_for_ringing_only_a_control() -> None:
    story = four_channels()
    story.noise(0, 31, campaign="x")
    trace = attribute(story.evidence())
    assert (trace.controls_reached, trace.set_aside) == (1, ())


def test_a_campaign_over_everybodys_numbers_speaks_for_no_channel() -> None:
    story = Story()
    story.plant([f"c{n}" for n in range(10)], 3)
    story.control(25)
    for n in range(10):
        story.reach(f"c{n}-0", 30 + n / 10, campaign="somebody")
    trace = attribute(story.evidence())
    assert len(trace.set_aside) == 10
    assert all(not a.sightings for a in trace.attributions)


def test_one_campaign_over_a_channels_canaries_weighs_less_than_three_strangers() -> None:
    together, apart = four_channels(), four_channels()
    for n in range(3):
        together.reach(f"a-{n}", 30 + n, campaign="one")
        apart.reach(f"a-{n}", 30 + n)
    assert of(attribute(together.evidence()), "a").campaigns == 1
    assert posterior(together) < posterior(apart)


def test_a_name_that_strangers_do_not_know_weighs_more() -> None:
    bare, named = four_channels(), four_channels()
    for n in range(2):
        bare.reach(f"a-{n}", 30 + n)
        named.reach(f"a-{n}", 30 + n, matches=(ASKED,))
    assert posterior(named) > posterior(bare)


def test_asking_for_somebody_else_weighs_less_than_not_asking() -> None:
    other = FieldMatch("name", "conflicting", -2.3)
    bare, conflicting = four_channels(), four_channels()
    for n in range(2):
        bare.reach(f"a-{n}", 30 + n)
        conflicting.reach(f"a-{n}", 30 + n, matches=(other,))
    assert posterior(conflicting) < posterior(bare)


def test_a_deaf_number_is_no_evidence_of_innocence() -> None:
    hearing, deaf = four_channels(), four_channels()
    for story in (hearing, deaf):
        story.reach("a-0", 30)
    deaf.drills.extend(Drill(f"number-a-{n}", day(1), heard=False) for n in (1, 2, 3))
    assert posterior(deaf) > posterior(hearing)
    assert of(attribute(deaf.evidence()), "a").exposed == 4


def test_silence_while_riders_were_expected_proves_less() -> None:
    plain, expecting = Story(), Story()
    for story, until in ((plain, None), (expecting, day(60))):
        for n in range(4):
            story.canary(f"a-{n}", "a", expected_until=until)
        story.plant(["b", "c", "d"], 4)
        story.control(25)
    assert posterior(expecting) > posterior(plain)


def _expecting(
    *,
    expected_until: datetime | None = None,
    dispatched_at: datetime | None = None,
    delivered_at: datetime | None = None,
) -> Story:
    story = Story()
    for n in range(4):
        story.canary(f"a-{n}", "a")
    story.placements = [
        replace(
            item,
            expected_until=expected_until,
            dispatched_at=dispatched_at,
            delivered_at=delivered_at,
        )
        for item in story.placements
    ]
    story.plant(["b", "c", "d"], 4)
    story.control(25)
    return story


def test_silence_between_dispatch_and_48_hours_after_delivery_proves_nothing() -> None:
    """Tracking goes before the owner's guess, in both directions."""
    guess = _expecting(expected_until=day(60))
    tracked = _expecting(expected_until=day(60), dispatched_at=day(1), delivered_at=day(3))
    late = _expecting(expected_until=day(3), dispatched_at=day(1), delivered_at=day(58))
    plain = _expecting()
    assert posterior(plain) < posterior(tracked) < posterior(guess)
    # One day of silence apart: the one before the dispatch.
    assert posterior(late) == pytest.approx(posterior(guess), rel=0.1)


def test_a_shared_number_shares_its_riders() -> None:
    """A call while one canary's parcel is on its way would be ambiguous for the other's channel."""
    alone, shared = Story(), Story()
    for story in (alone, shared):
        for n in range(4):
            story.canary(f"a-{n}", "a", number=f"n-{n}")
            number = f"n-{n}" if story is shared else f"m-{n}"
            story.canary(f"b-{n}", "b", number=number, expected_until=day(60))
        story.control(25)
    assert posterior(shared) > posterior(alone)


def test_riders_do_not_count_as_the_background_of_a_number() -> None:
    """The days a number was listened to leave out those when a call would have been ambiguous."""
    found = plantings(_expecting(dispatched_at=day(10), delivered_at=day(20)).evidence())
    assert found.listened["number-a-0"] == pytest.approx(90 - 12)
    assert found.listened["number-b-0"] == pytest.approx(90)


def test_who_saw_only_a_masked_number_cannot_have_passed_on_the_full_one() -> None:
    story = Story()
    story.control(25)
    masked = {"phone_number": FieldView(FieldForm.MASKED, "138****1234")}
    for n in range(5):
        story.canary(f"x-{n}", "shop")
        story.canary(f"x-{n}", "courier", view=masked)
    for n in range(4):
        story.reach(f"x-{n}", 30 + n)
    trace = attribute(story.evidence())
    assert of(trace, "shop").posterior > 0.5
    assert of(trace, "courier").sightings == ()
    assert of(trace, "courier").posterior <= of(trace, "courier").sensitivity.high < 0.5


def test_a_relay_number_points_at_whoever_was_given_it() -> None:
    relay = FieldMatch("phone_number", "relay", 10.0)
    story = Story()
    story.control(25)
    for n in range(5):
        story.canary(f"x-{n}", "shop")
        story.canary(
            f"x-{n}", "courier", view={"phone_number": FieldView(FieldForm.RELAY, "relay")}
        )
    for n in range(4):
        story.reach(f"x-{n}", 30 + n, matches=(relay,))
    trace = attribute(story.evidence())
    assert of(trace, "courier").posterior > 0.5 > of(trace, "shop").posterior


def test_a_leaked_file_is_one_campaign_and_names_its_channel() -> None:
    story = four_channels()
    rows = (FieldMatch("phone_number", "full", 13.0), FieldMatch("name", "full", 9.0))
    for n in range(4):
        story.reach(f"a-{n}", 50, campaign="file", medium=Medium.FILE, matches=rows)
    found = of(attribute(story.evidence()), "a")
    assert found.posterior > 0.99
    assert (found.campaigns, found.verdict) == (1, "suspect")


def test_unknown_canaries_and_double_records_change_nothing() -> None:
    story = four_channels()
    for n in range(2):
        story.reach(f"a-{n}", 30 + n)
    before = attribute(story.evidence())
    story.sightings.append(story.sightings[0])
    story.placements.append(story.placements[0])
    story.canary("ghost")
    assert attribute(story.evidence()) == before


def test_a_sighting_of_no_known_canary_is_unexplained() -> None:
    story = four_channels()
    name = story.ring("nobodys-number", 30, canaries=["never-minted"])
    trace = attribute(story.evidence())
    assert trace.unexplained == (name,)
    assert all(not a.sightings for a in trace.attributions)


def test_a_bare_contact_without_candidates_is_of_whoever_carries_the_number() -> None:
    story = four_channels()
    story.sightings.clear()
    story.ring("number-a-0", 30)
    said = attribute(story.evidence())
    unsaid_story = four_channels()
    unsaid_story.ring("number-a-0", 30)
    sighting = unsaid_story.sightings[0]
    unsaid_story.sightings[0] = type(sighting)(
        **{f: getattr(sighting, f) for f in sighting.__slots__ if f != "candidates"}
    )
    assert attribute(unsaid_story.evidence()) == said

"""The verdict's rules, each by itself and through whole traces."""

from __future__ import annotations

from dataclasses import replace

import pytest

from honeytoken.models import Authenticity, FieldMatch, Permission, Verdict
from honeytoken.trace import attribute, rules
from honeytoken.trace.rules import Case, judge, permission

from .test_evidence import of
from .world import Story

STRONG = Case(
    posterior=0.99,
    bayes_factor=500,
    exposed=6,
    reached=3,
    controls=25,
    none=0.005,
    unforgeable=0.99,
    assumptions=0.96,
    one_campaign_less=0.96,
)


def test_everything_fulfilled_is_strong_and_without_limits() -> None:
    assert judge(STRONG) == (Verdict.STRONG, ())


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ({"posterior": 0.94}, rules.BELOW_STRONG),
        ({"bayes_factor": 99.0}, rules.SMALL_BAYES_FACTOR),
        ({"reached": 1}, rules.ONE_CANARY),
        ({"controls": 0}, rules.NO_CONTROLS),
        ({"unforgeable": 0.94}, rules.FORGEABLE),
        ({"one_campaign_less": 0.94}, rules.ONE_CAMPAIGN),
        ({"assumptions": 0.94}, rules.ASSUMPTIONS),
    ],
)
def test_each_condition_alone_downgrades_to_suspect(change: dict[str, float], limit: str) -> None:
    assert judge(replace(STRONG, **change)) == (Verdict.SUSPECT, (limit,))  # type: ignore[arg-type]  # fields of mixed type


def test_below_one_half_there_is_not_enough_evidence() -> None:
    assert judge(replace(STRONG, posterior=0.49))[0] is Verdict.NOT_ENOUGH_EVIDENCE
    assert judge(replace(STRONG, posterior=0.5))[0] is Verdict.SUSPECT


def test_no_sign_needs_exposure_a_small_posterior_and_no_leak_anywhere() -> None:
    clean = replace(STRONG, posterior=0.03, reached=0, none=0.92)
    assert judge(clean) == (Verdict.NO_SIGN, ())
    assert judge(replace(clean, none=0.89))[0] is Verdict.NOT_ENOUGH_EVIDENCE
    assert judge(replace(clean, posterior=0.06))[0] is Verdict.NOT_ENOUGH_EVIDENCE
    assert judge(replace(clean, exposed=0))[1] == (rules.NEVER_EXPOSED,)


def test_of_several_permissions_the_gravest_known_one_stands() -> None:
    every = set(Permission)
    assert permission(every) is Permission.WITHDRAWN
    assert permission(every - {Permission.WITHDRAWN}) is Permission.UNLISTED
    assert permission({Permission.LISTED, Permission.UNKNOWN}) is Permission.LISTED
    assert permission(set()) is Permission.UNKNOWN


def leak(*, authenticity: Authenticity = Authenticity.BODY, controls: int = 25) -> Story:
    """Five of six canaries of channel a reached by five callers who knew the name."""
    story = Story()
    story.plant(["a", "b", "c", "d"], 6)
    story.control(controls)
    for n in range(5):
        story.reach(
            f"a-{n}",
            30 + n,
            authenticity=authenticity,
            matches=(FieldMatch("name", "spoken", 6.0),),
        )
    return story


def test_a_clear_leak_is_strong() -> None:
    found = of(attribute(leak().evidence()), "a")
    assert (found.verdict, found.limits) == (Verdict.STRONG, ())
    assert 0.95 <= found.sensitivity.low <= found.posterior <= found.sensitivity.high


def test_evidence_that_anybody_could_forge_never_makes_strong() -> None:
    found = of(attribute(leak(authenticity=Authenticity.NONE).evidence()), "a")
    assert found.posterior > 0.99
    assert (found.verdict, found.limits) == (Verdict.SUSPECT, (rules.FORGEABLE,))


def test_a_second_record_makes_a_forgeable_sighting_count_in_full() -> None:
    story = leak(authenticity=Authenticity.NONE)
    story.sightings = [replace(sighting, confirmed=True) for sighting in story.sightings]
    assert of(attribute(story.evidence()), "a").verdict is Verdict.STRONG


def test_without_controls_nothing_is_strong() -> None:
    found = of(attribute(leak(controls=0).evidence()), "a")
    assert rules.NO_CONTROLS in found.limits
    assert found.verdict is Verdict.SUSPECT


@pytest.mark.parametrize("callers", [1, 5, 50])
def test_one_canary_never_makes_strong(callers: int) -> None:
    story = Story()
    story.plant(["a", "b", "c", "d"], 1)
    story.control(100)
    for n in range(callers):
        story.reach("a-0", 5 + n, matches=(FieldMatch("email", "full", 30.0),))
    found = of(attribute(story.evidence()), "a")
    assert found.posterior > 0.9
    assert found.verdict is Verdict.SUSPECT
    assert rules.ONE_CANARY in found.limits


def test_one_campaign_never_makes_strong() -> None:
    story = leak()
    story.sightings = [replace(sighting, campaign_id="one") for sighting in story.sightings]
    found = of(attribute(story.evidence()), "a")
    assert found.posterior > 0.95
    assert (found.verdict, found.limits) == (Verdict.SUSPECT, (rules.ONE_CAMPAIGN,))


def test_a_single_channel_is_not_told_apart_from_somebody_undeclared() -> None:
    story = Story()
    story.plant(["a"], 8)
    story.control(25)
    for n in range(8):
        story.reach(f"a-{n}", 20 + n, matches=(FieldMatch("name", "spoken", 6.0),))
    trace = attribute(story.evidence())
    assert trace.undeclared > 0.05
    assert of(trace, "a").verdict is Verdict.SUSPECT


def test_quiet_channels_show_no_sign_when_nothing_happened_anywhere() -> None:
    story = Story(days=180)
    story.plant(["a", "b", "c"], 12)
    story.control(25)
    trace = attribute(story.evidence())
    assert trace.none > 0.9
    assert {a.verdict for a in trace.attributions} == {Verdict.NO_SIGN}
    assert 0.9 < trace.detectable < 1


def test_nothing_planted_is_not_enough_evidence_and_not_no_sign() -> None:
    story = Story()
    story.channel("a", "b")
    story.control(25)
    trace = attribute(story.evidence())
    assert {a.limits for a in trace.attributions} == {(rules.NEVER_EXPOSED,)}
    assert trace.detectable == 0

"""The sentences a person reads, and the same as data."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from honeytoken.models import FieldMatch, Permission, SoakHistory
from honeytoken.trace import attribute, explain, rules, summary, to_json
from honeytoken.trace.figures import amount, factor, probability
from honeytoken.trace.words import limit_in_words

from .test_rules import leak
from .world import Story

NAMES = {"a": "Northbound", "b": "Quicklend"}


def explained(story: Story, channel: str = "a") -> str:
    evidence = story.evidence()
    trace = attribute(evidence)
    found = next(a for a in trace.attributions if channel in a.channel_ids)
    return "\n".join(explain(found, trace, evidence, NAMES))


def test_the_summary_states_channel_uncertainty_window_background_and_prior() -> None:
    text = "\n".join(summary(attribute(leak().evidence()), NAMES))
    assert "went out through Northbound" in text
    assert "strong evidence, posterior >0.99" in text
    assert "Window: 90 days, from 2026-01-01 00:00 UTC to 2026-04-01 00:00 UTC." in text
    assert "25 controls, given to nobody, listened for 2,250 number-days" in text
    assert "95 % interval" in text
    assert "1 of 4 channels expected to leak" in text
    assert "they need not add up to 1" in text


def test_the_summary_of_nothing_says_so_and_how_much_silence_proves() -> None:
    text = "\n".join(summary(attribute(Story().evidence()), {}))
    assert "No channel stands out." in text
    assert "No control listened." in text
    assert "silence proves no more than that" in text


def test_the_explanation_goes_through_every_other_explanation() -> None:
    text = explained(leak())
    for start in (
        "A guess or random dialling:",
        "A recycled number",
        "A breach of one's own",
        "The telephone carrier:",
        "Another hop or a partner:",
        "A photographed or binned label:",
        "A member of the household",
        "Somebody who wants this channel to look responsible:",
    ):
        assert re.search(rf"^{re.escape(start)}", text, re.MULTILINE)


def test_the_explanation_counts_what_was_planted_and_what_arrived() -> None:
    text = explained(leak())
    assert "Planted: 6 canaries, confirmed with Northbound" in text
    assert "5 unsolicited sightings in 5 independent campaigns reached 5 of these canaries" in text
    assert "5 of the sightings named the canary" in text
    assert "Bayes factor" in text
    assert "Sensitivity:" in text
    assert "of 18 of those, 0 were reached" in text


def test_the_explanation_follows_the_data() -> None:
    story = leak(controls=0)
    story.soaks.append(SoakHistory("number-a-0", 45, 2))
    story.canary("a-1", "b")
    story.reach("a-0", 50, matches=(FieldMatch("name", "conflicting", -2.0),))
    text = explained(story)
    assert "Without controls this cannot be ruled out." in text
    assert "listened to for 45 number-days before anybody was given them, with 2 contacts" in text
    assert "1 sightings asked for somebody else" in text
    assert "had also been given to: Quicklend" in text
    assert "Not higher because: no control listened" in text


@pytest.mark.parametrize("permission", list(Permission))
def test_every_permission_has_its_sentence(permission: Permission) -> None:
    story = Story()
    story.canary("x", "a", permission=permission)
    assert "Permission: " in explained(story)


def test_a_channel_without_placements_is_explained_in_few_words() -> None:
    story = Story()
    story.channel("a")
    text = explained(story)
    assert "no canary was confirmed with Northbound" in text
    assert "Other explanations" not in text


def test_a_group_is_named_as_one() -> None:
    story = Story()
    story.canary("x", "a", "b")
    assert "Northbound or Quicklend: the placements cannot tell these apart" in explained(story)


def test_nobody_is_called_guilty() -> None:
    text = (explained(leak()) + "\n".join(summary(attribute(leak().evidence()), NAMES))).lower()
    assert not re.search(r"guilt|culprit|leaker|thief|\bcriminal|\b(i|we|our|us|my)\b", text)


@pytest.mark.parametrize("limit", rules.LIMITS)
def test_every_limit_has_a_sentence(limit: str) -> None:
    assert limit_in_words(limit).endswith(".")


def test_figures_never_claim_certainty_or_more_digits_than_they_have() -> None:
    assert (probability(1.0), probability(0.0), probability(0.5)) == (">0.99", "<0.01", "0.50")
    assert (factor(4123.0), factor(6.04), factor(1e300)) == ("4,100", "6", ">1,000,000")
    assert (amount(0.457), amount(0.0123), amount(12.6)) == ("0.5", "0.012", "13")


def test_json_has_the_records_names_and_times_in_utc() -> None:
    trace = attribute(leak().evidence())
    data = json.loads(json.dumps(to_json(trace), allow_nan=False))
    first = data["attributions"][0]
    assert first["channel_ids"] == ["a"]
    assert first["verdict"] == "strong"
    assert first["posterior"] == trace.attributions[0].posterior
    assert first["sensitivity"].keys() == {"low", "high"}
    assert first["first_seen"] == "2026-01-31T00:00:00Z"
    assert data["window"] == {"start": "2026-01-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"}


def test_words_and_campaigns_do_not_load_numpy() -> None:
    code = "import sys, honeytoken.trace; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

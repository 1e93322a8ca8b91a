"""The demo: a story that is played, not scripted."""

from __future__ import annotations

from pathlib import Path

import pytest

from honeytoken import Vault
from honeytoken.demo import run, write
from honeytoken.demo.story import PARTIES
from honeytoken.errors import AlreadyExists
from honeytoken.models import Verdict

SEEDS = range(60)


def test_every_channel_leaks_in_some_story_and_some_stories_have_no_leak() -> None:
    chosen = {write(seed).channel for seed in SEEDS}
    assert chosen == {None, *(party.name for party in PARTIES)}


def test_a_story_is_the_same_for_the_same_seed() -> None:
    assert write(4) == write(4)
    assert write(4) != write(5)


def test_every_number_of_a_story_is_fiction() -> None:
    from honeytoken.pool import is_fictional

    senders = {item.sender for seed in SEEDS for item in write(seed).happenings}
    assert all(is_fictional(sender) for sender in senders if sender.startswith("+"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_trace_of_a_played_story_never_says_strong_of_an_innocent(
    tmp_path: Path, seed: int
) -> None:
    outcome = run(tmp_path / "v", seed=seed)
    assert outcome.posted == outcome.accepted == len(outcome.story.happenings)
    for found in outcome.trace.attributions:
        if found.verdict is Verdict.STRONG:
            assert found.channel_ids == (outcome.story.channel,)
    with Vault.open(tmp_path / "v") as vault:
        assert vault.ledger.verify() == vault.ledger.head().seq


def test_riders_never_count_as_evidence(tmp_path: Path) -> None:
    outcome = run(tmp_path / "v", seed=1)
    counted = {sighting for item in outcome.trace.attributions for sighting in item.sightings}
    ambiguous = {s.id for s in outcome.evidence.sightings if s.disposition == "ambiguous"}
    assert ambiguous
    assert not counted & ambiguous


def test_a_demo_is_never_made_over_a_vault(tmp_path: Path) -> None:
    run(tmp_path / "v", seed=1)
    with pytest.raises(AlreadyExists):
        run(tmp_path / "v", seed=1)

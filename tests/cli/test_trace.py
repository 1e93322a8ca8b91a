"""`honeytoken trace` and `honeytoken demo`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from honeytoken.cli import trace
from honeytoken.cli.shorten import Plain

from .conftest import Shell


@pytest.fixture
def planted(shop: Shell) -> Shell:
    """A shop that planted two canaries, one of which was called."""
    shop.done("channel", "add", "quicklend", "--kind", "lender")
    for channel in ("northbound", "quicklend"):
        canary = shop.id("mint", "--locale", "en-GB")
        shop.done("place", canary, channel, "--confirmed")
    shop.done("contacts", "add", "--medium", "call", "--canary", canary, "--confirmed-by", "bill")
    return shop


def test_a_trace_is_a_table_with_sentences(planted: Shell) -> None:
    lines = planted.done("trace").splitlines()
    assert lines[0].split("  ")[0] == "CHANNEL"
    assert {line.split()[0] for line in lines[1:3]} == {"northbound", "quicklend"}
    assert "%" not in lines[1]
    assert lines[-1].startswith("`honeytoken trace --explain ")


def test_a_trace_as_json_is_the_whole_record(planted: Shell) -> None:
    (traced,) = planted.json("trace", "--prior", "0.5", "--json")
    assert traced["prior"] == 0.5
    attributions = traced["attributions"]
    assert isinstance(attributions, list)
    assert {tuple(each["channel_ids"]) for each in attributions} == {
        ("northbound",),
        ("quicklend",),
    }
    assert {each["verdict"] for each in attributions} <= {"no sign", "not enough evidence"}


def test_one_channel_is_explained(planted: Shell) -> None:
    lines = planted.done("trace", "--explain", "quicklend").splitlines()
    assert lines[1].startswith("quicklend")
    assert len(lines) > 3


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (["--since", "2030-01-01"], 1),
        (["--since", "2026-02-01", "--until", "2026-01-01"], 2),
        (["--prior", "nan"], 1),
        (["--prior", "0"], 2),
        (["--prior", "many"], 2),
        (["--explain", "southbound"], 1),
        (["--explain", "x\x1b"], 2),
    ],
)
def test_what_cannot_be_traced_is_one_clear_error(
    planted: Shell, typed: Sequence[str], code: int
) -> None:
    planted.failed("trace", *typed, code=code)


def test_a_vault_without_placements_traces_to_nothing(shell: Shell) -> None:
    assert shell.json("trace", "--json")[0]["attributions"] == []
    assert shell.done("trace").startswith("CHANNEL")


@pytest.mark.parametrize(
    ("value", "posterior"), [(0.98, "0.98"), (0.9999, ">0.99"), (1.0, ">0.99"), (1e-9, "<0.01")]
)
def test_a_posterior_is_never_rounded_to_certainty(value: float, posterior: str) -> None:
    assert trace.posterior({"posterior": value}) == posterior


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (4123.4, "4,100"),
        (6.0, "6"),
        (12.6, "13"),
        (0.126, "0.13"),
        (1e-9, "<0.001"),
        (1e99, ">1,000,000"),
    ],
)
def test_a_bayes_factor_has_two_digits(value: float, shown: str) -> None:
    assert trace.bayes_factor({"bayes_factor": value}) == shown


def test_channels_that_cannot_be_told_apart_stand_in_one_line() -> None:
    group: Plain = {"channel_ids": ["a", "b"], "exposed": 6, "silent": 4}
    assert trace.channels(group) == "a + b"
    assert trace.reached(group) == "2 of 6"


def test_the_demo_tells_what_it_found_and_what_the_story_was(empty: Shell) -> None:
    folder = str(empty.folder / "shop")
    (told,) = empty.json("demo", "--seed", "7", "--folder", folder, "--json")
    story, traced = told["story"], told["trace"]
    assert isinstance(story, dict)
    assert isinstance(traced, dict)
    assert story["seed"] == 7
    assert told["posted"] == told["accepted"]
    assert Shell(empty.folder / "shop").done("trace").startswith("CHANNEL")
    empty.failed("demo", "--folder", folder)

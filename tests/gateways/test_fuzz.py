"""Whatever arrives, a parser delivers or refuses: some of what ``tests.gateways.fuzz`` throws."""

from __future__ import annotations

import pytest

from honeytoken import gateways

from .fuzz import PARSERS, fuzz, main

EXAMPLES = 200


@pytest.mark.parametrize("name", PARSERS)
def test_made_up_requests_are_delivered_or_refused_and_reach_the_parser(name: str) -> None:
    outcomes = fuzz(PARSERS[name], EXAMPLES)
    assert outcomes.total() >= EXAMPLES
    assert outcomes["delivered"] > 0


def test_every_kind_of_gateway_is_fuzzed() -> None:
    parsers = {"mail" if gateways.is_mail({"kind": kind}) else kind for kind in gateways.KINDS}
    assert parsers <= {name.partition(",")[0] for name in PARSERS}


def test_command_says_how_far_the_requests_came(capsys: pytest.CaptureFixture[str]) -> None:
    main(["20", "sms_gateway"])
    assert capsys.readouterr().out.startswith("sms_gateway: 20 inputs in ")

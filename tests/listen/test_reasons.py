"""The log says why a delivery was refused: once a minute, and nothing of what was in it."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest

import honeytoken.gateways
from honeytoken.errors import BadSignature, MalformedDelivery
from honeytoken.listen.reasons import PERIOD_S, Reasons

GATEWAYS = Path(honeytoken.gateways.__file__).parent
REFUSALS = {"BadSignature", "StaleDelivery", "MalformedDelivery", "DeliveryRefused"}


def test_the_same_reason_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    reasons = Reasons(clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for _time in range(1000):
            reasons.tell("phones", BadSignature("the token is missing or wrong."))
        reasons.tell("phones", MalformedDelivery("the delivery has no time."))
        reasons.tell("desk", BadSignature("the token is missing or wrong."))
        now[0] = PERIOD_S
        reasons.tell("phones", BadSignature("the token is missing or wrong."))
    assert caplog.messages == [
        "gateway phones refused a delivery: BadSignature: the token is missing or wrong.",
        "gateway phones refused a delivery: MalformedDelivery: the delivery has no time.",
        "gateway desk refused a delivery: BadSignature: the token is missing or wrong.",
        "gateway phones refused a delivery: BadSignature: the token is missing or wrong."
        " (999 more since)",
    ]


def test_reasons_hold_nothing_but_sentences_of_ours_and_names_of_fields() -> None:
    looked = 0
    for path in GATEWAYS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS:
                (message,) = node.args
                looked += 1
                assert _is_ours(message), f"{path.name}:{node.lineno}"
    assert looked > 30


def _is_ours(message: ast.expr) -> bool:
    """`_("...")`, or that with `.format(name=...)` of a field the gateway asks for by its name."""
    assert isinstance(message, ast.Call)
    if isinstance(message.func, ast.Attribute):
        assert message.func.attr == "format"
        assert [word.arg for word in message.keywords] == ["name"]
        message = message.func.value
    assert isinstance(message, ast.Call)
    return getattr(message.func, "id", "") == "_" and isinstance(message.args[0], ast.Constant)

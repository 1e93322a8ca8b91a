"""The page about gateways says what the code does."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from honeytoken import gateways
from honeytoken.gateways import smsforwarder, standard_webhooks, twilio

from .requests import JSON, NOW, only, request

PAGE = (Path(__file__).parents[2] / "docs" / "gateways.md").read_text(encoding="utf-8")
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


def resolved(value: object) -> object:
    if isinstance(value, dict):
        return {name: resolved(item) for name, item in value.items()}
    if isinstance(value, list):
        return [resolved(item) for item in value]
    return WEBHOOK_SECRET if str(value).startswith(("env:", "file:")) else value


def test_every_table_on_the_page_builds_a_gateway() -> None:
    kinds = []
    for block in blocks("toml"):
        for name, options in tomllib.loads(block)["gateways"].items():
            table = resolved(options)
            assert isinstance(table, dict)
            kinds.append(table["kind"])
            gateways.build(name, table)
    assert tuple(kinds) == gateways.KINDS


@pytest.mark.parametrize("module", [twilio, smsforwarder, standard_webhooks])
def test_every_option_is_on_the_page(module: object) -> None:
    for option in getattr(module, "OPTIONS"):  # noqa: B009  # modules share no type
        assert f"| `{option}` |" in PAGE


def test_template_on_the_page_is_understood() -> None:
    template, _example = blocks("json")
    stamp = int(NOW.timestamp() * 1000)
    filled = {
        "[from]": "+8616100000002",
        "[org_content]": "hello",
        "[card_slot]": "SIM1_work",
        "[device_mark]": "shelf-3",
        "[receive_time:yyyy-MM-dd'T'HH:mm:ssZ]": "2026-11-22T16:39:20+0800",
        "[timestamp]": str(stamp),
        "[sign]": smsforwarder.signature("k", stamp),
    }
    for placeholder, value in filled.items():
        assert placeholder in template
        template = template.replace(placeholder, value)
    gateway = gateways.build("phones", {"kind": "smsforwarder", "secret": "k"})
    delivery = only(gateway.receive(request(template.encode(), content_type=JSON)))
    assert (delivery.recipient, delivery.text) == ("+8615400000001", "hello")


def test_webhook_on_the_page_is_understood() -> None:
    body, stamp = blocks("json")[1].encode(), int(NOW.timestamp())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": standard_webhooks.signature(WEBHOOK_SECRET, "msg_1", stamp, body),
    }
    gateway = gateways.build("desk", {"kind": "standard_webhooks", "secret": WEBHOOK_SECRET})
    delivery = only(gateway.receive(request(body, headers=headers)))
    assert (delivery.medium, delivery.subject) == ("email", json.loads(body)["data"]["subject"])

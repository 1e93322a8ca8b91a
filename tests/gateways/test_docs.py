"""The pages about gateways say what the code does, and what they paste is understood."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from honeytoken import gateways
from honeytoken.gateways import (
    Heartbeat,
    smsforwarder,
    smsgateway,
    standard_webhooks,
    twilio,
)

from .requests import JSON, NOW, only, request

FOLDER = Path(__file__).parents[2] / "docs" / "gateways"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OPTIONS = {
    "twilio": twilio.OPTIONS,
    "smsforwarder": smsforwarder.OPTIONS,
    "sms_gateway": smsgateway.OPTIONS,
    "standard_webhooks": standard_webhooks.OPTIONS,
}
HOOKS = tuple(OPTIONS)


def page(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.M | re.S)


def resolved(value: object) -> object:
    if isinstance(value, dict):
        return {name: resolved(item) for name, item in value.items()}
    if isinstance(value, list):
        return [resolved(item) for item in value]
    return WEBHOOK_SECRET if str(value).startswith(("env:", "file:")) else value


def test_every_kind_has_a_page_that_the_first_one_leads_to() -> None:
    for kind in gateways.KINDS:
        assert f"]({kind}.md)" in page("README")
        assert (FOLDER / f"{kind}.md").exists(), kind


@pytest.mark.parametrize("kind", HOOKS)
def test_every_table_on_a_page_builds_a_gateway_of_its_kind(kind: str) -> None:
    tables = [tomllib.loads(block)["gateways"] for block in blocks(kind, "toml")]
    assert tables
    for name, options in (item for table in tables for item in table.items()):
        found = resolved(options)
        assert isinstance(found, dict)
        assert found["kind"] == kind
        gateways.build(name, found)


@pytest.mark.parametrize("kind", HOOKS)
def test_options_on_a_page_are_those_of_the_code(kind: str) -> None:
    table = page(kind).partition("| option |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(OPTIONS[kind])


@pytest.mark.parametrize("kind", HOOKS)
def test_every_page_says_how_to_try_it_and_what_is_dangerous(kind: str) -> None:
    assert "`honeytoken gateway test " in page(kind)
    for heading in ("## Setting it up", "## Trying it", "## Hazards"):
        assert heading in page(kind)


def filled(template: str) -> bytes:
    """The template as the app fills it in."""
    stamp = int(NOW.timestamp() * 1000)
    values = {
        "[from]": "+8616100000002",
        "[org_content]": "hello",
        "[card_slot]": "SIM1_work",
        "[device_mark]": "shelf-3",
        "[receive_time:yyyy-MM-dd'T'HH:mm:ssZ]": "2026-11-22T16:39:20+0800",
        "[timestamp]": str(stamp),
        "[sign]": smsforwarder.signature("k", stamp),
    }
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    assert "[" not in template
    return template.encode()


def test_templates_for_smsforwarder_are_understood() -> None:
    message, heartbeat = blocks("smsforwarder", "json")
    gateway = gateways.build("phones", {"kind": "smsforwarder", "secret": "k"})
    delivery = only(gateway.receive(request(filled(message), content_type=JSON)))
    assert (delivery.recipient, delivery.text) == ("+8615400000001", "hello")
    call = message.replace('"kind":"sms"', '"kind":"call"')
    assert call != message
    assert only(gateway.receive(request(filled(call), content_type=JSON))).medium == "call"
    beat = gateway.receive(request(filled(heartbeat), content_type=JSON))
    assert beat == (Heartbeat("phones", "shelf-3"),)


def test_event_of_sms_gateway_on_the_page_is_understood() -> None:
    registration, event = blocks("sms_gateway", "json")
    assert json.loads(registration)["event"] == "sms:received"
    body, stamp = event.encode(), int(NOW.timestamp())
    (table,) = blocks("sms_gateway", "toml")
    gateway = gateways.build(
        "android", tomllib.loads(table)["gateways"]["android"] | {"signing_key": "k"}
    )
    headers = {"x-timestamp": str(stamp), "x-signature": smsgateway.signature("k", stamp, body)}
    delivery = only(gateway.receive(request(body, headers=headers)))
    assert (delivery.recipient, delivery.sender) == ("+8616100000003", "+8616100000002")


@pytest.mark.parametrize("kind", [*smsgateway._RECEIVED, *smsgateway._ALIVE])
def test_every_event_of_sms_gateway_is_on_the_page(kind: str) -> None:
    assert f"`{kind}`" in page("sms_gateway")


def test_webhook_on_the_page_is_understood() -> None:
    (event,) = blocks("standard_webhooks", "json")
    body, stamp = event.encode(), int(NOW.timestamp())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": standard_webhooks.signature(WEBHOOK_SECRET, "msg_1", stamp, body),
    }
    gateway = gateways.build("desk", {"kind": "standard_webhooks", "secret": WEBHOOK_SECRET})
    delivery = only(gateway.receive(request(body, headers=headers)))
    assert (delivery.medium, delivery.subject) == ("email", json.loads(body)["data"]["subject"])

"""`honeytoken drill`: send, wait, ring by hand, list."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from honeytoken import Vault
from honeytoken.contacts import Received
from honeytoken.gateways import Delivery
from honeytoken.models import Authenticity, Medium
from tests.drill.services import Api, Taken, serving

from .conftest import Shell


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as running:
        yield running


@pytest.fixture
def phones(shop: Shell, api: Api) -> Shell:
    """Three numbers, and a phone that texts them."""
    settings = shop.folder / "honeytoken.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8")
        + f'\n[senders.phone]\nkind = "sms_gateway"\nurl = "{api.url}/message"\nuser = "u"\n'
        + 'password = "hush-hush"\n\n[drill]\nevery_days = 7\n',
        encoding="utf-8",
    )
    return shop


def hear(folder: Path, to: str, said: str | None, **given: object) -> None:
    """Let something arrive, as the listener would store it."""
    fields: dict[str, object] = {
        "gateway": "hook",
        "delivery_id": f"{to} {said}",
        "medium": Medium.SMS,
        "authenticity": Authenticity.BODY,
        "sender": "+447700900999",
        "recipient": to,
        "text": said,
        **given,
    }
    with Vault.open(folder) as vault:
        delivery = Delivery(**fields)  # type: ignore[arg-type]  # the fields of a Delivery
        received = Received(
            delivery=delivery, region="GB", received_at=vault.clock(), headers={}, body=b""
        )
        vault.contacts.record([received])


def test_a_drill_is_sent_and_listed_without_showing_numbers(phones: Shell, api: Api) -> None:
    shown = phones.done("drill")
    assert shown.count("sent") == 3
    assert "+44770090012" not in shown
    assert len(api.sent) == 3
    listed = phones("drill", "list")
    assert listed.stdout.count("awaiting") == 3
    assert 'about 13 messages a month through "phone"' in listed.stderr
    assert phones.actions().count("drill") == 3
    phones.done("ledger", "verify")


def test_the_numbers_are_revealed_when_asked_and_the_ledger_knows(phones: Shell) -> None:
    assert phones.actions().count("reveal") == 0
    assert phones.done("drill", "list", "--reveal").count("+44770090012") == 3
    assert phones.actions().count("reveal") == 1


def test_waiting_ends_well_when_all_are_heard(phones: Shell, api: Api) -> None:
    def arrive(taken: Taken) -> None:
        hear(phones.folder, taken.body["phoneNumbers"][0], taken.body["textMessage"]["text"])

    api.arrives = arrive
    found = phones.json("drill", "--wait", "--json")
    assert [row["state"] for row in found] == ["heard"] * 3
    assert {row["state"] for row in phones.json("drill", "list", "--json")} == {"alive"}


def test_waiting_in_vain_fails(phones: Shell) -> None:
    result = phones("drill", "--wait", "--timeout", "0.02")
    assert (result.exit_code, result.stdout.count("not heard")) == (1, 3)
    assert "Waiting for 3 contact points" in result.stderr


def test_one_point_and_one_sender_can_be_named(phones: Shell, api: Api) -> None:
    point = phones.json("pool", "list", "--json")[1]
    (row,) = phones.json("drill", str(point["id"]), "--via", "phone", "--json")
    assert (row["contact_point_id"], row["state"], len(api.sent)) == (point["id"], "sent", 1)
    assert phones.failed("drill", "cp_nobody")[0] == 'Error: there is no contact point "cp_nobody".'
    assert "no sender" in phones.failed("drill", "--via", "phnoe")[0]
    assert len(api.sent) == 1


def test_what_could_not_be_sent_is_said_and_fails(phones: Shell, api: Api) -> None:
    api.status = 401
    result = phones("drill")
    assert result.exit_code == 1
    assert result.stdout.count("credentials refused") == 3
    assert "hush-hush" not in result.output


def test_without_a_sender_it_says_what_to_do(shop: Shell) -> None:
    said, hint = shop.failed("drill")
    assert said == "Error: no contact point has a sender."
    assert "[senders.NAME]" in hint
    assert "--manual" in hint
    assert "that way" in shop.failed("drill", "--manual", "--medium", "email")[0]


def test_by_hand_it_says_whom_to_ring_and_hears_it(phones: Shell) -> None:
    point = phones.json("pool", "list", "--json")[0]
    caller = "+447700900999"
    command = ("drill", "--manual", "--from", caller, "--timeout", "1", str(point["id"]))

    def ring() -> None:
        while not phones_are_awaited(phones):
            time.sleep(0.02)
        hear(phones.folder, "+447700900120", None, medium=Medium.CALL, sender=caller)

    person = threading.Thread(target=ring)
    person.start()
    result = phones(*command)
    person.join()
    assert result.exit_code == 0, result.output
    assert f"Ring +447700900120 from {caller}" in result.stdout
    assert "+447700900120: heard" in result.stderr


def phones_are_awaited(shell: Shell) -> bool:
    with Vault.open(shell.folder) as vault:
        return any(proof.state == "awaiting" for proof in vault.drills.proofs())


def test_by_hand_it_gives_the_words_to_the_letter_and_stops_waiting(phones: Shell) -> None:
    result = phones("drill", "--manual", "--timeout", "0.02")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("Text +44770090012") for line in lines)
    *_waiting, first, second, third, fate = result.stderr.splitlines()
    assert [first, second, third] == [f"+44770090012{n}: not heard" for n in range(3)]
    assert "counts as nothing" in fate
    # Nobody said that they were sent, so nobody is deaf.
    assert "deaf" not in phones.done("drill", "list")


@pytest.mark.parametrize(
    "typed",
    [
        ("drill", "--manual", "--wait"),
        ("drill", "--manual", "--via", "phone"),
        ("drill", "--from", "+447700900999"),
        ("drill", "--medium", "sms"),
        ("drill", "--timeout", "0"),
        ("drill", "list", "x"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(phones: Shell, typed: tuple[str, ...]) -> None:
    phones.failed(*typed, code=2)


def test_the_doctor_names_what_is_not_proven(phones: Shell, api: Api) -> None:
    def drills() -> list[tuple[object, object]]:
        rows = phones("doctor", "--json").stdout.splitlines()
        found = [json.loads(row) for row in rows]
        return [(r["name"], r["ok"]) for r in found if r["name"] in ("drills", "sender phone")]

    assert drills() == [("drills", None), ("sender phone", True)]
    api.arrives = lambda taken: hear(
        phones.folder, taken.body["phoneNumbers"][0], taken.body["textMessage"]["text"]
    )
    phones.done("drill")
    assert drills() == [("drills", True), ("sender phone", True)]
    settings = phones.folder / "honeytoken.toml"
    text = settings.read_text(encoding="utf-8").replace('kind = "sms_gateway"', 'kind = "sms"')
    settings.write_text(text, encoding="utf-8")
    assert drills() == [("sender phone", False)]


def test_a_caller_that_is_no_number_is_typed_wrong(phones: Shell) -> None:
    before = phones.store()
    phones.failed("drill", "--manual", "--from", "bob", code=2)
    phones.failed("drill", "--manual", "--from", "07700900999", "--region", "ZZ", code=2)
    assert phones.store() == before

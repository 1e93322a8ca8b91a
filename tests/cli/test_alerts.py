"""``honeytoken alerts``: list, test, retry."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from honeytoken import Vault
from honeytoken.cli import alerts as verb
from honeytoken.notify import book
from honeytoken.notify.sinks import built_sinks
from honeytoken.notify.worker import Courier
from honeytoken.store import outbox
from tests.notify.receivers import Receiver, receiving, table

from .conftest import Shell


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def desk(shell: Shell, receiver: Receiver) -> Shell:
    """A vault with the sink ``desk``, and two notices about one contact point for it."""
    settings = shell.folder / "honeytoken.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + table(receiver), encoding="utf-8")
    with Vault.open(shell.folder) as vault:
        for n in range(2):
            with vault.store.write() as tx:
                data = {"contact_id": f"con_{n}", "medium": "sms", "disposition": "unsolicited"}
                notice = outbox.Notice("desk", outbox.CONTACT, "cp_1", data)
                outbox.enqueue(tx, [notice])
    return shell


def work(shell: Shell) -> None:
    """Do what the listener's worker would."""
    with Vault.open(shell.folder) as vault:
        courier = Courier(vault.store, built_sinks(vault.settings)["desk"])
        while courier.step():
            pass


def test_what_waits_and_what_was_sent_is_listed(desk: Shell) -> None:
    (before,) = desk.json("alerts", "list", "--json")
    assert (before["id"], before["state"], before["notices"]) == (None, "held", 2)
    work(desk)
    sent, held = desk.json("alerts", "list", "--json")
    assert (sent["state"], sent["attempts"], sent["due_at"]) == ("sent", 1, None)
    assert (held["state"], held["notices"]) == ("held", 1)
    assert "desk" in desk.done("alerts", "list", "--state", "sent", "--sink", "desk")
    assert 'no alert sink "other"' in desk.failed("alerts", "list", "--sink", "other")[0]
    assert len(desk.json("alerts", "list", "--limit", "1", "--json")) == 2


def test_what_was_given_up_is_put_back(desk: Shell, receiver: Receiver) -> None:
    receiver.answers(410)
    work(desk)
    (dead,) = desk.json("alerts", "list", "--state", "dead", "--json")
    assert dead["failure"] == "410"
    receiver.answers(204)
    (back,) = desk.json("alerts", "retry", "--all", "--json")
    assert (back["id"], back["state"], back["attempts"]) == (dead["id"], "waiting", 0)
    work(desk)
    assert receiver.ids == [dead["id"], dead["id"]]
    assert desk.failed("alerts", "retry", str(dead["id"]))


def test_an_unknown_alert_leads_to_the_list(desk: Shell) -> None:
    assert "alerts list" in desk.failed("alerts", "retry", "alr_1")[1]


@pytest.mark.parametrize("typed", [(), ("--all", "alr_1")])
def test_retry_wants_ids_or_all(desk: Shell, typed: tuple[str, ...]) -> None:
    desk.failed("alerts", "retry", *typed, code=2)


def test_a_test_message_arrives_now(desk: Shell, receiver: Receiver) -> None:
    (found,) = desk.json("alerts", "test", "--json")
    assert found == {"sink": "desk", "kind": "standard_webhooks", "sent": True, "failure": None}
    assert receiver.types == ["alert.test"]


def test_a_test_that_fails_says_why_and_ends_with_1(desk: Shell, receiver: Receiver) -> None:
    receiver.answers(401)
    result = desk("alerts", "test", "desk")
    assert result.exit_code == 1
    assert "401" in result.stdout
    for hidden in ("hidden", "127.0.0.1", "whsec_"):
        assert hidden not in result.output


def test_an_unknown_sink_is_named(desk: Shell) -> None:
    assert 'Did you mean "desk"?' in desk.failed("alerts", "test", "dsk")[1]


def test_without_sinks_a_test_says_what_to_do(shell: Shell) -> None:
    result = shell("alerts", "test")
    assert result.exit_code == 0
    assert "[alerts.NAME]" in result.stderr


def examined(shell: Shell) -> dict[str, bool | None]:
    found = [json.loads(line) for line in shell("doctor", "--json").stdout.splitlines()]
    return {check["name"]: check["ok"] for check in found if "alert" in check["name"]}


def test_the_doctor_knows_how_the_sinks_do(desk: Shell, receiver: Receiver) -> None:
    assert examined(desk) == {"alert desk": True}
    receiver.answers(410)
    work(desk)
    assert examined(desk) == {"alert desk": False}


def test_the_doctor_names_alerts_of_a_sink_that_is_not_there_any_more(desk: Shell) -> None:
    settings = desk.folder / "honeytoken.toml"
    text = settings.read_text(encoding="utf-8").replace("[alerts.desk]", "[alerts.room]")
    settings.write_text(text, encoding="utf-8")
    assert examined(desk) == {"alert room": True, "alert desk": None}


def test_the_doctor_notices_that_nobody_is_told(shell: Shell) -> None:
    assert examined(shell) == {"alerts": None}


def test_the_doctor_finds_a_sink_that_is_set_up_wrongly(shell: Shell) -> None:
    settings = shell.folder / "honeytoken.toml"
    text = settings.read_text(encoding="utf-8") + '\n[alerts.room]\nkind = "pager"\n'
    settings.write_text(text, encoding="utf-8")
    assert examined(shell) == {"alert room": False}


def test_the_states_of_the_verb_are_those_of_the_vault() -> None:
    assert set(verb.STATES) == set(book.STATES)

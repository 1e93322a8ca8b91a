"""Drills as a vault sends and hears them, on both databases."""

from __future__ import annotations

import html
import io
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from honeytoken import Vault
from honeytoken.drill import Attempt, Drills
from honeytoken.errors import InvalidIdentifier, InvalidInput, LedgerBroken, NotFound, Refused
from honeytoken.models import Contact, Disposition, Drill, Medium
from honeytoken.store import audit, drills
from tests.conftest import START, Clock, furnish

from .conftest import Drilled, opened
from .services import Api, Relay


def proved(vault: Vault, **window: float) -> list[Drill]:
    """Give what the tracer is told."""
    with vault.store.read() as tx:
        since = START - timedelta(days=window.get("before", 1))
        return drills.decided(tx, since=since, until=tx.now + timedelta(days=1))


def verified(vault: Vault) -> bool:
    with vault.store.read() as tx:
        return audit.check(tx).seq > 0


def test_a_drill_that_is_heard_is_a_probe_and_proves_life(drilled: Drilled) -> None:
    (point, *others) = drilled.numbers()
    (attempt,) = drilled.vault.drills.send([point.id])
    assert (attempt.via, attempt.failure, attempt.medium) == ("phone", None, Medium.SMS)
    assert drilled.health() == ["awaiting", "never drilled", "never drilled"]
    drilled.clock.forward(minutes=1)
    contact = drilled.arrive_sent()
    assert (contact.disposition, contact.contact_point_id) == ("probe", point.id)
    assert drilled.health()[0] == "alive"
    assert proved(drilled.vault) == [Drill(point.id, START, heard=True, medium=Medium.SMS)]
    assert verified(drilled.vault)
    assert others


def test_the_same_message_through_a_second_gateway_is_a_probe_too(drilled: Drilled) -> None:
    list(drilled.vault.drills.send([drilled.numbers()[0].id]))
    first = drilled.arrive_sent()
    drilled.clock.forward(hours=1)
    body = drilled.api.sent[0].body
    again = drilled.arrive(body["phoneNumbers"][0], body["textMessage"]["text"], gateway="other")
    assert [first.disposition, again.disposition] == ["probe", "probe"]
    assert [d.heard for d in proved(drilled.vault)] == [True]
    assert verified(drilled.vault)


def test_a_text_at_another_number_or_a_part_of_it_is_no_drill(drilled: Drilled) -> None:
    first, second, _third = drilled.numbers()
    list(drilled.vault.drills.send([first.id]))
    said = drilled.api.sent[0].body["textMessage"]["text"]
    assert drilled.arrive(second.value, said).disposition != Disposition.PROBE
    assert drilled.arrive(first.value, said[:-3]).disposition != Disposition.PROBE
    assert drilled.arrive(first.value, f"From SIM 1: {said}").disposition == Disposition.PROBE


def test_a_drill_that_left_and_did_not_come_makes_the_point_deaf(drilled: Drilled) -> None:
    point = drilled.numbers()[0]
    list(drilled.vault.drills.send([point.id]))
    drilled.clock.forward(hours=7)
    # Only the phone knows whether it left: nothing is concluded before it is asked.
    assert (proved(drilled.vault), drilled.health()[0]) == ([], "never drilled")
    assert drilled.vault.drills.settle() == 1
    assert proved(drilled.vault) == [Drill(point.id, START, heard=False, medium=Medium.SMS)]
    assert drilled.health()[0] == "deaf"
    assert drilled.vault.drills.settle() == 0
    assert verified(drilled.vault)


@pytest.mark.parametrize(
    ("state", "reason"), [(b'{"state": "Pending"}', "never left"), (b"nonsense", "unknown")]
)
def test_what_never_left_proves_nothing(drilled: Drilled, state: bytes, reason: str) -> None:
    drilled.api.state = state
    (attempt,) = drilled.vault.drills.send([drilled.numbers()[0].id])
    drilled.clock.forward(hours=40)
    drilled.vault.drills.settle()
    (drill,) = drilled.vault.drills.get([attempt.drill_id or ""])
    assert (drill.failure, drill.sent_at) == (reason, None)
    assert (proved(drilled.vault), drilled.health()[0]) == ([], "never drilled")


def test_a_refused_message_proves_nothing_but_may_still_arrive(drilled: Drilled) -> None:
    drilled.api.status = 500
    (attempt,) = drilled.vault.drills.send([drilled.numbers()[0].id])
    assert attempt.failure == "refused"
    drilled.clock.forward(days=3)
    assert (drilled.vault.drills.settle(), proved(drilled.vault)) == (0, [])
    # The service had sent it all the same: an answer lost on the way.
    assert drilled.arrive_sent().disposition == Disposition.PROBE


def test_one_that_comes_late_was_missed_and_then_heard(drilled: Drilled) -> None:
    point = drilled.numbers()[0]
    list(drilled.vault.drills.send([point.id]))
    came = drilled.clock.forward(days=5)
    assert drilled.arrive_sent().disposition == Disposition.PROBE
    assert proved(drilled.vault) == [
        Drill(point.id, START, heard=False, medium=Medium.SMS),
        Drill(point.id, came, heard=True, medium=Medium.SMS),
    ]
    assert drilled.health()[0] == "alive"


def test_the_tracer_is_told_the_last_proof_before_its_window(drilled: Drilled) -> None:
    point = drilled.numbers()[0]
    for _time in range(2):
        list(drilled.vault.drills.send([point.id]))
        drilled.clock.forward(days=2)
        drilled.vault.drills.settle()
    assert [d.at for d in proved(drilled.vault, before=-30)] == [START + timedelta(days=2)]


def test_a_mail_goes_to_a_canary_that_lives(drilled: Drilled) -> None:
    (domain,) = drilled.vault.pool.list(kind="email_domain")
    (attempt,) = drilled.vault.drills.send([domain.id])
    assert attempt.failure == "no address minted"
    canary = drilled.vault.mint(locale="en-GB", expires_at=START + timedelta(days=1))
    (attempt,) = drilled.vault.drills.send([domain.id])
    assert attempt.failure is None
    ((_from, recipients, mail),) = drilled.relay.mails
    assert recipients == [canary.identity.email]
    contact = drilled.arrive(
        recipients[0], mail.get_content().strip(), subject=str(mail["Subject"])
    )
    assert contact.disposition == Disposition.PROBE
    # A relay that took it has sent it, so a second one that is lost makes the domain deaf.
    drilled.clock.forward(days=2)
    (attempt,) = drilled.vault.drills.send([domain.id])
    assert attempt.failure == "no address minted"  # the canary has expired


def test_a_mailbox_is_drilled_as_it_stands(drilled: Drilled) -> None:
    box = drilled.vault.pool.add("mailbox", "deer@post.example", region="GB", role="test")
    (attempt,) = drilled.vault.drills.send([box.id])
    assert (attempt.failure, drilled.relay.mails[0][1]) == (None, ["deer@post.example"])


def test_a_control_is_drilled_too(drilled: Drilled) -> None:
    (control,) = drilled.vault.pool.reserve_controls(count=1)
    list(drilled.vault.drills.send([control.id]))
    contact = drilled.arrive_sent()
    assert (contact.disposition, contact.contact_point_id) == ("probe", control.id)


def test_nobody_else_is_ever_drilled(drilled: Drilled) -> None:
    point = drilled.numbers()[0]
    drilled.vault.pool.retire(point.id)
    with pytest.raises(Refused, match="cannot be drilled now"):
        list(drilled.vault.drills.send([point.id]))
    with pytest.raises(NotFound):
        list(drilled.vault.drills.send(["+447700900555"]))
    with pytest.raises(NotFound, match="sender"):
        list(drilled.vault.drills.send(via="phnoe"))
    list(drilled.vault.drills.send(via="phone"))
    sent = {request.body["phoneNumbers"][0] for request in drilled.api.sent}
    assert sent == {other.value for other in drilled.numbers()[1:]}


def test_a_production_vault_drills_no_test_numbers(
    drilled: Drilled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONEYTOKEN_MODE", "production")
    with Vault.open(drilled.vault.folder, clock=drilled.clock) as vault:
        assert all(proof.kind != "phone_number" for proof in vault.drills.proofs())
        list(vault.drills.send())
        with pytest.raises(Refused, match="cannot be drilled now"):
            list(vault.drills.send([drilled.numbers()[0].id]))
    assert drilled.api.sent == []


def test_one_under_way_is_enough(drilled: Drilled) -> None:
    point = drilled.numbers()[0]
    outcomes = [
        attempt.failure for _time in range(2) for attempt in drilled.vault.drills.send([point.id])
    ]
    assert (outcomes, len(drilled.api.sent)) == ([None, "under way"], 1)


def test_a_restart_and_a_second_replica_send_nothing_twice(drilled: Drilled) -> None:
    steps: list[Attempt | None] = []
    ready = threading.Barrier(4)

    def replica() -> None:
        with Vault.open(drilled.vault.folder, clock=drilled.clock) as vault:
            mine = Drills(vault.store, vault.settings)
            ready.wait()
            steps.extend(mine.step() for _time in range(3))

    threads = [threading.Thread(target=replica) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drilled.api.sent) == 1
    assert sum(step is not None for step in steps) == 1


def test_the_schedule_drills_all_one_after_the_other(drilled: Drilled) -> None:
    drilled.vault.mint(locale="en-GB")
    for _step in range(24 * 12):
        drilled.vault.drills.step()
        drilled.clock.forward(minutes=30)
    sent = [request.body["phoneNumbers"][0] for request in drilled.api.sent]
    assert sorted(set(sent)) == [point.value for point in drilled.numbers()]
    assert len(drilled.relay.mails) >= 1
    assert len(sent) <= 2 * len(set(sent))


def number_state(vault: Vault) -> str:
    (found,) = [proof for proof in vault.drills.proofs() if proof.kind == "phone_number"]
    return found.state.value


ROOT = Path(__file__).parents[2]
OPEN_AND_DIE = """
import os, signal, sys
from honeytoken import Vault
from honeytoken.drill import senders

def die(*_args):
    os.kill(os.getpid(), signal.SIGKILL)

senders.SmsGatewaySender.send = die
with Vault.open(sys.argv[1]) as vault:
    list(vault.drills.send([sys.argv[2]]))
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_killed_between_opening_and_sending_is_not_deafness(
    tmp_path: Path, api: Api, relay: Relay
) -> None:
    now = Clock(Vault.create(tmp_path / "other").clock())
    with opened(tmp_path / "v", now, api, relay) as vault:
        furnish(vault, numbers=1)
        (point,) = vault.pool.list(kind="phone_number")
        command = [sys.executable, "-c", OPEN_AND_DIE, str(vault.folder), point.id]
        done = subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
        assert done.returncode == -signal.SIGKILL
        # It was recorded first, and is awaited.
        assert number_state(vault) == "awaiting"
        now.forward(days=2)
        vault.drills.settle()
        assert proved(vault, before=9999) == []
        assert number_state(vault) == "never drilled"
        assert verified(vault)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE drills SET heard_at = NULL, heard = false",
        "UPDATE drills SET heard = false",
        "UPDATE drills SET heard_at = heard_at + 1",
        "UPDATE drills SET at = at - 1",
        "UPDATE drills SET deadline = deadline - 1",
        "UPDATE drills SET sent_at = 1",
        "UPDATE drills SET sealed = NULL",
        "UPDATE drills SET medium = 'email'",
        "UPDATE drills SET via = 'other'",
        "DELETE FROM drills",
        "INSERT INTO drills (id, contact_point_id, at, heard, medium, deadline, heard_at)"
        " SELECT 'drl_x', contact_point_id, at + 1, heard, medium, deadline, heard_at FROM drills",
    ],
)
def test_the_ledger_finds_a_drill_that_was_altered_removed_or_invented(
    drilled: Drilled, statement: str
) -> None:
    list(drilled.vault.drills.send([drilled.numbers()[0].id]))
    drilled.arrive_sent()
    assert verified(drilled.vault)
    with drilled.vault.store.engine.begin() as connection:
        connection.execute(text(statement))
    with pytest.raises(LedgerBroken):
        verified(drilled.vault)


def test_what_is_awaited_is_sealed(drilled: Drilled) -> None:
    list(drilled.vault.drills.send([drilled.numbers()[0].id]))
    said = drilled.api.sent[0].body["textMessage"]["text"]
    with drilled.vault.store.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM drills")).all()
    assert said not in repr(rows)
    assert said.encode() not in repr(rows).encode()


def test_a_call_by_hand_is_recognised_by_who_rings(drilled: Drilled) -> None:
    point = drilled.numbers()[0]
    (ring,) = drilled.vault.drills.open_by_hand(
        [point.id], caller="07700 900999", region="GB", timeout=timedelta(minutes=10)
    )
    assert (ring.medium, ring.to, ring.caller) == (Medium.CALL, point.value, "+447700900999")
    stranger = drilled.arrive(point.value, "", medium=Medium.CALL, sender="+447700900998")
    ours = drilled.arrive(point.value, "", medium=Medium.CALL, sender="0044 7700 900999")
    assert stranger.disposition != Disposition.PROBE
    assert ours.disposition == Disposition.PROBE
    # A number can be guessed: after the deadline it is anybody's again.
    drilled.clock.forward(hours=1)
    later = drilled.arrive(point.value, "", medium=Medium.CALL, sender="+447700900999")
    assert later.disposition != Disposition.PROBE


def test_what_was_not_rung_proves_nothing_until_somebody_vouches(drilled: Drilled) -> None:
    point = drilled.numbers()[0]
    (by_hand,) = drilled.vault.drills.open_by_hand([point.id], timeout=timedelta(minutes=10))
    assert by_hand.text
    drilled.clock.forward(hours=1)
    assert proved(drilled.vault) == []
    drilled.vault.drills.vouch([by_hand.drill_id])
    assert [d.heard for d in proved(drilled.vault)] == [False]
    assert verified(drilled.vault)


def test_by_hand_refuses_what_cannot_be_recognised(drilled: Drilled) -> None:
    ten = timedelta(minutes=10)
    (domain,) = drilled.vault.pool.list(kind="email_domain")
    with pytest.raises(InvalidInput, match="number you ring from"):
        drilled.vault.drills.open_by_hand(medium="call", timeout=ten)
    with pytest.raises(InvalidIdentifier):
        drilled.vault.drills.open_by_hand(caller="nobody", timeout=ten)
    with pytest.raises(InvalidInput, match="cannot be reached that way"):
        drilled.vault.drills.open_by_hand([domain.id], medium="sms", timeout=ten)
    with pytest.raises(InvalidInput, match="timeout"):
        drilled.vault.drills.open_by_hand(timeout=timedelta(days=9))


OWN_PHONE = "+447700900999"


def rung(drilled: Drilled, *, wait: timedelta = timedelta(minutes=10)) -> tuple[str, str]:
    """Open a drill by hand that a call is to answer; give its number and its id."""
    point = drilled.numbers()[0]
    (ring,) = drilled.vault.drills.open_by_hand([point.id], caller=OWN_PHONE, timeout=wait)
    return point.value, ring.drill_id


def arrive_call(drilled: Drilled, to: str, at: datetime) -> Contact:
    """Let a hook tell now of a call that rang at another time."""
    return drilled.arrive(to, "", medium=Medium.CALL, sender=OWN_PHONE, sent_at=at)


def load(drilled: Drilled, to: str, raw: str) -> None:
    drilled.vault.contacts.import_log(io.BytesIO(raw.encode()), to=to)


def log(at: datetime, number: str, said: str | None = None) -> str:
    """Give a phone's log of one call or message."""
    when = int(at.timestamp() * 1000)
    if said is None:
        row = f'<call number="{number}" duration="9" date="{when}" type="1" presentation="1"/>'
        return f'<calls count="1">{row}</calls>'
    row = f'<sms address="{number}" date="{when}" type="1" body="{said}"/>'
    return f'<smses count="1">{row}</smses>'


@pytest.mark.parametrize(
    ("minutes", "disposition"),
    [
        (-4, Disposition.BACKGROUND),
        (-2, Disposition.PROBE),
        (1, Disposition.PROBE),
        (12, Disposition.PROBE),
        (14, Disposition.BACKGROUND),
    ],
)
@pytest.mark.parametrize("days", [0.1, 40])
def test_a_drill_call_is_recognised_by_when_it_rang_however_late_the_hook(
    drilled: Drilled, minutes: int, days: float, disposition: Disposition
) -> None:
    number, drill_id = rung(drilled)
    at = drilled.clock.now + timedelta(minutes=minutes)
    drilled.clock.forward(days=days)
    assert arrive_call(drilled, number, at).disposition is disposition
    (drill,) = drilled.vault.drills.get([drill_id])
    assert (drill.heard_at is not None) == (disposition is Disposition.PROBE)
    assert verified(drilled.vault)


@pytest.mark.parametrize("days", [1, 45])
def test_a_drill_call_that_the_hook_missed_is_a_probe_in_the_phone_s_log(
    drilled: Drilled, days: int
) -> None:
    number, drill_id = rung(drilled)
    drilled.vault.drills.vouch([drill_id])
    at = drilled.clock.now + timedelta(minutes=1)
    drilled.clock.forward(days=days)
    load(drilled, number, log(at, OWN_PHONE))
    assert [c.disposition for c in drilled.vault.contacts.list()] == [Disposition.PROBE]
    # The phone heard; its hook delivered nothing.
    assert [d.heard for d in proved(drilled.vault)] == [False]
    assert drilled.vault.drills.get([drill_id])[0].heard_at is None
    # Should the hook deliver after all, that proves life.
    assert arrive_call(drilled, number, at).disposition is Disposition.PROBE
    assert len(drilled.vault.contacts.list()) == 1
    assert drilled.vault.drills.get([drill_id])[0].heard_at == drilled.clock.now
    assert verified(drilled.vault)


@pytest.mark.parametrize("days", [0.01, 31, 400])
def test_a_drill_text_in_an_imported_log_is_a_probe_and_proves_no_life(
    drilled: Drilled, days: float
) -> None:
    (attempt, *_more) = drilled.vault.drills.send([drilled.numbers()[0].id])
    said = drilled.api.sent[-1].body["textMessage"]["text"]
    at = drilled.clock.now
    drilled.clock.forward(days=days)
    load(drilled, attempt.value, log(at, OWN_PHONE, html.escape(said)))
    (contact,) = drilled.vault.contacts.list()
    assert (contact.body, contact.disposition) == (said, Disposition.PROBE)
    assert drilled.vault.drills.get([attempt.drill_id or ""])[0].heard_at is None


@pytest.mark.parametrize("named", ["recipient", "contact_point"])
def test_a_drill_that_is_typed_in_is_a_probe_and_proves_no_life(
    drilled: Drilled, named: str
) -> None:
    number, drill_id = rung(drilled)
    drilled.clock.forward(hours=5)
    whom = {"recipient": number, "contact_point": drilled.numbers()[0]}[named]
    contact = drilled.vault.contacts.add(
        medium="call",
        sender=OWN_PHONE,
        region="GB",
        received_at=drilled.clock.now - timedelta(hours=5),
        **{named: whom},  # type: ignore[arg-type]  # one of two fields
    )
    assert contact.disposition is Disposition.PROBE
    assert drilled.vault.drills.get([drill_id])[0].heard_at is None


def test_a_text_that_comes_after_a_bill_without_it_shows_the_drill(drilled: Drilled) -> None:
    (attempt,) = drilled.vault.drills.send([drilled.numbers()[0].id])
    said = drilled.api.sent[-1].body["textMessage"]["text"]
    at = drilled.clock.now
    drilled.clock.forward(days=3)
    row = f"Time,Number,Type,Charge\n{at:%Y-%m-%dT%H:%M:%S}Z,{OWN_PHONE},SMS received,0\n"
    load(drilled, attempt.value, row)
    load(drilled, attempt.value, log(at, OWN_PHONE, html.escape(said)))
    (contact,) = drilled.vault.contacts.list()
    assert (contact.disposition, contact.confirmed_by) == (Disposition.PROBE, "phone log")
    assert drilled.vault.drills.get([attempt.drill_id or ""])[0].heard_at is None
    assert verified(drilled.vault)

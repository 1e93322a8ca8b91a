"""Workers as processes and threads: many on one store, killed, slow, stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks import Webhook

from honeytoken import Vault, service
from honeytoken.errors import SettingsError, StoreBusy
from honeytoken.notify import worker
from honeytoken.notify.sinks import built_sinks
from honeytoken.notify.worker import sending
from honeytoken.store import outbox
from tests.conftest import Clock

from .conftest import Opener, delivered, record
from .receivers import SECRET, Receiver, table, verified

# Works until nothing is due; a clock that goes ahead stands for the time that leases take.
WORKER = """
import sys
from datetime import UTC, datetime, timedelta
from honeytoken import Vault
from honeytoken.notify.sinks import built_sinks
from honeytoken.notify.worker import Courier
ahead = timedelta(minutes=int(sys.argv[2]))
with Vault.open(sys.argv[1], clock=lambda: datetime.now(UTC) + ahead) as vault:
    courier = Courier(vault.store, built_sinks(vault.settings)["desk"])
    print("ready", flush=True)
    sys.stdin.readline()
    while courier.step():
        pass
"""


def started(vault: Vault, *, ahead_minutes: int = 0) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(vault.folder), str(ahead_minutes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def ended(process: subprocess.Popen[str]) -> int:
    with process:
        return process.wait(timeout=120)


def filled(vault: Vault, count: int) -> set[str]:
    """Put alerts into the store, each of one notice; return their ids."""
    ids = set()
    with vault.store.claim() as tx:
        tx.now = datetime.now(UTC)
        for n in range(count):
            data = {"n": n}
            outbox.enqueue(tx, [outbox.Notice("desk", "drill.overdue", f"cp_{n}", data)])
        pending = outbox.due(tx, "desk", limit=count)
        for notice in pending:
            ids.add(outbox.make_alert(tx, "desk", notice.kind, [notice.id]))
    assert len(ids) == count
    return ids


def until(done: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for something that must happen."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_two_processes_send_five_hundred_alerts_each_exactly_once(
    wired: Vault, receiver: Receiver
) -> None:
    ids = filled(wired, 500)
    workers = [started(wired), started(wired)]
    go(*workers)
    assert [ended(process) for process in workers] == [0, 0]
    assert Counter(receiver.ids) == Counter(ids)
    assert {alert.state for alert in wired.alerts.list()} == {"sent"}


def test_a_worker_killed_while_sending_loses_nothing(wired: Vault, receiver: Receiver) -> None:
    ids = filled(wired, 40)
    reached, resumed = threading.Event(), threading.Event()

    def answer(n: int) -> tuple[int, dict[str, str]]:
        if n == 15:
            # Received, and not answered before the worker is dead.
            reached.set()
            resumed.wait(60)
        return 204, {}

    receiver.answer = answer
    victim = started(wired)
    go(victim)
    assert reached.wait(60)
    victim.kill()
    ended(victim)
    resumed.set()
    heir = started(wired, ahead_minutes=10)
    go(heir)
    assert ended(heir) == 0
    sent = Counter(receiver.ids)
    assert set(sent) == ids
    # What was under way came again, under the same id, and nothing else did.
    assert [repeats for repeats in sent.values() if repeats > 1] == [2]
    assert {alert.state for alert in wired.alerts.list()} == {"sent"}


def test_a_stored_contact_is_told_while_the_listener_runs(wired: Vault, receiver: Receiver) -> None:
    with sending(wired.store, built_sinks(wired.settings)):
        delivered(wired)
        until(lambda: len(receiver.requests) == 1)
    (alert,) = wired.alerts.list()
    assert alert.state == "sent"


def test_what_is_due_when_the_listener_stops_is_still_sent(
    wired: Vault, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_S", 60.0)
    with sending(wired.store, built_sinks(wired.settings)):
        # By now the worker has looked, found nothing, and waits for a minute.
        time.sleep(0.2)
        delivered(wired)
    assert receiver.types == ["contact.received"]


def test_a_receiver_that_hangs_does_not_keep_the_listener_or_other_sinks(
    doubly: Vault, receiver: Receiver, other: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "DRAIN_S", 0.3)
    receiver.gate.clear()
    with sending(doubly.store, built_sinks(doubly.settings)):
        delivered(doubly)
        until(lambda: bool(receiver.requests and other.requests))
    waiting = [alert.sink for alert in doubly.alerts.list(state="waiting")]
    assert waiting == ["desk"]
    receiver.gate.set()
    until(lambda: not _senders())


def _senders() -> list[str]:
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith("honeytoken-alerts")
    ]


def test_a_store_that_is_away_for_a_while_stops_no_alert(
    wired: Vault, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_S", 0.01)
    read, refused = wired.store.read, threading.Event()

    def away() -> object:
        refused.set()
        raise StoreBusy("away")

    monkeypatch.setattr(wired.store, "read", away)
    delivered(wired)
    with sending(wired.store, built_sinks(wired.settings)):
        assert refused.wait(10)
        monkeypatch.setattr(wired.store, "read", read)
        until(lambda: len(receiver.requests) == 1)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_two_replicas_that_take_one_delivery_tell_it_once(wired: Vault, receiver: Receiver) -> None:
    received = delivered(wired, at_once=False)
    with Vault.open(wired.folder, clock=wired.clock) as replica:
        threads = [
            threading.Thread(target=record, args=(vault, [received])) for vault in (wired, replica)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with (
            sending(wired.store, built_sinks(wired.settings)),
            sending(replica.store, built_sinks(replica.settings)),
        ):
            until(lambda: len(receiver.requests) >= 1)
    assert receiver.types == ["contact.received"]
    assert len(wired.alerts.list()) == 1


def test_listen_sends_what_a_hook_brought(
    vault_with: Opener, receiver: Receiver, clock: Clock
) -> None:
    """The whole way: a signed hook over HTTP, writer, store, worker, a signed alert."""
    gateway = f'\n[gateways.own]\nkind = "standard_webhooks"\nsecret = "{SECRET}"\nregion = "GB"\n'
    vault = vault_with(table(receiver), gateway)
    # Foreign code signs and verifies by the real clock.
    clock.now = datetime.now(UTC)
    body = (
        '{"type": "contact.received", "data": '
        '{"medium": "sms", "to": "+447700900003", "from": "+447700900999", "text": "hello"}}'
    )
    with service.running(vault) as url:
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(clock.now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("msg_1", clock.now, body),
        }
        for _repeat in range(2):
            answer = httpx.post(f"{url}/hooks/own", content=body, headers=headers, trust_env=False)
            assert answer.status_code == 204
        until(lambda: len(receiver.requests) == 1)
    assert verified(receiver.requests[0])["data"]["medium"] == "sms"
    assert len(vault.contacts.list()) == 1


def test_a_sink_that_is_set_up_wrongly_stops_the_listener_from_starting(
    vault_with: Opener,
) -> None:
    vault = vault_with('\n[alerts.room]\nkind = "pager"\n')
    with pytest.raises(SettingsError), service.running(vault):
        pass

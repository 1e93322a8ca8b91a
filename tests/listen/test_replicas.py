"""Several listeners on one PostgreSQL: one delivery to two of them is one contact and one alert."""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy

from honeytoken import Vault
from tests.listen.load import (
    Connection,
    Listener,
    check,
    listening,
    pressing,
    request,
    steady_port,
    told,
)
from tests.listen.test_outages import IMPATIENT, made
from tests.notify.receivers import Receiver, receiving, table

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

CALLS = 20


def replicas(stack: ExitStack, folder: Path, count: int) -> list[Listener]:
    return [stack.enter_context(listening(folder, settings=IMPATIENT)) for _n in range(count)]


def sent(listeners: list[Listener], every: list[list[bytes]], connections: int = 4) -> list[int]:
    """Send to each listener its requests, on several connections at once; return the answers."""

    async def one(listener: Listener, requests: list[bytes]) -> list[int]:
        connection = Connection(listener.url)
        try:
            return [(await connection.send(raw))[0] for raw in requests]
        finally:
            connection.close()

    async def all_of_them() -> list[list[int]]:
        return await asyncio.gather(
            *(
                one(listener, requests[n::connections])
                for listener, requests in zip(listeners, every, strict=True)
                for n in range(connections)
            )
        )

    return [status for answers in asyncio.run(all_of_them()) for status in answers]


def contacts_told(receiver: Receiver) -> list[str]:
    """Return the contacts that alerts were about, by id: several may share an alert."""
    return [
        found.decode()
        for alert in list(receiver.requests)
        for found in re.findall(rb"con_[0-9a-f]+", alert.body)
    ]


def test_the_same_deliveries_to_two_replicas_are_one_contact_and_one_alert_each(
    tmp_path: Path, postgres_url: str
) -> None:
    folder = made(tmp_path / "v", postgres_url)
    chance = random.Random(3)
    deliveries = [request(f"SM{n:032x}") for n in range(200)]
    orders = [chance.sample(deliveries, len(deliveries)) for _replica in range(2)]
    with ExitStack() as stack:
        assert set(sent(replicas(stack, folder, 2), orders)) == {200}
    with Vault.open(folder) as vault:
        contacts = vault.contacts.list()
        assert sorted(told(vault)) == sorted(contact.id for contact in contacts)
        assert {contact.body for contact in contacts} == {f"SM{n:032x}" for n in range(200)}
        assert len(contacts) == 200
        assert vault.ledger.verify() == vault.ledger.head().seq


def test_a_call_whose_events_reach_different_replicas_is_one_contact(
    tmp_path: Path, postgres_url: str
) -> None:
    folder = made(tmp_path / "v", postgres_url)
    statuses = ("ringing", "in-progress", "completed")
    chance = random.Random(5)
    events = [
        request(
            "",
            to="",
            fields={
                "CallSid": f"CA{call:032x}",
                "From": "+447700900999",
                "To": "+447700900001",
                "CallStatus": status,
                "Direction": "inbound",
            },
        )
        for call in range(CALLS)
        for status in statuses
    ]
    chance.shuffle(events)
    with ExitStack() as stack:
        listeners = replicas(stack, folder, 2)
        assert set(sent(listeners, [events[0::2], events[1::2]])) == {200}
    with Vault.open(folder) as vault:
        contacts = vault.contacts.list()
        assert len(contacts) == CALLS
        assert {len(vault.contacts.events(contact.id)) for contact in contacts} == {len(statuses)}
        assert len(told(vault)) == CALLS
        assert vault.ledger.verify() == vault.ledger.head().seq


def test_an_alert_is_sent_by_one_replica_and_not_by_each(tmp_path: Path, postgres_url: str) -> None:
    folder = made(tmp_path / "v", postgres_url)
    with receiving() as receiver, ExitStack() as stack:
        settings = folder / "honeytoken.toml"
        words = ["unsolicited", "expected", "ambiguous", "background", "probe", "unreviewed"]
        with settings.open("a", encoding="utf-8") as file:
            file.write(table(receiver, "room", dispositions=words, per_hour=3600))
        listeners = replicas(stack, folder, 2)
        # To numbers of their own: the first contact with each is told of at once.
        deliveries = [
            request(f"SM{n:032x}", to=f"+447700900{n:03d}", said=f"hello {n}") for n in range(10)
        ]
        assert set(sent(listeners, [deliveries, deliveries[::-1]])) == {200}
        deadline = time.monotonic() + 30
        while len(contacts_told(receiver)) < 10 and time.monotonic() < deadline:
            time.sleep(0.05)
        for listener in listeners:
            listener.process.terminate()
        for listener in listeners:
            assert listener.process.wait(timeout=60) == 0
    every = contacts_told(receiver)
    assert len(every) == len(set(every)) == 10
    assert len(receiver.ids) == len(set(receiver.ids))


def test_four_replicas_do_not_deadlock_and_each_may_be_killed(
    tmp_path: Path, postgres_url: str
) -> None:
    """All get the same deliveries in different orders; each is killed once, and comes back."""
    folder = made(tmp_path / "v", postgres_url)
    with ExitStack() as stack:
        listeners = [stack.enter_context(listening(folder, port=steady_port())) for _n in range(4)]
        loads = [
            # The same name: the same deliveries.
            stack.enter_context(pressing(listener.url, connections=6, name="5a", order=n))
            for n, listener in enumerate(listeners)
        ]
        for load in loads:
            load.until_more(200, 40)
        for n, listener in enumerate(listeners):
            listener.process.kill()
            loads[n - 1].until_more(200, 20)
            port = int(listener.url.rpartition(":")[2])
            stack.enter_context(listening(folder, port=port))
            loads[n].until_more(200, 20)
    check(folder, *loads)
    assert {status for load in loads for status in load.answers} <= {0, 200}
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.connect() as connection:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert connection.exec_driver_sql(query).scalar_one() == 0
    engine.dispose()

"""What is told when something falls silent: once, and once when it is well again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import text

from honeytoken import Vault
from honeytoken.drill import watch
from honeytoken.settings import DrillSettings, Settings
from honeytoken.store import heartbeats

from .conftest import Drilled


def told(vault: Vault) -> list[tuple[str, str]]:
    """Give what stands in the outbox: kind and subject, in order."""
    with vault.store.engine.connect() as connection:
        rows: Sequence[tuple[str, str]] = [
            (row[0], row[1])
            for row in connection.execute(text("SELECT kind, subject FROM outbox ORDER BY id"))
        ]
    return list(rows)


def look(drilled: Drilled, **settings: float) -> int:
    vault = drilled.vault
    changed: Settings = replace(
        vault.settings, drill=DrillSettings(**{"every_days": 7.0, **settings})
    )
    return watch.look(vault.store, changed)


def deafened(drilled: Drilled) -> str:
    """Drill a number in vain; give its id."""
    point = drilled.numbers()[0]
    list(drilled.vault.drills.send([point.id]))
    drilled.clock.forward(hours=7)
    drilled.vault.drills.settle()
    return point.id


def test_a_deaf_point_is_told_once_and_once_when_it_hears_again(drilled: Drilled) -> None:
    assert look(drilled) == 0
    point_id = deafened(drilled)
    assert [look(drilled) for _time in range(3)] == [1, 0, 0]
    assert told(drilled.vault) == [("drill.overdue", point_id)]
    # The next one is under way: still the same outage.
    list(drilled.vault.drills.send([point_id]))
    assert look(drilled) == 0
    drilled.clock.forward(minutes=1)
    drilled.arrive_sent()
    assert [look(drilled) for _time in range(2)] == [1, 0]
    assert told(drilled.vault) == [("drill.overdue", point_id), ("drill.alive", point_id)]


def test_two_replicas_tell_once(drilled: Drilled) -> None:
    deafened(drilled)
    threads = [threading.Thread(target=look, args=(drilled,)) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told(drilled.vault)) == 1


@pytest.mark.parametrize(("every_days", "notices"), [(7.0, 1), (0.0, 0)])
def test_overdue_is_told_where_a_schedule_promised_more(
    drilled: Drilled, every_days: float, notices: int
) -> None:
    point_id = drilled.numbers()[0].id
    list(drilled.vault.drills.send([point_id]))
    drilled.arrive_sent()
    drilled.clock.forward(days=15)
    assert drilled.health()[0] == "overdue"
    look(drilled, every_days=every_days)
    assert told(drilled.vault) == [("drill.overdue", point_id)] * notices


def test_a_point_given_up_is_no_outage_any_more(drilled: Drilled) -> None:
    point_id = deafened(drilled)
    look(drilled)
    drilled.vault.pool.retire(point_id)
    assert look(drilled) == 1
    assert look(drilled) == 0


def test_a_sender_that_fails_three_times_is_told_and_when_it_sends_again(drilled: Drilled) -> None:
    drilled.api.status = 500
    for point in drilled.numbers():
        assert look(drilled) == 0
        list(drilled.vault.drills.send([point.id], via="phone"))
        drilled.clock.forward(hours=1)
    assert [look(drilled) for _time in range(2)] == [1, 0]
    drilled.api.status = 202
    drilled.clock.forward(hours=1)
    list(drilled.vault.drills.send([drilled.numbers()[0].id], via="phone"))
    assert look(drilled) == 1
    assert told(drilled.vault) == [("drill.not_sent", "phone"), ("drill.sent_again", "phone")]


def test_a_forwarder_that_falls_silent_is_told(drilled: Drilled) -> None:
    vault = drilled.vault
    gateways = {"phone": {"kind": "smsforwarder"}}
    settings = replace(vault.settings, gateways=gateways, drill=DrillSettings(heartbeat_hours=12.0))
    with vault.store.write() as tx:
        heartbeats.note(tx, [("phone", "Pixel"), ("phone", ""), ("gone", "Nokia")])
    assert watch.look(vault.store, settings) == 0
    drilled.clock.forward(hours=13)
    with vault.store.write() as tx:
        heartbeats.note(tx, [("phone", "")])
    assert watch.look(vault.store, settings) == 1
    assert watch.look(vault.store, settings) == 0
    drilled.clock.forward(hours=1)
    with vault.store.write() as tx:
        heartbeats.note(tx, [("phone", "Pixel")])
    assert watch.look(vault.store, settings) == 1
    assert told(vault) == [("forwarder.silent", "phone Pixel"), ("forwarder.heard", "phone Pixel")]
    # Nothing is asked of phones unless hours are set.
    drilled.clock.forward(days=90)
    assert look(drilled) == 0


def test_nothing_personal_stands_in_a_notice(drilled: Drilled) -> None:
    deafened(drilled)
    look(drilled)
    with drilled.vault.store.engine.connect() as connection:
        rows = repr(connection.execute(text("SELECT * FROM outbox")).all())
    assert "+4477" not in rows

"""kill -9 and kill under load: what was acknowledged is there, told of, and nothing else."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.listen.load import check, listening, pressing
from tests.listen.test_outages import IMPATIENT, made

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def test_a_killed_listener_loses_nothing_it_acknowledged_and_invents_nothing(
    tmp_path: Path, store_url: str | None
) -> None:
    """With every contact stays the notice that tells of it, and none without."""
    folder = made(tmp_path / "v", store_url)
    with listening(folder) as listener, pressing(listener.url) as load:
        load.until_more(200, 50)
        listener.process.kill()
        load.until_more(0)
    assert check(folder, load) >= 50


@pytest.mark.parametrize("sent", [[signal.SIGTERM], [signal.SIGTERM] * 2, [signal.SIGINT]])
def test_a_listener_that_is_told_to_stop_answers_what_it_took_and_ends_well(
    tmp_path: Path, sent: list[signal.Signals]
) -> None:
    folder = made(tmp_path / "v")
    with listening(folder, settings=IMPATIENT) as listener, pressing(listener.url) as load:
        load.until_more(200, 50)
        for number in sent:
            listener.process.send_signal(number)
        # Longer than it may take for the requests under way, and for alerts.
        assert listener.process.wait(timeout=60) == 0
        assert listener.process.stdout is not None
        assert listener.process.stdout.read() == "ended\n"
        load.until_more(0)
    # Drained: what was stored was acknowledged, too. Broken off were only connections at rest.
    assert check(folder, load) == len(load.stored)
    assert set(load.answers) <= {0, 200, 503}


def test_a_listener_stops_in_time_while_its_database_is_locked(tmp_path: Path) -> None:
    import sqlite3

    folder = made(tmp_path / "v")
    lock = sqlite3.connect(folder / "honeytoken.db", isolation_level=None)
    with listening(folder, settings=IMPATIENT) as listener, pressing(listener.url) as load:
        load.until_more(200, 20)
        lock.execute("BEGIN IMMEDIATE")
        load.until_more(503)
        listener.process.terminate()
        assert listener.process.wait(timeout=60) == 0
    lock.close()
    assert check(folder, load) == len(load.stored)

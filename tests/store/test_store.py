"""Two processes, busy databases, chunked work."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from honeytoken import StoreBusy, Vault
from honeytoken.errors import SettingsError
from honeytoken.store import engine as engine_module
from honeytoken.store.ids import new_ids
from tests.conftest import START, Clock, furnish


def test_a_locked_database_is_busy_and_nothing_is_written(
    furnished: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_S", 0.05)
    furnished.store.engine.dispose()
    other = sqlite3.connect(furnished.folder / "honeytoken.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="locked"):
        furnished.channels.add("late")
    other.execute("ROLLBACK")
    other.close()
    assert [item.id for item in furnished.channels.list()] == ["northbound"]


def test_two_vaults_work_on_one_store_at_once(furnished_both: Vault) -> None:
    vault = furnished_both
    with Vault.open(vault.folder, clock=vault.clock) as other:
        errors: list[BaseException] = []

        def work(mine: Vault, prefix: str) -> None:
            try:
                for n in range(10):
                    mine.channels.add(f"{prefix}-{n}")
                    mine.mint(locale="en-GB")
            except BaseException as error:
                errors.append(error)

        threads = [
            threading.Thread(target=work, args=args) for args in ((vault, "a"), (other, "b"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert len(vault.channels.list()) == 21
        assert vault.canaries.count() == 20
        assert vault.ledger.verify() == other.ledger.head().seq


def test_no_contact_point_is_given_out_beyond_its_capacity_by_two_minters(both: Vault) -> None:
    furnish(both, numbers=4, capacity=5)
    minted: list[str] = []

    def work() -> None:
        with Vault.open(both.folder, clock=both.clock) as mine:
            minted.extend(canary.id for canary in mine.mint_many(10, locale="en-GB"))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(minted) == 20
    assert {point.used for point in both.pool.list(kind="phone_number")} == {5}


@pytest.mark.parametrize(
    "url", ["mysql://x/y", "nonsense", "sqlite://", "sqlite:///:memory:", "", "\x00"]
)
def test_a_url_we_cannot_use_is_one_clear_error(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"store\.url"):
        Vault.create(tmp_path / "v", url=url)


def test_a_database_out_of_reach_is_busy(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    with pytest.raises(StoreBusy, match="cannot be reached"):
        Vault.create(tmp_path / "v", url=url)
    assert not (tmp_path / "v").exists()


def test_ids_of_one_moment_rise_and_differ() -> None:
    ids = list(new_ids("can", START, 1000))
    assert ids == sorted(set(ids))


def test_ids_sort_by_time() -> None:
    clock = Clock()
    first = next(new_ids("can", clock(), 1))
    assert first < next(new_ids("can", clock.forward(seconds=1), 1))

"""A disk that is full: one clear error, nothing half written, and back to work afterwards."""

from __future__ import annotations

import pytest

from honeytoken import StoreBusy, Vault
from honeytoken.store.engine import connect_sqlite
from tests.conftest import furnish


def test_a_full_database_writes_nothing_and_recovers(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's page limit stands for the full disk: it fails in the same place and way."""
    furnish(vault, numbers=10, capacity=1000)
    path = vault.folder / "honeytoken.db"
    connection = connect_sqlite(path)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()

    def limited(_path: object) -> object:
        found = connect_sqlite(path)
        found.execute(f"PRAGMA max_page_count={pages + 5}")
        return found

    from honeytoken.store import engine

    monkeypatch.setattr(engine, "connect_sqlite", limited)
    vault.store.engine.dispose()
    with pytest.raises(StoreBusy, match="full"):
        list(vault.mint_many(1000, locale="en-GB"))
    monkeypatch.undo()
    vault.store.engine.dispose()
    assert vault.canaries.count() == 0
    assert len(list(vault.mint_many(1000, locale="en-GB"))) == 1000
    assert vault.ledger.verify() == vault.ledger.head().seq

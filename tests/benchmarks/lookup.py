"""One look-up through ``vault.is_canary``, beside the bare SELECT it ends in."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from honeytoken import NewPoint, Vault
from honeytoken.keys import IndexKind
from honeytoken.store.engine import connect_sqlite

from .report import in_turns, line

CANARIES = 20_000
LOOK_UPS = 20_000
ROUNDS = 7
_SELECT = "SELECT number FROM canary_index WHERE digest = ?"


def run() -> None:
    """Print both times and their ratio, for a mix of canaries and ordinary numbers."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Vault.create(Path(folder) / "vault", mode="test") as vault,
    ):
        vault.pool.add_many(
            [
                NewPoint("phone_number", f"+86154{n:08d}", "CN", "test", capacity=20)
                for n in range(CANARIES // 10)
            ]
        )
        for _canary in vault.mint_many(CANARIES):
            pass
        asked = [f"+86154{n % (CANARIES // 5):08d}" for n in range(LOOK_UPS)]
        digest = vault.store.keys.indexer.digest
        digests = [digest(IndexKind.PHONE_NUMBER, number) for number in asked]
        bare = connect_sqlite(vault.folder / "honeytoken.db")
        mine, theirs = in_turns(
            lambda: _ours(vault, asked), lambda: _bare(bare, digests), rounds=ROUNDS
        )
        bare.close()
    line(
        "vault.is_canary(phone_number=...)",
        f"{mine * 1e6:.1f} us",
        ratio=theirs / mine,
        aim=">= 0.5",
    )
    line("bare SQLite SELECT, beside it", f"{theirs * 1e6:.1f} us")


def _ours(vault: Vault, asked: list[str]) -> float:
    start = time.perf_counter()
    for number in asked:
        vault.is_canary(phone_number=number)
    return (time.perf_counter() - start) / len(asked)


def _bare(connection: sqlite3.Connection, digests: list[bytes]) -> float:
    start = time.perf_counter()
    for digest in digests:
        connection.execute(_SELECT, (digest,)).fetchone()
    return (time.perf_counter() - start) / len(digests)

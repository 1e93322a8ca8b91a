"""Durable contacts per second, beside the same application storing nothing, or one at a time.

Server and client are processes of their own on loopback, the server on one core where the system
lets us choose; 64 connections post signed Twilio messages of 292 bytes one after another. The first
peer verifies, parses and answers in the same way; only the writer says "stored" at once. The second
commits each request by itself. Both sides once more with a disk whose every fsync takes 2 ms more:
a small library put before the C library's (where there is a C compiler).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlencode, urlsplit

from honeytoken import NewPoint, Vault, service
from honeytoken.contacts import Received, Recorded, record_batch
from honeytoken.gateways import Delivery, twilio
from honeytoken.listen import Writer
from honeytoken.models import Authenticity, Medium

from .report import line

CONNECTIONS = 64
REQUESTS = 6_400
ROUNDS = 3
NUMBERS = 50
BODY_BYTES = 292
TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://hooks.shop.example/hooks/twilio"
STORED = 1_000_000
_SLOW_FSYNC = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
static int slowed(const char *name, int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    usleep(2000);
    return real(fd);
}
int fsync(int fd) { return slowed("fsync", fd); }
int fdatasync(int fd) { return slowed("fdatasync", fd); }
"""


@dataclass(frozen=True)
class Run:
    """One load of requests."""

    rate: float
    p99_ms: float


def serve(folder: str, storing: str) -> None:
    """Serve a vault's hooks in this process; ``storing`` is ``batches``, ``single`` or ``no``."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if storing == "no":

        async def store(_writer: Writer, received: list[object]) -> list[Recorded]:
            return [Recorded(None, repeated=False) for _item in received]

        Writer.store = store  # type: ignore[method-assign, assignment]  # the peer stores nothing
    if storing == "single":
        from honeytoken.listen import writer

        writer.MAX_BATCH = 1
    with Vault.open(folder) as vault:
        service.serve(vault, port=0, on_ready=lambda url: print(url, flush=True))  # noqa: T201


def _make(folder: Path) -> None:
    with Vault.create(folder, mode="test") as vault:
        vault.pool.add_many(
            [NewPoint("phone_number", f"+447700900{n:03d}", "GB", "test") for n in range(NUMBERS)]
        )
        vault.channels.add("northbound")
        canaries = list(vault.mint_many(NUMBERS, locale="en-GB"))
        for canary in canaries:
            vault.place(canary, "northbound", confirmed=True)
    with (folder / "honeytoken.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'\n[gateways.twilio]\nkind = "twilio"\nregion = "GB"\npublic_url = "{URL}"\n'
            f'auth_token = "{TOKEN}"\n'
        )


def _request(number: int, attempt: int) -> bytes:
    form = {
        "MessageSid": f"SM{attempt:016x}{number:016x}",
        "AccountSid": "AC" + "9f" * 16,
        "From": f"+4477009009{number % 100:02d}",
        "To": f"+447700900{number % NUMBERS:03d}",
        "Body": f"Your pre-approved credit of {number} is ready, reply 1",
        "SmsStatus": "received",
        "ApiVersion": "",
    }
    form["ApiVersion"] = "x" * (BODY_BYTES - len(urlencode(form)))
    body = urlencode(form).encode()
    head = (
        "POST /hooks/twilio HTTP/1.1\r\nHost: hooks\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Twilio-Signature: {twilio.signature(URL, list(form.items()), TOKEN)}\r\n\r\n"
    )
    return head.encode() + body


async def _post(host: str, port: int, requests: list[bytes], took: list[float]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for request in requests:
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        took.append(time.perf_counter() - start)
        if not head.startswith(b"HTTP/1.1 200"):
            message = "the listener refused a delivery"
            raise RuntimeError(message)
        for row in head.split(b"\r\n"):
            if row.lower().startswith(b"content-length:"):
                await reader.readexactly(int(row.split(b":")[1]))
    writer.close()
    await writer.wait_closed()


async def _load(url: str, attempt: int, count: int = REQUESTS) -> Run:
    place = urlsplit(url)
    every = [_request(number, attempt) for number in range(count)]
    took: list[float] = []
    start = time.perf_counter()
    await asyncio.gather(
        *(
            _post(place.hostname or "", place.port or 0, every[n::CONNECTIONS], took)
            for n in range(CONNECTIONS)
        )
    )
    rate = count / (time.perf_counter() - start)
    return Run(rate, sorted(took)[int(len(took) * 0.99)] * 1000)


class _Attempts:
    """Numbers for loads, so that no request is ever a repeat."""

    def __init__(self) -> None:
        self.last = 0
        self.stored = 0

    def next(self) -> int:
        self.last += 1
        return self.last


def _measure(
    folder: Path, attempts: _Attempts, *, storing: str, preload: str = "", count: int = REQUESTS
) -> Run:
    code = "import sys; from tests.benchmarks.listener import serve; serve(*sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder), storing],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **({"LD_PRELOAD": preload} if preload else {})},
    )
    try:
        if process.stdout is None:
            message = "the listener has no output"
            raise RuntimeError(message)
        url = process.stdout.readline().strip()
        warm = count // 4 // CONNECTIONS * CONNECTIONS
        asyncio.run(_load(url, attempts.next(), warm))
        run = asyncio.run(_load(url, attempts.next(), count))
        if storing != "no":
            attempts.stored += warm + count
        return run
    finally:
        process.terminate()
        process.wait(timeout=30)


def _slow_fsync(folder: Path) -> str:
    """Return the library that makes every fsync 2 ms slower, ``""`` without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        return ""
    source, library = folder / "slow.c", folder / "slow.so"
    source.write_text(_SLOW_FSYNC, encoding="utf-8")
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return str(library)


def _medians(runs: list[Run]) -> Run:
    return Run(median(run.rate for run in runs), median(run.p99_ms for run in runs))


def _in_turns(
    folder: Path, attempts: _Attempts, sides: tuple[str, ...], *, preload: str, count: int
) -> dict[str, Run]:
    runs: dict[str, list[Run]] = {side: [] for side in sides}
    for _round in range(ROUNDS):
        for side in sides:
            # One commit a request is slow enough to be measured with fewer.
            few = count // 8 if side == "single" else count
            runs[side].append(_measure(folder, attempts, storing=side, preload=preload, count=few))
    return {side: _medians(found) for side, found in runs.items()}


def run() -> None:
    """Print the rates and their ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, attempts = Path(scratch) / "vault", _Attempts()
        _make(folder)
        found = _in_turns(folder, attempts, ("batches", "no", "single"), preload="", count=REQUESTS)
        mine = found["batches"]
        line(f"durable contacts, {CONNECTIONS} connections", f"{mine.rate:,.0f} /s")
        line("  their 99th percentile", f"{mine.p99_ms:.0f} ms")
        for side, what, aim in (
            ("no", "the same without storing, beside it", ">= 0.7"),
            ("single", "one commit a request, beside it", ">= 3"),
        ):
            peer = found[side].rate
            line(what, f"{peer:,.0f} /s", ratio=mine.rate / peer, aim=aim)
        preload = _slow_fsync(Path(scratch))
        if preload:
            slow = _in_turns(
                folder, attempts, ("batches", "single"), preload=preload, count=REQUESTS // 2
            )
            mine, peer = slow["batches"], slow["single"].rate
            line("durable contacts, every fsync 2 ms slower", f"{mine.rate:,.0f} /s")
            line("  their 99th percentile", f"{mine.p99_ms:.0f} ms")
            line(
                "one commit a request, fsync 2 ms slower",
                f"{peer:,.0f} /s",
                ratio=mine.rate / peer,
                aim=">= 20",
            )
        with Vault.open(folder) as vault:
            stored = len(vault.contacts.list())
        line("contacts stored of those acknowledged", f"{stored:,} of {attempts.stored:,}")


def run_full() -> None:
    """Print the rate over an empty store and over one with a million contacts."""
    with tempfile.TemporaryDirectory() as scratch:
        small, large = Path(scratch) / "small", Path(scratch) / "large"
        for folder in (small, large):
            _make(folder)
        start = time.perf_counter()
        _fill(large, STORED)
        took = time.perf_counter() - start
        line(f"{STORED:,} contacts stored, in batches of 500", f"{STORED / took:,.0f} /s")
        attempts = _Attempts()
        runs: dict[Path, list[Run]] = {small: [], large: []}
        for _round in range(ROUNDS):
            for folder, found in runs.items():
                found.append(_measure(folder, attempts, storing="batches"))
        mine, peer = _medians(runs[large]), _medians(runs[small])
        line(
            f"durable contacts over {STORED:,} stored",
            f"{mine.rate:,.0f} /s",
            ratio=mine.rate / peer.rate,
            aim="about 1",
        )
        line("  their 99th percentile", f"{mine.p99_ms:.0f} ms")
        line("durable contacts over an empty store", f"{peer.rate:,.0f} /s")
        line("  their 99th percentile", f"{peer.p99_ms:.0f} ms")


def _fill(folder: Path, count: int) -> None:
    with Vault.open(folder) as vault:
        now = vault.clock()
        for first in range(0, count, 500):
            batch = [
                Received(
                    delivery=Delivery(
                        gateway="filler",
                        delivery_id=f"f{number}",
                        medium=Medium.SMS,
                        authenticity=Authenticity.BODY,
                        sender=f"+4477009009{number % 100:02d}",
                        recipient=f"+447700900{number % NUMBERS:03d}",
                        text=f"Your pre-approved credit of {number} is ready, reply 1",
                    ),
                    region="GB",
                    received_at=now,
                    headers={},
                    body=b"x" * BODY_BYTES,
                )
                for number in range(first, min(first + 500, count))
            ]
            with vault.store.write() as tx:
                record_batch(tx, batch)

"""Durable contacts per second, beside the same application answering without storing.

Server and client are processes of their own on loopback; 64 connections post signed Twilio
messages one after another. The peer verifies, parses and answers in the same way; only the writer
says "stored" at once.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from honeytoken import NewPoint, Vault, service
from honeytoken.contacts import Recorded
from honeytoken.gateways import twilio
from honeytoken.listen import Writer

from .report import in_turns, line

CONNECTIONS = 64
REQUESTS = 6_400
ROUNDS = 3
NUMBERS = 50
TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://hooks.shop.example/hooks/twilio"


def serve(folder: str, storing: str) -> None:
    """Serve a vault's hooks in this process; ``storing`` is ``"no"`` for the peer."""
    if storing == "no":

        async def store(_writer: Writer, received: list[object]) -> list[Recorded]:
            return [Recorded(None, repeated=False) for _item in received]

        Writer.store = store  # type: ignore[method-assign, assignment]  # the peer stores nothing
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
        "From": f"+4477009009{number % 100:02d}",
        "To": f"+447700900{number % NUMBERS:03d}",
        "Body": f"Your pre-approved credit of {number} is ready, reply 1",
    }
    body = urlencode(form).encode()
    head = (
        "POST /hooks/twilio HTTP/1.1\r\nHost: hooks\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Twilio-Signature: {twilio.signature(URL, list(form.items()), TOKEN)}\r\n\r\n"
    )
    return head.encode() + body


async def _post(host: str, port: int, requests: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            message = "the listener refused a delivery"
            raise RuntimeError(message)
        for row in head.split(b"\r\n"):
            if row.lower().startswith(b"content-length:"):
                await reader.readexactly(int(row.split(b":")[1]))
    writer.close()
    await writer.wait_closed()


async def _load(url: str, attempt: int) -> float:
    place = urlsplit(url)
    every = [_request(number, attempt) for number in range(REQUESTS)]
    start = time.perf_counter()
    await asyncio.gather(
        *(
            _post(place.hostname or "", place.port or 0, every[n::CONNECTIONS])
            for n in range(CONNECTIONS)
        )
    )
    return REQUESTS / (time.perf_counter() - start)


def _rate(folder: Path, *, storing: str, attempt: int) -> float:
    code = "import sys; from tests.benchmarks.listener import serve; serve(*sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder), storing], stdout=subprocess.PIPE, text=True
    )
    try:
        if process.stdout is None:
            return 0.0
        url = process.stdout.readline().strip()
        asyncio.run(_load(url, attempt))  # warm
        return asyncio.run(_load(url, attempt + 1000))
    finally:
        process.terminate()
        process.wait(timeout=30)


def run() -> None:
    """Print both rates and their ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "vault"
        _make(folder)
        rounds = iter(range(1, 1000))
        mine, theirs = in_turns(
            lambda: _rate(folder, storing="yes", attempt=next(rounds)),
            lambda: _rate(folder, storing="no", attempt=next(rounds)),
            rounds=ROUNDS,
        )
        with Vault.open(folder) as vault:
            stored = len(vault.contacts.list())
    wanted = ROUNDS * 2 * REQUESTS
    line(
        f"durable contacts, {CONNECTIONS} connections",
        f"{mine:,.0f} /s",
        ratio=mine / theirs,
        aim=">= 0.6",
    )
    line("the same without storing, beside it", f"{theirs:,.0f} /s")
    line("contacts stored of those acknowledged", f"{stored:,} of {wanted:,}")

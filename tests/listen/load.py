"""Listeners of their own, a client that presses them, and what must be true afterwards.

Used by the tests of outages and replicas, and by ``python -m tests.benchmarks storm``.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
from sqlalchemy import text
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # no stubs

from honeytoken import Vault
from honeytoken.models import Disposition
from honeytoken.store import codec

TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://hooks.shop.example/hooks/twilio"
NUMBERS = 10
GATEWAY = f"""
[gateways.twilio]
kind = "twilio"
region = "GB"
public_url = "{URL}"
auth_token = "{TOKEN}"
"""
#: Told of every contact, and never reached: what is in the outbox stays there.
SINK = f"""
[alerts.desk]
kind = "standard_webhooks"
url = "http://127.0.0.1:9/"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
allow_private = ["127.0.0.1"]
dispositions = [{", ".join(f'"{word.value}"' for word in Disposition)}]
"""
_LISTEN = """
import importlib, sys
from honeytoken import Vault, service
for setting in sys.argv[3:]:
    name, value = setting.split("=")
    module, name = name.rsplit(".", 1)
    setattr(importlib.import_module("honeytoken." + module), name, float(value))
with Vault.open(sys.argv[1]) as vault:
    ready = lambda url: print(url, flush=True)
    service.serve(vault, port=int(sys.argv[2]), on_ready=ready)
print("ended", flush=True)
"""
_validator = RequestValidator(TOKEN)


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def get(self, path: str) -> int:
        return httpx.get(self.url + path, trust_env=False, timeout=30).status_code


@contextmanager
def listening(
    folder: Path | str,
    *,
    port: int = 0,
    settings: Mapping[str, float] | None = None,
    inside: Sequence[str] = (),
) -> Iterator[Listener]:
    """Run a listener; it is gone when the block ends, however it ends.

    Args:
        folder: of a vault.
        port: 0 takes a free one.
        settings: numbers in its modules, such as ``store.engine.BUSY_TIMEOUT_S``.
        inside: a command that it is run by.
    """
    given = [f"{name}={value}" for name, value in (settings or {}).items()]
    with ExitStack() as stack:
        said = stack.enter_context(tempfile.TemporaryFile("w+"))
        process = subprocess.Popen(
            [*inside, sys.executable, "-c", _LISTEN, str(folder), str(port), *given],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        stack.enter_context(process)
        stack.callback(process.kill)
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            said.seek(0)
            message = f"the listener did not start: {said.read()}"
            raise RuntimeError(message)
        yield Listener(process, url)


def steady_port() -> int:
    """Return a free port to which a listener can come back after it was killed.

    Not one of those that the system gives to clients: one that tries to connect to such a port
    while nobody listens there may be given it, talk to itself, and keep the listener out.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    message = "no port is free"
    raise RuntimeError(message)


def request(
    sid: str, *, to: str | None = None, fields: Mapping[str, str] | None = None, said: str = ""
) -> bytes:
    """Return a whole HTTP request: a message that says its own id, signed by Twilio's package."""
    number = f"+447700900{sum(sid.encode()) % NUMBERS:03d}" if to is None else to
    form = {"MessageSid": sid, "From": "+447700900999", "To": number, "Body": said or sid}
    form = dict(fields) if fields is not None else form
    body = urlencode(form).encode()
    head = (
        "POST /hooks/twilio HTTP/1.1\r\nHost: hooks\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Twilio-Signature: {_validator.compute_signature(URL, form)}\r\n\r\n"
    )
    return head.encode() + body


class Connection:
    """One HTTP connection that is opened when it is needed."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, raw: bytes) -> tuple[int, dict[str, str]]:
        """Return status and headers of the answer.

        Raises:
            OSError, EOFError: there was none.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        try:
            writer.write(raw)
            first, *rows = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs = (row.lower().split(": ", 1) for row in rows if row)
            headers = {name: value for name, value in pairs}  # noqa: C416  # mypy: not a list
            await reader.readexactly(int(headers.get("content-length", "0")))
        except (OSError, EOFError):
            self.close()
            raise
        if headers.get("connection") == "close":
            self.close()
        return int(first.split(" ")[1]), headers

    async def abort(self, raw: bytes, *, after_s: float) -> None:
        """Send *raw*, the beginning of a request or all of it; later break the connection off.

        Raises:
            OSError: there was nobody to send it to.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        _reader, writer = self._streams
        self._streams = None
        writer.write(raw)
        await asyncio.sleep(after_s)
        writer.transport.abort()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class Load:
    """What a client that never gives up has sent and been told."""

    name: str
    sent: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    #: Of answers 503.
    without_retry_after: int = 0
    slowest_s: float = 0.0
    #: Seed of the order.
    order: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    async def work(self, url: str, worker: int) -> None:
        connection = Connection(url)
        for n in self._numbers(worker):
            sid = f"SM{self.name}{worker:04x}{n:08x}"
            raw = request(sid)
            self.sent.add(sid)
            while sid not in self.stored:
                if self.stop.is_set():
                    connection.close()
                    return
                await self._try(connection, sid, raw)

    def _numbers(self, worker: int) -> Iterator[int]:
        chance = random.Random(self.order * 1000 + worker)
        for start in range(0, 1_000_000, 32):
            yield from chance.sample(range(start, start + 32), 32)

    async def _try(self, connection: Connection, sid: str, raw: bytes) -> None:
        start = time.monotonic()
        try:
            status, headers = await connection.send(raw)
        except (OSError, EOFError):
            status, headers = 0, {}
        self.slowest_s = max(self.slowest_s, time.monotonic() - start)
        self.answers[status] += 1
        if status == 200:
            self.stored.add(sid)
        else:
            self.without_retry_after += status == 503 and "retry-after" not in headers
            await asyncio.sleep(0.05)

    def until(self, condition: Callable[[], bool], *, timeout_s: float = 60) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"it did not happen: {self.answers}"
            time.sleep(0.01)

    def until_more(self, status: int, count: int = 1) -> None:
        """Wait until *count* more answers have that status."""
        before = self.answers[status]
        self.until(lambda: self.answers[status] >= before + count)


@contextmanager
def pressing(url: str, *, connections: int = 8, name: str = "0", order: int = 0) -> Iterator[Load]:
    """Send one delivery after another, each until it is acknowledged, while the block lasts."""
    load = Load(name, order=order)

    async def work() -> None:
        await asyncio.gather(*(load.work(url, worker) for worker in range(connections)))

    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        thread.join(30)


def told(vault: Vault) -> list[str]:
    """Return the contacts that the outbox tells of, by id."""
    with vault.store.read() as tx:
        rows = tx.connection.execute(text("SELECT id, sealed FROM outbox")).all()
        opened = (
            tx.sealer.open(bytes(row.sealed), table="outbox", column="sealed", row=row.id)
            for row in rows
        )
        data = [codec.from_bytes(plain) for plain in opened]
    return [str(item["contact_id"]) for item in data if "contact_id" in item]


def check(folder: Path | str, *loads: Load, alerts: bool = True) -> int:
    """Require that what was acknowledged is there, once, and nothing else; return how much."""
    with Vault.open(folder) as vault:
        contacts = vault.contacts.list()
        with vault.store.read() as tx:
            events = tx.connection.execute(text("SELECT count(*) FROM events")).scalar_one()
        notices = told(vault)
        assert vault.ledger.verify() == vault.ledger.head().seq
    stored = [contact.body or "" for contact in contacts]
    assert len(stored) == len(set(stored)) == events
    assert set().union(*(load.stored for load in loads)) <= set(stored)
    assert set(stored) <= set().union(*(load.sent for load in loads))
    if alerts:
        assert sorted(notices) == sorted(contact.id for contact in contacts)
    return len(stored)


@dataclass(frozen=True, slots=True)
class Disk:
    """A small file system that is mounted for one process, and for those started inside."""

    #: Where those inside see it.
    path: Path
    #: Where everybody else sees its files. SQLite follows it to the folder beneath instead.
    outside: Path
    inside: Sequence[str]


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[Disk | None]:
    """Give a file system of its own, or ``None`` where that is not permitted."""
    user = [] if os.name == "posix" and os.geteuid() == 0 else ["--user"]
    mount = f'mount -t tmpfs -o size={size},mode=700 none "$0" && echo mounted && exec cat'
    unshare = ["unshare", *user, *(["--map-root-user"] if user else []), "--mount"]
    try:
        holder = subprocess.Popen(
            [*unshare, "sh", "-c", mount, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError:
        yield None
        return
    assert holder.stdout is not None
    assert holder.stdin is not None
    with holder.stdin, holder.stdout:
        try:
            if holder.stdout.readline() != "mounted\n":
                yield None
                return
            own = [*user, "--preserve-credentials"] if user else []
            target = ["--target", str(holder.pid), *own, "--mount"]
            outside = Path(f"/proc/{holder.pid}/root{path.resolve()}")
            yield Disk(path, outside, ["nsenter", *target, "--"])
        finally:
            holder.kill()
            holder.wait()

"""Clients that are slow, silent or many: they are closed, and keep nobody else out."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from honeytoken import Vault, service
from tests.conftest import Clock
from tests.listen.load import request
from tests.listen.test_listener import opened

HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def impatient(tmp_path: Path, clock: Clock) -> Iterator[Vault]:
    """A vault whose listener waits half a second."""
    folder = tmp_path / "v"
    opened(folder, clock).close()
    settings = folder / "honeytoken.toml"
    changed = settings.read_text(encoding="utf-8").replace("timeout_s = 10.0", "timeout_s = 0.5")
    settings.write_text(changed, encoding="utf-8")
    with Vault.open(folder, clock=clock) as vault:
        yield vault


@pytest.fixture
def hooked(tmp_path: Path, clock: Clock) -> Iterator[Vault]:
    """One whose listener waits as long as usual."""
    with opened(tmp_path / "v", clock) as vault:
        yield vault


def connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=15)


def dribbles_until_closed(connection: socket.socket, piece: bytes) -> bool:
    """Send a piece every 50 ms; tell whether the listener closed within 10 seconds."""
    connection.settimeout(0.05)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            connection.sendall(piece)
            if not connection.recv(1000):
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


def answer(connection: socket.socket) -> bytes:
    """Read one answer, head and body."""
    with connection.makefile("rb") as file:
        head = b"".join(iter(file.readline, b"\r\n"))
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return head + file.read(int(length))


def test_a_first_request_whose_head_dribbles_is_closed(impatient: Vault) -> None:
    with service.running(impatient) as url, connected(url) as connection:
        connection.sendall(HEAD)
        assert dribbles_until_closed(connection, b"x-a: b\r\n")


def test_a_connection_that_says_nothing_is_closed(impatient: Vault) -> None:
    with service.running(impatient) as url, connected(url) as connection:
        assert connection.recv(1) == b""


def test_a_second_request_whose_head_dribbles_is_closed(impatient: Vault) -> None:
    with service.running(impatient) as url, connected(url) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200")
        connection.sendall(HEAD)
        assert dribbles_until_closed(connection, b"x-a: b\r\n")


def test_a_body_that_dribbles_after_the_answer_is_closed(impatient: Vault) -> None:
    """``/healthz`` asks for no body: what is still sent of one must not hold the connection."""
    with service.running(impatient) as url, connected(url) as connection:
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200")
        assert dribbles_until_closed(connection, b"x")


def test_a_request_in_small_pieces_is_fine_if_it_is_fast_enough(hooked: Vault) -> None:
    raw = request("SM" + "1" * 32)
    with service.running(hooked) as url, connected(url) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _time in range(2):
            for start in range(0, len(raw), 40):
                connection.sendall(raw[start : start + 40])
                time.sleep(0.005)
            assert answer(connection).startswith(b"HTTP/1.1 200")
    assert len(hooked.contacts.list()) == 1


def test_requests_sent_ahead_are_answered_one_after_the_other(hooked: Vault) -> None:
    every = [request(f"SM{n:032x}") for n in range(20)]
    with service.running(hooked) as url, connected(url) as connection:
        connection.sendall(b"".join(every))
        found = b""
        while found.count(b"HTTP/1.1 200") < len(every):
            part = connection.recv(65536)
            assert part
            found += part
    assert len(hooked.contacts.list()) == len(every)


def test_many_idle_connections_do_not_keep_a_good_client_out(
    hooked: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest idle one is closed for each that comes: long before they time out."""
    monkeypatch.setattr(service, "MAX_CONNECTIONS", 20)
    with (
        service.running(hooked) as url,
        ExitStack() as stack,
        httpx.Client(base_url=url, trust_env=False) as good,
    ):
        assert good.get("/healthz").status_code == 200
        idle = [stack.enter_context(connected(url)) for _n in range(40)]
        for half, connection in enumerate(idle):
            if half % 2:
                connection.sendall(HEAD)
        for _time in range(3):
            assert good.get("/readyz").status_code == 200
        assert idle[0].recv(1) == b""
        idle[-1].sendall(b"\r\n")
        assert answer(idle[-1]).startswith(b"HTTP/1.1 200")

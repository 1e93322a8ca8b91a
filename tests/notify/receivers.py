"""Receivers of alerts, on loopback: real HTTP servers that answer as a test wants."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import standardwebhooks
import svix.webhooks

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True)
class Request:
    """What a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """What came in, and what is answered: a status with headers, or a function that says it."""

    port: int = 0
    answer: Callable[[int], tuple[int, dict[str, str]]] = lambda _n: (204, {})
    #: Held closed, no answer is given.
    gate: threading.Event = field(default_factory=threading.Event)
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alerts?token=hidden"

    @property
    def ids(self) -> list[str]:
        return [request.id for request in self.requests]

    @property
    def types(self) -> list[str]:
        return [request.event["type"] for request in self.requests]

    def answers(self, status: int, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda _n: (status, named)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver while the block lasts."""
    receiver = Receiver()
    receiver.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.requests.append(Request(self.path, headers, body))
            n = len(receiver.requests)
            receiver.gate.wait(30)
            status, more = receiver.answer(n)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815  # the server's name

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


def verified(request: Request, *, foreign: str = "standardwebhooks") -> dict[str, Any]:
    """Return the event of a request that foreign code holds to be signed by us."""
    packages: dict[str, Any] = {
        "standardwebhooks": standardwebhooks.Webhook,
        "svix": svix.webhooks.Webhook,
    }
    # Raises if it is not; svix 2 gives nothing back.
    packages[foreign](SECRET).verify(request.body, request.headers)
    return request.event


def table(receiver: Receiver, name: str = "desk", **options: object) -> str:
    """Return the settings of a sink that a receiver stands for."""
    given: dict[str, object] = {
        "kind": "standard_webhooks",
        "url": receiver.url,
        "secret": SECRET,
        "allow_private": ["127.0.0.1"],
        **options,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in given.items()]
    return "\n".join(["", f"[alerts.{name}]", *lines, ""])


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

"""Real services on loopback: a mail relay, a phone's API, Twilio's."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope


@dataclass
class Taken:
    """A request as a service got it."""

    method: str
    path: str
    user: str
    password: str
    body: Any


@dataclass
class Api:
    """A service over HTTP that answers as it is told."""

    url: str = ""
    #: Of a message handed over, and of one asked for.
    status: int = 202
    answer: bytes = b'{"id": "m1", "state": "Pending"}'
    state: bytes = b'{"id": "m1", "state": "Sent"}'
    location: str = ""
    #: Called with a message before it is answered for: networks are fast.
    arrives: Callable[[Taken], None] = lambda _taken: None
    taken: list[Taken] = field(default_factory=list)

    @property
    def sent(self) -> list[Taken]:
        return [request for request in self.taken if request.method == "POST"]


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"])).decode()
            is_json = self.headers["content-type"] == "application/json"
            body = json.loads(raw) if is_json else {k: v[0] for k, v in parse_qs(raw).items()}
            self._reply(body, api.status, api.answer)

        def do_GET(self) -> None:
            self._reply(None, 200, api.state)

        def _reply(self, body: object, status: int, answer: bytes) -> None:
            _basic, _blank, encoded = self.headers.get("authorization", "").partition(" ")
            user, _colon, password = base64.b64decode(encoded).decode().partition(":")
            taken = Taken(self.command, self.path, user, password, body)
            api.taken.append(taken)
            if self.command == "POST":
                api.arrives(taken)
            self.send_response(status)
            if api.location:
                self.send_header("location", api.location)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving() -> Iterator[Api]:
    api = Api()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(api))
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Relay:
    """A mail relay that keeps what it is given."""

    port: int = 0
    #: Its answer to DATA.
    verdict: str = "250 OK"
    mails: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.verdict.startswith("250"):
            mail = BytesParser(policy=default).parsebytes(envelope.original_content or b"")
            assert isinstance(mail, EmailMessage)
            self.mails.append((str(envelope.mail_from), list(envelope.rcpt_tos), mail))
        return self.verdict


@contextmanager
def relaying() -> Iterator[Relay]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        relay = Relay(port=probe.getsockname()[1])
    controller = Controller(relay, hostname="127.0.0.1", port=relay.port, ready_timeout=10)
    controller.start()
    try:
        yield relay
    finally:
        controller.stop()

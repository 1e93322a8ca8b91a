"""A mail server of our own, in the process and the event loop of the hooks.

It takes mail for those who are ours and refuses the rest at RCPT, which is the one place where an
answer depends on whose address it is: a domain that accepts everything is a known tell, and local
parts cannot be guessed at the rate that is allowed. A mail is answered 250 once it is stored. It
relays nothing, knows no users, and its log names the gateway and the kind of refusal only.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..contacts import Received
from ..errors import DeliveryRefused, HoneytokenError, SettingsError
from ..gateways import mail
from ..messages import translate as _
from ..store import Store
from .incoming import incoming
from .patience import Patience
from .reasons import Reasons
from .recipients import ours
from .smtp_connection import TRY_LATER, Connection
from .writer import CannotBeStored, Writer

logger = logging.getLogger("honeytoken.listen")

T = TypeVar("T")

MAX_CONNECTIONS = 200
MAX_CONNECTIONS_PER_CLIENT = 20
#: Of one client; a disk is filled by whoever knows one address.
BYTES_PER_MINUTE = 67_108_864
_NOT_ACCEPTED = "554 5.6.0 not accepted"
_DRAIN_S = 15.0
_LOOK_UP_THREADS = 4


class SmtpServer:
    """Takes the mail of one gateway.

    Args:
        gateway: from the settings.
        store: where recipients are looked up.
        folder: against which the paths of certificate and key are read.
        clock: gives the time of arrival, aware UTC.

    Raises:
        SettingsError: certificate or key cannot be used.
    """

    def __init__(
        self,
        gateway: mail.SmtpGateway,
        store: Store,
        *,
        folder: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self.gateway = gateway
        self.clock = clock
        self.tls_context = _tls_context(gateway, folder)
        #: For unknown recipients, and for what is stored: each recipient keeps the whole mail.
        self.patience = Patience(gateway.per_ip_per_minute)
        self.room = Patience(BYTES_PER_MINUTE)
        self.connections: set[Connection] = set()
        self.is_closing = False
        self._store = store
        self._writer: Writer | None = None
        self._reasons = Reasons()
        self._threads = ThreadPoolExecutor(_LOOK_UP_THREADS, thread_name_prefix="honeytoken-smtp")

    @asynccontextmanager
    async def serving(self, bound: socket.socket, writer: Writer) -> AsyncIterator[None]:
        """Take mail on *bound* while the block lasts; then let what is under way end."""
        self._writer = writer
        loop = asyncio.get_running_loop()
        server = await loop.create_server(partial(Connection, self, loop), sock=bound)
        try:
            yield
        finally:
            self.is_closing = True
            server.close()
            await self._drain()
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _drain(self) -> None:
        for connection in tuple(self.connections):
            await connection.leave()
        deadline = asyncio.get_running_loop().time() + _DRAIN_S
        while self.connections and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        for connection in tuple(self.connections):
            connection.abort()

    async def in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        """Return what *function* returns, without making the event loop wait for it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(function, *arguments))

    def is_crowded(self, client: str) -> bool:
        """Tell whether one more connection of *client* is one too many."""
        of_it = sum(connection.client == client for connection in self.connections)
        return len(self.connections) > MAX_CONNECTIONS or of_it > MAX_CONNECTIONS_PER_CLIENT

    def count(self, outcome: str) -> None:
        """Count an outcome that brought no contact."""
        if self._writer is not None:
            self._writer.count(self.gateway.name, outcome)

    async def accepts(self, address: str) -> bool:
        """Tell whether a canonical address is ours. Raises as :func:`.recipients.ours`."""
        if self.gateway.reports is not None and address == self.gateway.recipient:
            return True
        return bool(await self.in_thread(ours, self._store, [address]))

    async def store(
        self, content: bytes, envelopes: Sequence[mail.Envelope], headers: Mapping[str, str]
    ) -> str:
        """Store one mail for each of its recipients; return what the client is answered."""
        if self._writer is None:
            return TRY_LATER
        received: list[Received] = []
        refused = 0
        for envelope in envelopes:
            try:
                reports = await self.in_thread(self.gateway.receive, content, envelope)
            except DeliveryRefused as error:
                # For this recipient alone: whoever adds the phones' address to a mail must not
                # keep it from the others.
                refused += 1
                self._reasons.tell(self.gateway.name, error)
                self.count(type(error).__name__)
                continue
            received += incoming(
                reports,
                gateway=self.gateway,
                writer=self._writer,
                received_at=envelope.arrived_at,
                headers={**headers, ":rcpt-to": envelope.recipient},
                body=content,
            )
        if refused == len(envelopes):
            return _NOT_ACCEPTED
        if not received:
            self.count("nothing to record")
            return "250 2.0.0 ok"
        return await self._written(self._writer, received)

    async def _written(self, writer: Writer, received: Sequence[Received]) -> str:
        try:
            recorded = await writer.store(received)
        except CannotBeStored:
            # Nor the next time: who sends it need not try for days.
            self.count("not stored")
            return _NOT_ACCEPTED
        except HoneytokenError:
            self.count("unavailable")
            return TRY_LATER
        for item in recorded:
            self.count("repeated" if item.repeated else "accepted")
        return "250 2.0.0 stored"


def _tls_context(gateway: mail.SmtpGateway, folder: Path) -> ssl.SSLContext | None:
    if gateway.tls_cert is None or gateway.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # No password is asked for: an encrypted key would make a service wait for a terminal.
        context.load_cert_chain(folder / gateway.tls_cert, folder / gateway.tls_key, password="")
    except (OSError, ValueError) as err:
        raise SettingsError(
            _("[gateways.{name}]: the TLS certificate or its key cannot be used.").format(
                name=gateway.name
            ),
            hint=_("tls_cert and tls_key are PEM files that belong together, the key unencrypted."),
        ) from err
    return context

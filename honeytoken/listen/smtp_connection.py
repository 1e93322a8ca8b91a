"""One client of the mail server: aiosmtpd's protocol, without all that receiving mail needs not."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, AnyStr

from aiosmtpd.proxy_protocol import V2_CMD, ProxyData
from aiosmtpd.smtp import SMTP, Envelope, Session

from ..errors import KeysError, StoreError
from ..gateways import mail
from ..gateways.bodies import storable

if TYPE_CHECKING:
    from .smtp import SmtpServer

logger = logging.getLogger("honeytoken.listen")
# The library's own log holds addresses and what clients sent.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)

#: A connection may last so long, and wait so long for a command, a message, a proxy's header.
_LIFETIME_S, _COMMAND_S, _MESSAGE_S, _PROXY_S = 900.0, 60.0, 300.0, 5.0
#: Commands a connection may send, of each kind.
_CALLS = {"*": 30, "MAIL": 200, "RCPT": 1000, "DATA": 200, "RSET": 200}
_MAX_COMMAND_BYTES = 1024
_CHUNK_BYTES = 16_384

TRY_LATER = "451 4.3.0 try again later"
_NO_SUCH_MAILBOX = "550 5.1.1 no such mailbox"


class Connection(SMTP):
    """One client. What the library offers beyond receiving mail is not here."""

    line_length_limit = _CHUNK_BYTES

    def __init__(self, server: SmtpServer, loop: asyncio.AbstractEventLoop) -> None:
        gateway = server.gateway
        super().__init__(
            _Hooks(server),
            data_size_limit=gateway.max_message_bytes,
            enable_SMTPUTF8=True,
            hostname=gateway.hostname,
            ident="ESMTP",
            tls_context=server.tls_context,
            require_starttls=gateway.require_tls,
            timeout=_COMMAND_S,
            command_call_limit=_CALLS,
            proxy_protocol_timeout=_PROXY_S if gateway.proxy_from else None,
            loop=loop,
        )
        # The library's is one for all connections, and grows with each EHLO.
        self.command_size_limits = defaultdict(lambda: _MAX_COMMAND_BYTES)
        self._server = server
        #: Address of the client, as far as a proxy may say it.
        self.client = ""
        self._is_busy = False
        self._lifetime: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with a client, or go on under TLS; too many are sent away."""
        is_first = self.transport is None
        super().connection_made(transport)
        if not is_first or self._handler_coroutine is None:
            return  # a second time after STARTTLS
        self._handler_coroutine.add_done_callback(self._ended)
        self._lifetime = self.loop.call_later(_LIFETIME_S, self.abort)
        self._server.connections.add(self)
        peer = transport.get_extra_info("peername")
        self.client = _client(peer[0]) if peer else ""
        if self._server.is_closing or (
            not self._server.gateway.proxy_from and self._server.is_crowded(self.client)
        ):
            self._handler_coroutine.cancel()
            self._writer.write(b"421 4.3.2 too busy, try again later\r\n")
            self._writer.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client; may be called twice."""
        if self._lifetime is not None:
            self._lifetime.cancel()
        self._server.connections.discard(self)
        super().connection_lost(error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Take note of how the task ended, so that nothing about it is logged; hang up."""
        if not task.cancelled() and task.exception() is not None:
            self.abort()

    def abort(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.close()

    async def leave(self) -> None:
        """Say goodbye, unless a message is on its way: then after it."""
        if not self._is_busy:
            await self.push("421 4.3.2 shutting down, try again later")

    async def push(self, status: AnyStr) -> None:
        """Answer; after 421 hang up (RFC 5321, section 3.8)."""
        try:
            await super().push(status)
        except OSError:
            self.abort()
            return
        if status[:3] in ("421", b"421"):
            self.abort()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  # the library's name
        """Take the message.

        Not the library's: that refuses lines over 1,000 bytes, which much mail has, and keeps each
        line as an object, a hundred bytes for one that may have two.
        """
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 syntax: DATA")
            return
        self._is_busy = True
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            self._reset_timeout(_MESSAGE_S)
            content = await self._content(self._server.gateway.max_message_bytes)
            status = "552 5.3.4 message too large"
            if content is None:
                self._server.count("too large")
            else:
                status = await self._store(content, envelope)
            self.envelope = self._create_envelope()
            self._reset_timeout()
            await self.push(status)
        finally:
            self._is_busy = False
        if self._server.is_closing:
            await self.leave()

    async def _content(self, limit: int) -> bytes | None:
        """Read up to the line with a single dot; ``None`` if that is more than *limit* bytes.

        A line ends with CR LF and nothing else: a bare CR or LF is content, so no mail can hide
        another behind an end that only some servers see.
        """
        content, size, at_line_start = bytearray(), 0, True
        while True:
            try:
                piece = await self._reader.readuntil(b"\r\n")
                ends = True
            except asyncio.LimitOverrunError as error:
                piece = await self._reader.read(error.consumed)
                ends = False
            if at_line_start and piece == b".\r\n":
                return bytes(content) if size <= limit else None
            if at_line_start and piece.startswith(b"."):
                piece = piece[1:]  # RFC 5321, section 4.5.2
            at_line_start = ends
            size += len(piece)
            if size <= limit:
                content += piece
            else:
                content.clear()

    async def _store(self, content: bytes, envelope: Envelope) -> str:
        sender = envelope.mail_from
        sender = None if sender in (None, "", "<>") else storable(sender or "")
        arrived_at = self._server.clock()
        session = self.session
        headers = {
            ":client": self.client,
            ":helo": (session.host_name if session else None) or "",
            ":mail-from": sender or "",
            ":tls": "yes" if self._tls_protocol is not None else "no",
        }
        envelopes = [
            mail.Envelope(recipient=recipient, sender=sender, arrived_at=arrived_at)
            for recipient in dict.fromkeys(envelope.rcpt_tos)
        ]
        self._server.room.spend(
            self.client, now=self.loop.time(), amount=len(content) * len(envelopes)
        )
        return await self._server.store(content, envelopes, headers)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        """Refuse: there are no users."""
        await self._refuse(arg)

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: N802
        """Refuse: nobody is told who is ours."""
        await self._refuse(arg)

    async def smtp_EXPN(self, arg: str) -> None:  # noqa: N802
        """Refuse, as above."""
        await self._refuse(arg)

    async def smtp_HELP(self, arg: str) -> None:  # noqa: N802
        """Refuse: it would name the library."""
        await self._refuse(arg)

    async def _refuse(self, _arg: str) -> None:
        await self.push("502 5.5.1 not implemented")


class _Hooks:
    """What the library asks on the way; the names are its own."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def handle_EHLO(  # noqa: N802
        self,
        _connection: Connection,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        kept = [line for line in responses if line[4:].split()[0] not in ("AUTH", "HELP")]
        return [*kept[:-1], f"250 {kept[-1][4:]}"]

    async def handle_PROXY(  # noqa: N802
        self, connection: Connection, session: Session, _envelope: Envelope, proxied: ProxyData
    ) -> bool:
        try:
            peer = ip_address(connection.client)
        except ValueError:
            return False
        if not any(peer in network for network in self._server.gateway.proxy_from):
            self._server.count("unknown proxy")
            return False
        if proxied.command is not V2_CMD.LOCAL and proxied.src_addr is not None:
            connection.client = _client(str(proxied.src_addr))
        if self._server.is_crowded(connection.client):
            await connection.push("421 4.3.2 too busy, try again later")
            return False
        return True

    async def handle_RCPT(  # noqa: N802
        self,
        connection: Connection,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        server, now = self._server, connection.loop.time()
        if server.patience.is_spent(connection.client, now=now):
            server.count("too many")
            return "421 4.7.0 too many unknown recipients, try again later"
        if server.room.is_spent(connection.client, now=now):
            server.count("too many")
            return "421 4.7.0 too much mail, try again later"
        if len(envelope.rcpt_tos) >= server.gateway.max_recipients:
            return "452 4.5.3 too many recipients"
        canonical = mail.canonical(address)
        try:
            known = canonical is not None and await server.accepts(canonical)
        except (StoreError, KeysError) as error:
            logger.error("store not available: %s", type(error).__name__)
            server.count("unavailable")
            return TRY_LATER
        if canonical is None or not known:
            server.patience.spend(connection.client, now=now)
            server.count("unknown recipient")
            return _NO_SUCH_MAILBOX
        envelope.rcpt_tos.append(canonical)
        return "250 2.1.5 ok"

    async def handle_exception(self, error: Exception) -> str:
        # Its text may quote the client.
        logger.warning(
            "gateway %s: a connection failed: %s", self._server.gateway.name, type(error).__name__
        )
        return TRY_LATER


def _client(host: str) -> str:
    """Return who is asking: the IPv4 address, or the IPv6 address."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)

"""Reads a mailbox at a mail host, and changes nothing in it: EXAMINE and BODY.PEEK.

One thread for each mailbox. It takes what came since the last place it knows, waits with IDLE where
the server has it, else looks again every ``poll_s``, and connects again, ever later, when
the connection fails. The place is stored after the contacts are: killed at any moment, it reads
some messages twice, and repeats are dropped by their id. A mail to nobody of ours is looked at as
far as its headers and not kept.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from imapclient import (  # type: ignore[import-untyped]  # has no stubs
    IMAPClient,
    SocketTimeout,
)
from imapclient.exceptions import (  # type: ignore[import-untyped]  # has no stubs
    IMAPClientError,
    LoginError,
)

from ..errors import DeliveryRefused, HoneytokenError
from ..gateways import mail
from ..gateways.mime import read
from ..messages import translate as _
from ..normalize import EARLIEST
from ..store import Store, mailboxes
from ..store.mailboxes import Place
from .incoming import incoming
from .reasons import Reasons
from .recipients import ours
from .writer import CannotBeStored, Overloaded, Writer

logger = logging.getLogger("honeytoken.listen")

#: A server may hang up after 29 minutes of silence (RFC 2177), a router that translates addresses
#: after less.
_IDLE_S = 300.0
_LOOK_UP_S = 1.0
_CONNECT_S, _READ_S = 20.0, 60.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 300.0
#: A wrong password tried too often locks an account.
_LOGIN_PAUSE_S = 60.0
_SAVE_EVERY = 20
#: A message at which reading failed so often is passed over, so that it does not hide the others.
_TRIES = 5
_HEADER_BYTES = 131_072
_STORE_S = 60.0
_STOP_S = 5.0


class Mailbox:
    """Reads the mailbox of one gateway.

    Args:
        gateway: from the settings.
        store: where recipients are looked up, and the place is kept.
        clock: gives the time of receipt, aware UTC.
    """

    def __init__(
        self, gateway: mail.ImapGateway, store: Store, *, clock: Callable[[], datetime]
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._clock = clock
        self._stop = threading.Event()
        self._pause_s = _FIRST_PAUSE_S
        self._client: IMAPClient | None = None
        #: Why mails were refused.
        self.reasons = Reasons()
        #: UID that is being read, and how often that failed.
        self._at: int | None = None
        self._failures: tuple[int | None, int] = (None, 0)

    @asynccontextmanager
    async def reading(self, writer: Writer) -> AsyncIterator[None]:
        """Read while the block lasts."""
        loop = asyncio.get_running_loop()
        thread = threading.Thread(
            target=self._run,
            args=(writer, loop),
            name=f"honeytoken-imap-{self._gateway.name}",
            daemon=True,
        )
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            await asyncio.to_thread(thread.join, _STOP_S)
            client = self._client
            if thread.is_alive() and client is not None:
                # It waits for the server, which takes its time.
                with suppress(OSError, IMAPClientError):
                    client.shutdown()
                await asyncio.to_thread(thread.join, _STOP_S)

    def _run(self, writer: Writer, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stop.is_set():
            try:
                with self._connected() as client:
                    _Round(self, client, writer, loop).follow()
            except Exception as error:
                # Whatever a server sends: a thread that has ended is a deaf mailbox. The error may
                # quote a mail, so only its kind is told.
                self._failed(error, writer)

    def _failed(self, error: Exception, writer: Writer) -> None:
        if self._stop.is_set():
            return
        if isinstance(error, HoneytokenError):
            logger.error("store not available: %s", type(error).__name__)
            writer.count(self._gateway.name, "unavailable")
        else:
            logger.warning(
                "gateway %s: %s port %d (tls: %s): mailbox unreadable: %s",
                *(self._gateway.name, self._gateway.host, self._gateway.port, self._gateway.tls),
                type(error).__name__,
            )
            writer.count(self._gateway.name, "unreachable")
            uid, times = self._failures
            self._failures = (self._at, times + 1 if uid == self._at else 1)
        self._at = None
        if isinstance(error, LoginError):
            self._pause_s = max(self._pause_s, _LOGIN_PAUSE_S)
        # With jitter: replicas that lost one server must not come back in step.
        self._stop.wait(self._pause_s * random.uniform(0.5, 1.5))  # noqa: S311
        self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)

    @contextmanager
    def _connected(self) -> Iterator[IMAPClient]:
        gateway = self._gateway
        context = ssl.create_default_context()
        client = IMAPClient(
            gateway.host,
            gateway.port,
            ssl=gateway.tls == "tls",
            ssl_context=context,
            timeout=SocketTimeout(_CONNECT_S, _READ_S),
        )
        self._client = client
        try:
            client.normalise_times = False
            if gateway.tls == "starttls":
                client.starttls(context)
            client.login(gateway.user, gateway.password)
            if client.has_capability("ID"):
                # NetEase (163, 126) lets no program in that does not say its name (RFC 2971).
                client.id_({"name": "honeytoken"})
            yield client
        finally:
            self._client = None
            with suppress(OSError, IMAPClientError):
                client.logout()
            with suppress(OSError):
                client.shutdown()

    # What a round needs of its mailbox.

    @property
    def gateway(self) -> mail.ImapGateway:
        """The gateway it belongs to."""
        return self._gateway

    @property
    def is_stopping(self) -> bool:
        """True once no further message should be begun."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than the mailbox is read."""
        self._stop.wait(seconds)

    def begin(self, uid: int) -> bool:
        """Note that a message is being read; False if that failed too often."""
        self._at = uid
        failed, times = self._failures
        return failed != uid or times < _TRIES

    def done(self) -> None:
        """Note that reading works."""
        self._at = None
        self._failures = (None, 0)
        self._pause_s = _FIRST_PAUSE_S

    def place(self) -> Place | None:
        """Return how far it was read."""
        with self._store.read() as tx:
            return mailboxes.get(tx, self._gateway.name)

    def save(self, place: Place) -> None:
        """Store how far it was read."""
        with self._store.write() as tx:
            mailboxes.put(tx, self._gateway.name, place)

    def recipient(self, candidates: tuple[str, ...]) -> str | None:
        """Return the first of *candidates* that is ours."""
        found = ours(self._store, candidates)
        return next((one for one in candidates if one in found), None)

    def now(self) -> datetime:
        """Return the present time."""
        return self._clock()


class _Round:
    """What happens on one connection."""

    def __init__(
        self,
        mailbox: Mailbox,
        client: IMAPClient,
        writer: Writer,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._mailbox = mailbox
        self._gateway = mailbox.gateway
        self._client = client
        self._writer = writer
        self._loop = loop

    def follow(self) -> None:
        """Read what is there, then what comes, until told to stop."""
        selected = self._client.select_folder(self._gateway.folder, readonly=True)
        validity = int(selected[b"UIDVALIDITY"])
        place = self._mailbox.place()
        if place is None or place.uid_validity != validity:
            # Never read, or numbered anew: read all; what is known falls on its id.
            place = Place(validity, 0)
        can_idle = self._client.has_capability("IDLE")
        while not self._mailbox.is_stopping:
            before, place = place, self._read_new(place)
            if place != before:
                # What came meanwhile may have been announced meanwhile, and would not be again.
                continue
            if can_idle:
                self._idle()
            else:
                self._mailbox.wait(self._gateway.poll_s)
                self._client.noop()

    def _read_new(self, place: Place) -> Place:
        # "n:*" always names the last message, even if that is before n.
        found = self._client.search(["UID", f"{place.last_uid + 1}:*"])
        uids = sorted(uid for uid in found if uid > place.last_uid)
        saved = place
        try:
            for uid in uids:
                if self._mailbox.is_stopping:
                    break
                if self._mailbox.begin(uid):
                    self._read(uid)
                else:
                    logger.warning("gateway %s: a message was passed over", self._gateway.name)
                    self._count("unreadable")
                self._mailbox.done()
                place = Place(place.uid_validity, uid)
                if place.last_uid >= saved.last_uid + _SAVE_EVERY:
                    self._mailbox.save(place)
                    saved = place
        finally:
            if place != saved:
                self._mailbox.save(place)
        return place

    def _read(self, uid: int) -> None:
        """Store one message, if it is for one of ours."""
        recipient: str | None = self._gateway.recipient or self._gateway.user
        if self._gateway.reports is None:
            head, _arrived_at = self._fetched(uid, "BODY.PEEK[HEADER]", _HEADER_BYTES)
            if head is None:
                return
            recipient = self._mailbox.recipient(self._gateway.recipients(read(head)))
        if recipient is None:
            self._count("not ours")
            return
        raw, arrived_at = self._fetched(uid, "BODY.PEEK[]", self._gateway.max_message_bytes)
        if raw is not None:
            self._store(raw, mail.Envelope(recipient, None, arrived_at))

    def _fetched(self, uid: int, section: str, limit: int) -> tuple[bytes | None, datetime]:
        """Return the first *limit* bytes of a section, ``None`` if it is gone, and its arrival."""
        now = self._mailbox.now()
        answer: dict[bytes, Any] = self._client.fetch(
            [uid], [f"{section}<0.{limit}>", "INTERNALDATE"]
        ).get(uid, {})
        raw = next((value for key, value in answer.items() if key.startswith(b"BODY[")), None)
        arrived_at = answer.get(b"INTERNALDATE")
        return (raw if isinstance(raw, bytes) else None), _arrival(arrived_at, now)

    def _store(self, raw: bytes, envelope: mail.Envelope) -> None:
        try:
            reports = self._gateway.receive(read(raw), envelope)
        except DeliveryRefused as error:
            self._mailbox.reasons.tell(self._gateway.name, error)
            self._count(type(error).__name__)
            return
        received = incoming(
            reports,
            gateway=self._gateway,
            writer=self._writer,
            # Not now: a listener that was away must not move a mail behind a later placement.
            received_at=envelope.arrived_at,
            headers={":rcpt-to": envelope.recipient},
            body=raw,
        )
        if not received:
            self._count("nothing to record")
            return
        stored = asyncio.run_coroutine_threadsafe(self._writer.store(received), self._loop)
        try:
            recorded = stored.result(_STORE_S)
        except CannotBeStored:
            # It alone, and not the next time either: go on to the next. After any other failure
            # the place stays before it, and it is read again.
            self._count("not stored")
            return
        except TimeoutError as err:
            raise Overloaded(_("the database does not answer.")) from err
        for item in recorded:
            self._count("repeated" if item.repeated else "accepted")

    def _idle(self) -> None:
        """Wait until the server says that there is something new, or for so long as it may be."""
        self._client.idle()
        try:
            deadline = monotonic() + _IDLE_S
            while not self._mailbox.is_stopping and monotonic() < deadline:
                news = self._client.idle_check(timeout=_LOOK_UP_S)
                if any(b"EXISTS" in item for item in news if isinstance(item, tuple)):
                    return
        finally:
            with suppress(OSError, IMAPClientError):
                self._client.idle_done()

    def _count(self, outcome: str) -> None:
        self._writer.count(self._gateway.name, outcome)


def _arrival(told: object, now: datetime) -> datetime:
    """Return the mail host's INTERNALDATE in UTC, *now* where it says none that can be."""
    if not isinstance(told, datetime) or told.tzinfo is None:
        return now
    try:
        arrived_at = told.astimezone(UTC)
    except OverflowError:
        return now
    return arrived_at if EARLIEST <= arrived_at <= now else now

"""Group commit: one thread stores, in one transaction, whatever came in while it was storing.

A commit waits for the disk. While it waits, further deliveries gather in the queue, and the next
commit takes them all: the busier the listener, the fewer commits a delivery. The event loop never
waits for the disk itself.

Both threads share one interpreter. So that they do not hinder each other, the event loop first
reads and verifies whatever has come in and only then lets the writer begin: large batches, few
changes from one thread to the other.

A store that is full, locked or out of reach costs nobody a long wait: what waits is refused
with the attempt that failed, and a small write is tried every second until one succeeds.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from ..contacts import Received, Recorded, Sinks, record_batch
from ..errors import HoneytokenError, KeysError, StoreBusy, StoreError
from ..messages import translate as _
from ..store import Store, Transaction, counts, heartbeats

logger = logging.getLogger("honeytoken.listen")

#: Deliveries waiting to be stored; more are refused at once, so that none waits in vain.
MAX_WAITING = 4096
MAX_BATCH = 512
#: The longest that anybody is kept waiting, even by a database that hangs.
ANSWER_S = 15.0
#: Transactions that one batch may cost; they find three deliveries that cannot be stored.
_MAX_ATTEMPTS = 64
_COUNT_EVERY_S = 5.0
_PROBE_EVERY_S = 1.0
#: The longest that a batch is gathered for while more keeps coming in.
_GATHER_S = 0.02
#: Phones noted in one go; more than that nobody has.
_MAX_BEATS = 1000


class Overloaded(HoneytokenError):
    """More deliveries are waiting than the store keeps up with."""


class CannotBeStored(HoneytokenError):
    """This very delivery cannot be stored, however often it is tried."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    received: Sequence[Received]
    future: asyncio.Future[list[Recorded]]


class Writer:
    """The thread that stores. Start it, submit from an event loop, stop it: it drains first."""

    def __init__(
        self,
        store: Store,
        *,
        sinks: Sinks = MappingProxyType({}),
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._store = store
        self._sinks = sinks
        self._max_waiting = max_waiting
        self._waiting: list[_Waiting] = []
        self._ready = threading.Condition()
        self._stopping = False
        # True once the event loop has nothing more to add for the moment.
        self._gathered = False
        self._gathering = False
        # When each delivery must have been answered, in the order they came.
        self._unanswered: deque[tuple[float, asyncio.Future[list[Recorded]]]] = deque()
        self._watching = False
        self._counts: Counter[tuple[str, str]] = Counter()
        self._beats: set[tuple[str, str]] = set()
        self._counted_at = time.monotonic()
        # The last attempt to write failed.
        self._failing = False
        self._attempt_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="honeytoken-writer", daemon=True)

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def stop(self) -> None:
        """Store what is waiting, then end. Returns when that is done, or the database hangs."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self._thread.join(ANSWER_S)
        if self._thread.is_alive():
            # What it holds was not acknowledged. The thread ends with the process.
            logger.error("the database does not answer: stopping without it")
            with self._ready:
                waiting, self._waiting = self._waiting, []
            if waiting:
                self._fail(waiting, Overloaded(_("the database does not answer.")))

    async def store(self, received: Sequence[Received]) -> list[Recorded]:
        """Return when the deliveries are durable.

        Raises:
            Overloaded: too many are waiting, or the writer is stopping, and nothing was stored; or
                the database hangs, and nobody knows. A repeat is absorbed.
            StoreBusy: the database cannot be written to; nothing was stored.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Recorded]] = loop.create_future()
        with self._ready:
            if self._stopping or len(self._waiting) >= self._max_waiting:
                raise Overloaded(_("too many deliveries are waiting."))
            self._waiting.append(_Waiting(received, future))
        if not self._gathering:
            self._gathering = True
            loop.call_soon(self._gather, loop, loop.time() + _GATHER_S, 0)
        # One look a second over all of them: a timer for each would cost more than the waiting.
        self._unanswered.append((loop.time() + ANSWER_S, future))
        if not self._watching:
            self._watching = True
            self._watch(loop)
        return await future

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give up, for those who wait, on a database that does not answer."""
        waiting, now = self._unanswered, loop.time()
        while waiting and (waiting[0][1].done() or waiting[0][0] <= now):
            _due, future = waiting.popleft()
            if not future.done():
                future.set_exception(Overloaded(_("the database does not answer.")))
        self._watching = bool(waiting)
        if waiting:
            loop.call_later(min(1.0, ANSWER_S / 4), self._watch, loop)

    def _gather(self, loop: asyncio.AbstractEventLoop, until: float, before: int) -> None:
        """Let the writer begin when a whole turn of the event loop has added nothing."""
        waiting = len(self._waiting)
        if before < waiting < MAX_BATCH and loop.time() < until:
            loop.call_soon(self._gather, loop, until, waiting)
            return
        self._gathering = False
        with self._ready:
            self._gathered = True
            self._ready.notify()

    @property
    def ready(self) -> bool:
        """Tell whether what comes in now is likely to be stored."""
        since = self._attempt_since
        hangs = since is not None and time.monotonic() - since > ANSWER_S
        return self._thread.is_alive() and not self._failing and not hangs

    def beat(self, gateway: str, device: str) -> None:
        """Note that a forwarder was heard of; stored a few seconds later at most."""
        with self._ready:
            if len(self._beats) < _MAX_BEATS:
                self._beats.add((gateway, device))

    def count(self, gateway: str, outcome: str) -> None:
        """Count an outcome; stored with the next batch, a few seconds later at most."""
        with self._ready:
            self._counts[gateway, outcome] += 1

    def _run(self) -> None:
        while True:
            with self._ready:
                every_s = _PROBE_EVERY_S if self._failing else _COUNT_EVERY_S
                if not self._gathered and not self._stopping:
                    self._ready.wait(every_s)
                batch: list[_Waiting] = []
                if self._gathered or self._stopping:
                    batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                    self._gathered = bool(self._waiting)
                stopping = self._stopping and not batch
                due = stopping or time.monotonic() - self._counted_at >= every_s
                noted = self._taken() if due else None
            if batch:
                self._store_batch(batch)
            if noted:
                self._note(*noted)
            if stopping:
                return

    def _taken(self) -> tuple[Counter[tuple[str, str]], set[tuple[str, str]]] | None:
        self._counted_at = time.monotonic()
        trying = self._failing and not self._stopping
        if not self._counts and not self._beats and not trying:
            return None
        taken = self._counts, self._beats
        self._counts, self._beats = Counter(), set()
        return taken

    def _store_batch(self, batch: Sequence[_Waiting]) -> None:
        """Store a batch; where a delivery cannot be stored, find it by halves: it goes alone."""
        parts, attempts = [batch], 0
        while parts:
            part = parts.pop()
            attempts += 1
            try:
                recorded = self._recorded([item.received for item in part])
            except (StoreBusy, KeysError) as error:
                self._unavailable([part, *parts], error)
                return
            except Exception as error:
                # The error may quote the delivery: only its kind is logged.
                if len(part) == 1:
                    logger.error("not stored: %s", type(error).__name__)
                    failure = error if isinstance(error, StoreError) else None
                    text = _("the delivery could not be stored.")
                    self._fail(part, failure or CannotBeStored(text))
                    continue
                if attempts >= _MAX_ATTEMPTS:
                    # Innocent ones are among them: their senders may try again.
                    logger.error("put off: %d, %s", len(part), type(error).__name__)
                    self._fail(part, Overloaded(_("too many deliveries cannot be stored.")))
                    continue
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
            else:
                self._failing = False
                self._resolve(part, recorded)

    def _unavailable(self, parts: Sequence[Sequence[_Waiting]], error: HoneytokenError) -> None:
        """Refuse these and what waits behind them: it waited as long, and would fare no better."""
        logger.error("store not available: %s", type(error).__name__)
        self._failing = True
        with self._ready:
            waiting, self._waiting = self._waiting, []
        for part in (*parts, waiting):
            if part:
                self._fail(part, error)

    @contextmanager
    def _attempt(self) -> Iterator[Transaction]:
        self._attempt_since = time.monotonic()
        try:
            with self._store.write() as tx:
                yield tx
        finally:
            self._attempt_since = None

    def _recorded(self, groups: Sequence[Sequence[Received]]) -> list[list[Recorded]]:
        with self._attempt() as tx:
            every = [item for group in groups for item in group]
            recorded = iter(record_batch(tx, every, sinks=self._sinks))
            return [[next(recorded) for _item in group] for group in groups]

    def _note(self, counted: Counter[tuple[str, str]], beats: set[tuple[str, str]]) -> None:
        """Store counts and signs of life; while the store fails, this is how we try it."""
        try:
            with self._attempt() as tx:
                counts.add(tx, counted)
                heartbeats.note(tx, beats)
        except (StoreBusy, KeysError) as error:
            # They help to find a misconfigured gateway or a dead phone; they are no evidence. Try
            # again later.
            with self._ready:
                self._counts.update(counted)
                self._beats |= beats
            self._unavailable([], error)
        except Exception as error:
            # One that cannot be stored must not end this thread, nor hold up all others for ever.
            logger.error("counts could not be stored: %s", type(error).__name__)
        else:
            self._failing = False

    @staticmethod
    def _resolve(batch: Sequence[_Waiting], results: Sequence[list[Recorded]]) -> None:
        def resolve() -> None:
            for item, result in zip(batch, results, strict=True):
                if not item.future.done():
                    item.future.set_result(result)

        _call(batch[0].future.get_loop(), resolve)

    @staticmethod
    def _fail(batch: Sequence[_Waiting], error: HoneytokenError) -> None:
        def fail() -> None:
            for item in batch:
                if not item.future.done():
                    item.future.set_exception(error)

        _call(batch[0].future.get_loop(), fail)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:
        logger.warning("the event loop had ended before a delivery was acknowledged")

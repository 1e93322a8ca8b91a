"""Group commit: one thread stores, in one transaction, whatever came in while it was storing.

A commit waits for the disk. While it waits, further deliveries gather in the queue, and the next
commit takes them all: the busier the listener, the fewer commits a delivery. The event loop never
waits for the disk itself.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..contacts import Received, Recorded, record_batch
from ..errors import HoneytokenError, KeysError, StoreBusy, StoreError
from ..messages import translate as _
from ..store import Store, counts

logger = logging.getLogger("honeytoken.listen")

#: Deliveries waiting to be stored; more are refused at once, so that none waits in vain.
MAX_WAITING = 4096
MAX_BATCH = 512
_COUNT_EVERY_S = 5.0
#: After a batch of this size more is sure to come within a few milliseconds.
_BUSY_BATCH = 8
_LINGER_S = 0.004


class Overloaded(HoneytokenError):
    """More deliveries are waiting than the store keeps up with."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    received: Sequence[Received]
    future: asyncio.Future[list[Recorded]]


class Writer:
    """The thread that stores. Start it, submit from an event loop, stop it: it drains first."""

    def __init__(self, store: Store, *, max_waiting: int = MAX_WAITING) -> None:
        self._store = store
        self._max_waiting = max_waiting
        self._waiting: list[_Waiting] = []
        self._ready = threading.Condition()
        self._stopping = False
        self._counts: Counter[tuple[str, str]] = Counter()
        self._counted_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="honeytoken-writer", daemon=True)

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def stop(self) -> None:
        """Store what is waiting, then end. Returns when that is done."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self._thread.join()

    async def store(self, received: Sequence[Received]) -> list[Recorded]:
        """Return when the deliveries are durable.

        Raises:
            Overloaded: too many are waiting, or the writer is stopping; nothing was stored.
            StoreBusy: the database cannot be written to; nothing was stored.
        """
        future: asyncio.Future[list[Recorded]] = asyncio.get_running_loop().create_future()
        with self._ready:
            if self._stopping or len(self._waiting) >= self._max_waiting:
                raise Overloaded(_("too many deliveries are waiting."))
            self._waiting.append(_Waiting(received, future))
            self._ready.notify()
        return await future

    @property
    def alive(self) -> bool:
        """Tell whether deliveries are being stored."""
        return self._thread.is_alive()

    def count(self, gateway: str, outcome: str) -> None:
        """Count an outcome; stored with the next batch, a few seconds later at most."""
        with self._ready:
            self._counts[gateway, outcome] += 1

    def _run(self) -> None:
        busy = False
        while True:
            if busy:
                # Under load a moment's wait doubles the batch, which halves what each costs. Not on
                # the condition: every delivery would wake this thread.
                time.sleep(_LINGER_S)
            with self._ready:
                if not self._waiting and not self._stopping:
                    self._ready.wait(_COUNT_EVERY_S)
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                stopping = self._stopping and not batch
                due = stopping or time.monotonic() - self._counted_at > _COUNT_EVERY_S
                counted = self._taken_counts() if due else {}
            busy = len(batch) >= _BUSY_BATCH
            if batch:
                self._store_batch(batch)
            if counted:
                self._store_counts(counted)
            if stopping:
                return

    def _taken_counts(self) -> Mapping[tuple[str, str], int]:
        taken, self._counts = self._counts, Counter()
        self._counted_at = time.monotonic()
        return taken

    def _store_batch(self, batch: Sequence[_Waiting]) -> None:
        try:
            self._resolve(batch, self._recorded([item.received for item in batch]))
        except (StoreBusy, KeysError) as error:
            logger.error("store not available: %s", type(error).__name__)
            self._fail(batch, error)
        except Exception as error:
            # One delivery that cannot be stored must not take the others with it. Its error may
            # quote it: only the kind is logged.
            if len(batch) == 1:
                logger.error("a delivery could not be stored: %s", type(error).__name__)
                failure = error if isinstance(error, StoreError) else None
                text = _("the delivery could not be stored.")
                self._fail(batch, failure or HoneytokenError(text))
                return
            for item in batch:
                self._store_batch([item])

    def _recorded(self, groups: Sequence[Sequence[Received]]) -> list[list[Recorded]]:
        with self._store.write() as tx:
            recorded = iter(record_batch(tx, [item for group in groups for item in group]))
            return [[next(recorded) for _item in group] for group in groups]

    def _store_counts(self, counted: Mapping[tuple[str, str], int]) -> None:
        try:
            with self._store.write() as tx:
                counts.add(tx, counted)
        except HoneytokenError:
            # Counts help to find a misconfigured gateway; they are no evidence. Try again later.
            with self._ready:
                self._counts.update(counted)

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

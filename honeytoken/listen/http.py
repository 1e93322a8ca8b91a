"""uvicorn's connection, with a bounded time for the head of a request and bounded idleness.

uvicorn bounds the time between two requests, and we that of a body; without this a client that
sends its headers a byte a minute, or a body that nobody asked for, would hold a connection for
ever, and enough of them would keep everybody else out.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def impatient(head_timeout_s: float, *, max_idle: int) -> type[H11Protocol]:
    """Return uvicorn's HTTP/1.1 protocol for one server.

    Args:
        head_timeout_s: connections whose request head takes longer are closed.
        max_idle: connections without a request under way; one more, and the one that has been so
            for the longest time is closed, rather one that never made a request.
    """
    fresh: dict[Impatient, None] = {}
    kept: dict[Impatient, None] = {}

    class Impatient(H11Protocol):
        _head_due: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._rest()
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._at_work:
                self._stir()
            else:
                self._rest()
                self._await_head()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            # The head of the next one may have come already; else uvicorn bounds the silence.
            if not self._at_work:
                self._rest()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stir()
            super().connection_lost(exc)

        @property
        def _at_work(self) -> bool:
            # Not when answered before the body had come: what is still being sent is of no use.
            return self.conn.their_state is not h11.IDLE and self.conn.our_state is not h11.DONE

        def _rest(self) -> None:
            if self.transport.is_closing():
                return
            (fresh if self.cycle is None else kept).setdefault(self)
            if len(fresh) + len(kept) > max_idle:
                next(iter(fresh or kept)).give_way()

        def give_way(self) -> None:
            """Close this connection in favour of another one."""
            self._stir()
            # Not counted any more: requests that came in together with it are not to be refused.
            self.connections.discard(self)
            self.transport.close()

        def _stir(self) -> None:
            fresh.pop(self, None)
            kept.pop(self, None)
            if self._head_due is not None:
                self._head_due.cancel()
                self._head_due = None

        def _await_head(self) -> None:
            # Not renewed by further bytes: the whole head has that long.
            if self._head_due is None:
                self._head_due = self.loop.call_later(head_timeout_s, self.transport.close)

    return Impatient

"""uvicorn's connection, with a bounded time for the head of a request.

uvicorn bounds the time between two requests, and we that of a body; without this a client that
sends its headers a byte a minute would hold a connection for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def impatient(head_timeout_s: float) -> type[H11Protocol]:
    """Return uvicorn's HTTP/1.1 protocol, closing connections whose request head takes longer."""

    class Impatient(H11Protocol):
        _head_due: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is h11.IDLE:
                self._await_head()
            else:
                self._head_came()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_came()
            super().connection_lost(exc)

        def _await_head(self) -> None:
            # Not renewed by further bytes: the whole head has that long.
            if self._head_due is None:
                self._head_due = self.loop.call_later(head_timeout_s, self.transport.close)

        def _head_came(self) -> None:
            if self._head_due is not None:
                self._head_due.cancel()
                self._head_due = None

    return Impatient

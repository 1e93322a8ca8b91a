"""The HTTP side of the listener: ``POST /hooks/<gateway name>``, ``/healthz``, ``/readyz``.

The answer depends on the gateway and on whether the delivery is proven, never on whether the
identifier it is about is ours. Logs name the gateway and why it refused, nothing from inside.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..contacts import Received, Sinks
from ..errors import DeliveryRefused, HoneytokenError, KeysError, StoreError
from ..gateways import Delivery, Gateway, Heartbeat
from ..gateways import Request as Delivered
from ..messages import translate as _
from ..settings import ListenSettings
from ..store import Store
from .reasons import Reasons
from .writer import Overloaded, Writer

logger = logging.getLogger("honeytoken.listen")

_RETRY_AFTER_S = "5"


#: A way in beside the hooks: takes the writer, and is open while its block lasts.
Intake = Callable[[Writer], AbstractAsyncContextManager[None]]


class _TooLarge(Exception):
    """The body is longer than ``listen.max_body_bytes``."""


class _Hooks:
    """Answers the hooks of all gateways."""

    def __init__(
        self,
        gateways: Mapping[str, Gateway],
        writer: Writer,
        settings: ListenSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._gateways = gateways
        self._writer = writer
        self._settings = settings
        self._clock = clock
        self._reasons = Reasons()

    async def __call__(self, request: Request) -> Response:
        gateway = self._gateways.get(request.path_params["name"])
        if gateway is None:
            self._writer.count("", "unknown gateway")
            logger.warning("delivery for an unknown gateway")
            return PlainTextResponse("not found\n", status_code=404)
        try:
            body = await self._body(request)
        except _TooLarge:
            return self._refused(gateway, "too large", 413)
        except TimeoutError:
            return self._refused(gateway, "too slow", 408)
        except ClientDisconnect:
            return self._refused(gateway, "disconnected", 400)
        delivered = Delivered(
            method=request.method,
            url_path=request.url.path,
            query=request.scope["query_string"].decode("latin-1"),
            headers={
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in request.headers.raw
            },
            body=body,
            received_at=self._clock(),
        )
        return await self._answer(gateway, delivered)

    async def _answer(self, gateway: Gateway, delivered: Delivered) -> Response:
        try:
            reports = gateway.receive(delivered)
        except DeliveryRefused as error:
            outcome = type(error).__name__
            self._reasons.tell(gateway.name, error)
            self._writer.count(gateway.name, outcome)
            reply = gateway.refusal(error)
            return Response(reply.body, reply.status, media_type=reply.content_type)
        deliveries = [report for report in reports if isinstance(report, Delivery)]
        for report in reports:
            if isinstance(report, Heartbeat) or report.device is not None:
                self._writer.beat(gateway.name, report.device or "")
        if deliveries:
            received = [
                Received(
                    delivery=delivery,
                    region=gateway.region,
                    received_at=delivered.received_at,
                    headers=_kept_headers(delivered),
                    body=delivered.body,
                )
                for delivery in deliveries
            ]
            try:
                recorded = await self._writer.store(received)
            except (Overloaded, StoreError, KeysError):
                return self._unavailable(gateway)
            except HoneytokenError:
                self._writer.count(gateway.name, "not stored")
                return PlainTextResponse("error\n", status_code=500)
            for item in recorded:
                self._writer.count(gateway.name, "repeated" if item.repeated else "accepted")
        else:
            self._writer.count(gateway.name, "nothing to record")
        reply = gateway.reply(deliveries)
        return Response(reply.body, reply.status, media_type=reply.content_type)

    async def _body(self, request: Request) -> bytes:
        limit = self._settings.max_body_bytes
        length = request.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:12]) > limit:
            raise _TooLarge
        parts: list[bytes] = []
        size = 0
        async with asyncio.timeout(self._settings.read_timeout_s):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise _TooLarge
                parts.append(part)
        return b"".join(parts)

    def _refused(self, gateway: Gateway, outcome: str, status: int) -> Response:
        logger.warning("gateway %s refused a delivery: %s", gateway.name, outcome)
        self._writer.count(gateway.name, outcome)
        # Whatever is left of the request is not read: the connection cannot be used again.
        return PlainTextResponse(
            f"{outcome}\n", status_code=status, headers={"connection": "close"}
        )

    def _unavailable(self, gateway: Gateway) -> Response:
        self._writer.count(gateway.name, "unavailable")
        return PlainTextResponse(
            "try again later\n", status_code=503, headers={"retry-after": _RETRY_AFTER_S}
        )


def _kept_headers(delivered: Delivered) -> dict[str, str]:
    """Return the headers with what else the proof was made over, named as HTTP/2 names it."""
    path = f"{delivered.url_path}?{delivered.query}" if delivered.query else delivered.url_path
    return {":method": delivered.method, ":path": path, **delivered.headers}


def application(
    store: Store,
    gateways: Mapping[str, Gateway],
    settings: ListenSettings,
    *,
    clock: Callable[[], datetime],
    intakes: Sequence[Intake] = (),
    sinks: Sinks = MappingProxyType({}),
) -> Starlette:
    """Return the ASGI application of the listener.

    Args:
        store: where contacts go; it must be prepared.
        gateways: by name, as ``gateways.build`` gives them.
        settings: body limit and read timeout.
        clock: gives the time of receipt, aware UTC.
        intakes: opened and closed with the application, by the same writer: mail.
        sinks: who is told of which contacts.
    """
    writer = Writer(store, sinks=sinks)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        writer.start()
        try:
            async with AsyncExitStack() as stack:
                for intake in intakes:
                    await stack.enter_async_context(intake(writer))
                yield
        finally:
            await asyncio.to_thread(writer.stop)

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        try:
            if not writer.ready:
                raise Overloaded(_("nothing is being stored."))
            await asyncio.to_thread(_look, store)
        except (HoneytokenError, HTTPException):
            return JSONResponse({"status": "store not available"}, status_code=503)
        return JSONResponse({"status": "ok"})

    hooks = _Hooks(gateways, writer, settings, clock)
    return Starlette(
        routes=[
            Route("/hooks/{name}", hooks.__call__, methods=["GET", "POST", "PUT", "PATCH"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
        ],
        lifespan=lifespan,
    )


def _look(store: Store) -> None:
    with store.read():
        pass

"""Requests as the services send them, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from honeytoken.gateways import Delivery, Heartbeat, Request

NOW = datetime(2026, 11, 22, 8, 39, 24, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json; charset=utf-8"


def request(
    body: bytes = b"",
    *,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    query: str = "",
    content_type: str | None = None,
    received_at: datetime = NOW,
) -> Request:
    merged = {name.lower(): value for name, value in (headers or {}).items()}
    if content_type is not None:
        merged["content-type"] = content_type
    return Request(method, "/hooks/any", query, merged, body, received_at)


def told(reports: tuple[Delivery | Heartbeat, ...]) -> tuple[Delivery, ...]:
    """Return what a gateway has to record, without the signs of life."""
    return tuple(report for report in reports if isinstance(report, Delivery))


def only(reports: tuple[Delivery | Heartbeat, ...]) -> Delivery:
    """Return the one thing that a gateway has to record."""
    (report,) = reports
    assert isinstance(report, Delivery)
    return report

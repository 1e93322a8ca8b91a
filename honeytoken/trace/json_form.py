"""A trace as plain data: the records' own field names, ISO 8601 times."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum

from ..models import Trace

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def to_json(trace: Trace) -> dict[str, Json]:
    """Return *trace* as ``dict``, ``list``, ``str``, numbers, ``bool`` and ``None`` only.

    ``attributions[].channel_ids``, ``.posterior``, ``.verdict`` and so on are the fields of
    :class:`honeytoken.models.Attribution`; times are UTC and end in ``Z``.
    """
    return {field.name: _plain(getattr(trace, field.name)) for field in fields(trace)}


def _plain(value: object) -> Json:
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    message = f"no JSON form for {type(value).__name__}"
    raise TypeError(message)

"""Ids: a prefix that says what it is, 12 hex digits of milliseconds, 16 random hex digits.

Ids sort by the time they were made, so that tables grow at their end. They are names, not secrets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

from .schema import to_microseconds

_RANDOM_BITS = 64
# Room to count up within one call without overflowing the random part.
_MAX_START = (1 << _RANDOM_BITS) - (1 << 32)


def new_ids(prefix: str, at: datetime, count: int) -> Iterator[str]:
    """Yield *count* ids of one moment, in rising order."""
    head = f"{prefix}_{to_microseconds(at) // 1000:012x}"
    start = int.from_bytes(os.urandom(8), "big") % _MAX_START
    return (f"{head}{number:016x}" for number in range(start, start + count))


def new_id(prefix: str, at: datetime) -> str:
    """Return one id."""
    return next(new_ids(prefix, at, 1))


def id_floor(prefix: str, at: datetime) -> str:
    """Return what every id made at *at* or later sorts after."""
    return f"{prefix}_{to_microseconds(at) // 1000:012x}"


def is_of(record_id: str, at_microseconds: int) -> bool:
    """Tell whether an id was made at that time."""
    return record_id.partition("_")[2].startswith(f"{at_microseconds // 1000:012x}")

"""Numbers, times and names as the sentences about a trace show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from ..messages import translate as _


def joined(channel_ids: Iterable[str], names: Mapping[str, str]) -> str:
    """Return the channels' names with "or" between those that cannot be told apart."""
    return _(" or ").join(names.get(channel_id, channel_id) for channel_id in channel_ids)


def probability(value: float) -> str:
    """Return a probability with two decimals, never rounded to certainty."""
    if value > 0.99:
        return ">0.99"
    return f"{value:.2f}" if value >= 0.01 else "<0.01"


def amount(value: float) -> str:
    """Return a small amount with as many digits as mean something."""
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 0.1 else f"{value:.2g}"


def factor(value: float) -> str:
    """Return a factor in at most two significant digits, capped where more is not believable."""
    if value > 1e6:
        return ">1,000,000"
    if value < 0.001:
        return "<0.001"
    if value < 10:
        return f"{value:.2g}"
    return f"{round(value, 2 - len(f'{value:.0f}')):,.0f}"


def moment(at: datetime) -> str:
    """Return a time in UTC, to the minute."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

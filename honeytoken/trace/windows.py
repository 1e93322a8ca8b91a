"""When riders may ring: the delivery window of a placement. Pure arithmetic.

A courier rings to deliver, often from a private mobile, and nothing tells such a call from a
stranger's. So between dispatch and delivery plus 48 hours a contact that does not show what it is
counts neither for nor against anybody, and nobody's silence counts either.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

#: After delivery a rider may still ring: was it found, was it complete, please rate us.
AFTER_DELIVERY = timedelta(hours=48)
#: A parcel of which only the dispatch is known is waited for so long.
LONGEST_DELIVERY = timedelta(days=30)


class Awaiting(Protocol):
    """What a window is told by: a placement, or its outline."""

    @property
    def intended_at(self) -> datetime:
        """When the placement was stored, before the document left."""

    @property
    def expected_until(self) -> datetime | None:
        """Until when the owner expects calls."""

    @property
    def dispatched_at(self) -> datetime | None:
        """When the parcel left, by the courier's tracking."""

    @property
    def delivered_at(self) -> datetime | None:
        """When it was delivered, by the courier's tracking."""


def delivery_window(item: Awaiting) -> tuple[datetime, datetime] | None:
    """Return from when until when, both included, somebody may well ring; ``None`` if never.

    It begins with the dispatch, or, if that is not known, with the placement. It ends 48 hours
    after the delivery; if that is not known, when the owner said (``expected_until``); if that is
    not known either, 30 days after the dispatch. What the courier recorded goes before what the
    owner expected.
    """
    if item.delivered_at is not None:
        end = item.delivered_at + AFTER_DELIVERY
    elif item.expected_until is not None:
        end = item.expected_until
    elif item.dispatched_at is not None:
        end = item.dispatched_at + LONGEST_DELIVERY
    else:
        return None
    start = item.dispatched_at or item.intended_at
    return (start, end) if start <= end else None


def merged(spells: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return spells (from, to) in order, with those that touch or overlap as one."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(spells):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)

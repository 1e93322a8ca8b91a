"""Which contacts are our own drills: by the text that only we know, or by who rings while it may.

What counts is when it happened, not when it is told: a hook may deliver late, and a phone's log is
imported much later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from .. import store
from ..gateways import Delivery
from ..models import Medium
from ..store import drills
from . import matching


def awaited(
    tx: store.Transaction,
    contact_point_ids: Collection[str],
    told: Iterable[tuple[Delivery, datetime]],
) -> list[drills.Awaited]:
    """Return the drills that some of these events may be: one query for all of them.

    Args:
        tx: the transaction.
        contact_point_ids: where they arrived.
        told: deliveries, each with the time of its event.
    """
    events = list(told)
    if not contact_point_ids or not events:
        return []
    since = min(at for _delivery, at in events) - drills.LATE
    # The owner's records may be of any age, and nothing comes in their wake: all drills are read.
    is_record = any(delivery.gateway in matching.OWN_RECORDS for delivery, _at in events)
    return drills.awaited(tx, contact_point_ids, since=None if is_record else since)


def answered(
    awaited: Iterable[drills.Awaited],
    contact_point_id: str,
    delivery: Delivery,
    at: datetime,
    sender: str,
) -> drills.Awaited | None:
    """Return the drill that an event is, ``None`` if it is none.

    Args:
        awaited: the drills that it may be.
        contact_point_id: where it arrived.
        delivery: what told of it.
        at: when it happened.
        sender: who claims to have sent it, in canonical form.
    """
    text = "\n".join(part for part in (delivery.subject, delivery.text) if part)
    for drill in awaited:
        if (drill.contact_point_id, drill.medium) != (contact_point_id, delivery.medium):
            continue
        if delivery.medium is not Medium.CALL:
            if drill.marker in text:
                return drill
        # A number can be guessed: a call counts only while it was waited for.
        elif drill.marker == sender and (
            drill.at - matching.TOLERANCE <= at <= drill.deadline + matching.TOLERANCE
        ):
            return drill
    return None


def hear(tx: store.Transaction, drill: drills.Awaited, delivery: Delivery) -> None:
    """Note that a drill arrived, if it was a gateway that told of it.

    What the owner types or imports says that the phone heard, not that its hook delivers. Once is
    enough: a second gateway may tell of the same message.
    """
    if not drill.heard and delivery.gateway not in matching.OWN_RECORDS:
        drills.heard(tx, drill.id)
        drill.heard = True

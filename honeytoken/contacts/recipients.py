"""Whom a batch of deliveries reached, and what the store knows of them: looked up once a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .. import normalize, store
from ..errors import InvalidIdentifier
from ..gateways import Delivery
from ..keys import IndexKind
from ..models import Channel, ContactPointKind, Medium, Outline
from ..store import canaries, channels, contact_points, drills, placements
from . import probes
from .candidates import Sought, sought

#: Canaries kept ready between batches; identities never change.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Reached:
    """The digests under which a recipient is looked up."""

    #: Of contact points, the best first: a mailbox goes before the domain it is in.
    points: tuple[bytes, ...]
    canary: bytes
    #: ``Identity`` field.
    via: str


@dataclass(slots=True)
class Known:
    """What the store knows about the recipients of a batch."""

    points: dict[bytes, contact_points.Reached]
    candidates: dict[bytes, list[str]]
    canaries: dict[str, Sought]
    placements: dict[str, list[Outline]]
    channels: dict[str, Channel]
    drills: list[drills.Awaited]

    def point(self, reached: Reached | None) -> contact_points.Reached | None:
        """Return the contact point that was reached, if it is one of ours."""
        if reached is None:
            return None
        found = (self.points[digest] for digest in reached.points if digest in self.points)
        return next(found, None)


def find_reached(tx: store.Transaction, delivery: Delivery, *, region: str) -> Reached | None:
    """Return under what a delivery's recipient is looked up, ``None`` if it names none.

    Args:
        tx: the transaction.
        delivery: what came in.
        region: country whose national notation its numbers may use.
    """
    recipient = delivery.recipient
    if not recipient:
        return None
    try:
        if delivery.medium is Medium.EMAIL:
            email = normalize.email(recipient)
            domain = email.rpartition("@")[2]
            return Reached(
                (
                    contact_points.digest(tx, ContactPointKind.MAILBOX, email),
                    contact_points.digest(tx, ContactPointKind.EMAIL_DOMAIN, domain),
                ),
                tx.indexer.digest(IndexKind.EMAIL, email),
                "email",
            )
        number = normalize.phone_number(recipient, region=region)
    except InvalidIdentifier:
        return None
    return Reached(
        (contact_points.digest(tx, ContactPointKind.PHONE_NUMBER, number),),
        tx.indexer.digest(IndexKind.PHONE_NUMBER, number),
        "phone_number",
    )


def look_up(
    tx: store.Transaction,
    recipients: Sequence[Reached | None],
    told: Sequence[tuple[Delivery, datetime]],
) -> Known:
    """Return what the store knows of the recipients of a batch.

    Args:
        tx: the transaction.
        recipients: as :func:`find_reached` returns them.
        told: the deliveries, each with the time of its event.
    """
    reached = [item for item in recipients if item is not None]
    points = contact_points.by_digest(
        tx, list({digest for item in reached for digest in item.points})
    )
    candidates = canaries.ids_by_digest(tx, list({item.canary for item in reached}))
    ids = sorted({canary_id for found in candidates.values() for canary_id in found})
    placed = placements.outlines(tx, ids)
    return Known(
        points=points,
        candidates=candidates,
        canaries=_sought(tx, [canary_id for canary_id in ids if canary_id in placed]),
        placements=placed,
        channels={item.id: item for item in channels.list_channels(tx)} if placed else {},
        drills=probes.awaited(tx, {point.id for point in points.values()}, told),
    )


def _sought(tx: store.Transaction, ids: Sequence[str]) -> dict[str, Sought]:
    """Return canaries ready to be searched for: those of the last batches are remembered."""
    known = tx.remembered
    found = {canary_id: item for canary_id in ids if (item := known.get(canary_id)) is not None}
    for canary in canaries.get_many(tx, [key for key in ids if key not in found]).values():
        found[canary.id] = sought(canary)
    if len(known) > _REMEMBERED:
        known.clear()
    known.update(found)
    return found

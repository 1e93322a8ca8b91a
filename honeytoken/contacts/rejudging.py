"""The rules of today over contacts of yesterday: what they would be held to be, and why.

What a person classified stays as the person said. So does what the rules do not decide: contacts
that are none of ours, our own drills, and contents that were erased.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .. import store
from ..ledger import Action
from ..models import Canary, Channel, Disposition, Medium, Outline, Role
from ..store import channels, contact_points, contacts, ledger, placements
from ..store.contacts import NewContact
from . import facts
from .candidates import claimed_sender
from .disposition import Judgement, Reason, judge
from .recording import DEFAULT_REGION

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What the rules of today make of a stored contact."""

    id: str
    received_at: datetime
    medium: Medium
    #: As it is stored.
    disposition: Disposition
    #: As the rules would have it.
    judged: Disposition
    #: Why, in a stable word.
    reason: str


def changes(
    tx: store.Transaction,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    canaries: Collection[Canary] | None = None,
) -> Iterator[tuple[NewContact, Change]]:
    """Yield the contacts that the rules would hold to be something else, oldest first.

    Args:
        tx: a transaction, of reading or writing.
        since: only contacts received at this time or later.
        until: only contacts received before.
        canaries: only contacts that may be of one of these.
    """
    judges = _Judge(tx)
    by_hand = ledger.subjects(tx, Action.CLASSIFY)
    wanted = points = None
    if canaries is not None:
        wanted = {canary.id for canary in canaries}
        points = sorted({point for canary in canaries for point in canary.contact_point_ids})
    part: list[NewContact] = []
    for stored in contacts.walk_between(tx, since=since, until=until, contact_point_ids=points):
        if stored.contact.id in by_hand or not _decided_by_rules(stored):
            continue
        if wanted and wanted.isdisjoint(item.canary_id for item in stored.candidates):
            continue
        part.append(stored)
        if len(part) >= _CHUNK:
            yield from judges.changes(part)
            part = []
    yield from judges.changes(part)


def changes_of(
    tx: store.Transaction, contact_ids: Sequence[str]
) -> Iterator[tuple[NewContact, Change]]:
    """Yield those of these contacts that the rules would hold to be something else."""
    by_hand = ledger.subjects(tx, Action.CLASSIFY)
    found = [
        stored
        for contact_id in contact_ids
        if contact_id not in by_hand
        and (stored := contacts.get(tx, contact_id)) is not None
        and _decided_by_rules(stored)
    ]
    yield from _Judge(tx).changes(found)


def apply(tx: store.Transaction, stored: NewContact, change: Change) -> None:
    """Store what the rules hold a contact to be; the ledger keeps the old and the reason."""
    fresh = replace(stored, contact=replace(stored.contact, disposition=change.judged))
    contacts.save(tx, fresh, Action.REJUDGE, {"reason": change.reason})


def reason(tx: store.Transaction, stored: NewContact) -> str | None:
    """Return why a contact is held to be what it is, in a stable word.

    ``None`` if the rules of today would say something else than those it was judged by.
    """
    contact = stored.contact
    if contact.id in ledger.subjects(tx, Action.CLASSIFY):
        return Reason.BY_HAND.value
    if contact.disposition is Disposition.PROBE:
        return Reason.DRILL.value
    if contact.disposition is Disposition.UNREVIEWED:
        return Reason.STRAY.value
    if not _decided_by_rules(stored):
        return None
    ((_same, judged),) = _Judge(tx).judged([stored])
    return judged.reason.value if judged.disposition is contact.disposition else None


def _decided_by_rules(stored: NewContact) -> bool:
    contact = stored.contact
    if contact.erased or contact.disposition in (Disposition.PROBE, Disposition.UNREVIEWED):
        return False
    return contact.contact_point_id is not None or bool(stored.candidates)


class _Judge:
    """Judges stored contacts, a few hundred at a time."""

    def __init__(self, tx: store.Transaction) -> None:
        self._tx = tx
        self._channels: dict[str, Channel] = {
            channel.id: channel for channel in channels.list_channels(tx)
        }
        self._points = {point.id: point for point in contact_points.list_points(tx)}

    def changes(self, part: Sequence[NewContact]) -> Iterator[tuple[NewContact, Change]]:
        for stored, judged in self.judged(part):
            contact = stored.contact
            if judged.disposition is not contact.disposition:
                yield (
                    stored,
                    Change(
                        id=contact.id,
                        received_at=contact.received_at,
                        medium=contact.medium,
                        disposition=contact.disposition,
                        judged=judged.disposition,
                        reason=judged.reason.value,
                    ),
                )

    def judged(self, part: Sequence[NewContact]) -> Iterator[tuple[NewContact, Judgement]]:
        ids = {candidate.canary_id for stored in part for candidate in stored.candidates}
        placed = placements.outlines(self._tx, sorted(ids))
        for stored in part:
            yield stored, self._judged(stored, placed)

    def _judged(self, stored: NewContact, placed: dict[str, list[Outline]]) -> Judgement:
        contact = stored.contact
        point = self._points.get(contact.contact_point_id or "")
        region = point.region if point else DEFAULT_REGION
        texts = [text for text in (contact.subject, contact.body) if text]
        return judge(
            # What was told of a canary need not have reached a contact point.
            role=point.role if point else Role.PLANTABLE,
            placements=[
                outline for item in stored.candidates for outline in placed.get(item.canary_id, ())
            ],
            channels=self._channels,
            medium=contact.medium,
            received_at=contact.received_at,
            sender=claimed_sender(contact.sender, medium=contact.medium, region=region),
            text="\n".join(texts) or None,
            region=region,
            facts=facts.extract(contact.subject, contact.body, region=region),
            checks=contact.checks,
        )

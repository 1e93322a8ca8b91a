"""From deliveries to stored contacts: one transaction for a whole batch.

Everything is looked up once a batch, by blind index: the deliveries already known, the open folds,
the contact points, the candidates with their placements. What is written (events sealed as
received, contacts, sightings, ledger) commits together, before anything is acknowledged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from .. import normalize, store
from ..errors import InvalidIdentifier
from ..gateways import Delivery
from ..keys import IndexKind
from ..ledger import Action
from ..models import (
    Candidate,
    Channel,
    Contact,
    ContactPointKind,
    Disposition,
    Event,
    Facts,
    Medium,
    Outline,
    Role,
)
from ..store import canaries, channels, contact_points, contacts, drills, outbox, placements
from ..store import events as raw_events
from ..store.contacts import NewContact
from ..store.ids import new_ids
from ..trace.campaigns import template
from . import disposition, facts, matching
from .candidates import Sought, claimed_sender, find, sought
from .notices import Sinks, notices

#: Whose national notation a sender is read in when nothing else says so.
DEFAULT_REGION = "CN"
#: The gateway of what a person typed in.
BY_HAND = "by hand"
#: A shorter template is too common to tell one actor from another.
_SHORTEST_TEMPLATE = 12
#: Canaries kept ready between batches; identities never change.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery with the bytes it came in."""

    delivery: Delivery
    #: Country whose national notation its numbers may use.
    region: str
    #: When it reached us, or the mailbox that we read it from.
    received_at: datetime
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    confirmed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a delivery."""

    contact_id: str | None
    #: True if it had been stored before.
    repeated: bool


@dataclass(slots=True)
class _Known:
    """What the store knows about the recipients of a batch."""

    points: dict[bytes, contact_points.Reached]
    candidates: dict[bytes, list[str]]
    canaries: dict[str, Sought]
    placements: dict[str, list[Outline]]
    channels: dict[str, Channel]
    drills: list[drills.Awaited]

    def point(self, reached: _Reached) -> contact_points.Reached | None:
        """Return the contact point that was reached, if it is one of ours."""
        found = (self.points[digest] for digest in reached.points if digest in self.points)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class _Reached:
    """The digests under which a recipient is looked up."""

    #: Of contact points, the best first: a mailbox goes before the domain it is in.
    points: tuple[bytes, ...]
    canary: bytes
    #: ``Identity`` field.
    via: str


def record_batch(
    tx: store.Transaction, batch: Sequence[Received], *, sinks: Sinks = MappingProxyType({})
) -> list[Recorded]:
    """Store a batch of deliveries; return what became of each, in order.

    Args:
        tx: the transaction; alerts about the contacts commit with them.
        batch: what came in.
        sinks: who is told of which contacts.
    """
    digests = [
        raw_events.delivery_digest(tx, item.delivery.gateway, item.delivery.delivery_id)
        for item in batch
    ]
    seen = raw_events.known_deliveries(tx, digests)
    fresh = [
        (item, digest)
        for index, (item, digest) in enumerate(zip(batch, digests, strict=True))
        if digest not in seen and digest not in digests[:index]
    ]
    if fresh:
        seen |= _record_fresh(tx, fresh, sinks)
    first = {digest: index for index, digest in reversed(list(enumerate(digests)))}
    new = {digest for _item, digest in fresh}
    return [
        Recorded(seen[digest], repeated=digest not in new or first[digest] != index)
        for index, digest in enumerate(digests)
    ]


def _record_fresh(
    tx: store.Transaction, fresh: Sequence[tuple[Received, bytes]], sinks: Sinks
) -> dict[bytes, str | None]:
    reached = [_reached(tx, item) for item, _digest in fresh]
    known = _look_up(tx, [item for item in reached if item is not None])
    folds = [_fold_digest(tx, item) for item, _digest in fresh]
    may_be_late = matching.may_be_late(tx)
    late = [
        _late_digests(tx, item, at, known) if may_be_late else ()
        for (item, _digest), at in zip(fresh, reached, strict=True)
    ]
    looked_up = [digest for digest in folds if digest is not None]
    looked_up += [digest for digests in late for digest in digests]
    open_folds = contacts.open_folds(tx, looked_up)
    stored_before = {fold.contact.id for fold in open_folds.values()}
    new: dict[str, NewContact] = {}
    changed: dict[str, NewContact] = {}
    corroborated: set[str] = set()
    events: list[tuple[Event, NewContact]] = []
    where: dict[bytes, str | None] = {}
    ids = zip(new_ids("con", tx.now, len(fresh)), new_ids("evt", tx.now, len(fresh)), strict=True)
    for (item, digest), at, fold_digest, waiting in zip(fresh, reached, folds, late, strict=True):
        contact_id, event_id = next(ids)
        fold = open_folds.get(fold_digest) if fold_digest else None
        if fold is not None and _joins(fold, item):
            folded = _folded(tx, fold, item, at, known)
            contact_id = folded.contact.id
            (changed if contact_id in stored_before else new)[contact_id] = folded
        elif (imported := _imported(open_folds, waiting, item)) is not None:
            folded = _told_late(tx, imported, item, fold_digest)
            contact_id = folded.contact.id
            changed[contact_id] = folded
            corroborated.add(contact_id)
        else:
            folded = _new_contact(tx, contact_id, item, at, known, fold_digest)
            new[contact_id] = folded
        if fold_digest:
            open_folds[fold_digest] = folded
        events.append((_event(event_id, item), folded))
        where[digest] = contact_id
    contacts.insert_many(tx, new.values())
    for stored in changed.values():
        action = Action.CORROBORATE if stored.contact.id in corroborated else Action.RECEIVE
        contacts.save(tx, stored, action)
    raw_events.insert_many(tx, events)
    outbox.enqueue(tx, notices(tx, new.values(), sinks))
    return where


def _event(event_id: str, item: Received) -> Event:
    return Event(
        id=event_id,
        gateway=item.delivery.gateway,
        delivery_id=item.delivery.delivery_id,
        received_at=item.received_at,
        headers=item.headers,
        body=item.body,
    )


def _reached(tx: store.Transaction, item: Received) -> _Reached | None:
    recipient = item.delivery.recipient
    if not recipient:
        return None
    try:
        if item.delivery.medium is Medium.EMAIL:
            email = normalize.email(recipient)
            domain = email.rpartition("@")[2]
            return _Reached(
                (
                    contact_points.digest(tx, ContactPointKind.MAILBOX, email),
                    contact_points.digest(tx, ContactPointKind.EMAIL_DOMAIN, domain),
                ),
                tx.indexer.digest(IndexKind.EMAIL, email),
                "email",
            )
        number = normalize.phone_number(recipient, region=item.region)
    except InvalidIdentifier:
        return None
    return _Reached(
        (contact_points.digest(tx, ContactPointKind.PHONE_NUMBER, number),),
        tx.indexer.digest(IndexKind.PHONE_NUMBER, number),
        "phone_number",
    )


def _look_up(tx: store.Transaction, reached: Sequence[_Reached]) -> _Known:
    points = contact_points.by_digest(
        tx, list({digest for item in reached for digest in item.points})
    )
    candidates = canaries.ids_by_digest(tx, list({item.canary for item in reached}))
    ids = sorted({canary_id for found in candidates.values() for canary_id in found})
    placed = placements.outlines(tx, ids)
    return _Known(
        points=points,
        candidates=candidates,
        canaries=_sought(tx, [canary_id for canary_id in ids if canary_id in placed]),
        placements=placed,
        channels={item.id: item for item in channels.list_channels(tx)} if placed else {},
        drills=drills.awaited(tx, {point.id for point in points.values()}),
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


def _fold_digest(tx: store.Transaction, item: Received) -> bytes | None:
    key = item.delivery.fold_key
    if key is None:
        return None
    return tx.indexer.digest(IndexKind.FOLD, f"{item.delivery.gateway}\0{key}")


def _late_digests(
    tx: store.Transaction, item: Received, reached: _Reached | None, known: _Known
) -> Sequence[bytes]:
    """Return under what an imported contact would wait for this delivery."""
    delivery = item.delivery
    if reached is None or known.point(reached) is None or delivery.gateway in matching.IMPORTED:
        return ()
    sender = claimed_sender(delivery.sender, medium=delivery.medium, region=item.region)
    return matching.digests_of_late(
        tx, reached.points[0], delivery.medium, sender, _at(item), delivery.text
    )


def _imported(
    folds: dict[bytes, NewContact], digests: Sequence[bytes], item: Received
) -> NewContact | None:
    """Take out of *folds* the imported contact that this delivery tells of late."""
    for digest in digests:
        waiting = folds.get(digest)
        if waiting is not None and matching.is_late(waiting.contact, _at(item), item.delivery.text):
            return folds.pop(digest)
    return None


def _told_late(
    tx: store.Transaction, imported: NewContact, item: Received, fold_digest: bytes | None
) -> NewContact:
    """Return an imported contact as the hook's that it would have been, had that not been late."""
    records = {event.gateway for event in raw_events.list_events(tx, imported.contact.id)}
    told = with_text(tx, imported, item)
    by = told.contact.confirmed_by or min(records & matching.IMPORTED, default=None)
    return replace(
        told,
        contact=replace(told.contact, authenticity=item.delivery.authenticity, confirmed_by=by),
        fold_digest=fold_digest,
        fold_until=_fold_until(item) if fold_digest else None,
    )


def with_text(tx: store.Transaction, stored: NewContact, item: Received) -> NewContact:
    """Return a contact that no record had the text of, with the text that another record has.

    Its disposition stays: somebody may have looked at it since.
    """
    contact, delivery = stored.contact, item.delivery
    if contact.body or not delivery.text:
        return stored
    reached = _reached(tx, item)
    known = _look_up(tx, [reached] if reached else [])
    told = _new_contact(tx, contact.id, item, reached, known, None)
    return replace(
        stored,
        contact=replace(
            contact,
            subject=contact.subject or delivery.subject,
            body=delivery.text,
            facts=told.contact.facts,
        ),
        candidates=stored.candidates if contact.notes else told.candidates,
        text_digest=told.text_digest,
    )


def _joins(fold: NewContact, item: Received) -> bool:
    if fold.fold_until is None:
        return True
    window = timedelta(seconds=item.delivery.fold_window_s or 0)
    return fold.contact.received_at - window <= _at(item) <= fold.fold_until


def _at(item: Received) -> datetime:
    """Return when the event happened: as the gateway says, if that is not in the future.

    A late delivery must not move a contact behind the placement that it came before. But of a mail
    the sender writes the time, and one dated back to before a placement would accuse whoever was
    given the canary earlier: by whichever gateway it came, it happened when it arrived. What a
    person tells has the time that the person tells.
    """
    delivery, sent_at = item.delivery, item.delivery.sent_at
    if delivery.medium is Medium.EMAIL and delivery.gateway != BY_HAND:
        return item.received_at
    if sent_at is None or not normalize.EARLIEST <= sent_at <= item.received_at:
        return item.received_at
    return sent_at


def _fold_until(item: Received) -> datetime | None:
    window_s = item.delivery.fold_window_s
    return None if window_s is None else _at(item) + timedelta(seconds=window_s)


def _folded(
    tx: store.Transaction,
    fold: NewContact,
    item: Received,
    reached: _Reached | None,
    known: _Known,
) -> NewContact:
    """Return the contact with what a further event adds: a text that was not there, more time.

    What was said may come last: an MMS after its announcement, a transcription after the call. Its
    facts, names and campaign are found then. The disposition stays: somebody may have set it.
    """
    before, delivery = fold.contact, item.delivery
    contact = replace(
        before,
        body=before.body or delivery.text,
        subject=before.subject or delivery.subject,
        sender=before.sender or delivery.sender,
    )
    folded = replace(fold, contact=contact, fold_until=_fold_until(item))
    if (contact.body, contact.subject) == (before.body, before.subject):
        return folded
    texts = [text for text in (contact.subject, contact.body) if text]
    ids = [candidate.canary_id for candidate in fold.candidates]
    named = [known.canaries[canary_id] for canary_id in ids if canary_id in known.canaries]
    candidates = fold.candidates
    if reached and named and len(named) == len(ids):
        candidates = find(named, via=reached.via, texts=texts, notes=contact.notes)
    names = [one.canary.identity.name for one in named]
    _sender_digest, text_digest = campaign_digests(tx, "", texts, names=names)
    return replace(
        folded,
        contact=replace(
            contact, facts=facts.extract(contact.subject, contact.body, region=item.region)
        ),
        candidates=candidates,
        text_digest=text_digest or fold.text_digest,
    )


def _new_contact(
    tx: store.Transaction,
    contact_id: str,
    item: Received,
    reached: _Reached | None,
    known: _Known,
    fold_digest: bytes | None,
) -> NewContact:
    delivery = item.delivery
    point = known.point(reached) if reached else None
    ids = known.candidates.get(reached.canary, []) if reached and point else []
    placed = [canary_id for canary_id in ids if canary_id in known.placements]
    sender = claimed_sender(delivery.sender, medium=delivery.medium, region=item.region)
    texts = [text for text in (delivery.subject, delivery.text) if text]
    given = [placement for canary_id in placed for placement in known.placements[canary_id]]
    said = facts.extract(delivery.subject, delivery.text, region=item.region)
    judged, _reason = disposition.judge(
        role=point.role if point else None,
        placements=given,
        channels=known.channels,
        medium=delivery.medium,
        received_at=_at(item),
        sender=sender,
        text="\n".join(texts) or None,
        region=item.region,
        facts=said,
        checks=delivery.checks,
    )
    if point and _answers_drill(tx, known.drills, point.id, delivery.medium, sender, texts):
        judged = Disposition.PROBE
    candidates: tuple[Candidate, ...] = ()
    if placed and point and point.role is not Role.CONTROL and reached:
        candidates = find(
            [known.canaries[canary_id] for canary_id in placed],
            via=reached.via,
            texts=texts,
            notes=(),
        )
    sender_digest, text_digest = campaign_digests(
        tx,
        sender,
        texts,
        names=[known.canaries[canary_id].canary.identity.name for canary_id in placed],
    )
    if reached and delivery.gateway in matching.IMPORTED:
        fold_digest = matching.waiting_digest(
            tx, reached.points[0], delivery.medium, sender, _at(item), delivery.text
        )
    return NewContact(
        contact=contact_of(item, contact_id, said, judged, point.id if point else None),
        candidates=candidates,
        sender_digest=sender_digest,
        text_digest=text_digest,
        fold_digest=fold_digest,
        fold_until=_fold_until(item) if fold_digest else None,
    )


def _answers_drill(
    tx: store.Transaction,
    awaited: list[drills.Awaited],
    contact_point_id: str,
    medium: Medium,
    sender: str,
    texts: Sequence[str],
) -> bool:
    """Tell whether a contact is a drill that we await; note that it was heard."""
    for drill in awaited:
        if (drill.contact_point_id, drill.medium) != (contact_point_id, medium):
            continue
        if drill.marker == sender if medium is Medium.CALL else drill.marker in "\n".join(texts):
            # Once is enough: a second gateway may tell of the same message.
            if not drill.heard:
                drills.heard(tx, drill.id)
                drill.heard = True
            return True
    return False


def contact_of(
    item: Received,
    contact_id: str,
    said: Facts,
    judged: Disposition,
    contact_point_id: str | None,
) -> Contact:
    """Return the contact that a delivery tells of."""
    delivery = item.delivery
    return Contact(
        id=contact_id,
        medium=delivery.medium,
        received_at=_at(item),
        disposition=judged,
        authenticity=delivery.authenticity,
        contact_point_id=contact_point_id,
        sender=delivery.sender,
        recipient=delivery.recipient,
        subject=delivery.subject,
        body=delivery.text,
        sent_at=delivery.sent_at,
        confirmed_by=item.confirmed_by,
        facts=said,
        checks=delivery.checks,
    )


def campaign_digests(
    tx: store.Transaction, sender: str, texts: Sequence[str], *, names: Sequence[str]
) -> tuple[bytes | None, bytes | None]:
    """Return the digests by which sightings of one actor are grouped, without their content."""
    text = "\n".join(texts)
    for name in names:
        text = text.replace(name, "")
    reduced = template(text)
    return (
        tx.indexer.digest(IndexKind.SENDER, sender) if sender else None,
        tx.indexer.digest(IndexKind.TEXT, reduced) if len(reduced) >= _SHORTEST_TEMPLATE else None,
    )


def regroup(tx: store.Transaction) -> None:
    """Derive the campaign digests of every contact anew (``reindex``)."""
    for stored in contacts.walk(tx):
        contact = stored.contact
        ids = [candidate.canary_id for candidate in stored.candidates]
        found = canaries.get_many(tx, ids)
        point = contact_points.list_points(tx, ids=[contact.contact_point_id or ""])
        region = point[0].region if point else DEFAULT_REGION
        digests = campaign_digests(
            tx,
            claimed_sender(contact.sender, medium=contact.medium, region=region),
            [text for text in (contact.subject, contact.body) if text],
            names=[found[canary_id].identity.name for canary_id in ids],
        )
        # Fold keys cannot be derived again and only matter for a few minutes.
        fresh = replace(
            stored,
            sender_digest=digests[0],
            text_digest=digests[1],
            fold_digest=None,
            fold_until=None,
        )
        contacts.save(tx, fresh, Action.REINDEX)

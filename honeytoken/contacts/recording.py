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
from ..gateways import Delivery
from ..keys import IndexKind
from ..ledger import Action
from ..models import (
    Authenticity,
    Candidate,
    Contact,
    ContactNote,
    Disposition,
    Event,
    Facts,
    Medium,
    Role,
)
from ..store import canaries, contact_points, contacts, outbox
from ..store import events as raw_events
from ..store.contacts import NewContact
from ..store.ids import new_ids
from ..trace.campaigns import template
from . import disposition, facts, matching, probes
from .candidates import claimed_sender, find
from .folds import Folds
from .matching import BY_HAND
from .notices import Sinks, notices
from .recipients import Known, Reached, find_reached, look_up

#: Whose national notation a sender is read in when nothing else says so.
DEFAULT_REGION = "CN"
#: A shorter template is too common to tell one actor from another.
_SHORTEST_TEMPLATE = 12


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
    reached = [find_reached(tx, item.delivery, region=item.region) for item, _digest in fresh]
    known = look_up(tx, reached, [(item.delivery, _at(item)) for item, _digest in fresh])
    folds = [_fold_digest(tx, item) for item, _digest in fresh]
    may_be_late = matching.may_be_late(tx)
    late = [
        _late_digests(tx, item, at, known) if may_be_late else ()
        for (item, _digest), at in zip(fresh, reached, strict=True)
    ]
    looked_up = [digest for digest in folds if digest is not None]
    looked_up += [digest for digests in late for digest in digests]
    earliest = min(_at(item) for item, _digest in fresh)
    open_folds = Folds(contacts.open_folds(tx, looked_up, since=earliest))
    new: dict[str, NewContact] = {}
    changed: dict[str, NewContact] = {}
    corroborated: set[str] = set()
    judged: set[str] = set()
    events: list[tuple[Event, NewContact]] = []
    where: dict[bytes, str | None] = {}
    ids = zip(new_ids("con", tx.now, len(fresh)), new_ids("evt", tx.now, len(fresh)), strict=True)
    for (item, digest), at, fold_digest, waiting in zip(fresh, reached, folds, late, strict=True):
        contact_id, event_id = next(ids)
        point, when = known.point(at), _at(item)
        fold = open_folds.of_event(fold_digest, item.delivery, when, point.id if point else None)
        if fold is not None:
            folded = _folded(tx, fold, item, at, known)
            contact_id = folded.contact.id
            (changed if open_folds.is_stored(contact_id) else new)[contact_id] = folded
            if folded.contact.disposition is not fold.contact.disposition:
                judged.add(contact_id)
        elif (imported := open_folds.take_imported(waiting, item.delivery, when)) is not None:
            folded = _told_late(tx, imported, item, at, known, fold_digest)
            contact_id = folded.contact.id
            changed[contact_id] = folded
            corroborated.add(contact_id)
        else:
            folded = _new_contact(tx, contact_id, item, at, known, fold_digest)
            new[contact_id] = folded
        open_folds.hold(fold_digest, folded)
        events.append((_event(event_id, item), folded))
        where[digest] = contact_id
    contacts.insert_many(tx, new.values())
    for stored in changed.values():
        action = Action.CORROBORATE if stored.contact.id in corroborated else Action.RECEIVE
        contacts.save(tx, stored, action)
    raw_events.insert_many(tx, events)
    judged_now = [stored for contact_id, stored in changed.items() if contact_id in judged]
    outbox.enqueue(tx, notices(tx, [*new.values(), *judged_now], sinks))
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


def _fold_digest(tx: store.Transaction, item: Received) -> bytes | None:
    key = item.delivery.fold_key
    if key is None:
        return None
    return tx.indexer.digest(IndexKind.FOLD, f"{item.delivery.gateway}\0{key}")


def _late_digests(
    tx: store.Transaction, item: Received, reached: Reached | None, known: Known
) -> Sequence[bytes]:
    """Return under what an imported contact would wait for this delivery.

    What the owner types is no hook: it is no second witness to the owner's own log.
    """
    delivery = item.delivery
    if reached is None or known.point(reached) is None or delivery.gateway in matching.OWN_RECORDS:
        return ()
    sender = claimed_sender(delivery.sender, medium=delivery.medium, region=item.region)
    return matching.digests_of_late(
        tx, reached.points[0], delivery.medium, sender, _at(item), delivery.text
    )


def _told_late(
    tx: store.Transaction,
    imported: NewContact,
    item: Received,
    reached: Reached | None,
    known: Known,
    fold_digest: bytes | None,
) -> NewContact:
    """Return an imported contact as the hook's that it would have been, had that not been late."""
    if point := known.point(reached):
        _is_drill(tx, item, point, known)
    told = with_text(tx, imported, item, known)
    by = told.contact.confirmed_by
    if by is None and item.delivery.authenticity is not Authenticity.NONE:
        records = {event.gateway for event in raw_events.list_events(tx, imported.contact.id)}
        by = min(records & matching.IMPORTED, default=None)
    return replace(
        told,
        contact=replace(told.contact, authenticity=item.delivery.authenticity, confirmed_by=by),
        fold_digest=fold_digest,
        fold_until=_fold_until(item) if fold_digest else None,
    )


def with_text(
    tx: store.Transaction, stored: NewContact, item: Received, known: Known | None = None
) -> NewContact:
    """Return a contact that no record had the text of, with the text that another record has.

    Its disposition stays, as somebody may have looked at it since; but a drill of ours, which only
    its text can show, is a probe.
    """
    contact, delivery = stored.contact, item.delivery
    if contact.body or not delivery.text:
        return stored
    reached = find_reached(tx, item.delivery, region=item.region)
    known = known or look_up(tx, [reached], [(delivery, _at(item))])
    told = _new_contact(tx, contact.id, item, reached, known, None)
    is_drill = told.contact.disposition is Disposition.PROBE
    return replace(
        stored,
        contact=replace(
            contact,
            subject=contact.subject or delivery.subject,
            body=delivery.text,
            disposition=Disposition.PROBE if is_drill else contact.disposition,
            facts=told.contact.facts,
        ),
        candidates=stored.candidates if contact.notes else told.candidates,
        text_digest=told.text_digest,
    )


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
    reached: Reached | None,
    known: Known,
) -> NewContact:
    """Return the contact with what a further event adds: a text that was not there, more time.

    What was said may come last: an MMS after its announcement, a transcription after the call. Its
    facts, names and campaign are found then. The disposition stays: somebody may have set it.
    """
    before, delivery = fold.contact, item.delivery
    if not before.recipient and known.point(reached):
        return _located(tx, fold, item, reached, known)
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


def _located(
    tx: store.Transaction,
    fold: NewContact,
    item: Received,
    reached: Reached | None,
    known: Known,
) -> NewContact:
    """Return a contact of which no event had said whom it reached, now that one does.

    It is what it would have been, had that been known at once: a recording may be reported before
    the call that it is of. Only what a person made of it meanwhile stays.
    """
    before, delivery = fold.contact, item.delivery
    whole = replace(
        delivery,
        sender=before.sender or delivery.sender,
        subject=before.subject or delivery.subject,
        text=before.body or delivery.text,
        sent_at=None,
    )
    told = _new_contact(
        tx,
        before.id,
        replace(item, delivery=whole, received_at=before.received_at),
        reached,
        known,
        fold.fold_digest,
        notes=before.notes,
    )
    is_open = before.disposition is Disposition.UNREVIEWED
    return replace(
        fold,
        contact=replace(
            told.contact,
            sent_at=before.sent_at,
            disposition=told.contact.disposition if is_open else before.disposition,
            authenticity=before.authenticity,
            confirmed_by=before.confirmed_by,
            notes=before.notes,
        ),
        candidates=told.candidates,
        sender_digest=told.sender_digest,
        text_digest=told.text_digest,
        fold_until=_fold_until(item),
    )


def _new_contact(
    tx: store.Transaction,
    contact_id: str,
    item: Received,
    reached: Reached | None,
    known: Known,
    fold_digest: bytes | None,
    *,
    notes: Sequence[ContactNote] = (),
) -> NewContact:
    delivery = item.delivery
    point = known.point(reached)
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
    if point and _is_drill(tx, item, point, known):
        judged = Disposition.PROBE
    candidates: tuple[Candidate, ...] = ()
    if placed and point and point.role is not Role.CONTROL and reached:
        candidates = find(
            [known.canaries[canary_id] for canary_id in placed],
            via=reached.via,
            texts=texts,
            notes=notes,
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


def _is_drill(
    tx: store.Transaction, item: Received, point: contact_points.Reached, known: Known
) -> bool:
    """Tell whether an event is a drill of ours; note that it was heard."""
    if not known.drills:
        return False
    delivery = item.delivery
    sender = claimed_sender(delivery.sender, medium=delivery.medium, region=item.region)
    drill = probes.answered(known.drills, point.id, delivery, _at(item), sender)
    if drill is None:
        return False
    probes.hear(tx, drill, delivery)
    return True


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

"""Entries of a log against the contacts of a store: known already, a second record, or new."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from .. import store
from ..gateways import Delivery
from ..keys import IndexKind
from ..ledger import Action
from ..models import Authenticity, Contact, ContactPoint, Event, Medium
from ..phonelogs import Entry, Source
from ..store import contacts, nearby
from ..store import events as raw_events
from ..store.contacts import NewContact
from ..store.ids import new_ids
from . import matching
from .candidates import claimed_sender
from .matching import Told
from .recording import Received, record_batch, with_text
from .reports import Missed


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry that is to be stored, with what it is recognised by."""

    entry: Entry
    point: ContactPoint
    received: Received
    told: Told


class Settler:
    """Settles the entries of one file, a chunk at a time; counts what became of them.

    Args:
        source: whose record the file is.
        dry_run: store nothing.
    """

    def __init__(self, source: Source, *, dry_run: bool) -> None:
        self._source = source
        self._dry_run = dry_run
        self.matched = self.confirmed = self.known = 0
        self.missed: list[Missed] = []
        #: Not stored: each may be what a contact told of that was erased since.
        self.undecided: list[Missed] = []
        #: Contacts that this file has told of already.
        self._taken: set[str] = set()
        #: In a dry run, deliveries that would have been stored.
        self._seen: set[bytes] = set()

    def settle(self, tx: store.Transaction, chunk: Sequence[tuple[Entry, ContactPoint]]) -> None:
        """Settle a chunk: known already, a second record of a contact, or a contact of its own.

        Args:
            tx: a write transaction; in a dry run a read one will do.
            chunk: what came in, each with the contact point it reached.
        """
        items = self._fresh(tx, [self._item(tx, entry, point) for entry, point in chunk])
        groups: dict[tuple[str, Medium], list[_Item]] = {}
        for item in items:
            groups.setdefault((item.point.id, item.entry.medium), []).append(item)
        seconds: list[tuple[_Item, NewContact]] = []
        unmatched: list[_Item] = []
        for (point_id, medium), group in groups.items():
            held = self._held(tx, point_id, medium, group)
            second, rest = self._pair(group, held)
            seconds += second
            unmatched += self._unknown(tx, rest, held)
        self._confirm(tx, seconds)
        self._record(tx, sorted(unmatched, key=lambda item: item.entry.line))

    def _item(self, tx: store.Transaction, entry: Entry, point: ContactPoint) -> _Item:
        sender = claimed_sender(entry.sender, medium=entry.medium, region=point.region)
        at = entry.at.astimezone(UTC)
        delivery = Delivery(
            gateway=self._source.value,
            delivery_id=_delivery_id(entry, point, sender),
            medium=entry.medium,
            authenticity=Authenticity.NONE,
            sender=entry.sender,
            recipient=point.value,
            subject=entry.subject,
            text=entry.text,
            sent_at=at,
        )
        digest = tx.indexer.digest(IndexKind.SENDER, sender) if sender else None
        return _Item(
            entry=entry,
            point=point,
            received=Received(delivery, point.region, tx.now, headers={}, body=_as_json(entry)),
            told=Told(
                key=delivery.delivery_id,
                at=at,
                until=at + timedelta(seconds=entry.duration_s or 0),
                sender=digest,
                text=matching.even(entry.text),
            ),
        )

    def _fresh(self, tx: store.Transaction, items: Sequence[_Item]) -> list[_Item]:
        """Return what no import has stored, each once."""
        digests = [
            raw_events.delivery_digest(tx, self._source.value, item.told.key) for item in items
        ]
        stored = raw_events.known_deliveries(tx, digests)
        self._taken.update(contact_id for contact_id in stored.values() if contact_id)
        seen = self._seen if self._dry_run else set()
        fresh = []
        for item, digest in zip(items, digests, strict=True):
            if digest in stored or digest in seen:
                self.known += 1
            else:
                seen.add(digest)
                fresh.append(item)
        return fresh

    def _held(
        self, tx: store.Transaction, point_id: str, medium: Medium, group: Sequence[_Item]
    ) -> list[nearby.Held]:
        """Return the contacts that the entries of a group may be second records of."""
        spans = [matching.reach(item.told) for item in group]
        return [
            held
            for held in nearby.around(tx, point_id, medium, spans)
            if held.stored.contact.id not in self._taken
        ]

    def _pair(
        self, group: Sequence[_Item], held: Sequence[nearby.Held]
    ) -> tuple[list[tuple[_Item, NewContact]], list[_Item]]:
        """Return the entries with the contacts they tell of, and those that have none."""
        by_id = {
            each.stored.contact.id: each.stored
            for each in held
            if self._source.value not in each.gateways and not each.stored.contact.erased
        }
        chosen = matching.pairs(
            [item.told for item in group], [_told(stored) for stored in by_id.values()]
        )
        seconds, rest = [], []
        for item in group:
            contact_id = chosen.get(item.told.key)
            if contact_id is None:
                rest.append(item)
            else:
                seconds.append((item, by_id[contact_id]))
        return seconds, rest

    def _unknown(
        self, tx: store.Transaction, rest: Sequence[_Item], held: Sequence[nearby.Held]
    ) -> list[_Item]:
        """Return what is truly new: neither stored from another export, nor erased since."""
        if not rest:
            return []
        before = [
            each.stored
            for each in held
            if self._source.value in each.gateways and not each.stored.contact.erased
        ]
        times = _Times(tx, self._source.value)
        unknown = []
        erased = [each.stored.contact for each in held if each.stored.contact.erased]
        for item in rest:
            if any(_is_again(item, stored, times) for stored in before):
                self.known += 1
            elif _may_be_erased(item.told, erased):
                self.undecided.append(_missed(item, None))
            else:
                unknown.append(item)
        return unknown

    def _confirm(self, tx: store.Transaction, seconds: Sequence[tuple[_Item, NewContact]]) -> None:
        """Add each entry to its contact as a record of its own."""
        self.matched += len(seconds)
        self.confirmed += sum(stored.contact.confirmed_by is None for _item, stored in seconds)
        self._taken.update(stored.contact.id for _item, stored in seconds)
        if self._dry_run or not seconds:
            return
        ids = new_ids("evt", tx.now, len(seconds))
        events = [
            (_event(event_id, item.received), stored)
            for event_id, (item, stored) in zip(ids, seconds, strict=True)
        ]
        raw_events.insert_many(tx, events)
        for (event, stored), (item, _stored) in zip(events, seconds, strict=True):
            told = with_text(tx, stored, item.received)
            by = told.contact.confirmed_by or self._source.value
            fresh = replace(told, contact=replace(told.contact, confirmed_by=by))
            said = {"record": self._source.value, "event_id": event.id}
            contacts.save(tx, fresh, Action.CORROBORATE, said)

    def _record(self, tx: store.Transaction, items: Sequence[_Item]) -> None:
        """Make contacts of what no hook told of."""
        ids: list[str | None] = [None] * len(items)
        if items and not self._dry_run:
            ids = [done.contact_id for done in record_batch(tx, [item.received for item in items])]
            matching.expect_late(tx, self._source, len(items))
        self._taken.update(contact_id for contact_id in ids if contact_id)
        self.missed += [
            _missed(item, contact_id) for item, contact_id in zip(items, ids, strict=True)
        ]


def _missed(item: _Item, contact_id: str | None) -> Missed:
    return Missed(item.entry.line, item.entry.medium, item.told.at, contact_id)


def _told(stored: NewContact) -> Told:
    contact = stored.contact
    at = contact.received_at
    return Told(contact.id, at, at, stored.sender_digest, matching.even(contact.body))


def _may_be_erased(told: Told, erased: Sequence[Contact]) -> bool:
    """Tell whether an entry may be of an erased contact: of that, only the time is left.

    What was erased must not come back, so whatever might be it stays out.
    """
    first, last = matching.reach(told)
    return any(first <= contact.received_at <= last for contact in erased)


class _Times:
    """When the records of one source that a contact has say that it was; looked up once."""

    def __init__(self, tx: store.Transaction, source: str) -> None:
        self._tx = tx
        self._source = source
        self._found: dict[str, list[datetime]] = {}

    def of(self, contact: Contact) -> list[datetime]:
        """Return the times."""
        if contact.id not in self._found:
            self._found[contact.id] = [
                datetime.fromisoformat(json.loads(event.body)["at"])
                for event in raw_events.list_events(self._tx, contact.id)
                if event.gateway == self._source
            ]
        return self._found[contact.id]


def _is_again(item: _Item, stored: NewContact, times: _Times) -> bool:
    """Tell whether a contact holds this very record, from a file that writes times otherwise."""
    told = _told(stored)
    if told.sender != item.told.sender or matching.distance(item.told, told) is None:
        return False
    return any(matching.is_same_time(item.told.at, at) for at in times.of(stored.contact))


def _delivery_id(entry: Entry, point: ContactPoint, sender: str) -> str:
    """Return what is the same for one entry in every export: not its place, nor its notation."""
    second = entry.at.astimezone(UTC).replace(microsecond=0)
    parts = (entry.medium.value, point.value, sender, second.isoformat(), matching.even(entry.text))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _as_json(entry: Entry) -> bytes:
    """Return the entry as it is kept beside the contact: what the file said."""
    data = {
        "line": entry.line,
        "medium": entry.medium.value,
        "at": entry.at.astimezone(UTC).isoformat(),
        "sender": entry.sender,
        "recipient": entry.recipient,
        "sim": entry.sim,
        "duration_s": entry.duration_s,
        "subject": entry.subject,
        "text": entry.text,
    }
    kept = {name: value for name, value in data.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _event(event_id: str, item: Received) -> Event:
    delivery = item.delivery
    return Event(
        id=event_id,
        gateway=delivery.gateway,
        delivery_id=delivery.delivery_id,
        received_at=item.received_at,
        headers=item.headers,
        body=item.body,
    )

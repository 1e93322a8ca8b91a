"""The contacts of a vault: what people add, look at, note and classify."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO

from .. import normalize, store
from ..errors import InvalidIdentifier, InvalidInput, NotFound, Refused
from ..gateways import Delivery
from ..ledger import Action
from ..messages import translate as _
from ..models import (
    Authenticity,
    Canary,
    Contact,
    ContactNote,
    ContactPoint,
    ContactPointKind,
    Disposition,
    Event,
    Medium,
    Role,
)
from ..phonelogs import DateOrder, Source
from ..store import (
    Store,
    canaries,
    channels,
    contact_points,
    contacts,
    placements,
)
from ..store import events as raw_events
from ..store.contacts import NewContact
from ..store.ids import new_id
from . import (
    candidates,
    disposition,
    facts,
    importing,
    probes,
    recording,
    rejudging,
    reports,
)
from .matching import BY_HAND
from .recording import Received, Recorded, record_batch
from .rejudging import Change

#: Longer texts are refused where a person types them; gateways have limits of their own.
MAX_TEXT = 65_536
#: Contacts judged anew in one transaction.
REJUDGED_AT_ONCE = 500


class Contacts:
    """Contacts of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, received: Sequence[Received]) -> list[Recorded]:
        """Store a batch of deliveries in one transaction; return what became of each."""
        with self._store.write() as tx:
            return record_batch(tx, received)

    def list(
        self,
        *,
        disposition: Disposition | str | None = None,
        medium: Medium | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Contact]:
        """Return contacts, earliest first; with *limit*, only that many of the latest."""
        with self._store.read() as tx:
            return contacts.list_contacts(
                tx,
                disposition=None
                if disposition is None
                else normalize.word(Disposition, disposition),
                medium=None if medium is None else normalize.word(Medium, medium),
                since=None if since is None else normalize.moment(since),
                until=None if until is None else normalize.moment(until),
                limit=limit,
            )

    def get(self, contact_id: str) -> Contact:
        """Return one contact.

        Raises:
            NotFound: there is none with that id.
        """
        with self._store.read() as tx:
            return _required(tx, contact_id).contact

    def events(self, contact_id: str) -> Sequence[Event]:
        """Return the raw events of a contact, as they were received."""
        with self._store.read() as tx:
            _required(tx, contact_id)
            return raw_events.list_events(tx, contact_id)

    def add(
        self,
        *,
        medium: Medium | str,
        received_at: datetime | None = None,
        canary: Canary | str | None = None,
        contact_point: ContactPoint | str | None = None,
        sender: str | None = None,
        recipient: str | None = None,
        region: str | None = None,
        subject: str | None = None,
        body: str | None = None,
        note: ContactNote | None = None,
        confirmed_by: str | None = None,
    ) -> Contact:
        """Store what no gateway can see: a letter, a parcel, a call told by a colleague.

        Give the canary or the contact point it reached, or the recipient as it was written (phone
        number or e-mail; *region* is the country whose national notation it may use, by default
        that of the pool's numbers). What is known of it only by word is of authenticity ``none``.

        Raises:
            InvalidInput: neither is given, a text is too long, or the time lies in the future.
            NotFound: there is no such canary or contact point.
        """
        medium = normalize.word(Medium, medium)
        now = self._store.clock()
        at = normalize.moment(received_at or now)
        _check_input(at, now, sender, recipient, subject, body, confirmed_by)
        if canary is None and contact_point is None and not recipient:
            raise InvalidInput(
                _("say whom it reached."), hint=_("Give a canary, a contact point or a recipient.")
            )
        with self._store.write() as tx:
            by_recipient = canary is None and contact_point is None
            delivery = Delivery(
                gateway=BY_HAND,
                delivery_id=new_id("told", now),
                medium=medium,
                authenticity=Authenticity.NONE,
                sender=sender,
                recipient=recipient,
                subject=subject,
                text=body,
                sent_at=at,
            )
            item = Received(
                delivery=delivery,
                region=region or _region(tx, recipient),
                received_at=now,
                headers={},
                body=_typed(delivery),
                confirmed_by=confirmed_by,
            )
            if by_recipient:
                contact_id = record_batch(tx, [item])[0].contact_id or ""
            else:
                contact_id = _add_told(tx, item, canary, contact_point)
            if note is not None:
                _add_note(tx, contact_id, note)
            return _required(tx, contact_id).contact

    def import_log(
        self,
        file: str | Path | BinaryIO,
        *,
        to: ContactPoint | str | None = None,
        sims: Mapping[str, str] | None = None,
        zone: tzinfo | None = None,
        date_order: DateOrder | str | None = None,
        medium: Medium | str | None = None,
        source: Source | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        skip_known: bool = False,
        skip_bad: bool = False,
        dry_run: bool = False,
        progress: reports.Progress | None = None,
    ) -> reports.ImportReport:
        """Take a phone's call log or messages, or a carrier's bill, as second records of contacts.

        What came in and matches a contact confirms it; what no hook told of becomes a contact of
        authenticity ``none``; what went out, or reached other numbers, is counted and not kept.
        The same file twice stores nothing new. Large files are stored in several transactions:
        stopped half-way, run it again.

        Args:
            file: a path, or an open binary file: SMS Backup & Restore's XML, or CSV.
            to: whose log it is: the contact point, its id or its number. Not needed if the file
                says it.
            sims: in place of *to* for a phone with several SIMs: its name of a SIM -> number.
            zone: of times without an offset; China's where the numbers are Chinese.
            date_order: ``dmy``, ``mdy`` or ``ymd``, where the file does not tell.
            medium: ``call`` or ``sms``, where the file does not tell.
            source: ``phone log`` or ``carrier bill``, where the columns tell it wrongly.
            since: only what came in at this time or later.
            until: only what came in before this time.
            skip_known: leave out senders who stand in the phone's address book.
            skip_bad: leave out lines that cannot be read; without, one refuses the file.
            dry_run: say what would be done, and store nothing.
            progress: is told how much is done, of how much, and what.

        Raises:
            InvalidInput: it is no log, cannot be read in one way, or does not say whose it is.
            Refused: it is the log of a number that is no contact point of this vault.
            NotFound: there is no contact point with that id.
        """
        choice = reports.Choice(
            to=to.id if isinstance(to, ContactPoint) else to,
            sims=sims or {},
            zone=zone,
            date_order=None if date_order is None else normalize.word(DateOrder, date_order),
            medium=None if medium is None else importing.phone_medium(medium),
            source=None if source is None else normalize.word(Source, source),
            since=None if since is None else normalize.moment(since),
            until=None if until is None else normalize.moment(until),
            skip_known=skip_known,
            skip_bad=skip_bad,
            dry_run=dry_run,
        )
        with importing.opened(file) as binary:
            return importing.import_file(self._store, binary, choice, progress)

    def note(
        self,
        contact_id: str,
        *,
        claimed_to_be: str | None = None,
        asked_for: str | None = None,
        knew: str | None = None,
        data_from: str | None = None,
        call_back: str | None = None,
        text: str | None = None,
    ) -> Contact:
        """Write down what a caller said: the name they asked for and what they knew are evidence.

        Raises:
            NotFound: there is no such contact.
            InvalidInput: the note is empty or too long.
        """
        note = ContactNote(
            at=self._store.clock(),
            claimed_to_be=claimed_to_be,
            asked_for=asked_for,
            knew=knew,
            data_from=data_from,
            call_back=call_back,
            text=text,
        )
        said = (claimed_to_be, asked_for, knew, data_from, call_back, text)
        if not any(said):
            raise InvalidInput(_("the note is empty."), hint=_("Give at least one thing said."))
        if any(len(item or "") > MAX_TEXT for item in said):
            raise InvalidInput(_("a text is longer than {n} characters.").format(n=MAX_TEXT))
        with self._store.write() as tx:
            _required(tx, contact_id)
            _add_note(tx, contact_id, note)
            return _required(tx, contact_id).contact

    def classify(
        self, contact_id: str, disposition: Disposition | str, *, reason: str | None = None
    ) -> Contact:
        """Give a contact another disposition. The ledger keeps the old one and the reason.

        Raises:
            NotFound: there is no such contact.
            Refused: it reached a control, and is said to be something else than background.
        """
        wanted = normalize.word(Disposition, disposition)
        with self._store.write() as tx:
            stored = _required(tx, contact_id)
            _require_possible(tx, stored.contact, wanted)
            if stored.contact.disposition is not wanted:
                changed = replace(stored.contact, disposition=wanted)
                fresh = replace(stored, contact=changed)
                contacts.save(tx, fresh, Action.CLASSIFY, {"reason": reason})
            return _required(tx, contact_id).contact

    def changes(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Change, ...]:
        """Return what the rules of today would make of stored contacts, and change nothing.

        What a person classified is left out, as are contacts that are none of ours, our own
        drills, and contents that were erased.
        """
        with self._store.read() as tx:
            found = rejudging.changes(
                tx,
                since=None if since is None else normalize.moment(since),
                until=None if until is None else normalize.moment(until),
            )
            return tuple(change for _stored, change in found)

    def rejudge(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Change, ...]:
        """Apply the rules of today to stored contacts; each change is an entry of the ledger."""
        found = self.changes(since=since, until=until)
        done = []
        for start in range(0, len(found), REJUDGED_AT_ONCE):
            # Between two chunks the listener gets in; what it changed is looked at again.
            with self._store.write() as tx:
                ids = [change.id for change in found[start : start + REJUDGED_AT_ONCE]]
                for stored, change in rejudging.changes_of(tx, ids):
                    rejudging.apply(tx, stored, change)
                    done.append(change)
        return tuple(done)

    def about_sender(self, contact: Contact) -> dict[str, str]:
        """Return what the numbering plans say of a claimed sender's number (``about_number``)."""
        if not contact.sender or contact.medium not in (Medium.CALL, Medium.SMS):
            return {}
        with self._store.read() as tx:
            point = contact_points.list_points(tx, ids=[contact.contact_point_id or ""])
        region = point[0].region if point else recording.DEFAULT_REGION
        return facts.about_number(contact.sender, region=region)

    def why(self, contact_id: str) -> str | None:
        """Return why a contact is held to be what it is, in a stable word.

        ``None`` if the rules of today would say something else (``changes`` says what).

        Raises:
            NotFound: there is no such contact.
        """
        with self._store.read() as tx:
            return rejudging.reason(tx, _required(tx, contact_id))


def _check_input(at: datetime, now: datetime, *texts: str | None) -> None:
    if at > now:
        raise InvalidInput(_("the time lies in the future."))
    if any(len(text or "") > MAX_TEXT for text in texts):
        raise InvalidInput(_("a text is longer than {n} characters.").format(n=MAX_TEXT))


def _require_possible(tx: store.Transaction, contact: Contact, wanted: Disposition) -> None:
    """Refuse to talk away what a control heard: nobody was given it, so nobody is awaited there."""
    point = _named_point(tx, contact.contact_point_id)
    if point is None or point.role is not Role.CONTROL:
        return
    if wanted not in (Disposition.BACKGROUND, Disposition.PROBE, Disposition.UNREVIEWED):
        raise Refused(
            _("contact {id} reached a control: it can only be background.").format(id=contact.id),
            hint=_("A control was given to nobody, so nobody had a reason to use it."),
        )


def _region(tx: store.Transaction, recipient: str | None) -> str:
    """Return the country under whose notation a recipient is a number of the pool."""
    regions = contact_points.regions(tx)
    for region in regions:
        with suppress(InvalidIdentifier):
            number = normalize.phone_number(recipient or "", region=region)
            digest = contact_points.digest(tx, ContactPointKind.PHONE_NUMBER, number)
            if contact_points.by_digest(tx, [digest]):
                return region
    return regions[0] if len(regions) == 1 else recording.DEFAULT_REGION


def _typed(delivery: Delivery) -> bytes:
    fields = ("medium", "sender", "recipient", "subject", "text")
    data = {name: value for name in fields if (value := getattr(delivery, name)) is not None}
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _required(tx: store.Transaction, contact_id: str) -> NewContact:
    stored = contacts.get(tx, contact_id)
    if stored is None:
        raise NotFound("contact", contact_id)
    return stored


def _add_told(
    tx: store.Transaction,
    item: Received,
    canary: Canary | str | None,
    contact_point: ContactPoint | str | None,
) -> str:
    """Store a contact whose canary or contact point the owner names."""
    point = _named_point(tx, contact_point)
    found = _named_canaries(tx, canary, point)
    delivery = item.delivery
    at = delivery.sent_at or item.received_at
    texts = [text for text in (delivery.subject, delivery.text) if text]
    outlines = placements.outlines(tx, [item.id for item in found])
    sender = candidates.claimed_sender(delivery.sender, medium=delivery.medium, region=item.region)
    said = facts.extract(delivery.subject, delivery.text, region=item.region)
    judged, _reason = disposition.judge(
        role=point.role if point else Role.PLANTABLE,
        placements=[outline for placed in outlines.values() for outline in placed],
        channels={channel.id: channel for channel in channels.list_channels(tx)},
        medium=delivery.medium,
        received_at=at,
        sender=sender,
        text="\n".join(texts) or None,
        region=item.region,
        facts=said,
    )
    names = [canary.identity.name for canary in found]
    sender_digest, text_digest = recording.campaign_digests(tx, sender, texts, names=names)
    contact_point_id = point.id if point else _only_point(found)
    if contact_point_id is not None:
        awaited = probes.awaited(tx, {contact_point_id}, [(delivery, at)])
        if probes.answered(awaited, contact_point_id, delivery, at, sender) is not None:
            judged = Disposition.PROBE
    contact = recording.contact_of(item, new_id("con", tx.now), said, judged, contact_point_id)
    new = NewContact(
        contact=contact,
        candidates=candidates.find(
            [candidates.sought(canary) for canary in found],
            via=_via(delivery.medium) if point else None,
            texts=texts,
            notes=(),
        ),
        sender_digest=sender_digest,
        text_digest=text_digest,
    )
    contacts.insert_many(tx, [new])
    event = Event(
        id=new_id("evt", tx.now),
        gateway=delivery.gateway,
        delivery_id=delivery.delivery_id,
        received_at=item.received_at,
        headers={},
        body=item.body,
    )
    raw_events.insert_many(tx, [(event, new)])
    return contact.id


def _via(medium: Medium) -> str:
    if medium in (Medium.CALL, Medium.SMS):
        return "phone_number"
    return "email" if medium in (Medium.EMAIL, Medium.LINK) else "address"


def _named_point(
    tx: store.Transaction, contact_point: ContactPoint | str | None
) -> ContactPoint | None:
    if contact_point is None:
        return None
    wanted = contact_point.id if isinstance(contact_point, ContactPoint) else contact_point
    found = contact_points.list_points(tx, ids=[wanted])
    if not found:
        raise NotFound("contact point", wanted)
    return found[0]


def _named_canaries(
    tx: store.Transaction, canary: Canary | str | None, point: ContactPoint | None
) -> list[Canary]:
    if canary is not None:
        wanted = canary.id if isinstance(canary, Canary) else canary
        found = canaries.get_many(tx, [wanted])
        if wanted not in found:
            raise NotFound("canary", wanted)
        return [found[wanted]]
    if point is None or point.role is Role.CONTROL:
        return []
    ids = canaries.carrying(tx, point)
    return [item for _id, item in sorted(canaries.get_many(tx, ids).items())]


def _only_point(found: Sequence[Canary]) -> str | None:
    points = {point_id for canary in found for point_id in canary.contact_point_ids}
    return next(iter(points)) if len(points) == 1 else None


def _add_note(tx: store.Transaction, contact_id: str, note: ContactNote) -> None:
    stored = _required(tx, contact_id)
    if stored.contact.erased:
        raise Refused(
            _("contact {id} was erased: nothing is written down about it any more.").format(
                id=contact_id
            ),
            hint=_("Record what came later as a contact of its own."),
        )
    contact = replace(stored.contact, notes=(*stored.contact.notes, note))
    ids = [candidate.canary_id for candidate in stored.candidates]
    vias = {
        match.field
        for candidate in stored.candidates
        for match in candidate.matches
        if match.field in ("phone_number", "email") and match.form == "full"
    }
    found = canaries.get_many(tx, ids)
    texts = [text for text in (contact.subject, contact.body) if text]
    again = candidates.find(
        [candidates.sought(found[canary_id]) for canary_id in ids],
        via=min(vias) if vias else None,
        texts=texts,
        notes=contact.notes,
    )
    fresh = replace(stored, contact=contact, candidates=again)
    # The note is part of the content that the entry commits to: nothing personal stands beside it.
    contacts.save(tx, fresh, Action.NOTE)

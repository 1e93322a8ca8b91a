"""Choosing contacts and erasing them, chunk by chunk."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from .. import normalize
from ..errors import InvalidIdentifier, InvalidInput, NotFound
from ..keys import IndexKind
from ..messages import translate as _
from ..models import Contact, Disposition
from ..settings import RetentionSettings, Settings
from ..store import Store, alerts, contacts, erasing, heartbeats
from ..store.erasing import Mark
from .person import Person

#: Called with (done, all of them).
Progress = Callable[[int, int], None]

#: Alerts that were sent, and counts of deliveries, are no evidence and go after this.
SENT_ALERTS_KEPT = timedelta(days=30)
COUNTS_KEPT = timedelta(days=400)
#: So large a SQLite store is rewritten in a few seconds (measured: two for each 100 MB),
#: well within the time that a listener waits for its turn.
REWRITTEN_UP_TO = 200_000_000
#: Later than every contact.
_LATEST = (datetime.max.replace(tzinfo=UTC), "")
#: A pause between two chunks, so that other processes get at a SQLite store.
_LONGEST_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class Chosen:
    """Contacts that may be erased."""

    contact_ids: tuple[str, ...]
    by_disposition: Mapping[Disposition, int]
    #: Contacts that speak of the number or e-mail asked for, and are not among the chosen.
    mentioning: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did."""

    contacts: int
    #: Raw deliveries emptied.
    events: int
    #: False where a SQLite store's files still hold older pages, as others use it: run it again.
    scrubbed: bool
    #: False where a SQLite store was too large to be rewritten by the way.
    rewritten: bool


class Purge:
    """Retention and erasure in one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._retention = settings.retention

    def expired(self, *, now: datetime | None = None) -> Chosen:
        """Return the contacts whose days, as ``[retention]`` sets them, are over."""
        now = now or self._store.clock()
        return self._before(
            {
                word: now - timedelta(days=days)
                for word, days in kept_days(self._retention).items()
                if days
            }
        )

    def older_than(
        self,
        age: timedelta | datetime,
        *,
        dispositions: Iterable[Disposition | str] = (),
    ) -> Chosen:
        """Return the contacts received before a time, whatever ``[retention]`` says.

        Args:
            age: how long ago, or when.
            dispositions: only these; by default all but ``unsolicited``, which is evidence.

        Raises:
            InvalidInput: the time lies in the future.
        """
        now = self._store.clock()
        before = now - age if isinstance(age, timedelta) else normalize.moment(age)
        if before > now:
            raise InvalidInput(_("the time lies in the future."))
        wanted = {normalize.word(Disposition, word) for word in dispositions}
        wanted = wanted or set(Disposition) - {Disposition.UNSOLICITED}
        return self._before(dict.fromkeys(wanted, before))

    def named(self, contact_ids: Iterable[str]) -> Chosen:
        """Return the contacts with these ids that are not erased yet.

        Raises:
            NotFound: there is no such contact.
        """
        wanted = list(dict.fromkeys(contact_ids))
        with self._store.read() as tx:
            found = {new.contact.id: new.contact for new in contacts.get_many(tx, wanted)}
        for contact_id in wanted:
            if contact_id not in found:
                raise NotFound("contact", contact_id)
        return _chosen(contact for contact in found.values() if not contact.erased)

    def about(
        self,
        *,
        phone_number: str | None = None,
        email: str | None = None,
        region: str = "CN",
        mentioned: bool = False,
        progress: Progress | None = None,
    ) -> Chosen:
        """Return the contacts that a number or an e-mail sent. Opens every contact there is.

        Args:
            phone_number: in any notation.
            email: in any notation.
            region: country whose national notation the number may use.
            mentioned: also those that others sent and that speak of it.
            progress: told how far the search is.

        Raises:
            InvalidInput: nothing was given, or both.
            InvalidIdentifier: it cannot be a number or an e-mail and nobody was heard under it, or
                there is no such country.
        """
        person = Person.of(phone_number=phone_number, email=email, region=region)
        progress = progress or _nobody
        with self._store.read() as tx:
            total = erasing.held_count(tx)
            known_as: set[Mark] = {
                ("sender", tx.indexer.digest(IndexKind.SENDER, form))
                for form in (person.canonical, *person.written)
            }
        sent: list[Contact] = []
        others: list[Contact] = []
        done = 0
        for chunk in erasing.held(self._store):
            for item in chunk:
                if known_as.intersection(item.marks):
                    sent.append(_outline(item.contact))
                elif person.is_mentioned(item.contact):
                    others.append(_outline(item.contact))
            done += len(chunk)
            progress(min(done, total), total)
        if not (person.usable or sent or others):
            # "There is nothing to erase" would read as if the request had been met.
            raise InvalidIdentifier("phone_number", _("it cannot be a number of that region"))
        if mentioned:
            return _chosen([*sent, *others])
        return _chosen(sent, mentioning=others)

    def erase(
        self,
        contact_ids: Sequence[str],
        *,
        rewrite_up_to: int = REWRITTEN_UP_TO,
        progress: Progress | None = None,
    ) -> Erased:
        """Destroy what these contacts said and who they were. Those erased before are left alone.

        Chunk by chunk, so that the listener gets in between; stopped anywhere, run it again.

        Args:
            contact_ids: in any order.
            rewrite_up_to: bytes. A SQLite store that is not larger is rewritten when it is done, so
                that no page holds a copy of an old row. Writers wait for that.
            progress: told how many are done.
        """
        progress = progress or _nobody
        # In the order of their ids: see stand_ins().
        wanted = sorted(set(contact_ids))
        named = self._stand_ins(wanted) if wanted else {}
        erased = emptied = 0
        is_sqlite = self._store.engine.dialect.name == "sqlite"
        for start in range(0, len(wanted), erasing.CHUNK):
            part = wanted[start : start + erasing.CHUNK]
            began = time.monotonic()
            with self._store.write() as tx:
                more, events = erasing.erase(tx, part, named)
            erased, emptied = erased + more, emptied + events
            progress(min(start + len(part), len(wanted)), len(wanted))
            if is_sqlite:
                # Who waits for a SQLite store looks again now and then: leave as much time as was
                # taken. PostgreSQL keeps a queue.
                time.sleep(min(time.monotonic() - began, _LONGEST_PAUSE_S))
        # Also where nothing was left to do: an erasure may have been stopped before this.
        clean, rewritten = self._store.scrub(rewrite_up_to=rewrite_up_to)
        return Erased(erased, emptied, clean, rewritten)

    def tidy(self) -> None:
        """Delete what is no evidence and has had its time: alerts sent, counts of deliveries."""
        with self._store.write() as tx:
            alerts.forget(tx, before=tx.now - SENT_ALERTS_KEPT)
            erasing.forget_counts(tx, before=tx.now - COUNTS_KEPT)
            heartbeats.forget(tx, before=tx.now - COUNTS_KEPT)

    def _before(self, times: Mapping[Disposition, datetime]) -> Chosen:
        counts: dict[Disposition, int] = {}
        found: list[str] = []
        with self._store.read() as tx:
            for disposition, before in times.items():
                ids = erasing.held_before(tx, disposition, before)
                found += ids
                if ids:
                    counts[disposition] = len(ids)
        return Chosen(tuple(sorted(found)), counts)

    def _stand_ins(self, wanted: Sequence[str]) -> dict[Mark, str]:
        """Return :func:`stand_ins` for contacts. Looks at all, and holds the marks of those."""
        going = set(wanted)
        doomed: list[tuple[str, tuple[Mark, ...]]] = []
        first: dict[Mark, tuple[datetime, str]] = {}
        for contact_id, marks in self._marks_of(wanted):
            doomed.append((contact_id, marks))
            first.update(dict.fromkeys(marks, _LATEST))
        if not first:
            return {}
        for contact_id, at, marks in erasing.tied(self._store):
            if contact_id not in going:
                for mark in marks:
                    if mark in first:
                        first[mark] = min(first[mark], (at, contact_id))
        staying = {mark: found[1] for mark, found in first.items() if found is not _LATEST}
        return stand_ins(doomed, staying)

    def _marks_of(self, contact_ids: Sequence[str]) -> Iterator[tuple[str, tuple[Mark, ...]]]:
        for start in range(0, len(contact_ids), erasing.CHUNK):
            with self._store.read() as tx:
                found = contacts.get_many(tx, contact_ids[start : start + erasing.CHUNK])
            for new in sorted(found, key=lambda new: new.contact.id):
                yield new.contact.id, erasing.marks(new.sender_digest, new.text_digest)


def stand_ins(
    doomed: Iterable[tuple[str, Iterable[Mark]]], staying: Mapping[Mark, str]
) -> dict[Mark, str]:
    """Return, for each mark that two or more contacts have, the contact named in its place.

    A mark is a digest of sender or text; erased contacts name a contact that had the same instead.
    That is the earliest of those that stay, which is in every window in which a later one is. If
    none stays it is the last that is erased: until then it holds the mark itself, so that an
    erasure that is stopped and run again finds the same one.

    Args:
        doomed: ids and marks of what is going to be erased, in that order.
        staying: for a mark, the earliest contact that stays and has it.
    """
    met: Counter[Mark] = Counter()
    last: dict[Mark, str] = {}
    for contact_id, marks in doomed:
        for mark in marks:
            met[mark] += 1
            last[mark] = contact_id
    found = {mark: contact_id for mark, contact_id in last.items() if met[mark] > 1}
    return {**found, **{mark: staying[mark] for mark in last if mark in staying}}


def kept_days(retention: RetentionSettings) -> dict[Disposition, int]:
    """Return for how many days the contents of each disposition are kept; 0 is for ever."""
    days = {item.name: getattr(retention, item.name) for item in fields(retention)}
    return {word: days[f"{word.value}_days"] for word in Disposition}


def _nobody(_done: int, _total: int) -> None:
    pass


def _outline(contact: Contact) -> Contact:
    """Return what is told of a contact before it is erased: a long search holds no texts."""
    return Contact(
        id=contact.id,
        medium=contact.medium,
        received_at=contact.received_at,
        disposition=contact.disposition,
        authenticity=contact.authenticity,
    )


def _chosen(found: Iterable[Contact], *, mentioning: Iterable[Contact] = ()) -> Chosen:
    found = list(found)
    return Chosen(
        tuple(sorted(contact.id for contact in found)),
        Counter(contact.disposition for contact in found),
        tuple(sorted(contact.id for contact in mentioning)),
    )

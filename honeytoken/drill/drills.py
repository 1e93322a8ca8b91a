"""Proof of life: send something to a contact point that only we can know, and see if we hear it.

Controls are drilled as the others are: their silence measures the background, and needs the same
proof. A drill tells nobody of a number, so it is no publication.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .. import normalize
from ..errors import InvalidInput, NotFound, Refused
from ..messages import translate as _
from ..models import ContactPoint, ContactPointKind, ContactPointState, Medium, Role
from ..settings import TEST, Settings, options_of
from ..store import Store, Transaction, contact_points, drills
from ..store.drills import StoredDrill
from . import reach, schedule, sender_tables
from .reach import MEDIA, Addresses
from .schedule import History, State
from .senders import Failure, NotSent, Outgoing, Sender
from .wording import Words, words

#: Of each contact point so many of its last drills are looked at.
LOOK_BACK = 6
#: A service that still does not say whether a message left is not asked for longer.
ASK_FOR = timedelta(days=1)
#: Whoever rings or writes by hand is waited for no longer.
MAX_TIMEOUT = timedelta(days=2)

#: Why a contact point is not drilled: stable words.
UNDER_WAY, NO_SENDER, NO_ADDRESS = "under way", "no sender", "no address minted"
#: All words for what became of a drill; the catalogue takes them from here.
WORDS = (
    *(each.value for each in (*State, *Failure)),
    *(UNDER_WAY, NO_SENDER, NO_ADDRESS, "sent", "not sent", "heard", "not heard"),
)


@dataclass(frozen=True, slots=True)
class ProofOfLife:
    """What is known of one contact point's hearing."""

    contact_point_id: str
    kind: ContactPointKind
    value: str = field(repr=False)
    region: str
    role: Role
    state: State
    #: When the last drill that left, or was handed over, was sent.
    sent_at: datetime | None
    #: When it last heard one.
    heard_at: datetime | None
    #: Senders that would be used.
    senders: tuple[str, ...]
    #: Why the last one was not sent, if it was not.
    failure: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one drill."""

    contact_point_id: str
    value: str = field(repr=False)
    medium: Medium
    #: ``None`` if none was opened.
    drill_id: str | None
    #: Name of the sender.
    via: str | None
    #: Why it was not sent; ``None`` if it was.
    failure: str | None


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person is to do, and the drill that waits for it."""

    contact_point_id: str
    drill_id: str
    medium: Medium
    #: The number or address to ring, text or write to.
    to: str = field(repr=False)
    #: The number to ring from.
    caller: str | None = field(repr=False)
    #: What to write, to the letter.
    text: str | None = field(repr=False)


class Drills:
    """The drills of one vault."""

    def __init__(
        self, store: Store, settings: Settings, *, rng: random.Random | None = None
    ) -> None:
        self._store = store
        self._settings = settings
        self._rng = rng or random.SystemRandom()
        self._addresses = Addresses(store, self._rng)

    def senders(self) -> dict[str, Sender]:
        """Return the senders of the settings, by name.

        Raises:
            SettingsError: one is not set up rightly.
        """
        return {
            name: sender_tables.build(name, options_of(self._settings, "senders", name))
            for name in self._settings.senders
        }

    def proofs(self) -> list[ProofOfLife]:
        """Return what is known of every contact point that could be drilled."""
        built = self.senders()
        with self._store.read() as tx:
            points = contact_points.list_points(tx)
            known = histories(tx, overdue_days=self._settings.drill.overdue_days)
        found = []
        for point in points:
            if point.kind not in MEDIA or not self._may_drill(point):
                continue
            past = known.get(point.id, History())
            found.append(
                ProofOfLife(
                    contact_point_id=point.id,
                    kind=point.kind,
                    value=point.value,
                    region=point.region,
                    role=point.role,
                    state=past.state,
                    sent_at=past.sent_at,
                    heard_at=past.heard_at,
                    senders=tuple(sender.name for sender in reach.usable(point, built.values())),
                    failure=past.last.failure if past.last else None,
                )
            )
        return found

    def messages_a_month(self) -> dict[str, float]:
        """Return how many messages the schedule sends a month on average, by sender."""
        shares: dict[str, float] = {}
        for proof in self.proofs():
            for name in proof.senders:
                shares[name] = shares.get(name, 0.0) + 1 / len(proof.senders)
        return schedule.messages_a_month(shares, self._settings.drill)

    # By hand

    def send(self, ids: Sequence[str] = (), *, via: str | None = None) -> Iterator[Attempt]:
        """Send a drill now to the contact points named, or to all that have a sender.

        Yields what became of each, as it happens.

        Raises:
            NotFound: there is no contact point, or no sender, of that name.
            Refused: one may not be drilled, or none has a sender.
            SettingsError: a sender is not set up rightly.
        """
        built = self.senders()
        if via is not None and via not in built:
            raise NotFound("sender", via, known=built)
        usable = [sender for name, sender in built.items() if via in (None, name)]
        points = self._named(ids)
        if not ids:
            points = [point for point in points if reach.usable(point, usable)]
            if not points:
                raise Refused(
                    _("no contact point has a sender."),
                    hint=_("Add a [senders.NAME] table, or ring yourself with --manual."),
                )
        for point in points:
            yield self._attempt(point, reach.usable(point, usable))

    def open_by_hand(
        self,
        ids: Sequence[str] = (),
        *,
        medium: Medium | str | None = None,
        caller: str | None = None,
        region: str = "CN",
        timeout: timedelta,
    ) -> list[ByHand]:
        """Await what a person is about to do.

        Args:
            ids: of contact points; all that can be reached by *medium* if none is named.
            medium: ``call``, ``sms`` or ``email``; by default a call where a caller is given, a
                message elsewhere.
            caller: the number that will ring: a call is recognised by nothing else.
            region: country whose national notation *caller* may use.
            timeout: how long to wait.

        Raises:
            NotFound, Refused: as :meth:`send`.
            InvalidInput: a call without a caller, or a medium that does not reach the point.
        """
        wanted = None if medium is None else normalize.word(Medium, medium)
        if not timedelta(seconds=1) <= timeout <= MAX_TIMEOUT:
            raise InvalidInput(_("the timeout must be between a second and two days."))
        number = None if caller is None else normalize.phone_number(caller, region=region)
        if wanted is Medium.CALL and number is None:
            raise InvalidInput(
                _("a call needs the number you ring from."),
                hint=_("Name it with --from: a call is recognised by nothing else."),
            )
        chosen = []
        for point in self._named(ids):
            way = wanted or reach.usual_way(point, number)
            reaches = way is MEDIA[point.kind] or (
                way is Medium.CALL and point.kind is ContactPointKind.PHONE_NUMBER
            )
            if reaches and point.value != number:
                chosen.append((point, way))
            elif ids:
                raise InvalidInput(
                    _("contact point {id} cannot be reached that way.").format(id=point.id)
                )
        reached = [(point, way, to) for point, way in chosen if (to := self._addresses.of(point))]
        if not reached:
            raise Refused(
                _("no contact point can be reached that way."),
                hint=_("`honeytoken pool list` shows all; mail needs a canary with an e-mail."),
            )
        with self._store.write() as tx:
            return list(self._opened(tx, reached, number, tx.now + timeout))

    def _opened(
        self,
        tx: Transaction,
        chosen: Iterable[tuple[ContactPoint, Medium, str]],
        caller: str | None,
        deadline: datetime,
    ) -> Iterator[ByHand]:
        for point, way, to in chosen:
            said = words(point.region, self._rng)
            is_call = way is Medium.CALL
            drill_id = drills.open_drill(
                tx,
                contact_point_id=point.id,
                medium=way,
                marker=caller if is_call and caller else said.text,
                deadline=deadline,
            )
            yield ByHand(
                contact_point_id=point.id,
                drill_id=drill_id,
                medium=way,
                to=to,
                caller=caller if is_call else None,
                text=None if is_call else said.text,
            )

    def vouch(self, drill_ids: Iterable[str]) -> None:
        """Take a person's word that these were rung or sent: unheard, they were missed."""
        with self._store.write() as tx:
            for drill in drills.list_drills(tx, list(drill_ids)):
                if drill.sent_at is None and drill.heard_at is None:
                    drills.sent(tx, drill.id, at=drill.at)

    def get(self, drill_ids: Sequence[str]) -> list[StoredDrill]:
        """Return drills as they stand now."""
        with self._store.read() as tx:
            return drills.list_drills(tx, drill_ids)

    # On schedule

    def step(self) -> Attempt | None:
        """Send the one drill that is due now, if one is. For a worker, every minute or so.

        Any number of processes may do so: who opens the drill in the store sends it.
        """
        if self._settings.drill.every_days <= 0:
            return None
        built = self.senders()
        with self._store.read() as tx:
            due = self._due(tx, built)
        for point, usable in due:
            attempt = self._attempt(point, usable, schedule_of=built)
            if attempt.failure not in (UNDER_WAY, NO_ADDRESS):
                return attempt
        return None

    def settle(self) -> int:
        """Ask of what was handed over and not heard in time whether it left; return how many."""
        with self._store.read() as tx:
            open_questions = drills.unasked(tx)
        if not open_questions:
            return 0
        built = self.senders()
        for drill in open_questions:
            sender = built.get(drill.via or "")
            left = sender.left(drill.message_id or "") if sender else None
            with self._store.write() as tx:
                (now_stored,) = drills.list_drills(tx, [drill.id])
                if now_stored.heard_at or now_stored.sent_at or now_stored.failure:
                    continue
                if left:
                    drills.sent(tx, drill.id, at=drill.at)
                elif left is False:
                    drills.not_sent(tx, drill.id, Failure.NEVER_LEFT)
                elif sender is None or drill.deadline + ASK_FOR < tx.now:
                    drills.not_sent(tx, drill.id, Failure.UNKNOWN)
        return len(open_questions)

    def _due(
        self, tx: Transaction, built: Mapping[str, Sender]
    ) -> list[tuple[ContactPoint, list[Sender]]]:
        usable = {}
        points = {}
        for point in contact_points.list_points(tx):
            found = reach.usable(point, built.values())
            if found and self._may_drill(point) and reach.has_address(point):
                points[point.id], usable[point.id] = point, found
        zones = {point.id: reach.zone(point) for point in points.values()}
        past = drills.recent(tx, per_point=LOOK_BACK)
        every_days = self._settings.drill.every_days
        ids = schedule.next_points(zones, past, now=tx.now, every_days=every_days)
        return [(points[point_id], usable[point_id]) for point_id in ids]

    def _attempt(
        self,
        point: ContactPoint,
        usable: Sequence[Sender],
        *,
        schedule_of: Mapping[str, Sender] | None = None,
    ) -> Attempt:
        medium = MEDIA[point.kind]
        if not usable:
            return Attempt(point.id, point.value, medium, None, None, NO_SENDER)
        to = self._addresses.of(point)
        sender = self._rng.choice(list(usable))
        if to is None:
            return Attempt(point.id, point.value, medium, None, sender.name, NO_ADDRESS)
        said = words(point.region, self._rng)
        wait = timedelta(hours=self._settings.drill.wait_hours)
        with self._store.write() as tx:
            if not self._is_free(tx, point, schedule_of):
                return Attempt(point.id, point.value, medium, None, sender.name, UNDER_WAY)
            # Committed before it leaves: what arrives is known for ours, whatever happens to us.
            drill_id = drills.open_drill(
                tx,
                contact_point_id=point.id,
                medium=medium,
                marker=said.text,
                deadline=tx.now + wait,
                via=sender.name,
            )
        failure = self._handed_over(sender, drill_id, to, said, wait)
        return Attempt(point.id, point.value, medium, drill_id, sender.name, failure)

    def _is_free(
        self, tx: Transaction, point: ContactPoint, schedule_of: Mapping[str, Sender] | None
    ) -> bool:
        """Tell whether nobody else was faster, asked under the one turn to write."""
        if schedule_of is not None:
            return any(point.id == due.id for due, _usable in self._due(tx, schedule_of))
        return not any(
            drill.contact_point_id == point.id and schedule.is_open(drill, tx.now)
            for drill in drills.recent(tx, per_point=LOOK_BACK)
        )

    def _handed_over(
        self, sender: Sender, drill_id: str, to: str, said: Words, wait: timedelta
    ) -> str | None:
        outgoing = Outgoing(to, said, self._store.clock(), int(wait.total_seconds()))
        try:
            message_id = sender.send(outgoing)
        except NotSent as error:
            with self._store.write() as tx:
                drills.not_sent(tx, drill_id, error.failure)
            return error.failure
        with self._store.write() as tx:
            if message_id is None:
                drills.sent(tx, drill_id)
            else:
                drills.accepted(tx, drill_id, message_id)
        return None

    def _named(self, ids: Sequence[str]) -> list[ContactPoint]:
        with self._store.read() as tx:
            points = contact_points.list_points(tx, ids=ids or None)
        by_id = {point.id: point for point in points}
        for point_id in ids:
            if point_id not in by_id:
                raise NotFound("contact point", point_id)
            point = by_id[point_id]
            if point.kind not in MEDIA:
                raise Refused(
                    _("contact point {id} is reached by letters only.").format(id=point_id)
                )
            if not self._may_drill(point):
                raise Refused(
                    _("contact point {id} cannot be drilled now.").format(id=point_id),
                    hint=_("It was given up, or has the test role in a production vault."),
                )
        return [point for point in points if point.kind in MEDIA and self._may_drill(point)]

    def _may_drill(self, point: ContactPoint) -> bool:
        """Tell whether a point is still the owner's: a number given up may be a stranger's now."""
        if point.state is ContactPointState.RETIRED:
            return False
        return point.role is not Role.TEST or self._settings.mode == TEST


def histories(tx: Transaction, *, overdue_days: float) -> dict[str, History]:
    """Return what the drills of every contact point say of it; without drills it is left out."""
    heard = drills.last_heard(tx)
    by_point: dict[str, list[StoredDrill]] = {}
    for drill in drills.recent(tx, per_point=LOOK_BACK):
        by_point.setdefault(drill.contact_point_id, []).append(drill)
    return {
        point_id: schedule.history(past, heard.get(point_id), now=tx.now, overdue_days=overdue_days)
        for point_id, past in by_point.items()
    }

"""Alerts, as the vault hands them out: what waits, what was given up, and a test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import InvalidInput, NotFound
from ..messages import translate as _
from ..settings import Settings, options_of
from ..store import Store, Transaction, alarms, alerts, outbox
from ..store.alerts import DEAD, Alert, Tally
from ..store.ids import new_id
from . import wording
from .sinks import Sink, build, built_sinks
from .worker import FAILING_ALARM, GONE_ALARM

#: State of notices that wait for their digest: no alert was made of them yet.
HELD = "held"
STATES = (*alerts.STATES, HELD)


@dataclass(frozen=True, slots=True)
class Listed:
    """An alert, or the notices of one kind that wait for a sink's digest."""

    #: ``None`` of what waits for its digest.
    id: str | None
    sink: str
    kind: str
    #: How many notices are in it.
    notices: int
    state: str
    made_at: datetime
    #: When it is tried next, or the digest is due.
    due_at: datetime | None
    attempts: int
    done_at: datetime | None
    #: Why the last attempt failed.
    failure: str | None


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of a test message."""

    sink: str
    kind: str
    sent: bool
    failure: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """How the sinks do."""

    tallies: tuple[Tally, ...]
    failing: frozenset[str]
    #: Said that they are gone (410): nothing is sent to them.
    gone: frozenset[str]
    held: tuple[outbox.Held, ...]


class Alerts:
    """The alerts of one vault."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def list(
        self, *, sink: str | None = None, state: str | None = None, limit: int | None = None
    ) -> Sequence[Listed]:
        """Return alerts, the earliest first, then what waits for its digest.

        Args:
            sink: only its alerts.
            state: only these: one of :data:`STATES`.
            limit: only that many of the latest alerts.

        Raises:
            NotFound: there is no such sink, and no alert of one that there was.
        """
        with self._store.read() as tx:
            found = []
            if state != HELD:
                found = alerts.list_alerts(tx, sink=sink, state=state, limit=limit)
            held = outbox.held(tx) if state in (None, HELD) else []
            gone = sink is not None and sink not in self._settings.alerts
            if gone and not _was(tx, sink or ""):
                raise NotFound("alert sink", sink or "", known=self._settings.alerts)
        listed = [_listed(alert) for alert in found]
        return listed + [_held(waiting) for waiting in held if sink in (None, waiting.sink)]

    def retry(self, ids: Iterable[str] | None = None) -> Sequence[Alert]:
        """Put alerts that were given up back, all of them if *ids* is ``None``; return them.

        A sink that had said that it is gone is asked again.

        Raises:
            NotFound: there is no such alert.
            InvalidInput: one was not given up.
        """
        wanted = None if ids is None else list(dict.fromkeys(ids))
        with self._store.write() as tx:
            if wanted is None:
                chosen = alerts.list_alerts(tx, state=DEAD)
            else:
                chosen = alerts.list_alerts(tx, ids=wanted)
                _require(wanted, chosen)
            alerts.revive(tx, [alert.id for alert in chosen])
            asked = {alert.sink for alert in chosen} & alarms.raised(tx, GONE_ALARM)
            alarms.change(tx, GONE_ALARM, raise_=(), clear=sorted(asked))
            return alerts.list_alerts(tx, ids=[alert.id for alert in chosen])

    def test(self, name: str | None = None) -> Sequence[Tested]:
        """Send a test message to a sink now, or to every one; return what became of each.

        Raises:
            NotFound: there is no such sink.
            SettingsError: a sink is not set up rightly.
        """
        if name is not None and name not in self._settings.alerts:
            raise NotFound("alert sink", name, known=self._settings.alerts)
        chosen = (
            built_sinks(self._settings).values()
            if name is None
            else [build(name, options_of(self._settings, "alerts", name))]
        )
        return [self._tested(sink) for sink in chosen]

    def _tested(self, sink: Sink) -> Tested:
        now = self._store.clock()
        outcome = sink.transport.send(wording.trial(new_id("alr", now)), at=now)
        return Tested(sink.name, sink.kind, outcome.failure is None, outcome.failure)

    def health(self) -> Health:
        """Return how the sinks do: what waits, what was given up, who fails."""
        with self._store.read() as tx:
            return Health(
                tallies=tuple(alerts.tallies(tx)),
                failing=alarms.raised(tx, FAILING_ALARM),
                gone=alarms.raised(tx, GONE_ALARM),
                held=tuple(outbox.held(tx)),
            )


def _was(tx: Transaction, sink: str) -> bool:
    """Tell whether there is any notice for a sink that the settings do not name any more."""
    held = any(waiting.sink == sink for waiting in outbox.held(tx))
    return held or bool(alerts.list_alerts(tx, sink=sink, limit=1))


def _require(wanted: Iterable[str], found: Iterable[Alert]) -> None:
    by_id = {alert.id: alert for alert in found}
    for alert_id in wanted:
        if alert_id not in by_id:
            raise NotFound("alert", alert_id)
        if by_id[alert_id].state != DEAD:
            raise InvalidInput(
                _('the alert "{id}" was not given up.').format(id=alert_id),
                hint=_("`honeytoken alerts list --state dead` shows those that were."),
            )


def _listed(alert: Alert) -> Listed:
    return Listed(
        id=alert.id,
        sink=alert.sink,
        kind=alert.kind,
        notices=alert.notices,
        state=alert.state,
        made_at=alert.made_at,
        due_at=alert.due_at if alert.state == alerts.WAITING else None,
        attempts=alert.attempts,
        done_at=alert.done_at,
        failure=alert.failure,
    )


def _held(held: outbox.Held) -> Listed:
    return Listed(
        id=None,
        sink=held.sink,
        kind=held.kind,
        notices=held.notices,
        state=HELD,
        made_at=held.created_at,
        due_at=held.due_at,
        attempts=0,
        done_at=None,
        failure=None,
    )

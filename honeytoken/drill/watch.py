"""What is told when contact points, senders or forwarders fall silent: once, and once when well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ..models import ContactPoint, ContactPointState
from ..settings import DrillSettings, Settings
from ..store import Store, Transaction, alarms, contact_points, drills, heartbeats, outbox
from . import schedule
from .drills import LOOK_BACK, histories
from .schedule import State

#: Kind of the alarm -> kind of the notice when it is over.
OVERDUE, NOT_SENT, SILENT = "drill.overdue", "drill.not_sent", "forwarder.silent"
OVER = {OVERDUE: "drill.alive", NOT_SENT: "drill.sent_again", SILENT: "forwarder.heard"}

#: Subject -> what is told of it.
Amiss = Mapping[str, Mapping[str, object]]


def look(store: Store, settings: Settings) -> int:
    """Raise and clear alarms; return how many changed.

    Replicas may all do so: it is decided under the one turn to write, so each thing is told once.
    """
    with store.read() as tx:
        changes = sum(len(new) + len(gone) for _kind, new, gone in _changes(tx, settings))
    if not changes:
        return 0
    told = 0
    with store.write() as tx:
        for kind, new, gone in _changes(tx, settings):
            alarms.change(tx, kind, raise_=new, clear=gone)
            told += len(new) + len(gone)
            for subject, data in new.items():
                outbox.tell(tx, settings.alerts, kind=kind, subject=subject, data=data)
            for subject in sorted(gone):
                outbox.tell(tx, settings.alerts, kind=OVER[kind], subject=subject, data={})
    return told


def _changes(tx: Transaction, settings: Settings) -> list[tuple[str, Amiss, frozenset[str]]]:
    found: list[tuple[str, Amiss, frozenset[str]]] = []
    looks: tuple[tuple[str, tuple[Amiss, frozenset[str]]], ...] = (
        (OVERDUE, _points(tx, settings.drill)),
        (NOT_SENT, _senders(tx, settings)),
        (SILENT, (silent_forwarders(tx, settings), frozenset())),
    )
    for kind, (amiss, pending) in looks:
        raised = alarms.raised(tx, kind)
        new = {subject: data for subject, data in amiss.items() if subject not in raised}
        found.append((kind, new, raised - set(amiss) - pending))
    return found


def _points(tx: Transaction, settings: DrillSettings) -> tuple[Amiss, frozenset[str]]:
    """Return the points that are deaf or overdue, and those of which nothing new is known."""
    amiss: dict[str, Mapping[str, object]] = {}
    pending = set()
    held = {point.id for point in contact_points.list_points(tx) if _is_held(point)}
    for point_id, past in histories(tx, overdue_days=settings.overdue_days).items():
        if point_id not in held:
            continue
        # Without a schedule nobody promised to prove it again.
        overdue = past.health is State.OVERDUE and settings.every_days > 0
        if past.health is State.DEAF or overdue:
            amiss[point_id] = {"state": past.health.value, "heard_at": _when(past.heard_at)}
        elif past.health is not State.ALIVE:
            pending.add(point_id)
    return amiss, frozenset(pending)


def _is_held(point: ContactPoint) -> bool:
    return point.state is not ContactPointState.RETIRED


def _senders(tx: Transaction, settings: Settings) -> tuple[Amiss, frozenset[str]]:
    """Return the senders whose last attempts all failed, and those not tried since."""
    amiss: dict[str, Mapping[str, object]] = {}
    pending = set()
    past = drills.recent(tx, per_point=LOOK_BACK)
    for name in settings.senders:
        tried = [drill for drill in past if drill.via == name][-schedule.FAILURES_IN_A_ROW :]
        failed = [drill for drill in tried if drill.failure and not drill.heard_at]
        if len(failed) == schedule.FAILURES_IN_A_ROW:
            amiss[name] = {"failure": failed[-1].failure}
        elif tried and tried[-1] in failed:
            pending.add(name)
    return amiss, frozenset(pending)


def silent_forwarders(tx: Transaction, settings: Settings) -> Amiss:
    """Return the forwarders that used to send signs of life and have ceased to.

    Only those of gateways that are still set up. It is no proof that a contact point is deaf: the
    phone may forward calls and send no heartbeat. So the tracer is not told.
    """
    hours = settings.drill.heartbeat_hours
    if hours <= 0:
        return {}
    before = tx.now - timedelta(hours=hours)
    return {
        f"{gateway} {device}".rstrip(): {"heard_at": _when(heard_at)}
        for (gateway, device), heard_at in heartbeats.latest(tx).items()
        if heard_at < before and gateway in settings.gateways
    }


def _when(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

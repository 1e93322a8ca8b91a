"""The worker: makes alerts of notices, and sends them. Any number may work on one store.

There is no leader. Gathering takes a lock of its sink for a moment; an alert is claimed with a
lease, sent, and then marked. A worker that dies in between leaves the lease to run out, and the
alert is sent again under the same id: at least once, and a receiver can drop the repeat.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from ..errors import HoneytokenError, SealBroken
from ..ledger import VAULT, Action, Leaf
from ..models import Contact
from ..store import Store, Transaction, alarms, alerts, codec, contacts, outbox
from ..store.alerts import Alert
from ..store.outbox import CONTACT, Told
from . import rules, sinks, wording
from .sinks import Outcome, Sink

logger = logging.getLogger("honeytoken.notify")

#: Longer than any transport takes.
LEASE = timedelta(minutes=2)
POLL_S = 1.0
#: For what is due when the listener stops; the rest waits in the store.
DRAIN_S = 10.0
#: Notices looked at in one go, and in one alert.
MAX_GATHERED = 20_000
#: Kinds of alarms, by sink.
FAILING_ALARM, GONE_ALARM = "sink failing", "sink gone"


class Courier:
    """Sends the alerts of one sink.

    Args:
        store: prepared.
        sink: whose alerts.
        others: names of the sinks that are told when this one fails.
        chance: gives a number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        store: Store,
        sink: Sink,
        *,
        others: frozenset[str] = frozenset(),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._sink = sink
        self._others = sorted(others - {sink.name})
        self._chance = chance

    def step(self) -> bool:
        """Do the next thing that is due: gather, and send one alert. False if nothing is.

        Raises:
            StoreError: the store cannot be used just now; nothing was lost.
        """
        name = self._sink.name
        with self._store.read() as tx:
            to_gather, to_send = outbox.is_due(tx, name), alerts.is_due(tx, name)
        if not to_gather and not to_send:
            return False
        with self._store.claim() as tx:
            gathered = to_gather and gather(tx, self._sink)
            alert = alerts.claim(tx, name, lease=LEASE)
        if alert is None:
            return gathered
        self._settle(alert, self._sent(alert))
        return True

    def _sent(self, alert: Alert) -> Outcome:
        try:
            told, revealed = self._opened(alert)
        except SealBroken:
            # It will not open at the next attempt either, but a restored backup may.
            return Outcome(sinks.UNREADABLE)
        message = wording.compose(alert.id, alert.kind, told, revealed=revealed)
        try:
            return self._sink.transport.send(message, at=self._store.clock())
        except Exception as error:
            # What a library raises that it does not name, and may quote the URL: its kind is all
            # that is told. Without an outcome the alert would be tried for ever.
            logger.error("alert sink %s: %s", alert.sink, type(error).__name__)
            return Outcome(sinks.NOT_DELIVERED)

    def _opened(self, alert: Alert) -> tuple[list[Told], Contact | None]:
        with self._store.read() as tx:
            told = outbox.told(tx, alert.id)
            wanted = self._sink.reveal and alert.kind == CONTACT and len(told) == 1
            if not wanted or told[0].put_off:
                return told, None
            contact = contacts.get(tx, str(told[0].data["contact_id"]))
        if contact is not None and not alert.attempts:
            with self._store.write() as tx:
                payload = {"what": "alert", "sink": alert.sink, "ids": [contact.contact.id]}
                tx.append(Action.REVEAL, Leaf(VAULT, codec.to_bytes(payload)))
        return told, None if contact is None else contact.contact

    def _settle(self, alert: Alert, outcome: Outcome) -> None:
        if outcome.failure is None:
            with self._store.claim() as tx:
                alerts.sent(tx, alert)
                was_failing = alert.sink in alarms.raised(tx, FAILING_ALARM)
            if was_failing:
                self._recovered()
            return
        attempts = alert.attempts + 1
        wait = rules.next_wait(
            attempts,
            failure=outcome.failure,
            retry_after=outcome.retry_after,
            chance=self._chance(),
        )
        gone = outcome.failure == sinks.GONE
        with self._store.claim() as tx:
            again_at = None if wait is None or gone else tx.now + wait
            alerts.failed(tx, alert, failure=outcome.failure, again_at=again_at)
        logger.warning(
            "alert sink %s: %s was not sent (%s), attempt %d, %s",
            *(alert.sink, alert.id, outcome.failure, attempts),
            "given up" if again_at is None else f"again at {wording.stamp(again_at)}",
        )
        if gone or again_at is None or attempts >= rules.FAILING_AFTER:
            self._failing(outcome.failure, gone=gone)

    def _failing(self, failure: str, *, gone: bool) -> None:
        """Note that the sink fails, once an outage, and tell the others."""
        name = self._sink.name
        # In turn: of two workers that notice at once, one tells.
        with self._store.write() as tx:
            if gone and name not in alarms.raised(tx, GONE_ALARM):
                alarms.change(tx, GONE_ALARM, raise_=[name], clear=())
            if gone:
                alerts.give_up(tx, name, failure=sinks.GONE)
            if name in alarms.raised(tx, FAILING_ALARM):
                return
            alarms.change(tx, FAILING_ALARM, raise_=[name], clear=())
            data = {"failure": failure}
            outbox.tell(tx, self._others, kind=wording.FAILING, subject=name, data=data)

    def _recovered(self) -> None:
        name = self._sink.name
        with self._store.write() as tx:
            if name not in alarms.raised(tx, FAILING_ALARM):
                return
            alarms.change(tx, FAILING_ALARM, raise_=(), clear=[name])
            outbox.tell(tx, self._others, kind=wording.RECOVERED, subject=name, data={})


def gather(tx: Transaction, sink: Sink) -> bool:
    """Make alerts of the notices of *sink* that are due; False if another worker is at it."""
    if not outbox.take_turn(tx, sink.name):
        return False
    plan = rules.plan(
        outbox.due(tx, sink.name, limit=MAX_GATHERED),
        rule=sink.rule,
        now=tx.now,
        made=alerts.made_since(tx, sink.name, tx.now - rules.HOUR),
        digests=outbox.digests_at(tx, sink.name),
    )
    for group in plan.now:
        outbox.make_alert(tx, sink.name, group.kind, group.ids)
    for until, group in plan.later:
        outbox.put_off(tx, group.ids, until=until)
    if plan.now and sink.name in alarms.raised(tx, GONE_ALARM):
        alerts.give_up(tx, sink.name, failure=sinks.DISABLED)
    return bool(plan.now)


@contextmanager
def sending(store: Store, receivers: Mapping[str, Sink]) -> Iterator[None]:
    """Send what is due while the block lasts: one thread a sink, so that none waits for another.

    When the block ends, what is due by then is still sent, within :data:`DRAIN_S`.
    """
    stop = threading.Event()
    threads = [
        threading.Thread(
            target=_run,
            args=(Courier(store, sink, others=frozenset(receivers)), stop),
            name=f"honeytoken-alerts-{name}",
            # A receiver that hangs must not keep the process: its lease runs out.
            daemon=True,
        )
        for name, sink in receivers.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        deadline = time.monotonic() + DRAIN_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            logger.warning("alerts are left to be sent when the listener runs again")


def _run(courier: Courier, stop: threading.Event) -> None:
    deadline: float | None = None
    while True:
        # Looked at before the step: what was stored until then is seen by it.
        stopping = stop.is_set()
        if stopping and deadline is None:
            deadline = time.monotonic() + DRAIN_S
        try:
            busy = courier.step()
        except HoneytokenError as error:
            logger.error("alerts cannot be sent now: %s", type(error).__name__)
            busy = False
        except Exception as error:
            # The thread must live: what it stumbled over may quote a secret or a text.
            logger.error("an alert could not be made: %s", type(error).__name__)
            busy = False
        if stopping and (not busy or time.monotonic() > (deadline or 0)):
            return
        if not busy:
            stop.wait(POLL_S)

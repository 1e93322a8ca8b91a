"""Looks for what would make a vault deaf, misleading or unreadable."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from . import keyfile, options, startup
from .drill import State, silent_forwarders
from .drill import schedule as drill_schedule
from .errors import HoneytokenError
from .gateways.mail import ImapGateway
from .messages import ngettext
from .messages import translate as _
from .models import ContactPointKind, ContactPointState, PlacementStatus, Role
from .notify import addresses
from .notify.book import Health
from .notify.sinks import REFUSED_ADDRESS, Sink
from .settings import TEST
from .store import counts, ledger
from .vault import Vault

#: Controls below this number, or this share of the planted, measure the background badly.
MIN_CONTROLS = 25
MIN_CONTROL_SHARE = 0.2
_STALE_INTENTION = timedelta(days=7)
_STALE_ALERT = timedelta(hours=1)
_LOOK_BACK_DAYS = 7
_MIN_FREE_BYTES = 500 * 1024 * 1024
#: What is looked at; of gateways each by its name.
CHECKS = (
    *("mode", "settings", "keys", "ledger", "database", "disk", "listener"),
    *("gateways", "gateway"),
    *("pool", "controls", "placements", "drills", "sender", "forwarders"),
    *("alert", "alerts"),
)
#: Outcomes that a healthy gateway has; strangers try every mail server.
_GOOD = ("accepted", "repeated", "nothing to record")
_STRANGERS = ("unknown recipient", "too many", "not ours")
#: The others: refused by the gateway, by the listener, or not stored.
OUTCOMES = (
    *("BadSignature", "StaleDelivery", "MalformedDelivery", "DeliveryRefused"),
    *("too large", "too slow", "disconnected", "unavailable", "not stored"),
    *("unknown proxy", "unreachable", "unreadable", *_STRANGERS),
)


@dataclass(frozen=True, slots=True)
class Check:
    """What one look found."""

    name: str
    #: ``None`` where there is something to know and nothing wrong.
    ok: bool | None
    message: str
    hint: str | None = None


def examine(vault: Vault) -> list[Check]:
    """Return what was looked at; nothing is changed."""
    looks: tuple[Callable[[Vault], Iterator[Check]], ...] = (
        _mode,
        _secrets,
        _keys,
        _ledger,
        _database,
        _disk,
        _listener,
        _gateways,
        _deliveries,
        _pool,
        _controls,
        _placements,
        _schedule,
        _drills,
        _forwarders,
        _alerts,
    )
    return [check for look in looks for check in look(vault)]


def _mode(vault: Vault) -> Iterator[Check]:
    if vault.settings.mode == TEST:
        yield Check("mode", None, _("test: contact points that ring nobody may be planted."))
    else:
        yield Check("mode", True, _("production."))


def _secrets(vault: Vault) -> Iterator[Check]:
    found = [
        f"{section}.{name}.{key}"
        for section in ("gateways", "alerts", "senders")
        for name, table in getattr(vault.settings, section).items()
        for key in options.literal_secrets(table)
    ]
    if found:
        yield Check(
            "settings",
            ok=None,
            message=_("secrets stand in honeytoken.toml itself: {names}.").format(
                names=_(", ").join(found)
            ),
            hint=_('Put "env:NAME" or "file:PATH" in their place: docs/gateways/README.md.'),
        )


def _keys(vault: Vault) -> Iterator[Check]:
    if keyfile.too_open(vault.settings):
        yield Check(
            "keys",
            ok=False,
            message=_("others than you may read the key file."),
            hint=_("Run: chmod 600 {file}").format(file=vault.settings.keys.file),
        )
    elif len(vault.store.keys.keyring.sealing) > 1:
        yield Check(
            "keys",
            ok=None,
            message=_("older sealing keys are kept for backups."),
            hint=_("`honeytoken rekey --forget-old` drops them."),
        )
    else:
        yield Check("keys", True, _("they fit the store; only you may read them."))


def _ledger(vault: Vault) -> Iterator[Check]:
    try:
        with vault.store.read() as tx:
            head = ledger.head(tx)
    except HoneytokenError as error:
        yield Check("ledger", False, str(error), _("`honeytoken ledger verify` finds the place."))
        return
    yield Check("ledger", True, _("{n} entries; the head is sound.").format(n=head.seq))


def _database(vault: Vault) -> Iterator[Check]:
    # PostgreSQL checks its own pages.
    if vault.store.engine.dialect.name != "sqlite":
        return
    try:
        with vault.store.read() as tx:
            found = tx.execute("PRAGMA quick_check(1)")
    except HoneytokenError as error:
        yield Check("database", False, str(error), error.hint)
        return
    if found == [("ok",)]:
        yield Check("database", True, _("its pages are sound."))
    else:
        yield Check(
            "database",
            ok=False,
            message=_("its pages are damaged."),
            hint=_("Restore it from a backup with `honeytoken import`."),
        )


def _disk(vault: Vault) -> Iterator[Check]:
    free = shutil.disk_usage(vault.folder).free
    megabytes = free // (1024 * 1024)
    message = _("{n} MB free where the vault stands.").format(n=f"{megabytes:,}")
    yield Check("disk", free >= _MIN_FREE_BYTES, message)


def _listener(vault: Vault) -> Iterator[Check]:
    host = vault.settings.listen.host
    try:
        startup.own_address(host)
    except HoneytokenError as error:
        yield Check("listener", False, str(error), error.hint)
        return
    if startup.is_loopback(host):
        yield Check("listener", True, _("it is for this machine only."))
    else:
        yield Check(
            "listener",
            ok=None,
            message=_("listen.host is open to the network."),
            hint=_("Put a proxy with TLS in front of it: docs/listen.md."),
        )


def _gateways(vault: Vault) -> Iterator[Check]:
    if not vault.settings.gateways:
        yield Check(
            "gateways",
            ok=None,
            message=_("none is set up: contacts can only be added by hand."),
            hint=_("Add a [gateways.NAME] table to honeytoken.toml: docs/gateways/README.md."),
        )
    for name in vault.settings.gateways:
        try:
            startup.gateway(vault, name)
        except HoneytokenError as error:
            yield Check(f"gateway {name}", False, str(error), error.hint)
        else:
            yield Check(f"gateway {name}", True, _("set up."))


def _deliveries(vault: Vault) -> Iterator[Check]:
    with vault.store.read() as tx:
        found = counts.since(tx, counts.day(vault.clock()) - _LOOK_BACK_DAYS)
    for name in vault.settings.gateways:
        of_it = {outcome: n for (gateway, outcome), n in found.items() if gateway == name}
        if of_it.get("unreachable"):
            yield from _unreachable(vault, name, of_it["unreachable"])
        good = sum(n for outcome, n in of_it.items() if outcome in _GOOD)
        bad = {outcome: n for outcome, n in of_it.items() if outcome not in (*_GOOD, *_STRANGERS)}
        listing = _(", ").join(f"{_(outcome)}: {n}" for outcome, n in bad.items())
        if bad and not good:
            yield Check(
                f"gateway {name}",
                ok=False,
                message=_("every delivery of the last week was refused ({listing}).").format(
                    listing=listing
                ),
                hint=_("Compare secret and URL on both sides: docs/gateways/README.md."),
            )
        elif bad:
            yield Check(
                f"gateway {name}",
                ok=None,
                message=_("{good} deliveries in the last week; refused: {listing}.").format(
                    good=good, listing=listing
                ),
            )


def _unreachable(vault: Vault, name: str, times: int) -> Iterator[Check]:
    try:
        gateway = startup.gateway(vault, name)
    except HoneytokenError:
        return  # said already
    if isinstance(gateway, ImapGateway):
        yield Check(
            f"gateway {name}",
            ok=None,
            message=ngettext(
                "{host} port {port} (tls: {tls}) could not be read {n} time in the last week.",
                "{host} port {port} (tls: {tls}) could not be read {n} times in the last week.",
                times,
            ).format(host=gateway.host, port=gateway.port, tls=gateway.tls, n=times),
            hint=_("Compare host, port, tls, user and password: docs/gateways/imap.md."),
        )


def _pool(vault: Vault) -> Iterator[Check]:
    points = vault.pool.list()
    if not points:
        yield Check(
            "pool",
            ok=None,
            message=_("it is empty: nothing can be minted."),
            hint=_("Add phone numbers you hold with `honeytoken pool add`."),
        )
        return
    active = [
        point
        for point in points
        if point.state not in (ContactPointState.RETIRED, ContactPointState.BURNT)
    ]
    message = ngettext("{n} contact point.", "{n} contact points.", len(active))
    yield Check("pool", True, message.format(n=len(active)))
    unheard = [
        point
        for point in active
        if point.kind is ContactPointKind.PHONE_NUMBER
        and point.gateway not in vault.settings.gateways
    ]
    if unheard:
        yield Check(
            "pool",
            ok=None,
            message=ngettext(
                "{n} phone number names no gateway that is set up: add its contacts by hand.",
                "{n} phone numbers name no gateway that is set up: add their contacts by hand.",
                len(unheard),
            ).format(n=len(unheard)),
        )


def _controls(vault: Vault) -> Iterator[Check]:
    numbers = vault.pool.list(kind=ContactPointKind.PHONE_NUMBER)
    controls = sum(point.role is Role.CONTROL for point in numbers)
    planted = sum(point.used > 0 for point in numbers)
    wanted = max(MIN_CONTROLS, int(planted * MIN_CONTROL_SHARE))
    message = _("Controls: {controls}; planted numbers: {planted}.").format(
        controls=controls, planted=planted
    )
    if planted and controls < wanted:
        yield Check(
            "controls",
            ok=False if controls == 0 else None,
            message=message,
            hint=_("Reserve {n} before planting: `honeytoken pool reserve-controls`.").format(
                n=wanted
            ),
        )
    else:
        yield Check("controls", True, message)


def _placements(vault: Vault) -> Iterator[Check]:
    before = vault.clock() - _STALE_INTENTION
    intended = vault.placements.list(status=PlacementStatus.INTENDED)
    stale = sum(placement.intended_at < before for placement in intended)
    if stale:
        yield Check(
            "placements",
            ok=None,
            message=ngettext(
                "{n} placement was intended over a week ago and never confirmed: no exposure.",
                "{n} placements were intended over a week ago and never confirmed: no exposure.",
                stale,
            ).format(n=stale),
            hint=_("`honeytoken place --confirm ID`, or `--void ID`."),
        )
    else:
        yield Check("placements", True, _("none waits for its confirmation for long."))


def _drills(vault: Vault) -> Iterator[Check]:
    sound = True
    for name in vault.settings.senders:
        try:
            startup.sender(vault, name)
        except HoneytokenError as error:
            sound = False
            yield Check(f"sender {name}", False, str(error), error.hint)
    if not sound:
        return
    proofs = vault.drills.proofs()
    counted = Counter(proof.state for proof in proofs)
    if not proofs:
        return
    if counted[State.DEAF]:
        yield Check(
            "drills",
            ok=False,
            message=ngettext(
                "{n} contact point is deaf: its last drill left and was not heard.",
                "{n} contact points are deaf: their last drills left and were not heard.",
                counted[State.DEAF],
            ).format(n=counted[State.DEAF]),
            hint=_("`honeytoken drill list` names them. Until they hear, silence proves nothing."),
        )
    if counted[State.OVERDUE]:
        yield Check(
            "drills",
            ok=None,
            message=ngettext(
                "{n} contact point has heard no drill for longer than {days:g} days.",
                "{n} contact points have heard no drill for longer than {days:g} days.",
                counted[State.OVERDUE],
            ).format(n=counted[State.OVERDUE], days=vault.settings.drill.overdue_days),
            hint=_("`honeytoken drill` sends one, `honeytoken drill --manual` says whom to ring."),
        )
    if counted[State.NEVER]:
        yield Check(
            "drills",
            ok=None,
            message=ngettext(
                "{n} contact point was never proven to hear.",
                "{n} contact points were never proven to hear.",
                counted[State.NEVER],
            ).format(n=counted[State.NEVER]),
            hint=_("`honeytoken drill` sends one, `honeytoken drill --manual` says whom to ring."),
        )
    if counted[State.ALIVE] + counted[State.AWAITING] == len(proofs):
        yield Check("drills", True, _("every contact point that can be drilled hears."))
    if vault.settings.drill.every_days > 0:
        yield from _volume(vault)


def _schedule(vault: Vault) -> Iterator[Check]:
    drill = vault.settings.drill
    try:
        drill_schedule.check(drill)
    except HoneytokenError as error:
        yield Check("drills", False, str(error), error.hint)
        return
    if drill.every_days <= 0:
        return
    if drill.every_days * 1.5 >= drill.overdue_days:
        yield Check(
            "drills",
            ok=None,
            message=_("drill.overdue_days is shorter than the longest gap of the schedule."),
            hint=_("Set it to more than one and a half times drill.every_days."),
        )


def _volume(vault: Vault) -> Iterator[Check]:
    for name, count in vault.drills.messages_a_month().items():
        yield Check(
            f"sender {name}",
            ok=True,
            message=_("the schedule sends about {n:.0f} messages a month.").format(n=count),
        )


def _forwarders(vault: Vault) -> Iterator[Check]:
    with vault.store.read() as tx:
        silent = silent_forwarders(tx, vault.settings)
    if silent:
        yield Check(
            "forwarders",
            ok=False,
            message=_("no sign of life for longer than {hours:g} hours from: {names}.").format(
                hours=vault.settings.drill.heartbeat_hours, names=_(", ").join(sorted(silent))
            ),
            hint=_("Look at the phone: power, network, and whether its app may run all the time."),
        )


def _alerts(vault: Vault) -> Iterator[Check]:
    tables = vault.settings.alerts
    if not tables:
        yield Check(
            "alerts",
            ok=None,
            message=_("no sink is set up: nobody is told of contacts."),
            hint=_("Add an [alerts.NAME] table to honeytoken.toml: docs/alerts.md."),
        )
    health = vault.alerts.health()
    for name in tables:
        try:
            sink = startup.sink(vault, name)
            sink.transport.check()
        except HoneytokenError as error:
            yield Check(f"alert {name}", False, str(error), error.hint)
        else:
            yield _sink(vault, sink, health)
            if not sink.dispositions:
                yield Check(
                    f"alert {name}",
                    ok=None,
                    message=_("it is told of no contact, only of what is amiss."),
                    hint=_("Name dispositions in its table: docs/alerts.md."),
                )
    known = {*(tally.sink for tally in health.tallies), *(held.sink for held in health.held)}
    for name in sorted(known - set(tables)):
        yield Check(
            f"alert {name}",
            ok=None,
            message=_("alerts wait for this sink, but the settings no longer name it."),
            hint=_("Put its table back, or leave them."),
        )


def _sink(vault: Vault, sink: Sink, health: Health) -> Check:
    name = sink.name
    waiting = dead = 0
    late = False
    failure: str | None = None
    for tally in health.tallies:
        if tally.sink == name:
            waiting, dead, failure = tally.waiting, tally.dead, tally.failure
            oldest = tally.oldest_at
            late = oldest is not None and oldest < vault.clock() - _STALE_ALERT
    late = late or any(
        held.sink == name and held.due_at < vault.clock() - _STALE_ALERT for held in health.held
    )
    message = _("waiting: {waiting}, given up: {dead}.").format(waiting=waiting, dead=dead)
    if name in health.gone:
        return Check(
            f"alert {name}",
            ok=False,
            message=_("the receiver said that it is gone (410): nothing is sent to it."),
            hint=_("Set its new URL, then run `honeytoken alerts retry --all`."),
        )
    if failure == REFUSED_ADDRESS:
        error = addresses.refused()
        return Check(f"alert {name}", False, f"{error} {message}", error.hint)
    if name in health.failing or dead:
        return Check(
            f"alert {name}",
            ok=False,
            message=message,
            hint=_("`honeytoken alerts test` says what fails; `alerts retry` sends them again."),
        )
    if late:
        return Check(
            f"alert {name}",
            ok=None,
            message=_("alerts have waited for over an hour: {message}").format(message=message),
            hint=_("They are sent while `honeytoken listen` runs."),
        )
    return Check(f"alert {name}", True, message)

"""``honeytoken drill``: prove that the contact points hear."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from ..messages import ngettext
from ..messages import translate as _
from ..models import Medium
from . import failures, output
from .groups import Group
from .output import Column
from .parameters import NAME, as_typed, json_option, reveal_option
from .session import open_vault, recorded
from .shorten import Plain, plain

if TYPE_CHECKING:
    from ..drill import Attempt, ByHand, Drills

_POLL_S = 0.5
_MEDIA = (Medium.CALL, Medium.SMS, Medium.EMAIL)

_STATES = {
    _("alive"): "green",
    _("heard"): "green",
    _("deaf"): "bold red",
    _("overdue"): "yellow",
    _("not sent"): "red",
    _("not heard"): "yellow",
}
COLUMNS = (
    Column(_("CONTACT POINT"), "contact_point_id"),
    Column(_("VALUE"), "value"),
    Column(_("REGION"), "region"),
    Column(_("ROLE"), "role", worded=True),
    Column(_("STATE"), "state", _STATES, worded=True),
    Column(_("LAST SENT"), "sent_at"),
    Column(_("LAST HEARD"), "heard_at"),
    Column(_("SENDERS"), "senders"),
    Column(_("NOT SENT BECAUSE"), "failure", worded=True),
)
RESULTS = (
    Column(_("CONTACT POINT"), "contact_point_id"),
    Column(_("VALUE"), "value"),
    Column(_("MEDIUM"), "medium", worded=True),
    Column(_("SENDER"), "via"),
    Column(_("STATE"), "state", _STATES, worded=True),
    Column(_("NOT SENT BECAUSE"), "failure", worded=True),
)


class _Drill(Group):
    """Typed without a verb of its own, ``drill`` sends."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the verb that is meant."""
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h")):
            args = ["send", *args]
        return super().parse_args(ctx, args)


@click.group("drill", cls=_Drill, help=_("Prove that your contact points hear."))
def drill_command() -> None:
    """Run ``honeytoken drill``."""


@drill_command.command(
    "send",
    help=_(
        "Send everyday words to contact points and see whether they arrive. "
        "`honeytoken drill` alone does the same; it reaches all that have a sender."
    ),
)
@click.argument("ids", type=NAME, nargs=-1, metavar="[ID]...")
@click.option("--via", type=NAME, metavar="SENDER", help=_("Only through this sender."))
@click.option("--wait", is_flag=True, help=_("Wait until they are heard: a listener must run."))
@click.option(
    "--manual", is_flag=True, help=_("Say whom you should ring or write to, and wait for it.")
)
@click.option(
    "--medium",
    type=click.Choice([medium.value for medium in _MEDIA]),
    help=_("With --manual: ring, text or mail."),
)
@click.option(
    "--from",
    "caller",
    type=NAME,
    metavar="NUMBER",
    help=_("With --manual: the number you ring from; a call is recognised by it."),
)
@click.option(
    "--region",
    type=NAME,
    metavar="COUNTRY",
    default="CN",
    show_default=True,
    help=_("Whose national notation NUMBER is in."),
)
@click.option(
    "--timeout",
    "minutes",
    type=click.FloatRange(0.02, 2880),
    default=10.0,
    show_default=True,
    metavar="MINUTES",
    help=_("How long to wait."),
)
@reveal_option
@json_option
@click.pass_context
def send(
    ctx: click.Context,
    *,
    ids: tuple[str, ...],
    via: str | None,
    wait: bool,
    manual: bool,
    medium: str | None,
    caller: str | None,
    region: str,
    minutes: float,
    reveal: bool,
    as_json: bool,
) -> None:
    """Run ``honeytoken drill``."""
    if manual and (via or wait):
        raise click.UsageError(_("--manual goes without --via and --wait: you send, and it waits."))
    if not manual and (medium or caller):
        raise click.UsageError(_("--medium and --from go with --manual."))
    vault = open_vault()
    timeout = timedelta(minutes=minutes)
    if manual:
        with as_typed():
            tasks = vault.drills.open_by_hand(
                ids, medium=medium, caller=caller, region=region, timeout=timeout
            )
        # Whom to ring has to be read in full.
        recorded("contact points", [task.contact_point_id for task in tasks])
        good = _by_hand(vault.drills, tasks, timeout, as_json=as_json)
    else:
        attempts = _sent(vault.drills, ids, via)
        states = _states(vault.drills, attempts, timeout if wait else None)
        if reveal:
            recorded("contact points", [attempt.contact_point_id for attempt in attempts])
        rows = (
            {**plain(a, reveal=reveal), "state": state}
            for a, state in zip(attempts, states, strict=True)
        )
        output.emit(rows, RESULTS, form="json" if as_json else None)
        good = set(states) == {"heard" if wait else "sent"}
    if not good:
        ctx.exit(failures.FAILED)


def _sent(found: Drills, ids: Sequence[str], via: str | None) -> list[Attempt]:
    attempts = []
    with output.steps() as advance:
        for attempt in found.send(ids, via=via):
            attempts.append(attempt)
            advance(len(attempts), len(ids) or len(attempts), _("Sending"))
    return attempts


def _states(found: Drills, attempts: Sequence[Attempt], timeout: timedelta | None) -> list[str]:
    """Return the word for each attempt, after waiting if there is a *timeout*."""
    awaited = {a.drill_id: a.contact_point_id for a in attempts if a.drill_id and not a.failure}
    if timeout is None or not awaited:
        return ["not sent" if attempt.failure else "sent" for attempt in attempts]
    heard = _waited(found, awaited, timeout)
    return [
        "not sent" if a.failure else "heard" if a.drill_id in heard else "not heard"
        for a in attempts
    ]


def _by_hand(found: Drills, tasks: Sequence[ByHand], timeout: timedelta, *, as_json: bool) -> bool:
    for task in tasks:
        if as_json:
            output.json_line(plain(task, reveal=True))
        else:
            output.paragraph(_task(task))
    heard = _waited(found, {task.drill_id: task.to for task in tasks}, timeout)
    unheard = [task for task in tasks if task.drill_id not in heard]
    # Only what was really rung can have been missed.
    done = [task for task in unheard if sys.stdin.isatty() and _asked(task)]
    found.vouch(task.drill_id for task in done)
    _say_unheard(unheard, done)
    return not unheard


def _say_unheard(unheard: Sequence[ByHand], done: Sequence[ByHand]) -> None:
    """Say what was not heard, and what becomes of it."""
    for task in unheard:
        output.say(f"{task.to}: {_('not heard')}")
    if done:
        output.say(_("What was rung or sent counts as missed: `honeytoken drill list` shows it."))
    if len(done) < len(unheard):
        output.say(
            _(
                "What nobody says was rung or sent counts as nothing, and proves nothing: run the "
                "drill again."
            )
        )


def _asked(task: ByHand) -> bool:
    said = {
        Medium.CALL: _("Did you ring {to}?"),
        Medium.SMS: _("Did you text {to}?"),
        Medium.EMAIL: _("Did you write to {to}?"),
    }
    try:
        return click.confirm(said[task.medium].format(to=task.to), err=True, default=False)
    except click.Abort:
        return False


def _task(task: ByHand) -> str:
    if task.medium is Medium.CALL:
        return _("Ring {to} from {caller}; let it ring three times. ({id})").format(
            to=task.to, caller=task.caller, id=task.contact_point_id
        )
    said = (
        _('Text {to}, from any phone: "{text}" ({id})')
        if task.medium is Medium.SMS
        else _('Write to {to}, from any address: "{text}" ({id})')
    )
    return said.format(to=task.to, text=task.text, id=task.contact_point_id)


def _waited(found: Drills, labels: Mapping[str, str], timeout: timedelta) -> set[str]:
    """Wait until all are heard, the time is over or Ctrl-C; return the drills that were heard."""
    heard: set[str] = set()
    end = time.monotonic() + timeout.total_seconds()
    output.say(
        ngettext(
            "Waiting for {n} contact point; Ctrl-C stops.",
            "Waiting for {n} contact points; Ctrl-C stops.",
            len(labels),
        ).format(n=len(labels))
    )
    try:
        with output.live([(label, _("awaiting")) for label in labels.values()]) as show:
            while True:
                fresh = {d.id for d in found.get(list(labels)) if d.heard_at} - heard
                heard |= fresh
                if fresh:
                    show(
                        [(labels[drill_id], _("heard")) for drill_id in labels if drill_id in fresh]
                    )
                if len(heard) == len(labels) or time.monotonic() >= end:
                    break
                time.sleep(_POLL_S)
    except KeyboardInterrupt:
        output.say(_("Stopped waiting. What is under way is still recognised."))
    return heard


@drill_command.command("list", help=_("List which contact points are proven to hear."))
@reveal_option
@json_option
def list_proofs(*, reveal: bool, as_json: bool) -> None:
    """Run ``honeytoken drill list``."""
    vault = open_vault()
    proofs = vault.drills.proofs()
    if reveal:
        recorded("contact points", [proof.contact_point_id for proof in proofs])
    rows: Iterable[Plain] = (plain(proof, reveal=reveal) for proof in proofs)
    output.emit(rows, COLUMNS, form="json" if as_json else None)
    for name, count in vault.drills.messages_a_month().items():
        output.say(
            _('The schedule sends about {n:.0f} messages a month through "{sender}".').format(
                n=count, sender=name
            )
        )

"""``honeytoken trace``: through which channel the data most probably went out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from ..errors import InvalidInput
from ..messages import translate as _
from . import output
from .output import Column
from .parameters import NAME, WHEN, in_order, json_option
from .session import open_vault
from .shorten import Plain, plain

if TYPE_CHECKING:
    from ..models import Attribution, Evidence, Trace


def channels(attribution: Plain) -> str:
    """Return the channel, or those that cannot be told apart."""
    ids = attribution["channel_ids"]
    return " + ".join(map(str, ids)) if isinstance(ids, list) else ""


def posterior(attribution: Plain) -> str:
    """Return the probability with two decimals, never rounded to certainty."""
    value = _number(attribution["posterior"])
    if value > 0.99:
        return ">0.99"
    return f"{value:.2f}" if value >= 0.01 else "<0.01"


def bayes_factor(attribution: Plain) -> str:
    """Return the factor with two significant digits: ``"4,100"``, ``"6"``, ``"0.13"``."""
    value = _number(attribution["bayes_factor"])
    if value > 1e6:
        return ">1,000,000"
    if value < 10:
        return f"{value:.2g}" if value >= 0.001 else "<0.001"
    digits = len(f"{value:.0f}")
    return f"{round(value, 2 - digits):,.0f}"


def reached(attribution: Plain) -> str:
    """Return how many of the exposed canaries somebody reached."""
    exposed = int(_number(attribution["exposed"]))
    return _("{reached} of {exposed}").format(
        reached=exposed - int(_number(attribution["silent"])), exposed=exposed
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


COLUMNS = (
    Column(_("CHANNEL"), channels),
    Column(
        _("VERDICT"),
        "verdict",
        {_("strong"): "bold red", _("suspect"): "yellow"},
        worded=True,
    ),
    Column(_("POSTERIOR"), posterior),
    Column(_("BAYES FACTOR"), bayes_factor),
    Column(_("REACHED"), reached),
    Column(_("FIRST SEEN"), "first_seen"),
)


@click.command("trace", help=_("Say which channel the contacts are most consistent with."))
@click.option("--since", type=WHEN, help=_("Start of the window; else as in the settings."))
@click.option("--until", type=WHEN, help=_("End of the window; else now."))
@click.option(
    "--prior",
    type=click.FloatRange(0, min_open=True),
    help=_("How many channels you expected to leak, before looking; else as in the settings."),
)
@click.option(
    "--explain", type=NAME, metavar="CHANNEL", help=_("List the evidence and other explanations.")
)
@json_option
def trace_command(
    *,
    since: datetime | None,
    until: datetime | None,
    prior: float | None,
    explain: str | None,
    as_json: bool,
) -> None:
    """Run ``honeytoken trace``."""
    from ..trace import attribute

    in_order(since, until)
    vault = open_vault()
    evidence = vault.evidence(since=since, until=until, prior=prior)
    trace = attribute(evidence)
    explained = None if explain is None else _found(trace, vault.channels.get(explain).id)
    if as_json:
        output.json_line(plain(trace if explained is None else explained))
        return
    print_trace(trace, evidence, explained=explained)


def print_trace(trace: Trace, evidence: Evidence, *, explained: Attribution | None = None) -> None:
    """Print a trace as a table and sentences; with *explained*, what speaks for one line of it."""
    from ..trace import explain, summary

    names = {channel.id: channel.name for channel in evidence.channels}
    shown = trace.attributions if explained is None else [explained]
    output.emit(map(plain, shown), COLUMNS, form=None)
    lines = (
        summary(trace, names) if explained is None else explain(explained, trace, evidence, names)
    )
    for line in lines:
        output.paragraph(line)
    if explained is None and trace.attributions:
        more = _(
            "`honeytoken trace --explain {channel}` lists the evidence and other explanations."
        )
        output.paragraph(more.format(channel=trace.attributions[0].channel_ids[0]))


def _found(trace: Trace, channel_id: str) -> Attribution:
    """Return the attribution of the channel, or of the group that it is in."""
    for attribution in trace.attributions:
        if channel_id in attribution.channel_ids:
            return attribution
    raise InvalidInput(
        _('"{channel}" had no confirmed placement in this window.').format(channel=channel_id),
        hint=_("`honeytoken place --list --channel {channel}` shows its placements.").format(
            channel=channel_id
        ),
    )

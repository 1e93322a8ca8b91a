"""A trace in sentences that a compliance officer reads. Every one states how sure it is.

Says "most consistent with" and "went out through", never who did it: that is not in the data.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..messages import translate as _
from ..models import Attribution, Evidence, Permission, Sensitivity, Trace, Verdict
from . import rules
from .alternatives import alternatives
from .figures import amount, factor, joined, moment, probability
from .particulars import Particulars, particulars


def summary(trace: Trace, names: Mapping[str, str]) -> list[str]:
    """Return the trace as a whole: what stands out, the background, what was assumed.

    Args:
        trace: what :func:`honeytoken.trace.attribute` gave.
        names: channel id -> its name; an id without one stands for itself.
    """
    found = [a for a in trace.attributions if a.verdict in (Verdict.STRONG, Verdict.SUSPECT)]
    lines = [_stands_out(attribution, names) for attribution in found]
    if not found:
        lines.append(_("No channel stands out."))
    lines.append(
        _(
            "No leak at all has probability {none}; that somebody who is not declared passed data "
            "on, {undeclared}."
        ).format(none=probability(trace.none), undeclared=probability(trace.undeclared))
    )
    lines.append(_window(trace))
    lines.append(_background(trace))
    if found:
        first = found[0]
        lines.append(
            _(
                "By chance alone, {chance} of the {exposed} canaries placed with {channel} would "
                "have been reached; {reached} were."
            ).format(
                chance=amount(first.expected_by_chance),
                exposed=first.exposed,
                channel=joined(first.channel_ids, names),
                reached=first.exposed - first.silent,
            )
        )
    lines.append(_detectable(trace))
    if trace.set_aside:
        lines.append(
            _("Sightings set aside as random dialling or nobody's list: {count}.").format(
                count=len(trace.set_aside)
            )
        )
    if trace.unexplained:
        lines.append(
            _("Unsolicited sightings that no channel above explains: {count}.").format(
                count=len(trace.unexplained)
            )
        )
    lines.append(_prior(trace))
    lines.append(
        _("Each posterior stands for its own channel; they need not add up to 1."),
    )
    return lines


def explain(
    attribution: Attribution, trace: Trace, evidence: Evidence, names: Mapping[str, str]
) -> list[str]:
    """Return all that speaks for and against one attribution, the other explanations included.

    Args:
        attribution: one of ``trace.attributions``.
        trace: the whole answer.
        evidence: what the answer was computed from.
        names: channel id -> its name.
    """
    channel = joined(attribution.channel_ids, names)
    facts = particulars(attribution, evidence)
    lines = [_finding(attribution, channel)]
    if len(attribution.channel_ids) > 1:
        lines.append(
            _("{channel}: the placements cannot tell these apart; read them as one.").format(
                channel=channel
            )
        )
    lines.append(_planted(attribution, facts, channel))
    lines.append(_arrived(attribution, facts))
    lines.append(_controls(attribution, trace))
    lines.append(_background(trace))
    lines.append(_prior(trace))
    lines.append(_weight(attribution))
    lines.append(_range(attribution.sensitivity))
    lines.append(_permitted(attribution.permission, channel))
    lines += [
        _("Not higher because: {limit}").format(limit=limit_in_words(limit))
        for limit in attribution.limits
    ]
    if attribution.sightings:
        lines.append(_("Other explanations, and what speaks for or against each:"))
        lines += alternatives(attribution, trace, facts, names)
    lines.append(
        _(
            "All of this holds under the stated model (see docs/trace.md). It is not a standard of "
            "legal proof, and it says which way the data went out, not who meant it to."
        )
    )
    return lines


def limit_in_words(limit: str) -> str:
    """Return one of :data:`honeytoken.trace.rules.LIMITS` as a sentence; others as they are."""
    sentences = {
        rules.NEVER_EXPOSED: _(
            "no placement with this channel was confirmed in time: nothing can be said."
        ),
        rules.NOBODY_REACHED: _("nobody reached any of its canaries."),
        rules.BELOW_SUSPECT: _("the posterior is below 0.5."),
        rules.BELOW_STRONG: _("the posterior is below 0.95."),
        rules.SMALL_BAYES_FACTOR: _("the Bayes factor is below 100."),
        rules.ONE_CANARY: _(
            "only one canary was reached; a single canary never makes strong evidence."
        ),
        rules.NO_CONTROLS: _(
            "no control listened, so the background is assumed, not measured. Reserve controls."
        ),
        rules.FORGEABLE: _(
            "without the sightings that anybody holding the number could have made up, the "
            "posterior falls below 0.95."
        ),
        rules.ONE_CAMPAIGN: _(
            "without its strongest campaign the posterior falls below 0.95: it rests on one actor."
        ),
        rules.ASSUMPTIONS: _(
            "with three times or a third of the expected leaks, or three times the background, the "
            "posterior falls below 0.95."
        ),
    }
    return sentences.get(limit, limit)


def _stands_out(attribution: Attribution, names: Mapping[str, str]) -> str:
    reached = attribution.exposed - attribution.silent
    sentence = (
        _(
            "The contacts are most consistent with data that went out through {channel}, or "
            "through whom it passed the data to: strong evidence, posterior {posterior}, Bayes "
            "factor {factor}, {reached} of {exposed} canaries reached."
        )
        if attribution.verdict is Verdict.STRONG
        else _(
            "{channel} is suspect: posterior {posterior}, Bayes factor {factor}, {reached} of "
            "{exposed} canaries reached."
        )
    )
    return sentence.format(
        channel=joined(attribution.channel_ids, names),
        posterior=probability(attribution.posterior),
        factor=factor(attribution.bayes_factor),
        reached=reached,
        exposed=attribution.exposed,
    )


def _window(trace: Trace) -> str:
    days = (trace.window.end - trace.window.start).total_seconds() / 86400
    return _("Window: {days} days, from {start} to {end}.").format(
        days=amount(days), start=moment(trace.window.start), end=moment(trace.window.end)
    )


def _background(trace: Trace) -> str:
    rates = {
        "rate": f"{trace.background:.2g}",
        "low": f"{trace.background_low:.2g}",
        "high": f"{trace.background_high:.2g}",
    }
    if trace.controls and trace.control_days < rules.ENOUGH_DAYS:
        return _(
            "The background is not measured yet: {controls} controls have listened for {days} "
            "number-days. Assumed until then: {rate} contacts per number and day (95 % interval "
            "{low} to {high}); nothing is strong before it is measured."
        ).format(controls=trace.controls, days=f"{trace.control_days:,.1f}", **rates)
    if not trace.controls:
        return _(
            "No control listened. Assumed background: {rate} contacts per number and day (95 % "
            "interval {low} to {high}), the rate of unpublished lines in the United States in "
            "2019; nothing is strong without controls."
        ).format(**rates)
    return _(
        "{controls} controls, given to nobody, listened for {days} number-days; somebody reached "
        "{reached} of them. Background: {rate} contacts per number and day (95 % interval {low} to "
        "{high})."
    ).format(
        controls=trace.controls,
        days=f"{trace.control_days:,.0f}",
        reached=trace.controls_reached,
        **rates,
    )


def _detectable(trace: Trace) -> str:
    return _(
        "Had a channel leaked, at least one of its canaries would have been reached within this "
        "window with probability {detectable}; silence proves no more than that."
    ).format(detectable=probability(trace.detectable))


def _prior(trace: Trace) -> str:
    channels = sum(len(attribution.channel_ids) for attribution in trace.attributions)
    return _("Stated before looking: {expected} of {channels} channels expected to leak.").format(
        expected=f"{trace.prior:.3g}", channels=channels
    )


def _finding(attribution: Attribution, channel: str) -> str:
    sentences = {
        Verdict.STRONG: _(
            "{channel}: strong. The contacts are most consistent with data that went out through "
            "it, or through whom it passed the data to (posterior {posterior})."
        ),
        Verdict.SUSPECT: _(
            "{channel}: suspect. Data may well have gone out through it (posterior {posterior}); "
            "the evidence is not strong."
        ),
        Verdict.NOT_ENOUGH_EVIDENCE: _(
            "{channel}: not enough evidence either way (posterior {posterior})."
        ),
        Verdict.NO_SIGN: _(
            "{channel}: no sign that data went out through it in this window (posterior "
            "{posterior})."
        ),
    }
    return sentences[attribution.verdict].format(
        channel=channel, posterior=probability(attribution.posterior)
    )


def _planted(attribution: Attribution, facts: Particulars, channel: str) -> str:
    if facts.first_placed is None or facts.last_placed is None:
        return _("Planted: no canary was confirmed with {channel} before the window ended.").format(
            channel=channel
        )
    return _(
        "Planted: {exposed} canaries, confirmed with {channel} between {first} and {last}."
    ).format(
        exposed=attribution.exposed,
        channel=channel,
        first=moment(facts.first_placed),
        last=moment(facts.last_placed),
    )


def _arrived(attribution: Attribution, facts: Particulars) -> str:
    if attribution.first_seen is None:
        return _("Arrived: nothing unsolicited reached any of them.")
    return _(
        "Arrived: {sightings} unsolicited sightings in {campaigns} independent campaigns reached "
        "{reached} of these canaries, the first on {first}; {silent} stayed silent. {named} of the "
        "sightings named the canary or used its e-mail or address."
    ).format(
        sightings=len(attribution.sightings),
        campaigns=attribution.campaigns,
        reached=attribution.exposed - attribution.silent,
        first=moment(attribution.first_seen),
        silent=attribution.silent,
        named=facts.named,
    )


def _controls(attribution: Attribution, trace: Trace) -> str:
    return _(
        "By chance alone {chance} of {exposed} would have been reached, judged by the background "
        "after all the evidence."
    ).format(chance=amount(attribution.expected_by_chance), exposed=attribution.exposed)


def _weight(attribution: Attribution) -> str:
    value = attribution.bayes_factor
    if value >= 100:
        word = _("a great deal")
    elif value >= 10:
        word = _("much")
    elif value > 1:
        word = _("little")
    elif value > 0.5:
        word = _("hardly anything")
    else:
        word = _("against it")
    return _(
        "Bayes factor {factor}: by so much the evidence multiplies the odds held before. That is "
        "{word}, whatever those odds were."
    ).format(factor=factor(value), word=word)


def _range(sensitivity: Sensitivity) -> str:
    return _(
        "Sensitivity: with three times and a third of the expected leaks, three times the "
        "background, and without the strongest campaign, the posterior lies between {low} and "
        "{high}."
    ).format(low=probability(sensitivity.low), high=probability(sensitivity.high))


def _permitted(permission: Permission, channel: str) -> str:
    sentences = {
        Permission.LISTED: _(
            "Permission: passing the data on was listed in what was agreed with {channel}; that it "
            "went on is not by itself a breach."
        ),
        Permission.UNLISTED: _(
            "Permission: passing the data on was not listed in what was agreed with {channel}."
        ),
        Permission.WITHDRAWN: _(
            "Permission: consent had been withdrawn from {channel} for at least one of these "
            "canaries."
        ),
        Permission.UNKNOWN: _(
            "Permission: it is not recorded whether {channel} may pass the data on; evidence that "
            "it went on is not yet a breach."
        ),
    }
    return sentences[permission].format(channel=channel)

"""The other explanations, one by one, with what these data say about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..messages import sentences
from ..messages import translate as _
from ..models import Attribution, Trace
from .figures import probability
from .particulars import Particulars

Explanation = Callable[[Attribution, Trace, Particulars, Mapping[str, str]], str]


def alternatives(
    attribution: Attribution, trace: Trace, facts: Particulars, names: Mapping[str, str]
) -> list[str]:
    """Return one paragraph per explanation other than the channel."""
    return [say(attribution, trace, facts, names) for say in _ALL]


def _guess(
    attribution: Attribution, trace: Trace, facts: Particulars, names: Mapping[str, str]
) -> str:
    said = _("A guess or random dialling: {reached} of {exposed} canaries were reached.").format(
        reached=attribution.exposed - attribution.silent, exposed=attribution.exposed
    )
    if trace.controls:
        said = sentences(
            said,
            _(
                "Of {controls} controls, {reached} were reached; whoever dials at random finds "
                "controls as easily."
            ).format(controls=trace.controls, reached=trace.controls_reached),
        )
    else:
        said = sentences(said, _("Without controls this cannot be ruled out."))
    if facts.named:
        said = sentences(
            said,
            _(
                "{named} sightings named the canary or used its e-mail or address, which a "
                "stranger hardly ever guesses."
            ).format(named=facts.named),
        )
    else:
        said = sentences(said, _("Nobody named the canary, which leaves room for chance."))
    return said


def _recycled(
    attribution: Attribution, trace: Trace, facts: Particulars, names: Mapping[str, str]
) -> str:
    if facts.soak_days:
        said = _(
            "A recycled number, meant for its former owner: the numbers reached had been listened "
            "to for {days} number-days before anybody was given them, with {contacts} contacts."
        ).format(days=f"{facts.soak_days:.0f}", contacts=facts.soak_contacts)
    else:
        said = _(
            "A recycled number, meant for its former owner: nobody listened to these numbers "
            "before they were placed, so this cannot be ruled out for any one of them."
        )
    if facts.asked_for_another:
        said = sentences(
            said,
            _("{count} sightings asked for somebody else, which speaks for it.").format(
                count=facts.asked_for_another
            ),
        )
    return said


def _undeclared(
    attribution: Attribution, trace: Trace, facts: Particulars, names: Mapping[str, str]
) -> str:
    said = _(
        "A breach of one's own, or somebody who was not declared (a print PC, a hop nobody "
        "listed): probability {undeclared}."
    ).format(undeclared=probability(trace.undeclared))
    if facts.elsewhere:
        said = sentences(
            said,
            _(
                "It would have reached canaries of other channels alike; of {elsewhere} of those, "
                "{reached} were reached."
            ).format(elsewhere=facts.elsewhere, reached=facts.elsewhere_reached),
        )
    else:
        said = sentences(
            said,
            _("No canary was placed with another channel only, so nothing tells the two apart."),
        )
    if facts.devices:
        said = sentences(
            said,
            _(
                "The canaries reached were typed or printed on: {devices}; {silent} others from "
                "there stayed silent."
            ).format(devices=_(", ").join(facts.devices), silent=facts.device_silent),
        )
    return said


def _carrier(
    attribution: Attribution, trace: Trace, facts: Particulars, names: Mapping[str, str]
) -> str:
    said = _("The telephone carrier: it knows the numbers, of placed canaries and controls alike.")
    if trace.controls:
        said = sentences(
            said,
            _("Of {controls} controls, {reached} were reached.").format(
                controls=trace.controls, reached=trace.controls_reached
            ),
        )
    if facts.named:
        said = sentences(
            said,
            _(
                "It does not know the canaries' names, e-mails or addresses; {named} sightings did."
            ).format(named=facts.named),
        )
    return said


def _another_hop(
    attribution: Attribution, trace: Trace, facts: Particulars, names: Mapping[str, str]
) -> str:
    said = _(
        "Another hop or a partner: whoever received the data from this channel looks exactly like "
        "it here."
    )
    if facts.also_given:
        said = sentences(
            said,
            _("Canaries that were reached had also been given to: {channels}.").format(
                channels=_(", ").join(names.get(name, name) for name in facts.also_given)
            ),
        )
    else:
        said = sentences(
            said, _("No canary that was reached had been given to any other declared channel.")
        )
    return said


def _label(
    attribution: Attribution, trace: Trace, facts: Particulars, names: Mapping[str, str]
) -> str:
    if not facts.printed:
        return _(
            "A photographed or binned label: none of these canaries travelled on a waybill, so "
            "there was no label to read."
        )
    return _(
        "A photographed or binned label: {printed} of the placements were on waybills, which "
        "anybody on the way or at the bin can read. That takes one label at a time; here "
        "{campaigns} independent campaigns reached {reached} canaries."
    ).format(
        printed=facts.printed,
        campaigns=attribution.campaigns,
        reached=attribution.exposed - attribution.silent,
    )


def _household(
    attribution: Attribution, trace: Trace, facts: Particulars, names: Mapping[str, str]
) -> str:
    return _(
        "A member of the household or the team, who passed on a number they saw: possible for any "
        "one canary; less so for {reached}, unless somebody had the whole list."
    ).format(reached=attribution.exposed - attribution.silent)


def _framing(
    attribution: Attribution, trace: Trace, facts: Particulars, names: Mapping[str, str]
) -> str:
    return _(
        "Somebody who wants this channel to look responsible: it takes knowledge of which canaries "
        "it was given. Anybody holding the numbers could have made up {forgeable} of the "
        "{sightings} sightings; the others carry a gateway's proof or a second record."
    ).format(forgeable=facts.forgeable, sightings=len(attribution.sightings))


_ALL: tuple[Explanation, ...] = (
    _guess,
    _recycled,
    _undeclared,
    _carrier,
    _another_hop,
    _label,
    _household,
    _framing,
)

"""The verdict, by rules stated once, here; ``docs/trace.md`` repeats them in words.

* **strong**: posterior at least 0.95 **and** Bayes factor at least 100 **and** at least two
  canaries reached **and** at least one control listened **and** the posterior stays at least 0.95

  - when every sighting that anybody could have forged is left out,
  - when the expected number of leaks is three times as high or a third,
  - when the background is three times as high,
  - when the strongest campaign is left out (so one campaign alone is never strong).

* **suspect**: posterior at least 0.5, and not strong.
* **no sign**: the channel was exposed, its posterior is at most 0.05, and the probability that
  there was no leak at all is at least 0.9.
* **not enough evidence**: everything else, a channel that was never exposed included.

What kept a verdict from being higher is listed in ``Attribution.limits`` in the stable words below.

The thresholds are conventions, chosen beforehand and not tuned on simulations.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..models import Permission, Verdict

STRONG_POSTERIOR = 0.95
STRONG_BAYES_FACTOR = 100.0
STRONG_CANARIES = 2
SUSPECT_POSTERIOR = 0.5
NO_SIGN_NONE = 0.9
NO_SIGN_POSTERIOR = 0.05

#: Rate believed before any control has been listened to, per number and day: Prasad et al.,
#: "Who's Calling?", USENIX Security 2020 (1,481,201 calls, 66,606 unpublished US lines, 11 months).
UNMEASURED_RATE = 0.067
#: Number-days below which the controls have measured nothing yet.
ENOUGH_DAYS = 0.5 / UNMEASURED_RATE


NEVER_EXPOSED = "never exposed"
NOBODY_REACHED = "nobody reached its canaries"
BELOW_SUSPECT = "posterior below 0.5"
BELOW_STRONG = "posterior below 0.95"
SMALL_BAYES_FACTOR = "Bayes factor below 100"
ONE_CANARY = "one canary only"
NO_CONTROLS = "no controls"
FORGEABLE = "forgeable evidence"
ONE_CAMPAIGN = "depends on one campaign"
ASSUMPTIONS = "depends on the assumptions"

#: Every word that ``Attribution.limits`` may hold.
LIMITS = (
    NEVER_EXPOSED,
    NOBODY_REACHED,
    BELOW_SUSPECT,
    BELOW_STRONG,
    SMALL_BAYES_FACTOR,
    ONE_CANARY,
    NO_CONTROLS,
    FORGEABLE,
    ONE_CAMPAIGN,
    ASSUMPTIONS,
)

#: Of several placements' permissions the first in this order stands for the channel: one canary
#: passed on after consent was withdrawn says more than nine that were listed, and anything
#: known says more than ``unknown``.
PERMISSIONS = (
    Permission.WITHDRAWN,
    Permission.UNLISTED,
    Permission.LISTED,
    Permission.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at, for one attribution."""

    posterior: float
    bayes_factor: float
    #: Canaries confirmed with it, and those of them that were reached.
    exposed: int
    reached: int
    #: Controls that listened.
    controls: int
    #: P(no leak at all).
    none: float
    #: Posterior without forgeable sightings.
    unforgeable: float
    #: Lowest posterior with other priors and a higher background.
    assumptions: float
    #: Posterior without the strongest campaign.
    one_campaign_less: float


def judge(case: Case) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict on *case* and the limits that kept it from being higher."""
    if case.exposed == 0:
        return Verdict.NOT_ENOUGH_EVIDENCE, (NEVER_EXPOSED,)
    if case.posterior < SUSPECT_POSTERIOR:
        if case.posterior <= NO_SIGN_POSTERIOR and case.none >= NO_SIGN_NONE:
            return Verdict.NO_SIGN, ()
        nobody = () if case.reached else (NOBODY_REACHED,)
        return Verdict.NOT_ENOUGH_EVIDENCE, (*nobody, BELOW_SUSPECT)
    caps = (
        (case.posterior < STRONG_POSTERIOR, BELOW_STRONG),
        (case.bayes_factor < STRONG_BAYES_FACTOR, SMALL_BAYES_FACTOR),
        (case.reached < STRONG_CANARIES, ONE_CANARY),
        (case.controls == 0, NO_CONTROLS),
        (case.unforgeable < STRONG_POSTERIOR <= case.posterior, FORGEABLE),
        (case.one_campaign_less < STRONG_POSTERIOR <= case.posterior, ONE_CAMPAIGN),
        (case.assumptions < STRONG_POSTERIOR <= case.posterior, ASSUMPTIONS),
    )
    limits = tuple(word for capped, word in caps if capped)
    return (Verdict.SUSPECT if limits else Verdict.STRONG), limits


def permission(permissions: set[Permission]) -> Permission:
    """Return the one of *permissions* that stands for the channel; see :data:`PERMISSIONS`."""
    return next((known for known in PERMISSIONS if known in permissions), Permission.UNKNOWN)

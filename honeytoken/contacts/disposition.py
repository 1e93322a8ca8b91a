"""What a contact is held to be, before anybody reviewed it, and why. Pure rules.

A courier rings to deliver, often from a private mobile; a thief can imitate a courier's number.
So inside a delivery window (``trace.windows``) a contact has no weight either way, unless what it
says shows that it is no delivery. A claimed sender alone proves nothing, in neither direction.
docs/contacts.md states the rules for whoever must check them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ..models import (
    Channel,
    ChannelKind,
    CheckResult,
    Disposition,
    Facts,
    MailChecks,
    Medium,
    Outline,
    PlacementStatus,
    Role,
)
from ..trace.windows import delivery_window
from . import content, senders
from .content import Topic

_PARCELS = frozenset(
    {ChannelKind.COURIER, ChannelKind.HUB, ChannelKind.STATION, ChannelKind.WAREHOUSE}
)
#: Who was asked about money may well write about it.
_MONEY = frozenset({ChannelKind.LENDER, ChannelKind.BROKER})
_NO_FACTS = Facts()
#: A hub's courier's group: no chain of parents is longer.
_MOST_PARENTS = 8


class Reason(StrEnum):
    """Why a contact is held to be what it is: stable words."""

    STRAY = "recipient not ours"
    CONTROL = "reached a control"
    NOT_PLACED = "nobody had been given it yet"
    NOBODY_AWAITED = "nobody was awaited"
    NO_DELIVERY = "not about a delivery"
    STRANGE_LINK = "asks for payment or details at a strange address"
    NO_RIDER = "no rider does this"
    AWAITED = "somebody was awaited"
    PROVEN_MAIL = "awaited, from a proven mail domain"
    KNOWN_MESSAGE = "awaited, expected number, signature and content"
    DRILL = "our own drill"
    BY_HAND = "by hand"


class Judgement(NamedTuple):
    """A disposition and why."""

    disposition: Disposition
    reason: Reason


def judge(
    *,
    role: Role | None,
    placements: Sequence[Outline],
    channels: Mapping[str, Channel],
    medium: Medium,
    received_at: datetime,
    sender: str,
    text: str | None,
    region: str,
    facts: Facts = _NO_FACTS,
    checks: MailChecks | None = None,
) -> Judgement:
    """Return what a contact is held to be, and why.

    Args:
        role: of the contact point it reached; ``None`` if that is none of ours.
        placements: all placements of its candidate canaries.
        channels: by id.
        medium: how it reached us.
        received_at: when it reached us.
        sender: as ``normalize.sender`` gives it, or a mail address; ``""`` if withheld.
        text: what it said, subject included, if it said anything.
        region: ISO 3166-1 alpha-2 country whose national notation expected senders may use.
        facts: what ``facts.extract`` took out of the text.
        checks: of a mail.
    """
    if role is None:
        return Judgement(Disposition.UNREVIEWED, Reason.STRAY)
    if role is Role.CONTROL:
        return Judgement(Disposition.BACKGROUND, Reason.CONTROL)
    given = [
        placement
        for placement in placements
        if placement.status is not PlacementStatus.VOID and placement.intended_at <= received_at
    ]
    if not given:
        return Judgement(Disposition.BACKGROUND, Reason.NOT_PLACED)
    awaited = {
        placement.channel_id: channels[placement.channel_id]
        for placement in given
        if (window := delivery_window(placement)) and window[0] <= received_at <= window[1]
    }.values()
    if not awaited:
        return Judgement(Disposition.UNSOLICITED, Reason.NOBODY_AWAITED)
    known = _expected_senders(awaited, channels)
    kinds = {channel.kind for channel in awaited}
    if medium is Medium.FILE or (medium is Medium.LINK and kinds <= _PARCELS):
        return Judgement(Disposition.UNSOLICITED, Reason.NO_RIDER)
    said = content.topics(text) if text else Topic.NONE
    if not kinds & _MONEY:
        if said & Topic.OFFER or (kinds <= _PARCELS and said & Topic.COMPENSATION):
            return Judgement(Disposition.UNSOLICITED, Reason.NO_DELIVERY)
        strange = any(not senders.knows_link(known, link) for link in facts.links)
        if said & Topic.DEMAND and strange:
            return Judgement(Disposition.UNSOLICITED, Reason.STRANGE_LINK)
    harmless = _harmless(facts, known, region)
    if medium is Medium.EMAIL and harmless and _proven(checks, sender, known):
        return Judgement(Disposition.EXPECTED, Reason.PROVEN_MAIL)
    if (
        medium is Medium.SMS
        and harmless
        and (said & Topic.DELIVERY or kinds <= _MONEY)
        and _one_channel_knows(awaited, channels, facts.signature, sender, region)
    ):
        return Judgement(Disposition.EXPECTED, Reason.KNOWN_MESSAGE)
    return Judgement(Disposition.AMBIGUOUS, Reason.AWAITED)


def _expected_senders(
    awaited: Collection[Channel], channels: Mapping[str, Channel]
) -> tuple[str, ...]:
    """Return the expected senders of channels and of those they belong to: a hub's courier."""
    found: dict[str, None] = {}
    for channel in awaited:
        current: Channel | None = channel
        for _step in range(_MOST_PARENTS):
            if current is None:
                break
            found.update(dict.fromkeys(current.expected_senders))
            current = channels.get(current.parent_id or "")
    return tuple(found)


def _proven(checks: MailChecks | None, sender: str, known: Sequence[str]) -> bool:
    """Tell whether a mail is proven to come from a known mail domain.

    SPF alone is not enough: it speaks of the envelope, which the reader of a mail never sees.
    """
    if checks is None or CheckResult.PASS not in (checks.dmarc, checks.dkim):
        return False
    if checks.dmarc is CheckResult.FAIL or not senders.knows_domain(known, checks.domain):
        return False
    return senders.knows_domain(known, sender.rpartition("@")[2])


def _one_channel_knows(
    awaited: Collection[Channel],
    channels: Mapping[str, Channel],
    signature: str | None,
    sender: str,
    region: str,
) -> bool:
    """Tell whether number and signature are known of one and the same channel."""
    if signature is None:
        return False
    return any(
        senders.knows_signature(known, signature)
        and senders.knows_number(known, sender, region=region)
        for channel in awaited
        for known in (_expected_senders((channel,), channels),)
    )


def _harmless(facts: Facts, known: Sequence[str], region: str) -> bool:
    """Tell whether a text leads nowhere but to known addresses and numbers."""
    return all(senders.knows_link(known, link) for link in facts.links) and all(
        senders.knows_number(known, number, region=region) for number in facts.call_back_numbers
    )

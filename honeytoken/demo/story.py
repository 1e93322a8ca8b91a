"""What happens in a demo: who is planted with whom, who rings, which channel leaks. Pure.

Every number is reserved for fiction (+44 7700 900xxx, Ofcom) or in a block that is not allocated
(+86 154, +86 161), every company is made up.
"""

from __future__ import annotations

import random as random_module
from dataclasses import dataclass
from datetime import timedelta

from ..models import ChannelKind, DocumentKind, Medium

#: How long the story lasts.
DAYS = 60
#: Phone numbers of a country, and how many canaries of each channel are of it.
CHINESE, BRITISH = "CN", "GB"
CHINESE_NUMBERS, BRITISH_NUMBERS = 75, 35
CONTROLS = 30
PER_CHANNEL = {CHINESE: 7, BRITISH: 3}
#: One story in this many has no leak.
_NO_LEAK_IN = 8


@dataclass(frozen=True, slots=True)
class Party:
    """A channel of the story."""

    name: str
    kind: ChannelKind
    document: DocumentKind
    parent: str | None = None
    expected_senders: tuple[str, ...] = ()
    #: Days after planting within which it may well ring.
    expected_days: int = 0
    permission: str = "unknown"


PARTIES = (
    Party(
        "northbound",
        ChannelKind.COURIER,
        DocumentKind.WAYBILL,
        expected_senders=("95338*", "【北行速递】"),
        expected_days=6,
    ),
    Party(
        "northbound-hub-2",
        ChannelKind.HUB,
        DocumentKind.WAYBILL,
        parent="northbound",
        expected_senders=("95338*",),
        expected_days=6,
    ),
    Party(
        "swiftwing",
        ChannelKind.COURIER,
        DocumentKind.WAYBILL,
        expected_senders=("95720*", "【捷翼快递】"),
        expected_days=6,
    ),
    Party(
        "swiftwing-hub-5",
        ChannelKind.HUB,
        DocumentKind.WAYBILL,
        parent="swiftwing",
        expected_senders=("95720*",),
        expected_days=6,
    ),
    Party("riverside-warehouse", ChannelKind.WAREHOUSE, DocumentKind.OTHER),
    Party(
        "quicklend",
        ChannelKind.LENDER,
        DocumentKind.LOAN_FORM,
        expected_senders=("【快易借】",),
        expected_days=10,
        permission="unlisted",
    ),
)


@dataclass(frozen=True, slots=True)
class Target:
    """Who is rung: a canary of a channel, or any number of the pool by its place in it."""

    #: Name of the channel and place among its canaries, or ``None``.
    canary: tuple[str, int] | None = None
    #: Place in the pool, for those who dial at random.
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One call or SMS."""

    #: Since the beginning of the story.
    at: timedelta
    medium: Medium
    sender: str
    target: Target
    #: ``{name}`` and ``{family_name}`` stand for the canary's; an SMS has one.
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """All that will happen."""

    seed: int
    #: The channel whose data is sold, or ``None``.
    channel: str | None
    #: (channel, place among its canaries) -> when it is planted.
    plantings: tuple[tuple[str, int, timedelta], ...]
    happenings: tuple[Happening, ...]


def write(seed: int) -> Story:
    """Return the story of a seed."""
    random = random_module.Random(seed)  # noqa: S311  # a story, not a secret
    leak_at = timedelta(days=random.uniform(20, 28))
    names = [party.name for party in PARTIES]
    channel = None if random.randrange(_NO_LEAK_IN) == 0 else random.choice(names)
    plantings = [
        (party.name, place, timedelta(days=random.uniform(1, 12)))
        for party in PARTIES
        for place in range(sum(PER_CHANNEL.values()))
    ]
    happenings = [
        *_deliveries(random, plantings),
        *_robocalls(random),
        *_impostor(random, plantings, after=timedelta(days=14)),
    ]
    if channel is not None:
        happenings += _buyers(random, channel, leak_at)
    happenings = [item for item in happenings if item.at < timedelta(days=DAYS)]
    happenings.sort(key=lambda item: (item.at, item.sender))
    plantings.sort(key=lambda item: (item[2], item[0], item[1]))
    return Story(seed, channel, tuple(plantings), tuple(happenings))


def _private_mobile(random: random_module.Random) -> str:
    return f"+8616{random.choice('134')}{random.randrange(10**8):08d}"


def _deliveries(
    random: random_module.Random, plantings: list[tuple[str, int, timedelta]]
) -> list[Happening]:
    """Riders ring from private mobiles, couriers and the lender write: all foreseen."""
    found = []
    by_name = {party.name: party for party in PARTIES}
    riders = [_private_mobile(random) for _rider in range(12)]
    for name, place, planted in plantings:
        party = by_name[name]
        at = planted + timedelta(days=random.uniform(0.8, 3.5))
        target = Target(canary=(name, place))
        if party.kind in (ChannelKind.COURIER, ChannelKind.HUB) and random.random() < 0.8:
            found.append(Happening(at, Medium.CALL, random.choice(riders), target))
        if party.kind is ChannelKind.COURIER and random.random() < 0.6:
            short_code = party.expected_senders[0].rstrip("*")
            text = f"{party.expected_senders[1]}您的快件已到达驿站,请凭取件码领取。"
            at += timedelta(hours=random.uniform(1, 9))
            found.append(Happening(at, Medium.SMS, short_code, target, text))
        if party.kind is ChannelKind.LENDER and random.random() < 0.7:
            text = f"{party.expected_senders[0]}您的申请正在审核,请留意通知。"
            found.append(Happening(at, Medium.SMS, "106900001234", target, text))
    return found


def _robocalls(random: random_module.Random) -> list[Happening]:
    """Diallers who know nobody: single calls, and runs over many numbers, controls included."""
    total = CHINESE_NUMBERS + BRITISH_NUMBERS
    found = [
        Happening(
            timedelta(days=random.uniform(0, DAYS)),
            Medium.CALL,
            _private_mobile(random),
            Target(number=random.randrange(total)),
        )
        for _call in range(random.randint(8, 16))
    ]
    for _run in range(3):
        start = timedelta(days=random.uniform(5, DAYS - 3))
        caller = _private_mobile(random)
        for number in random.sample(range(total), 16):
            at = start + timedelta(hours=random.uniform(0, 30))
            found.append(Happening(at, Medium.CALL, caller, Target(number=number)))
    return found


def _impostor(
    random: random_module.Random,
    plantings: list[tuple[str, int, timedelta]],
    *,
    after: timedelta,
) -> list[Happening]:
    """A scammer who writes under a courier's signature to numbers dialled at random."""
    total = CHINESE_NUMBERS + BRITISH_NUMBERS
    start = after + timedelta(days=random.uniform(5, 25))
    text = "【北行速递】您的包裹在运输途中丢失,现办理退款理赔,请联系客服。"
    return [
        Happening(
            start + timedelta(hours=random.uniform(0, 40)),
            Medium.SMS,
            "95338",
            Target(number=number),
            text,
        )
        for number in random.sample(range(total), 9)
    ]


def _buyers(random: random_module.Random, channel: str, leak_at: timedelta) -> list[Happening]:
    """Two or three actors who bought the list: they know names, and reach most of its canaries."""
    texts = (
        "{name}您好,您的贷款额度已批准,最高20万元,回复1领取。",
        "【客服中心】{name},您购买的商品质量有问题,现为您办理三倍退款。",
        "{name}先生女士,低息借款当天到账,退订回T。",
    )
    found = []
    places = list(range(sum(PER_CHANNEL.values())))
    start = leak_at
    for text in random.sample(texts, random.randint(2, 3)):
        caller = _private_mobile(random)
        start += timedelta(days=random.uniform(0.5, 6))
        for place in places:
            if random.random() < 0.55:
                at = start + timedelta(days=random.expovariate(1 / 3))
                target = Target(canary=(channel, place))
                writes = random.random() < 0.6
                found.append(
                    Happening(
                        at,
                        Medium.SMS if writes else Medium.CALL,
                        caller,
                        target,
                        text if writes else None,
                    )
                )
    return found

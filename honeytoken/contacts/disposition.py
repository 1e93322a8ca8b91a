"""What a contact is held to be, before anybody reviewed it. Pure rules.

A courier rings to deliver, often from a private mobile; a thief can imitate a courier's number.
So inside a delivery window a contact has no weight either way, unless what it says shows that it is
no delivery; and a claimed sender alone proves nothing, in neither direction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from .. import normalize
from ..models import Channel, ChannelKind, Disposition, Outline, PlacementStatus, Role

# What nobody who delivers a parcel writes. Checked on NFKC text in lower case.
_NO_DELIVERY = re.compile(
    r"退款|理赔|赔付|赔偿|贷款|借款|额度|利率|征信|网贷|投资|理财|股票|荐股|博彩|彩票|刷单|兼职"
    r"|返现|返利|中奖|解冻|安全账户|注销(?:账户|账号|校园贷)"
    r"|\b(?:loan|credit line|refund|compensation|invest(?:ment|ing)?|crypto|bitcoin|lottery|casino"
    r"|prize|gift card|safe account|unfreeze)\b"
)
_DELIVERING = frozenset(
    {ChannelKind.COURIER, ChannelKind.HUB, ChannelKind.STATION, ChannelKind.WAREHOUSE}
)
_SIGNATURE = re.compile(r"^\s*【[^】]{1,40}】")


def judge(
    *,
    role: Role | None,
    placements: Sequence[Outline],
    channels: Mapping[str, Channel],
    received_at: datetime,
    sender: str,
    text: str | None,
) -> Disposition:
    """Return the disposition of a contact.

    Args:
        role: of the contact point it reached; ``None`` if that is none of ours.
        placements: all placements of its candidate canaries.
        channels: by id.
        received_at: when it reached us.
        sender: as ``normalize.sender`` gives it; ``""`` if withheld.
        text: what it said, if it said anything.
    """
    if role is None:
        return Disposition.UNREVIEWED
    given = [
        placement
        for placement in placements
        if placement.status is not PlacementStatus.VOID and placement.intended_at <= received_at
    ]
    if role is Role.CONTROL or not given:
        return Disposition.BACKGROUND
    expecting = [
        placement
        for placement in given
        if placement.expected_until is not None and received_at <= placement.expected_until
    ]
    if not expecting:
        return Disposition.UNSOLICITED
    # A lender's own answer speaks of the loan: the words only tell where all that is awaited is a
    # parcel.
    only_parcels = all(channels[item.channel_id].kind in _DELIVERING for item in expecting)
    if text and only_parcels and shows_no_delivery(text):
        return Disposition.UNSOLICITED
    known = (
        pattern
        for placement in expecting
        for pattern in channels[placement.channel_id].expected_senders
    )
    if is_known_sender(sender, text, known):
        return Disposition.EXPECTED
    return Disposition.AMBIGUOUS


def shows_no_delivery(text: str) -> bool:
    """Tell whether a text speaks of a loan, a refund, an investment: not a rider."""
    return _NO_DELIVERY.search(unicodedata.normalize("NFKC", text).lower()) is not None


def is_known_sender(sender: str, text: str | None, patterns: Iterable[str]) -> bool:
    """Tell whether a claimed sender is one that a channel is known to use.

    Args:
        sender: canonical; an e-mail address for mail.
        text: whose leading ``【signature】`` counts as a claim, too.
        patterns: as in ``Channel.expected_senders``.
    """
    claimed = _SIGNATURE.match(text) if text else None
    signature = claimed.group().strip() if claimed else None
    for pattern in patterns:
        if pattern.startswith("【"):
            if pattern == signature:
                return True
        elif pattern.endswith("*"):
            if sender and sender.startswith(pattern[:-1]):
                return True
        elif "." in pattern and "@" in sender:
            domain = sender.rpartition("@")[2]
            if domain == pattern.lower() or domain.endswith(f".{pattern.lower()}"):
                return True
        elif sender and sender in (pattern, normalize.sender(pattern, region="CN")):
            return True
    return False

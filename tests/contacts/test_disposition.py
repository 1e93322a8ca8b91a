from __future__ import annotations

from datetime import timedelta

import pytest

from honeytoken.contacts.disposition import is_known_sender, judge, shows_no_delivery
from honeytoken.models import Channel, ChannelKind, Disposition, Outline, PlacementStatus, Role
from tests.conftest import START

COURIER = Channel("c", "c", ChannelKind.COURIER, START, None, ("95338*", "【圆满速递】"))
WINDOW = Outline("c", PlacementStatus.CONFIRMED, START, START + timedelta(days=5))


def _judged(
    *,
    role: Role | None = Role.PLANTABLE,
    placements: tuple[Outline, ...] = (WINDOW,),
    days: float = 1,
    sender: str = "+8616100000001",
    text: str | None = None,
) -> Disposition:
    return judge(
        role=role,
        placements=placements,
        channels={"c": COURIER},
        received_at=START + timedelta(days=days),
        sender=sender,
        text=text,
    )


def test_a_rider_on_a_private_mobile_inside_the_window_is_ambiguous() -> None:
    assert _judged() is Disposition.AMBIGUOUS


def test_the_courier_itself_inside_the_window_is_expected() -> None:
    assert _judged(sender="9533800123") is Disposition.EXPECTED
    assert _judged(sender="106900", text="【圆满速递】您的快件已到") is Disposition.EXPECTED


def test_a_claimed_courier_after_the_window_is_unsolicited() -> None:
    assert _judged(sender="95338", days=6) is Disposition.UNSOLICITED


def test_a_loan_offer_inside_the_window_is_no_rider() -> None:
    assert _judged(text="低息贷款当天到账") is Disposition.UNSOLICITED
    assert _judged(sender="95338", text="【圆满速递】为您办理退款") is Disposition.UNSOLICITED


def test_a_contact_on_a_control_is_background() -> None:
    assert _judged(role=Role.CONTROL) is Disposition.BACKGROUND


def test_a_contact_before_anything_was_planted_is_background() -> None:
    assert _judged(days=-1) is Disposition.BACKGROUND
    assert _judged(placements=()) is Disposition.BACKGROUND


def test_a_contact_on_none_of_ours_waits_for_a_person() -> None:
    assert _judged(role=None) is Disposition.UNREVIEWED


@pytest.mark.parametrize(
    "text", ["退款理赔", "贷款", "Your LOAN is approved", "Claim your refund now"]
)
def test_texts_that_are_no_delivery(text: str) -> None:
    assert shows_no_delivery(text)


@pytest.mark.parametrize("text", ["您的快件已到达驿站", "Your parcel arrives today", "", "loaned"])
def test_texts_that_may_be_a_delivery(text: str) -> None:
    assert not shows_no_delivery(text)


@pytest.mark.parametrize(
    ("sender", "text", "pattern", "known"),
    [
        ("95338", None, "95338*", True),
        ("9533812345", None, "95338*", True),
        ("+8695338", None, "95338", False),
        ("", None, "*", False),
        ("10086", "【圆满速递】到了", "【圆满速递】", True),
        ("10086", "到了【圆满速递】", "【圆满速递】", False),
        ("a@mail.northbound.example", None, "northbound.example", True),
        ("a@evilnorthbound.example", None, "northbound.example", False),
        ("+447700900123", None, "+44 7700 900123", True),
    ],
)
def test_known_senders(sender: str, text: str | None, pattern: str, known: bool) -> None:
    assert is_known_sender(sender, text, [pattern]) is known


def test_a_lenders_own_answer_does_not_accuse_it() -> None:
    lender = Channel("c", "c", ChannelKind.LENDER, START, None, ("【快易借】",))
    judged = judge(
        role=Role.PLANTABLE,
        placements=(WINDOW,),
        channels={"c": lender},
        received_at=START + timedelta(days=1),
        sender="106900",
        text="【快易借】您的贷款申请已收到",
    )
    assert judged is Disposition.EXPECTED

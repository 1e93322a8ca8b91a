"""What a contact is held to be, rule by rule; docs/contacts.md states them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken.contacts import facts
from honeytoken.contacts.content import Topic, topics
from honeytoken.contacts.disposition import Judgement, Reason, judge
from honeytoken.models import (
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
from tests.conftest import START

COURIER = Channel(
    "c", "c", ChannelKind.COURIER, START, None, ("95338*", "【圆满速递】", "northbound.example")
)
WINDOW = Outline("c", PlacementStatus.CONFIRMED, START, START + timedelta(days=5))
TRACKED = WINDOW._replace(
    dispatched_at=START + timedelta(days=2), delivered_at=START + timedelta(days=4)
)
PROVEN = MailChecks(dmarc=CheckResult.PASS, domain="northbound.example")


def _judged(
    *,
    role: Role | None = Role.PLANTABLE,
    placements: tuple[Outline, ...] = (WINDOW,),
    channel: Channel = COURIER,
    days: float = 1,
    sender: str = "+8616100000001",
    text: str | None = None,
    medium: Medium | None = None,
    checks: MailChecks | None = None,
) -> Judgement:
    return judge(
        role=role,
        placements=placements,
        channels={"c": channel},
        medium=medium or (Medium.SMS if text else Medium.CALL),
        received_at=START + timedelta(days=days),
        sender=sender,
        text=text,
        region="CN",
        facts=facts.extract(None, text, region="CN"),
        checks=checks,
    )


def _held(**given: object) -> Disposition:
    return _judged(**given).disposition  # type: ignore[arg-type]  # the arguments of _judged


def test_a_rider_on_a_private_mobile_inside_the_window_is_ambiguous() -> None:
    assert _judged() == (Disposition.AMBIGUOUS, Reason.AWAITED)


def test_a_call_from_the_couriers_own_number_is_still_only_a_claim() -> None:
    assert _held(sender="95338") is Disposition.AMBIGUOUS


def test_a_claimed_courier_after_the_window_is_unsolicited() -> None:
    assert _judged(sender="95338", days=6) == (Disposition.UNSOLICITED, Reason.NOBODY_AWAITED)


@pytest.mark.parametrize(
    ("days", "held"),
    [
        (1.9, Disposition.UNSOLICITED),
        (2, Disposition.AMBIGUOUS),
        (4.5, Disposition.AMBIGUOUS),
        (6, Disposition.AMBIGUOUS),
        (6.01, Disposition.UNSOLICITED),
    ],
)
def test_the_window_is_from_dispatch_to_48_hours_after_delivery(
    days: float, held: Disposition
) -> None:
    assert _held(placements=(TRACKED,), days=days) is held


def test_a_dispatched_parcel_is_waited_for_thirty_days_if_nothing_else_is_known() -> None:
    alone = WINDOW._replace(expected_until=None, dispatched_at=START)
    assert _held(placements=(alone,), days=29.9) is Disposition.AMBIGUOUS
    assert _held(placements=(alone,), days=30.1) is Disposition.UNSOLICITED


def test_a_delivered_parcel_with_unknown_dispatch_was_awaited_since_the_placement() -> None:
    delivered = WINDOW._replace(expected_until=None, delivered_at=START + timedelta(days=1))
    assert _held(placements=(delivered,), days=2.9) is Disposition.AMBIGUOUS
    assert _held(placements=(delivered,), days=3.1) is Disposition.UNSOLICITED


def test_a_void_placement_awaits_nobody() -> None:
    void = WINDOW._replace(status=PlacementStatus.VOID)
    assert _judged(placements=(void,)) == (Disposition.BACKGROUND, Reason.NOT_PLACED)


def test_a_contact_on_a_control_is_background() -> None:
    assert _judged(role=Role.CONTROL) == (Disposition.BACKGROUND, Reason.CONTROL)


def test_a_contact_before_anything_was_planted_is_background() -> None:
    assert _held(days=-1) is Disposition.BACKGROUND
    assert _held(placements=()) is Disposition.BACKGROUND


def test_a_contact_on_none_of_ours_waits_for_a_person() -> None:
    assert _judged(role=None) == (Disposition.UNREVIEWED, Reason.STRAY)


# What a true courier or pick-up station writes


@pytest.mark.parametrize(
    "text",
    [
        "【圆满速递】您的快件已到达驿站,请凭取件码8-2-3045领取。",
        "【圆满速递】快件由快递员王师傅派送,电话15400000001,签收前请验货,破损不予赔偿。",
        "您的包裹放在彩票店旁边的快递柜,取件码 123456",
        "【圆满速递】您的退货快件已揽收,客服热线95338。",
        "我到楼下了,投资大厦门口,下来取一下快递",
        "【圆满速递】您的信用卡快件正在派送,请本人持身份证签收。",
        "地址不详,请联系快递员补充",
        "您的代收货款已到账,感谢使用",
        "Your parcel arrives today. Track it at https://northbound.example/t/1",
        "Northbound: we missed you. Non-refundable items cannot be returned at the depot.",
        "",
    ],
)
def test_a_true_couriers_text_in_the_window_never_counts_against_anybody(text: str) -> None:
    assert _held(text=text) in (Disposition.AMBIGUOUS, Disposition.EXPECTED)


# What a thief writes under a courier's signature


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("【圆满速递】您的快件丢失,现办理双倍赔偿,请加微信abc", Reason.NO_DELIVERY),
        ("【圆满速递】为您办理退款,请联系客服400-123-4567", Reason.NO_DELIVERY),
        ("【圆满速递】快递破损请添加客服专员登记", Reason.NO_DELIVERY),
        ("【圆满速递】包裹遗失,点击 t.cn/A6xyz 办理", Reason.NO_DELIVERY),
        ("【圆满速遞】您的包裹遺失,現為您理賠", Reason.NO_DELIVERY),
        ("低息贷 款当天到账", Reason.NO_DELIVERY),
        ("低息贷\u200b款", Reason.NO_DELIVERY),
        ("兼职刷单日赚300,加QQ123456", Reason.NO_DELIVERY),
        ("Your LOAN is approved", Reason.NO_DELIVERY),
        ("Northbound: your parcel was lost, claim your refund now", Reason.NO_DELIVERY),
        ("【圆满速递】包裹地址有误,请到 http://yt-0.example/a 更新地址", Reason.STRANGE_LINK),
        ("Northbound: pay a £1.99 fee at nb-redelivery.example", Reason.STRANGE_LINK),
    ],
)
@pytest.mark.parametrize("sender", ["95338", "+8616100000001"])
def test_a_scammer_with_the_couriers_signature_is_seen_inside_the_window(
    text: str, reason: Reason, sender: str
) -> None:
    assert _judged(text=text, sender=sender) == (Disposition.UNSOLICITED, reason)


def test_a_link_of_the_couriers_own_may_ask_for_payment() -> None:
    text = "Northbound: pay a £1.99 fee at https://pay.northbound.example/x for your parcel"
    assert _held(text=text) is Disposition.AMBIGUOUS


# Expected: what a forger elsewhere would not have


OWN = "【圆满速递】您的快件已到达驿站,请凭取件码领取。"


def test_a_message_is_expected_with_known_number_signature_and_content() -> None:
    assert _judged(sender="9533800123", text=OWN) == (
        Disposition.EXPECTED,
        Reason.KNOWN_MESSAGE,
    )


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ("106900", OWN),
        ("9533800123", OWN.replace("圆满速递", "别的速递")),
        ("9533800123", OWN[6:]),
        ("9533800123", "【圆满速递】请回电"),
        ("9533800123", OWN + "详情 t.cn/A6xyz"),
        ("9533800123", OWN + "电话15400000001"),
        ("", OWN),
    ],
)
def test_a_message_that_lacks_one_of_them_is_ambiguous(sender: str, text: str) -> None:
    assert _judged(sender=sender, text=text) == (Disposition.AMBIGUOUS, Reason.AWAITED)


def test_number_and_signature_of_two_channels_do_not_add_up() -> None:
    placements = (WINDOW, WINDOW._replace(channel_id="d"))
    other = replace(COURIER, id="d", expected_senders=("【别家快递】",))
    first = replace(COURIER, expected_senders=("95338*",))
    judged = judge(
        role=Role.PLANTABLE,
        placements=placements,
        channels={"c": first, "d": other},
        medium=Medium.SMS,
        received_at=START + timedelta(days=1),
        sender="95338",
        text="【别家快递】您的快件已到",
        region="CN",
        facts=Facts(signature="别家快递"),
    )
    assert judged.disposition is Disposition.AMBIGUOUS


def test_a_hub_writes_under_its_couriers_signature() -> None:
    hub = Channel("h", "h", ChannelKind.HUB, START, "c")
    judged = judge(
        role=Role.PLANTABLE,
        placements=(WINDOW._replace(channel_id="h"),),
        channels={"c": COURIER, "h": hub},
        medium=Medium.SMS,
        received_at=START + timedelta(days=1),
        sender="95338",
        text=OWN,
        region="CN",
        facts=Facts(signature="圆满速递"),
    )
    assert judged.disposition is Disposition.EXPECTED


MAIL = "Your parcel arrives today."


def test_a_proven_mail_of_the_channels_domain_is_expected() -> None:
    mail = {"medium": Medium.EMAIL, "text": MAIL, "sender": "no-reply@mail.northbound.example"}
    assert _held(**mail, checks=PROVEN) is Disposition.EXPECTED
    signed = MailChecks(dkim=CheckResult.PASS, domain="mail.northbound.example")
    assert _held(**mail, checks=signed) is Disposition.EXPECTED


@pytest.mark.parametrize(
    ("sender", "checks"),
    [
        ("a@northbound.example", None),
        ("a@northbound.example", MailChecks()),
        ("a@northbound.example", MailChecks(spf=CheckResult.PASS, domain="northbound.example")),
        ("a@northbound.example", MailChecks(dmarc=CheckResult.PASS, domain="thief.example")),
        ("a@evilnorthbound.example", replace(PROVEN, domain="evilnorthbound.example")),
        ("a@thief.example", PROVEN),
        (
            "a@northbound.example",
            MailChecks(dkim=CheckResult.PASS, dmarc=CheckResult.FAIL, domain="northbound.example"),
        ),
    ],
)
def test_a_mail_that_is_not_proven_is_ambiguous(sender: str, checks: MailChecks | None) -> None:
    assert _held(medium=Medium.EMAIL, text=MAIL, sender=sender, checks=checks) is (
        Disposition.AMBIGUOUS
    )


def test_a_proven_mail_about_money_back_is_unsolicited_all_the_same() -> None:
    mail = {"medium": Medium.EMAIL, "text": "Claim your refund", "sender": "a@northbound.example"}
    assert _held(**mail, checks=PROVEN) is Disposition.UNSOLICITED


# Other media, other channels


def test_a_parcel_in_the_window_may_be_the_one_awaited_and_after_it_is_not() -> None:
    assert _held(medium=Medium.PARCEL) is Disposition.AMBIGUOUS
    assert _held(medium=Medium.PARCEL, days=9) is Disposition.UNSOLICITED


@pytest.mark.parametrize("medium", [Medium.FILE, Medium.LINK])
def test_no_rider_follows_links_or_keeps_lists(medium: Medium) -> None:
    assert _judged(medium=medium) == (Disposition.UNSOLICITED, Reason.NO_RIDER)


def test_a_lenders_own_answer_does_not_accuse_it() -> None:
    lender = replace(COURIER, kind=ChannelKind.LENDER, expected_senders=("【快易借】", "1069001*"))
    text = "【快易借】您的贷款申请已收到"
    assert _held(channel=lender, sender="106900123", text=text) is Disposition.EXPECTED
    assert _held(channel=lender, sender="106977", text=text) is Disposition.AMBIGUOUS
    assert _held(channel=lender, days=9, text=text) is Disposition.UNSOLICITED


def test_a_shops_refund_may_be_its_own_but_a_loan_is_not() -> None:
    shop = replace(COURIER, kind=ChannelKind.SHOP)
    assert _held(channel=shop, text="您的订单已退款") is Disposition.AMBIGUOUS
    assert _held(channel=shop, text="低息贷款") is Disposition.UNSOLICITED


# The words


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("您的快件已到达驿站", Topic.DELIVERY),
        ("Your parcel arrives today", Topic.DELIVERY),
        ("退货已收到", Topic.NONE),
        ("退款到账", Topic.COMPENSATION),
        ("不承担赔偿责任", Topic.NONE),
        ("We investigate", Topic.NONE),
        ("loaned", Topic.NONE),
    ],
)
def test_what_a_text_speaks_of(text: str, topic: Topic) -> None:
    assert topics(text) == topic


@given(st.text(alphabet="加添退款贷 .qQ群联系客服\u200b丢失点击a", max_size=300))
def test_any_text_has_topics(text: str) -> None:
    assert topics(text) in Topic.DELIVERY | Topic.COMPENSATION | Topic.OFFER | Topic.DEMAND


@pytest.mark.parametrize(
    "unit", [" ", "加", "添加", ".-", "联系", "丢失", "deliver", "\u200b", "ﷺ"]
)
def test_hostile_length_is_read_in_bounded_steps(unit: str) -> None:
    """64 KB that would take minutes if a pattern were to try every way of splitting it."""
    assert isinstance(topics(unit * 65_536), Topic)


@given(
    st.floats(min_value=-5, max_value=40),
    st.sampled_from([*Medium]),
    st.text(max_size=40),
    st.sampled_from(["95338", "", "+8616100000001", "a@northbound.example"]),
)
def test_a_sender_alone_never_makes_a_contact_expected(
    days: float, medium: Medium, text: str, sender: str
) -> None:
    """Without a proven mail or the known signature nothing is expected."""
    judged = _judged(days=days, medium=medium, text=text.replace("【", "") or None, sender=sender)
    assert judged.disposition is not Disposition.EXPECTED

"""What a text speaks of: a delivery, a refund, an offer of money. Pure rules, Chinese and English.

The words are few on purpose, and each is one that true couriers' texts do without: 退货 (goods
sent back) is everyday, 退款 (money sent back) is the scam; 客服热线 (hotline) is everyday, 添加客服
(add our agent as a contact) is not. What they miss stays ambiguous and weighs nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Flag, auto


class Topic(Flag):
    """What a text speaks of; several at once, or nothing known."""

    NONE = 0
    #: Parcels, pick-up, riders.
    DELIVERY = auto()
    #: Money back, damages: what a thief with a list of orders writes.
    COMPENSATION = auto()
    #: Loans, investments, prizes, work at home; being drawn into a chat.
    OFFER = auto()
    #: Asks for payment or for personal details.
    DEMAND = auto()


@dataclass(frozen=True, slots=True)
class _Words:
    """What shows a topic. To look for words one by one is far cheaper than a pattern of them."""

    topic: Topic
    #: Anywhere in a text.
    anywhere: tuple[str, ...]
    #: English words, whole.
    whole: frozenset[str]
    #: What needs its surroundings looked at, if one of the *marks* is in the text at all.
    marks: tuple[str, ...]
    pattern: re.Pattern[str]


def _english(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Companies sit in such buildings, and parcels wait in lottery shops.
_NO_PLACE = "(?!大厦|大楼|广场|中心|公司|集团|有限|小镇|路|街|店|站|亭|点)"
_WORDS = (
    _Words(
        Topic.DELIVERY,
        (
            *("快件", "快递", "包裹", "派送", "派件", "驿站", "取件", "取货码", "提货码", "签收"),
            *("投递", "运单", "自提", "丰巢", "寄件", "送货", "配送"),
            *("pick up", "picked up", "pick-up"),
        ),
        _english(
            "parcel parcels package packages deliver delivers delivered delivery deliveries"
            " delivering shipment shipments courier couriers driver tracking consignment locker"
            " depot pickup"
        ),
        (),
        re.compile("(?!)"),
    ),
    _Words(
        Topic.COMPENSATION,
        ("退款", "退费", "双倍赔", "三倍赔", "补偿金"),
        _english("compensate compensation reimburse reimbursement"),
        ("赔", "丢", "遗失", "破损", "损坏", "质量问题", "refund"),
        re.compile(
            r"(?<!不)(?<!不予)(?<!无法)(?<!不承担)(?:赔偿|理赔|赔付)"
            r"|(?:丢失|遗失|弄丢|破损|损坏|质量问题).{0,20}(?:点击|加微信|加我|登记|办理|赔给|双倍|三倍)"
            r"|(?<!non-)\brefund(?:s|ed)?\b"
        ),
    ),
    _Words(
        Topic.OFFER,
        (
            *(
                "额度",
                "放款",
                "下款",
                "放贷",
                "利率",
                "月息",
                "年化",
                "征信",
                "备用金",
                "荐股",
                "炒股",
            ),
            *("博彩", "刷单", "兼职", "返现", "返利", "中奖", "解冻", "安全账户", "注销账户"),
            *("注销账号", "注销校园贷", "日赚", "高薪", "虚拟币", "比特币"),
            *("credit line", "gift card", "safe account", "part-time job", "work from home"),
            *("telegram group", "whatsapp group"),
        ),
        _english(
            "loan loans invest investment investments investing investor crypto cryptocurrency"
            " bitcoin forex lottery casino prize prizes unfreeze mortgage jackpot"
        ),
        ("贷款", "借款", "网贷", "投资", "理财", "股票", "彩票", "加", "群"),
        re.compile(
            rf"(?:贷款|借款|网贷|投资|理财|股票|彩票){_NO_PLACE}"
            r"|(?:加|添加).{0,4}(?:qq|企鹅号)|(?:加|添加).{0,4}(?:专员|助理|导师|老师)"
            r"|添加.{0,4}客服|加.{0,2}客服.{0,3}微信|(?:进|入|加).{0,3}群.{0,6}(?:领|福利|红包|返)"
        ),
    ),
    _Words(
        Topic.DEMAND,
        (
            *("补缴", "缴纳", "缴费", "付款", "支付", "转账", "关税", "手续费", "银行卡", "身份证"),
            *("实名", "核实身份", "身份核实"),
            *("card details", "update your", "confirm your", "correct your", "complete your"),
        ),
        _english("pay payment unpaid outstanding fee fees customs surcharge verify"),
        ("地址", "信息", "资料"),
        re.compile(
            r"(?:更新|修改|补全|填写|确认|核对).{0,4}(?:地址|信息|资料)"
            r"|(?:地址|信息).{0,3}(?:有误|不全|不详|错误)"
        ),
    ),
)
_TRADITIONAL = "貸賠償資額職獎現財紅損壞遞裝號戶凍結實證繳費遺帳購"
_SIMPLIFIED = str.maketrans(_TRADITIONAL, "贷赔偿资额职奖现财红损坏递装号户冻结实证缴费遗账购")
_IS_TRADITIONAL = re.compile(f"[{_TRADITIONAL}]").search
# Blanks and dots between characters hide a word from filters, and characters that nobody sees.
_HIDING = re.compile("[\\s.·•*_|/\\\\-]{1,4}(?=[\u4e00-\u9fff])")
_UNSEEN = re.compile("[\xad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")
_ENGLISH_WORD = re.compile("[a-z]{3,20}").findall
_MAX_TEXT = 65_536


def topics(text: str) -> Topic:
    """Return what a text speaks of: hostile input, of which 65,536 characters are read."""
    plain = text[:_MAX_TEXT]
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", plain))[:_MAX_TEXT]
        if _IS_TRADITIONAL(plain):
            plain = plain.translate(_SIMPLIFIED)
        plain = _HIDING.sub("", plain)
    plain = plain.lower()
    english = set(_ENGLISH_WORD(plain))
    found = Topic.NONE
    for words in _WORDS:
        if (
            not english.isdisjoint(words.whole)
            or any(word in plain for word in words.anywhere)
            or (any(mark in plain for mark in words.marks) and words.pattern.search(plain))
        ):
            found |= words.topic
    return found

"""What a text speaks of: a delivery, a refund, an offer of money. Pure rules, Chinese and English.

The words are few on purpose, and each is one that true couriers' texts do without: 退货 (goods
sent back) is everyday, 退款 (money sent back) is the scam; 客服热线 (hotline) is everyday, 添加客服
(add our agent as a contact) is not. What they miss stays ambiguous and weighs nothing.
"""

from __future__ import annotations

import re
import unicodedata
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


# Companies sit in such buildings, and parcels wait in lottery shops.
_NO_PLACE = "(?!大厦|大楼|广场|中心|公司|集团|有限|小镇|路|街|店|站|亭|点)"
_TOPICS = (
    (
        Topic.DELIVERY,
        re.compile(
            r"快件|快递|包裹|派送|派件|驿站|取件|取货码|提货码|签收|投递|运单|自提|丰巢|快递柜|寄件|送货|配送"
            r"|\b(?:parcel|package|deliver\w*|shipment|courier|driver|tracking|consignment|locker"
            r"|depot)\b|\bpick(?:ed)?[ -]?up\b"
        ),
    ),
    (
        Topic.COMPENSATION,
        re.compile(
            r"退款|退费|(?<!不)(?<!不予)(?<!无法)(?<!不承担)(?:赔偿|理赔|赔付|双倍赔|三倍赔|补偿金)"
            r"|(?:丢失|遗失|弄丢|破损|损坏|质量问题).{0,20}(?:点击|加微信|加我|登记|办理|赔给|双倍|三倍)"
            r"|(?<!non-)\brefund(?:s|ed)?\b|\bcompensat(?:e|ion)\b|\breimburse(?:ment)?\b"
        ),
    ),
    (
        Topic.OFFER,
        re.compile(
            rf"(?:贷款|借款|网贷|投资|理财|股票|彩票){_NO_PLACE}|额度|放款|下款|放贷|利率|月息|年化|征信"
            r"|备用金|荐股|炒股|博彩|刷单|兼职|返现|返利|中奖|解冻|安全账户|注销(?:账户|账号|校园贷)"
            r"|日赚|高薪|虚拟币|比特币"
            r"|(?:加|添加).{0,4}(?:qq|企鹅号)|(?:加|添加).{0,4}(?:专员|助理|导师|老师)"
            r"|添加.{0,4}客服|加.{0,2}客服.{0,3}微信|(?:进|入|加).{0,3}群.{0,6}(?:领|福利|红包|返)"
            r"|\b(?:loans?|credit line|invest(?:ment|ments|ing|or)?|crypto\w*|bitcoin|forex|lottery"
            r"|casino|prizes?|gift cards?|safe account|unfreeze|mortgage|jackpot|part-time job"
            r"|work from home|telegram group|whatsapp group)\b"
        ),
    ),
    (
        Topic.DEMAND,
        re.compile(
            r"补缴|缴纳|缴费|付款|支付|转账|关税|手续费|银行卡|身份证|实名|核实身份|身份核实"
            r"|(?:更新|修改|补全|填写|确认|核对).{0,4}(?:地址|信息|资料)"
            r"|(?:地址|信息).{0,3}(?:有误|不全|不详|错误)"
            r"|\b(?:pay|payment|unpaid|outstanding|fees?|customs|surcharge|verify|card details)\b"
            r"|\b(?:update|confirm|correct|complete) your\b"
        ),
    ),
)
_TRADITIONAL = str.maketrans(
    "貸賠償資額職獎現財紅損壞遞裝號戶凍結實證繳費遺帳購",
    "贷赔偿资额职奖现财红损坏递装号户冻结实证缴费遗账购",
)
# Blanks and dots between characters hide a word from filters, and characters that nobody sees.
_HIDING = re.compile(
    "[\\s.·•*_|/\\\\\xad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff-]{1,4}(?=[\u4e00-\u9fff])"
)
_UNSEEN = re.compile("[\xad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")
_MAX_TEXT = 65_536


def topics(text: str) -> Topic:
    """Return what a text speaks of: hostile input, of which 65,536 characters are read."""
    plain = text[:_MAX_TEXT]
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", plain))[:_MAX_TEXT]
        plain = _HIDING.sub("", plain.translate(_TRADITIONAL))
    plain = plain.lower()
    found = Topic.NONE
    for topic, words in _TOPICS:
        if words.search(plain):
            found |= topic
    return found

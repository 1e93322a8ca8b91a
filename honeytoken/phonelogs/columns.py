"""What the headers and words of call lists mean, in Chinese and English.

Collected from what exporters of Android and the Chinese carriers' 详单 print, and from Western
itemised bills. A header that is not here means nothing to us and is passed over; a file is only
read if time, number and direction are found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ..models import Medium


class Role(Enum):
    """What a column holds."""

    AT = auto()
    DATE = auto()
    TIME = auto()
    #: The other side, whichever rang.
    NUMBER = auto()
    #: Another side's number on a phone, the owner's on a bill.
    SOME_NUMBER = auto()
    SENDER = auto()
    RECIPIENT = auto()
    OWN = auto()
    DIRECTION = auto()
    DURATION = auto()
    TEXT = auto()
    SUBJECT = auto()
    NAME = auto()
    SIM = auto()
    DESTINATION = auto()
    #: Only carriers know what it cost, and where it was.
    BILLED = auto()


_HEADERS: dict[Role, str] = {
    Role.AT: """起始时间 开始时间 通话开始时间 通话起始时间 呼叫时间 呼叫开始时间 发生时间 日期时间
        通话日期时间 收发时间 接收时间 发送时间 短信时间 来电时间 拨打时间 时间戳 通话时间日期
        日期和时间 datetime dateandtime timestamp starttime calldatetime callstart callstarttime
        receivedat received dateofcall timeanddate datereceived datems""",
    Role.DATE: "日期 通话日期 呼叫日期 通信日期 发送日期 起始日期 date calldate startdate day",
    Role.TIME: "时间 通话时间 通信时间 time calltime timeofday timeofcall",
    Role.NUMBER: """对方号码 对端号码 对方电话 对方电话号码 对方手机号 对方手机号码 对方 号码
        电话号码 电话 联系电话 联系号码 来电号码 通话号码 通信号码 通信对方号码 收发号码 number
        phonenumber phone callnumber contactnumber otherparty otherpartynumber address tofrom
        fromto numbercalledcalling phoneno telephonenumber telephone contactphone
        correspondentid""",
    Role.SOME_NUMBER: "手机号码 手机号 mobilenumber mobile msisdn",
    Role.SENDER: """主叫号码 主叫电话 主叫方 发送人号码 发送方号码 发送方 发送号码 发件人
        发件人号码 发信人 发送人 caller callernumber callingnumber callingparty from fromnumber
        sender sendernumber callerid origin originatingnumber cli""",
    Role.RECIPIENT: """被叫号码 被叫电话 被叫方 接收号码 接收方 接收方号码 收件人 收件人号码 收信人
        接收人 callee calleenumber callednumber calledparty to tonumber recipient
        recipientnumber receiver receivernumber destinationnumber numbercalled""",
    Role.OWN: """本机号码 本机 计费号码 服务号码 用户号码 业务号码 ownnumber mynumber
        subscribernumber billingnumber yournumber linenumber""",
    Role.DIRECTION: """呼叫类型 通信方式 通话方式 通话类型 通信类型 类型 主被叫 主被叫类型 呼叫方向
        通话方向 方向 收发类型 收发 业务类型 短信类型 信息类型 状态 通话状态 收发方式 呼叫方式
        type direction calltype messagetype calldirection typeofcall inout folder box msgbox
        msgtype interaction status calldescription servicetype""",
    Role.DURATION: """时长 通话时长 通信时长 持续时间 时间长度 通话持续时间 duration callduration
        length minutes min mins seconds secs billedminutes durationseconds durationsecs
        durationminutes durationmins calllength""",
    Role.TEXT: """内容 短信内容 信息内容 消息内容 正文 短信 短信正文 body message text content
        messagebody messagetext smscontent smsbody messagecontent""",
    Role.SUBJECT: "主题 subject",
    Role.NAME: "姓名 联系人 名称 名字 联系人姓名 联系人名称 name contact contactname callername",
    Role.SIM: """sim simcard simid simslot sim卡 手机卡 卡 卡槽 卡号 subscriptionid subid slot
        phoneaccountid 使用卡""",
    Role.DESTINATION: "destination description",
    Role.BILLED: """费用 通话费用 通话费 通信费 实收通信费 总费用 费用小计 金额 话费 基本费
        基本通话费 长途费 其他费 其它费 应收 实收 小计 套餐 套餐优惠 通信地点 通话地点 通话地
        本机通话地 对方归属地 对方通话地 漫游类型 漫游 cost charge charges amount price
        callcharge airtimecharge airtime longdistancecharge ldother netamount totalcharge tariff
        rate ratecode usagetype origination""",
}
_ROLES = {word: role for role, words in _HEADERS.items() for word in words.split()}
_ASIDE = re.compile(r"[(\[（【].*?[)\]）】]")
_LONGEST_HEADER = 64


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row what stands."""

    places: dict[Role, tuple[int, ...]]
    width: int
    #: Of a bare number in the duration's column.
    duration_unit_s: int

    def has(self, *roles: Role) -> bool:
        """Tell whether one of these is there."""
        return any(role in self.places for role in roles)

    def cell(self, row: Sequence[str], role: Role) -> str:
        """Return what a row holds in the first column of a role, ``""`` if there is none."""
        place = self.places.get(role)
        return row[place[0]] if place and place[0] < len(row) else ""

    def cells(self, row: Sequence[str], role: Role) -> list[str]:
        """Return what a row holds in all columns of a role."""
        return [row[place] for place in self.places.get(role, ()) if place < len(row)]


def columns_of(row: Sequence[str]) -> Columns | None:
    """Return what the cells of a header row mean; ``None`` if it is no header of a call list."""
    places: dict[Role, list[int]] = {}
    unit_s = 1
    for place, cell in enumerate(row):
        if len(cell) > _LONGEST_HEADER:
            return None
        even = unicodedata.normalize("NFKC", cell).casefold()
        role = _ROLES.get(_bare(_ASIDE.sub("", even))) or _ROLES.get(_bare(even))
        if role is None:
            continue
        if role is Role.DURATION and re.search(r"min|分", even):
            unit_s = 60
        places.setdefault(role, []).append(place)
    _settle_some_number(places)
    if not places.keys() & {Role.AT, Role.DATE, Role.TIME}:
        return None
    if not places.keys() & {Role.NUMBER, Role.SENDER, Role.RECIPIENT}:
        return None
    return Columns({role: tuple(found) for role, found in places.items()}, len(row), unit_s)


def _bare(text: str) -> str:
    return re.sub(r"[\s_\-./:#*\"'&]+", "", text)


def _settle_some_number(places: dict[Role, list[int]]) -> None:
    some = places.pop(Role.SOME_NUMBER, None)
    if some is None:
        return
    others = places.keys() & {Role.NUMBER, Role.SENDER, Role.RECIPIENT}
    places.setdefault(Role.OWN if others else Role.NUMBER, []).extend(some)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the words of a row's types say; ``None`` is "nothing about that"."""

    incoming: bool | None = None
    medium: Medium | None = None
    #: Neither call nor message.
    data: bool = False


# What says which side rang. 未接 and "answered" only say what became of it, and may stand in a
# column of their own beside 呼出 and "outgoing": they count where nothing else does.
_OUT = re.compile(
    r"主叫|呼出|去电|拨出|拨打|已拨|发送|已发|发出|发件|草稿|上行|外拨"
    r"|outgoing|outbound|dialed|dialled|\bout\b|\bsent\b|\bsend\b|draft|outbox|queued|\bmo\b"
    r"|\bmade\b|originat"
)
_IN = re.compile(
    r"被叫|呼入|来电|接入|呼转|前转|呼叫转移|接收|收件|收信|已收|收到|下行"
    r"|incoming|inbound|\bin\b|received|receive\b|inbox|\bmt\b|terminat"
)
_OUT_BY_END = re.compile(r"未接通|取消|failed|cancell?ed")
_IN_BY_END = re.compile(
    r"未接(?!通)|接听|已接(?!通)|拒接|拒绝|拦截|语音信箱|语音留言"
    r"|missed|rejected|declined|blocked|refused|voice ?mail|answered"
)
_CALL = re.compile(r"语音|通话|电话|来电|去电|主叫|被叫|呼入|呼出|voice|call|missed|\btel")
_MESSAGE = re.compile(r"短信|彩信|短消息|信息|收件|发件|接收|发送|sms|mms|text|message")
_DATA = re.compile(r"流量|上网|数据|gprs|\bdata\b|internet|roaming data|\bweb\b|wlan")
_CODES = {"1": True, "2": False, "3": True, "4": True, "5": True, "6": True, "7": True}


def meaning(words: Sequence[str], *, medium: Medium | None) -> Meaning:
    """Return what the cells of a row's type columns say.

    Args:
        words: the cells.
        medium: of the file, if that is known: Android's numbers for types differ by it.
    """
    even = [_even(word) for word in words]
    media = {found for word in even if (found := _medium(word)) is not None}
    incoming = _one([_by_code(word, medium) for word in even])
    for inward, outward in ((_IN, _OUT), (_IN_BY_END, _OUT_BY_END)):
        if incoming is None:
            incoming = _one([_side(word, inward, outward) for word in even])
    return Meaning(
        incoming=incoming,
        medium=media.pop() if len(media) == 1 else None,
        data=any(_DATA.search(word) for word in even),
    )


def _even(word: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", word[:_LONGEST_HEADER]).casefold().split())


def _one(found: Sequence[bool | None]) -> bool | None:
    """Return what all that say anything agree on."""
    said = {each for each in found if each is not None}
    return said.pop() if len(said) == 1 else None


def _by_code(word: str, medium: Medium | None) -> bool | None:
    if word not in _CODES:
        return None
    # 3 to 6 of a message are drafts and what has not gone out.
    return word == "1" if medium is Medium.SMS else _CODES[word]


def _side(word: str, inward: re.Pattern[str], outward: re.Pattern[str]) -> bool | None:
    theirs, ours = inward.search(word) is not None, outward.search(word) is not None
    return None if theirs == ours else theirs


def _medium(even: str) -> Medium | None:
    call, message = _CALL.search(even) is not None, _MESSAGE.search(even) is not None
    if call == message:
        return None
    return Medium.CALL if call else Medium.SMS

"""What a text says of itself: signature, links, numbers to ring back, names, sums. Pure rules.

Each fact is a claim of whoever wrote the text. The patterns are conservative: a fact that is not
found costs little, since the text is kept; one that is not there (an order number taken for a
number to ring back) misleads. They run for every contact the listener takes, on text made by
strangers: every repetition is bounded, so that the time grows with the length of the text alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice

from .. import normalize
from ..errors import InvalidIdentifier
from ..messages import language
from ..models import Facts

#: A longer text is cut before it is looked at; gateways cut theirs at the same length.
MAX_TEXT = 65_536
#: Facts of one kind that are kept of one text.
MOST = 16
_LONGEST_LINK = 512

_NOTHING = Facts()

# Full-width and otherwise dressed-up digits and letters, and characters that nobody sees: a text
# that holds one is looked at in NFKC and without them.
_DRESSED = re.compile(
    "[\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2460-\u24ff\u3251-\u325f\u32b1-\u32bf"
    "\ufe00-\ufe0f\ufeff\uff0e-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff"
    "\U0001f100-\U0001f169\U000e0000-\U000e01ef]"
).search
_UNSEEN = re.compile(
    "[\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
_DIGIT = re.compile(r"[0-9]").search


def extract(subject: str | None, text: str | None, *, region: str) -> Facts:
    """Return what a message says of itself.

    Args:
        subject: of a mail.
        text: what it says; hostile input, at most ``MAX_TEXT`` characters of it are read.
        region: ISO 3166-1 alpha-2 country whose notation numbers and currencies may use.

    Returns:
        Each kind of fact without repetitions, in the order of the text, at most ``MOST`` of a kind.
        Links are as written, but for the width of characters; numbers to ring back are in E.164
        where they are whole numbers, else as :func:`honeytoken.normalize.sender` gives them; sums
        of money are ``"3000.00 CNY"``.
    """
    plain = _plain(f"{subject}\n{text}" if subject and text else text or subject or "")
    if not plain:
        return _NOTHING
    signature = _signature(text if text is not None else plain) if "【" in plain else None
    links: tuple[str, ...] = ()
    if _LINK_LIKE(plain):
        links = _unlike(_links(plain))
        if links:
            # A number inside a web address is part of the address.
            plain = _LINK.sub(" ", plain)
    people = _unlike(_people(plain))
    if _DIGIT(plain) is None:
        return Facts(signature, links, (), people) if signature or links or people else _NOTHING
    return Facts(
        signature,
        links,
        _unlike(_call_back_numbers(plain, region)),
        people,
        _unlike(_amounts(plain, region)),
    )


def _plain(text: str) -> str:
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
    if text.isascii() or _DRESSED(text) is None:
        return text
    # Some characters stand for eighteen others in NFKC.
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", text))[:MAX_TEXT]


def _unlike(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(islice(found, 4 * MOST)), MOST))


# Signatures

_LEADING = re.compile(r"\s{0,64}【([^【】\r\n]{1,40})】").match
_CLOSING = re.compile(r"【([^【】\r\n]{1,40})】\s{0,64}\Z").search


def _signature(text: str) -> str | None:
    """Return the name in a leading or closing ``【...】``: Chinese carriers demand one."""
    found = _LEADING(text[:128]) or _CLOSING(text[-128:])
    if found is None:
        return None
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", found[1])).strip() or None


# Links

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})"
_DOT = "[.。｡]"
# Without scheme and path only what ends in one of these is a web address: "v2.beta" is none.
_DOMAINS = (
    "com|cn|net|org|top|xyz|vip|club|shop|site|online|info|biz|app|cc|tv|me|io|co|ly|gl|gd|to|link"
    "|live|icu|store|fun|work|ltd|group|tech|pro|mobi|asia|hk|tw|mo|jp|sg|uk|de|fr|eu|us|ca|au|ru|in"
    "|example|win|bid|loan|wang|ren|ink|space|website|page|dev|cloud|buzz|cyou|sbs|cfd|rest|bond|click"
)
_PATH = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{0,2000}"
_LINK = re.compile(
    # With a scheme; the host may be in any script up to its last dot.
    rf"(?:https?|hxxps?)://(?:[A-Za-z0-9@:_%\[][A-Za-z0-9\-.。｡_~%@:\[\]]{{0,252}}|[\w-]{{1,63}}[.。｡]\w{{1,63}})"
    rf"(?:[/?#]{_PATH})?"
    # Without: www., or a known ending, or any ending with a path.
    rf"|(?<![A-Za-z0-9@._%+-])(?<![A-Za-z0-9][。｡])(?:www{_DOT})?(?:{_LABEL}{_DOT}){{1,8}}"
    rf"(?:(?:{_DOMAINS})(?![A-Za-z0-9-])(?!{_DOT}[A-Za-z0-9])(?::[0-9]{{1,5}})?(?:[/?#]{_PATH})?"
    rf"|[A-Za-z]{{2,24}}(?::[0-9]{{1,5}})?/[A-Za-z0-9\-_~?=&%]{_PATH})",
    re.IGNORECASE,
)


# What starts with a set of characters is found ten times as fast as what starts with a condition:
# each of the quick looks does, with the condition behind its first character.
_LINK_LIKE = re.compile("[.。｡/](?:(?<=[A-Za-z0-9_-].)[A-Za-z0-9]|/)").search


def _links(text: str) -> Iterator[str]:
    for found in _LINK.finditer(text):
        link = found[0].rstrip(".,;:!?'。｡")
        # A bracket around a link is no part of it, one inside it is.
        for opening, closing in ("()", "[]"):
            while link.endswith(closing) and link.count(closing) > link.count(opening):
                link = link[:-1]
        yield link[:_LONGEST_LINK]


# Numbers to ring back

# What stands before a number says what it is; the nearest word decides.
_BEFORE = 24
_CUE = re.compile(
    r"(电话|致电|来电|去电|拨打|热线|联系|客服|咨询|回电|回拨|详询|详谈|手机|专线|座机"
    r"|\b(?:tel|telephone|phone|call|ring|dial|mobile|contact|hotline|helpline|whatsapp|reach|anruf"
    r"|telefon)\w{0,4})"
    r"|(单号|编号|订单|运单|包裹号|验证码|校验码|动态码|取件码|取货码|提货码|货号|工号|尾号|账号|帐号"
    r"|卡号|身份证|流水号|金额|qq|微信"
    r"|\b(?:code|order|tracking|parcel|shipment|consignment|waybill|ref|reference|invoice|account|pin"
    r"|otp|passcode|case|id|amount|sum)\b)",
    re.IGNORECASE,
)
_HANZI = re.compile("[\u4e00-\u9fff]").search
_LONG_LIKE = re.compile("[0-9](?:[ ()./-]{0,2}[0-9]){4}").search
_FREE = r"(?<![0-9A-Za-z+*_=].)(?<![0-9][-.].)"
_CHINESE_NUMBER = re.compile(
    rf"[+(0-9]{_FREE}(?:"
    # Mobiles; 400 and 800 numbers; landlines with their area code; service numbers.
    r"(?:(?:(?<=\+)8|(?<=8))6[ -]?1|(?<=1))[3-9][0-9](?:[ -]?[0-9]{4}){2}"
    r"|(?<=[48])00(?:[ -]?[0-9]{7}|[ -][0-9]{3}[ -][0-9]{4}|[ -][0-9]{4}[ -][0-9]{3})"
    r"|(?:(?<=\()0|(?<=0))[1-9][0-9]{1,2}[) -]{0,2}[0-9]{7,8}"
    r"|(?:(?<=9)[56][0-9]{3,6}|(?<=1)[0-2][0-9]{3,4}))(?![0-9*A-Za-z])"
)
_ANY_NUMBER = re.compile(
    r"[+(0-9](?<![0-9A-Za-z+*_=#£$€¥￥.,:/-].)(?:(?<=\+) ?[1-9]|(?<=\()[0-9]|(?<=[0-9]))"
    r"[0-9 ()./-]{5,20}[0-9](?![0-9A-Za-z*%])"
)
_SERVICE = 8
_NOT_DIGITS = re.compile("[^0-9]")
_DATE = re.compile(r"(?:19|20)[0-9]{2}[-/. ]?[01]?[0-9][-/. ]|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]").match
_DOTTED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}").fullmatch


def _call_back_numbers(text: str, region: str) -> Iterator[str]:
    if _LONG_LIKE(text) is None:
        return
    if region == "CN" or _HANZI(text):
        for found in _CHINESE_NUMBER.finditer(text):
            digits = _NOT_DIGITS.sub("", found[0])
            told = _told(text, found.start())
            if told is False or (len(digits) <= _SERVICE and not told):
                continue
            if digits[0] == "0" or len(digits) <= _SERVICE:
                yield normalize.sender(digits, region="CN")
            else:
                yield f"+86{digits.removeprefix('86')}"
    for found in islice(_ANY_NUMBER.finditer(text), 4 * MOST):
        number = found[0]
        if (region == "CN" and number[0] != "+") or _DATE(number) or _DOTTED(number):
            continue
        told = _told(text, found.start())
        if told is False or not (told or _looks_dialled(number, region)):
            continue
        try:
            yield normalize.phone_number(number, region=region)
        except InvalidIdentifier:
            continue


def _told(text: str, start: int) -> bool | None:
    """Return True after *call*, False after *order no.*, ``None`` if nothing tells."""
    last = None
    for last in _CUE.finditer(text, max(0, start - _BEFORE), start):  # noqa: B007  # the last one
        pass
    return None if last is None else last[1] is not None


def _looks_dialled(number: str, region: str) -> bool:
    """Tell whether digits of which nothing says what they are have the form of a number to dial."""
    if number[0] == "+":
        return True
    if number.isdigit() and number[0] != "0":
        return False
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


# People

# Surnames of about nine in ten Chinese; those that begin everyday words (车, 时, 和) are left out.
_SURNAME = (
    "(?:欧阳|上官|司马|诸葛|慕容|夏侯|皇甫|令狐|东方|尉迟|公孙|端木|司徒|[王李张刘陈杨赵黄周吴徐孙胡朱高林"
    "何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范石姚谭"
    "廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛"
    "温芦季俞章鲁葛伍韦申尤毕聂焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游"
    "阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧"
    "畅宫来嵺苟褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井"
    "练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺])"
)
_MASKED = "[\u4e00-\u9fff*＊某]"
_AT_WORD = "(?:(?<![\u4e00-\u9fff])|(?<=尊敬的)|(?<=亲爱的))"
_TITLES = "先生|女士|小姐|太太|老师"
_CALLED = re.compile(f"{_AT_WORD}({_SURNAME}{_MASKED}{{0,3}}?) ?({_TITLES})")
_GREETED = re.compile(f"{_AT_WORD}({_SURNAME}{_MASKED}{{1,2}}?)[ ,，:：]{{0,2}}[您你]好")
_LABELLED = re.compile(
    "(?:收件人|收货人|寄件人|发件人|联系人|借款人|申请人|持卡人|姓名|户名)[ :：]{1,2}"
    f"({_SURNAME}{_MASKED}{{0,3}}?)(?![\u4e00-\u9fff*＊](?!话|机|址|生|士|号))"
)
#: ``尊敬的顾客您好`` speaks to nobody: 顾 is a surname, 顾客 is not.
_NO_ONE = re.compile("顾客|车主|常客|[户客员主们友]$|会员|用户|客户|商家|家长").search
_JAPANESE = re.compile("(?<![\u3041-\u30ff\u4e00-\u9fff])([\u4e00-\u9fff]{1,6}) ?様(?!式|子|々)")
_WORD = "[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ÿ'’-]{0,30}"
_TITLED = re.compile(
    rf"\b((?:Mr|Mrs|Ms|Miss|Dr|Herrn?|Frau)\.? {_WORD}(?: {_WORD}(?= ?(?:[,.:;!\n]|\Z)))?)"
)
_DEAR = re.compile(
    r"\b(?:Dear|DEAR|Hi|Hello|Hey|Hallo|Lieber?|Attn:?|Recipient:?)"
    rf" ({_WORD}(?: {_WORD}){{0,2}})(?= ?[,:!\n])"
)
_NOBODY = frozenset(
    {
        *("customer", "client", "user", "member", "friend", "sir", "madam", "team", "all", "there"),
        *("everyone", "valued", "account", "holder", "card", "parent", "parents", "colleague"),
        *("student", "resident", "applicant", "subscriber", "guest", "shopper", "buyer", "again"),
        *("from", "kunde", "kundin", "kunden", "mr", "mrs", "ms", "miss", "dr"),
    }
)
_PERSON_LIKE = re.compile(
    "[好生士姐太师人名](?<=您好|你好|先生|女士|小姐|太太|老师|件人|货人|系人|款人|请人|卡人|姓名|户名)"
).search
_LATIN_LIKE = re.compile(
    "[DMHFLAR](?:ear|EAR|rs?|s|iss|i|ello|ey|allo|errn?|rau|ieber?|ttn|ecipient)[ .:]"
).search


def _people(text: str) -> Iterator[str]:
    if _PERSON_LIKE(text):
        for found in islice(_CALLED.finditer(text), MOST):
            if _NO_ONE(found[1]) is None:
                # A surname alone is kept with its title: a bare 王 is part of any other word.
                yield found[1] + found[2] if len(found[1]) == 1 else found[1]
        for found in islice(_LABELLED.finditer(text), MOST):
            if _NO_ONE(found[1]) is None:
                yield found[1]
        for found in islice(_GREETED.finditer(text), MOST):
            if _NO_ONE(found[1]) is None and not found[1].endswith(tuple(_TITLES.split("|"))):
                yield found[1]
    if "様" in text:
        for found in islice(_JAPANESE.finditer(text), MOST):
            if found[1] not in ("客", "皆", "会員", "各位", "御客", "同", "多", "神", "王"):
                yield found[1]
    if _LATIN_LIKE(text):
        for found in islice(_TITLED.finditer(text), MOST):
            yield found[1]
        for found in islice(_DEAR.finditer(text), MOST):
            if not _NOBODY & set(found[1].lower().split()):
                yield found[1]


# Sums of money

_CURRENCIES = {
    "£": "GBP", "€": "EUR", "元": "CNY", "块": "CNY", "圆": "CNY", "rmb": "CNY", "人民币": "CNY",
    "美元": "USD", "美金": "USD", "港币": "HKD", "港元": "HKD", "英镑": "GBP", "欧元": "EUR",
    "日元": "JPY", "円": "JPY", "us$": "USD", "hk$": "HKD", "a$": "AUD", "c$": "CAD",
    "pounds": "GBP", "quid": "GBP", "dollars": "USD", "euros": "EUR", "euro": "EUR", "yuan": "CNY",
}  # fmt: skip
_DOLLARS = {"CA": "CAD", "AU": "AUD", "HK": "HKD", "NZ": "NZD", "SG": "SGD", "TW": "TWD"}
_SCALES = {"百": 100, "千": 1000, "k": 1000, "万": 10_000, "m": 1_000_000, "亿": 100_000_000}
_NUMBER = r"([0-9](?<![0-9.,'].)[0-9,.']{0,20})"
_UNITS = "元|块|圆|円|人民币|美元|美金|港币|港元|英镑|欧元|日元|€|£"
_WORDED = "RMB|CNY|USD|GBP|EUR|HKD|JPY|AUD|CAD|pounds|dollars|euros?|yuan"
_PRICED = re.compile(
    rf"{_NUMBER} ?([百千万亿])?[多余来]? ?(?:({_UNITS}|(?i:{_WORDED})(?![A-Za-z]))"
    # 20万额度, 最高20万: only where the words say that it is money.
    r"|(?<=[万亿])(?=额度|贷款|借款|现金|备用金))"
)
_SIGNED = re.compile(
    r"([￥¥£€$RCUGEHJA人](?<![A-Za-z].)(?:(?<=[￥¥£€$])|(?<=R)MB|(?<=C)(?:NY|AD|\$)|(?<=U)(?:SD|S\$)"
    r"|(?<=G)BP|(?<=E)UR|(?<=H)(?:KD|K\$)|(?<=J)PY|(?<=A)(?:UD|\$)|(?<=人)民币))"
    r" ?([0-9][0-9,.']{0,20}) ?([百千万亿]|[kKmM](?![A-Za-z]))?"
)
_LENT = re.compile(
    r"[额最高可贷借](?:(?<=额)度|(?<=最)高|(?<=高)达|(?<=可)[借贷]|(?<=[贷借])款)()"
    r" ?([0-9][0-9,.']{0,20}) ?([万亿])(?![\u4e00-\u9fff])"
)
_WELL_FORMED = re.compile(
    "[0-9]{1,3}(?:[,.'][0-9]{3}){1,4}(?:[.,][0-9]{1,2})?|[0-9]{1,12}(?:[.,][0-9]{1,2})?"
).fullmatch


def _amounts(text: str, region: str) -> list[str]:
    said = [
        *((m.start(), m[1], m[2], m[3]) for m in islice(_PRICED.finditer(text), MOST)),
        *((m.start(), m[2], m[3], m[1]) for m in islice(_SIGNED.finditer(text), MOST)),
        *((m.start(), m[2], m[3], m[1]) for m in islice(_LENT.finditer(text), MOST)),
    ]
    found = []
    for _start, written, scale, sign in sorted(said, key=lambda item: item[0]):
        digits = written.rstrip(",.'")
        if _WELL_FORMED(digits):
            amount = _decimal(digits) * _SCALES.get((scale or "").lower(), 1)
            found.append(f"{amount:.2f} {_currency(sign or '元', region)}")
    return found


def _decimal(digits: str) -> Decimal:
    """Return a number; of its commas and points the last stands before decimals, if not three."""
    last = max(digits.rfind(","), digits.rfind("."), digits.rfind("'"))
    whole, decimals = re.sub("[,.']", "", digits[: max(last, 0)]), digits[last + 1 :]
    if last < 0 or len(decimals) == 3:
        return Decimal(whole + decimals)
    return Decimal(f"{whole}.{decimals}")


def _currency(sign: str, region: str) -> str:
    word = sign.lower()
    if word == "$":
        return _DOLLARS.get(region, "USD")
    if word in ("¥", "￥"):
        return "JPY" if region == "JP" else "CNY"
    return _CURRENCIES.get(word, sign.upper())


# What is known of any number


def about_number(number: str, *, region: str) -> dict[str, str]:
    """Return what the numbering plans say of a number: no look-up leaves the machine.

    Args:
        number: canonical or as written.
        region: country whose national notation it may use.

    Returns:
        Some of ``type`` (``"mobile"``, ``"fixed line"``, ``"toll free"``, ``"premium rate"``,
        ...), ``region`` (ISO 3166-1 alpha-2), ``carrier`` that was first given its block (it may
        have been ported since), and ``place``, in the language in use; empty if it is no number.

    Source: the metadata of ``phonenumbers``.
    """
    try:
        canonical = normalize.phone_number(number, region=region)
    except InvalidIdentifier:
        return {}
    import phonenumbers
    from phonenumbers import carrier, geocoder

    parsed = phonenumbers.parse(canonical)
    tongue = "zh" if language() == "zh_CN" else "en"
    kind = phonenumbers.number_type(parsed)
    found = {
        "type": _TYPES.get(kind, ""),
        "region": phonenumbers.region_code_for_number(parsed) or "",
        "carrier": carrier.name_for_number(parsed, tongue),
        "place": geocoder.description_for_number(parsed, tongue),
    }
    return {name: value for name, value in found.items() if value}


# Values of phonenumbers.PhoneNumberType, which is not imported before it is needed.
_TYPES = {
    0: "fixed line",
    1: "mobile",
    2: "fixed line or mobile",
    3: "toll free",
    4: "premium rate",
    5: "shared cost",
    6: "internet",
    7: "personal",
    8: "pager",
    9: "company",
    10: "voicemail",
}
#: Kinds of numbers: stable words.
NUMBER_TYPES = tuple(_TYPES.values())

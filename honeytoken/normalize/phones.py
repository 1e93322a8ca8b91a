"""Phone numbers in E.164, and the claimed senders of calls and messages.

Three kinds of sender are no phone numbers and stay apart: short codes (``95338``, ``10086``,
``1069...``), words (``SF-Express``), and nothing at all (withheld).
"""

from __future__ import annotations

import re

from ..errors import InvalidIdentifier
from ..messages import translate as _
from .text import washed

_KIND = "phone_number"
_LONGEST = 64
_LONGEST_SENDER = 256
# Case folding and NFKC can undo each other; two rounds settle all but constructed text.
_ROUNDS = 5

# Certainly canonical, and told without loading `phonenumbers` (which takes 15 microseconds a call).
# tests/normalize/test_phones.py holds these against the slow path.
_CANONICAL = re.compile(r"\+(?:861[3-9][0-9]{9}|447[0-9]{9}|1[2-9][0-9]{2}[2-9][0-9]{6})").fullmatch
_CHINESE_MOBILE = re.compile(r"1[3-9][0-9]{9}").fullmatch

_SCHEME = re.compile(r"\s*(?:tel|phone|mobile|callto)\s*:", re.IGNORECASE)
_SEPARATORS = re.compile(
    "[\\s.()\\[\\]/\u00b7\u30fb\u2022\\-\u02d7\u2010-\u2015\u2212\u2500\u30fc\ufe58]+"
)
_DIGITS = re.compile(r"\+?[0-9]+").fullmatch
# In China numbers that begin 10, 11, 12 (as written, without trunk 0), 95 and 96 are services:
# 10086, 12306, 1069... (bulk SMS, up to 20 digits), 95338 (couriers, banks), 95013... (relays).
# As numbers are met in practice; the plan itself was not at hand to check against.
_CHINESE_SERVICE = re.compile(r"(?:1[0-2][0-9]{1,13}|9[56][0-9]{3,13})").fullmatch
# The same after +86, where 10 could be Beijing and 951 Yinchuan: only what no landline can be.
# Under ten digits stand service numbers of one city, and landlines that lack their area code.
_NO_CHINESE_NUMBER = re.compile(r"(?:1[0-2][0-9]{9,10}|950[0-9]+|[0-9]{1,9})").fullmatch
_CHINESE_SERVICE_PREFIXED = re.compile(
    r"(?:\+|00)?86((?:10[0-9]{3}|106[0-9]+|1[12][0-9]{1,4}|9[56][0-9]{3}|950[0-9]+))"
).fullmatch

_SIP = re.compile(r"sips?:(\+?[0-9]+)@", re.IGNORECASE)
_WITHHELD = frozenset(
    {
        *("anonymous", "anonymous caller", "blocked", "hidden", "hidden number", "id withheld"),
        *("n/a", "na", "no caller id", "no number", "none", "null", "not available", "private"),
        *("private caller", "private number", "restricted", "unavailable", "undisclosed"),
        *("unknown", "unknown caller", "unknown number", "withheld", "withheld number"),
        *("匿名", "匿名来电", "匿名号码", "无号码", "无来电显示", "无法显示", "未显示号码", "未知"),
        *("未知号码", "未知来电", "私人号码", "隐藏号码", "隐私号码", "非通知", "非通知設定"),
        *("通知不可能", "公衆電話", "anonym", "unbekannt", "unterdrückt"),
        # Android's codes for unknown, private and pay phone.
        *("-1", "-2", "-3"),
    }
)
# ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE typed on a telephone's keys: Twilio's way
# of saying that the caller is withheld.
_WITHHELD_DIGITS = frozenset(
    {"266696687", "7378742833", "2562533", "8656696", "86282452253"},
)


def phone_number(raw: str, *, region: str) -> str:
    """Return *raw* in E.164 form: ``"07700 900123"`` becomes ``"+447700900123"``.

    Args:
        raw: as printed on a label; full-width and other digits, blanks, dots, dashes, slashes,
            brackets, ``tel:``, ``+``, ``00`` or the region's own prefix for abroad, a bracketed
            trunk ``(0)``, a leading apostrophe (spreadsheets) and bidi marks are understood.
        region: ISO 3166-1 alpha-2 country whose national notation *raw* may use. A number
            that begins with ``+`` does not need it.

    Returns:
        ``+`` and at most 15 ASCII digits.

    Raises:
        InvalidIdentifier: it cannot be a number of that region (``is_possible_number``), lacks its
            area code, has an extension, or is a short code. An extension is refused and not cut
            off: on a label it belongs to a relay number, which without it reaches somebody else.

    Source: ITU-T E.164; numbering plans from ``phonenumbers``.
    """
    if _CANONICAL(raw):
        return raw
    if region == "CN" and _CHINESE_MOBILE(raw):
        return "+86" + raw
    return _parsed(_dialled(raw), region.upper())


def is_region(region: str) -> bool:
    """Tell whether *region* is a country (ISO 3166-1 alpha-2) with a numbering plan."""
    import phonenumbers

    return region.upper() in phonenumbers.SUPPORTED_REGIONS


def sender(raw: str, *, region: str) -> str:
    """Return the canonical form of a *claimed* sender; never raises.

    It is what the network or the caller says, so it proves nothing. In this order:

    * a phone number in E.164, as :func:`phone_number` gives it;
    * a short code, digits only: ``"+86 95338"`` and ``"95338"`` give ``"95338"``;
    * ``""`` for withheld, unknown and empty (``"anonymous"``, ``"未知号码"``, Twilio's
      ``+266696687``);
    * else the text in NFKC, case-folded, single blanks, cut at 256 characters.
    """
    text = raw[:_LONGEST_SENDER]
    for _round in range(_ROUNDS):
        after = _sender(text, region.upper())
        if after == text:
            break
        text = after
    return text


def _sender(raw: str, region: str) -> str:
    if _CANONICAL(raw):
        return raw
    if region == "CN" and _CHINESE_MOBILE(raw):
        return "+86" + raw
    text = _printable(raw)
    if sip := _SIP.match(text):
        text = sip[1]
    words = " ".join(text.casefold().split())[:_LONGEST_SENDER]
    if words in _WITHHELD:
        return ""
    try:
        dialled = _dialled(text)
    except InvalidIdentifier:
        return words
    digits = dialled.removeprefix("+")
    if digits in _WITHHELD_DIGITS:
        return ""
    try:
        return _parsed(dialled, region)
    except InvalidIdentifier:
        service = _CHINESE_SERVICE_PREFIXED(dialled)
        return service[1] if service else digits


def _printable(raw: str) -> str:
    """Wash *raw*, if need be without what cannot be stored or shown (NUL, surrogates)."""
    try:
        return washed(raw, kind="sender", longest=_LONGEST_SENDER).strip()
    except InvalidIdentifier:
        kept = "".join([c if c.isprintable() else " " for c in raw])
        return washed(kept, kind="sender", longest=_LONGEST_SENDER).strip()


def _dialled(raw: str) -> str:
    """Return the digits to dial, with ``+`` if it was written; everything else is refused."""
    text = washed(raw, kind=_KIND, longest=_LONGEST)
    text = _SCHEME.sub("", text, count=1) if ":" in text else text
    text = _SEPARATORS.sub("", text.strip().removeprefix("'"))
    if not _DIGITS(text):
        if not text:
            raise InvalidIdentifier(_KIND, _("it is empty"))
        raise InvalidIdentifier(_KIND, _("it holds more than digits and separators"))
    return text


def _parsed(dialled: str, region: str) -> str:
    """Return *dialled* in E.164 after ``phonenumbers``; the slow path."""
    import phonenumbers

    if not dialled.startswith("+"):
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise InvalidIdentifier(
                _KIND, _("it has no + and its region is not a known country code")
            )
        if region == "CN" and _CHINESE_SERVICE(dialled):
            raise InvalidIdentifier(_KIND, _("it is a short code or service number"))
    found = _in_e164(dialled, region)
    # A number whose own E.164 form reads as another number has no canonical form.
    if found is None or _in_e164(found, region) != found:
        raise InvalidIdentifier(_KIND, _("it cannot be a number of that region"))
    if found.startswith("+86") and _NO_CHINESE_NUMBER(found[3:]):
        raise InvalidIdentifier(_KIND, _("it is a service number or lacks its area code"))
    return found


def _in_e164(dialled: str, region: str) -> str | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(dialled, None if dialled.startswith("+") else region)
    except phonenumbers.NumberParseException:
        number = None
    # IS_POSSIBLE_LOCAL_ONLY would pass `is_possible_number`, but without its area code a number
    # cannot be reached from elsewhere: E.164 has no form for it.
    possible = phonenumbers.ValidationResult.IS_POSSIBLE
    if number is None or phonenumbers.is_possible_number_with_reason(number) != possible:
        if dialled.startswith("00"):
            return _in_e164("+" + dialled[2:], region)
        return None
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return found if len(found) <= 16 else None

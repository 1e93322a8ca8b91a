"""Names of people, in the form in which two spellings of one name are equal."""

from __future__ import annotations

import re
import unicodedata

from ..errors import InvalidIdentifier
from ..messages import translate as _
from .text import settled, washed

_KIND = "name"
_PHONE_NUMBER = "phone_number"
_LONGEST = 200

# Characters of this block have no other normal form, so a plain Chinese name is done at once.
_PLAIN_HAN = re.compile("[\u4e00-\u9fff]{1,6}").fullmatch
_EAST_ASIAN = re.compile(
    "[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
).search
_HONORIFICS = ("先生", "女士", "小姐", "太太", "様")
_NOTES = re.compile(r"\((?:收|收件人|收货人|先生|女士)\)$")
_DROPPED_EAST = re.compile("[\\s.,\u00b7\u2022\u2027\u2219\u22c5\u30fb\u3002\u3001'\"_()-]+")
_TITLE = re.compile(r"(?:mr|mrs|ms|miss|mx|dr|prof|herr|frau) (?=\S)")
_QUOTES = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u00b4": "'", "\u2010": "-"}
    | dict.fromkeys("\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys('.,;"()', " ")
)


def name(raw: str) -> str:
    """Return *raw* in the form used for matching; not for print.

    * With Han, kana or hangul: blanks, middle dots and a closing honorific (先生, 女士, 様) are
      dropped, so ``"王 小明 先生"`` and ``"王小明"`` are one. A closing ``（收）`` goes too, a bare
      收 stays: 丰收 is a name.
    * Otherwise: case-folded, single blanks, no full stops or commas, one sort of apostrophe and
      hyphen, without a leading title: ``"Mr. Seán O’Neill"`` becomes ``"seán o'neill"``. Accents
      and order stay.

    Raises:
        InvalidIdentifier: it holds no letter, is over 200 characters, or holds control
            characters.
    """
    if _PLAIN_HAN(raw) and not raw.endswith(_HONORIFICS):
        return raw
    text = settled(_step, washed(raw, kind=_KIND, longest=_LONGEST), kind=_KIND)
    if not any(character.isalpha() for character in text):
        raise InvalidIdentifier(_KIND, _("it holds no letter"))
    return text


def surname_last4(family_name: str, phone_number: str) -> str:
    """Return the joint key of a masked row: ``("王", "+8615412341234")`` gives ``"王:1234"``.

    Of a label that shows ``王*`` and ``154****1234`` this much is left; it is also what must differ
    between the canaries of one plan.

    Args:
        family_name: as in ``Identity``; put into the form of :func:`name`.
        phone_number: in E.164.

    Raises:
        InvalidIdentifier: the name is empty, or the number does not end in four digits.
    """
    last4 = phone_number[-4:]
    if len(last4) < 4 or not (last4.isascii() and last4.isdigit()):
        raise InvalidIdentifier(_PHONE_NUMBER, _("it does not end in four digits"))
    return f"{name(family_name)}:{last4}"


def _step(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.casefold())
    if _EAST_ASIAN(text):
        text = _DROPPED_EAST.sub("", _NOTES.sub("", text.strip()))
        for honorific in _HONORIFICS:
            if len(text) > len(honorific):
                text = text.removesuffix(honorific)
        return text
    return _TITLE.sub("", " ".join(text.translate(_QUOTES).split()), count=1)

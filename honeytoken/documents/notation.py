"""How a person of the country writes a phone number or names a Chinese city and county."""

from __future__ import annotations

import re

from ..models import Address

_CHINESE_MOBILE = re.compile(r"\+86(1[3-9][0-9]{9})").fullmatch

# Nodes of the official code table that stand for no place; nobody writes them on a label.
_FILLERS = re.compile("省直辖县级行政区划|自治区直辖县级行政区划|市辖区|^县(?=.+县$)")
_PREFECTURE = re.compile("(.+?(?:市|自治州|地区|盟))(.{2,}|)").fullmatch
_MUNICIPALITIES = ("北京", "上海", "天津", "重庆")


def printed_phone_number(phone_number: str, *, country: str) -> str:
    """Return an E.164 number as it is written within *country*: ``"154..."``, ``"07700 900123"``.

    A number of another country is written with ``+``. Chinese mobiles have no blanks: templates of
    couriers take eleven digits. What is not in E.164 is given back as it is.
    """
    if country == "CN" and (mobile := _CHINESE_MOBILE(phone_number)):
        return mobile[1]
    import phonenumbers

    try:
        number = phonenumbers.parse(phone_number, None)
    except phonenumbers.NumberParseException:
        return phone_number
    if phonenumbers.country_code_for_region(country) != number.country_code:
        notation = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    else:
        notation = phonenumbers.PhoneNumberFormat.NATIONAL
    return phonenumbers.format_number(number, notation)


def city_and_county(address: Address) -> tuple[str, str]:
    """Return 市 and 区县 of a Chinese address: ``"杭州市西湖区"`` gives ``("杭州市", "西湖区")``.

    A municipality is its own city (``北京市``, ``朝阳区``). Cities without counties (东莞市,
    仙桃市) leave the second empty; a county written without its prefecture leaves the first empty.
    """
    locality = _FILLERS.sub("", address.locality.replace(" ", ""))
    municipality = address.region.removesuffix("市")
    if municipality in _MUNICIPALITIES:
        county = locality.removeprefix(municipality).removeprefix("市")
        return f"{municipality}市", _FILLERS.sub("", county)
    found = _PREFECTURE(locality)
    if found is None:
        return ("", locality) if locality.endswith(("区", "县", "旗")) else (locality, "")
    return found[1], _FILLERS.sub("", found[2])

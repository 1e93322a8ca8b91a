"""A loan form: what a lender's application asks of a person before the numbers.

There is no column for an ID card or a bank card. Lenders verify name and ID together, so a made-up
one fails, and a well-formed one may be somebody's. A canary shows what a lender does with the data
that it asks for first: name, phone number, address.
"""

from __future__ import annotations

from ..models import Gender, Identity
from .notation import printed_phone_number
from .waybill import chinese_place, english_place

#: ``Identity`` fields without which no form is accepted.
REQUIRED = ("name", "phone_number")

HEADERS = {
    "zh_CN": (
        *("申请编号", "姓名", "手机号", "性别", "出生日期", "邮箱"),
        *("省", "市", "区县", "详细地址"),
    ),
    "en": (
        *("Reference", "Full name", "First name", "Last name", "Phone", "Gender"),
        *("Date of birth", "E-mail", "Address", "City", "State", "Postcode", "Country"),
    ),
}
_GENDERS = {
    "zh_CN": {Gender.FEMALE: "女", Gender.MALE: "男"},
    "en": {Gender.FEMALE: "Female", Gender.MALE: "Male"},
}
# Where a number without an address is written in national notation: the country of its owner.
_UNKNOWN_COUNTRY = ""


def values(identity: Identity, *, language: str, reference: str) -> tuple[str, ...]:
    """Return the cells under :data:`HEADERS`; what *identity* lacks is empty."""
    address = identity.address
    country = address.country if address else _country(identity.locale)
    phone = printed_phone_number(identity.phone_number or "", country=country)
    gender = _GENDERS[language][identity.gender] if identity.gender else ""
    born = identity.birthdate.isoformat() if identity.birthdate else ""
    email = identity.email or ""
    if language == "zh_CN":
        place = chinese_place(address) if address else ("",) * 4
        return (reference, identity.name, phone, gender, born, email, *place)
    names = (identity.name, identity.given_name, identity.family_name)
    street = english_place(address) if address else ("",) * 5
    return (reference, *names, phone, gender, born, email, *street)


def _country(locale: str) -> str:
    """Return the country of a BCP 47 tag: the part of two letters, as in ``zh-Hans-CN``."""
    for part in locale.split("-")[1:]:
        if len(part) == 2 and part.isalpha():
            return part.upper()
    return _UNKNOWN_COUNTRY

"""A waybill: the row that a courier's order template wants.

There is no column for the waybill number: the courier gives it. 物品, 数量 and 备注 are left empty
for the owner, whose goods they are.
"""

from __future__ import annotations

from ..models import Address, Identity
from .notation import city_and_county, printed_phone_number

#: ``Identity`` fields without which no parcel arrives.
REQUIRED = ("name", "phone_number", "address")

HEADERS = {
    "zh_CN": (
        *("订单号", "收件人", "手机", "省", "市", "区县", "详细地址"),
        *("物品", "数量", "备注"),
    ),
    "en": (
        *("Order number", "Recipient", "Phone", "Address", "City", "State", "Postcode", "Country"),
        *("Item", "Quantity", "Remarks"),
    ),
}


def values(identity: Identity, *, language: str, reference: str) -> tuple[str, ...]:
    """Return the cells under :data:`HEADERS`; *identity* has the required fields."""
    address, phone_number = identity.address, identity.phone_number
    if address is None or phone_number is None:
        return ()
    phone = printed_phone_number(phone_number, country=address.country)
    place = chinese_place(address) if language == "zh_CN" else english_place(address)
    return (reference, identity.name, phone, *place, "", "", "")


def chinese_place(address: Address) -> tuple[str, str, str, str]:
    """Return 省, 市, 区县 and 详细地址; of an address abroad the last one is the whole."""
    if address.country != "CN":
        return address.region, address.locality, "", address.formatted
    return address.region, *city_and_county(address), address.street_address


def english_place(address: Address) -> tuple[str, str, str, str, str]:
    """Return street address, city, state, postcode and country code."""
    return (
        address.street_address,
        address.locality,
        address.region,
        address.postal_code,
        address.country,
    )

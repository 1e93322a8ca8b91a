from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from honeytoken.models import Address, Canary, Gender, Identity


@pytest.fixture
def chinese() -> Canary:
    street = "文三路12号柳岸小区3幢2单元502室"
    address = Address(
        f"浙江省杭州市西湖区{street}", street, "杭州市西湖区", "浙江省", "310012", "CN"
    )
    identity = Identity(
        name="陈志远",
        given_name="志远",
        family_name="陈",
        phone_number="+8615412345678",
        email="chenzy804417@post.example",
        address=address,
        birthdate=date(1988, 3, 12),
        gender=Gender.MALE,
        locale="zh-CN",
    )
    return Canary("c1", identity, (), datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def british() -> Canary:
    street = "Flat 7, 12 Baker Street"
    identity = Identity(
        name="Emma Clarke",
        given_name="Emma",
        family_name="Clarke",
        phone_number="+447700900123",
        email="emma.clarke.plum0412@post.example",
        address=Address(f"{street}, Leeds LS1 1AA", street, "Leeds", "", "LS1 1AA", "GB"),
        birthdate=date(1990, 7, 1),
        gender=Gender.FEMALE,
        locale="en-GB",
    )
    return Canary("c2", identity, (), datetime(2026, 11, 1, tzinfo=UTC))

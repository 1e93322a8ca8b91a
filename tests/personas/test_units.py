from __future__ import annotations

from random import Random

import pytest

from honeytoken import normalize
from honeytoken.models import Address
from honeytoken.personas import with_unit


def base(street: str, country: str = "CN") -> Address:
    if country == "CN":
        return Address(
            f"浙江省杭州市西湖区{street}", street, "杭州市西湖区", "浙江省", "310012", "CN"
        )
    return Address(f"{street}, Sampleton, 12345", street, "Sampleton", "", "12345", country)


@pytest.mark.parametrize(
    ("street", "country", "at_least"),
    [
        ("文三路12号柳岸小区", "CN", 1800),
        ("文三路12号", "CN", 1800),
        ("文三路12号柳岸小区3号楼", "CN", 600),
        ("文三路12号柳岸小区3幢2单元", "CN", 250),
        ("文三路12号柳岸小区3幢2单元502室", "CN", 500),
        ("12 Baker Street", "GB", 450),
        ("Flat 3, 12 Baker Street", "GB", 290),
        ("12 Elm St", "US", 1000),
        ("12 Elm St Apt 4", "US", 500),
        ("Hauptstraße 5", "DE", 800),
        ("神南1-2-3", "JP", 400),
        ("神南1-2-3 203号室", "JP", 290),
        ("5 Queen Street", "AU", 450),
    ],
)
def test_units_of_one_base_are_many_and_survive_clean_up(
    street: str, country: str, at_least: int
) -> None:
    random = Random(5)
    made = [with_unit(base(street, country), random=random) for _ in range(4000)]
    assert len({normalize.address(m.street_address, country=country) for m in made}) >= at_least
    assert normalize.address(street, country=country) not in {
        normalize.address(m.street_address, country=country) for m in made
    }
    for address in made[:200]:
        assert address.street_address in address.formatted
        assert street in address.street_address
        assert address.locality == base(street, country).locality
        assert address.postal_code == base(street, country).postal_code


def test_base_with_a_room_gets_no_second_room() -> None:
    random = Random(1)
    for _ in range(200):
        found = with_unit(base("文三路12号柳岸小区3幢2单元502室"), random=random)
        assert found.street_address.endswith(("信箱", "工位"))


def test_unit_stands_where_the_country_writes_it() -> None:
    def street(text: str, country: str) -> str:
        return with_unit(base(text, country), random=Random(2)).street_address

    assert street("12 Baker Street", "GB").endswith(", 12 Baker Street")
    assert street("12 Elm St", "US").startswith("12 Elm St ")
    assert street("Hauptstraße 5", "DE").startswith("Hauptstraße 5, ")


@pytest.mark.parametrize("country", ["CN", "GB"])
def test_formatted_that_writes_the_street_otherwise_still_carries_the_unit(country: str) -> None:
    plain = base("文三路12号", country)
    odd = Address("somewhere else", plain.street_address, "", "", "", country)
    found = with_unit(odd, random=Random(1))
    assert found.formatted != odd.formatted
    assert "somewhere else" in found.formatted

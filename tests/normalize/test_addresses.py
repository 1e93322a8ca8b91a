from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken import normalize
from honeytoken.errors import InvalidIdentifier


@pytest.mark.parametrize(
    "raw",
    [
        "杭州市西湖区文三路12号柳岸小区3号楼2单元502室",
        "杭州市西湖区文三路12号 柳岸小区 3幢 2单元 502",
        "杭州市西湖区文三路１２号，柳岸小区３栋２单元５０２室",
        "杭州市西湖区文三路12号柳岸小区三号楼二单元502房",
        "杭州市 西湖区 文三路十二号 柳岸小区 (3栋2单元502)",
    ],
)
def test_chinese_address_is_the_same_in_every_notation(raw: str) -> None:
    expected = "杭州市西湖区文3路12号柳岸小区3栋2单502"
    assert normalize.address(raw, country="CN") == expected


def test_numbers_stay_apart_so_that_two_doors_stay_two() -> None:
    one = normalize.address("柳岸小区1-112", country="CN")
    assert one == normalize.address("柳岸小区 1—112室", country="CN")
    assert one != normalize.address("柳岸小区11-12", country="CN")


@pytest.mark.parametrize(
    ("numeral", "digits"),
    [("十", "10"), ("十二", "12"), ("二十", "20"), ("一〇五", "105"), ("三百零五", "305")],
)
def test_chinese_numerals_become_digits(numeral: str, digits: str) -> None:
    found = normalize.address(f"柳岸小区{numeral}栋", country="CN")
    assert found == normalize.address(f"柳岸小区{digits}栋", country="CN")


@pytest.mark.parametrize(
    "raw",
    [
        "Flat 4B, 12 Baker Street, London",
        "FLAT 4B; 12 Baker St. London",
        "flat 4b 12, baker street - london",
    ],
)
def test_western_address_is_the_same_in_every_notation(raw: str) -> None:
    assert normalize.address(raw, country="GB") == "flat4b12bakerstlondon"


def test_apartment_sign_and_word_are_one() -> None:
    one = normalize.address("12 Elm Avenue #4B", country="US")
    assert one == normalize.address("12 Elm Ave, Apt 4B", country="us")


def test_german_and_japanese_notations_are_understood() -> None:
    assert normalize.address("Hauptstraße 5", country="DE") == normalize.address(
        "Hauptstr. 5", country="DE"
    )
    assert normalize.address("神南一丁目2番3号", country="JP") == normalize.address(
        "神南１－２－３", country="JP"
    )


@pytest.mark.parametrize("raw", ["", " ,. ", "室" * 501, "a\x00", "路\udfff", "́"])
def test_what_holds_no_address_is_refused(raw: str) -> None:
    with pytest.raises(InvalidIdentifier):
        normalize.address(raw, country="CN")


@pytest.mark.parametrize("country", ["", "China", "C1", "中国"])
def test_country_must_be_a_code(country: str) -> None:
    with pytest.raises(InvalidIdentifier):
        normalize.address("文三路12号", country=country)


@given(
    st.text(max_size=40)
    | st.text(alphabet="一二三十百零〇号楼栋幢单元室房0123-- _,#路丁目番地ßSt", max_size=30),
    st.sampled_from(["CN", "JP", "DE", "US"]),
)
def test_any_text_gives_a_fixed_point_or_invalid_identifier(raw: str, country: str) -> None:
    try:
        found = normalize.address(raw, country=country)
    except InvalidIdentifier:
        return
    assert normalize.address(found, country=country) == found
    found.encode()

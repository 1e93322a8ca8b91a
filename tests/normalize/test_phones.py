from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from honeytoken import normalize
from honeytoken.errors import InvalidIdentifier
from honeytoken.normalize import phones

REGIONS = st.sampled_from(["CN", "GB", "US", "DE", "JP", "IT", "HK", "ZZ", "", "cn"])
JUNK = st.text(max_size=80) | st.text(
    alphabet="0123456789+-() ./tel:*#\u202d\u202c\uff10\uff11\u0661\x00", max_size=40
)


@pytest.mark.parametrize(
    "raw",
    [
        "07700 900123",
        "+44 (7700) 900-123",
        "0044 7700 900123",
        "+44 (0)7700 900 123",
        "tel:+44-7700-900123",
        "(+44) 7700.900.123",
        "07700/900123",
        "0７７００　９００１２３",
        "\u202a+44 7700 900123\u202c",
        "'07700900123\t",
        "+44\u00a07700\u2011900\u2011123",
        "٠٧٧٠٠ ٩٠٠١٢٣",
        "447700900123",
    ],
)
def test_phone_number_is_the_same_however_the_courier_prints_it(raw: str) -> None:
    assert normalize.phone_number(raw, region="GB") == "+447700900123"


@pytest.mark.parametrize(
    "raw",
    [
        "15412345678",
        "154 1234 5678",
        "154-1234-5678",
        "１５４１２３４５６７８",
        "+86-15412345678",
        "+86 154 1234 5678",
        "8615412345678",
        "008615412345678",
        "（+86）15412345678",
        "154·1234·5678",
        "\ufeff15412345678\r\n",
    ],
)
def test_chinese_mobile_is_the_same_however_the_waybill_prints_it(raw: str) -> None:
    assert normalize.phone_number(raw, region="CN") == "+8615412345678"


def test_chinese_landline_needs_its_area_code() -> None:
    # No local number in China begins with 1: this one rings nobody.
    assert normalize.phone_number("0571-1888 6666", region="CN") == "+8657118886666"
    with pytest.raises(InvalidIdentifier):
        normalize.phone_number("1888 6666", region="CN")


@pytest.mark.parametrize(
    "raw", ["95338", "10086", "106912345678", "10690123456", "12306", "95013123456"]
)
def test_chinese_short_code_is_a_sender_but_no_phone_number(raw: str) -> None:
    with pytest.raises(InvalidIdentifier):
        normalize.phone_number(raw, region="CN")
    assert normalize.sender(raw, region="CN") == raw


@pytest.mark.parametrize(
    "raw",
    [
        "15412345678转123",
        "07700 900123 ext 4",
        "+447700900123x4",
        "+447700900123,,4",
        "tel:+447700900123;ext=4",
    ],
)
def test_extension_is_refused_because_the_number_without_it_reaches_somebody_else(raw: str) -> None:
    with pytest.raises(InvalidIdentifier):
        normalize.phone_number(raw, region="CN")


@pytest.mark.parametrize("region", ["", "ZZ", "UK", "China"])
def test_national_number_of_an_unknown_region_is_refused(region: str) -> None:
    with pytest.raises(InvalidIdentifier):
        normalize.phone_number("07700900123", region=region)
    assert normalize.phone_number("+44 7700 900123", region=region) == "+447700900123"


@pytest.mark.parametrize(
    "raw", ["", "   ", "+", "138****1234", "\x0015412345678", "1541234567\ud800", "9" * 10**6]
)
def test_junk_is_refused_without_repeating_it(raw: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        normalize.phone_number(raw, region="CN")
    assert not raw.strip() or raw not in str(caught.value)


@given(JUNK, REGIONS)
@example("+44" + "0" * 14, "GB")
def test_any_text_gives_a_fixed_point_or_invalid_identifier(raw: str, region: str) -> None:
    try:
        found = normalize.phone_number(raw, region=region)
    except InvalidIdentifier:
        return
    assert found[0] == "+"
    assert found[1:].isdecimal()
    assert found.isascii()
    assert len(found) <= 16
    assert normalize.phone_number(found, region="ZZ") == found


@given(
    st.from_regex(r"\+(861[3-9][0-9]{9}|447[0-9]{9}|1[2-9][0-9]{2}[2-9][0-9]{6})", fullmatch=True)
)
@example("+8617951123456")
@example("+8617900000000")
@example("+447000000000")
def test_fast_path_for_international_form_gives_what_the_slow_path_gives(raw: str) -> None:
    assert normalize.phone_number(raw, region="CN") == raw == phones._parsed(raw, "CN")


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
@example("17951123456")
def test_fast_path_for_chinese_mobiles_gives_what_the_slow_path_gives(raw: str) -> None:
    assert normalize.phone_number(raw, region="CN") == phones._parsed(raw, "CN") == "+86" + raw


def test_fast_path_holds_for_every_chinese_mobile_prefix() -> None:
    for prefix in range(13000, 20000):
        raw = f"+86{prefix}000000"
        assert phones._parsed(raw, "CN") == raw


def test_canonical_numbers_do_not_load_phonenumbers() -> None:
    code = (
        "import sys; from honeytoken import normalize as n;"
        "n.phone_number('+8615412345678', region='CN'); n.phone_number('15412345678', region='CN');"
        "sys.exit('phonenumbers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("07700 900123", "+447700900123"),
        ("+86 95338", "95338"),
        ("0086-10086", "10086"),
        ("+861069012345678", "1069012345678"),
        ("SF-Express", "sf-express"),
        ("【圆通速递】", "【圆通速递】"),
        ("  Ａcme  Bank ", "acme bank"),
        ("sip:+447700900123@carrier.example", "+447700900123"),
        ("", ""),
        ("Anonymous", ""),
        ("未知号码", ""),
        ("Private Number", ""),
        ("+266696687", ""),
        ("-1", ""),
        ("60006", "60006"),
        ("a\x00b\ud800c", "a b c"),
    ],
)
def test_claimed_sender_is_a_number_a_short_code_words_or_nothing(raw: str, expected: str) -> None:
    assert normalize.sender(raw, region="GB") == expected


@given(JUNK, REGIONS)
@example("x" * 10**6, "CN")
@example("\ufdfa" * 300, "CN")
def test_sender_never_raises_and_is_a_fixed_point(raw: str, region: str) -> None:
    found = normalize.sender(raw, region=region)
    found.encode()
    assert len(found) <= 256
    assert normalize.sender(found, region=region) == found

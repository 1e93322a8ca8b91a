from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken import normalize
from honeytoken.errors import InvalidIdentifier


@pytest.mark.parametrize(
    "raw",
    ["王小明", " 王 小明 ", "王小明先生", "王小明（收）", "王\u3000小\u3000明", "王小明 女士"],
)
def test_chinese_name_is_the_same_however_the_label_prints_it(raw: str) -> None:
    assert normalize.name(raw) == "王小明"


def test_middle_dot_of_a_long_name_is_decoration() -> None:
    assert (
        normalize.name("阿依古丽·买买提") == normalize.name("阿依古丽•买买提") == "阿依古丽买买提"
    )


def test_closing_character_that_may_be_a_name_stays() -> None:
    assert normalize.name("张丰收") == "张丰收"


@pytest.mark.parametrize(
    "raw", ["Seán O'Neill", "MR. SEÁN O’NEILL", " seán  o`neill ", "Sea\u0301n O'Neill"]
)
def test_western_name_is_the_same_however_the_form_took_it(raw: str) -> None:
    assert normalize.name(raw) == "seán o'neill"


@pytest.mark.parametrize("raw", ["", "  ", "·", "\x00", "王\ud800", "王" * 201])
def test_what_holds_no_name_is_refused(raw: str) -> None:
    with pytest.raises(InvalidIdentifier):
        normalize.name(raw)


@given(st.text(max_size=40) | st.text(alphabet="王明先生女士小姐様·() .Mrdß'’İ", max_size=20))
def test_any_text_gives_a_fixed_point_or_invalid_identifier(raw: str) -> None:
    try:
        found = normalize.name(raw)
    except InvalidIdentifier:
        return
    assert normalize.name(found) == found
    found.encode()


def test_joint_key_is_what_a_masked_row_still_shows() -> None:
    assert normalize.surname_last4("王", "+8615412341234") == "王:1234"
    assert normalize.surname_last4("Clarke", "+447700900123") == "clarke:0123"


@pytest.mark.parametrize("number", ["", "123", "+44٠١٢٣", "12 34"])
def test_joint_key_needs_four_digits(number: str) -> None:
    with pytest.raises(InvalidIdentifier):
        normalize.surname_last4("王", number)

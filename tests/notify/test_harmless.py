"""A stranger's text in a chat room."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken.notify.harmless import MAX_LENGTH, harmless


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<!channel> hi", "＜！channel＞ hi"),
        ("@everyone @here", "＠everyone ＠here"),
        ('<at user_id="all">x</at>', '＜at user＿id="all"＞x＜/at＞'),
        ("[bank](https://evil.example/x)", "［bank］（https：//evil［.］example/x）"),
        ("see evil.example", "see evil［.］example"),
        ("**bold** `code` ~~x~~ ||s||", "＊＊bold＊＊ ｀code｀ ～～x～～ ｜｜s｜｜"),
        ("a\u202egnp.exe", "agnp［.］exe"),
        ("a\x1b]0;title\x07b\u200bc\ufeffd", "a］0;titlebcd"),
        ("one\ntwo\r\n\u2028three", "one two three"),
        ("mailto:a@b.example tel:110", "mailto：a＠b［.］example tel：110"),
        ("&lt;!channel&gt;", "＆lt;！channel＆gt;"),
        ("退款3000.50元，请回电", "退款3000.50元，请回电"),
    ],
)
def test_tricks_of_a_sender_are_shown_and_not_obeyed(hostile: str, shown: str) -> None:
    assert harmless(hostile) == shown


def test_a_long_text_is_cut() -> None:
    assert harmless("长" * 5000) == "长" * MAX_LENGTH + "…"


@given(st.text())
def test_nothing_that_a_service_might_obey_is_left(text: str) -> None:
    shown = harmless(text)
    assert not re.search(r"[@#<>&*_~`|\[\]()\\\n]|://", shown)
    assert not any(unicodedata.category(c)[0] == "C" for c in shown)
    assert len(shown) <= MAX_LENGTH * 4


@given(st.text(st.characters(codec="utf-8")))
def test_it_never_fails_to_encode(text: str) -> None:
    harmless(text).encode("utf-8")

"""Terminal injection: what a stranger wrote cannot drive the terminal of whoever reads it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken.cli.visible import is_readable, visible, visible_json

HOSTILE = {
    "\x1b]0;owned\x07": r"\x1b]0;owned\x07",
    "\x9b31m": r"\x9b31m",
    "a\rb\nc\td": r"a\rb\nc\td",
    "\u202egnp.exe": r"\u202egnp.exe",
    "x\u200by": r"x\u200by",
    "\U000e0041": r"\U000e0041",
    "\ud800": r"\ud800",
    "\u2028": r"\u2028",
}


@pytest.mark.parametrize(("hostile", "shown"), HOSTILE.items())
def test_what_a_terminal_would_obey_is_shown_instead(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


def test_ordinary_text_of_any_script_stays_as_it_is() -> None:
    text = "陈志远 Émilie Ωmega العربية 👍 [bold]no markup[/bold] C:\\path"
    assert visible(text) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_json_made_visible_means_the_same(text: str) -> None:
    line = visible_json(json.dumps({"body": text}, ensure_ascii=False))
    assert json.loads(line) == {"body": text}
    assert visible(line) == line


@pytest.mark.parametrize("text", ["陈志远", "two\nlines", "tab\there", "👍"])
def test_text_that_may_be_typed_is_readable(text: str) -> None:
    assert is_readable(text, lines=True)


@pytest.mark.parametrize("text", ["two\nlines", "\x00", "a\x1b[2J", "\udcff\udcfe", "\x9b"])
def test_binary_arguments_are_not_readable(text: str) -> None:
    assert not is_readable(text)

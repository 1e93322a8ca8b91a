from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from honeytoken import normalize
from honeytoken.errors import InvalidIdentifier


@pytest.mark.parametrize(
    "raw",
    [
        "wei.chen@post.example",
        " Wei.Chen@Post.Example ",
        "ｗｅｉ．ｃｈｅｎ＠ｐｏｓｔ．ｅｘａｍｐｌｅ",
        "wei.chen@post。example",
        "mailto:wei.chen@post.example",
        "<WEI.CHEN@POST.EXAMPLE.>",
        "wei.chen\u200b@post.example",
    ],
)
def test_email_is_the_same_however_the_form_took_it(raw: str) -> None:
    assert normalize.email(raw) == "wei.chen@post.example"


def test_dots_and_tags_stay_because_the_domain_is_ours() -> None:
    assert normalize.email("a.b+c@post.example") == "a.b+c@post.example"
    assert normalize.email("ab@post.example") != normalize.email("a.b@post.example")


def test_chinese_domain_is_given_in_ascii() -> None:
    assert normalize.email("wei@邮局.example") == "wei@xn--dgtz33j.example"
    assert normalize.email_domain("邮局。example") == "xn--dgtz33j.example"


@pytest.mark.parametrize(
    "raw", ["Post.Example.", "@post.example", "wei@POST.example", "<wei@post.example>"]
)
def test_email_domain_is_that_of_the_domain_or_the_address(raw: str) -> None:
    assert normalize.email_domain(raw) == "post.example"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "@",
        "wei",
        "@post.example",
        "wei@",
        "wei@localhost",
        "wei@127.0.0.1",
        "wei@[127.0.0.1]",
        "wei@-post.example",
        "wei@post..example",
        ".wei@post.example",
        "we..i@post.example",
        '"w i"@post.example',
        "w i@post.example",
        "a@b@post.example",
        "wei@post.example\x00",
        "wei@post.example\nBcc: x@y.example",
        "w" * 65 + "@post.example",
        "wei@" + "邮." * 120 + "example",
        "x" * 10**6 + "@post.example",
    ],
)
def test_what_no_mailbox_can_be_is_refused(raw: str) -> None:
    with pytest.raises(InvalidIdentifier):
        normalize.email(raw)


@given(
    st.text(max_size=60)
    | st.builds("{}@{}.{}".format, st.text(min_size=1), st.text(), st.text())
    | st.emails()
)
@example("İ@post.example")
@example("ß@straße.example")
def test_any_text_gives_a_fixed_point_or_invalid_identifier(raw: str) -> None:
    for canonical in (normalize.email, normalize.email_domain):
        try:
            found = canonical(raw)
        except InvalidIdentifier:
            continue
        assert canonical(found) == found
        found.encode()


@given(st.from_regex(r"[a-z0-9]{1,12}(\.[a-z0-9]{1,8})?@[a-z0-9]{1,12}\.example", fullmatch=True))
def test_plain_address_is_its_own_canonical_form(raw: str) -> None:
    assert normalize.email(raw) == raw == normalize.email(raw.upper() + " ")

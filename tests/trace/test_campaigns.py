"""Who made which contacts together."""

from __future__ import annotations

import random
import time

import pytest

from honeytoken.trace import CampaignKey, group, template

from .world import day


def _key(
    name: str, at: float, sender: bytes | None = None, text: bytes | None = None
) -> CampaignKey:
    return CampaignKey(name, day(at), sender, text)


def test_same_sender_is_one_campaign() -> None:
    assert group([_key("a", 1, b"x"), _key("b", 2, b"x"), _key("c", 3, b"y")]) == {
        "a": "a",
        "b": "a",
        "c": "c",
    }


def test_same_text_from_other_senders_is_one_campaign() -> None:
    found = group([_key("a", 1, b"x", b"t"), _key("b", 2, b"y", b"t")])
    assert found["a"] == found["b"]


def test_campaigns_join_through_a_chain() -> None:
    found = group([_key("a", 1, b"x"), _key("b", 2, b"x", b"t"), _key("c", 3, b"y", b"t")])
    assert set(found.values()) == {"a"}


def test_a_withheld_sender_without_text_stands_alone() -> None:
    assert group([_key("a", 1), _key("b", 2)]) == {"a": "a", "b": "b"}


def test_a_sender_digest_never_meets_an_equal_text_digest() -> None:
    found = group([_key("a", 1, sender=b"same"), _key("b", 2, text=b"same")])
    assert found["a"] != found["b"]


def test_the_name_of_a_campaign_survives_later_sightings_and_any_order() -> None:
    keys = [_key("m", 1, b"x"), _key("a", 2, b"x"), _key("b", 0.5, b"z"), _key("z", 9, b"x")]
    shuffled = random.Random(1).sample(keys, len(keys))
    assert group(keys) == group(shuffled)
    assert group(keys)["a"] == "m"


def test_nothing_groups_to_nothing() -> None:
    assert group([]) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "【快借】尊敬的陈先生,您的额度50000元已到账,点击 https://k.example/a1 领取",
            "【快借】尊敬的王先生，您的额度 8,000 元已到账，点击 https://k.example/zz9 领取",
        ),
        (
            "Dear Emma Clarke, your parcel 88213 waits: http://x.example/q?id=1",
            "Dear John, your parcel 7 waits:  http://y.example/",
        ),
        ("Call 138****1234 about your loan today", "call 139****9876 about YOUR loan today"),
        ("Write to a.b@c.example about the offer", "Write to zz@dd.example about the offer"),
    ],
)
def test_texts_that_differ_in_numbers_links_and_names_share_a_template(
    one: str, other: str
) -> None:
    assert template(one) == template(other) != ""


def test_different_texts_have_different_templates() -> None:
    assert template("Your parcel 1 waits at the shop") != template("Your loan 1 waits at the bank")


@pytest.mark.parametrize("text", ["", "ok", "123456", "https://a.example/x", "Hi", "  \n "])
def test_a_text_too_short_to_tell_anybody_by_has_no_template(text: str) -> None:
    assert template(text) == ""


def test_a_template_keeps_no_number_and_no_name() -> None:
    reduced = template("Dear Emma Clarke, your code is 445566, ring +44 7700 900123 to confirm")
    assert not any(character.isdigit() for character in reduced)
    assert "emma" not in reduced


@pytest.mark.parametrize(
    "text",
    [
        "a" * 90_000,
        "dear " * 20_000,
        "dear " + "a " * 40_000,
        "1-" * 40_000,
        "a." * 40_000,
        "www." * 20_000,
        "您好" * 40_000,
        "\ufdfa" * 40_000,
    ],
)
def test_a_hostile_text_costs_no_time(text: str) -> None:
    """Each of these made an unbounded pattern try every start with every end."""
    before = time.process_time()
    template(text)
    assert time.process_time() - before < 1.0

"""What a drill says: one SMS of everyday words that nobody can guess."""

from __future__ import annotations

import random
import re

import pytest

from honeytoken.contacts import facts
from honeytoken.drill.wording import entropy_bits, words

# GSM 03.38, the default alphabet, as far as English needs it.
GSM = re.compile(r"[A-Za-z0-9 .,:;!?'\"()/+&%-]*")
TELLS = re.compile(r"honey|token|canary|drill|probe|test|演练|测试|蜜罐", re.IGNORECASE)


@pytest.mark.parametrize("region", ["CN", "GB"])
def test_nobody_can_guess_one_and_no_two_are_alike(region: str) -> None:
    assert entropy_bits(region) >= 40
    rng = random.Random(1)
    assert len({words(region, rng).text for _time in range(5000)}) == 5000


def test_the_bits_are_those_of_the_draws() -> None:
    # 128 * 127 * 126 * 125 things in order, 144 times, 96 numbers.
    assert entropy_bits("CN") == entropy_bits("GB")
    assert 2 ** entropy_bits("GB") == pytest.approx(128 * 127 * 126 * 125 * 144 * 96)


@pytest.mark.parametrize(("region", "longest"), [("CN", 70), ("GB", 160)])
def test_each_is_a_single_sms_without_a_tell_or_a_link(region: str, longest: int) -> None:
    rng = random.Random(2)
    for _time in range(5000):
        text = words(region, rng).text
        assert len(text) <= longest
        assert region == "CN" or GSM.fullmatch(text)
        assert not TELLS.search(text)
        assert "{" not in text
        found = facts.extract(None, text, region=region)
        assert (found.links, found.call_back_numbers, found.people) == ((), (), ())


def test_no_two_drills_in_a_row_are_worded_alike() -> None:
    rng = random.Random(3)
    openings = {words("GB", rng).text.split()[0] for _time in range(200)}
    assert len(openings) == 6

"""Known senders, compared in the forms in which they are written and in which they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken import Vault, normalize
from honeytoken.contacts import senders
from honeytoken.contacts.senders import Kind
from honeytoken.errors import InvalidInput


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("【圆满速递】", Kind.SIGNATURE),
        ("95338*", Kind.PREFIX),
        ("+44 7700 900*", Kind.PREFIX),
        ("northbound.example", Kind.DOMAIN),
        ("@northbound.example", Kind.DOMAIN),
        ("例子.中国", Kind.DOMAIN),
        ("95338", Kind.NUMBER),
        ("020 7946.0018", Kind.NUMBER),
        ("NORTHBOUND", Kind.NUMBER),
    ],
)
def test_what_a_pattern_is(pattern: str, kind: Kind) -> None:
    assert senders.kind(pattern) is kind


@pytest.mark.parametrize(
    ("pattern", "arrives", "region", "known"),
    [
        ("95338*", "95338", "CN", True),
        ("95338*", "9533812345", "CN", True),
        ("95338*", "+86 95338", "CN", True),
        ("９５３３８*", "95338", "CN", True),
        ("95338*", "95339", "CN", False),
        ("95338", "95338", "CN", True),
        ("95338", "9533801", "CN", False),
        ("4001234*", "400-123-4567", "CN", True),
        ("010 6234*", "+861062345678", "CN", True),
        ("+44 7700 900*", "07700 900123", "GB", True),
        ("07700 900*", "+447700900123", "GB", True),
        ("+44 7700 900123", "07700900123", "GB", True),
        ("07700 900123", "+447700900123", "GB", True),
        ("Northbound", "NORTHBOUND", "GB", True),
        ("Northbound", "NORTHBOUND2", "GB", False),
        ("95338*", "anonymous", "CN", False),
        ("【圆满速递】", "圆满速递", "CN", False),
    ],
)
def test_numbers_are_known_however_they_are_written(
    pattern: str, arrives: str, region: str, known: bool
) -> None:
    sender = normalize.sender(arrives, region=region)
    assert senders.knows_number([pattern], sender, region=region) is known


def test_signatures_are_compared_without_width_and_case() -> None:
    assert senders.knows_signature(["【ＹＴＯ速递】"], "yto速递")
    assert not senders.knows_signature(["【圆满速递】"], "圆满快递")
    assert not senders.knows_signature(["圆满速递", "95338*"], "圆满速递")
    assert not senders.knows_signature(["【圆满速递】"], None)


@pytest.mark.parametrize(
    ("domain", "known"),
    [
        ("northbound.example", True),
        ("MAIL.Northbound.example.", True),
        ("evilnorthbound.example", False),
        ("northbound.example.thief.example", False),
        ("", False),
    ],
)
def test_domains_are_known_with_those_below_them(domain: str, known: bool) -> None:
    assert senders.knows_domain(["95338*", "northbound.example"], domain) is known


@pytest.mark.parametrize(
    ("link", "known"),
    [
        ("https://www.northbound.example/t?x=1", True),
        ("northbound.example", True),
        ("northbound。example/a", True),
        ("https://northbound.example:8443/a", True),
        ("https://northbound.example@thief.example/a", False),
        ("https://thief.example/northbound.example", False),
        ("https://northbound.example.thief.example", False),
        ("https://thief.example?northbound.example", False),
        ("t.cn/A6xyz", False),
    ],
)
def test_a_link_is_known_by_its_host_alone(link: str, known: bool) -> None:
    assert senders.knows_link(["northbound.example"], link) is known


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["CN", "GB", "XX"]))
def test_any_pattern_and_sender_can_be_compared(pattern: str, sender: str, region: str) -> None:
    found = normalize.sender(sender, region=region)
    assert senders.knows_number([pattern], found, region=region) in (True, False)
    assert senders.knows_signature([pattern], sender) in (True, False)
    assert senders.knows_link([pattern], sender) in (True, False)


def test_a_name_may_be_an_expected_sender(vault: Vault) -> None:
    channel = vault.channels.add("royal", kind="courier", expected_senders=("RoyalMail",))
    sender = "RoyalMail"
    assert senders.knows_number(channel.expected_senders, sender, region="GB")
    assert not senders.knows_number(channel.expected_senders, "RoyalMai1", region="GB")


@pytest.mark.parametrize("sender", ["Ro", "a name too long", "Royal\u200bMail", "Рoyal"])
def test_what_no_sms_can_have_for_a_sender_is_refused(vault: Vault, sender: str) -> None:
    with pytest.raises(InvalidInput):
        vault.channels.add("royal", kind="courier", expected_senders=(sender,))

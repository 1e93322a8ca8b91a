"""Names in place of numbers, as SMS of Western companies have them."""

from __future__ import annotations

import pytest

from honeytoken import Vault
from honeytoken.contacts import senders
from honeytoken.errors import InvalidInput


def test_a_name_may_be_an_expected_sender(vault: Vault) -> None:
    channel = vault.channels.add("royal", kind="courier", expected_senders=("RoyalMail",))
    sender = "RoyalMail"
    assert senders.knows_number(channel.expected_senders, sender, region="GB")
    assert not senders.knows_number(channel.expected_senders, "RoyalMai1", region="GB")


@pytest.mark.parametrize("sender", ["Ro", "a name too long", "Royal\u200bMail", "Рoyal"])
def test_what_no_sms_can_have_for_a_sender_is_refused(vault: Vault, sender: str) -> None:
    with pytest.raises(InvalidInput):
        vault.channels.add("royal", kind="courier", expected_senders=(sender,))

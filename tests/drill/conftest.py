"""A vault whose numbers and mail domain can be drilled."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from honeytoken import Vault
from honeytoken.contacts import Received
from honeytoken.gateways import Delivery
from honeytoken.models import Authenticity, Contact, ContactPoint, Medium
from tests.conftest import Clock, furnish

from .services import Api, Relay, relaying, serving

SENDERS = """
[senders.relay]
kind = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "anna@post.example"

[senders.phone]
kind = "sms_gateway"
url = "{url}/message"
user = "sms"
password = "hush-hush"
"""


@dataclass
class Drilled:
    """A vault, what sends for it, and a way for messages to arrive."""

    vault: Vault
    api: Api
    relay: Relay
    clock: Clock

    def numbers(self) -> list[ContactPoint]:
        return self.vault.pool.list(kind="phone_number")

    def arrive(self, to: str, text: str, *, gateway: str = "hook", **given: object) -> Contact:
        """Let a message arrive, as a gateway would tell of it."""
        fields: dict[str, object] = {
            "gateway": gateway,
            "delivery_id": uuid.uuid4().hex,
            "medium": Medium.EMAIL if "@" in to else Medium.SMS,
            "authenticity": Authenticity.BODY,
            "sender": "+447700900999",
            "recipient": to,
            "text": text,
            **given,
        }
        received = Received(
            delivery=Delivery(**fields),  # type: ignore[arg-type]  # the fields of a Delivery
            region="GB",
            received_at=self.clock(),
            headers={},
            body=b"",
        )
        (done,) = self.vault.contacts.record([received])
        assert done.contact_id is not None
        return self.vault.contacts.get(done.contact_id)

    def arrive_sent(self, number: int = -1) -> Contact:
        """Let a text that the phone was given arrive."""
        body = self.api.sent[number].body
        return self.arrive(body["phoneNumbers"][0], body["textMessage"]["text"])

    def health(self) -> list[str]:
        """Give the states of the phone numbers, in the order of the pool."""
        proofs = {proof.contact_point_id: proof.state for proof in self.vault.drills.proofs()}
        return [proofs[point.id].value for point in self.numbers()]


def opened(
    folder: Path, clock: Clock, api: Api, relay: Relay, *, url: str | None = None, more: str = ""
) -> Vault:
    """Make a vault with two senders."""
    Vault.create(folder, mode="test", url=url, clock=clock).close()
    settings = folder / "honeytoken.toml"
    added = SENDERS.format(port=relay.port, url=api.url) + more
    settings.write_text(settings.read_text(encoding="utf-8") + added, encoding="utf-8")
    return Vault.open(folder, clock=clock)


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as running:
        yield running


@pytest.fixture
def relay() -> Iterator[Relay]:
    with relaying() as running:
        yield running


@pytest.fixture
def drilled(
    tmp_path: Path, clock: Clock, store_url: str | None, api: Api, relay: Relay
) -> Iterator[Drilled]:
    """Three numbers, a mail domain with one canary, two senders; on both databases."""
    more = "\n[drill]\nevery_days = 7\n\n[alerts.room]\nkind = 'webhook'\n"
    with opened(tmp_path / "v", clock, api, relay, url=store_url, more=more) as vault:
        furnish(vault, numbers=3)
        yield Drilled(vault, api, relay, clock)

"""Vaults with sinks, and couriers that tests drive step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from honeytoken import Vault
from honeytoken.contacts import Received, record_batch
from honeytoken.gateways import Delivery
from honeytoken.models import Authenticity, Medium
from honeytoken.notify.sinks import built_sinks
from honeytoken.notify.worker import Courier
from tests.conftest import Clock, furnish

from .receivers import Receiver, receiving, table


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


Opener = Callable[..., Vault]


@pytest.fixture
def vault_with(tmp_path: Path, clock: Clock, store_url: str | None) -> Iterator[Opener]:
    """Make a furnished vault with these tables in its settings, on both databases."""
    opened: list[Vault] = []

    def make(*tables: str) -> Vault:
        folder = tmp_path / "v"
        Vault.create(folder, mode="test", url=store_url, clock=clock).close()
        settings = folder / "honeytoken.toml"
        text = settings.read_text(encoding="utf-8") + "".join(tables)
        settings.write_text(text, encoding="utf-8")
        vault = Vault.open(folder, clock=clock)
        opened.append(vault)
        furnish(vault)
        # One canary a number, planted so long ago that nobody has a reason to ring.
        for canary in list(vault.mint_many(10, locale="en-GB")):
            vault.place(canary, "northbound", confirmed=True)
        clock.forward(days=40)
        return vault

    yield make
    for vault in opened:
        vault.close()


@pytest.fixture
def wired(vault_with: Opener, receiver: Receiver) -> Vault:
    """A vault whose only sink, ``desk``, is the receiver."""
    return vault_with(table(receiver))


@pytest.fixture
def doubly(vault_with: Opener, receiver: Receiver, other: Receiver) -> Vault:
    """A vault with two sinks: ``desk`` is the receiver, ``room`` the other one."""
    return vault_with(table(receiver), table(other, "room"))


def couriers(vault: Vault) -> dict[str, Courier]:
    """Return what sends the alerts of each sink, without chance."""
    sinks = built_sinks(vault.settings)
    return {
        name: Courier(vault.store, sink, others=frozenset(sinks), chance=lambda: 0.0)
        for name, sink in sinks.items()
    }


def drain(vault: Vault, name: str = "desk", *, steps: int = 1000) -> int:
    """Let a sink's courier do all that is due now; return in how many steps."""
    courier = couriers(vault)[name]
    for done in range(steps):
        if not courier.step():
            return done
    raise AssertionError("a courier does not come to rest")


def settled(vault: Vault, clock: Clock, *, hours: int = 200) -> None:
    """Let hours pass, and every courier do what becomes due."""
    working = couriers(vault)
    for _n in range(hours * 6):
        for courier in working.values():
            while courier.step():
                pass
        clock.forward(minutes=10)
        listed = vault.alerts.list()
        if not any(alert.state in ("waiting", "held") for alert in listed):
            return


def delivered(
    vault: Vault,
    number: int = 0,
    *,
    message_id: str = "m1",
    text: str = "hello",
    sender: str = "+447700900999",
    at_once: bool = True,
) -> Received:
    """Return a message to one of the vault's phone numbers; record it unless told otherwise."""
    now = vault.clock()
    received = Received(
        delivery=Delivery(
            gateway="phones",
            delivery_id=message_id,
            medium=Medium.SMS,
            authenticity=Authenticity.BODY,
            sender=sender,
            recipient=f"+447700900{number:03d}",
            text=text,
            sent_at=now - timedelta(seconds=1),
        ),
        region="GB",
        received_at=now,
        headers={},
        body=text.encode(),
    )
    if at_once:
        record(vault, [received])
    return received


def record(vault: Vault, batch: list[Received]) -> None:
    """Record deliveries as the listener's writer does."""
    sinks = {name: sink.dispositions for name, sink in built_sinks(vault.settings).items()}
    with vault.store.write() as tx:
        record_batch(tx, batch, sinks=sinks)

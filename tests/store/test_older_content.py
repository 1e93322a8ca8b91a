"""Contents that stand in a store from before schema 0002, sealed by the master itself."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from honeytoken import Canary, Vault
from honeytoken.contacts import Received
from honeytoken.gateways import Delivery
from honeytoken.keys import BY_CONTENT_KEY, BY_MASTER, ContentKey
from honeytoken.models import Authenticity, Medium


@pytest.fixture
def older(furnished_both: Vault) -> tuple[Vault, str, Canary]:
    """A vault with one contact as schema 0001 stored it."""
    vault = furnished_both
    canary = vault.mint(locale="en-GB")
    vault.place(canary, "northbound", confirmed=True)
    delivery = Delivery(
        gateway="phone",
        delivery_id="1",
        medium=Medium.SMS,
        authenticity=Authenticity.BODY,
        sender="+447700900999",
        recipient=canary.identity.phone_number,
        text="a loan for you",
    )
    received = Received(delivery, "GB", vault.clock(), {"a": "b"}, b"as it came")
    contact_id = vault.contacts.record([received])[0].contact_id or ""
    with vault.store.write() as tx:
        ((sealed_key,),) = tx.execute("SELECT sealed_key FROM contacts WHERE id = {}", contact_id)
        place = {"table": "contacts", "column": "sealed_key", "row": contact_id}
        key = ContentKey(tx.sealer.open(bytes(sealed_key), **place))
        for table, column in (("contacts", "id"), ("events", "contact_id")):
            ((row_id, sealed),) = tx.execute(
                f"SELECT id, sealed FROM {table} WHERE {column} = {{}}", contact_id
            )
            place = {"table": table, "column": "sealed", "row": row_id}
            plain = key.open(bytes(sealed), **place)
            again = tx.sealer.seal(plain, **place)
            tx.execute(f"UPDATE {table} SET sealed = {{}} WHERE id = {{}}", again, row_id)
        tx.execute("UPDATE contacts SET sealed_key = NULL WHERE id = {}", contact_id)
    return vault, contact_id, canary


def _first_bytes(vault: Vault, table: str) -> set[bytes]:
    with vault.store.read() as tx:
        rows = tx.connection.execute(text(f"SELECT sealed FROM {table}"))
        return {bytes(row[0])[:1] for row in rows}


def test_it_is_read_traced_and_verified(older: tuple[Vault, str, Canary]) -> None:
    vault, contact_id, canary = older
    assert vault.contacts.get(contact_id).body == "a loan for you"
    (event,) = vault.contacts.events(contact_id)
    assert (event.body, event.headers) == (b"as it came", {"a": "b"})
    (sighting,) = vault.evidence().sightings
    assert [item.canary_id for item in sighting.candidates] == [canary.id]
    assert vault.ledger.verify() == vault.ledger.head().seq


def test_what_is_written_again_gets_a_key_of_its_own(older: tuple[Vault, str, Canary]) -> None:
    vault, contact_id, canary = older
    assert _first_bytes(vault, "contacts") == {BY_MASTER}
    vault.contacts.note(contact_id, asked_for=canary.identity.name)
    assert _first_bytes(vault, "contacts") == {BY_CONTENT_KEY}
    assert vault.contacts.get(contact_id).notes[0].asked_for == canary.identity.name
    assert vault.contacts.events(contact_id)[0].body == b"as it came"
    assert vault.ledger.verify() == vault.ledger.head().seq


def test_rekey_reaches_it_and_what_has_keys_of_its_own(older: tuple[Vault, str, Canary]) -> None:
    vault, contact_id, canary = older
    vault.contacts.add(medium="sms", canary=canary, body="later")
    vault.rekey()
    vault.forget_old_masters()
    bodies = [contact.body for contact in vault.contacts.list()]
    assert sorted(body or "" for body in bodies) == ["a loan for you", "later"]
    assert vault.contacts.events(contact_id)[0].body == b"as it came"
    assert vault.ledger.verify() == vault.ledger.head().seq

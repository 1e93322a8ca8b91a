"""The chain: what is altered, removed or reordered is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from honeytoken import Vault
from honeytoken.errors import HoneytokenError, LedgerBroken
from honeytoken.ledger import GENESIS, Entry, Leaf, commitment, link, salted, verify
from honeytoken.store import codec, contacts

AT = datetime(2026, 3, 1, tzinfo=UTC)


def _chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for seq in range(1, length + 1):
        leaf = Leaf(f"can_{seq}", salted(b"{}"))
        entries.append(
            link(
                seq=seq,
                at=AT,
                action="mint",
                subjects=(leaf.record_id,),
                commitments=leaf.commitment,
                previous=entries[-1].digest if entries else GENESIS,
            )
        )
    return entries


def test_a_sound_chain_gives_its_head() -> None:
    chain = _chain(3)
    assert verify(chain).digest == chain[-1].digest.hex()


def test_an_empty_chain_ends_at_the_genesis() -> None:
    assert verify([]).digest == GENESIS.hex()


def test_an_entry_is_hashed_as_the_page_says() -> None:
    entry = _chain(1)[0]
    parts = (
        b"1",
        str(int(AT.timestamp()) * 1_000_000).encode(),
        b"mint",
        b"can_1",
        hashlib.sha256(entry.commitments).digest(),
        bytes(32),
    )
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    assert entry.digest == hashlib.sha256(b"honeytoken ledger entry 1" + framed).digest()


def test_a_commitment_hides_equal_payloads() -> None:
    assert commitment("can_1", salted(b"{}")) != commitment("can_1", salted(b"{}"))


@given(st.integers(2, 8), st.data())
def test_removing_any_entry_but_the_last_is_found(length: int, data: st.DataObject) -> None:
    chain = _chain(length)
    del chain[data.draw(st.integers(0, length - 2))]
    with pytest.raises(LedgerBroken):
        verify(chain)


@given(st.integers(2, 8), st.data())
def test_reordering_is_found(length: int, data: st.DataObject) -> None:
    chain = _chain(length)
    place = data.draw(st.integers(0, length - 2))
    chain[place], chain[place + 1] = chain[place + 1], chain[place]
    with pytest.raises(LedgerBroken):
        verify(chain)


@pytest.mark.parametrize(
    "change",
    [
        {"action": "void"},
        {"subjects": ("can_9",)},
        {"commitments": bytes(32)},
        {"at": datetime(2026, 2, 1, tzinfo=UTC)},
        {"digest": bytes(32)},
    ],
)
def test_an_altered_entry_is_found(change: dict[str, object]) -> None:
    chain = _chain(3)
    chain[1] = replace(chain[1], **change)  # type: ignore[arg-type]  # one field each
    with pytest.raises(LedgerBroken, match=r"entry [23]"):
        verify(chain)


def test_a_chain_made_anew_does_not_hold_the_digest_kept_elsewhere() -> None:
    kept = _chain(3)[1].digest.hex()
    with pytest.raises(LedgerBroken, match="kept elsewhere"):
        verify(_chain(3), head=kept)


def _worked(vault: Vault) -> None:
    canary = vault.mint(locale="en-GB")
    (placed,) = vault.place(canary, "northbound", reference="SO-1")
    vault.confirm([placed.id])
    contact = vault.contacts.add(medium="call", recipient=canary.identity.phone_number)
    vault.contacts.classify(contact.id, "ambiguous")
    vault.contacts.note(contact.id, text="rang twice")


TAMPERINGS = [
    "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)",
    "DELETE FROM ledger WHERE seq = 3",
    "UPDATE ledger SET action = 'void' WHERE seq = 2",
    "UPDATE ledger SET at = at - 1 WHERE seq = 2",
    "UPDATE placements SET confirmed_at = confirmed_at - 86400000000",
    "UPDATE placements SET channel_id = 'other'",
    "UPDATE placements SET status = 'void'",
    "UPDATE contacts SET disposition = 'unsolicited'",
    "UPDATE contacts SET received_at = received_at + 1",
    "UPDATE contact_points SET role = 'control'",
    "UPDATE contact_points SET held_since = 0",
    "DELETE FROM events",
    "DELETE FROM placements",
    "UPDATE contact_points SET withdrawn = 'retired' WHERE used > 0",
    "UPDATE channels SET expected_senders = '[]'",
    "UPDATE channels SET name = 'someone else' WHERE id = 'northbound'",
    "UPDATE contacts SET confirmed_by = 'phone log'",
    "UPDATE contacts SET sealed = (SELECT sealed FROM events)",
    "UPDATE vault_state SET ledger_seq = ledger_seq - 1",
    "UPDATE ledger SET sealed = NULL WHERE action = 'receive' AND subjects LIKE '%con_%'",
    "UPDATE ledger SET sealed = (SELECT sealed FROM ledger WHERE seq = 2) WHERE seq = 3",
    # What stands beside sealed values, and what things are found by.
    "UPDATE contact_points SET capacity = capacity + 1",
    "UPDATE contact_points SET digest = substr(digest || digest, 2, 16) WHERE used > 0",
    "UPDATE canaries SET plan_id = 'another'",
    "UPDATE canaries SET expires_at = 1",
    "UPDATE canaries SET minted_at = minted_at - 86400000000",
    "DELETE FROM canary_index",
    "UPDATE canary_index SET number = number + 1",
    "INSERT INTO canary_index SELECT digest, number + 1 FROM canary_index",
    "UPDATE placements SET reference_digest = NULL",
    "UPDATE events SET delivery_digest = substr(delivery_digest || delivery_digest, 2, 16)",
    "UPDATE events SET gateway = 'another'",
    "UPDATE events SET received_at = received_at - 1",
    "UPDATE events SET sealed = ''",
    "INSERT INTO events SELECT 'evt_1', gateway, substr(delivery_digest, 1, 8), received_at,"
    " contact_id, '' FROM events",
]


@pytest.mark.parametrize("sql", TAMPERINGS)
def test_tampering_with_the_store_is_found(furnished_both: Vault, sql: str) -> None:
    vault = furnished_both
    vault.channels.add("other")
    _worked(vault)
    count = vault.ledger.verify()
    assert count == vault.ledger.head().seq
    with vault.store.engine.begin() as connection:
        connection.execute(text(sql))
    with pytest.raises(HoneytokenError):
        vault.ledger.verify()


def test_the_head_kept_elsewhere_is_found_again_later(furnished: Vault) -> None:
    head = furnished.ledger.head()
    _worked(furnished)
    assert furnished.ledger.verify(head=head.digest) > head.seq


def test_every_step_of_a_canarys_life_is_an_entry(furnished: Vault) -> None:
    _worked(furnished)
    actions = [entry.action for entry in furnished.ledger.entries()]
    assert actions[0] == "create"
    for action in ("mint", "place", "confirm", "receive", "classify", "note"):
        assert action in actions


def test_a_failed_transaction_leaves_no_entry(furnished: Vault) -> None:
    head = furnished.ledger.head()
    with pytest.raises(HoneytokenError):
        furnished.channels.add("northbound")
    assert furnished.ledger.head() == head


def test_many_canaries_share_an_entry_and_one_can_be_shown_alone(furnished: Vault) -> None:
    found = list(furnished.mint_many(20, locale="en-GB"))
    (entry,) = [item for item in furnished.ledger.entries() if item.action == "mint"]
    assert entry.subjects == tuple(canary.id for canary in found)
    with furnished.store.read() as tx:
        sealed = tx.connection.execute(
            text("SELECT sealed FROM canaries WHERE id = :id"), {"id": found[3].id}
        ).scalar_one()
        plain = tx.sealer.open(sealed, table="canaries", column="sealed", row=found[3].id)
    assert entry.commitments[3 * 32 : 4 * 32] == commitment(found[3].id, plain)


def test_an_entry_about_a_contact_states_all_that_is_compared(furnished: Vault) -> None:
    _worked(furnished)
    with furnished.store.read() as tx:
        ((_id, data),) = contacts.ledger_states(tx)
    assert tuple(data) == contacts.LEDGER_FIELDS


def test_what_older_entries_did_not_state_is_not_missed(
    furnished_both: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Capacities, and the plan of a canary beside its identity.
    vault = furnished_both

    def without(*names: str) -> Callable[[Mapping[str, Any]], bytes]:
        return lambda data: to_bytes({k: v for k, v in data.items() if k not in names})

    to_bytes = codec.to_bytes
    monkeypatch.setattr(codec, "to_bytes", without("capacity", "plan_id", "expires_at"))
    vault.pool.add("phone_number", "+447700900777", region="GB", role="test")
    _worked(vault)
    monkeypatch.undo()
    assert vault.ledger.verify()


def test_what_was_revealed_is_listed_with_its_ids(furnished_both: Vault) -> None:
    furnished_both.reveal("canaries", ["can_1", "can_2"], by="j.doe")
    furnished_both.reveal("references", [])
    first, second = furnished_both.ledger.reveals()
    assert (first.what, first.ids, first.by) == ("canaries", ("can_1", "can_2"), "j.doe")
    assert (second.what, second.ids, second.by) == ("references", (), None)
    assert furnished_both.ledger.reveals(newest=1) == [second]
    assert "j.doe" not in repr(furnished_both.ledger.entries())

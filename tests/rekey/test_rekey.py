"""New masters: interrupted, resumed, met by other processes."""

from __future__ import annotations

import io
import os
import stat

import pytest

from honeytoken import Vault, keyfile
from honeytoken.errors import KeysError
from honeytoken.store import counts, heartbeats, outbox, rekeying
from tests.conftest import Clock


@pytest.fixture
def lived_in(furnished_both: Vault, clock: Clock) -> Vault:
    vault = furnished_both
    canaries = list(vault.mint_many(8, locale="en-GB"))
    vault.place(canaries[0], "northbound", reference="SO-1", confirmed=True)
    clock.forward(days=1)
    for canary in canaries[:3]:
        contact = vault.contacts.add(
            medium="sms",
            recipient=canary.identity.phone_number,
            sender="+447700900999",
            body="an offer you would not expect",
        )
        vault.contacts.note(contact.id, text="odd")
    return vault


def _everything(vault: Vault) -> list[object]:
    return [
        list(vault.canaries.list()),
        vault.placements.list(),
        vault.contacts.list(),
        vault.pool.list(),
        [vault.contacts.events(contact.id) for contact in vault.contacts.list()],
    ]


def test_rekey_seals_everything_anew_and_changes_nothing_else(lived_in: Vault) -> None:
    before, old = _everything(lived_in), lived_in.store.keys.keyring
    seen: list[tuple[int, int]] = []
    lived_in.rekey(lambda done, every: seen.append((done, every)))
    assert _everything(lived_in) == before
    assert lived_in.store.keys.keyring.current != old.current
    assert not rekeying.uses_old_masters(lived_in.store)
    assert seen[-1][0] == seen[-1][1]
    assert lived_in.ledger.verify()


def test_an_interrupted_rekey_leaves_a_usable_store_and_is_resumed(lived_in: Vault) -> None:
    before = _everything(lived_in)

    def stop(_done: int, _every: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lived_in.rekey(stop)
    assert rekeying.uses_old_masters(lived_in.store)
    with Vault.open(lived_in.folder, clock=lived_in.clock) as again:
        assert _everything(again) == before
        again.rekey()
        assert len(again.store.keys.keyring.sealing) == 2
        assert not rekeying.uses_old_masters(again.store)
        assert _everything(again) == before


def test_a_running_process_follows_a_rekey(lived_in: Vault) -> None:
    with Vault.open(lived_in.folder, clock=lived_in.clock) as running:
        lived_in.rekey()
        running.channels.add("later")
        running.mint(locale="en-GB")
        assert not rekeying.uses_old_masters(running.store)


def test_old_masters_are_only_dropped_when_nothing_needs_them(lived_in: Vault) -> None:
    before = _everything(lived_in)
    keyring = lived_in.store.keys.keyring.with_new_sealing()
    keyfile.replace(lived_in.settings, keyring)
    lived_in.store.use_keys(keyring)
    with pytest.raises(KeysError, match="older key"):
        lived_in.forget_old_masters()
    lived_in.rekey()
    lived_in.forget_old_masters()
    assert len(keyfile.read(lived_in.settings).sealing) == 1
    assert _everything(lived_in) == before


def test_reindex_changes_every_digest_and_finds_the_same(lived_in: Vault) -> None:
    canary = next(lived_in.canaries.list())
    campaigns = [sighting.campaign_id for sighting in lived_in.evidence().sightings]
    old = lived_in.store.keys.indexer.check
    lived_in.reindex()
    assert lived_in.store.keys.indexer.check != old
    assert lived_in.is_canary(phone_number=canary.identity.phone_number)
    assert lived_in.placements.list(reference="SO-1")
    assert [s.campaign_id for s in lived_in.evidence().sightings] == campaigns
    assert keyfile.read(lived_in.settings).next_index is None
    assert lived_in.ledger.verify()


def test_a_running_shop_is_not_told_no_after_a_reindex(lived_in: Vault) -> None:
    number = next(lived_in.canaries.list()).identity.phone_number
    with Vault.open(lived_in.folder, clock=lived_in.clock) as running:
        assert running.is_canary(phone_number=number)
        lived_in.reindex()
        assert running.is_canary(phone_number=number)
        assert not running.is_canary(phone_number="+447700900998")


def test_a_reindex_that_stopped_before_its_commit_changed_nothing(
    lived_in: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("honeytoken.rekey.regroup", lambda _tx: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lived_in.reindex()
    with Vault.open(lived_in.folder, clock=lived_in.clock) as again:
        number = next(again.canaries.list()).identity.phone_number
        assert again.is_canary(phone_number=number)


def test_a_reindex_that_stopped_before_the_key_file_was_written_is_completed_on_open(
    lived_in: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bool] = []
    replace = keyfile.replace

    def once(settings: object, keyring: object) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(True)
        replace(settings, keyring)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(keyfile, "replace", once)
    with pytest.raises(KeyboardInterrupt):
        lived_in.reindex()
    monkeypatch.undo()
    with Vault.open(lived_in.folder, clock=lived_in.clock) as again:
        number = next(again.canaries.list()).identity.phone_number
        assert again.is_canary(phone_number=number)
        again.reindex()
        assert again.is_canary(phone_number=number)


def test_keys_from_the_environment_are_not_changed_there(
    lived_in: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONEYTOKEN_KEYS", lived_in.store.keys.keyring.to_text())
    with pytest.raises(KeysError, match="cannot be changed there"):
        lived_in.rekey()


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_the_key_file_stays_readable_for_its_owner_only(lived_in: Vault) -> None:
    lived_in.rekey()
    mode = keyfile.path(lived_in.settings).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_an_export_opens_in_a_new_vault_with_the_same_keys(
    lived_in: Vault, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.StringIO()
    assert lived_in.export(file) > 20
    monkeypatch.setenv("HONEYTOKEN_KEYS", lived_in.store.keys.keyring.to_text())
    folder = tmp_path_factory.mktemp("copy") / "v"
    with Vault.create(folder, mode="test", clock=lived_in.clock) as copy:
        file.seek(0)
        with copy.store.write() as tx:  # as a listener leaves it that has heard nothing
            counts.add(tx, {("phone", "BadSignature"): 1})
            heartbeats.note(tx, [("phone", "shelf-3")])
        copy.import_(file)
        assert _everything(copy) == _everything(lived_in)
        assert copy.ledger.verify() == lived_in.ledger.head().seq
        assert copy.ledger.head() == lived_in.ledger.head()


def test_reindex_leaves_no_digest_of_the_old_master_in_the_outbox(lived_in: Vault) -> None:
    old = "point/" + "ab" * 16
    with lived_in.store.write() as tx:
        outbox.enqueue(tx, [outbox.Notice("room", "contact.received", old, {})])
        outbox.enqueue(tx, [outbox.Notice("room", "contact.received", "point", {})])
    lived_in.reindex()
    with lived_in.store.read() as tx:
        subjects = {row[0] for row in tx.execute("SELECT subject FROM outbox")}
    assert subjects == {None, "point"}

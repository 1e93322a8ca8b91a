"""Nothing sealed stands in plain anywhere on the disk."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from honeytoken import Address, Vault
from honeytoken.errors import SealBroken, WrongKeys
from honeytoken.keys import Keyring
from honeytoken.models import ContactNote
from tests.conftest import furnish


def _secrets(vault: Vault) -> list[str]:
    """Do a bit of everything and return what must not be found."""
    furnish(vault)
    vault.pool.add(
        "address",
        "12 Marked Lane, Leeds LS1 4AB",
        region="GB",
        address=Address(
            "12 Marked Lane, Leeds LS1 4AB", "12 Marked Lane", "Leeds", "", "LS1 4AB", "GB"
        ),
    )
    canary = vault.mint(locale="en-GB", note="marked-note")
    (placed,) = vault.place(
        canary, "northbound", reference="MARKED-ORDER-77", batch="marked-batch", confirmed=True
    )
    contact = vault.contacts.add(
        medium="sms",
        recipient=canary.identity.phone_number,
        sender="+447700900999",
        body="marked body text",
    )
    vault.contacts.note(contact.id, asked_for=canary.identity.name, knew="marked-knowledge")
    vault.contacts.classify(contact.id, "ambiguous", reason="marked-reason")
    vault.reveal("marked-reveal", [placed.id])
    identity = canary.identity
    address = identity.address
    assert address is not None
    return [
        identity.name,
        identity.phone_number or "",
        identity.email or "",
        address.street_address,
        "marked",
        "MARKED",
        "Marked Lane",
        "+447700900999",
        "07700900",
    ]


def test_nothing_sealed_is_found_in_the_files(vault: Vault) -> None:
    secrets = _secrets(vault)
    found = {path.name for path in vault.folder.iterdir()}
    assert {"honeytoken.db", "honeytoken.db-wal"} <= found
    for path in vault.folder.iterdir():
        content = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in content, f"{secret} stands in {path.name}"
            assert secret.encode("utf-16-le") not in content


def test_nothing_sealed_is_found_in_a_postgresql_dump(postgres_url: str, tmp_path: Path) -> None:
    with Vault.create(tmp_path / "v", mode="test", url=postgres_url) as vault:
        secrets = _secrets(vault)
        with vault.store.engine.connect() as connection:
            for table in inspect(connection).get_table_names():
                rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
                dump = repr(
                    [[bytes(v) if isinstance(v, memoryview) else v for v in r] for r in rows]
                )
                for secret in secrets:
                    assert secret not in dump, f"{secret} stands in {table}"


def test_nothing_sealed_is_logged_or_shown_by_repr(
    vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        secrets = _secrets(vault)
        shown = repr(
            [
                *vault.canaries.list(),
                *vault.placements.list(),
                *vault.contacts.list(),
                *vault.pool.list(),
                vault,
                vault.store,
                ContactNote(at=vault.clock(), asked_for="marked"),
                vault.settings.store,
            ]
        )
    for secret in secrets:
        assert secret not in shown
        assert secret not in caplog.text


def test_a_value_moved_to_another_row_is_noticed(furnished: Vault) -> None:
    first, second = furnished.mint_many(2, locale="en-GB")
    with furnished.store.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE canaries SET sealed = (SELECT sealed FROM canaries WHERE id = :a)"
                " WHERE id = :b"
            ),
            {"a": first.id, "b": second.id},
        )
    with pytest.raises(SealBroken, match=r"canaries\.sealed"):
        furnished.canaries.get(second.id)


def test_another_vaults_key_file_is_one_clear_error(furnished: Vault) -> None:
    key_file = furnished.folder / "honeytoken.keys"
    key_file.write_text(Keyring.generate().to_text())
    with pytest.raises(WrongKeys, match="not that of this store"):
        Vault.open(furnished.folder)


def test_a_missing_key_file_says_what_to_do(furnished: Vault) -> None:
    (furnished.folder / "honeytoken.keys").unlink()
    with pytest.raises(Exception, match="key file is missing"):
        Vault.open(furnished.folder)


def test_keys_may_come_from_the_environment(
    furnished: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = furnished.folder / "honeytoken.keys"
    monkeypatch.setenv("HONEYTOKEN_KEYS", key_file.read_text())
    key_file.unlink()
    with Vault.open(furnished.folder) as vault:
        assert vault.channels.get("northbound").id == "northbound"

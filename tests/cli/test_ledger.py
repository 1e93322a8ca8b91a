"""`honeytoken ledger`, `rekey`, `reindex` and `doctor`."""

from __future__ import annotations

import sqlite3

from .conftest import Shell


def test_the_head_is_a_number_and_a_digest(shop: Shell) -> None:
    seq, digest = shop.done("ledger", "head").split()
    assert int(seq) > 1
    assert len(bytes.fromhex(digest)) == 32
    assert shop.json("ledger", "head", "--json") == [{"seq": int(seq), "digest": digest}]


def test_a_head_kept_elsewhere_is_found_in_the_chain(shop: Shell) -> None:
    _seq, digest = shop.done("ledger", "head").split()
    shop.done("channel", "add", "hub")
    assert "the chain holds" in shop.done("ledger", "verify", "--head", digest)
    (said,) = shop.json("ledger", "verify", "--json")
    assert isinstance(said["checked"], int)


def test_a_head_that_is_not_in_the_chain_is_an_error(shop: Shell) -> None:
    for head in ("ab" * 32, "not a digest", "x" * 100):
        shop.failed("ledger", "verify", "--head", head)


def test_an_altered_entry_is_found(shop: Shell) -> None:
    with sqlite3.connect(shop.folder / "honeytoken.db") as connection:
        connection.execute("UPDATE ledger SET action = 'mint' WHERE seq = 2")
    connection.close()
    assert "2" in shop.failed("ledger", "verify")[0]


def test_the_latest_entries_are_listed(shop: Shell) -> None:
    lines = shop.done("ledger", "list", "--limit", "2").splitlines()
    assert len(lines) == 3
    assert len(shop.json("ledger", "list", "--limit", "1", "--json")) == 1


def test_after_rekey_and_reindex_all_is_as_before(shop: Shell) -> None:
    canary = shop.id("mint", "--locale", "en-GB")
    before = shop.done("export", "canaries", "--reveal")
    keys = (shop.folder / "honeytoken.keys").read_bytes()
    shop.done("rekey")
    shop.done("reindex")
    assert (shop.folder / "honeytoken.keys").read_bytes() != keys
    assert shop.done("export", "canaries", "--reveal") == before
    assert canary in before
    assert "the chain holds" in shop.done("ledger", "verify")


def test_older_keys_are_dropped_only_if_said_twice(shop: Shell) -> None:
    shop.done("rekey")
    keys = (shop.folder / "honeytoken.keys").read_bytes()
    shop.failed("rekey", "--forget-old")
    assert (shop.folder / "honeytoken.keys").read_bytes() == keys
    shop.done("rekey", "--forget-old", "--yes")
    assert len((shop.folder / "honeytoken.keys").read_bytes()) < len(keys)
    assert "the chain holds" in shop.done("ledger", "verify")


def test_a_wrong_key_is_one_clear_error(shop: Shell) -> None:
    other = Shell(shop.folder / "other")
    other.done("init")
    (shop.folder / "honeytoken.keys").write_bytes((other.folder / "honeytoken.keys").read_bytes())
    for typed in (["pool", "list"], ["mint"], ["trace"], ["export", "canaries"]):
        shop.failed(*typed)


def test_the_doctor_lists_its_checks(shop: Shell) -> None:
    checks = shop.json("doctor", "--json")
    assert {check["ok"] for check in checks} <= {True, None}
    assert "RESULT" in shop.done("doctor")


def test_the_doctor_fails_if_a_check_does(shop: Shell) -> None:
    with sqlite3.connect(shop.folder / "honeytoken.db") as connection:
        connection.execute("UPDATE vault_state SET ledger_mac = x'00'")
    connection.close()
    result = shop("doctor")
    assert result.exit_code == 1
    assert "FAILED" in result.stdout

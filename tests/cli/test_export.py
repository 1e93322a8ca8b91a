"""`honeytoken export` and `honeytoken import`."""

from __future__ import annotations

import json
import os

import pytest

from .conftest import Shell


@pytest.fixture
def traded(shop: Shell) -> Shell:
    """A shop that has placed a canary."""
    canary = shop.id("mint", "--locale", "en-GB")
    shop.done("place", canary, "northbound", "--reference", "ORDER-2026-0017", "--confirmed")
    shop.done("contacts", "add", "--medium", "told", "--canary", canary, "--body", "Good day")
    return shop


def test_references_are_one_per_line_and_nothing_else(traded: Shell) -> None:
    assert traded.done("export", "references") == "ORDER-2026-0017\n"


@pytest.mark.parametrize("what", ["canaries", "channels", "placements", "contacts"])
def test_records_are_exported_short_or_whole(traded: Shell, what: str) -> None:
    short = traded.done("export", what)
    assert [type(json.loads(line)) for line in short.splitlines()] == [dict]
    before = len(traded.actions())
    whole = traded.done("export", what, "--reveal")
    assert traded.actions()[before:] == ["reveal"]
    assert ("****" in short or "***" in short) == (what != "channels")
    assert "**" not in whole.replace("95338*", "")


def test_a_backup_comes_back_into_an_empty_vault(traded: Shell) -> None:
    file = traded.folder / "backup.jsonl"
    traded.done("export", "vault", "--out", str(file))
    content = file.read_text(encoding="utf-8")
    assert "77009" not in content
    assert "ORDER-2026" not in content
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
    other = Shell(traded.folder / "other")
    other.folder.mkdir()
    for name in ("honeytoken.toml", "honeytoken.keys"):
        (other.folder / name).write_bytes((traded.folder / name).read_bytes())
    other.done("import", str(file))
    assert other.done("ledger", "head") == traded.done("ledger", "head")
    assert other.done("export", "references") == "ORDER-2026-0017\n"
    assert "the chain holds" in other.done("ledger", "verify")


def test_a_backup_is_not_put_into_a_vault_in_use_or_with_other_keys(traded: Shell) -> None:
    backup = traded.done("export", "vault")
    before = traded.store()
    traded.failed("import", "-", stdin=backup)
    assert traded.store() == before
    other = Shell(traded.folder / "other")
    other.done("init")
    before = other.store()
    other.failed("import", "-", stdin=backup)
    other.failed("import", "-", stdin=backup[: len(backup) // 2])
    assert other.store() == before


def test_a_file_is_not_overwritten_unless_asked(traded: Shell) -> None:
    file = traded.folder / "out.txt"
    file.write_text("old")
    traded.failed("export", "references", "--out", str(file))
    assert file.read_text() == "old"
    traded.done("export", "references", "--out", str(file), "--yes")
    assert file.read_text() == "ORDER-2026-0017\n"


def test_what_is_typed_wrong_is_one_clear_error(traded: Shell) -> None:
    before = traded.store()
    traded.failed("export", "secrets", code=2)
    traded.failed("export", "references", "--reveal", code=2)
    traded.failed("export", "references", "--out", str(traded.folder / "none" / "x"))
    traded.failed("export", "references", "--out", str(traded.folder), code=2)
    assert traded.store() == before


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff" * 500, b"{}", b"[1,2]\n", b'{"table": "canaries"}\n', b"x" * 10**6]
)
def test_what_is_no_backup_restores_nothing(shell: Shell, content: bytes) -> None:
    file = shell.folder / "bad.jsonl"
    file.write_bytes(content)
    before = shell.store()
    shell.failed("import", str(file))
    assert shell.store() == before

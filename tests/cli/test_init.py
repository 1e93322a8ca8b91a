"""`honeytoken init`."""

from __future__ import annotations

import os

from .conftest import Shell


def test_init_makes_a_vault_and_says_what_to_back_up(empty: Shell) -> None:
    result = empty("init", "--mode", "test")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "Back them up" in result.stderr
    assert {file.name for file in empty.folder.iterdir()} >= {
        "honeytoken.toml",
        "honeytoken.keys",
        "honeytoken.db",
    }
    if os.name == "posix":
        assert (empty.folder / "honeytoken.keys").stat().st_mode & 0o777 == 0o600


def test_a_second_init_changes_nothing(shell: Shell) -> None:
    keys, before = (shell.folder / "honeytoken.keys").read_bytes(), shell.store()
    shell.failed("init")
    assert (shell.folder / "honeytoken.keys").read_bytes() == keys
    assert shell.store() == before


def test_init_refuses_a_url_that_is_no_database_and_does_not_repeat_it(empty: Shell) -> None:
    assert "secret" not in "".join(empty.failed("init", "--url", "nonsense://u:secret@host/x"))
    assert list(empty.folder.iterdir()) == []

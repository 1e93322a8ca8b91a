from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import pytest

from honeytoken import InvalidInput, Refused, Vault
from honeytoken.errors import AlreadyExists, HoneytokenError, KeysError, NotFound, SettingsError
from tests.conftest import Clock, furnish


def test_a_new_vault_has_settings_keys_and_store(tmp_path: Path) -> None:
    with Vault.create(tmp_path / "a" / "b") as vault:
        names = {path.name for path in vault.folder.iterdir()}
        assert {"honeytoken.toml", "honeytoken.keys", "honeytoken.db"} <= names
        if os.name == "posix":
            mode = (vault.folder / "honeytoken.keys").stat().st_mode
            assert stat.S_IMODE(mode) == 0o600


def test_a_vault_is_never_made_over_another(vault: Vault) -> None:
    before = (vault.folder / "honeytoken.keys").read_bytes()
    with pytest.raises(AlreadyExists):
        Vault.create(vault.folder)
    (vault.folder / "honeytoken.toml").unlink()
    with pytest.raises(AlreadyExists):
        Vault.create(vault.folder)
    assert (vault.folder / "honeytoken.keys").read_bytes() == before


def test_a_vault_that_could_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        Vault.create(tmp_path / "v", url="mysql://x/y")
    assert not (tmp_path / "v").exists()


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingsError, match="cannot be written"):
        Vault.create(tmp_path / "file")


def test_the_folder_may_come_from_the_environment(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONEYTOKEN_HOME", str(vault.folder))
    with Vault.open() as again:
        assert again.folder == vault.folder


@pytest.mark.parametrize("content", ["", "{}", "\x00", "x" * 100_000])
def test_a_broken_key_file_is_a_clear_error(vault: Vault, content: str) -> None:
    (vault.folder / "honeytoken.keys").write_text(content)
    with pytest.raises(KeysError, match="cannot be read"):
        Vault.open(vault.folder)


@pytest.mark.parametrize("content", [b"not a database at all" * 1000, b"\x00" * 5000])
def test_a_file_that_is_no_database_is_a_clear_error(vault: Vault, content: bytes) -> None:
    vault.close()
    for path in vault.folder.glob("honeytoken.db*"):
        path.unlink()
    (vault.folder / "honeytoken.db").write_bytes(content)
    with pytest.raises(HoneytokenError):
        Vault.open(vault.folder)


def test_is_canary_knows_every_notation(furnished_both: Vault) -> None:
    vault = furnished_both
    canary = vault.mint(locale="en-GB")
    number = canary.identity.phone_number or ""
    national = f"0{number[3:7]} {number[7:]}"
    assert vault.is_canary(phone_number=number)
    assert vault.is_canary(phone_number=national, region="GB")
    assert vault.is_canary(email=(canary.identity.email or "").upper())
    assert vault.is_canary(phone_number="+447700900998", email=canary.identity.email)
    assert vault.find(phone_number=number) == [canary]


@pytest.mark.parametrize("value", ["", "x", "\x00", "9" * 10_000, "+44", "王明", "\ud800"])
def test_what_is_no_identifier_is_no_canary_and_no_error(furnished: Vault, value: str) -> None:
    furnished.mint(locale="en-GB")
    assert furnished.is_canary(phone_number=value) is False
    assert furnished.is_canary(email=value) is False
    assert furnished.find(phone_number=value, email=value) == []


def test_asking_for_nothing_is_an_error(vault: Vault) -> None:
    with pytest.raises(InvalidInput):
        vault.is_canary()


def test_find_many_takes_the_rows_of_orders(furnished_both: Vault) -> None:
    vault = furnished_both
    first, second = vault.mint_many(2, locale="en-GB")
    rows: list[dict[str, str | None]] = [
        {"order": "1", "phone_number": first.identity.phone_number},
        {"order": "2", "phone_number": "+447700900998", "email": None},
        {"order": "3", "email": second.identity.email},
        {},
    ]
    assert vault.find_many(rows) == [[first], [], [second], []]


def test_an_unknown_canary_is_not_found(vault: Vault) -> None:
    with pytest.raises(NotFound):
        vault.canaries.get("can_none")


def test_canaries_are_listed_in_order_and_limited(furnished: Vault) -> None:
    made = list(furnished.mint_many(5, locale="en-GB"))
    assert list(furnished.canaries.list()) == made
    assert list(furnished.canaries.list(limit=2)) == made[:2]


def test_references_are_all_that_accounting_gets(furnished_both: Vault) -> None:
    canaries = list(furnished_both.mint_many(3, locale="en-GB"))
    for canary, reference in zip(canaries, ("SO-2", "SO-1", None), strict=True):
        furnished_both.place(canary, "northbound", reference=reference)
    assert list(furnished_both.export_references()) == ["SO-1", "SO-2"]


def test_a_reveal_is_an_entry_of_the_ledger(vault: Vault) -> None:
    vault.reveal("canaries", ["can_1"])
    assert vault.ledger.entries(newest=1)[0].action == "reveal"


@pytest.mark.parametrize("prior", [0, -1, float("nan"), 1e9])
def test_a_senseless_prior_is_refused(vault: Vault, prior: float) -> None:
    with pytest.raises(InvalidInput):
        vault.evidence(prior=prior)


def test_an_empty_window_is_refused(vault: Vault, clock: Clock) -> None:
    with pytest.raises(InvalidInput):
        vault.evidence(since=clock(), until=clock())


def test_a_trace_of_an_empty_vault_says_nothing(vault: Vault) -> None:
    assert vault.trace().attributions == ()


def test_an_export_only_goes_into_an_empty_vault(furnished: Vault) -> None:
    file = io.StringIO()
    furnished.export(file)
    file.seek(0)
    with pytest.raises(Refused, match="not empty"):
        furnished.import_(file)


def _damage(text: str, kind: str) -> str:
    lines = text.splitlines(keepends=True)
    return {
        "cut": "".join(lines[:1]),
        "empty": "",
        "no json": "hello\n",
        "other format": json.dumps({"format": "x"}) + "\n",
        "unknown table": lines[0] + '["users", [1]]\n',
        "short row": lines[0] + '["channels", [1]]\n',
        "no base64": lines[0] + '["vault_state", [1, 2, {"b": "!"}, "", 1, 1, 1]]\n',
        "wrong types": lines[0] + '["vault_state", ["x", "y", "z", "", "1", "1", "1"]]\n',
        "deep": "[" * 100_000 + "\n",
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "cut",
        "empty",
        "no json",
        "other format",
        "unknown table",
        "short row",
        "no base64",
        "wrong types",
        "deep",
    ],
)
def test_a_damaged_export_changes_nothing(tmp_path: Path, vault: Vault, kind: str) -> None:
    file = io.StringIO()
    vault.export(file)
    with Vault.create(tmp_path / "other", mode="test") as other:
        head = other.ledger.head()
        with pytest.raises(HoneytokenError):
            other.import_(io.StringIO(_damage(file.getvalue(), kind)))
        assert other.ledger.head() == head
        furnish(other)


def test_an_export_made_with_other_keys_is_refused(tmp_path: Path, furnished: Vault) -> None:
    file = io.StringIO()
    furnished.export(file)
    file.seek(0)
    with Vault.create(tmp_path / "other", mode="test") as other:
        with pytest.raises(Refused, match="other keys"):
            other.import_(file)
        assert other.channels.list() == []


def test_a_store_that_is_gone_is_an_error_and_not_an_empty_one(furnished: Vault) -> None:
    furnished.close()
    for path in furnished.folder.glob("honeytoken.db*"):
        path.unlink()
    with pytest.raises(HoneytokenError, match="not there"):
        Vault.open(furnished.folder)
    assert not list(furnished.folder.glob("honeytoken.db*"))


def test_an_empty_file_is_no_store(furnished: Vault) -> None:
    furnished.close()
    for path in furnished.folder.glob("honeytoken.db*"):
        path.unlink()
    (furnished.folder / "honeytoken.db").touch()
    with pytest.raises(HoneytokenError, match="not there"):
        Vault.open(furnished.folder)


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_the_store_is_readable_for_its_owner_only(furnished: Vault) -> None:
    for path in furnished.folder.glob("honeytoken.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_url_of_the_environment_is_the_one_that_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONEYTOKEN_STORE__URL", "sqlite:///elsewhere.db")
    Vault.create(tmp_path / "v").close()
    assert (tmp_path / "v" / "elsewhere.db").exists()
    assert not (tmp_path / "v" / "honeytoken.db").exists()


def test_looking_up_from_many_threads_keeps_few_connections(furnished: Vault) -> None:
    import threading

    for _n in range(50):
        thread = threading.Thread(
            target=furnished.is_canary, kwargs={"phone_number": "+447700900001"}
        )
        thread.start()
        thread.join()
    assert furnished._finder._lookup._idle.qsize() <= 2


def test_a_backup_that_was_cut_off_is_refused(tmp_path: Path, furnished: Vault) -> None:
    file = io.StringIO()
    furnished.export(file)
    lines = file.getvalue().splitlines(keepends=True)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("honeytoken.toml", "honeytoken.keys"):
        (copy / name).write_bytes((furnished.folder / name).read_bytes())
    with Vault.open(copy, new_store=True) as other:
        for cut in (lines[:-1], lines[:-5], [*lines[:-2], lines[-1]]):
            with pytest.raises(HoneytokenError, match="not a whole export"):
                other.import_(iter(cut))
        other.import_(iter(lines))
        assert other.ledger.verify() == furnished.ledger.head().seq

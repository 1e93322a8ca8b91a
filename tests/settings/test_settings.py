from __future__ import annotations

from pathlib import Path

import pytest

from honeytoken.errors import SettingsError
from honeytoken.settings import FILE_NAME, Settings, load, options_of, parse, template


def _load(folder: Path, text: str, **environ: str) -> Settings:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return load(folder, environ=environ)


def test_the_template_reads_as_the_defaults(tmp_path: Path) -> None:
    assert _load(tmp_path, template()) == parse({}, folder=tmp_path)


def test_every_setting_of_the_template_is_known(tmp_path: Path) -> None:
    text = template(mode="test", url='postgresql+psycopg://u@h/d"\\')
    settings = _load(tmp_path, text)
    assert settings.store.url == 'postgresql+psycopg://u@h/d"\\'


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("mood = 'test'", 'unknown setting "mood"', 'Did you mean "mode"?'),
        ("[listen]\nprot = 1", 'unknown setting "listen.prot"', 'Did you mean "port"?'),
        ("mode = 'tset'", "mode must be", None),
        ("[listen]\nport = 'x'", "listen.port must be a whole number", None),
        ("[listen]\nport = 1.5", "listen.port must be a whole number", None),
        ("[listen]\nport = true", "listen.port must be a whole number", None),
        ("[listen]\nport = 70000", "listen.port must be between", None),
        ("[pool]\ncapacity = 0", "pool.capacity must be between", None),
        ("[trace]\nprior = nan", "trace.prior must be between", None),
        ("listen = 3", r"\[listen\] must be a table", None),
        ("gateways = 3", r"\[gateways\] must be a table", None),
        ("[gateways]\nx = 3", r"\[gateways.x\] must be a table", None),
        ("[", "not valid TOML", None),
        ("\x00", "not valid TOML", None),
    ],
)
def test_a_wrong_file_is_one_clear_error(
    tmp_path: Path, text: str, message: str, hint: str | None
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        _load(tmp_path, text)
    if hint:
        assert caught.value.hint == hint


def test_a_file_that_is_no_text_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load(tmp_path, environ={})


def test_no_vault_here_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no vault in this folder") as caught:
        load(tmp_path)
    assert "honeytoken init" in (caught.value.hint or "")


def test_the_environment_overrides_any_value(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        "[listen]\nport = 1\n[gateways.a]\nkind = 'x'",
        HONEYTOKEN_LISTEN__PORT="99",
        HONEYTOKEN_GATEWAYS__A__SECRET="s",
        HONEYTOKEN_HOME="/elsewhere",
        HONEYTOKEN_KEYS="{}",
    )
    assert settings.listen.port == 99
    assert settings.gateways == {"a": {"kind": "x", "secret": "s"}}


def test_a_variable_that_names_no_setting_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        _load(tmp_path, "", HONEYTOKEN_LISTEN__PROT="1")


@pytest.mark.parametrize("reference", ["env:NOPE", "file:nope"])
def test_only_who_needs_a_secret_is_told_that_it_is_missing(tmp_path: Path, reference: str) -> None:
    settings = _load(tmp_path, f'[gateways.x]\na = "{reference}"')
    with pytest.raises(SettingsError, match="refers to"):
        options_of(settings, "gateways", "x", environ={})


def test_secrets_come_by_reference_and_stay_out_of_repr(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hush-file\n", encoding="utf-8")
    settings = _load(
        tmp_path,
        '[gateways.x]\na = "env:TOKEN"\nb = ["file:token", "plain"]\n'
        '[gateways.x.c]\nd = "env:TOKEN"',
    )
    assert options_of(settings, "gateways", "x", environ={"TOKEN": "hush-env"}) == {
        "a": "hush-env",
        "b": ["hush-file", "plain"],
        "c": {"d": "hush-env"},
    }
    assert "hush" not in repr(settings)

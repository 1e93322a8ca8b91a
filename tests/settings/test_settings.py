from __future__ import annotations

from pathlib import Path

import pytest

from honeytoken.errors import SettingsError
from honeytoken.models import Disposition
from honeytoken.notify.sinks import build as build_sink
from honeytoken.settings import FILE_NAME, Settings, load, options_of, parse, template

SINK = """
[alerts.room]
kind = "standard_webhooks"
url = "https://desk.shop.example/"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""


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
        ("[listen]\nhost = ''", "listen.host is empty", None),
        ("[listen]\nport = '8321'", "listen.port must be a whole number", None),
        ("[drill]\nevery_days = '7'", "drill.every_days must be a number", None),
        ("[keys]\nfile = ' '", "keys.file is empty", None),
        ('[gateways."a b/c"]\nkind = "x"', "cannot be used", None),
        ('[alerts.""]\nkind = "x"', "cannot be used", None),
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('reveal = "yes"', "reveal must be true or false"),
        ('dispositions = "unsolicited"', "dispositions must be a list"),
        ('allow_private = "127.0.0.1"', "allow_private must be a list"),
        ('per_hour = "7"', "per_hour must be a whole number"),
    ],
)
def test_text_in_the_file_is_no_switch_no_list_and_no_number(
    tmp_path: Path, text: str, message: str
) -> None:
    settings = _load(tmp_path, f"{SINK}{text}\n")
    with pytest.raises(SettingsError, match=message):
        build_sink("room", options_of(settings, "alerts", "room", environ={}))


def test_text_of_the_environment_is_what_it_says(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        SINK + 'per_hour = "env:RATE"\n',
        HONEYTOKEN_ALERTS__ROOM__REVEAL="yes",
        HONEYTOKEN_ALERTS__ROOM__DISPOSITIONS="probe,ambiguous",
        HONEYTOKEN_DRILL__EVERY_DAYS="7",
    )
    assert settings.drill.every_days == 7.0
    sink = build_sink("room", options_of(settings, "alerts", "room", environ={"RATE": "9"}))
    assert (sink.reveal, sink.dispositions, sink.rule.per_hour) == (
        True,
        frozenset({Disposition.PROBE, Disposition.AMBIGUOUS}),
        9,
    )


def test_empty_variable_is_an_error_where_text_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"listen\.host is empty"):
        _load(tmp_path, "", HONEYTOKEN_LISTEN__HOST="")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:", "an environment variable without a name"),
        ("env:NOPE", "the environment variable NOPE, which is not set"),
        ("file:", "a file without a name"),
        ("file:nope", "the file nope, which is missing"),
        ("file:sub", "sub, which is a folder"),
        ("file:bytes", "bytes, which is not text"),
        ("file:a\\u0000", "which is not text"),
    ],
)
def test_reference_that_leads_nowhere_says_which_and_what_to_do(
    tmp_path: Path, reference: str, message: str
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "bytes").write_bytes(b"\xff")
    settings = _load(tmp_path, f'[gateways.x]\na = "{reference}"')
    with pytest.raises(SettingsError, match=message) as caught:
        options_of(settings, "gateways", "x", environ={})
    assert caught.value.hint


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

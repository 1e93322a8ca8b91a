"""What holds for every verb: help, version, language, exit codes, the one shape of errors."""

from __future__ import annotations

import gettext
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import honeytoken
from honeytoken import cli
from honeytoken.cli import language
from honeytoken.errors import NotFound, SealBroken

from .conftest import Shell

RUN = [sys.executable, "-c", "from honeytoken.cli import main; main()"]
ROOT = str(Path(honeytoken.__file__).parents[1])


def process(*typed: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the verb in a process of its own."""
    return subprocess.run(
        [*RUN, *typed],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ROOT, "PYTHONIOENCODING": "utf-8", **env},
    )


def verbs() -> list[list[str]]:
    """Give every verb, and every verb inside a verb."""
    ctx = click.Context(cli.main)
    found: list[list[str]] = []
    for name in cli.VERBS:
        command = cli.main.get_command(ctx, name)
        assert command is not None
        found.append([name])
        if isinstance(command, click.Group):
            found.extend([name, inner] for inner in command.commands)
    return found


@pytest.mark.parametrize("verb", verbs(), ids=" ".join)
def test_every_verb_has_help_in_a_line_and_on_every_option(empty: Shell, verb: list[str]) -> None:
    assert f"Usage: honeytoken {' '.join(verb)}" in empty.done(*verb, "--help")
    command: click.Command | None = cli.main
    for name in verb:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    assert command.help
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from honeytoken.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print(sorted(sys.modules), file=sys.stderr)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": ROOT},
        cwd=tmp_path,
    ).stderr
    heavy = ["sqlalchemy", "alembic", "faker", "numpy", "starlette", "uvicorn", "httpx", "rich"]
    heavy += ["cryptography", "phonenumbers", "pypinyin"]
    assert [name for name in heavy if f"'{name}'" in loaded] == []


def test_version(empty: Shell) -> None:
    assert empty.done("--version") == f"honeytoken {honeytoken.__version__}\n"


def test_bare_honeytoken_shows_its_help_and_a_bare_group_is_a_usage_error(empty: Shell) -> None:
    bare = CliRunner().invoke(cli.main, [])
    assert (bare.exit_code, bare.stderr) == (0, "")
    assert "Commands:" in bare.stdout
    result = empty("channel")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Commands:" in result.stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["chanel"], 'Error: there is no verb "chanel". Did you mean "channel"?'),
        (["pool", "ad"], 'Error: there is no verb "ad". Did you mean "add"?'),
        (["mint", "--count", "0"], "Error: Invalid value for '--count'"),
        (["mint", "--cuont", "1"], "Error: No such option"),
        (["channel", "add"], "Error: Missing argument"),
        (["channel", "add", ""], "Error: Invalid value for 'NAME': it is empty."),
        (["channel", "add", "x" * 300], "Error: Invalid value for 'NAME': it is longer than 200"),
        (["channel", "add", "a\x1b[2Jb"], "Error: Invalid value for 'NAME': it is not readable"),
        (["channel", "add", "\udcff\udcfe"], "Error: Invalid value for 'NAME': it is not readable"),
        (["contacts", "list", "--since", "9999999-01"], "Error: Invalid value for '--since'"),
        (["contacts", "list", "--since", "0001-01-01T00:00+14:00"], "Error: Invalid value"),
        (["import", "nothing.jsonl"], "Error: Invalid value for 'FILE'"),
    ],
)
def test_what_is_typed_wrong_is_one_clear_error(
    empty: Shell, typed: Sequence[str], said: str
) -> None:
    assert empty.failed(*typed, code=2)[0].startswith(said)


def test_an_error_of_ours_is_a_cause_and_what_to_do(empty: Shell) -> None:
    cause, hint = empty.failed("channel", "list")
    assert cause == "Error: there is no vault in this folder (honeytoken.toml is missing)."
    assert "honeytoken init" in hint


def test_something_not_found_is_answered_with_the_closest_and_the_list(shop: Shell) -> None:
    cause, hint = shop.failed("channel", "show", "nothbound")
    assert "nothbound" in cause
    assert hint == 'Did you mean "northbound"? `honeytoken channel list` shows all.'


def test_an_error_without_a_hint_points_to_the_help(
    empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise NotFound("entry", "x")

    monkeypatch.setattr("honeytoken.cli.doctor.open_vault", broken)
    assert empty.failed("doctor")[1] == "`honeytoken doctor --help` shows how it is used."


def test_an_unexpected_error_shows_its_type_and_nothing_personal(
    empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        message = "Emma Clarke +447700900123"
        raise RuntimeError(message)

    monkeypatch.setattr("honeytoken.cli.doctor.open_vault", broken)
    cause, hint = empty("doctor").stderr.splitlines()
    assert cause == "Error: internal error (RuntimeError)"
    assert "HONEYTOKEN_DEBUG=1" in hint
    monkeypatch.setenv("HONEYTOKEN_DEBUG", "1")
    assert "Traceback" in empty("doctor").stderr


def test_a_message_cannot_hold_what_a_terminal_obeys(
    empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise SealBroken("a\x1b]0;x\x07", "b\u202e" + "c" * 5000)

    monkeypatch.setattr("honeytoken.cli.doctor.open_vault", broken)
    cause = empty.failed("doctor")[0]
    assert cause.isprintable()
    assert len(cause) < 1000


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (BrokenPipeError, 141)])
def test_ctrl_c_and_a_closed_pipe_end_without_a_traceback(
    empty: Shell, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], code: int
) -> None:
    def stop() -> None:
        raise error

    monkeypatch.setattr("honeytoken.cli.doctor.open_vault", stop)
    result = empty("doctor")
    assert (result.exit_code, result.output.strip()) == (code, "")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGPIPE and no /bin/sh")
def test_a_reader_that_goes_away_is_silent(shop: Shell) -> None:
    command = " ".join(f"'{word}'" for word in RUN)
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} --vault '{shop.folder}' pool list | true"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert done.stderr == ""


def test_help_in_chinese_if_asked_by_option_or_environment(tmp_path: Path) -> None:
    by_option = process("--language", "zh_CN", "channel", "--help", folder=tmp_path)
    by_environment = process("channel", "--help", folder=tmp_path, HONEYTOKEN_LANGUAGE="zh_CN")
    assert by_option.returncode == 0
    assert by_option.stdout == by_environment.stdout


def test_the_language_of_the_process_is_put_back(empty: Shell) -> None:
    before = gettext.textdomain(), os.environ.get("LANGUAGE")
    empty.done("--language", "zh_CN", "--help")
    assert (gettext.textdomain(), os.environ.get("LANGUAGE")) == before
    assert honeytoken.messages.language() == "en"


def test_the_words_of_click_that_we_translate_are_still_its_words() -> None:
    source = "".join(
        file.read_text(encoding="utf-8") for file in Path(click.__file__).parent.glob("*.py")
    )
    assert [word for word in language.click_words() if json.dumps(word) not in source] == []


def test_honeytoken_home_names_the_vault(shop: Shell, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    result = process("channel", "list", "--ids", folder=elsewhere, HONEYTOKEN_HOME=str(shop.folder))
    assert result.stdout == "northbound\n"


def test_a_piped_table_has_no_escape_codes(shop: Shell) -> None:
    listed = process("channel", "list", folder=shop.folder)
    assert listed.stdout.splitlines() == [
        "ID          NAME        KIND     PARENT  EXPECTED SENDERS",
        "northbound  Northbound  courier  -       95338*",
    ]


@pytest.mark.skipif(os.name != "posix", reason="Windows interrupts a whole console, not a process")
def test_ctrl_c_in_a_real_process_exits_130(tmp_path: Path) -> None:
    code = (
        "import os, signal, honeytoken.cli.doctor as doctor\n"
        "from honeytoken.cli import main\n"
        f"doctor.open_vault = lambda: os.kill(os.getpid(), {int(signal.SIGINT)})\n"
        "main(['doctor'])"
    )
    env = {**os.environ, "PYTHONPATH": ROOT}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, env=env)
    assert done.returncode == 130
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
@pytest.mark.parametrize(("closed", "typed", "code"), [("1", "--help", 0), ("2", "nosuch", 2)])
def test_a_stream_the_shell_closed_does_not_break_a_verb(
    closed: str, typed: str, code: int
) -> None:
    command = f'"{sys.executable}" -m honeytoken {typed} {closed}>&-'
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)

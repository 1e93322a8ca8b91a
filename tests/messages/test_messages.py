"""The catalogues are complete and fresh, and what people read is in their language."""

from __future__ import annotations

import ast
import os
import pty
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from rich.cells import cell_len

from honeytoken.cli import failures
from honeytoken.cli.export import RECORDS
from honeytoken.cli.fold import fold
from honeytoken.cli.shorten import plain
from honeytoken.doctor import CHECKS
from honeytoken.errors import NotFound
from honeytoken.ledger import REVEALED
from honeytoken.messages import LANGUAGES, language, sentences, translate, use
from honeytoken.models import DocumentKind, Verdict
from honeytoken.trace import attribute, explain, summary
from tests.messages import catalogue
from tests.messages.catalogue import Forms
from tests.trace.world import Story

TRANSLATED = LANGUAGES[1:]
PROGRAM = [sys.executable, "-m", "honeytoken"]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def entries() -> Iterator[tuple[str, Forms, Forms]]:
    for name in TRANSLATED:
        for english, translated, _message in catalogue.messages(catalogue.read(name)):
            yield name, english, translated


def placeholders(text: str) -> set[tuple[str, str | None, str | None]]:
    return {
        (name, spec, conversion)
        for _text, name, spec, conversion in string.Formatter().parse(text)
        if name is not None
    }


def world() -> Story:
    story = Story()
    story.control(25)
    story.plant(["a", "b"], 6)
    for n in range(5):
        story.reach(f"a-{n}", 30 + n)
    return story


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_catalogue_has_exactly_the_messages_of_the_source(name: str) -> None:
    found = {english for _name, english, _translated in entries() if _name == name}
    assert found == set(catalogue.extracted()), "run: python -m tests.messages.catalogue"


def test_every_message_is_translated_and_none_is_a_guess() -> None:
    assert [english for _name, english, translated in entries() if not all(translated)] == []
    for name in TRANSLATED:
        found = catalogue.read(name)
        assert not [message.id for message in found if message.id and message.fuzzy]
        assert not found.obsolete


def test_placeholders_are_the_same_on_both_sides() -> None:
    for _name, english, translated in entries():
        # Of singular and plural Chinese has one form, which may use what either has.
        wanted = set().union(*map(placeholders, english))
        assert all(placeholders(form) <= wanted for form in translated), english
        assert placeholders(english[0]) <= placeholders(translated[0]) or len(english) > 1, english


def test_commands_are_the_same_on_both_sides() -> None:
    for _name, english, translated in entries():
        wanted = set(re.findall("`[^`]+`", " ".join(english)))
        assert set(re.findall("`[^`]+`", " ".join(translated))) == wanted, english


def test_nobody_is_accused_in_chinese() -> None:
    words = re.compile("泄露者|泄密者|有罪|罪魁|元凶|内鬼|嫌疑|诱饵|监听")
    assert [found for *_rest, found in entries() if words.search("".join(found))] == []


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_compiled_catalogue_is_that_of_the_text(name: str) -> None:
    assert catalogue.paths(name)[1].read_bytes() == catalogue.compiled(name)
    with catalogue.paths(name)[1].open("rb") as file:
        assert GNUTranslations(file).gettext("VERDICT") != "VERDICT"


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_text_is_as_the_command_writes_it(name: str) -> None:
    po = catalogue.paths(name)[0]
    assert po.read_bytes() == catalogue.written(catalogue.updated(catalogue.read(name), name))


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_catalogues_are_in_the_package_and_in_the_repository(name: str) -> None:
    for path in catalogue.paths(name):
        assert path.is_relative_to(catalogue.PACKAGE)
        ignored = subprocess.run(["git", "check-ignore", "-q", path], cwd=path.parent, check=False)
        assert ignored.returncode != 0


def test_an_error_speaks_chinese() -> None:
    use("zh_CN")
    error = NotFound("channel", "nothbound", known=["northbound"])
    assert str(error) == "找不到渠道“nothbound”。"
    assert error.hint == "您是否想输入“northbound”？"


def first_arguments(*functions: str) -> Iterator[tuple[str, str]]:
    """Yield the file and the first text, or its beginning, of every call of these functions."""
    for path in sorted(catalogue.PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in functions:
                for found in ast.walk(ast.Tuple(node.args, ast.Load())):
                    if isinstance(found, ast.Constant) and isinstance(found.value, str):
                        yield str(path.relative_to(catalogue.PACKAGE)), found.value
                        break


NOT_FOUND = sorted({kind for _file, kind in first_arguments("NotFound")})


@pytest.mark.parametrize("kind", NOT_FOUND)
def test_whatever_cannot_be_found_has_a_name_and_a_hint_in_chinese(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    use("zh_CN")
    failures.report(NotFound(kind, "?"), "honeytoken x")
    cause, hint = capsys.readouterr().err.splitlines()
    assert kind not in cause
    assert "--help" not in hint


def test_every_check_of_the_doctor_has_its_word() -> None:
    found = {text.split()[0] for file, text in first_arguments("Check") if file == "doctor.py"}
    assert found == set(CHECKS)


def test_every_kind_of_what_is_revealed_has_its_word() -> None:
    found = {text for _file, text in first_arguments("recorded", "_recorded")}
    assert found >= {"contact points", "mint"}
    assert {*found, *RECORDS} <= {*REVEALED, *DocumentKind}


def test_a_language_that_does_not_exist_is_english() -> None:
    use("tlh")
    assert (language(), translate("yes")) == ("en", "yes")


@pytest.mark.parametrize("value", ["zh", "zh_CN.UTF-8", "zh-Hans", "fr:zh"])
def test_the_environment_chooses_the_language(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONEYTOKEN_LANGUAGE", value)
    use(None)
    assert language() == ("en" if value.startswith("fr") else "zh_CN")


def test_sentences_are_joined_as_their_writing_wants() -> None:
    assert sentences("One.", "", "Two?") == "One. Two?"
    assert sentences("一。", "二。") == "一。二。"


def test_a_trace_speaks_chinese_in_every_sentence() -> None:
    use("zh_CN")
    evidence = world().evidence()
    trace = attribute(evidence)
    first = trace.attributions[0]
    said = [*summary(trace, {}), *explain(first, trace, evidence, {})]
    assert all(CHINESE.search(line) for line in said)
    assert "与数据经由 a（或其后续接收方）流出最为吻合" in said[0]
    assert not [line for line in said if re.search(r"[a-z]{3,}", line.replace("docs/trace.md", ""))]


def test_json_keeps_the_stable_words() -> None:
    use("zh_CN")
    shown = plain(attribute(world().evidence()).attributions[0])
    assert shown["verdict"] == Verdict.STRONG


def run(*typed: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *typed],
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_help_speaks_chinese_and_fits_the_screen() -> None:
    for verb in ([], ["place"], ["pool", "add"]):
        done = run("--language", "zh_CN", *verb, "--help", COLUMNS="80")
        assert done.stdout.startswith("用法：")
        assert max(map(cell_len, done.stdout.splitlines())) <= 80
        said = re.sub(r"\[.*?\]", "", done.stdout)
        assert not re.search(r"\b(the|this|of|show|default|only)\b", said, re.IGNORECASE)


def test_what_was_typed_wrong_is_said_in_chinese(tmp_path: Path) -> None:
    wrong = (["mnt"], ["mint", "--cuont", "1"], ["mint", "--count", "x"], ["channel", "add"])
    for typed in (*wrong, ["channel", "list"]):
        done = run("--language", "zh_CN", "--vault", str(tmp_path), *typed)
        first, second = done.stderr.splitlines()
        assert first.startswith("错误：")
        assert CHINESE.search(second)


def test_an_unknown_language_of_the_environment_is_english() -> None:
    assert run("--help", HONEYTOKEN_LANGUAGE="tlh").stdout.startswith("Usage:")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for typed in (
        ["init", "--mode", "test"],
        ["channel", "add", "北行快递", "--kind", "courier", "--sender", "【北行速递】"],
        ["channel", "add", "quicklend", "--kind", "lender"],
        ["pool", "add", "phone_number", "+447700900123", "--region", "GB", "--role", "test"],
        ["pool", "add", "email_domain", "mail.shop.example", "--region", "CN"],
    ):
        assert run("--vault", str(folder), *typed).returncode == 0
    return folder


TABLES = (["channel", "list"], ["pool", "list"], ["doctor"], ["ledger", "list"])


@pytest.mark.parametrize("typed", TABLES, ids=" ".join)
def test_tables_show_headers_and_words_in_chinese(shop: Path, typed: list[str]) -> None:
    done = run("--language", "zh_CN", "--vault", str(shop), *typed)
    assert CHINESE.search(done.stdout.splitlines()[0])
    stable = r"\b(courier|lender|phone_number|email_domain|test|ready|soaking|mode|create|add)\b"
    assert not re.search(stable, done.stdout)


def test_a_record_shown_whole_has_the_typed_word_and_its_meaning(shop: Path) -> None:
    done = run("--language", "zh_CN", "--vault", str(shop), "channel", "show", "quicklend")
    assert "lender（贷款机构）" in done.stdout
    assert "lender\n" in run("--vault", str(shop), "channel", "show", "quicklend").stdout


def test_what_was_revealed_is_said_in_chinese(shop: Path) -> None:
    assert run("--vault", str(shop), "pool", "list", "--reveal").returncode == 0
    done = run("--language", "zh_CN", "--vault", str(shop), "ledger", "reveals")
    assert "联络点" in done.stdout
    assert "contact points" not in done.stdout
    assert "contact points" in run("--vault", str(shop), "ledger", "reveals", "--json").stdout


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("typed", [["channel", "list"], ["doctor"]], ids=" ".join)
def test_columns_line_up_by_display_width(shop: Path, typed: list[str], width: int) -> None:
    lines = on_a_terminal(width, "--language", "zh_CN", "--vault", str(shop), *typed)
    header = lines[0]
    starts = [cell_len(header[: m.start()]) for m in re.finditer(r"(?<!\S)\S", header)]
    # Two columns of sentences do not fit on the narrowest: there each record is a block.
    assert len(starts) >= (2 if (typed, width) == (["doctor"], 60) else 4)
    assert max(map(cell_len, lines)) <= width
    for line in lines:
        for start in starts[1:]:
            # Two cells before each column are blank, whatever stands to their left.
            assert in_cells(line)[start - 2 : start].strip() == "", line


@pytest.mark.parametrize("width", [60, 80, 200])
def test_folded_sentences_fit_and_lose_nothing(width: int) -> None:
    use("zh_CN")
    for line in summary(attribute(world().evidence()), {}):
        parts = fold(line, width)
        assert max(map(cell_len, parts)) <= width
        assert "".join(parts).replace(" ", "") == line.replace(" ", "")
        assert not [part for part in parts if part[:1] in "，。；：）"]


def in_cells(line: str) -> str:
    """Give *line* with a filler beside each wide character, so that an index is a cell."""
    return "".join(c + "\x00" * (cell_len(c) - 1) for c in line)


def on_a_terminal(width: int, *typed: str) -> list[str]:
    """Run a verb on a terminal of that width and give the lines it printed."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *typed],
        env={**os.environ, "COLUMNS": str(width), "TERM": "xterm", "PYTHONUTF8": "1"},
        stdin=its,
        stdout=its,
        stderr=subprocess.PIPE,
        close_fds=True,
    ) as process:
        os.close(its)
        printed = b""
        # On Linux reading fails once the other side is closed; elsewhere it gives nothing.
        while piece := read(ours):
            printed += piece
        os.close(ours)
    assert process.returncode == 0
    plain_text = re.sub(r"\x1b\[[0-9;]*m", "", printed.decode())
    return [line.rstrip() for line in plain_text.splitlines() if line.strip()]


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""

"""What the pages say is so: commands and snippets run, and nothing that exists is left out."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from honeytoken import errors, messages, settings
from honeytoken.cli import failures, main
from honeytoken.pool import is_fictional

from .pages import BASH, PAGES, READMES, ROOT, blocks, commands, is_as_shown, launcher, read, run

INSTALL = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/honeytoken demo"
TEST = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest"
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
#: Verbs that share a page with another one.
PAGE_OF = {"gateway": "gateways/README", "import": "export", "reindex": "rekey", "erase": "purge"}


def named(page: Path) -> str:
    return str(page.relative_to(ROOT).as_posix())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh current folder, in English."""
    fresh = tmp_path / "page"
    fresh.mkdir()
    monkeypatch.chdir(fresh)
    monkeypatch.setenv("LANGUAGE", "en")
    return fresh


def verbs(command: click.Command, typed: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with what is typed for it."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below is not None
            yield from verbs(below, f"{typed} {name}")
    else:
        yield typed, command


VERBS = dict(verbs(main, "honeytoken"))


@pytest.mark.skipif(BASH is None, reason="the pages are written for a POSIX shell")
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "console")], ids=named)
def test_every_command_does_what_the_page_shows(page: Path, folder: Path, tmp_path: Path) -> None:
    path = launcher(tmp_path / "bin")
    for command in commands(page):
        done = run(command.typed, path=path)
        assert (done.code != 0) == command.must_fail, (command.typed, done)
        assert is_as_shown(done, command.shown), (command, done)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=named)
def test_every_snippet_runs(page: Path, folder: Path) -> None:
    names: dict[str, object] = {"__name__": "page"}
    for snippet in blocks(page, "python"):
        exec(compile(snippet, named(page), "exec"), names)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml")], ids=named)
def test_every_table_is_a_setting(page: Path, folder: Path) -> None:
    for block in blocks(page, "toml"):
        for name in re.findall(r'"file:([^"]+)"', block):
            (folder / name).write_text("secret", encoding="utf-8")
        environ = dict.fromkeys(re.findall(r'"env:([^"]+)"', block), "secret")
        found = settings.parse(tomllib.loads(block), folder=folder)
        for name in found.gateways:
            assert settings.options_of(found, "gateways", name, environ=environ)


@pytest.mark.parametrize("page", READMES, ids=named)
def test_readme_installs_and_tests_with_one_line_each(page: Path) -> None:
    assert blocks(page, "sh") == [f"{INSTALL}\n", f"{TEST}\n"]
    assert len(blocks(page, "powershell")) == 2


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert TEST in read(ROOT / ".ci" / "run").splitlines()


@pytest.mark.parametrize("page", READMES, ids=named)
def test_pipeline_in_the_readme_is_the_example_in_25_lines(page: Path) -> None:
    (snippet,) = blocks(page, "python")
    example = read(ROOT / "examples" / "shop.py")
    core = example.partition("# pipeline begins\n")[2].partition("# pipeline ends\n")[0]
    assert snippet.strip() == core.strip()
    assert len(snippet.strip().splitlines()) <= 25


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_every_example_runs(example: Path, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _as_main(example)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout


def _as_main(example: Path) -> str:
    """Return code that runs an example with this package, installed or not."""
    return f"import runpy; runpy.run_path({str(example)!r}, run_name='__main__')"


@pytest.mark.parametrize("typed", VERBS)
def test_every_verb_has_a_page_with_all_its_options(typed: str) -> None:
    verb = typed.split()[1]
    page = read(ROOT / "docs" / f"{PAGE_OF.get(verb, verb)}.md")
    assert typed in page
    for option in VERBS[typed].params:
        if isinstance(option, click.Option) and option.name != "help":
            assert max(option.opts, key=len) in page, (typed, option.name)


@pytest.mark.parametrize("verb", main.list_commands(click.Context(main)))
@pytest.mark.parametrize("page", READMES, ids=named)
def test_readme_leads_to_the_page_of_every_verb(page: Path, verb: str) -> None:
    assert f"(docs/{PAGE_OF.get(verb, verb)}.md)" in read(page)


def test_every_option_of_the_top_command_is_on_a_page() -> None:
    page = read(ROOT / "docs" / "init.md")
    assert all(option.opts[0] in page for option in main.params)


def test_every_error_is_on_a_page() -> None:
    page = read(ROOT / "docs" / "library.md")
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.HoneytokenError):
            assert f"`{name}`" in page


def test_every_exit_code_is_on_a_page() -> None:
    page = read(ROOT / "docs" / "init.md")
    codes = ("DONE", "FAILED", "USAGE", "FOUND", "INTERRUPTED", "PIPE_CLOSED")
    for name in codes:
        assert f"| {getattr(failures, name)} |" in page, name


@pytest.mark.parametrize("word", ["canary", "channel", "contact point", "control", "placement"])
def test_glossary_and_chinese_readme_use_the_words_of_the_messages(word: str) -> None:
    messages.use("zh_CN")
    chinese = messages.translate(word)
    assert f"| {word} | {chinese} |" in read(ROOT / "docs" / "glossary.md")
    assert chinese in read(READMES[1])


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", read(page)):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", [*PAGES, *EXAMPLES], ids=named)
def test_every_number_is_nobodys(page: Path) -> None:
    for number in re.findall(r"\+\d{10,15}\b", read(page)):
        assert is_fictional(number), number

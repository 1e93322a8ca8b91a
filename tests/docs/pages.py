"""The pages that people read, cut into the parts that can be run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from honeytoken.cli import main

ROOT = Path(__file__).parents[2]
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
PAGES = (*READMES, *sorted((ROOT / "docs").rglob("*.md")))
BASH = shutil.which("bash")
#: Stands for what differs from run to run, in a line or for whole lines.
ANYTHING = "..."

# What only a shell understands, looked for outside of quotes; and another language than that in
# which this process has built its tables.
_NEEDS_A_PROCESS = re.compile(r"[$`|<>;&()*?~\\]|--language")
_QUOTED = re.compile(r"'[^']*'|\"[^\"$`\\]*\"")


@dataclass(frozen=True)
class Command:
    """A line after a prompt, and the lines that the page shows below it."""

    typed: str
    shown: tuple[str, ...]

    @property
    def must_fail(self) -> bool:
        return any(line.startswith(("Error:", "错误")) for line in self.shown)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        return [*self.stdout.splitlines(), *self.stderr.splitlines()]


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", read(page), re.M | re.S)


def commands(page: Path) -> Iterator[Command]:
    """Yield what a page types, in order."""
    for block in blocks(page, "console"):
        typed = ""
        shown: list[str] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                if typed:
                    yield Command(typed, tuple(shown))
                typed, shown = line[2:], []
            else:
                shown.append(line)
        yield Command(typed, tuple(shown))


def launcher(folder: Path) -> Path:
    """Write a `honeytoken` for the shell that runs this interpreter and this package."""
    folder.mkdir()
    script = folder / "honeytoken"
    python, root = shlex.quote(sys.executable), shlex.quote(str(ROOT))
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH={root} exec {python} -m honeytoken "$@"\n', encoding="utf-8"
    )
    script.chmod(0o755)
    return folder


def run(typed: str, *, path: Path) -> Done:
    """Run a line in the current folder: in this process where that does, which is faster."""
    if typed.startswith("honeytoken ") and not _NEEDS_A_PROCESS.search(_QUOTED.sub("", typed)):
        result = CliRunner().invoke(main, shlex.split(typed)[1:])
        return Done(result.exit_code, result.stdout, result.stderr)
    assert BASH is not None
    done = subprocess.run(
        [BASH, "-c", typed],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "PYTHONUTF8": "1"},
    )
    return Done(done.returncode, done.stdout, done.stderr)


def is_as_shown(done: Done, shown: tuple[str, ...]) -> bool:
    """Tell whether the page shows what was printed."""
    if not any(ANYTHING in line for line in shown):
        printed = (done.stdout.splitlines(), done.stderr.splitlines(), done.lines)
        return not shown or list(shown) in printed
    wanted = [
        re.compile(re.escape(line).replace(re.escape(ANYTHING), ".*"))
        for line in shown
        if line != ANYTHING
    ]
    return all(any(pattern.fullmatch(line) for line in done.lines) for pattern in wanted)

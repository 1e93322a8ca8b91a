"""The house: floors, names, what importing costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import honeytoken

PACKAGE = Path(honeytoken.__file__).parent

#: Every room and its floor; imports go to lower floors only. docs/architecture.md has the picture.
FLOORS = {
    "messages": 0,
    "environment": 0,
    "errors": 1,
    "models": 1,
    "normalize": 2,
    "keys": 2,
    "settings": 2,
    "options": 2,
    "keyfile": 3,
    "personas": 3,
    "documents": 3,
    "phonelogs": 3,
    "gateways": 3,
    "trace": 3,
    "ledger": 3,
    "store": 4,
    "pool": 5,
    "contacts": 5,
    "find": 6,
    "drill": 6,
    "mint": 6,
    "notify": 6,
    "plant": 6,
    "rekey": 6,
    "purge": 6,
    "vault": 7,
    "listen": 8,
    "startup": 9,
    "doctor": 10,
    "service": 10,
    "trial": 11,
    "demo": 11,
    "cli": 12,
    "__init__": 13,
    "__main__": 13,
}
#: ``models`` says what ``errors`` is about and neither needs the other.
FORBIDDEN_NAMES = {"utils", "util", "core", "common", "helpers", "helper", "misc"}


def _sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def _imported_rooms(path: Path) -> set[str]:
    """Return the rooms a file imports, wherever in the file the import stands."""
    package = ("honeytoken", *path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            full = [*base, *(node.module.split(".") if node.module else [])]
            if full[:1] != ["honeytoken"]:
                continue
            names = [full[1]] if len(full) > 1 else [alias.name for alias in node.names]
            found.update(names)
        elif isinstance(node, ast.Import):
            found.update(
                alias.name.split(".")[1]
                for alias in node.names
                if alias.name.startswith("honeytoken.")
            )
    return found


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path) -> None:
    room = _room(path)
    assert room in FLOORS, f"{room} is not in the list of rooms"
    for imported in _imported_rooms(path) - {room, "__version__"}:
        assert FLOORS[imported] < FLOORS[room], f"{room} imports {imported}"


def test_no_room_is_a_lumber_room() -> None:
    names = {path.stem for path in _sources()} | {path.parent.name for path in _sources()}
    assert not names & FORBIDDEN_NAMES


def test_pure_rooms_know_no_database_socket_or_clock() -> None:
    forbidden = {
        "sqlalchemy",
        "sqlite3",
        "psycopg",
        "socket",
        "httpx",
        "starlette",
        "uvicorn",
        "time",
    }
    for path in _sources():
        if FLOORS[_room(path)] > 3 or _room(path) == "keyfile":
            continue
        source = path.read_text(encoding="utf-8")
        assert "datetime.now(" not in source, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & forbidden, path
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert (node.module or "").split(".")[0] not in forbidden, path


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, honeytoken; "
        "heavy = {'faker', 'httpx', 'sqlalchemy', 'starlette', 'numpy', 'rich', 'click'}; "
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_public_names_are_few_and_all_load() -> None:
    assert len(honeytoken.__all__) <= 25
    for name in honeytoken.__all__:
        assert getattr(honeytoken, name).__module__.startswith("honeytoken.")


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Valut'"):
        _ = honeytoken.Valut


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").exists()

"""Migrations: under a lock, whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from honeytoken import Vault
from honeytoken.errors import SchemaTooNew
from honeytoken.store import migrate
from honeytoken.store.engine import open_engine
from honeytoken.store.schema import metadata

SCRIPTS = Path(migrate.__file__).parent / "migrations" / "versions"
NEWEST = migrate.versions(SCRIPTS)[-1]


def test_the_migrations_make_the_schema_the_code_expects(both: Vault) -> None:
    with both.store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_a_store_is_upgraded_once_and_then_left_alone(vault: Vault) -> None:
    assert migrate.upgrade(vault.store.engine) is False


def test_a_newer_schema_is_refused(both: Vault) -> None:
    with both.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="9999"):
        Vault.open(both.folder)


def test_many_openers_at_once_migrate_once(tmp_path: Path, store_url: str | None) -> None:
    errors: list[BaseException] = []
    url = store_url or f"sqlite:///{tmp_path / 'honeytoken.db'}"

    def migrate_it() -> None:
        engine = open_engine(url, tmp_path)
        try:
            migrate.upgrade(engine)
        except BaseException as error:
            errors.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=migrate_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def _next_version(folder: Path, body: str) -> Path:
    folder.mkdir()
    for script in SCRIPTS.glob("[0-9]*.py"):
        (folder / script.name).write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "9999_next.py").write_text(
        "import os, signal\nimport sqlalchemy as sa\nfrom alembic import op\n"
        f'revision = "9999"\ndown_revision = "{NEWEST}"\n\ndef upgrade() -> None:\n'
        + textwrap.indent(textwrap.dedent(body), "    "),
        encoding="utf-8",
    )
    return folder


KILLED_HALF_WAY = """
    op.create_table("half_way", sa.Column("id", sa.Integer(), primary_key=True))
    op.drop_table("drills")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_migration_killed_half_way_leaves_the_old_data_usable(
    tmp_path: Path, both: Vault
) -> None:
    both.channels.add("northbound")
    url = both.settings.store.url
    folder = _next_version(tmp_path / "versions", KILLED_HALF_WAY)
    code = (
        "import sys; from pathlib import Path; "
        "from honeytoken.store import engine, migrate; "
        "e = engine.open_engine(sys.argv[1], Path(sys.argv[2])); "
        "migrate.upgrade(e, versions_folder=Path(sys.argv[3]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, url, str(both.folder), str(folder)],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == -signal.SIGKILL
    with Vault.open(both.folder) as again:
        assert [channel.id for channel in again.channels.list()] == ["northbound"]
        with again.store.engine.connect() as connection:
            names = set(inspect(connection).get_table_names())
    assert "drills" in names
    assert "half_way" not in names


def test_a_following_migration_keeps_the_data(tmp_path: Path, vault: Vault) -> None:
    vault.channels.add("northbound")
    folder = _next_version(
        tmp_path / "versions",
        """
        op.create_table("more", sa.Column("id", sa.Integer(), primary_key=True))
        """,
    )
    assert migrate.upgrade(vault.store.engine, versions_folder=folder) is True
    with vault.store.engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM channels")).scalar() == "northbound"
        assert connection.execute(text("SELECT count(*) FROM more")).scalar() == 0


def test_a_store_of_the_first_schema_is_brought_to_the_newest(
    tmp_path: Path, store_url: str | None
) -> None:
    first = tmp_path / "versions"
    first.mkdir()
    for script in SCRIPTS.glob("0001_*.py"):
        (first / script.name).write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    old = open_engine(store_url or "sqlite:///old.db", tmp_path)
    fresh = open_engine("sqlite:///fresh.db", tmp_path)
    try:
        migrate.upgrade(old, versions_folder=first)
        assert migrate.upgrade(old) is True
        migrate.upgrade(fresh)
        tables = inspect(fresh).get_table_names()
        assert sorted(inspect(old).get_table_names()) == sorted(tables)
        for table in tables:
            names = [column["name"] for column in inspect(old).get_columns(table)]
            assert sorted(names) == sorted(c["name"] for c in inspect(fresh).get_columns(table))
    finally:
        old.dispose()
        fresh.dispose()

"""Numbered migrations (Alembic), applied on open under a lock, whole or not at all.

Alembic's SQLite DDL is not transactional by itself: here the whole upgrade runs in one
``BEGIN IMMEDIATE`` transaction of ours (PostgreSQL: one transaction under an advisory lock). A
process killed half-way leaves the old schema and the old data.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from ..errors import SchemaTooNew
from ..messages import translate as _
from .engine import no_store

_SCRIPTS = Path(__file__).parent / "migrations"
# Any constant will do, as long as every version of honeytoken uses the same.
_ADVISORY_LOCK = 0x686F6E6579


def versions(folder: Path) -> list[str]:
    """Return the revisions in *folder*, oldest first (``0001_....py`` is revision ``0001``)."""
    return sorted(path.name.split("_")[0] for path in folder.glob("[0-9]*_*.py"))


def upgrade(engine: Engine, *, versions_folder: Path | None = None, new: bool = True) -> bool:
    """Bring the schema up to date; tell whether there was anything to do.

    Args:
        engine: of the store.
        versions_folder: where the numbered scripts are; the package's own by default.
        new: whether an empty database may become a store.

    Raises:
        SchemaTooNew: the store was written by a newer honeytoken.
        StoreError: there is no store, and *new* is False.
    """
    folder = versions_folder or _SCRIPTS / "versions"
    known = versions(folder)
    with engine.connect() as connection:
        present = _present(connection, known)
        if present is None and not new:
            raise no_store()
        if present == known[-1]:
            return False
    with (
        engine.connect().execution_options(honeytoken_write=True) as connection,
        connection.begin(),
    ):
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if _present(connection, known) == known[-1]:
            return False  # another process was faster
        _run(connection, folder)
    return True


def _present(connection: Connection, known: list[str]) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if present is not None and present not in known:
        raise SchemaTooNew(
            _("the store has schema {present}; this honeytoken knows up to {known}.").format(
                present=present, known=known[-1]
            ),
            hint=_("Install the newer honeytoken that wrote it."),
        )
    return present


def _run(connection: Connection, folder: Path) -> None:
    # Imported here: a store that is up to date, the usual case, does not pay for it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("version_locations", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

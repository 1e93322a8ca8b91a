"""Connections: how SQLite and PostgreSQL are opened so that both keep the same promises.

A commit that returned has reached the disk (SQLite: WAL with ``synchronous=FULL``; PostgreSQL:
``synchronous_commit=on``). A write transaction takes its lock at once (``BEGIN IMMEDIATE``): a
later upgrade of a read lock could only fail. Errors never show the values of a statement.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ..errors import SettingsError, StoreError
from ..messages import translate as _

#: How long a writer waits for another one before it says that the store is busy.
BUSY_TIMEOUT_S = 10.0
#: How long a PostgreSQL that does not answer is given, for each of its addresses.
CONNECT_TIMEOUT_S = 5
_RETRY_S = 0.02

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-32768",
    # 32 MB of log: blind indexes are random, so that the same pages are written again and again;
    # the rarer they are copied into the database, the less a busy listener writes.
    "PRAGMA wal_autocheckpoint=8000",
    # What is deleted is overwritten in the file as well: a key that was destroyed stays nowhere.
    "PRAGMA secure_delete=ON",
)


def open_engine(url_text: str, folder: Path) -> Engine:
    """Return an engine for a SQLite file (relative to *folder*) or a PostgreSQL database.

    Raises:
        SettingsError: the URL names no database we can use.
    """
    try:
        url = make_url(url_text)
    except ArgumentError as err:
        raise _bad_url() from err
    backend = url.get_backend_name()
    if backend == "sqlite":
        return _sqlite(url, folder)
    if backend == "postgresql":
        return _postgresql(url)
    raise _bad_url()


def sqlite_path(engine: Engine) -> Path | None:
    """Return the file of a SQLite engine, or ``None`` for another database."""
    if engine.dialect.name != "sqlite":
        return None
    return Path(str(engine.url.database))


def connect_sqlite(path: Path) -> sqlite3.Connection:
    """Return a raw connection with the settings every connection of ours has."""
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except sqlite3.OperationalError as error:
            # Two processes that open a new file switch it to WAL at once; for that SQLite does not
            # wait by itself.
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(_RETRY_S)
        except sqlite3.Error:
            connection.close()
            raise
        else:
            return connection


def _bad_url() -> SettingsError:
    return SettingsError(
        _("store.url does not name a database that honeytoken can use."),
        hint=_("Use sqlite:///honeytoken.db or postgresql+psycopg://user@host/database."),
    )


def _sqlite(url: URL, folder: Path) -> Engine:
    if not url.database or url.database == ":memory:":
        # Several threads and processes share a store; a database in memory cannot be shared.
        raise _bad_url()
    path = (folder / url.database).absolute()
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite", database=str(path), query={}),
        creator=lambda: connect_sqlite(path),
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("honeytoken_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        # A server that vanished in the middle (no power, no network) is noticed, too.
        "tcp_user_timeout": int(BUSY_TIMEOUT_S * 1000),
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "options": f"-c lock_timeout={int(BUSY_TIMEOUT_S * 1000)} -c synchronous_commit=on",
    }
    try:
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=arguments)
    except (ModuleNotFoundError, NoSuchModuleError) as err:
        raise StoreError(
            _("PostgreSQL needs the driver psycopg."),
            hint=_("Install it with: pip install 'honeytoken[postgres]'"),
        ) from err


def no_store() -> StoreError:
    """Return the error for a database in which nobody made a store."""
    return StoreError(
        _("the store is not there."),
        hint=_(
            "Restore it from a backup with `honeytoken import`, or see that store.url is right."
        ),
    )

"""The one look-up a shop makes for every order: is this identifier a canary's?

It goes past SQLAlchemy, whose bookkeeping costs several times the query itself: a raw connection
per thread (SQLite), or the driver's cursor (PostgreSQL). The index master is compared in the same
statement, so that a process that slept through `reindex` never answers "no" for a wrong reason.
"""

from __future__ import annotations

import sqlite3
import threading

from .engine import connect_sqlite, sqlite_path
from .transaction import Store

_STATE = "(SELECT index_check FROM vault_state)"
_SQLITE = f"SELECT {_STATE}, EXISTS (SELECT 1 FROM canary_index WHERE digest = ?)"  # noqa: S608
_POSTGRES = f"SELECT {_STATE}, EXISTS (SELECT 1 FROM canary_index WHERE digest = %s)"  # noqa: S608


class Lookup:
    """Answers for one store, from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = sqlite_path(store.engine)
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []

    def close(self) -> None:
        """Close the connections of all threads."""
        while self._open:
            self._open.pop().close()

    def knows(self, digest: bytes) -> bool | None:
        """Tell whether a canary stands under *digest*; ``None`` if the keys are out of date."""
        if self._path is not None:
            check, found = self._connection().execute(_SQLITE, (digest,)).fetchone()
        else:
            with self._store.engine.connect() as connection:
                check, found = connection.exec_driver_sql(_POSTGRES, (digest,)).one()
        if check != self._store.keys.indexer.check:
            return None
        return bool(found)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            if self._path is None:
                message = "no raw connection for this database"
                raise TypeError(message)
            connection = connect_sqlite(self._path)
            self._local.connection = connection
            self._open.append(connection)
        return connection

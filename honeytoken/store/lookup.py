"""The one look-up a shop makes for every order: is this identifier a canary's?

It goes past SQLAlchemy, whose bookkeeping costs several times the query itself: a raw connection
(SQLite), or the driver's cursor (PostgreSQL). The index master is compared in the same
statement, so that a process that slept through `reindex` never answers "no" for a wrong reason.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from .engine import connect_sqlite, sqlite_path
from .failures import understood, unusable
from .transaction import Store

_STATE = "(SELECT index_check FROM vault_state)"
_SQLITE = f"SELECT {_STATE}, EXISTS (SELECT 1 FROM canary_index WHERE digest = ?)"  # noqa: S608
_POSTGRES = f"SELECT {_STATE}, EXISTS (SELECT 1 FROM canary_index WHERE digest = %s)"  # noqa: S608


class Lookup:
    """Answers for one store, from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = sqlite_path(store.engine)
        # As many as ask at one time: a thread takes one out and puts it back.
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def knows(self, digest: bytes) -> bool | None:
        """Tell whether a canary stands under *digest*; ``None`` if the keys are out of date."""
        if self._path is not None:
            check, found = self._look(self._path, digest)
        else:
            with understood(self._store.engine), self._store.engine.connect() as connection:
                check, found = connection.exec_driver_sql(_POSTGRES, (digest,)).one()
        if check != self._store.keys.indexer.check:
            return None
        return bool(found)

    def _look(self, path: Path, digest: bytes) -> tuple[bytes, int]:
        try:
            try:
                connection = self._idle.get_nowait()
            except Empty:
                connection = connect_sqlite(path)
            row: tuple[bytes, int] = connection.execute(_SQLITE, (digest,)).fetchone()
        except sqlite3.Error as err:
            raise unusable(str(err)) from err
        self._idle.put(connection)
        return row

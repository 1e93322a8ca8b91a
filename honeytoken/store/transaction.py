"""The store and its transactions: one connection, the keys, and the ledger entries to come."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select

from ..errors import WrongKeys
from ..keys import Indexer, Keyring, Sealer
from ..ledger import Action, Leaf
from ..messages import translate as _
from . import ledger
from .engine import no_store, open_engine, sqlite_path
from .failures import understood
from .ledger import Pending
from .migrate import upgrade
from .schema import vault_state

_IN_CHUNK = 500
# Rows in one INSERT: most of the gain, and under 999 values for every SQLite there is.
_GROUP = 32
# Any constant will do that no other lock of ours has (migrate.py).
_WRITER_LOCK = 0x686F6E6580
# Between two statements of a writer: rekeying a large store computes for seconds, not minutes.
_MAX_PAUSE_S = 60


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What a keyring unlocks, made ready once."""

    keyring: Keyring = field(repr=False)
    sealer: Sealer
    indexer: Indexer


class Scrubbed(NamedTuple):
    """How far a database's files were cleaned."""

    #: False where others used a SQLite store just then.
    clean: bool
    #: False where a SQLite store was too large to be rewritten by the way.
    rewritten: bool


class Transaction:
    """One transaction. Commits when its ``with`` block ends well, else leaves no trace."""

    def __init__(
        self,
        connection: Connection,
        keys: Unlocked,
        now: datetime,
        *,
        remembered: dict[str, Any] | None = None,
    ) -> None:
        self.connection = connection
        self.sealer = keys.sealer
        self.indexer = keys.indexer
        #: The time of everything that is written here.
        self.now = now
        self.to_append: list[Pending] = []
        #: What the rooms above keep between transactions of one store, by id: only what never
        #: changes, and nothing the transaction itself made.
        self.remembered: dict[str, Any] = {} if remembered is None else remembered

    def change_index(self, master: bytes) -> None:
        """Derive blind indexes with another master from here on (``reindex``)."""
        self.indexer = Indexer(master)

    def append(self, action: Action, leaf: Leaf, *, keep: bool = True) -> None:
        """Put *leaf* into the ledger when this transaction commits.

        Args:
            action: what was done; neighbours with the same action share an entry.
            leaf: the record and its salted payload.
            keep: seal the payload into the entry; False where the record itself holds it.
        """
        kept = leaf.salted if keep else None
        self.to_append.append((action, leaf.record_id, leaf.commitment, kept))

    # SQLAlchemy's work costs several times that of a small statement itself. A shop's bulk calls
    # and the listener's batches, where that decides the rate, go to the driver: plain SQL that
    # both databases understand, ``{}`` for a value, times as microseconds.

    def insert_many(
        self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Insert rows of stored values: ``executemany`` on SQLite, ``COPY`` on PostgreSQL."""
        names = ", ".join(columns)
        if self._is_sqlite:
            self._insert_in_groups(f"INSERT INTO {table.name} ({names}) VALUES ", rows)  # noqa: S608
            return
        copy_sql = f"COPY {table.name} ({names}) FROM STDIN"
        with self._driver.cursor() as cursor, cursor.copy(copy_sql) as copy:
            for row in rows:
                copy.write_row(row)

    def _insert_in_groups(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows a statement: SQLite lets go of the interpreter's lock at each one."""
        waiting = iter(rows)
        while group := list(islice(waiting, _GROUP)):
            row_marks = f"({', '.join('?' * len(group[0]))})"
            marks = ", ".join([row_marks] * len(group))
            self._driver.execute(sql + marks, [value for row in group for value in row])

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows."""
        with closing(self._driver.cursor()) as cursor:
            cursor.executemany(self._marked(sql), rows)

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows, if it gives any."""
        with closing(self._driver.cursor()) as cursor:
            cursor.execute(self._marked(sql), values)
            return cursor.fetchall() if cursor.description else []

    def select_in(self, sql: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a SELECT whose ``{}`` stands for a list, a few hundred at a time."""
        for start in range(0, len(values), _IN_CHUNK):
            part = values[start : start + _IN_CHUNK]
            marks = ", ".join(["{}"] * len(part))
            yield from self.execute(sql.format(f"({marks})"), *part)

    @property
    def _driver(self) -> Any:
        return self.connection.connection.driver_connection

    @property
    def _is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def _marked(self, sql: str) -> str:
        return sql.replace("{}", "?" if self._is_sqlite else "%s")


class Store:
    """A database with its keys.

    Args:
        url: SQLAlchemy URL (``settings.store.url``).
        folder: against which a SQLite path is read.
        load_keys: gives the keyring; called again when the store was written with newer masters.
        clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        url: str,
        *,
        folder: Path,
        load_keys: Callable[[], Keyring],
        clock: Callable[[], datetime],
    ) -> None:
        self.engine = open_engine(url, folder)
        self.clock = clock
        self._load_keys = load_keys
        self._keys_lock = threading.Lock()
        self._remembered: dict[str, Any] = {}
        self.keys = _unlock(load_keys())
        self._is_postgresql = self.engine.dialect.name == "postgresql"
        self._writing = self.engine.execution_options(honeytoken_write=True)
        # A view that stays the same from the first look to the last: SQLite gives it by itself.
        self._reading = (
            self.engine.execution_options(isolation_level="REPEATABLE READ")
            if self._is_postgresql
            else self.engine
        )

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def prepare(self, *, new: bool) -> None:
        """Apply missing migrations, and check that the keys fit.

        Args:
            new: make the store if it is not there. Elsewhere a store that is gone is an error: an
                empty one in its place would say that all is well.

        Raises:
            StoreError: there is no store, and *new* is False.
            SchemaTooNew: the store was written by a newer honeytoken.
            WrongKeys: the keys are those of another store.
            StoreBusy: the database is locked or out of reach.
        """
        path = sqlite_path(self.engine)
        if path is not None:
            _require_file(path, new=new)
        with understood(self.engine):
            upgrade(self.engine, new=new)
        with self._plain_read() as connection:
            if connection.execute(select(vault_state.c.id)).first() is not None:
                self._require_matching(connection)
                return
        with understood(self.engine), self._writing.begin() as connection:
            self._wait_for_turn(connection)
            if connection.execute(select(vault_state.c.id)).first() is None:
                tx = Transaction(connection, self.keys, self.clock())
                ledger.create(tx)
                ledger.append(tx, tx.to_append)
        with self._plain_read() as connection:
            self._require_matching(connection)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent view of the store; nothing may be written."""
        with self._plain_read() as connection:
            self._require_matching(connection)
            yield Transaction(connection, self.keys, self.clock())

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that commits, ledger entries included, when the block ends well.

        Raises:
            StoreBusy: locked, full or out of reach; nothing was written.
            AlreadyExists: a unique value is taken; nothing was written.
        """
        with understood(self.engine), self._writing.begin() as connection:
            self._wait_for_turn(connection)
            self._require_matching(connection)
            transaction = Transaction(
                connection, self.keys, self.clock(), remembered=self._remembered
            )
            yield transaction
            ledger.append(transaction, transaction.to_append)

    @contextmanager
    def claim(self) -> Iterator[Transaction]:
        """A short transaction about work to be done, such as what an alert worker takes.

        It says nothing to the ledger, so on PostgreSQL it does not wait for its turn: workers lock
        the rows they take (``SKIP LOCKED``).
        """
        with understood(self.engine), self._writing.begin() as connection:
            self._require_matching(connection)
            transaction = Transaction(connection, self.keys, self.clock())
            yield transaction
            if transaction.to_append:
                message = "a claim cannot write to the ledger"
                raise RuntimeError(message)

    def scrub(self, *, rewrite_up_to: int) -> Scrubbed:
        """Take what was overwritten out of the files, as far as the database does that.

        SQLite: ``secure_delete`` has zeroed what was deleted; the write-ahead log, which holds
        pages as they were, is written back and emptied. PostgreSQL: dead versions of rows are
        vacuumed; their bytes stay in the file until others are written over them.

        Args:
            rewrite_up_to: bytes. A SQLite store that is not larger is rewritten whole: where a page
                was split, a copy of a row may have stayed in its unused part. Writers wait for it.
        """
        alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        path = sqlite_path(self.engine)
        with understood(self.engine), alone.connect() as connection:
            if path is None:
                connection.exec_driver_sql("VACUUM contacts, events, ledger")
                return Scrubbed(clean=True, rewritten=True)
            driver: Any = connection.connection.driver_connection
            rewrite = path.stat().st_size <= rewrite_up_to
            try:
                if rewrite:
                    driver.execute("VACUUM")
                (busy, _frames, _done) = driver.execute(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                ).fetchone()
            except sqlite3.OperationalError:  # locked, or no room for a second copy
                return Scrubbed(clean=False, rewritten=False)
            return Scrubbed(clean=not busy, rewritten=rewrite)

    def reload_keys(self) -> None:
        """Read the key file again."""
        with self._keys_lock:
            self.keys = _unlock(self._load_keys())

    def use_keys(self, keyring: Keyring) -> None:
        """Work with *keyring* from now on (``rekey`` and ``reindex``, after saving it)."""
        with self._keys_lock:
            self.keys = _unlock(keyring)

    def _wait_for_turn(self, connection: Connection) -> None:
        """Let one transaction write at a time, on PostgreSQL as SQLite does by itself.

        Each reads what it then changes (folds, capacities, dispositions, keys), and each ends at
        the head of the ledger anyway: row locks would order them later, and with more care.
        """
        if self._is_postgresql:
            # A process that froze, or lost its network, gives its turn back after a while.
            connection.exec_driver_sql(
                f"SELECT set_config('idle_in_transaction_session_timeout', '{_MAX_PAUSE_S}s', true)"
                f", pg_advisory_xact_lock({_WRITER_LOCK})"
            )

    @contextmanager
    def _plain_read(self) -> Iterator[Connection]:
        with understood(self.engine), self._reading.connect() as connection, connection.begin():
            yield connection

    def _require_matching(self, connection: Connection) -> None:
        state = _state(connection)
        if not self._is_current(state):
            # Another process ran `rekey` or `reindex`: the key file knows more than we do.
            self._adopt(state.index_check)
        if state.index_check != self.keys.indexer.check:
            raise WrongKeys(
                _("the key file is not that of this store."),
                hint=_("Use the key file that belongs to this store (HONEYTOKEN_KEYS, [keys])."),
            )
        # Not necessarily the current one: `rekey` may be about to announce a newer.
        if state.sealing_key not in self.keys.keyring.sealing:
            raise WrongKeys(
                _("the key file is older than the store."),
                hint=_("Use the key file as `honeytoken rekey` left it."),
            )

    def _is_current(self, state: _State) -> bool:
        keys = self.keys
        return bool(
            state.index_check == keys.indexer.check and state.sealing_key == keys.sealer.current
        )

    def _adopt(self, index_check: bytes) -> None:
        self.reload_keys()
        keyring = self.keys.keyring
        if keyring.next_index and Indexer(keyring.next_index).check == index_check:
            # `reindex` committed and was stopped before it wrote the key file.
            self.use_keys(keyring.promoted())


def _require_file(path: Path, *, new: bool) -> None:
    if path.exists():
        return
    if not new:
        raise no_store()
    # SQLite would make it readable by all; its -wal and -shm files take over these rights.
    path.touch(mode=0o600)


class _State(NamedTuple):
    """Which masters the store was last written with."""

    index_check: bytes
    sealing_key: str


def _state(connection: Connection) -> _State:
    # Before every transaction: past SQLAlchemy.
    driver: Any = connection.connection.driver_connection
    with closing(driver.cursor()) as cursor:
        cursor.execute("SELECT index_check, sealing_key FROM vault_state")
        row = cursor.fetchone()
    if row is None:
        raise no_store()
    return _State(bytes(row[0]), row[1])


def _unlock(keyring: Keyring) -> Unlocked:
    return Unlocked(keyring, Sealer(keyring), Indexer(keyring.index))

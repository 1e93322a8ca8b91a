"""The whole store as JSON lines, sealed as it stands: backup, and the way to another database.

The first line says what follows; then each row is ``[table, [values]]`` with bytes in base64, in
the order of the tables' foreign keys. Ids stay, so that what is sealed still opens, with the same
key file, and the ledger's chain still verifies.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from sqlalchemy import LargeBinary, Table, delete, func, select

from ..errors import InvalidInput, Refused
from ..messages import translate as _
from . import schema
from .transaction import Transaction

#: What an unused vault may hold once a listener ran; the referring tables first.
_OPERATIONAL = (
    schema.outbox,
    schema.alerts,
    schema.alarms,
    schema.delivery_counts,
    schema.heartbeats,
    schema.mailboxes,
)
_FORMAT = "honeytoken vault 1"
_CHUNK = 1000
_MAX_LINE = 64 * 1024 * 1024


def export(tx: Transaction, file: IO[str]) -> int:
    """Write every row; return how many."""
    tables = schema.metadata.sorted_tables
    header = {"format": _FORMAT, "columns": {table.name: _names(table) for table in tables}}
    file.write(json.dumps(header) + "\n")
    written = 0
    for table in tables:
        for row in _rows(tx, table):
            file.write(json.dumps([table.name, [_out(value) for value in row]]) + "\n")
            written += 1
    # Without it a file that was cut off would look like a smaller vault.
    file.write(json.dumps({"rows": written}) + "\n")
    return written


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _rows(tx: Transaction, table: Table) -> Iterator[tuple[Any, ...]]:
    driver: Any = tx.connection.connection.driver_connection
    names = ", ".join(_names(table))
    cursor = driver.cursor()
    order = ", ".join(column.name for column in table.primary_key.columns)
    cursor.execute(f"SELECT {names} FROM {table.name} ORDER BY {order}")  # noqa: S608  # names are ours
    if table is schema.channels:
        yield from _parents_first(cursor.fetchall())
        return
    while rows := cursor.fetchmany(_CHUNK):
        yield from rows


def _parents_first(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    columns = _names(schema.channels)
    own, parent = columns.index("id"), columns.index("parent_id")
    given: set[str | None] = {None}
    while rows:
        ready = [row for row in rows if row[parent] in given]
        yield from ready
        given.update(row[own] for row in ready)
        rows = [row for row in rows if row[own] not in given] if ready else []


def _out(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(bytes(value)).decode()}
    return value


def restore(tx: Transaction, file: Iterable[str]) -> int:
    """Put the rows of an export into a store that holds nothing but its first entry.

    Raises:
        Refused: the store is not empty, or the export was made with other keys.
        InvalidInput: it is not an export, or is damaged.
    """
    if tx.connection.execute(select(func.count()).select_from(schema.ledger)).scalar_one() > 1:
        raise Refused(
            _("this vault is not empty."), hint=_("Make a new one with `honeytoken init`.")
        )
    lines = iter(file)
    columns = _header(next(lines, ""))
    for table in (schema.ledger, schema.vault_state, *_OPERATIONAL):
        tx.connection.execute(delete(table))
    by_name = {table.name: table for table in schema.metadata.sorted_tables}
    count = 0
    pending: list[list[Any]] = []
    current: Table | None = None
    ended = False
    for line in lines:
        if ended:
            raise _damaged()
        if line.startswith("{"):
            ended = _trailer(line) == count
            continue
        table, values = _line(line, by_name, columns)
        if pending and (table is not current or len(pending) >= _CHUNK):
            _insert(tx, current, columns, pending)
            pending = []
        current = table
        pending.append(values)
        count += 1
    if pending:
        _insert(tx, current, columns, pending)
    if not ended:
        raise _damaged()
    _require_own(tx)
    return count


def _trailer(line: str) -> object:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise _damaged() from err
    return found.get("rows")


def _damaged() -> InvalidInput:
    return InvalidInput(
        _("this is not a whole export of a vault; nothing was imported."),
        hint=_("Make one with `honeytoken export vault`."),
    )


def _header(line: str) -> dict[str, list[str]]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise _damaged() from err
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise _damaged()
    columns = header.get("columns")
    known = {table.name: set(_names(table)) for table in schema.metadata.sorted_tables}
    if not isinstance(columns, dict) or any(
        name not in known or not isinstance(names, list) or not set(names) <= known[name]
        for name, names in columns.items()
    ):
        raise _damaged()
    return columns


def _line(
    line: str, by_name: dict[str, Table], columns: dict[str, list[str]]
) -> tuple[Table, list[Any]]:
    try:
        if len(line) > _MAX_LINE:
            raise _damaged()
        name, values = json.loads(line)
        if name not in columns or len(values) != len(columns[name]):
            raise _damaged()
        decoded = [
            base64.b64decode(value["b"], validate=True) if isinstance(value, dict) else value
            for value in values
        ]
    except (ValueError, TypeError, KeyError, RecursionError) as err:
        raise _damaged() from err
    return by_name[name], decoded


def _insert(
    tx: Transaction, table: Table | None, columns: dict[str, list[str]], rows: list[list[Any]]
) -> None:
    if table is None:
        return
    booleans = {
        index
        for index, name in enumerate(columns[table.name])
        if table.c[name].type.python_type is bool
    }
    is_bytes = {
        index
        for index, name in enumerate(columns[table.name])
        if isinstance(table.c[name].type, LargeBinary)
    }
    for row in rows:
        for index in booleans:
            row[index] = bool(row[index])
        if any(row[index] is not None and not isinstance(row[index], bytes) for index in is_bytes):
            raise _damaged()
    driver: Any = tx.connection.dialect.dbapi
    try:
        tx.insert_many(table, columns[table.name], rows)
    except driver.OperationalError:
        raise  # the database's trouble, not the file's
    except (driver.Error, TypeError, ValueError, OverflowError) as err:
        raise _damaged() from err


def _require_own(tx: Transaction) -> None:
    state = schema.vault_state.c
    row = tx.connection.execute(select(state.index_check, state.sealing_key)).first()
    if row is None:
        raise _damaged()
    if row.index_check != tx.indexer.check:
        raise Refused(
            _("the export was made with other keys; nothing was imported."),
            hint=_("Put the key file of the exported vault in place first."),
        )
    if row.sealing_key not in tx.sealer.masters:
        raise Refused(
            _("the key file is older than the export; nothing was imported."),
            hint=_("Put the key file of the exported vault in place first."),
        )

"""What went wrong in the database, in our words: come back later, it is damaged, it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from ..errors import AlreadyExists, StoreBusy, StoreError
from ..messages import translate as _

# Classes of PostgreSQL's codes. The statement is at fault, though psycopg says "operational": a
# value is too long for an index, and the like.
_LIMIT_CLASS = "54"
# The server is in no state to write, though psycopg says "internal": read-only since another took
# over, or it ended a transaction that paused too long.
_STATE_CLASSES = ("25",)


@contextmanager
def understood(engine: Engine) -> Iterator[None]:
    """Turn SQLAlchemy's and the driver's errors into ours, without the values they were about.

    The driver's own come from the bulk calls, which go past SQLAlchemy.
    """
    driver: Any = engine.dialect.dbapi
    try:
        yield
    except (IntegrityError, driver.IntegrityError) as err:
        raise AlreadyExists(_("that is already in the store; nothing was written.")) from err
    except (OperationalError, driver.OperationalError) as err:
        if _sqlstate(err)[:2] == _LIMIT_CLASS:
            raise _refused(err) from err
        raise unusable(str(getattr(err, "orig", err))) from err
    except (DBAPIError, driver.Error) as err:
        gone = getattr(err, "connection_invalidated", False)
        if gone or _sqlstate(err)[:2] in _STATE_CLASSES:
            raise unusable("") from err
        raise _refused(err) from err


def _sqlstate(err: Exception) -> str:
    """Return PostgreSQL's code of an error, ``""`` where there is none."""
    return getattr(getattr(err, "orig", err), "sqlstate", None) or ""


def _refused(err: Exception) -> StoreError:
    kind = type(getattr(err, "orig", err)).__name__
    text = _("the database refused a statement ({kind}).").format(kind=kind)
    return StoreError(text, hint=_damaged())


def _damaged() -> str:
    return _("It may be damaged, or not be a store: restore it from a backup.")


def unusable(reason: str) -> StoreError:
    """Return the error for a database that does not do its work, from the driver's reason."""
    lowered = reason.lower()
    if any(sign in lowered for sign in ("no such table", "no such column", "malformed")):
        return StoreError(_("the database does not hold what it should."), hint=_damaged())
    if "locked" in lowered or "lock timeout" in lowered:
        return StoreBusy(
            _("the database is locked by another process; nothing was written."),
            hint=_("Try again in a moment."),
        )
    if "full" in lowered or "no space" in lowered:
        return StoreBusy(
            _("the disk is full; nothing was written."), hint=_("Make room, then try again.")
        )
    return StoreBusy(
        _("the database cannot be reached or opened; nothing was written."),
        hint=_("See that it runs and that store.url is right: `honeytoken doctor`."),
    )

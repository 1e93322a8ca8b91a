"""Times, which are aware or refused."""

from __future__ import annotations

from datetime import UTC, datetime

from ..errors import InvalidInput
from ..messages import translate as _

#: What the store can hold, with room for windows of many years on both sides.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def moment(at: datetime) -> datetime:
    """Return *at* in UTC.

    Raises:
        InvalidInput: it has no zone, or lies before 1970 or after 2199.
    """
    if at.tzinfo is None:
        raise InvalidInput(_("the time needs a zone."), hint=_("Write it like 2026-03-02T09:14Z."))
    try:
        found = at.astimezone(UTC)
    except OverflowError as err:
        raise InvalidInput(_("the time must lie between 1970 and 2199.")) from err
    if not EARLIEST <= found < LATEST:
        raise InvalidInput(_("the time must lie between 1970 and 2199."))
    return found

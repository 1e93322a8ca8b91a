"""Offsets from UTC, as people type them."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from ..messages import translate as _

if TYPE_CHECKING:
    # Generic since click 8.4 only, so not subscripted at run time.
    _ZoneType = click.ParamType[tzinfo]
else:
    _ZoneType = click.ParamType

_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3]):?([0-5][0-9])")


class Zone(_ZoneType):
    """``+08:00``, or a zone with summer time such as ``Europe/London``."""

    name = "zone"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tzinfo:
        """Return *value* as a zone."""
        if isinstance(value, tzinfo):
            return value
        text = str(value).strip()
        if found := _OFFSET.fullmatch(text):
            span = timedelta(hours=int(found[2]), minutes=int(found[3]))
            return timezone(-span if found[1] == "-" else span) if span else UTC
        try:
            return ZoneInfo(text)
        # Names are paths in the system's tables: odd ones fail in the file system's ways.
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(_("write it as +08:00, or as Europe/London."), param, ctx)


ZONE = Zone()

"""Strict reading of raw bytes: forms with blank values kept, JSON objects, bounded values.

What cannot be read in exactly one way is refused: two readings of one body are how a signature
comes to cover something else than what is recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import NoReturn
from urllib.parse import unquote_to_bytes

from ..errors import MalformedDelivery
from ..messages import translate as _
from .deliveries import Request

#: A hook's body is a message, not a file; the listener's own limit is usually lower.
MAX_BODY_BYTES = 1_048_576
MAX_FIELDS = 256
#: Longer texts are cut in the record; the stored event keeps them whole.
MAX_TEXT_CHARS = 65_536
#: Numbers, mail addresses (RFC 5321: 320), device names.
MAX_IDENTIFIER_CHARS = 320
_SURROGATE = re.compile("[\ud800-\udfff]")


def as_bytes(text: str) -> bytes:
    """Return *text* in UTF-8, whatever a client managed to put into it."""
    return text.encode("utf-8", "surrogatepass")


def as_text(raw: bytes) -> str:
    """Return *raw* decoded from UTF-8.

    Raises:
        MalformedDelivery: it is not UTF-8.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as err:
        raise MalformedDelivery(_("the delivery is not valid UTF-8.")) from err


def bounded(raw: bytes) -> bytes:
    """Return *raw* if it is no longer than a delivery may be.

    Raises:
        MalformedDelivery: it is longer than :data:`MAX_BODY_BYTES`.
    """
    if len(raw) > MAX_BODY_BYTES:
        raise MalformedDelivery(_("the delivery is too large."))
    return raw


def media_type(request: Request) -> str:
    """Return the media type of the body in lower case, without parameters; ``""`` if unsaid."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def split_pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Return the ``name=value`` pairs of a form or query, still percent-encoded, in order.

    Blank values are kept (a signature may cover them); empty pieces between ``&`` are not pairs.

    Raises:
        MalformedDelivery: there are more than :data:`MAX_FIELDS`.
    """
    if bounded(raw).count(b"&") >= MAX_FIELDS:
        raise MalformedDelivery(_("the delivery has too many fields."))
    pieces = (piece.partition(b"=") for piece in raw.split(b"&") if piece)
    return [(name, value) for name, _sign, value in pieces]


def form_decoded(raw: bytes) -> bytes:
    """Return one form value decoded: ``+`` is a blank, ``%2B`` a plus."""
    return unquote_to_bytes(raw.replace(b"+", b" "))


def form_pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Return the decoded pairs of an ``application/x-www-form-urlencoded`` body or a query."""
    return [(form_decoded(name), form_decoded(value)) for name, value in split_pairs(raw)]


def unique_fields(pairs: Iterable[tuple[str, str]], *, known: frozenset[str]) -> dict[str, str]:
    """Return the *known* fields among *pairs*.

    Raises:
        MalformedDelivery: a known field is there twice with different values, so that it could be
            read in two ways; the classic trick is ``text=...&from=somebody+else``.
    """
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in known and fields.setdefault(name, value) != value:
            raise MalformedDelivery(_('the delivery has two fields "{name}".').format(name=name))
    return fields


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")  # turned into MalformedDelivery below
    return found


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("not a JSON number")  # turned into MalformedDelivery below


def json_object(raw: bytes) -> dict[str, object]:
    """Return the JSON object that *raw* is.

    Raises:
        MalformedDelivery: it is no JSON, no object, names a key twice, nests too deep, or holds
            ``NaN`` or a number of absurd length.
    """
    text = as_text(bounded(raw))
    try:
        value = json.loads(
            text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant, strict=True
        )
    except (ValueError, RecursionError) as err:
        raise MalformedDelivery(_("the delivery is not valid JSON.")) from err
    if not isinstance(value, dict):
        raise MalformedDelivery(_("the delivery is not a JSON object."))
    return value


def optional_text(values: Mapping[str, object], key: str) -> str | None:
    """Return the text under *key*, ``None`` if it is missing or null.

    Raises:
        MalformedDelivery: it is something else than text.
    """
    value = values.get(key)
    if value is None or isinstance(value, str):
        return value
    raise MalformedDelivery(_('"{name}" in the delivery must be text.').format(name=key))


def identifier(value: str | None) -> str | None:
    """Return a number, address or name without blanks around it; ``None`` if nothing is left.

    Raises:
        MalformedDelivery: it is longer than any identifier.
    """
    if value is None:
        return None
    if len(value) > MAX_IDENTIFIER_CHARS:
        raise MalformedDelivery(_("an identifier in the delivery is too long."))
    return storable(value).strip() or None


def content(value: str | None) -> str | None:
    """Return a text as it is recorded: cut to :data:`MAX_TEXT_CHARS`, otherwise untouched."""
    return None if value is None else storable(value[:MAX_TEXT_CHARS])


def storable(value: str) -> str:
    """Return *value* with lone surrogates, which no database can store, replaced by U+FFFD."""
    return _SURROGATE.sub("\ufffd", value)


def moment(value: str, *, zone: tzinfo | None) -> datetime | None:
    """Return an ISO 8601 time as aware UTC; ``None`` if *value* is none.

    Args:
        value: such as ``2026-11-22T09:30:00+0800``; ``T`` or a blank between date and time.
        zone: that of a time without offset; ``None`` if there must be an offset.
    """
    try:
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            if zone is None:
                return None
            parsed = parsed.replace(tzinfo=zone)
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""Backups of SMS Backup & Restore (Android): ``<calls>`` and ``<smses>``, in XML.

Read by expat as it comes, an element at a time. A document type is refused outright: with it go
entities, and so external files and entity bombs (the same rule as ``defusedxml.forbid_dtd``).

The app writes characters beyond U+FFFF as two references to surrogates
(``&#55357;&#56832;``), which is not XML: they are put together before expat sees them.

Source: the app's own list of fields (synctech.com.au, "Fields in XML backup files"); numbers of
types and presentations from Android's ``CallLog.Calls`` and ``Telephony``; of MMS addresses from
OMA MMS encapsulation (137 is From).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import BinaryIO
from xml.parsers import expat  # a document type is refused below

from ..errors import InvalidInput
from ..messages import translate as _
from ..models import Medium
from . import texts, times
from .entries import Entry, Record, Source, Unreadable
from .times import DateOrder, Unclear

_PIECE = 128 * 1024
#: A picture stands in one attribute; expat holds it whole, and looks at it again with every piece.
_MAX_ELEMENT_CHARS = 32 * 1024**2
_MAX_DEPTH = 8
_ROOTS = ("calls", "smses")
#: Android's ``CallLog.Calls.TYPE``: incoming, missed, voicemail, rejected, blocked, answered on
#: another device; 2 is outgoing.
_CALLED = {"1": True, "2": False, "3": True, "4": True, "5": True, "6": True, "7": True}
#: ``Telephony.TextBasedSmsColumns.TYPE`` and ``BaseMmsColumns.MESSAGE_BOX``: the inbox; sent,
#: draft, outbox, failed, queued.
_WRITTEN = {"1": True, "2": False, "3": False, "4": False, "5": False, "6": False}
#: ``CallLog.Calls.NUMBER_PRESENTATION``: restricted, unknown, pay phone, unavailable.
_WITHHELD = frozenset({"2", "3", "4", "5"})
_FROM = "137"
#: What stands for "nobody" in ``contact_name``.
_NO_NAME = frozenset({"", "null", "(unknown)", "unknown", "(未知)", "未知"})

_REFERENCE = re.compile(r"&#(?:([0-9]{1,7})|x([0-9A-Fa-f]{1,6}));")
# U+D800 to U+DBFF and U+DC00 to U+DFFF, in decimal or hexadecimal.
_HIGH = (
    r"&#(?:(5529[6-9]|55[3-9][0-9]{2}|56[0-2][0-9]{2}|563[01][0-9])"
    r"|x([dD][89abAB][0-9A-Fa-f]{2}));"
)
_LOW = (
    r"&#(?:(563[2-9][0-9]|56[4-9][0-9]{2}|57[0-2][0-9]{2}|573[0-3][0-9]|5734[0-3])"
    r"|x([dD][c-fC-F][0-9A-Fa-f]{2}));"
)
_PAIR = re.compile(_HIGH + _LOW)
#: What a piece may end in that its next one completes: a reference, after the first of a pair.
_UNFINISHED = re.compile(rf"(?:{_HIGH})?(?:&(?:#[0-9a-fA-Fx]{{0,7}})?)?\Z")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def mended(text: str) -> str:
    """Return XML *text* with references as XML allows them; what stands for nothing is U+FFFD."""
    if "&#" in text:
        text = _PAIR.sub(_joined, text)
        text = _REFERENCE.sub(_allowed, text)
    return _NOT_XML.sub("\ufffd", text)


def _joined(found: re.Match[str]) -> str:
    high = int(found[1]) if found[1] else int(found[2], 16)
    low = int(found[3]) if found[3] else int(found[4], 16)
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _allowed(found: re.Match[str]) -> str:
    code = int(found[1]) if found[1] else int(found[2], 16)
    fits = (
        code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD
    ) or 0x10000 <= code <= 0x10FFFF
    return found[0] if fits else "\ufffd"


@dataclass(frozen=True, slots=True)
class Backup:
    """An open backup."""

    file: BinaryIO
    encoding: str
    source = Source.PHONE_LOG
    own_numbers: tuple[str, ...] = ()
    #: Its times are milliseconds since 1970.
    needs_zone = False
    date_orders: frozenset[DateOrder] = frozenset()

    def records(self, zone: tzinfo | None = None) -> Iterator[Record]:
        """Yield what the backup holds, in its order."""
        reader = _Reader()
        with texts.decoded(self.file, self.encoding) as text:
            left = ""
            while piece := text.read(_PIECE):
                piece = left + piece
                cut = _unfinished_from(piece)
                left = piece[cut:]
                yield from reader.feed(mended(piece[:cut]))
                if reader.stopped:
                    return
            yield from reader.feed(mended(left), final=True)


def _unfinished_from(piece: str) -> int:
    found = _UNFINISHED.search(piece, max(0, len(piece) - 24))
    return found.start() if found else len(piece)


class _Reader:
    """Gives the entries of the elements that expat meets."""

    def __init__(self) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.DefaultHandler = self._other
        self._parser = parser
        self._path: list[str] = []
        self._found: list[Record] = []
        self._message: _Message | None = None
        #: Characters fed since expat last met anything.
        self._waiting = 0
        #: True once the rest cannot be read.
        self.stopped = False

    def feed(self, text: str, *, final: bool = False) -> Iterator[Record]:
        """Yield what *text*, the next piece, completes."""
        self._waiting += len(text)
        try:
            self._parser.Parse(text, final)
        except expat.ExpatError as err:
            if not self._path and not self._found and self._message is None and err.lineno <= 1:
                raise _no_backup() from err
            self._stop(err.lineno)
        if self._waiting > _MAX_ELEMENT_CHARS:
            self._stop(self._parser.CurrentLineNumber)
        found, self._found = self._found, []
        yield from found

    def _stop(self, line: int) -> None:
        self.stopped = True
        reason = _("the XML is damaged or cut off; nothing after this can be read.")
        self._found.append(Unreadable(max(line, 1), reason, rest=True))

    def _other(self, _data: str) -> None:
        self._waiting = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._waiting = 0
        depth = len(self._path)
        self._path.append(name)
        line = self._parser.CurrentLineNumber
        if depth == 0:
            if name not in _ROOTS:
                raise _no_backup()
        elif depth >= _MAX_DEPTH:
            raise _no_backup()
        elif self._message is not None:
            self._message.add(name, attributes)
        elif depth == 1 and (self._path[0], name) == ("smses", "mms"):
            self._message = _Message(line, attributes)
        elif depth == 1:
            self._found.append(_entry(self._path[0], name, line, attributes))

    def _end(self, _name: str) -> None:
        self._waiting = 0
        self._path.pop()
        if self._message is not None and len(self._path) == 1:
            self._found.append(self._message.entry())
            self._message = None


def _refuse_doctype(_name: str, _system: str | None, _public: str | None, _internal: int) -> None:
    raise InvalidInput(
        _("the XML declares a document type, which no backup does."),
        hint=_("Nothing was done. It may be an attack: give the file as the app wrote it."),
    )


def _no_backup() -> InvalidInput:
    return InvalidInput(
        _("the file is XML, but no backup of SMS Backup & Restore."),
        hint=_("Nothing was done. Wanted is a file that begins with <calls> or <smses>."),
    )


def _entry(root: str, name: str, line: int, attributes: Mapping[str, str]) -> Record:
    try:
        if (root, name) == ("calls", "call"):
            return _call(line, attributes)
        if (root, name) == ("smses", "sms"):
            return _sms(line, attributes)
    except Unclear as err:
        return Unreadable(line, str(err))
    return Unreadable(line, _("it is neither a call nor a message."))


def _given(attributes: Mapping[str, str], name: str) -> str | None:
    """Return a value; the app writes "null" where there is none."""
    value = attributes.get(name, "").strip()
    return None if value in ("", "null") else value


def _incoming(codes: Mapping[str, bool], attributes: Mapping[str, str], name: str) -> bool:
    code = _given(attributes, name)
    if code is None or code not in codes:
        raise Unclear(_("it does not say whether it came in."))
    return codes[code]


def _named(attributes: Mapping[str, str]) -> bool:
    return attributes.get("contact_name", "").strip().casefold() not in _NO_NAME


def _call(line: int, attributes: Mapping[str, str]) -> Entry:
    number = attributes.get("number")
    if number is None:
        raise Unclear(_("the number is missing."))
    return Entry(
        line=line,
        medium=Medium.CALL,
        at=times.moment(attributes.get("date", ""), order=None, zone=None),
        incoming=_incoming(_CALLED, attributes, "type"),
        sender=None
        if attributes.get("presentation") in _WITHHELD
        else texts.identifier(_given(attributes, "number")),
        sim=texts.identifier(_given(attributes, "subscription_id")),
        duration_s=times.duration_s(attributes.get("duration", "")),
        named=_named(attributes),
    )


def _sms(line: int, attributes: Mapping[str, str]) -> Entry:
    if "address" not in attributes:
        raise Unclear(_("the number is missing."))
    return Entry(
        line=line,
        medium=Medium.SMS,
        at=times.moment(attributes.get("date", ""), order=None, zone=None),
        incoming=_incoming(_WRITTEN, attributes, "type"),
        sender=texts.identifier(_given(attributes, "address")),
        sim=texts.identifier(_given(attributes, "sub_id")),
        text=texts.storable(attributes.get("body", "")) or None,
        named=_named(attributes),
    )


class _Message:
    """An MMS, whose text and sender stand in elements of their own."""

    def __init__(self, line: int, attributes: Mapping[str, str]) -> None:
        self._line = line
        self._attributes = attributes
        self._sender: str | None = None
        self._text = ""

    def add(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take what an inner element says."""
        if name == "part" and attributes.get("ct") == "text/plain":
            text = attributes.get("text", "")
            if text != "null" and len(self._text) < texts.MAX_TEXT_CHARS:
                self._text += ("\n" if self._text else "") + text[: texts.MAX_TEXT_CHARS]
        elif name == "addr" and attributes.get("type") == _FROM:
            self._sender = _given(attributes, "address")

    def entry(self) -> Record:
        """Return the entry."""
        try:
            return Entry(
                line=self._line,
                medium=Medium.SMS,
                at=times.moment(self._attributes.get("date", ""), order=None, zone=None),
                incoming=_incoming(_WRITTEN, self._attributes, "msg_box"),
                sender=texts.identifier(self._sender or _given(self._attributes, "address")),
                sim=texts.identifier(_given(self._attributes, "sub_id")),
                subject=texts.storable(_given(self._attributes, "sub") or "") or None,
                text=texts.storable(self._text) or None,
                named=_named(self._attributes),
            )
        except Unclear as err:
            return Unreadable(self._line, str(err))

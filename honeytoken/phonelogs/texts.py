"""From bytes to text: which encoding a file is in, and lines of bounded length."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ..errors import InvalidInput
from ..messages import translate as _

#: A backup with pictures has gigabytes; what is larger than this is no backup.
MAX_BYTES = 8 * 1024**3
#: The longest line of a table that is read.
MAX_LINE_CHARS = 1_000_000
#: Longer texts are cut in the record, as the gateways cut them.
MAX_TEXT_CHARS = 65_536
#: Numbers and names, as in the gateways.
MAX_IDENTIFIER_CHARS = 320
_PIECE = 256 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Almost any bytes are *some* GB18030. Chinese as people write it is made of GB 2312's characters;
# Western letters misread as Chinese are not.
_USUAL_SHARE = 0.8
_SURROGATE = re.compile("[\ud800-\udfff]")


def encoding_of(file: BinaryIO) -> str:
    """Return the encoding in which the whole *file* is text: UTF-8, UTF-16 or GB18030.

    UTF-16 is told by its byte order mark, or by the zero bytes of its ASCII characters; GB18030 is
    what a Chinese Excel saves.

    Raises:
        InvalidInput: it is text in none of them, holds NUL, or mixes them.
    """
    file.seek(0)
    head = file.read(4096)
    marked = [name for mark, name in _MARKS if head.startswith(mark)]
    for name in marked[:1] or _without_mark(head):
        if name and _is_text(file, name):
            return name
    raise InvalidInput(
        _("the file is not text in UTF-8, UTF-16 or GB18030."),
        hint=_("Nothing was done. Save it as CSV in UTF-8, or give the backup's XML file."),
    )


def _without_mark(head: bytes) -> list[str]:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if len(head) >= 4 and odd > len(head) // 8 and not even:
        return ["utf-16-le"]
    if len(head) >= 4 and even > len(head) // 8 and not odd:
        return ["utf-16-be"]
    return ["utf-8", "gb18030"]


def _is_text(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    size = foreign = usual = 0
    file.seek(0)
    while True:
        piece = file.read(_PIECE)
        size += len(piece)
        if size > MAX_BYTES:
            raise InvalidInput(
                _("the file is larger than {size} GB.").format(size=MAX_BYTES // 1024**3),
                hint=_("Nothing was done. Cut it into several files."),
            )
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            return False
        if "\0" in text or _SURROGATE.search(text):
            return False
        if encoding == "gb18030" and not text.isascii():
            ascii_count = len(text.encode("ascii", "ignore"))
            foreign += len(text) - ascii_count
            usual += (len(text.encode("gb2312", "ignore")) - ascii_count) // 2
        if not piece:
            return usual >= foreign * _USUAL_SHARE


@contextmanager
def decoded(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Give *file* from its start as text, line ends as they are; *file* stays open."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield text
    finally:
        text.detach()


class Lines:
    """The lines of a text, counted; one that does not end in time is refused.

    ``csv`` asks for whole lines: a file without line ends would otherwise be read into memory.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        #: How many were read.
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(MAX_LINE_CHARS):
            self.count += 1
            if len(line) == MAX_LINE_CHARS and not line.endswith(("\n", "\r")):
                raise InvalidInput(
                    _("line {line} is longer than {count} characters.").format(
                        line=self.count, count=MAX_LINE_CHARS
                    ),
                    hint=_("Nothing was done. This is no call log."),
                )
            yield line


def storable(text: str) -> str:
    """Return *text* as it is recorded: cut, and without lone surrogates."""
    return _SURROGATE.sub("\ufffd", text[:MAX_TEXT_CHARS])


def identifier(text: str | None) -> str | None:
    """Return a number or a name as it is recorded, ``None`` if nothing is left of it."""
    return None if text is None else storable(text[:MAX_IDENTIFIER_CHARS]).strip() or None

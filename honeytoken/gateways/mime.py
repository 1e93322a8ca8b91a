"""Mail as it really comes: headers and text out of raw RFC 5322 bytes, whatever is wrong with them.

Never raises: a field at which a parser fails (none is known) is missing, and the others are read.
Works within bounds: every pass is linear in the message, which is split at most
:data:`_MAX_DEPTH` levels deep into at most :data:`_MAX_PARTS` parts. The standard library's
``email`` parser is used for header blocks only: on bodies its work grows with lines times levels
(a megabyte of nested multiparts keeps it busy for minutes), and its newer header classes raise on
malformed headers.
"""

from __future__ import annotations

import binascii
import codecs
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from html import unescape
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

#: Headers and parts beyond these are not read; the stored event keeps them.
_MAX_HEADER_BYTES = 131_072
_MAX_PART_HEADER_BYTES = 16_384
_MAX_VALUE_CHARS = 4_096
_MAX_DEPTH = 8
_MAX_PARTS = 64
#: Of one part's text; what is recorded is shorter (``bodies.MAX_TEXT_CHARS``).
_MAX_TEXT_BYTES = 524_288

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n")
_CHARSET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,39}")
#: What may be decoded with: text of some language, and never a codec that is none ("zip", "idna").
_CHARSETS = frozenset(
    {
        *("ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"),
        *("gb2312", "gbk", "gb18030", "hz", "big5", "big5hkscs", "cp950"),
        *("shift_jis", "cp932", "euc_jp", "iso2022_jp", "euc_kr", "cp949", "johab"),
        *(f"iso8859-{n}" for n in range(1, 17)),
        *(f"cp125{n}" for n in range(9)),
        *("koi8-r", "koi8-u", "cp866", "cp437", "cp850", "tis-620", "mac-roman"),
    }
)
#: Mail that declares the small one is written in the large one, which contains it.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950", "shift_jis": "cp932"}
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_PARSER = BytesHeaderParser(policy=policy.compat32)


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says, all of it claimed by whoever wrote it."""

    #: Address of the first author, without the name; ``None`` if it has none.
    author: str | None = field(default=None, repr=False)
    subject: str | None = field(default=None, repr=False)
    #: text/plain, else text/html without its tags.
    text: str | None = field(default=None, repr=False)
    message_id: str = field(default="", repr=False)
    #: As written.
    date: str = field(default="", repr=False)
    #: Aware UTC; ``None`` if it is no date.
    dated_at: datetime | None = None
    #: All headers in order, names in lower case, values unfolded and as they came.
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    #: All that follows the headers.
    body: bytes = field(default=b"", repr=False)

    def first(self, name: str) -> str | None:
        """Return the topmost header of that name: the one that was added last."""
        return next((value for key, value in self.headers if key == name), None)


def read(raw: bytes) -> Mail:
    """Return what the message *raw* says."""
    head, body = _split_head(raw, _MAX_HEADER_BYTES)
    message = _headers(head)
    headers = tuple((name.lower(), _unfolded(value)) for name, value in message.raw_items())
    mail = Mail(headers=headers, body=body)
    date = mail.first("date") or ""
    subject = mail.first("subject")
    return Mail(
        author=_tried(address, mail.first("from")),
        subject=None if subject is None else _tried(decoded, subject),
        text=_tried(_text, message, body),
        message_id=(mail.first("message-id") or "").strip(),
        date=date.strip(),
        dated_at=_tried(_moment, date),
        headers=headers,
        body=body,
    )


def _tried(parser: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """Return what *parser* makes of its arguments, ``None`` if it fails.

    A mail that cannot be read must be recorded all the same: else whoever knows what breaks a
    parser, ours or the library's, is never seen. The stored event keeps what is missing here.
    """
    try:
        return parser(*args, **kwargs)
    except Exception:
        return None


def address(value: str | None) -> str | None:
    """Return the address in a header such as ``"Wei" <wei@post.example>``; ``None`` if none."""
    if value is None:
        return None
    try:
        found = parseaddr(value[:_MAX_VALUE_CHARS])[1]
    except (ValueError, IndexError, RecursionError):
        found = ""
    return found if "@" in found else None


def decoded(value: str) -> str:
    """Return a header with its encoded words (RFC 2047) decoded.

    Neighbouring words of one charset are joined before they are decoded: senders cut Chinese
    characters in two.
    """
    # Half of a surrogate-escaped byte may be cut off, nothing worse.
    value = value[:_MAX_VALUE_CHARS]
    if "=?" not in value:
        return _decode(_as_bytes(value), None)
    try:
        words = decode_header(value)
    except (HeaderParseError, ValueError, binascii.Error):
        return _decode(_as_bytes(value), None)
    parts = []
    for content, charset in words:
        content_bytes = _as_bytes(content) if isinstance(content, str) else content
        parts.append(_decode(content_bytes, charset))
    return "".join(parts)


def _split_head(raw: bytes, limit: int) -> tuple[bytes, bytes]:
    if raw[:1] in (b"\r", b"\n"):
        return b"", raw[2 if raw[:2] == b"\r\n" else 1 :]
    blank = _BLANK_LINE.search(raw)
    if blank is None:
        return raw[:limit], b""
    return raw[: min(blank.start(), limit)] + b"\r\n\r\n", raw[blank.end() :]


def _headers(head: bytes) -> Message:
    return _tried(_PARSER.parsebytes, head) or Message()


def _unfolded(value: str) -> str:
    return " ".join(value.replace("\r", "\n").split("\n")).strip()


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _moment(date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(date[:_MAX_VALUE_CHARS])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


@dataclass(slots=True)
class _Found:
    """The first texts met on the way, and how many more parts may be looked at."""

    parts: int = _MAX_PARTS
    plain: str | None = None
    html: str | None = None

    @property
    def is_enough(self) -> bool:
        return self.plain is not None or self.parts <= 0


def _text(message: Message, body: bytes) -> str | None:
    found = _Found()
    _look(message, body, found, depth=0)
    return found.plain if found.plain is not None else found.html


def _look(message: Message, body: bytes, found: _Found, *, depth: int) -> None:
    """Take the texts out of one part and, level by level, out of those within it."""
    found.parts -= 1
    kind = _content_type(message)
    if kind.startswith("multipart/") and depth < _MAX_DEPTH:
        boundary = _parameter(message, "boundary")
        if boundary:
            for part in _split(body, _as_bytes(boundary)):
                if found.is_enough:
                    return
                head, inner = _split_head(part, _MAX_PART_HEADER_BYTES)
                # One that cannot be read does not hide those after it.
                _tried(_look, _headers(head), inner, found, depth=depth + 1)
            return
        kind = "text/plain"
    if kind == "message/rfc822" and depth < _MAX_DEPTH:
        head, inner = _split_head(_transferred(message, body), _MAX_PART_HEADER_BYTES)
        _look(_headers(head), inner, found, depth=depth + 1)
    elif kind == "text/html" and found.html is None and not _is_attached(message):
        found.html = without_tags(_content(message, body)) or None
    elif kind == "text/plain" and found.plain is None and not _is_attached(message):
        text = _content(message, body)
        # An empty one beside the HTML is a formality of the sender's program.
        found.plain = text if text.strip() else None


def _content_type(message: Message) -> str:
    value = str(message.get("content-type", ""))[:_MAX_VALUE_CHARS]
    kind = value.partition(";")[0].strip().lower()
    return kind if kind.count("/") == 1 else "text/plain"


def _is_attached(message: Message) -> bool:
    value = str(message.get("content-disposition", ""))[:_MAX_VALUE_CHARS]
    return value.partition(";")[0].strip().lower() == "attachment"


def _parameter(message: Message, name: str) -> str | None:
    value = str(message.get("content-type", ""))
    if len(value) > _MAX_VALUE_CHARS:
        return None
    try:
        found = message.get_param(name)
    except (ValueError, LookupError, RecursionError):
        return None
    if isinstance(found, tuple):  # RFC 2231: charset, language, value
        found = found[2]
    return found if isinstance(found, str) else None


def _split(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Yield the parts of a multipart body; one that is cut off counts up to the end."""
    delimiter = b"--" + boundary.rstrip()
    at, start = 0, None
    while True:
        at = body.find(delimiter, at)
        if at < 0:
            break
        after = at + len(delimiter)
        closes = body[after : after + 2] == b"--"
        line_end = body.find(b"\n", after)
        line_end = len(body) if line_end < 0 else line_end + 1
        at_line_start = at == 0 or body[at - 1 : at] in (b"\n", b"\r")
        if not at_line_start or not (closes or not body[after:line_end].strip()):
            at = after
            continue
        if start is not None:
            yield body[start:at]
        if closes:
            return
        start = at = line_end
    if start is not None:
        yield body[start:]


def _transferred(message: Message, body: bytes) -> bytes:
    """Return the content of a part with its transfer encoding undone, as far as it can be."""
    encoding = str(message.get("content-transfer-encoding", "")).strip().lower()
    if encoding == "base64":
        letters = _NOT_BASE64.sub(b"", body[: 2 * _MAX_TEXT_BYTES])
        # One letter beyond a group of four holds six bits: no byte.
        letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body[: 3 * _MAX_TEXT_BYTES])
    return body


def _content(message: Message, body: bytes) -> str:
    content = _transferred(message, body)[:_MAX_TEXT_BYTES]
    text = _decode(content, _parameter(message, "charset"))
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def _decode(content: bytes, charset: str | None) -> str:
    """Return *content* as text: by its charset if that can be, else by the likeliest.

    Mail in Chinese that declares none, or another, is in UTF-8 or GB 18030.
    """
    codec = _codec(charset)
    if codec not in (None, "ascii", "utf-8"):
        return content.decode(codec, "replace")
    for guess in ("utf-8", "gb18030"):
        try:
            return content.decode(guess)
        except UnicodeDecodeError:
            continue
    # Mostly right, or of one byte a character.
    return content.decode("utf-8" if codec == "utf-8" else "latin-1", "replace")


def _codec(charset: str | None) -> str | None:
    name = (charset or "").strip().strip("\"'")
    if not _CHARSET_NAME.fullmatch(name):
        return None
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return _WIDER.get(found, found) if found in _CHARSETS else None


# --- HTML ---

_NEXT_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_TAG_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9]{0,15})")
_HREF = re.compile(
    r"\shref\s{0,9}=\s{0,9}(?:\"([^\"]{1,2000})\"|'([^']{1,2000})'|([^\s\"'>]{1,2000}))", re.I
)
#: Their content is no text.
_UNSEEN = {name: re.compile(rf"</{name}\b", re.I) for name in ("script", "style", "title")}
_BREAKING = frozenset(
    {
        *("p", "div", "br", "tr", "li", "ul", "ol", "table", "hr", "blockquote", "section"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "footer", "article", "pre"),
    }
)
_LONGEST_TAG = 8_192
#: The largest code point has seven decimal digits, six hexadecimal ones.
_LONGEST_REFERENCE = 7
_NUMERIC = re.compile(r"&#(?:[xX]0*([0-9A-Fa-f]+)|0*([0-9]+));?")
_BLANKS = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\n\s*\n\s*")


def without_tags(html: str) -> str:
    """Return what HTML shows: its text, with the address of each link after it in brackets.

    A scanner of our own: it looks at each character a bounded number of times, whatever is never
    closed, where ``html.parser`` starts again from each opening (CVE-2025-6069).
    """
    pieces: list[str] = []
    links: list[str] = []
    at = 0
    while opening := _NEXT_TAG.search(html, at):
        pieces.append(_unescaped(html[at : opening.start()]))
        start = opening.end()
        is_comment = html.startswith("!--", start)
        end = html.find("-->" if is_comment else ">", start)
        if end < 0:
            # Never closed: nothing of it is shown.
            at = len(html)
            break
        at = end + (3 if is_comment else 1)
        if is_comment:
            continue
        at = _passed(html[start : min(end, start + _LONGEST_TAG)], html, at, pieces, links)
    pieces.append(_unescaped(html[at:]))
    pieces += [f" <{link}>" for link in links]
    return _tidy(pieces)


def _unescaped(text: str) -> str:
    """Return *text* with its character references replaced.

    The library's own takes a number of any length, and Python refuses those over 4,300 digits.
    """
    return unescape(_NUMERIC.sub(_bounded, text))


def _bounded(reference: re.Match[str]) -> str:
    hexadecimal, decimal = reference.groups()
    if len(hexadecimal or decimal) > _LONGEST_REFERENCE:
        return "\ufffd"
    return f"&#x{hexadecimal};" if hexadecimal else f"&#{decimal};"


def _passed(tag: str, html: str, at: int, pieces: list[str], links: list[str]) -> int:
    """Put down what *tag* does to the text; return where to go on."""
    match = _TAG_NAME.match(tag)
    if match is None:
        return at
    name, closes = match[1].lower(), tag.startswith("/")
    if name in _UNSEEN and not closes:
        ending = _UNSEEN[name].search(html, at)
        return len(html) if ending is None else ending.start()
    if name == "a":
        if links:
            pieces.append(f" <{links.pop()}> ")
        href = None if closes else _HREF.search(tag)
        if href:
            links.append(_unescaped(next(group for group in href.groups() if group)).strip())
    elif name in _BREAKING:
        pieces.append("\n")
    return at


def _tidy(pieces: list[str]) -> str:
    text = "".join(pieces).replace("\xa0", " ").strip(string.whitespace)
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _BREAKS.sub("\n\n", "\n".join(lines)).strip()

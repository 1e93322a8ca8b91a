"""E-mail addresses and mail domains.

Dots and ``+tag`` in the local part are kept. Mailboxes of Gmail ignore them, but canaries live on
the owner's domains, where ``a.b@`` and ``ab@`` may be two people; and a thief who strips a tag
shows up as an unknown recipient instead of as somebody else's canary.
"""

from __future__ import annotations

import re
import unicodedata

from ..errors import InvalidIdentifier
from ..messages import translate as _
from .text import settled, washed

_KIND = "email"
_LONGEST = 320
_LONGEST_ADDRESS = 254
_LONGEST_LOCAL = 64
_LONGEST_DOMAIN = 253

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]|[a-z][a-z0-9-]{{0,61}}[a-z0-9])").fullmatch
_PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*").fullmatch
# RFC 6532: letters and marks of any script beside the ASCII atoms of RFC 5322.
_LOCAL = re.compile(r"[^\s.@\"(),:;<>\[\]\\]+(?:\.[^\s.@\"(),:;<>\[\]\\]+)*").fullmatch
_IDEOGRAPHIC_STOPS = str.maketrans("\u3002\uff0e\uff61", "...")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]").search


def email(raw: str) -> str:
    """Return *raw* in canonical form: ``"Wei@Post.Example "`` becomes ``"wei@post.example"``.

    The whole is NFKC and lower case, the domain in its ASCII form (IDNA 2003, the standard
    library's). ``mailto:`` and angle brackets around it are dropped. Local dots and ``+tag`` stay.

    Raises:
        InvalidIdentifier: not ``local@domain.tld``, too long (RFC 5321), or with a quoted local
            part or an address literal, which no form or label carries.
    """
    local, at, domain = raw.rpartition("@")
    if (
        at
        and len(local) <= _LONGEST_LOCAL
        and len(raw) <= _LONGEST_ADDRESS
        and _PLAIN(local)
        and _DOMAIN(domain)
    ):
        return raw
    text = washed(raw, kind=_KIND, longest=_LONGEST).strip()
    text = text[7:].strip() if text[:7].lower() == "mailto:" else text
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    local, at, domain = text.rpartition("@")
    if not at:
        raise InvalidIdentifier(_KIND, _("it has no @"))
    local = settled(_lowered, local.strip(), kind=_KIND)
    if len(local.encode("utf-8", "replace")) > _LONGEST_LOCAL or not _LOCAL(local):
        raise InvalidIdentifier(_KIND, _("the part before @ is not usable"))
    address = f"{local}@{_domain(domain, kind=_KIND)}"
    if len(address.encode()) > _LONGEST_ADDRESS:
        raise InvalidIdentifier(_KIND, _("it is too long"))
    return address


def email_domain(raw: str) -> str:
    """Return the canonical mail domain: of *raw* itself, or of the address that *raw* is.

    ``"Post.Example."``, ``"@post.example"`` and ``"wei@post.example"`` all give ``"post.example"``;
    ``"邮局.example"`` gives its ASCII form ``"xn--....example"``.

    Raises:
        InvalidIdentifier: not a domain with at least two labels; an IP address.
    """
    if len(raw) <= _LONGEST_DOMAIN and _DOMAIN(raw):
        return raw
    text = washed(raw, kind="email_domain", longest=_LONGEST).strip()
    return _domain(text.rpartition("@")[2].rstrip(">"), kind="email_domain")


def _lowered(text: str) -> str:
    return unicodedata.normalize("NFKC", text.lower())


def _domain(text: str, *, kind: str) -> str:
    text = text.strip().translate(_IDEOGRAPHIC_STOPS).lower().removesuffix(".")
    # The length is checked first: the codec's cost grows with the square of it.
    if len(text) <= _LONGEST_DOMAIN and _NOT_ASCII(text):
        try:
            text = text.encode("idna").decode("ascii").lower()
        except UnicodeError as err:
            raise InvalidIdentifier(kind, _("its domain is not usable")) from err
    if len(text) > _LONGEST_DOMAIN or not _DOMAIN(text):
        raise InvalidIdentifier(kind, _("its domain is not usable"))
    return text

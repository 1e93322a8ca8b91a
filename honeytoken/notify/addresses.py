"""Where an alert may be sent: to the internet, not into the network the listener stands in.

Whoever can set a sink's URL must not make the listener speak to a database, a router or a cloud's
metadata service. A name proves nothing: what counts is the address that is connected to, so it is
checked after it was resolved, and that very address is used (no second look-up, no rebinding).

Sources: IANA special-purpose address registries (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from ..errors import Refused
from ..messages import translate as _

IPAddress = IPv4Address | IPv6Address
#: Gives the addresses of a host name; ``socket.getaddrinfo`` outside of tests.
Resolve = Callable[[str], Sequence[str]]

_FORBIDDEN = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24"),
            *("192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
            *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
            # Azure's own services, metadata among them: a public address that is none.
            "168.63.129.16/32",
        ),
    )
)
#: The internet's IPv6 addresses, and what in them stands for something else: Teredo and other
#: protocol assignments, documentation, 6to4. IPv4-mapped and NAT64 addresses are outside of it.
_GLOBAL_V6 = ip_network("2000::/3")
_FORBIDDEN_V6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
# What only looks like a name: 2130706433, 0x7f.1, 0177.0.0.1 are 127.0.0.1 to some.
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")


class AddressRefused(Refused):
    """A sink's host is, or resolves to, an address that alerts are not sent to."""


def is_public(address: IPAddress) -> bool:
    """Tell whether an address is one of the internet's, and reaches just itself."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _FORBIDDEN)
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in _FORBIDDEN_V6)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: nothing of it is in ``repr``, it may hold a secret."""

    url: str = field(repr=False)
    scheme: str = field(repr=False)
    #: In lower case, without a final dot or brackets.
    host: str = field(repr=False)
    port: int = field(repr=False)


def parse(url: str) -> Target:
    """Return an ``http`` or ``https`` URL taken apart.

    Raises:
        ValueError: it is none, holds credentials, or its host is written to deceive. Says which, as
            a sentence, without the URL.
    """
    # The parsers of Python and of the HTTP client must not read two things.
    if not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise ValueError(_("{key} has characters that no URL has."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(_("{key} is not a URL.")) from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(_("{key} must begin with https:// or http://."))
    if "@" in parts.netloc:
        raise ValueError(_("{key} must not hold a user name or a password."))
    host = (parts.hostname or "").lower().removesuffix(".")
    if not _is_host(host) or port == 0:
        raise ValueError(_("{key} names no usable host."))
    return Target(url, parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme])


def _is_host(host: str) -> bool:
    if _address(host) is not None:
        return True
    last = host.rpartition(".")[2]
    return bool(_HOST.fullmatch(host)) and len(host) <= 253 and not _NUMBER.fullmatch(last)


def _address(text: str) -> IPAddress | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def canonical_host(text: str) -> str:
    """Return a host as it is compared: an address in its one form, a name in lower case.

    Raises:
        ValueError: it is neither.
    """
    host = text.strip().lower().removesuffix(".").removeprefix("[").removesuffix("]")
    address = _address(host)
    if address is not None:
        return str(address)
    if not _is_host(host):
        raise ValueError
    return host


def refused() -> AddressRefused:
    """Return the error of a host that alerts are not sent to."""
    return AddressRefused(
        _("the host of an alert's URL is not on the internet."),
        hint=_("If it is meant, add the host to allow_private."),
    )


def checked(host: str, *, allowed: frozenset[str], resolve: Resolve) -> tuple[str, ...]:
    """Return the addresses to connect to, in the resolver's order: these and no others.

    Args:
        host: a name or an address.
        allowed: names and addresses that may be private, as :func:`canonical_host` gives them.
        resolve: asked once, unless *host* is an address.

    Raises:
        AddressRefused: one of them is not of the internet, and neither it nor the name is allowed.
        OSError: the name cannot be resolved.
    """
    own = _address(host)
    found = [own] if own is not None else [ip_address(text) for text in resolve(host)]
    if not found:
        raise OSError
    if host not in allowed:
        for address in found:
            if not is_public(address) and str(address) not in allowed:
                raise refused()
    return tuple(dict.fromkeys(map(str, found)))


def system_resolve(host: str) -> list[str]:
    """Return the addresses of a name, as the system gives them."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_rest, sockaddr in found]

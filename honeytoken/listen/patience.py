"""How much a client gets in a minute before it has to wait: refusals, or bytes stored."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, IPv6Network, ip_address

_MINUTE_S = 60.0
_MAX_CLIENTS = 10_000
#: Whoever has one IPv6 address has a network of this size.
_IPV6_PREFIX = 64


class Patience:
    """Counts what each client used up. Bounded: of too many clients the oldest is forgotten.

    Args:
        per_minute: what a client may use up in a minute.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        # Client -> (start of its minute, what was used up in it); the one counted last stands last.
        self._clients: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def spend(self, client: str, *, now: float, amount: int = 1) -> None:
        """Count what a client used up. *now* is in seconds, of a clock that only goes forward."""
        key = _network(client)
        since, used = self._clients.pop(key, (now, 0))
        if now - since >= _MINUTE_S:
            since, used = now, 0
        self._clients[key] = since, used + amount
        while len(self._clients) > _MAX_CLIENTS:
            self._clients.popitem(last=False)

    def is_spent(self, client: str, *, now: float) -> bool:
        """Tell whether the client has to wait."""
        since, used = self._clients.get(_network(client), (now, 0))
        return now - since < _MINUTE_S and used >= self._per_minute


def _network(client: str) -> str:
    try:
        address = ip_address(client)
    except ValueError:
        return client
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
    return client

"""Says in the log why a delivery was refused, without being flooded by those who try."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from ..errors import DeliveryRefused

logger = logging.getLogger("honeytoken.listen")

#: The same reason of the same gateway is said once in this time.
PERIOD_S = 60.0


class Reasons:
    """Remembers what was said. Reasons are sentences of ours: there is only a handful a gateway.

    Their words hold nothing of what was delivered but names of fields that the gateway reads:
    ``tests/listen/test_reasons.py`` sees to that.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        #: (gateway, kind, reason) -> when it was last said, and how often it was not said since.
        self._said: dict[tuple[str, str, str], tuple[float, int]] = {}

    def tell(self, gateway: str, error: DeliveryRefused) -> None:
        """Log why *gateway* refused a delivery, unless that was said a moment ago."""
        key = (gateway, type(error).__name__, error.message)
        now = self._clock()
        at, silent = self._said.get(key, (None, 0))
        if at is not None and now - at < PERIOD_S:
            self._said[key] = (at, silent + 1)
            return
        self._said[key] = (now, 0)
        more = f" ({silent} more since)" if silent else ""
        logger.warning("gateway %s refused a delivery: %s: %s%s", *key, more)

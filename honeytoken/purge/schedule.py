"""Retention applied by the listener, about once a day."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import HoneytokenError
from .erasures import Purge

logger = logging.getLogger("honeytoken.purge")

DAY_S = 86_400.0
#: How long a listener that stops waits for a chunk under way.
_JOIN_S = 5.0


@contextmanager
def keeping(purge: Purge, *, period_s: float = DAY_S) -> Iterator[None]:
    """Apply ``[retention]`` about once a day while the block lasts.

    Several listeners on one store need no arrangement: they look at different moments, and who
    comes later finds nothing left to do.
    """
    stop = threading.Event()

    def work() -> None:
        # Not at once: a listener that starts has its backlog to take.
        wait_s = random.uniform(0, period_s / 48)  # noqa: S311  # spreads load, keeps no secret
        while not stop.wait(wait_s):
            apply(purge)
            wait_s = random.uniform(0.9, 1.1) * period_s  # noqa: S311

    thread = threading.Thread(target=work, name="honeytoken-purge", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        # A chunk under way is not waited for: it commits whole or leaves no trace.
        thread.join(_JOIN_S)


def apply(purge: Purge) -> None:
    """Erase what is expired, and tidy up; whatever happens, the listener goes on."""
    try:
        chosen = purge.expired()
        if chosen.contact_ids:
            purge.erase(chosen.contact_ids, rewrite_up_to=0)
            logger.info("retention erased %d contacts", len(chosen.contact_ids))
        purge.tidy()
    except HoneytokenError as error:
        logger.warning("retention waits: %s", type(error).__name__)
    except Exception as error:
        logger.error("retention failed: %s", type(error).__name__)

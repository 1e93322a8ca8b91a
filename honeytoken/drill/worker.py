"""The thread inside ``honeytoken listen`` that sends drills and tells what became of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import HoneytokenError
from ..settings import Settings
from ..store import Store
from .drills import Drills
from .schedule import check
from .watch import look

logger = logging.getLogger("honeytoken.drill")

#: Seconds between two looks.
PERIOD_S = 60.0
_LAST_S = 20.0


@contextmanager
def working(store: Store, settings: Settings, *, period_s: float = PERIOD_S) -> Iterator[None]:
    """Drill on schedule while the block lasts. A message under way may still leave at its end.

    Raises:
        SettingsError: a sender or the schedule is not set up rightly.
    """
    found = Drills(store, settings)
    found.senders()
    check(settings.drill)
    stop = threading.Event()

    def work() -> None:
        while True:
            for job in (found.step, found.settle, lambda: look(store, settings)):
                _guarded(job)
            if stop.wait(period_s):
                return

    thread = threading.Thread(target=work, name="honeytoken-drill", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        # A message under way is not waited for without end: it is written down, and counts for
        # nothing until it is heard.
        thread.join(_LAST_S)


def _guarded(job: Callable[[], object]) -> None:
    try:
        job()
    except HoneytokenError as error:
        logger.warning("drills wait: %s", type(error).__name__)
    except Exception as error:
        # The listener goes on whatever happens here; an error may quote what was sent.
        logger.error("drills failed: %s", type(error).__name__)

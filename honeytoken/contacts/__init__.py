"""What reached us becomes a contact.

Repeats are absorbed, events of one call folded, candidates found, a disposition given.
``disposition`` and ``candidates`` are rules and pure; ``recording`` and ``book`` bring them to the
store.
"""

from .book import Contacts
from .notices import Sinks
from .recording import Received, Recorded, record_batch, regroup
from .reports import ImportReport, Missed

__all__ = [
    "Contacts",
    "ImportReport",
    "Missed",
    "Received",
    "Recorded",
    "Sinks",
    "record_batch",
    "regroup",
]

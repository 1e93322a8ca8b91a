"""Backups of a phone's call log and messages, and carriers' itemised bills, as entries. Pure.

What a file is, is told from its content, never from its name::

    log = phonelogs.open_log(file)             # encoding, layout, order of day and month
    for record in log.records(zone):           # a fresh pass over the file, a piece in memory
        ...                                    # Entry, Aside or Unreadable

``open_log`` refuses what cannot be read in exactly one way; a row that cannot be read becomes
:class:`Unreadable` with its line, and whoever imports decides. No database, no clock; the file is
an open one, and is only read.
"""

from .entries import Aside, Entry, Record, Source, Unreadable
from .reading import PhoneLog, open_log
from .times import DateOrder

__all__ = [
    "Aside",
    "DateOrder",
    "Entry",
    "PhoneLog",
    "Record",
    "Source",
    "Unreadable",
    "open_log",
]

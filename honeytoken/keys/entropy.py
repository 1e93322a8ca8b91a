"""Random bytes from the operating system, fetched in blocks.

``os.urandom`` lets go of the interpreter's lock at every call; in a busy listener each call then
waits its turn, which costs more than all of the cryptography. A block is never shared: not between
threads (each has its own), not with a forked child (it begins empty), and no byte is given twice.
"""

from __future__ import annotations

import os
import threading

_BLOCK_BYTES = 8192


class _Blocks(threading.local):
    def __init__(self) -> None:
        self.block = b""
        self.used = 0


_blocks = _Blocks()


def _forget() -> None:
    global _blocks
    _blocks = _Blocks()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def random_bytes(count: int) -> bytes:
    """Return *count* fresh random bytes, at most 8192."""
    mine = _blocks
    end = mine.used + count
    if end > len(mine.block):
        mine.block, mine.used, end = os.urandom(_BLOCK_BYTES), 0, count
    taken = mine.block[mine.used : end]
    mine.used = end
    return taken

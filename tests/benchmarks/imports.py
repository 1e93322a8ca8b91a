"""``import honeytoken`` in a fresh interpreter, beside ``import json`` there."""

from __future__ import annotations

import subprocess
import sys
import time

from .report import in_turns, line


def _seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def run() -> None:
    """Print the time an import adds to the start of the interpreter."""
    ours, bare = in_turns(
        lambda: _seconds("import honeytoken"), lambda: _seconds("pass"), rounds=15
    )
    peer, _bare = in_turns(lambda: _seconds("import json"), lambda: _seconds("pass"), rounds=15)
    added = (ours - bare) * 1000
    line("import honeytoken (added to a bare interpreter)", f"{added:.1f} ms", aim="under 100 ms")
    line("import json, beside it", f"{(peer - bare) * 1000:.1f} ms")

"""Run the benchmarks named, or all but the long ones: ``python -m tests.benchmarks mint``."""

from __future__ import annotations

import sys
from collections.abc import Callable

from . import imports, listener, lookup, mint, storm

BENCHMARKS: dict[str, Callable[[], None]] = {
    "imports": imports.run,
    "mint": mint.run,
    "lookup": lookup.run,
    "listener": listener.run,
    "million": listener.run_full,
    "storm": storm.run,
}
#: Only run when named.
LONG = ("million", "storm")


def main(names: list[str]) -> int:
    """Run the benchmarks; return the exit code."""
    if names[:1] == ["storm"]:
        return storm.main(names[1:])
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}\n")
        return 2
    for name in names or [name for name in BENCHMARKS if name not in LONG]:
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

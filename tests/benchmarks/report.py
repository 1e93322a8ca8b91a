"""How a figure is printed, and how two sides take turns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median


def in_turns(
    ours: Callable[[], float], peer: Callable[[], float], *, rounds: int
) -> tuple[float, float]:
    """Return the medians of both sides, measured in turns."""
    mine, theirs = [], []
    for _round in range(rounds):
        theirs.append(peer())
        mine.append(ours())
    return median(mine), median(theirs)


def line(what: str, figure: str, *, ratio: float | None = None, aim: str = "") -> None:
    """Print one measured figure."""
    shown = "" if ratio is None else f"{ratio:8.2f} x"
    sys.stdout.write(f"{what:<58}{figure:>20}{shown:>12}   {aim}\n")
    sys.stdout.flush()

"""``honeytoken demo``: two months of life against a real listener, then the trace.

``story`` decides what happens (a pure function of the seed); ``play`` makes it happen through the
code that everybody uses: a vault in a folder, signed HTTP requests to a listener on loopback, a
trace of what that listener stored. Nothing tells the tracer how the story goes.
"""

from .play import Outcome, run
from .story import Story, write

__all__ = ["Outcome", "Story", "run", "write"]

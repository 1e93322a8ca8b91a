"""Text that came from the environment, told from text that stands in the settings file."""

from __future__ import annotations


class FromEnvironment(str):
    """A value of an environment variable.

    Variables know no types: only such text is read as a number, a switch or a list. In the file,
    which knows them, ``reveal = "no"`` is a mistake and must not be guessed at.
    """

    __slots__ = ()

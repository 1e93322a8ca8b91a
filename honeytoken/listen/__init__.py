"""The listener: hooks in, contacts out. Nothing is acknowledged before it is stored."""

from .app import application
from .writer import Overloaded, Writer

__all__ = ["Overloaded", "Writer", "application"]

"""The listener: hooks in, contacts out. Nothing is acknowledged before it is stored."""

from .app import Intake, application
from .writer import Overloaded, Writer

__all__ = ["Intake", "Overloaded", "Writer", "application"]

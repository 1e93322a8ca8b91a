"""The listener: hooks in, contacts out. Nothing is acknowledged before it is stored."""

from .app import Intake, application
from .writer import CannotBeStored, Overloaded, Writer

__all__ = ["CannotBeStored", "Intake", "Overloaded", "Writer", "application"]

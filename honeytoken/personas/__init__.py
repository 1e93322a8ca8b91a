"""Believable people, and the units of a base address that they live in. Pure: no clock, no store.

A row made here is meant to pass among the rows of a shop. What it never makes is anything that
could be somebody's: no phone number, no street, no ID-card or bank number.
"""

from .people import locales, name_terms, people
from .persona import Persona
from .units import with_unit

__all__ = ["Persona", "locales", "name_terms", "people", "with_unit"]

"""What an identity travels on: a waybill row, a loan form, with the headers that people use. Pure.

A document never holds an invented ID-card, bank-card or waybill number, and no column asks for one:
such numbers belong to real people and companies, and forms check them against the authority. Where
a template wants one, the owner adds the column with a number of their own.
"""

from .rows import LANGUAGES, headers, required, row
from .tables import as_csv, as_json_lines
from .tracking import Step, TrackingEvent, tracking_events

__all__ = [
    "LANGUAGES",
    "Step",
    "TrackingEvent",
    "as_csv",
    "as_json_lines",
    "headers",
    "required",
    "row",
    "tracking_events",
]

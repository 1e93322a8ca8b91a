"""Through which channel the data most probably went out, and how sure that is.

Takes records, gives records: no store, no clock, no keys, no personal data. :func:`attribute` is
the mathematics, :func:`summary` and :func:`explain` say the result in words, :func:`to_json` as
data; :func:`group` and :func:`template` decide, before it comes here, which sightings are one
campaign. ``docs/trace.md`` states the model, its assumptions and the rules of the verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .campaigns import CampaignKey, group, template
from .json_form import to_json
from .words import explain, summary

if TYPE_CHECKING:
    from .attribution import attribute

__all__ = ["CampaignKey", "attribute", "explain", "group", "summary", "template", "to_json"]


def __getattr__(name: str) -> object:
    # The listener needs `template` for every message, and numpy for none of them.
    if name == "attribute":
        from .attribution import attribute

        return attribute
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)

"""Channels that the placements cannot tell apart: they are one attribution, and said to be one."""

from __future__ import annotations

import numpy as np

from .exposure import Plantings
from .inference import Columns
from .table import Table

#: Two channels are one if, canary by canary, a leak's contacts would have come in shares that
#: differ by at most this: about three days between confirmations.
SAME_EXPOSURE = 0.07


def separate(plantings: Plantings, table: Table) -> Columns:
    """Return the columns: channels with the same canaries, views and support are together.

    A channel that was never exposed stays alone. Support is which hit rows it may have caused: a
    contact between two confirmations separates the channels, however close they are.
    """
    size = len(plantings.channels)
    rows: list[list[int]] = [[] for _channel in range(size)]
    for r, (channels, _exposure) in enumerate(table.rows):
        for channel in channels.tolist():
            rows[channel].append(r)
    order = np.lexsort((plantings.canary, plantings.channel))
    bounds = np.searchsorted(plantings.channel[order], np.arange(size + 1))
    groups: dict[object, list[list[int]]] = {}
    members: list[list[int]] = []
    for channel in range(size):
        pairs = order[bounds[channel] : bounds[channel + 1]]
        if not len(pairs):
            members.append([channel])
            continue
        views = tuple(
            repr(sorted((field, view.form) for field, view in plantings.views[int(i)].items()))
            if plantings.viewed[i]
            else ""
            for i in pairs
        )
        key = (plantings.canary[pairs].tobytes(), views, tuple(rows[channel]))
        shares = plantings.contacts[pairs]
        for group in groups.setdefault(key, []):
            first = order[bounds[group[0]] : bounds[group[0] + 1]]
            if np.max(np.abs(plantings.contacts[first] - shares)) <= SAME_EXPOSURE:
                group.append(channel)
                break
        else:
            group = [channel]
            groups[key].append(group)
            members.append(group)
    of = np.zeros(size, dtype=np.int64)
    for column, group in enumerate(members):
        of[group] = column
    return Columns(members=tuple(tuple(group) for group in members), of=of)

"""Which of our numbers was reached, where a phone only says in which SIM slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def number(slots: Mapping[str, str], *, device: str, names: Sequence[str]) -> str | None:
    """Return the number of a SIM by the option ``slots``; ``None`` if it is not listed.

    Args:
        slots: ``"SIM1"`` or ``"device|SIM1"`` to number.
        device: the phone, as it names itself.
        names: of the slot, the most precise first; one with the device goes before one without.
    """
    for key in (*(f"{device}|{name}" for name in names), *names):
        if key in slots:
            return slots[key]
    return None

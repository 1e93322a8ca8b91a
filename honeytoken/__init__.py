"""Canary identities that tell through which channel personal data leaked.

::

    from honeytoken import Vault

    with Vault.open() as vault:
        canary = vault.mint(requires=("phone_number", "address"))
        vault.place(canary, "northbound", reference="SO-1001")

Public names are loaded when they are first used: importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import (
        HoneytokenError,
        InvalidIdentifier,
        InvalidInput,
        NotFound,
        PoolExhausted,
        Refused,
        StoreBusy,
    )
    from .models import (
        Address,
        Attribution,
        Canary,
        Channel,
        Contact,
        ContactPoint,
        Evidence,
        FieldView,
        Hop,
        Identity,
        Placement,
        Trace,
        Verdict,
    )
    from .plant import NewPlacement
    from .pool import NewPoint
    from .vault import Vault

__version__ = "0.1.0"

_HOMES = {
    "HoneytokenError": "errors",
    "InvalidIdentifier": "errors",
    "InvalidInput": "errors",
    "NotFound": "errors",
    "PoolExhausted": "errors",
    "Refused": "errors",
    "StoreBusy": "errors",
    "Address": "models",
    "Attribution": "models",
    "Canary": "models",
    "Channel": "models",
    "Contact": "models",
    "ContactPoint": "models",
    "Evidence": "models",
    "FieldView": "models",
    "Hop": "models",
    "Identity": "models",
    "Placement": "models",
    "Trace": "models",
    "Verdict": "models",
    "NewPlacement": "plant",
    "NewPoint": "pool",
    "Vault": "vault",
}

__all__ = [
    "Vault",
    "NewPlacement",
    "NewPoint",
    "Address",
    "Attribution",
    "Canary",
    "Channel",
    "Contact",
    "ContactPoint",
    "Evidence",
    "FieldView",
    "Hop",
    "Identity",
    "Placement",
    "Trace",
    "Verdict",
    "HoneytokenError",
    "InvalidIdentifier",
    "InvalidInput",
    "NotFound",
    "PoolExhausted",
    "Refused",
    "StoreBusy",
]


def __getattr__(name: str) -> object:
    """Load a public name from its room when it is first used (PEP 562)."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

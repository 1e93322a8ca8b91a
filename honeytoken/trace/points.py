"""Which contact point of a canary is its phone number, and where its silence would be noticed."""

from __future__ import annotations

from ..models import ContactPointKind, TracedCanary


def phone_point(canary: TracedCanary) -> str | None:
    """Return the contact point that is the canary's phone number, or ``None``."""
    if not canary.kinds:
        return canary.contact_point_ids[0] if canary.contact_point_ids else None
    for point, kind in zip(canary.contact_point_ids, canary.kinds, strict=False):
        if kind is ContactPointKind.PHONE_NUMBER:
            return point
    return None


def listening_point(canary: TracedCanary) -> str | None:
    """Return the contact point whose deafness makes the canary's silence mean nothing.

    That is its phone number; without one, where its mail arrives; ``None`` if only letters come.
    """
    number = phone_point(canary)
    if number is not None:
        return number
    for point, kind in zip(canary.contact_point_ids, canary.kinds, strict=False):
        if kind in (ContactPointKind.EMAIL_DOMAIN, ContactPointKind.MAILBOX):
            return point
    return None

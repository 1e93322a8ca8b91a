"""What the tracer sees of contacts: no table of its own, but assembled from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ..models import Authenticity, Candidate, Disposition, Medium
from . import codec, schema
from .contacts import digest_in, opened
from .transaction import Transaction

_contacts = schema.contacts


@dataclass(frozen=True, slots=True)
class StoredSighting:
    """What the tracer sees of a contact, with the digests that group campaigns."""

    id: str
    contact_id: str
    seen_at: datetime
    medium: Medium
    disposition: Disposition
    authenticity: Authenticity
    confirmed: bool
    contact_point_id: str | None
    candidates: tuple[Candidate, ...]
    sender_digest: bytes | None = field(repr=False)
    text_digest: bytes | None = field(repr=False)
    # Ids of sightings, in place of the digests of an erased contact.
    same_sender_as: str | None = None
    same_text_as: str | None = None


def sighting_id(contact_id: str) -> str:
    """Return the id of a contact's sighting."""
    return f"sig_{contact_id.partition('_')[2]}"


def list_sightings(tx: Transaction, *, until: datetime) -> list[StoredSighting]:
    """Return what the tracer sees of the contacts before *until*, earliest first."""
    query = select(_contacts).where(_contacts.c.received_at < until)
    rows = tx.connection.execute(query.order_by(_contacts.c.received_at, _contacts.c.id))
    found = []
    for row in rows:
        data = codec.from_bytes(opened(tx, row))
        found.append(
            StoredSighting(
                id=sighting_id(row.id),
                contact_id=row.id,
                seen_at=row.received_at,
                medium=Medium(row.medium),
                disposition=Disposition(row.disposition),
                authenticity=Authenticity(row.authenticity),
                confirmed=row.confirmed_by is not None,
                contact_point_id=row.contact_point_id,
                candidates=codec.candidates(data.get("candidates", ())),
                sender_digest=digest_in(data, "sender_digest"),
                text_digest=digest_in(data, "text_digest"),
                same_sender_as=_sighting_named(data, "same_sender_as"),
                same_text_as=_sighting_named(data, "same_text_as"),
            )
        )
    return found


def _sighting_named(data: Mapping[str, Any], name: str) -> str | None:
    return sighting_id(data[name]) if name in data else None

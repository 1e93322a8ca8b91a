"""Who was given what, in which form: channels, routes, placements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class ChannelKind(StrEnum):
    """What sort of party was given the data."""

    MARKETPLACE = "marketplace"
    SHOP = "shop"
    ERP = "erp"
    WAREHOUSE = "warehouse"
    COURIER = "courier"
    HUB = "hub"
    STATION = "station"
    LENDER = "lender"
    BROKER = "broker"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Channel:
    """Who was given the data."""

    #: Readable and unique: the name, lower-cased, blanks turned to hyphens.
    id: str
    name: str
    kind: ChannelKind
    added_at: datetime
    #: The courier of a hub, the lender of a partner.
    parent_id: str | None = None
    #: Numbers, number prefixes (``95338*``), SMS signatures (``【圆通速递】``) or mail domains
    #: from which this channel is known to write or call.
    expected_senders: tuple[str, ...] = ()


class FieldForm(StrEnum):
    """In which form a channel saw a field."""

    FULL = "full"
    MASKED = "masked"
    RELAY = "relay"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class FieldView:
    """How one field of an identity was shown."""

    form: FieldForm
    #: The masked text or the relay number, as shown; ``None`` for ``full`` and ``absent``.
    shown: str | None = field(default=None, repr=False)


#: ``Identity`` field name -> how it was shown. A field not named was shown in full.
View = Mapping[str, FieldView]


@dataclass(frozen=True, slots=True)
class Hop:
    """One channel on a route, and what it gets to see."""

    channel_id: str
    view: View


@dataclass(frozen=True, slots=True)
class Route:
    """A named, ordered list of channels: one order places a canary with all of them."""

    id: str
    name: str
    hops: tuple[Hop, ...]


class DocumentKind(StrEnum):
    """On what the identity travelled."""

    WAYBILL = "waybill"
    LOAN_FORM = "loan_form"
    VISIT = "visit"
    OTHER = "other"


class PlacementStatus(StrEnum):
    """Only ``confirmed`` placements are exposure."""

    INTENDED = "intended"
    CONFIRMED = "confirmed"
    VOID = "void"


class Permission(StrEnum):
    """Whether the channel was allowed to pass the data on."""

    LISTED = "listed"
    UNLISTED = "unlisted"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Placement:
    """One canary reaching one channel in one document."""

    id: str
    canary_id: str
    channel_id: str
    document: DocumentKind
    status: PlacementStatus
    intended_at: datetime
    confirmed_at: datetime | None = None
    #: Until then the channel, or a rider, may well ring: contacts are ambiguous.
    expected_until: datetime | None = None
    #: When the parcel left, and when it was delivered, as the courier's tracking says: from the
    #: one to 48 hours after the other a rider may well ring.
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None
    route_id: str | None = None
    #: The owner's own order number.
    reference: str | None = field(default=None, repr=False)
    batch: str | None = field(default=None, repr=False)
    region: str | None = None
    view: View = field(default_factory=dict)
    #: What typed or printed it: a shared print PC is a way out of its own.
    device: str | None = None
    #: SHA-256 (hex) of the consent text or partner list agreed to.
    consent: str | None = None
    permission: Permission = Permission.UNKNOWN


class Outline(NamedTuple):
    """What decides how a contact is held: no part of a placement that is sealed."""

    channel_id: str
    status: PlacementStatus
    intended_at: datetime
    expected_until: datetime | None
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None

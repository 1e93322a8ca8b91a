"""Who is made up, and how they can be reached: identities, contact points, canaries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address (OpenID Connect Core 5.1.1)."""

    #: The whole address as it is written on a label, on one line.
    formatted: str = field(repr=False)
    #: Street, house, unit and room; in China all that follows the county.
    street_address: str = field(repr=False)
    #: City; in China prefecture and county, as written.
    locality: str = field(repr=False)
    #: Province or state.
    region: str = field(repr=False)
    postal_code: str = field(repr=False)
    #: ISO 3166-1 alpha-2.
    country: str


class Gender(StrEnum):
    """OpenID Connect ``gender``."""

    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True, slots=True)
class Identity:
    """A made-up person. Only ``name`` and ``locale`` are always there."""

    #: Full name as a form wants it (``"陈志远"``, ``"Emma Clarke"``).
    name: str = field(repr=False)
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    #: E.164.
    phone_number: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    address: Address | None = field(default=None, repr=False)
    birthdate: date | None = field(default=None, repr=False)
    gender: Gender | None = field(default=None, repr=False)
    #: BCP 47 with an underscore-free tag, such as ``"zh-CN"``.
    locale: str = "zh-CN"


class ContactPointKind(StrEnum):
    """What a contact point is; the words are ``Identity`` field names where one exists."""

    PHONE_NUMBER = "phone_number"
    EMAIL_DOMAIN = "email_domain"
    #: One address at any mail company: it becomes the e-mail of one canary.
    MAILBOX = "mailbox"
    ADDRESS = "address"


class Role(StrEnum):
    """What a contact point may be used for."""

    #: May be given to canaries.
    PLANTABLE = "plantable"
    #: Reserved before anything was seen, never planted: measures the background.
    CONTROL = "control"
    #: Rings nobody and belongs to nobody; refused wherever the vault is in production mode.
    TEST = "test"


class ContactPointState(StrEnum):
    """Where a contact point is in its life."""

    #: Held, listened to, not yet old enough to be planted.
    SOAKING = "soaking"
    READY = "ready"
    #: At least one canary carries it.
    IN_USE = "in use"
    #: Given up by its owner; may ring for somebody else soon.
    RETIRED = "retired"
    #: Known to those it was meant to catch; still listened to.
    BURNT = "burnt"


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """Something by which an identity can be reached and that the owner holds."""

    id: str
    kind: ContactPointKind
    #: Canonical: E.164, a mail domain, a mail address, or an address on one line.
    value: str = field(repr=False)
    role: Role
    #: ISO 3166-1 alpha-2.
    region: str
    state: ContactPointState
    #: How many canaries may share it.
    capacity: int
    #: How many canaries carry it.
    used: int
    added_at: datetime
    #: Since when the owner holds it; ``None`` if that is not known.
    held_since: datetime | None = None
    #: True if ``held_since`` is the owner's word, False if we listened from then on.
    attested: bool = False
    #: Before this it is ``soaking``.
    ready_at: datetime | None = None
    #: When it was made a control.
    reserved_at: datetime | None = None
    #: The phone or modem that holds the SIM: contact points on one device share its risks.
    device: str | None = None
    #: The gateway (a name from the settings) that tells us of its contacts.
    gateway: str | None = None
    #: The parts of ``value``, for kind ``address``.
    address: Address | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Canary:
    """One made-up identity, stored and reserved."""

    id: str
    identity: Identity
    contact_point_ids: tuple[str, ...]
    minted_at: datetime
    #: The set it was designed with, or ``None``.
    plan_id: str | None = None
    expires_at: datetime | None = None
    note: str | None = field(default=None, repr=False)

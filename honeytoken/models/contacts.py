"""What reached us: events, contacts, sightings, findings, drills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Medium(StrEnum):
    """How somebody reached us."""

    CALL = "call"
    SMS = "sms"
    EMAIL = "email"
    PARCEL = "parcel"
    FILE = "file"
    LINK = "link"
    TOLD = "told"


class Disposition(StrEnum):
    """What a contact is held to be."""

    #: Nobody we gave the identity to had a reason for it.
    UNSOLICITED = "unsolicited"
    #: The placement's contract foresees it.
    EXPECTED = "expected"
    #: Might be the rider ringing: no weight either way.
    AMBIGUOUS = "ambiguous"
    #: Reached a contact point that nobody had been given.
    BACKGROUND = "background"
    #: Our own drill.
    PROBE = "probe"
    UNREVIEWED = "unreviewed"


class Authenticity(StrEnum):
    """What the gateway's proof covers."""

    #: The whole delivery, content included.
    BODY = "body"
    #: Only who delivered it; the content could be another.
    SENDER = "sender"
    #: Nothing: anybody who holds the number could have made it up.
    NONE = "none"


class CheckResult(StrEnum):
    """What a mail check found (RFC 8601, section 2.7)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105  # the RFC's word
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class MailChecks:
    """Whether a mail came from the domain it says, as far as somebody checked it.

    ``None`` is "nobody checked". Only the results of a mail host the owner trusts stand here.
    """

    spf: CheckResult | None = None
    dkim: CheckResult | None = None
    dmarc: CheckResult | None = None
    #: The domain that was proven: DMARC's From, else the signing domain, else the SPF one.
    domain: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a contact's text says, taken out of it. Each is a claim, none of it is proven."""

    #: The name in an SMS's leading or closing ``【...】``, without the brackets.
    signature: str | None = field(default=None, repr=False)
    #: Web addresses, as written, in order.
    links: tuple[str, ...] = field(default=(), repr=False)
    #: Numbers to ring back: E.164 where they are whole numbers, else as written.
    call_back_numbers: tuple[str, ...] = field(default=(), repr=False)
    #: Names of people the text speaks to or of, as written.
    people: tuple[str, ...] = field(default=(), repr=False)
    #: Sums of money, as ``"3000.00 CNY"``.
    amounts: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """One raw delivery from a gateway, kept as it came."""

    id: str
    gateway: str
    #: The content's own message id; a repeat has the same.
    delivery_id: str
    received_at: datetime
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ContactNote:
    """What a person wrote down about a contact: named evidence."""

    at: datetime
    #: Who the caller claimed to be.
    claimed_to_be: str | None = field(default=None, repr=False)
    #: Which name they asked for.
    asked_for: str | None = field(default=None, repr=False)
    #: What they knew (order, address, amount).
    knew: str | None = field(default=None, repr=False)
    #: Where they said the data came from.
    data_from: str | None = field(default=None, repr=False)
    #: The number they asked to be rung back on.
    call_back: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """What happened, folded from one or more events."""

    id: str
    medium: Medium
    received_at: datetime
    disposition: Disposition
    authenticity: Authenticity
    event_ids: tuple[str, ...] = ()
    contact_point_id: str | None = None
    #: As claimed by the network; never proof of who it was.
    sender: str | None = field(default=None, repr=False)
    recipient: str | None = field(default=None, repr=False)
    subject: str | None = field(default=None, repr=False)
    body: str | None = field(default=None, repr=False)
    #: As claimed: by a mail's ``Date`` header, a phone, a service.
    sent_at: datetime | None = None
    #: A second, independent record of it, such as ``"phone log"`` or ``"carrier bill"``.
    confirmed_by: str | None = None
    notes: tuple[ContactNote, ...] = ()
    facts: Facts = field(default_factory=Facts)
    #: Of a mail.
    checks: MailChecks | None = None
    #: True if its content and its sender's number were destroyed (``purge``, ``erase``).
    erased: bool = False


@dataclass(frozen=True, slots=True)
class FieldMatch:
    """One field of a canary seen, in one form."""

    #: ``Identity`` field name.
    field: str
    #: ``full``, ``masked``, ``relay`` (as in a view), or ``spoken``.
    form: str
    #: Natural logarithm of P(seen | this canary) / P(seen | a stranger).
    log_likelihood_ratio: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A canary that a sighting may be of, and why."""

    canary_id: str
    matches: tuple[FieldMatch, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A contact or finding with the canaries it may be of. Holds no personal data."""

    id: str
    seen_at: datetime
    medium: Medium
    #: A contact id, or ``path:line`` of a finding.
    origin: str
    disposition: Disposition
    #: Sightings that one actor very likely made share it: together they vote once.
    campaign_id: str
    candidates: tuple[Candidate, ...] = ()
    #: Where it arrived, also for controls, which have no candidates.
    contact_point_id: str | None = None
    authenticity: Authenticity = Authenticity.NONE
    #: True if a second, independent record of it exists.
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One canary, or part of one, seen in a file."""

    canary_id: str
    matches: tuple[FieldMatch, ...]
    path: str
    #: 1-based; ``column`` counts characters in text and cells in a table.
    line: int
    column: int
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Drill:
    """A proof of life: did the contact point hear our own call?"""

    contact_point_id: str
    #: When it was sent, or rung; of one that came too late also when it came.
    at: datetime
    heard: bool
    #: A number may hear messages and be deaf to calls.
    medium: Medium | None = None

"""The tables, in one place. The personal is in ``sealed`` columns; what is looked up is a digest.

The same sentences run on SQLite and PostgreSQL. Times are stored as microseconds since 1970 (UTC):
exact on both, and no driver can lose the zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(at: datetime) -> int:
    """Return an aware time as the integer that is stored."""
    if at.tzinfo is None:
        message = "a time without a zone cannot be stored"
        raise TypeError(message)
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_microseconds(stored: int) -> datetime:
    """Return what :func:`to_microseconds` stored, as aware UTC."""
    return _EPOCH + timedelta(microseconds=stored)


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC ``datetime`` <-> microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Store."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Read."""
        return None if value is None else from_microseconds(value)


metadata = MetaData()

vault_state = Table(
    "vault_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created_at", UtcTime, nullable=False),
    # Which masters the store was last written with: a process with older ones reads them anew.
    Column("index_check", LargeBinary, nullable=False),
    Column("sealing_key", Text, nullable=False),
    Column("ledger_seq", BigInteger, nullable=False),
    Column("ledger_digest", LargeBinary, nullable=False),
    Column("ledger_mac", LargeBinary, nullable=False),
)

channels = Table(
    "channels",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("parent_id", Text, ForeignKey("channels.id")),
    Column("expected_senders", Text, nullable=False),
    Column("added_at", UtcTime, nullable=False),
)

routes = Table(
    "routes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("added_at", UtcTime, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

contact_points = Table(
    "contact_points",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("held_since", UtcTime),
    Column("attested", Boolean, nullable=False),
    Column("ready_at", UtcTime),
    Column("reserved_at", UtcTime),
    # "retired" or "burnt", and since when; the other states follow from the times and the use.
    Column("withdrawn", Text),
    Column("withdrawn_at", UtcTime),
    Column("device", Text),
    Column("gateway", Text),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
)

canaries = Table(
    "canaries",
    metadata,
    # What the index points to: half the size of the id, and the index is most of what is written.
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("plan_id", Text),
    Column("minted_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("sealed", LargeBinary, nullable=False),
    Index("canaries_plan", "plan_id"),
)

canary_index = Table(
    "canary_index",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

placements = Table(
    "placements",
    metadata,
    Column("id", Text, primary_key=True),
    Column("canary_id", Text, ForeignKey("canaries.id"), nullable=False, index=True),
    Column("channel_id", Text, ForeignKey("channels.id"), nullable=False, index=True),
    Column("route_id", Text, ForeignKey("routes.id")),
    Column("document", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("intended_at", UtcTime, nullable=False),
    Column("confirmed_at", UtcTime),
    Column("expected_until", UtcTime),
    # What the courier's tracking says of the parcel.
    Column("dispatched_at", UtcTime),
    Column("delivered_at", UtcTime),
    Column("permission", Text, nullable=False),
    Column("reference_digest", LargeBinary, index=True),
    Column("sealed", LargeBinary, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("medium", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False, index=True),
    Column("sent_at", UtcTime),
    Column("contact_point_id", Text, ForeignKey("contact_points.id")),
    Column("disposition", Text, nullable=False),
    Column("authenticity", Text, nullable=False),
    Column("confirmed_by", Text),
    # Until when further events of the same call join this contact.
    Column("fold_digest", LargeBinary),
    Column("fold_until", UtcTime),
    # The key of this contact's content and of its raw events. Destroying it erases them; NULL where
    # the master itself sealed them (before schema 0002).
    Column("sealed_key", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
)

# Only what has the value stands in these: an index that holds every row's NULL costs the listener
# as much as one that is of use.
Index(
    "contacts_fold",
    contacts.c.fold_digest,
    sqlite_where=contacts.c.fold_digest.is_not(None),
    postgresql_where=contacts.c.fold_digest.is_not(None),
)

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("gateway", Text, nullable=False),
    # Digest of gateway and delivery id: the one place where repeats fall.
    Column("delivery_digest", LargeBinary, nullable=False, unique=True),
    Column("received_at", UtcTime, nullable=False),
    Column("contact_id", Text, ForeignKey("contacts.id"), index=True),
    Column("sealed", LargeBinary, nullable=False),
)

findings = Table(
    "findings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("canary_id", Text, ForeignKey("canaries.id"), nullable=False, index=True),
    Column("found_at", UtcTime, nullable=False),
    # One scanned file is one campaign.
    Column("campaign_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

drills = Table(
    "drills",
    metadata,
    Column("id", Text, primary_key=True),
    Column("contact_point_id", Text, ForeignKey("contact_points.id"), nullable=False, index=True),
    # When it was opened: just before it was sent.
    Column("at", UtcTime, nullable=False),
    Column("heard", Boolean, nullable=False),
    Column("medium", Text),
    # What has not arrived by then was missed, if it really left.
    Column("deadline", UtcTime),
    Column("heard_at", UtcTime),
    # By what it is recognised.
    Column("sealed", LargeBinary),
    # Name of the sender in the settings; a person's hand has none.
    Column("via", Text),
    # Under which the sender's service knows it, until that says whether it left.
    Column("message_id", Text),
    # Only then can its silence say anything of the contact point.
    Column("sent_at", UtcTime),
    # Why it did not leave: a stable word.
    Column("failure", Text),
    Index("drills_at", "at"),
)

alarms = Table(
    "alarms",
    metadata,
    # What is amiss, such as "drill.overdue"; a row goes when it is well again.
    Column("kind", Text, primary_key=True),
    # Of what: a contact point, a sender, a forwarder.
    Column("subject", Text, primary_key=True),
    Column("raised_at", UtcTime, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    # A message to one sink, made of one or more notices; receivers drop repeats by this id.
    Column("id", Text, primary_key=True),
    # Name of its table in the settings.
    Column("sink", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    # How many notices are in it.
    Column("notices", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    # "waiting", "sent" or "dead".
    Column("state", Text, nullable=False),
    # A worker that took it and died gives it back then.
    Column("claimed_until", UtcTime),
    Column("done_at", UtcTime),
    # A stable word or a status: never a URL or an answer's text.
    Column("failure", Text),
    Index("alerts_made", "sink", "made_at"),
)

Index(
    "alerts_waiting",
    alerts.c.sink,
    alerts.c.due_at,
    sqlite_where=alerts.c.state == "waiting",
    postgresql_where=alerts.c.state == "waiting",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sink", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # What it is about, such as a contact point: its first notice goes out at once.
    Column("subject", Text),
    Column("created_at", UtcTime, nullable=False),
    # Later than its creation: it waits for a digest.
    Column("due_at", UtcTime, nullable=False),
    # The one message that tells it, once that is made.
    Column("alert_id", Text, ForeignKey("alerts.id")),
    Column("sealed", LargeBinary, nullable=False),
    Index("outbox_subject", "sink", "subject", "id"),
)

Index(
    "outbox_waiting",
    outbox.c.sink,
    outbox.c.due_at,
    sqlite_where=outbox.c.alert_id.is_(None),
    postgresql_where=outbox.c.alert_id.is_(None),
)
Index(
    "outbox_alert",
    outbox.c.alert_id,
    sqlite_where=outbox.c.alert_id.is_not(None),
    postgresql_where=outbox.c.alert_id.is_not(None),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("gateway", Text, primary_key=True),
    # As the phone names itself, "" if it does not.
    Column("device", Text, primary_key=True),
    Column("heard_at", UtcTime, nullable=False),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("gateway", Text, primary_key=True),
    # RFC 9051, section 2.3.1: up to which message everything is stored.
    Column("uid_validity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("action", Text, nullable=False),
    Column("subjects", Text, nullable=False),
    Column("commitments", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    # The salted payloads, where the record itself does not hold them.
    Column("sealed", LargeBinary),
)

delivery_counts = Table(
    "delivery_counts",
    metadata,
    Column("gateway", Text, primary_key=True),
    # "accepted", "repeated", or the name of the refusal.
    Column("outcome", Text, primary_key=True),
    # Days since 1970, UTC.
    Column("day", Integer, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

#: Every column that a master seals: what ``rekey`` walks.
SEALED = (
    routes.c.sealed,
    contact_points.c.sealed,
    canaries.c.sealed,
    placements.c.sealed,
    contacts.c.sealed_key,
    # Both from before schema 0002; later ones are sealed by ``sealed_key``.
    contacts.c.sealed,
    events.c.sealed,
    findings.c.sealed,
    drills.c.sealed,
    outbox.c.sealed,
    ledger.c.sealed,
)

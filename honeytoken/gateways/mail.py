"""Mail, received by ourselves (SMTP) or fetched from a mailbox (IMAP). Pure: bytes in, records out.

The recipient is the envelope's, never that of ``To:``: blind copies, lists and aliases hide a
canary there. The sender is the one that ``From:`` claims.

Arrival is proven: we saw it ourselves, or the mail host of a mailbox told us. Whoever knows an
alias can write to it, and that is the contact, at the time it arrived: ``Date:`` is the sender's
free text, kept as a claim, and nothing is judged by it. What the mail says of its origin is proven
by nothing but the results in ``MailChecks``. So mail is of authenticity ``sender``, never ``body``.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Protocol

from .. import normalize
from ..errors import InvalidIdentifier
from ..messages import translate as _
from ..models import Authenticity, MailChecks, Medium
from ..options import Options
from . import bodies, mailchecks, mailreports
from .deliveries import Delivery, Heartbeat
from .mailreports import Reports
from .mime import Mail, read

#: Clocks are set to wrong time zones; what is dated further ahead has no date.
_FURTHEST_AHEAD = timedelta(days=1)
_COMMON_OPTIONS = ("region", "recipient", "authserv_id", "max_message_bytes", *mailreports.OPTIONS)
SMTP_OPTIONS = (
    *("host", "port", "hostname", "tls_cert", "tls_key", "require_tls", "proxy_from"),
    *("max_recipients", "per_ip_per_minute", *_COMMON_OPTIONS),
)
IMAP_OPTIONS = (
    *("host", "port", "user", "password", "folder", "tls", "poll_s", "recipient_headers"),
    *_COMMON_OPTIONS,
)
#: Where mail hosts write whom a mail was delivered to.
RECIPIENT_HEADERS = ("delivered-to", "x-original-to", "envelope-to")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_DEFAULT_BYTES, _MOST_BYTES = 2_097_152, 52_428_800

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Envelope:
    """What carried a mail."""

    #: RCPT TO, or what the mail host says it was.
    recipient: str = field(repr=False)
    #: MAIL FROM; ``None`` if it was empty (a bounce) or is not known.
    sender: str | None = field(repr=False)
    #: When it reached us, or the mailbox: aware UTC.
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class SmtpGateway:
    """A mail server of our own."""

    name: str
    region: str
    host: str
    port: int
    #: As it greets.
    hostname: str
    #: Paths of PEM files; both or none.
    tls_cert: str | None
    tls_key: str | None
    require_tls: bool
    #: Proxies that must and may say who the client is; empty if none stands before us.
    proxy_from: tuple[Network, ...]
    max_message_bytes: int
    max_recipients: int
    #: Refused recipients after which a client has to wait.
    per_ip_per_minute: int
    authserv_id: str | None
    #: To which phones report by mail.
    recipient: str | None = field(repr=False)
    reports: Reports | None

    def receive(self, raw: bytes, envelope: Envelope) -> tuple[Delivery | Heartbeat, ...]:
        """Return what a mail to one recipient tells of.

        Raises:
            DeliveryRefused: it is a phone's report that is not proven, or cannot be read.
        """
        mail = read(raw)
        checks = mailchecks.checks(mail, authserv_id=self.authserv_id)
        if self.reports is not None and envelope.recipient == self.recipient:
            return self.reports.receive(mail, checks, arrived_at=envelope.arrived_at)
        return (delivery(self.name, mail, envelope, checks),)


@dataclass(frozen=True, slots=True)
class ImapGateway:
    """A mailbox at a mail host."""

    name: str
    region: str
    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)
    folder: str
    #: ``tls``, ``starttls`` or ``none``.
    tls: str
    poll_s: int
    #: Lower case, the best first.
    recipient_headers: tuple[str, ...]
    max_message_bytes: int
    authserv_id: str | None
    #: Whose mailbox it is, for mail that does not say whom it was delivered to.
    recipient: str | None = field(repr=False)
    reports: Reports | None

    def recipients(self, mail: Mail) -> tuple[str, ...]:
        """Return whom *mail* may have been delivered to, the best first, in canonical form.

        Of each header only the topmost: the last host wrote it, those below may be the sender's.
        """
        named = [mail.first(name) for name in self.recipient_headers]
        found = [canonical(value.strip("<> ")) for value in named if value]
        return tuple(dict.fromkeys(one for one in (*found, self.recipient) if one))

    def receive(self, mail: Mail, envelope: Envelope) -> tuple[Delivery | Heartbeat, ...]:
        """Return what a mail tells of; raises as :meth:`SmtpGateway.receive`."""
        checks = mailchecks.checks(mail, authserv_id=self.authserv_id)
        if self.reports is not None:
            return self.reports.receive(mail, checks, arrived_at=envelope.arrived_at)
        return (delivery(self.name, mail, envelope, checks),)


class MailGateway(Protocol):
    """A way in for mail."""

    @property
    def name(self) -> str:
        """Name of its table in the settings."""

    @property
    def region(self) -> str:
        """Country (ISO 3166-1 alpha-2) whose national notation its numbers may use."""


def delivery(gateway: str, mail: Mail, envelope: Envelope, checks: MailChecks | None) -> Delivery:
    """Return the contact that *mail* is."""
    sender = mail.author or envelope.sender
    subject = None if mail.subject is None else bodies.content(mail.subject)
    return Delivery(
        gateway=gateway,
        delivery_id=_digest(mail, envelope),
        medium=Medium.EMAIL,
        authenticity=Authenticity.SENDER,
        sender=None if sender is None else bodies.storable(sender[: bodies.MAX_IDENTIFIER_CHARS]),
        recipient=envelope.recipient,
        subject=subject or None,
        text=bodies.content(mail.text),
        sent_at=_claimed(mail.dated_at, envelope.arrived_at),
        checks=checks,
    )


def _claimed(dated_at: datetime | None, arrived_at: datetime) -> datetime | None:
    """Return the date the sender gave, ``None`` if it cannot be one."""
    if dated_at is None or not normalize.EARLIEST <= dated_at <= arrived_at + _FURTHEST_AHEAD:
        return None
    return dated_at


def _digest(mail: Mail, envelope: Envelope) -> str:
    """Return an id that is equal for the same mail delivered again, by whichever way.

    Headers that servers add on the way are not in it. ``Message-ID`` is the sender's own choice, so
    it does not stand alone: a second mail under the same one is another mail.
    """
    body = sha256(mail.body.replace(b"\r\n", b"\n").rstrip(b"\n")).hexdigest()
    parts = [envelope.recipient, mail.message_id, mail.date, body]
    return sha256(json.dumps(parts).encode("ascii")).hexdigest()


def canonical(address: str) -> str | None:
    """Return a mail address in canonical form; ``None`` if it has none."""
    try:
        return normalize.email(address)
    except InvalidIdentifier:
        return None


def sample_mail(to: str, text: str, now: datetime) -> bytes:
    """Return a mail as somebody would write it, to try a gateway with; never twice the same."""
    message = EmailMessage()
    message["From"] = "Test <test@mail.example>"
    message["To"] = to
    message["Subject"] = _("Test")
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain="mail.example")
    message.set_content(text)
    return message.as_bytes()


# --- settings ---


def build_smtp(options: Options) -> SmtpGateway:
    """Return the mail server of a settings table; see ``docs/gateways/smtp.md`` for its options."""
    options.refuse_unknown(SMTP_OPTIONS)
    _require(options, "aiosmtpd")
    tls_cert, tls_key = options.text("tls_cert"), options.text("tls_key")
    if (tls_cert is None) != (tls_key is None):
        options.refuse(
            "tls_cert" if tls_cert is None else "tls_key",
            _("{key} is missing."),
            hint=_("A certificate and its key go together."),
        )
    require_tls = options.switch("require_tls")
    if require_tls and tls_cert is None:
        options.refuse("require_tls", _("{key} needs tls_cert and tls_key."))
    recipient, reports = _recipient(options), mailreports.build(options)
    if reports is not None and recipient is None:
        options.refuse(
            "recipient",
            _("{key} is missing."),
            hint=_("The address to which the phones send their reports."),
        )
    if reports is None and recipient is not None:
        options.refuse("recipient", _("{key} is only for forwarder = true."))
    return SmtpGateway(
        name=options.name,
        region=options.region(),
        host=options.text("host") or "127.0.0.1",
        port=options.whole_number("port", default=8025, low=0, high=65_535),
        hostname=_hostname(options),
        tls_cert=tls_cert,
        tls_key=tls_key,
        require_tls=require_tls,
        proxy_from=_networks(options),
        max_message_bytes=_max_bytes(options),
        max_recipients=options.whole_number("max_recipients", default=20, low=1, high=100),
        per_ip_per_minute=options.whole_number("per_ip_per_minute", default=20, low=1, high=10_000),
        authserv_id=_authserv_id(options),
        recipient=recipient,
        reports=reports,
    )


def build_imap(options: Options) -> ImapGateway:
    """Return the mailbox of a settings table; see ``docs/gateways/imap.md`` for its options."""
    options.refuse_unknown(IMAP_OPTIONS)
    _require(options, "imapclient")
    for key in ("host", "user", "password"):
        if options.text(key) is None:
            options.refuse(key, _("{key} is missing."))
    tls = (options.text("tls") or "tls").lower()
    if tls not in ("tls", "starttls", "none"):
        options.refuse("tls", _('{key} must be "tls", "starttls" or "none".'))
    if tls == "none" and (options.text("host") or "").lower() not in _LOOPBACK:
        options.refuse("tls", _('{key} may only be "none" for a mail server on this machine.'))
    user = options.text("user") or ""
    headers = options.text("recipient_headers")
    return ImapGateway(
        name=options.name,
        region=options.region(),
        host=options.text("host") or "",
        port=options.whole_number("port", default=993 if tls == "tls" else 143, low=1, high=65_535),
        user=user,
        password=options.secret("password") or "",
        folder=options.text("folder") or "INBOX",
        tls=tls,
        poll_s=options.whole_number("poll_s", default=60, low=1, high=86_400),
        recipient_headers=(
            RECIPIENT_HEADERS
            if headers is None
            else tuple(headers.lower().replace(",", " ").split())
        ),
        max_message_bytes=_max_bytes(options),
        authserv_id=_authserv_id(options),
        recipient=_recipient(options) or canonical(user),
        reports=mailreports.build(options),
    )


def _require(options: Options, package: str) -> None:
    if importlib.util.find_spec(package) is None:
        options.refuse(
            "kind",
            _("{key} needs a package that is not installed."),
            hint=_("Run: pip install 'honeytoken[mail]'"),
        )


def _authserv_id(options: Options) -> str | None:
    value = mailchecks.authserv_id(options)
    if value is not None:
        _require(options, "authres")
    return value


def _max_bytes(options: Options) -> int:
    return options.whole_number(
        "max_message_bytes", default=_DEFAULT_BYTES, low=4_096, high=_MOST_BYTES
    )


def _hostname(options: Options) -> str:
    value = options.text("hostname") or "localhost"
    if not value.isascii() or not value.isprintable() or " " in value or len(value) > 255:
        options.refuse("hostname", _("{key} must be the name of a host."))
    return value


def _recipient(options: Options) -> str | None:
    value = options.text("recipient")
    if value is None:
        return None
    found = canonical(value)
    if found is None:
        options.refuse("recipient", _("{key} must be a mail address."))
    return found


def _networks(options: Options) -> tuple[Network, ...]:
    value = options.text("proxy_from") or ""
    try:
        return tuple(ip_network(one) for one in value.replace(",", " ").split())
    except ValueError:
        options.refuse(
            "proxy_from",
            _("{key} must be addresses or networks."),
            hint=_('For example "10.0.0.5, 10.1.0.0/16".'),
        )

"""What sends drills: a mail relay, a phone of the owner's, Twilio.

A message that could not be handed over says nothing of who should have got it: :class:`NotSent`.
Redirects are not followed, answers are read up to a limit, and no error repeats what a service
said: it may quote the number or the text.

Sources: RFC 5321, RFC 6409 (submission); SMS Gateway for Android, "Sending Messages" and "Status
Tracking" (``POST`` and ``GET .../messages``, the same on the phone and in the cloud); Twilio,
"Messages resource", 2010-04-01.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, make_msgid
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from ..errors import HoneytokenError
from ..messages import translate as _
from ..models import Medium
from .wording import Words

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 20.0
_MAX_ANSWER = 65_536


class Failure(StrEnum):
    """Why a message was not sent: stable words."""

    UNREACHABLE = "unreachable"
    CREDENTIALS = "credentials refused"
    REFUSED = "refused"
    UNUSABLE = "unusable answer"
    #: Handed over, but the service says that it never left.
    NEVER_LEFT = "never left"
    #: The service does not say whether it left.
    UNKNOWN = "unknown"


class NotSent(HoneytokenError):
    """A message could not be handed over."""

    def __init__(self, failure: Failure) -> None:
        #: Why.
        self.failure = failure
        super().__init__(_("the drill was not sent."))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent."""

    #: A number in E.164 form, or a mail address.
    to: str = field(repr=False)
    words: Words = field(repr=False)
    #: Now, aware UTC.
    at: datetime
    #: After which it would be too late, in seconds.
    lifetime_s: int


class Sender(Protocol):
    """One table ``[senders.NAME]``."""

    @property
    def name(self) -> str:
        """Of its table."""

    @property
    def medium(self) -> Medium:
        """What it sends."""

    @property
    def regions(self) -> frozenset[str]:
        """Whom it sends to: countries of contact points; empty for all."""

    def sends_from(self, value: str) -> bool:
        """Tell whether *value* is the number or address that it sends from."""

    def send(self, outgoing: Outgoing) -> str | None:
        """Hand a message over.

        Returns:
            The id under which the service can be asked whether it left; ``None`` if handing over is
            all there is to know.

        Raises:
            NotSent: it could not be handed over.
        """

    def left(self, message_id: str) -> bool | None:
        """Tell whether a message left; ``None`` if the service does not say, or cannot be asked."""


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """``kind = "smtp"``: a mail through a relay, such as the one the shop's own mail takes."""

    name: str
    regions: frozenset[str]
    host: str
    port: int
    tls: str
    from_: str = field(repr=False)
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    medium: Medium = Medium.EMAIL

    def sends_from(self, value: str) -> bool:
        """See :class:`Sender`."""
        return self.from_ == value

    def send(self, outgoing: Outgoing) -> None:
        """See :class:`Sender`. A relay that accepts a mail has taken charge of it (RFC 5321)."""
        # The name of this machine is nobody's business.
        name = self.from_.rpartition("@")[2]
        context = ssl.create_default_context()
        try:
            mail = self._mail(outgoing)
            if self.tls == "implicit":
                relay: smtplib.SMTP = smtplib.SMTP_SSL(
                    self.host, self.port, name, timeout=_TIMEOUT_S, context=context
                )
            else:
                relay = smtplib.SMTP(self.host, self.port, name, timeout=_TIMEOUT_S)
            with relay:
                if self.tls == "starttls":
                    relay.starttls(context=context)
                if self.user is not None:
                    relay.login(self.user, self.password or "")
                relay.send_message(mail, self.from_, [outgoing.to])
        except smtplib.SMTPAuthenticationError as err:
            raise NotSent(Failure.CREDENTIALS) from err
        except smtplib.SMTPServerDisconnected as err:
            raise NotSent(Failure.UNREACHABLE) from err
        except smtplib.SMTPConnectError as err:
            raise NotSent(Failure.UNREACHABLE) from err
        except (smtplib.SMTPException, ValueError) as err:
            raise NotSent(Failure.REFUSED) from err
        except OSError as err:
            raise NotSent(Failure.UNREACHABLE) from err

    def _mail(self, outgoing: Outgoing) -> EmailMessage:
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = Address(addr_spec=self.from_)
        mail["To"] = Address(addr_spec=outgoing.to)
        mail["Subject"] = outgoing.words.subject
        mail["Date"] = format_datetime(outgoing.at)
        mail["Message-ID"] = make_msgid(domain=self.from_.rpartition("@")[2])
        mail.set_content(outgoing.words.text + "\n")
        return mail

    def left(self, message_id: str) -> bool | None:
        """See :class:`Sender`; never asked, because there is no id."""
        return None


@dataclass(frozen=True, slots=True)
class SmsGatewaySender:
    """``kind = "sms_gateway"``: SMS Gateway for Android, on the phone itself or in its cloud."""

    name: str
    regions: frozenset[str]
    url: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    sim: int
    from_: str | None = field(repr=False)
    medium: Medium = Medium.SMS

    def sends_from(self, value: str) -> bool:
        """See :class:`Sender`."""
        return self.from_ == value

    def send(self, outgoing: Outgoing) -> str:
        """See :class:`Sender`. The phone queues it, and says later whether it left."""
        payload: dict[str, object] = {
            "textMessage": {"text": outgoing.words.text},
            "phoneNumbers": [outgoing.to],
            # A phone that was switched off does not send stale ones when it comes back.
            "ttl": outgoing.lifetime_s,
            # With one, "Failed" could mean that it left and did not arrive.
            "withDeliveryReport": False,
        }
        if self.sim:
            payload["simNumber"] = self.sim
        answer = _ask("POST", self.url, (self.user, self.password), json=payload)
        return _id(answer, "id")

    def left(self, message_id: str) -> bool | None:
        """See :class:`Sender`."""
        url = f"{self.url}/{quote(message_id, safe='')}"
        state = _asked(url, (self.user, self.password), "state")
        return {"Sent": True, "Delivered": True, "Failed": False, "Pending": False}.get(state)


@dataclass(frozen=True, slots=True)
class TwilioSender:
    """``kind = "twilio"``: from a number held at Twilio."""

    name: str
    regions: frozenset[str]
    url: str
    account_sid: str = field(repr=False)
    auth_token: str = field(repr=False)
    from_: str = field(repr=False)
    medium: Medium = Medium.SMS

    def sends_from(self, value: str) -> bool:
        """See :class:`Sender`."""
        return self.from_ == value

    @property
    def _messages(self) -> str:
        return f"{self.url}/2010-04-01/Accounts/{self.account_sid}/Messages"

    def send(self, outgoing: Outgoing) -> str:
        """See :class:`Sender`."""
        form = {
            "To": outgoing.to,
            "From": self.from_,
            "Body": outgoing.words.text,
            # Seconds, 1 to 36,000.
            "ValidityPeriod": str(min(outgoing.lifetime_s, 36_000)),
        }
        answer = _ask(
            "POST", f"{self._messages}.json", (self.account_sid, self.auth_token), data=form
        )
        return _id(answer, "sid")

    def left(self, message_id: str) -> bool | None:
        """See :class:`Sender`. Undelivered has left: it is what a deaf number looks like."""
        url = f"{self._messages}/{quote(message_id, safe='')}.json"
        state = _asked(url, (self.account_sid, self.auth_token), "status")
        return {
            **dict.fromkeys(("sent", "delivered", "undelivered", "read"), True),
            **dict.fromkeys(("accepted", "queued", "scheduled", "failed", "canceled"), False),
        }.get(state)


def _ask(method: str, url: str, auth: tuple[str, str], **content: Any) -> Mapping[str, object]:
    """Return the JSON object a service answers with."""
    # Imported here: only who sends needs an HTTP client.
    import httpx

    try:
        with (
            httpx.Client(follow_redirects=False, timeout=_TIMEOUT_S, trust_env=False) as client,
            client.stream(method, url, auth=auth, **content) as answer,
        ):
            _refuse_bad(answer)
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > _MAX_ANSWER:
                    raise NotSent(Failure.UNUSABLE)
    except (httpx.HTTPError, httpx.InvalidURL) as err:
        raise NotSent(Failure.UNREACHABLE) from err
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as err:
        raise NotSent(Failure.UNUSABLE) from err
    if not isinstance(found, dict):
        raise NotSent(Failure.UNUSABLE)
    return found


def _refuse_bad(answer: httpx.Response) -> None:
    if answer.status_code in (401, 403):
        raise NotSent(Failure.CREDENTIALS)
    if not answer.is_success:
        raise NotSent(Failure.REFUSED)


def _id(answer: Mapping[str, object], key: str) -> str:
    found = answer.get(key)
    if not isinstance(found, str) or not 0 < len(found) <= 200 or not found.isprintable():
        # It was taken, but can never be asked for: nothing can be concluded from its silence.
        raise NotSent(Failure.UNUSABLE)
    return found


def _asked(url: str, auth: tuple[str, str], key: str) -> str:
    """Return the state of a message, ``""`` if it cannot be asked for."""
    try:
        return str(_ask("GET", url, auth).get(key))
    except NotSent:
        return ""

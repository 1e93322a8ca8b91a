"""Calls and SMS that a phone reports by mail: the template of SmsForwarder, in a mail's text.

``name: value`` lines, or a JSON object, with the fields of :mod:`.smsforwarder`. In lines ``text``
comes last and takes all that follows, so that an SMS of several lines stays whole and cannot pass a
line of its own off as a field.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from .. import normalize
from ..errors import BadSignature, InvalidIdentifier, MalformedDelivery
from ..messages import translate as _
from ..models import Authenticity, CheckResult, MailChecks
from ..options import Options
from . import bodies, smsforwarder
from .deliveries import Delivery, Heartbeat, Request
from .mime import Mail

#: Of a mail gateway's table, beside its own.
OPTIONS = ("forwarder", "forwarder_from", "forwarder_token", "to", "slots", "utc_offset")
_LINE = re.compile(r"\s*([A-Za-z_]{1,32})[ \t]*[=:：][ \t]*(.*)")
_TEXT_FIELDS = ("text", "org_content", "content", "msg")


@dataclass(frozen=True, slots=True)
class Reports:
    """Reads the mails of one or more phones."""

    reader: smsforwarder.SmsForwarder
    #: From whom they come, canonical; ``None`` for anybody.
    author: str | None = field(repr=False)
    #: Stands in each of them as ``token``; ``None`` if none does.
    token: str | None = field(repr=False)

    def receive(
        self, mail: Mail, checks: MailChecks | None, *, arrived_at: datetime
    ) -> tuple[Delivery | Heartbeat, ...]:
        """Return the call or SMS that *mail* reports.

        Its authenticity is ``sender`` if it bears the token, or if the mail host found that it
        really comes from the address in the settings; else ``none``.

        Raises:
            BadSignature: the token or the author is another.
            MalformedDelivery: it is no report.
        """
        fields = _fields(mail.text or "")
        authenticity = self._proven(str(fields.pop("token", "")), mail, checks)
        moment = mail.dated_at or arrived_at
        # Only for telling a second message from a repeat, where the template has no time.
        fields.setdefault("timestamp", str(int(moment.timestamp() * 1000)))
        request = Request(
            method="POST",
            url_path="",
            query="",
            headers={"content-type": "application/json"},
            body=json.dumps(fields).encode("ascii"),
            received_at=arrived_at,
        )
        reader = replace(self.reader, is_proven=authenticity is not Authenticity.NONE)
        return tuple(
            replace(found, sent_at=found.sent_at or arrived_at)
            if isinstance(found, Delivery)
            else found
            for found in reader.receive(request)
        )

    def _proven(self, token: str, mail: Mail, checks: MailChecks | None) -> Authenticity:
        if self.author is not None and _canonical(mail.author) != self.author:
            raise BadSignature(_("the report comes from another address."))
        if self.token is not None:
            if not hmac.compare_digest(bodies.as_bytes(self.token), bodies.as_bytes(token)):
                raise BadSignature(_("the token is missing or wrong."))
            return Authenticity.SENDER
        if self.author is not None and _is_from(self.author.rpartition("@")[2], checks):
            return Authenticity.SENDER
        return Authenticity.NONE


def _canonical(address: str | None) -> str | None:
    try:
        return None if address is None else normalize.email(address)
    except InvalidIdentifier:
        return None


def _is_from(domain: str, checks: MailChecks | None) -> bool:
    """Tell whether a host we trust found the domain in ``From:`` proven."""
    if checks is None or checks.domain is None:
        return False
    aligned = domain == checks.domain or domain.endswith(f".{checks.domain}")
    return aligned and CheckResult.PASS in (checks.dmarc, checks.dkim)


def _fields(text: str) -> dict[str, object]:
    """Return the fields of a report.

    Raises:
        MalformedDelivery: it has none, or one twice.
    """
    if text.lstrip()[:1] == "{":
        return bodies.json_object(bodies.as_bytes(text))
    fields: dict[str, object] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines[: bodies.MAX_FIELDS]):
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        name, value = match[1].lower(), match[2]
        if name in fields:
            # Its name is whatever the mail says, and not repeated.
            raise MalformedDelivery(_("the report has a field twice."))
        if name in _TEXT_FIELDS:
            whole = "\n".join([value, *lines[number + 1 :]]).strip()
            fields[name] = whole[: bodies.MAX_TEXT_CHARS]
            break
        fields[name] = value.strip()
    if not fields:
        raise MalformedDelivery(_("the mail is not a phone's report."))
    return fields


def build(options: Options) -> Reports | None:
    """Return how reports are read, ``None`` if this mailbox takes none (``forwarder``)."""
    texts = {key: options.text(key) for key in ("forwarder_from", "to", "utc_offset")}
    token, slots = options.secret("forwarder_token"), options.table("slots")
    if not options.switch("forwarder"):
        given = {**texts, "forwarder_token": token, "slots": slots or None}
        for key in (key for key, value in given.items() if value is not None):
            options.refuse(key, _("{key} is only for forwarder = true."))
        return None
    author = _canonical(texts["forwarder_from"])
    if texts["forwarder_from"] is not None and author is None:
        options.refuse("forwarder_from", _("{key} must be a mail address."))
    values: dict[str, object] = {"unsigned": True, "region": options.region(), "slots": slots}
    values |= {key: texts[key] for key in ("to", "utc_offset") if texts[key] is not None}
    reader = smsforwarder.build(Options(options.section, options.name, values))
    return Reports(reader=reader, author=author, token=token)

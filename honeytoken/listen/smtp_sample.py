"""Trying the mail server: one mail through the running listener, as a stranger sends it."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime

from ..errors import Refused
from ..gateways import mail
from ..messages import translate as _


def send_sample(gateway: mail.SmtpGateway, *, to: str, text: str, now: datetime) -> str:
    """Send a mail through the running listener, as a stranger's server would; return its answer.

    Raises:
        Refused: it was not accepted, or the listener does not answer.
    """
    if gateway.proxy_from:
        raise Refused(
            _("the listener only talks to its proxy."),
            hint=_("Send a mail through the proxy, from another host."),
        )
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(gateway.host, gateway.host)  # noqa: S104
    content = mail.sample_mail(to, text, now)
    try:
        with smtplib.SMTP(host, gateway.port, local_hostname="localhost", timeout=20) as client:
            if client.ehlo() and client.has_extn("starttls"):
                # To ourselves; the certificate is for the name that others know us by.
                client.starttls(context=_trusting())
                client.ehlo()
            client.mail("test@mail.example")
            answer = client.rcpt(to)
            if answer[0] < 300:
                answer = client.data(content)
    except (OSError, smtplib.SMTPException) as err:
        raise Refused(
            _("the mail server does not answer."), hint=_("Is `honeytoken listen` running?")
        ) from err
    line = f"{answer[0]} {answer[1].decode('ascii', 'replace')}"
    if answer[0] >= 300:
        raise Refused(
            _("the mail was not accepted: {answer}").format(answer=line),
            hint=_("Send to the e-mail of a canary."),
        )
    return line


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

"""Signed bytes in, deliveries out: what each service proves, says, and wants to hear back.

A gateway is built from its table in the settings and then only maps a :class:`Request` to
:class:`Delivery` records or to a refusal. No socket, no clock, no database, no file: the listener
hands over the raw bytes and the time they came, and stores what is returned.

::

    gateway = gateways.build("shop-sim", settings.gateways["shop-sim"])
    try:
        deliveries = gateway.receive(request)      # () is "understood, nothing to record"
    except DeliveryRefused as error:
        answer = gateway.refusal(error)
    else:
        ...                                        # make them durable first
        answer = gateway.reply(deliveries)

Rules every gateway keeps: the proof is checked before the content is believed, in constant time;
algorithm, secret and URL come from the settings, never from the request; a missing proof is a
refusal; ``receive`` raises nothing but :class:`~honeytoken.errors.DeliveryRefused`; the answer does
not depend on whose number it was. ``docs/gateways/README.md`` says what each proof is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from ..errors import SettingsError
from ..messages import translate as _
from ..options import Options
from . import mail, smsforwarder, smsgateway, standard_webhooks, twilio
from .deliveries import Delivery, Gateway, Heartbeat, Reply, Request, Sampling
from .mail import MailGateway

__all__ = [
    "KINDS",
    "Delivery",
    "Gateway",
    "Heartbeat",
    "MailGateway",
    "Reply",
    "Request",
    "Sampling",
    "build",
    "build_mail",
    "is_mail",
]

_BUILDERS: Mapping[str, Callable[[Options], Gateway]] = {
    "twilio": twilio.build,
    "smsforwarder": smsforwarder.build,
    "sms_gateway": smsgateway.build,
    "standard_webhooks": standard_webhooks.build,
}

#: The ways in that are no hook: mail is received, or fetched.
_MAIL_BUILDERS: Mapping[str, Callable[[Options], MailGateway]] = {
    "smtp": mail.build_smtp,
    "imap": mail.build_imap,
}

#: What ``kind`` in a ``[gateways.NAME]`` table may be.
KINDS = (*_BUILDERS, *_MAIL_BUILDERS)


def is_mail(options: Mapping[str, object]) -> bool:
    """Tell whether a settings table is of a mail server or mailbox: :func:`build_mail` takes it."""
    return options.get("kind") in _MAIL_BUILDERS


def build_mail(name: str, options: Mapping[str, object]) -> MailGateway:
    """Return the way in for mail that a settings table describes; see :func:`is_mail`.

    Raises:
        SettingsError: an option is unknown, missing or of the wrong type; a package is missing.
    """
    return _MAIL_BUILDERS[str(options["kind"])](Options("gateways", name, options))


def build(name: str, options: Mapping[str, object]) -> Gateway:
    """Return the gateway that the settings table ``[gateways.<name>]`` describes, if it is a hook.

    Args:
        name: the table's name, which is also the last part of the hook's path.
        options: the table, with the references to secrets already resolved.

    Raises:
        SettingsError: the kind or an option is unknown, missing or of the wrong type.
    """
    kind = options.get("kind")
    if not isinstance(kind, str) or kind not in _BUILDERS:
        close = get_close_matches(kind, KINDS, n=1) if isinstance(kind, str) else []
        hint = (
            _('Did you mean "{name}"?').format(name=close[0])
            if close
            else _("kind is one of: {kinds}.").format(kinds=_(", ").join(KINDS))
        )
        raise SettingsError(
            _("[gateways.{name}] does not say which kind of gateway it is.").format(name=name)
            if kind is None
            else _("[gateways.{name}] has an unknown kind.").format(name=name),
            hint=hint,
        )
    return _BUILDERS[kind](Options("gateways", name, options))

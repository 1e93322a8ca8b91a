"""From a table ``[senders.NAME]`` to a sender; ``docs/drill.md`` has the options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from urllib.parse import urlsplit

from .. import normalize
from ..errors import InvalidIdentifier, SettingsError
from ..messages import translate as _
from ..options import Options
from .senders import Sender, SmsGatewaySender, SmtpSender, TwilioSender

_TLS = ("starttls", "implicit", "none")
_SMTP_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


def _regions(options: Options) -> frozenset[str]:
    given = options.secrets("regions")
    for region in given:
        if len(region) != 2 or not (region.isascii() and region.isupper()):
            options.refuse("regions", _('{key} must be a list of countries such as ["CN", "GB"].'))
    return frozenset(given)


def _needed(options: Options, key: str) -> str:
    value = options.secret(key)
    if value is None:
        options.refuse(key, _("{key} is missing."))
    return value


def _number(options: Options, key: str) -> str | None:
    value = options.secret(key)
    if value is None:
        return None
    try:
        return normalize.phone_number(value, region="ZZ")
    except InvalidIdentifier:
        options.refuse(key, _("{key} must be a number with its country code, such as +44..."))


def _url(options: Options, key: str, *, default: str | None = None) -> str:
    value = options.text(key) or default
    if value is None:
        options.refuse(key, _("{key} is missing."))
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username or parts.password:
        options.refuse(key, _("{key} must be a plain http or https address."))
    return value.rstrip("/")


def _smtp(options: Options) -> SmtpSender:
    options.refuse_unknown(("host", "port", "tls", "user", "password", "from", "regions"))
    tls = options.text("tls") or "starttls"
    if tls not in _TLS:
        options.refuse("tls", _("{key} must be one of: {words}."), words=_(", ").join(_TLS))
    user, password = options.secret("user"), options.secret("password")
    if (user is None) != (password is None):
        options.refuse("user", _("{key} and password belong together."))
    if user is not None and tls == "none":
        options.refuse("tls", _("{key} must not be none where a password is sent."))
    try:
        from_ = normalize.email(_needed(options, "from"))
    except InvalidIdentifier:
        options.refuse("from", _("{key} must be a mail address."))
    return SmtpSender(
        name=options.name,
        regions=_regions(options),
        host=_needed(options, "host"),
        port=options.whole_number("port", default=_SMTP_PORTS[tls], low=1, high=65_535),
        tls=tls,
        from_=from_,
        user=user,
        password=password,
    )


def _sms_gateway(options: Options) -> SmsGatewaySender:
    options.refuse_unknown(("url", "user", "password", "sim", "from", "regions"))
    return SmsGatewaySender(
        name=options.name,
        regions=_regions(options),
        url=_url(options, "url"),
        user=_needed(options, "user"),
        password=_needed(options, "password"),
        sim=options.whole_number("sim", default=0, low=0, high=3),
        from_=_number(options, "from"),
    )


def _twilio(options: Options) -> TwilioSender:
    options.refuse_unknown(("account_sid", "auth_token", "from", "url", "regions"))
    sid = _needed(options, "account_sid")
    if not (sid.isascii() and sid.isalnum()):
        options.refuse("account_sid", _("{key} is not an account's SID."))
    number = _number(options, "from")
    if number is None:
        options.refuse("from", _("{key} is missing."))
    return TwilioSender(
        name=options.name,
        regions=_regions(options),
        url=_url(options, "url", default="https://api.twilio.com"),
        account_sid=sid,
        auth_token=_needed(options, "auth_token"),
        from_=number,
    )


_BUILDERS: Mapping[str, Callable[[Options], Sender]] = {
    "smtp": _smtp,
    "sms_gateway": _sms_gateway,
    "twilio": _twilio,
}
KINDS = tuple(_BUILDERS)


def build(name: str, options: Mapping[str, object]) -> Sender:
    """Return the sender of a settings table.

    Args:
        name: of the table.
        options: its values, secrets resolved.

    Raises:
        SettingsError: the kind is unknown or an option cannot be used.
    """
    kind = options.get("kind")
    if not isinstance(kind, str) or kind not in _BUILDERS:
        close = get_close_matches(str(kind), KINDS, n=1)
        raise SettingsError(
            _('the sender "{name}" has no known kind.').format(name=name),
            hint=_('Did you mean "{name}"?').format(name=close[0])
            if close
            else _("Kinds: {names}.").format(names=_(", ").join(KINDS)),
        )
    return _BUILDERS[kind](Options("senders", name, options))

"""Where alerts go: the tables ``[alerts.NAME]`` of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from ..messages import translate as _
from ..models import Disposition
from ..options import Options
from ..settings import Settings, options_of
from . import addresses
from .rules import Rule
from .wording import Message

COMMON_OPTIONS = ("dispositions", "digest_minutes", "per_hour", "reveal", "allow_private")
KINDS = ("standard_webhooks", "apprise")

#: Why an attempt failed, beside HTTP statuses. Stable words: they are stored and listed.
TIMEOUT, CONNECTION, TLS, UNRESOLVED = "timeout", "connection", "tls", "unresolved"
REFUSED_ADDRESS, NOT_DELIVERED, NO_APPRISE = "refused address", "not delivered", "no apprise"
#: The receiver said that it is gone (410), or had said so before.
GONE, DISABLED = "410", "disabled"
#: What was sealed does not open.
UNREADABLE = "unreadable"
FAILURES = (
    *(TIMEOUT, CONNECTION, TLS, UNRESOLVED, REFUSED_ADDRESS, NOT_DELIVERED, NO_APPRISE),
    *(DISABLED, UNREADABLE),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt to send ended."""

    #: ``None`` if it was sent; else why not.
    failure: str | None = None
    #: What the receiver asked for.
    retry_after: timedelta | None = None


class Transport(Protocol):
    """How messages reach a sink."""

    def send(self, message: Message, *, at: datetime) -> Outcome:
        """Send *message*, within a minute; failures are told, not raised."""

    def check(self) -> None:
        """Look whether anything that is sent could arrive; nothing is sent.

        Raises:
            Refused: it could not.
        """


@dataclass(frozen=True, slots=True)
class Sink:
    """One receiver of alerts."""

    #: Name of its table.
    name: str
    kind: str
    dispositions: frozenset[Disposition]
    rule: Rule
    #: True if personal data may be in its alerts.
    reveal: bool
    transport: Transport = field(repr=False)


def build(name: str, values: Mapping[str, object]) -> Sink:
    """Return the sink of a settings table.

    Args:
        name: of the table.
        values: as ``settings.options_of`` gives them.

    Raises:
        SettingsError: an option is unknown, missing or wrong; no value of it is repeated.
    """
    options = Options("alerts", name, values)
    kind = options.text("kind")
    if kind not in KINDS:
        options.refuse("kind", _("{key} must be one of: {words}."), words=_(", ").join(KINDS))
    allowed = _allowed(options)
    transport: Transport
    if kind == "apprise":
        from .chat import chat

        options.refuse_unknown(("url", *COMMON_OPTIONS))
        transport = chat(options, allowed=allowed)
    else:
        from .webhooks import webhook

        options.refuse_unknown(("url", "secret", *COMMON_OPTIONS))
        transport = webhook(options, allowed=allowed)
    return Sink(
        name=name,
        kind=kind,
        dispositions=_dispositions(options),
        rule=Rule(
            digest=timedelta(
                minutes=options.whole_number("digest_minutes", default=60, low=1, high=10_080)
            ),
            per_hour=options.whole_number("per_hour", default=12, low=1, high=3_600),
        ),
        reveal=options.switch("reveal"),
        transport=transport,
    )


def _dispositions(options: Options) -> frozenset[Disposition]:
    # An empty list is an answer: of what is amiss the sink is told all the same.
    words = options.texts("dispositions", default=(Disposition.UNSOLICITED.value,))
    known = {disposition.value for disposition in Disposition}
    if not known.issuperset(words):
        options.refuse(
            "dispositions",
            _("{key} must be a list of: {words}."),
            words=_(", ").join(disposition.value for disposition in Disposition),
        )
    return frozenset(map(Disposition, words))


def _allowed(options: Options) -> frozenset[str]:
    try:
        return frozenset(map(addresses.canonical_host, options.texts("allow_private")))
    except ValueError:
        options.refuse("allow_private", _("{key} must be a list of host names and addresses."))


def built_sinks(settings: Settings) -> dict[str, Sink]:
    """Return the sinks of a vault's settings, by name.

    Raises:
        SettingsError: one is not set up rightly.
    """
    return {name: build(name, options_of(settings, "alerts", name)) for name in settings.alerts}

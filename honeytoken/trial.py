"""Trying a gateway: one signed sample through the running listener, as its service would send it.

It is a room of its own because it does what no other may: it signs (``gateways``), sends, looks
whether it arrived (the vault), and must leave no evidence. A drill is opened before it is sent, so
that the listener holds the contact to be a probe; what reaches no contact point of the vault is
refused. The sample does not travel through the service or the phone: that it arrives proves the
listener, the settings and the way to them, and nothing of the contact point. `honeytoken drill`
does that.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from . import gateways, normalize
from .doctor import Check
from .drill.reach import Addresses
from .errors import HoneytokenError, InvalidIdentifier, InvalidInput, NotFound, Refused
from .gateways.twilio import Twilio
from .messages import translate as _
from .models import Contact, ContactPoint, ContactPointKind, ContactPointState, Disposition, Medium
from .settings import Settings, options_of
from .store import drills
from .vault import Vault

if TYPE_CHECKING:
    import httpx

#: What is told of a trial; the names of its checks.
STEPS = ("recipient", "answer", "stored", "repeated")
_TIMEOUT_S = 20.0
_DEADLINE = timedelta(minutes=5)
#: The sample is among the latest contacts, or it did not come.
_LATEST = 200
_GONE = (ContactPointState.RETIRED, ContactPointState.BURNT)
_MAIL = (ContactPointKind.MAILBOX, ContactPointKind.EMAIL_DOMAIN)
_REACHED = (ContactPointKind.PHONE_NUMBER, *_MAIL)


@dataclass(frozen=True, slots=True)
class SetUp:
    """A gateway of the settings."""

    name: str
    kind: str
    #: Path of its hook; ``None`` for mail.
    hook: str | None
    #: Contact points that are said to be heard through it.
    contact_points: int
    #: Why it cannot be used; ``None`` if it can.
    problem: str | None = None


def listed(vault: Vault) -> list[SetUp]:
    """Return the gateways of a vault's settings, in their order; nothing is sent."""
    points = [point for point in vault.pool.list() if point.state not in _GONE]
    heard_through = [point.gateway for point in points]
    numbers = {point.value for point in points}
    found = []
    for name, table in vault.settings.gateways.items():
        problem = None
        try:
            gateway = _built(vault.settings, name)
        except HoneytokenError as error:
            problem = str(error)
        else:
            if isinstance(gateway, Twilio) and gateway.call_answer.forward_to in numbers:
                problem = _("forward_to is a number of the pool: calls would go in a circle.")
        found.append(
            SetUp(
                name=name,
                kind=str(table.get("kind", "")),
                hook=None if gateways.is_mail(table) else f"/hooks/{name}",
                contact_points=heard_through.count(name),
                problem=problem,
            )
        )
    return found


def run(
    vault: Vault, name: str, *, to: str | None = None, url: str | None = None
) -> Iterator[Check]:
    """Send a sample and tell, step by step, what became of it; ends at the first that failed.

    Args:
        vault: the listener's.
        name: of the gateway in the settings.
        to: whom the sample reaches: a number, a mail address, or the id of a contact point; by
            default the first contact point that is heard through this gateway. Of a mail domain it
            is a canary's address.
        url: the whole address of the hook as its service calls it; by default the listener of the
            settings.

    Raises:
        NotFound: there is no such gateway.
        SettingsError: it is not set up rightly.
        InvalidInput: *url* is not a web address.
        Refused: *to* is no contact point of the vault, or nobody answers.
    """
    if name not in vault.settings.gateways:
        raise NotFound("gateway", name, known=vault.settings.gateways)
    gateway = _built(vault.settings, name)
    point, recipient = _recipient(vault, name, to)
    sender = _sender(vault.settings, gateway, name, url)
    medium = Medium.EMAIL if point.kind in _MAIL else Medium.SMS
    now = vault.clock()
    marker = f"honeytoken {secrets.token_hex(8)}"
    with vault.store.write() as tx:
        drills.open_drill(
            tx,
            contact_point_id=point.id,
            medium=medium,
            marker=marker,
            deadline=now + _DEADLINE,
            via=drills.SAMPLE,
        )
    yield Check("recipient", True, _("contact point {id}.").format(id=point.id))
    first = sender.send(to=recipient, text=marker, now=now)
    yield first
    if not first.ok:
        return
    stored = _stored(vault, marker, since=now - _DEADLINE)
    yield _found(stored)
    if len(stored) == 1 and sender.repeats:
        again = sender.send(to=recipient, text=marker, now=now)
        yield _compared(first, again, _stored(vault, marker, since=now - _DEADLINE))


def _built(settings: Settings, name: str) -> gateways.Gateway | gateways.MailGateway:
    options = options_of(settings, "gateways", name)
    if gateways.is_mail(options):
        return gateways.build_mail(name, options)
    return gateways.build(name, options)


# --- whom it reaches ---


def _recipient(vault: Vault, name: str, to: str | None) -> tuple[ContactPoint, str]:
    """Return the contact point that the sample reaches, and what stands in it as recipient."""
    points = [point for point in vault.pool.list() if point.value]
    addresses = Addresses(vault.store, random.SystemRandom())
    if to is None:
        heard = [
            point
            for point in points
            if point.gateway == name and point.state not in _GONE and point.kind in _REACHED
        ]
        for point in heard:
            reached = addresses.of(point)
            if reached is not None:
                return point, reached
        if heard:
            raise _nobody_in_domain()
        raise Refused(
            _("no contact point is heard through this gateway."),
            hint=_(
                "Name one with --to, or add one: `honeytoken pool add ... --gateway {name}`."
            ).format(name=name),
        )
    for point in points:
        if point.id == to and point.kind in _REACHED:
            reached = addresses.of(point)
            if reached is None:
                raise _nobody_in_domain()
            return point, reached
        reached = _as_reached(point, to)
        if reached is not None:
            return point, reached
    raise Refused(
        _("this is no contact point of the vault."),
        hint=_("A sample only goes where it cannot be taken for evidence: `honeytoken pool list`."),
    )


def _nobody_in_domain() -> Refused:
    return Refused(
        _("no canary has an address in the mail domain yet."),
        hint=_("Mint one with `honeytoken mint --require email`, or name an address with --to."),
    )


def _as_reached(point: ContactPoint, to: str) -> str | None:
    """Return *to* in canonical form if it reaches *point*."""
    try:
        if point.kind is ContactPointKind.PHONE_NUMBER:
            number = normalize.phone_number(to, region=point.region)
            return number if number == point.value else None
        if point.kind in _MAIL:
            email = normalize.email(to)
            return email if point.value in (email, email.rpartition("@")[2]) else None
    except InvalidIdentifier:
        pass
    return None


# --- sending ---


class _Hook:
    """Posts to a hook over HTTP."""

    repeats = True

    def __init__(self, gateway: gateways.Sampling, url: str, *, is_ours: bool) -> None:
        self._gateway = gateway
        self._url = url
        self._is_ours = is_ours

    def send(self, *, to: str, text: str, now: datetime) -> Check:
        import httpx  # only who sends waits for it

        sample = self._gateway.sample(to=to, text=text, now=now)
        url = self._url if "?" in self._url or not sample.query else f"{self._url}?{sample.query}"
        try:
            # A proxy of the environment has nothing to do with a listener of our own.
            with httpx.Client(timeout=_TIMEOUT_S, trust_env=not self._is_ours) as client:
                answer = client.request(
                    sample.method, url, content=sample.body, headers=dict(sample.headers)
                )
        except httpx.InvalidURL as err:
            raise _no_url() from err
        except (httpx.HTTPError, OSError) as err:
            raise Refused(
                _("nobody answers at {place}.").format(place=_place(self._url)),
                hint=_(
                    "Is `honeytoken listen` running? If it is elsewhere, name the hook with --url."
                ),
            ) from err
        return _answered(answer, _place(self._url))


class _Mail:
    """Sends to the mail server of the listener. Each mail is another: there is no repeat."""

    repeats = False

    def __init__(self, gateway: gateways.MailGateway) -> None:
        self._gateway = gateway

    def send(self, *, to: str, text: str, now: datetime) -> Check:
        from .gateways.mail import SmtpGateway
        from .listen.smtp_sample import send_sample

        if not isinstance(self._gateway, SmtpGateway):
            raise Refused(
                _("honeytoken does not send to a mailbox."),
                hint=_("Write a mail to it from anywhere, or use `honeytoken drill`."),
            )
        return Check("answer", True, send_sample(self._gateway, to=to, text=text, now=now))


def _sender(
    settings: Settings,
    gateway: gateways.Gateway | gateways.MailGateway,
    name: str,
    url: str | None,
) -> _Hook | _Mail:
    if not isinstance(gateway, gateways.Sampling):
        if url is not None:
            raise InvalidInput(_("mail has no web address."), hint=_("Leave out --url."))
        return _Mail(gateway)
    if url is None:
        return _Hook(gateway, f"{listener_url(settings)}/hooks/{name}", is_ours=True)
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise _no_url()
    return _Hook(gateway, url.partition("#")[0], is_ours=False)


def _no_url() -> InvalidInput:
    return InvalidInput(
        _("this is not a web address."),
        hint=_("The whole address of the hook: https://hooks.shop.example/hooks/NAME."),
    )


def listener_url(settings: Settings) -> str:
    """Return where the listener of these settings answers on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.listen.host, settings.listen.host)  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{settings.listen.port}"


def _place(url: str) -> str:
    """Return scheme, host and port of *url*: the rest may hold a password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


# --- what became of it ---


def _answered(answer: httpx.Response, place: str) -> Check:
    status = answer.status_code
    if status in (200, 204):
        message = _("{status}; {place} took it.").format(status=status, place=place)
        return Check("answer", True, message)
    hints = {
        401: _("The listener runs with another secret: start it again after a change."),
        403: _("The listener runs with another secret or public_url: start it again."),
        404: _("The listener does not know this gateway: start it again, or look at the address."),
        503: _("The listener cannot store at the moment: `honeytoken doctor`."),
    }
    return Check(
        "answer",
        ok=False,
        message=_("{status}; {place} did not take it.").format(status=status, place=place),
        hint=hints.get(status),
    )


def _stored(vault: Vault, marker: str, *, since: datetime) -> list[Contact]:
    latest = vault.contacts.list(since=since, limit=_LATEST)
    return [contact for contact in latest if marker in (contact.body or "")]


def _found(stored: list[Contact]) -> Check:
    if not stored:
        return Check(
            "stored",
            ok=False,
            message=_("it is not in this vault."),
            hint=_("The listener that answered works on another vault."),
        )
    contact = stored[0]
    if contact.disposition is not Disposition.PROBE:
        return Check(
            "stored",
            ok=False,
            message=_("contact {id} is not held to be a probe.").format(id=contact.id),
            hint=_("`honeytoken contacts classify {id} probe`").format(id=contact.id),
        )
    return Check("stored", True, _("contact {id}, a probe: no evidence.").format(id=contact.id))


def _compared(first: Check, again: Check, stored: list[Contact]) -> Check:
    if again == first and len(stored) == 1:
        return Check("repeated", True, _("the same answer, and stored once."))
    return Check("repeated", False, _("sent again, it was not the same delivery."))

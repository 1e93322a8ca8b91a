"""What must hold before the listener starts: it asks that of itself, and so does the doctor.

One list for both, so that a vault which the doctor holds to be sound is one that starts. No port is
taken; whether one is free can only be known by taking it.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import ip_address

from . import gateways
from .drill import schedule, sender_tables
from .drill.senders import Sender
from .errors import SettingsError
from .gateways.mail import SmtpGateway
from .messages import translate as _
from .notify import sinks
from .settings import options_of
from .vault import Vault

_BACKLOG = 2048
#: Looks whether something may start; raises :class:`.HoneytokenError` if not.
Look = Callable[[], object]


def looks(vault: Vault, *, host: str | None = None) -> Iterator[tuple[str, Look]]:
    """Return what must hold, each by the name of the doctor's check.

    Args:
        vault: whose listener is to start.
        host: to listen on; default ``listen.host``.
    """
    settings = vault.settings
    yield "listener", partial(own_address, host or settings.listen.host)
    for name in settings.gateways:
        yield f"gateway {name}", partial(gateway, vault, name)
    for name in settings.senders:
        yield f"sender {name}", partial(sender, vault, name)
    yield "drills", partial(schedule.check, settings.drill)
    for name in settings.alerts:
        yield f"alert {name}", partial(sink, vault, name)


def gateway(vault: Vault, name: str) -> gateways.Gateway | gateways.MailGateway:
    """Return a gateway of the settings, ready to be served. Raises :class:`SettingsError`."""
    options = options_of(vault.settings, "gateways", name)
    if not gateways.is_mail(options):
        return gateways.build(name, options)
    built = gateways.build_mail(name, options)
    if isinstance(built, SmtpGateway):
        # Imported here: it needs packages of the extra "mail".
        from .listen.smtp import SmtpServer

        # Reads certificate and key.
        SmtpServer(built, vault.store, folder=vault.folder, clock=vault.clock)
        own_address(built.host, hint=_wrong_host(name))
    return built


def sender(vault: Vault, name: str) -> Sender:
    """Return a sender of the settings. Raises :class:`SettingsError`."""
    return sender_tables.build(name, options_of(vault.settings, "senders", name))


def sink(vault: Vault, name: str) -> sinks.Sink:
    """Return a sink of the settings. Raises :class:`SettingsError`."""
    return sinks.build(name, options_of(vault.settings, "alerts", name))


def own_address(host: str, *, hint: str | None = None) -> None:
    """Look whether *host* is an address of this machine; a name is resolved.

    Raises:
        SettingsError: it is not, or the name does not resolve.
    """
    bind(host, 0, hint=hint).close()


def _wrong_host(name: str) -> str:
    return _("Correct host in [gateways.{name}] of honeytoken.toml.").format(name=name)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches *host*, which :func:`own_address` holds to be ours."""
    with bind(host, 0) as bound:
        return ip_address(bound.getsockname()[0].partition("%")[0]).is_loopback


def bind(host: str, port: int, *, hint: str | None = None) -> socket.socket:
    """Return a bound socket; port 0 takes a free one.

    Raises:
        SettingsError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio does not switch off delayed sending: 40 ms a reply.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let two listeners share a port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        # From here on callers wait instead of being turned away, while the server starts.
        bound.listen(_BACKLOG)
    except (OSError, OverflowError, TypeError, ValueError) as err:
        bound.close()
        raise _cannot_bind(err, host, port, hint) from err
    return bound


def _cannot_bind(error: Exception, host: str, port: int, hint: str | None) -> SettingsError:
    code = error.errno if isinstance(error, OSError) else None
    # A name with bytes that no name has is a UnicodeError.
    if isinstance(error, socket.gaierror | UnicodeError):
        return SettingsError(
            _("the host name {host} does not resolve.").format(host=host),
            hint=hint or _("Correct listen.host in honeytoken.toml, or --host."),
        )
    if code == errno.EADDRNOTAVAIL:
        return SettingsError(
            _("{host} is no address of this machine.").format(host=host),
            hint=hint or _("Correct listen.host in honeytoken.toml, or --host."),
        )
    message = _("the listener cannot use {host} port {port}.").format(host=host, port=port)
    if code == errno.EACCES:
        return SettingsError(
            message, hint=_("Ports below 1024 are not for every user: choose a higher one.")
        )
    return SettingsError(
        message, hint=hint or _("Is another one running there? Choose another with --port.")
    )

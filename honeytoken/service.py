"""The one process: the listener, assembled and served by uvicorn."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from . import drill, gateways
from .errors import StoreError
from .gateways import mail
from .listen import Intake, application
from .messages import translate as _
from .notify.sinks import Sink, built_sinks
from .notify.worker import sending
from .purge import keeping
from .settings import options_of
from .startup import bind, looks
from .vault import Vault

if TYPE_CHECKING:
    import uvicorn

#: How long a request under way may take once the listener was told to stop.
SHUTDOWN_S = 20
_KEEP_ALIVE_S = 30
#: HTTP connections at one time.
MAX_CONNECTIONS = 2048
_START_S = 10.0


def built_gateways(vault: Vault) -> dict[str, gateways.Gateway]:
    """Return the hooks of a vault's settings, by name.

    Raises:
        SettingsError: one is not set up rightly.
    """
    return {
        name: gateways.build(name, options)
        for name, options in _tables(vault)
        if not gateways.is_mail(options)
    }


def _tables(vault: Vault) -> Iterator[tuple[str, Mapping[str, object]]]:
    for name in vault.settings.gateways:
        yield name, options_of(vault.settings, "gateways", name)


def _mail_intakes(
    vault: Vault, stack: ExitStack, *, on_mail: Callable[[str], None] | None = None
) -> list[Intake]:
    """Return the ways in for mail, their sockets bound; *stack* closes what was not used."""
    intakes: list[Intake] = []
    for name, options in _tables(vault):
        if not gateways.is_mail(options):
            continue
        gateway = gateways.build_mail(name, options)
        # Imported here: they need packages of the extra "mail".
        if isinstance(gateway, mail.SmtpGateway):
            from .listen.smtp import SmtpServer

            server = SmtpServer(gateway, vault.store, folder=vault.folder, clock=vault.clock)
            hint = _("Set another port in [gateways.{name}].").format(name=name)
            bound = stack.enter_context(bind(gateway.host, gateway.port, hint=hint))
            if on_mail is not None:
                on_mail(_address(bound))
            intakes.append(partial(server.serving, bound))
        elif isinstance(gateway, mail.ImapGateway):
            from .listen.imap import Mailbox

            intakes.append(Mailbox(gateway, vault.store, clock=vault.clock).reading)
    return intakes


def serve(
    vault: Vault,
    *,
    host: str | None = None,
    port: int | None = None,
    on_ready: Callable[[str], None] | None = None,
    on_mail: Callable[[str], None] | None = None,
) -> None:
    """Run the listener until the process is told to stop (SIGINT, SIGTERM); then drain.

    Args:
        vault: open.
        host: default ``listen.host``.
        port: default ``listen.port``.
        on_ready: called with the listener's URL before the first request is taken.
        on_mail: called before with host and port of each mail server.

    Raises:
        SettingsError: a gateway or sink is not set up rightly, or the address is taken.
    """
    settings = vault.settings.listen
    for _name, look in looks(vault, host=host):
        look()
    with ExitStack() as stack:
        bound = bind(host or settings.host, settings.port if port is None else port)
        stack.enter_context(bound)
        sinks = built_sinks(vault.settings)
        server = _server(vault, _mail_intakes(vault, stack, on_mail=on_mail), sinks)
        stack.enter_context(drill.working(vault.store, vault.settings))
        stack.enter_context(sending(vault.store, sinks))
        stack.enter_context(keeping(vault.purge))
        _settle(MAX_CONNECTIONS)
        if on_ready is not None:
            on_ready(_url(bound))
        server.run(sockets=[bound])


def _settle(connections: int) -> None:
    """Make the process ready for a long and busy life."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * connections if hard == resource.RLIM_INFINITY else min(2 * connections, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    # What is loaded by now stays: the collector need not walk it again for every few hundred
    # deliveries. Worth a sixth of the listener's time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@contextmanager
def running(vault: Vault, *, port: int = 0) -> Iterator[str]:
    """Run the listener on loopback in a thread while the block lasts; gives its URL.

    For demos and tests: the same application and server as :func:`serve`.
    """
    with ExitStack() as stack:
        bound = stack.enter_context(bind("127.0.0.1", port))
        sinks = built_sinks(vault.settings)
        server = _server(vault, _mail_intakes(vault, stack), sinks)
        stack.enter_context(drill.working(vault.store, vault.settings))
        stack.enter_context(sending(vault.store, sinks))
        stack.enter_context(keeping(vault.purge))
        failed: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(server.serve(sockets=[bound]))
            except BaseException as err:
                failed.append(err)

        thread = threading.Thread(target=run, name="honeytoken-listener", daemon=True)
        thread.start()
        waited = 0.0
        while not server.started and not failed and waited < _START_S:
            thread.join(0.01)
            waited += 0.01
        if not server.started:
            raise StoreError(_("the listener did not start."))
        try:
            yield _url(bound)
        finally:
            server.should_exit = True
            thread.join(SHUTDOWN_S + 5)


def _server(vault: Vault, intakes: Sequence[Intake], sinks: Mapping[str, Sink]) -> uvicorn.Server:
    # Imported here: only the listener needs an HTTP server.
    import uvicorn

    from .listen.http import impatient

    app = application(
        vault.store,
        built_gateways(vault),
        vault.settings.listen,
        clock=vault.clock,
        intakes=intakes,
        sinks={name: sink.dispositions for name, sink in sinks.items()},
    )
    config = uvicorn.Config(
        app,
        http=impatient(vault.settings.listen.read_timeout_s, max_idle=MAX_CONNECTIONS // 2),
        # More are answered 503: each connection costs a file.
        limit_concurrency=MAX_CONNECTIONS,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="on",
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        # Never trust headers about where a request came from.
        proxy_headers=False,
    )

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn raises them again when it has drained, and SIGTERM would then end the process
            # with alerts unsent and the vault open. To have drained is all that they asked for.
            with super().capture_signals():
                yield
                self._captured_signals.clear()

    return Server(config)


def _url(bound: socket.socket) -> str:
    return f"http://{_address(bound)}"


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

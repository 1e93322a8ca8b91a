"""``honeytoken listen``: run the service until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
import time
from types import FrameType

import click

from ..messages import translate as _
from . import output
from .parameters import NAME
from .session import open_vault


@click.command("listen", help=_("Take what the gateways send, until Ctrl-C."))
@click.option("--host", type=NAME, help=_("Address to bind; else as in the settings (127.0.0.1)."))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=_("Port; 0 takes a free one; else as in the settings."),
)
def listen_command(*, host: str | None, port: int | None) -> None:
    """Run ``honeytoken listen``."""
    from ..service import serve

    vault = open_vault()
    _log_to_stderr()
    # A service manager stops a process with SIGTERM: end as after Ctrl-C, with the vault closed.
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        serve(vault, host=host, port=port, on_ready=_ready, on_mail=_mail)
    except KeyboardInterrupt:
        # Before it was ready, or once more while alerts were still being sent.
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
    output.say(_("Stopped. Whatever was accepted is stored."))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _mail(address: str) -> None:
    output.say(_("Listening for mail (SMTP) on {address}.").format(address=address))


def _ready(url: str) -> None:
    output.say(_("Listening: gateways post to {url}/hooks/NAME. Ctrl-C stops.").format(url=url))
    sys.stderr.flush()


def _log_to_stderr() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        stream=sys.stderr,
        format="%(asctime)sZ %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    logging.getLogger("honeytoken").setLevel(logging.INFO)

"""Chat services and mail through ``apprise``, in a process of its own.

apprise speaks over a hundred protocols with libraries of its choice. In a process of its own all
of them can be held to two rules that none knows of: no connection but to the internet (see
:mod:`.guarded`), and an end after so many seconds, whatever hangs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec

from ..errors import Refused
from ..messages import translate as _
from ..options import Options
from . import addresses, sinks
from .guarded import ALLOWED, READ, REFUSED, SENT, TEXT, TITLE, URL
from .sinks import Outcome
from .wording import Message

TIMEOUT_S = 45.0
#: WeCom takes the least: 2,048 bytes.
_MAX_TEXT_BYTES = 1_800
#: Variables that tell HTTP clients to go another way, or with whose password.
_DROPPED = frozenset(
    {
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"),
        *("NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    }
)


@dataclass(frozen=True, slots=True)
class Chat:
    """One apprise URL."""

    url: str = field(repr=False)
    allowed: frozenset[str] = field(repr=False)
    timeout_s: float = TIMEOUT_S

    def send(self, message: Message, *, at: datetime) -> Outcome:
        """Send *message*; see :class:`.Transport`."""
        if find_spec("apprise") is None:
            return Outcome(sinks.NO_APPRISE)
        try:
            answer = self._asked({TITLE: message.title, TEXT: _cut(message.text)})
        except subprocess.TimeoutExpired:
            return Outcome(sinks.TIMEOUT)
        except OSError:
            return Outcome(sinks.NOT_DELIVERED)
        words = {SENT: None, REFUSED: sinks.REFUSED_ADDRESS}
        return Outcome(words.get(answer, sinks.NOT_DELIVERED))

    def check(self) -> None:
        """Look whether apprise can read the URL; see :class:`.Transport`."""
        try:
            answer = self._asked({})
        except (subprocess.TimeoutExpired, OSError):
            return  # the machine is busy: no answer is no reason
        if answer == REFUSED:
            raise addresses.refused()
        if answer != READ:
            raise Refused(
                _("apprise cannot read the URL."),
                hint=_("How each service's URL is written: docs/alerts.md."),
            )

    def _asked(self, more: Mapping[str, str]) -> str:
        """Return what the process answers to a job for this URL."""
        # Through a pipe: what stands in the arguments of a process, everybody may read.
        job = {URL: self.url, ALLOWED: sorted(self.allowed), **more}
        done = subprocess.run(
            # Not from the folder it happens to be started in.
            [sys.executable, "-P", "-m", "honeytoken.notify.guarded"],
            input=json.dumps(job).encode("ascii"),
            stdout=subprocess.PIPE,
            # What libraries log may hold the URL.
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=self.timeout_s,
            # Ctrl-C at the listener is no reason to break off what is being said.
            start_new_session=True,
            check=False,
        )
        return done.stdout.decode("ascii", "replace")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper() not in _DROPPED}
    # The settings and secrets of this process are none of apprise's.
    kept = {name: value for name, value in kept.items() if not name.startswith("HONEYTOKEN_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _cut(text: str) -> str:
    encoded = text.encode("utf-8")
    if len(encoded) <= _MAX_TEXT_BYTES:
        return text
    return encoded[:_MAX_TEXT_BYTES].decode("utf-8", "ignore") + "…"


def chat(options: Options, *, allowed: frozenset[str]) -> Chat:
    """Return the transport of a table of kind ``apprise``.

    Raises:
        SettingsError: the URL is missing, or apprise is not installed.
    """
    url = options.secret("url")
    if url is None:
        options.refuse("url", _("{key} is missing."))
    if find_spec("apprise") is None:
        options.refuse(
            "kind",
            _("{key} needs the package apprise."),
            hint=_("Install it with: pip install 'honeytoken[alerts]'"),
        )
    return Chat(url, allowed=allowed)

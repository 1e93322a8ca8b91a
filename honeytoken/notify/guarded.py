"""The process in which apprise runs: it reads one job from stdin and answers with one word.

An audit hook (PEP 578) sees every connection that Python code asks for, of whichever library,
just before it is made, with the very address that is connected to: no second look-up can change
it, and a redirect is another connection that it sees. It cannot be taken away again. What it does
not see is a C extension that opens sockets by itself; no plug-in of apprise is known to use one.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from .addresses import canonical_host, is_public

#: Keys of a job.
URL, TITLE, TEXT, ALLOWED = "url", "title", "text", "allowed"
#: Answers.
SENT, REFUSED, JOB_FAILED = "sent", "refused", "failed"
#: To a job without a text: apprise can read the URL.
READ = "read"

_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOCALHOST = frozenset({"localhost", "127.0.0.1", "::1"})
#: A plug-in that starts a program would leave the guard behind.
_LEAVING = frozenset(
    {
        *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
        *("os.forkpty", "pty.spawn"),
    }
)


class Guard:
    """Refuses connections to addresses that are not of the internet, unless they are allowed."""

    def __init__(self, allowed: Sequence[str]) -> None:
        #: Hosts that may be private.
        self.names = frozenset(allowed)
        self._addresses = set(allowed)
        #: True once something was refused.
        self.refused = False

    def install(self) -> None:
        """Watch this process from here on."""
        resolve = socket.getaddrinfo

        def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
            found = resolve(host, *args, **kwargs)
            # The system's own look-up is not watched; what a name that is allowed leads to, is too.
            if self._is_allowed_name(host):
                self._addresses.update(str(sockaddr[0]) for *_rest, sockaddr in found)
            return found

        socket.getaddrinfo = getaddrinfo
        sys.addaudithook(self._watch)

    def _is_allowed_name(self, host: object) -> bool:
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        with suppress(ValueError):
            return canonical_host(text) in self.names
        return False

    def _watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _LEAVING:
            self._refuse()
        if event in _CONNECTING:
            address = arguments[1]
            # A datagram of a connected socket has no address of its own; a path is a local socket.
            if address is None and event == "socket.sendmsg":
                return
            if not isinstance(address, tuple) or not self.may_reach(str(address[0])):
                self._refuse()

    def may_reach(self, host: str) -> bool:
        """Tell whether an address may be connected to."""
        # A name here would be resolved after this look: only addresses.
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return is_public(address) or str(address) in self._addresses

    def _refuse(self) -> None:
        self.refused = True
        # An OSError is what libraries expect of a connection that cannot be made.
        raise PermissionError


def deliver(job: dict[str, Any]) -> str:
    """Send what *job* says; return the answer."""
    guard = Guard(job[ALLOWED])
    guard.install()
    try:
        if TEXT not in job:
            return _read(job[URL], guard)
        sent = _notify(job[URL], job[TITLE], job[TEXT])
    except Exception:
        # Plug-ins raise what they like, and their words may hold the URL.
        sent = False
    if sent:
        return SENT
    return REFUSED if guard.refused else JOB_FAILED


def _read(url: str, guard: Guard) -> str:
    service = _service(url)
    if service is None:
        return JOB_FAILED
    host = getattr(service, "smtp_host", None) or getattr(service, "host", None)
    # A name is looked at once it was resolved, which only the service's own library does.
    if host == "localhost":
        return READ if guard.names & _LOCALHOST else REFUSED
    return REFUSED if _is_address(host) and not guard.may_reach(str(host)) else READ


def _is_address(host: object) -> bool:
    with suppress(ValueError):
        return isinstance(host, str) and bool(ip_address(host))
    return False


def _notify(url: str, title: str, text: str) -> bool:
    import apprise

    service = _service(url)
    if service is None:
        return False
    everybody = apprise.Apprise()
    everybody.add(service)
    return bool(everybody.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT))


def _service(url: str) -> Any:
    """Return what apprise makes of the URL, ``None`` if nothing."""
    import apprise

    # Nothing is kept on disk: caches of some plug-ins hold tokens.
    options: dict[str, Any] = {"storage_mode": "memory", "async_mode": False}
    # A receiver that says it has moved is not followed (apprise 1.10 and later can say so).
    if hasattr(apprise.AppriseAsset, "http_redirects"):
        options["http_redirects"] = False
    return apprise.Apprise.instantiate(
        url, asset=apprise.AppriseAsset(**options), suppress_exceptions=True
    )


def main() -> None:
    """Run the job on stdin."""
    job = json.loads(sys.stdin.buffer.read())
    # The answer alone may stand on stdout, whatever a plug-in prints.
    answer, sys.stdout = sys.stdout, sys.stderr
    answer.write(deliver(job))
    answer.flush()


if __name__ == "__main__":
    main()

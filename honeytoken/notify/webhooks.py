"""Standard Webhooks, outgoing: signed, to the address that was checked, without redirects.

Source: the Standard Webhooks specification, v1 symmetric signatures and operational
recommendations (timeouts, 410, ``Retry-After``).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache

import httpx

from ..errors import Refused
from ..gateways.standard_webhooks import signature
from ..messages import translate as _
from ..options import Options
from . import addresses, sinks
from .addresses import AddressRefused, Resolve, Target
from .sinks import Outcome
from .wording import Message

#: All of an attempt, from the look-up of the name to the answer's headers.
TIMEOUT_S = 20.0
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32,}={0,2}")


@dataclass(frozen=True, slots=True)
class Webhook:
    """One URL that takes Standard Webhooks."""

    target: Target
    secret: str = field(repr=False)
    allowed: frozenset[str] = field(repr=False)
    resolve: Resolve = field(repr=False, default=addresses.system_resolve)
    timeout_s: float = TIMEOUT_S

    def send(self, message: Message, *, at: datetime) -> Outcome:
        """Send *message*; see :class:`.Transport`."""
        return asyncio.run(self._send(message, at))

    def check(self) -> None:
        """Look where the URL leads; see :class:`.Transport`."""
        try:
            addresses.checked(self.target.host, allowed=self.allowed, resolve=self.resolve)
        except OSError as err:
            raise Refused(
                _("the host of the URL does not resolve."),
                hint=_("Correct url in honeytoken.toml, or the name service of this machine."),
            ) from err

    async def _send(self, message: Message, at: datetime) -> Outcome:
        body = message.body(at)
        timestamp = int(at.timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": "honeytoken",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self.secret, message.id, timestamp, body),
        }
        try:
            # One limit for everything: a receiver that sends a byte now and then meets it, too.
            async with asyncio.timeout(self.timeout_s):
                return await self._post(body, headers, at)
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(sinks.TIMEOUT)
        except AddressRefused:
            return Outcome(sinks.REFUSED_ADDRESS)
        except httpx.ConnectError as error:
            return Outcome(sinks.TLS if _is_tls(error) else sinks.CONNECTION)
        except httpx.TransportError:
            return Outcome(sinks.CONNECTION)
        except OSError:
            return Outcome(sinks.UNRESOLVED)

    async def _post(self, body: bytes, headers: dict[str, str], at: datetime) -> Outcome:
        found = await asyncio.to_thread(
            addresses.checked, self.target.host, allowed=self.allowed, resolve=self.resolve
        )
        url = httpx.URL(self.target.url)
        # Not a client: that would log the URL, follow redirects if told to, and ask the environment
        # for proxies and passwords.
        async with httpx.AsyncHTTPTransport(
            verify=_certificates() if self.target.scheme == "https" else False, trust_env=False
        ) as transport:
            for left, address in zip(reversed(range(len(found))), found, strict=True):
                request = httpx.Request(
                    "POST",
                    # The very address that was checked; certificate and Host are the name's.
                    url.copy_with(host=address),
                    content=body,
                    headers={**headers, "host": url.netloc.decode("ascii")},
                    extensions={"sni_hostname": self.target.host},
                )
                try:
                    # The answer's body is not read: the status says it all.
                    answer = await transport.handle_async_request(request)
                except httpx.ConnectError as error:
                    if not left or _is_tls(error):
                        raise
                    continue
                await answer.aclose()
                return _outcome(answer, at)
        raise OSError


@cache
def _certificates() -> ssl.SSLContext:
    """Return whom we trust, read once: it takes longer than a request."""
    # Here the environment may speak: SSL_CERT_FILE names the authority of a house of one's own.
    return httpx.create_ssl_context()


def _is_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _outcome(answer: httpx.Response, at: datetime) -> Outcome:
    if answer.is_success:
        return Outcome()
    return Outcome(str(answer.status_code), _retry_after(answer.headers.get("retry-after"), at))


def _retry_after(value: str | None, at: datetime) -> timedelta | None:
    """Return what ``Retry-After`` says (RFC 9110, section 10.2.3): seconds or a date."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return timedelta(seconds=int(value))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(until - at, timedelta(0))


def webhook(options: Options, *, allowed: frozenset[str]) -> Webhook:
    """Return the transport of a table of kind ``standard_webhooks``.

    Raises:
        SettingsError: URL or secret are missing or cannot be used.
    """
    url = options.secret("url")
    if url is None:
        options.refuse("url", _("{key} is missing."))
    try:
        target = addresses.parse(url)
    except ValueError as error:
        options.refuse("url", str(error))
    return Webhook(target, secret=_secret(options), allowed=allowed)


def _secret(options: Options) -> str:
    hint = _("A secret is whsec_ followed by base64 of 24 to 64 random bytes.")
    secret = options.secret("secret")
    if secret is None:
        options.refuse("secret", _("{key} is missing."), hint=hint)
    try:
        signature(secret, "msg", 0, b"")
    except ValueError:
        options.refuse("secret", _("{key} is not a Standard Webhooks secret."), hint=hint)
    if not _SECRET.fullmatch(secret):
        options.refuse("secret", _("{key} is too short."), hint=hint)
    return secret

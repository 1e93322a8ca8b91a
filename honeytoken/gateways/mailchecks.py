"""SPF, DKIM and DMARC results that a mail host the owner trusts wrote into a mail (RFC 8601).

Anybody may write such a header. It counts only if it is the topmost of its name and says that the
configured host wrote it: each host puts its own above what it received, and takes out those that
bear its name (RFC 8601, section 5).
"""

from __future__ import annotations

import importlib.util
from typing import Any

from ..errors import InvalidIdentifier
from ..models import CheckResult, MailChecks
from ..normalize import email_domain
from ..options import Options
from .mime import Mail

_HEADER = "authentication-results"
#: A real one is a few hundred characters.
_MAX_CHARS = 4_096


def is_installed() -> bool:
    """Tell whether the parser of these headers is there (extra ``mail``)."""
    return importlib.util.find_spec("authres") is not None


def authserv_id(options: Options) -> str | None:
    """Return the host whose results count, as the settings name it; ``None`` if none does."""
    value = options.text("authserv_id")
    return None if value is None else value.strip().lower()


def checks(mail: Mail, *, authserv_id: str | None) -> MailChecks | None:
    """Return what the trusted host found out about *mail*; ``None`` if it says nothing.

    Never raises: a header at which the library fails says nothing.
    """
    try:
        return _checks(mail, authserv_id)
    except Exception:
        return None


def _checks(mail: Mail, authserv_id: str | None) -> MailChecks | None:
    value = mail.first(_HEADER)
    if authserv_id is None or value is None or len(value) > _MAX_CHARS or not value.isascii():
        return None
    header = _parsed(value)
    if str(header.authserv_id).lower() != authserv_id:
        return None
    spf, dkim, dmarc = (_results(header, method) for method in ("spf", "dkim", "dmarc"))
    if not (spf or dkim or dmarc):
        return None
    return MailChecks(
        spf=_best(spf),
        dkim=_best(dkim),
        dmarc=_best(dmarc),
        domain=(
            _proven(dmarc, "header", "from")
            or _proven(dkim, "header", "d", "i")
            or _proven(spf, "smtp", "mailfrom", "helo")
        ),
    )


def _parsed(value: str) -> Any:
    # Imported here: it belongs to the extra "mail".
    import authres  # type: ignore[import-untyped]  # has no stubs

    return authres.AuthenticationResultsHeader.parse_value(value)


def _results(header: Any, method: str) -> list[Any]:
    # "none" stands there as a result without a method.
    found = ((str(getattr(item, "method", "")).lower(), item) for item in header.results)
    return [item for name, item in found if name == method]


def _result(found: Any) -> CheckResult | None:
    try:
        return CheckResult(str(found.result).lower())
    except ValueError:
        return None


def _best(results: list[Any]) -> CheckResult | None:
    """Return ``pass`` if one passed (a mail may bear several signatures), else the first."""
    known = [result for result in map(_result, results) if result is not None]
    return CheckResult.PASS if CheckResult.PASS in known else next(iter(known), None)


def _proven(results: list[Any], ptype: str, *names: str) -> str | None:
    """Return the domain of the first result that passed."""
    for found in results:
        if _result(found) is not CheckResult.PASS:
            continue
        properties = {
            str(item.name).lower(): str(item.value)
            for item in found.properties
            if str(item.type).lower() == ptype
        }
        for name in names:
            if properties.get(name):
                try:
                    return email_domain(properties[name])
                except InvalidIdentifier:
                    continue
    return None

"""The tree of errors. Messages are for people and hold nothing personal and no secret.

::

    HoneytokenError
    ├── InvalidIdentifier      a phone number, e-mail or address has no canonical form
    ├── InvalidInput           an argument, row or file cannot be used
    ├── NotFound               nothing has that name or id
    ├── AlreadyExists          the name or identifier is taken
    ├── Refused                understood, and not done: it would harm or mislead
    │   └── PoolExhausted      no contact point is left that may be used
    ├── SettingsError          honeytoken.toml or an environment variable is wrong
    ├── KeysError              the key file is missing, broken or not this store's
    │   ├── WrongKeys
    │   └── SealBroken         a sealed value was altered or moved
    ├── StoreError             the database cannot be used
    │   ├── StoreBusy          locked, full or out of reach: try again later
    │   └── SchemaTooNew       written by a newer honeytoken
    ├── LedgerBroken           an entry was altered, removed or reordered
    └── DeliveryRefused        a gateway refuses a delivery
        ├── BadSignature
        ├── StaleDelivery
        └── MalformedDelivery
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from .messages import translate as _


class HoneytokenError(Exception):
    """Base of all errors of this package.

    Args:
        message: what happened, for a person.
        hint: what to do about it, or ``None``.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        #: What happened, for a person.
        self.message = message
        #: What to do about it.
        self.hint = hint
        super().__init__(message)


def _kind(word: str) -> str:
    """Return what a thing is called in the language in use."""
    return {
        "channel": _("channel"),
        "route": _("route"),
        "canary": _("canary"),
        "placement": _("placement"),
        "contact": _("contact"),
        "contact point": _("contact point"),
        "alert": _("alert"),
        "alert sink": _("alert sink"),
        "gateway": _("gateway"),
        "sender": _("sender"),
        "expected sender": _("expected sender"),
        "phone_number": _("phone numbers"),
        "email_domain": _("mail domains"),
        "mailbox": _("mailboxes"),
        "address": _("addresses"),
    }.get(word, word)


def _field(kind: str) -> str:
    """Return what a field of an identity is called in the language in use."""
    return {
        "phone_number": _("phone_number"),
        "email": _("email"),
        "email_domain": _("email_domain"),
        "name": _("name"),
        "address": _("address"),
    }.get(kind, kind)


class InvalidIdentifier(HoneytokenError, ValueError):
    """A phone number, e-mail or address cannot be put in canonical form."""

    def __init__(self, kind: str, reason: str) -> None:
        #: The ``Identity`` field concerned, such as ``"phone_number"``.
        self.kind = kind
        #: What is wrong, for a person; never contains the value.
        self.reason = reason
        super().__init__(
            _("{kind} is not usable: {reason}").format(kind=_field(kind), reason=reason)
        )


class InvalidInput(HoneytokenError, ValueError):
    """An argument, a row or a file cannot be used."""


class NotFound(HoneytokenError, LookupError):
    """Nothing has that name or id.

    Args:
        kind: what was looked for, such as ``"channel"``.
        name: what the caller asked for; never a personal value.
        known: the names that exist, from which a close one is suggested.
    """

    def __init__(self, kind: str, name: str, *, known: Iterable[str] = ()) -> None:
        self.kind = kind
        self.name = name
        #: The closest known name, or ``None``.
        self.suggestion = next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), None)
        hint = _('Did you mean "{name}"?').format(name=self.suggestion) if self.suggestion else None
        message = _('there is no {kind} "{name}".').format(kind=_kind(kind), name=name)
        super().__init__(message, hint=hint)


class AlreadyExists(HoneytokenError, ValueError):
    """The name or identifier is taken."""


class Refused(HoneytokenError):
    """Understood, and not done: it would harm somebody or mislead."""


class PoolExhausted(Refused):
    """No contact point is left that may be used."""

    def __init__(self, kind: str, *, wanted: int, available: int, hint: str) -> None:
        #: ``ContactPointKind`` that ran out.
        self.kind = kind
        self.wanted = wanted
        self.available = available
        message = _("the pool has room for {available} of {wanted} canaries ({kind}).").format(
            available=available, wanted=wanted, kind=_kind(kind)
        )
        super().__init__(message, hint=hint)


class SettingsError(HoneytokenError, ValueError):
    """``honeytoken.toml`` or an environment variable is wrong."""


class KeysError(HoneytokenError):
    """The key file is missing, broken, or does not belong to this store."""


class WrongKeys(KeysError):
    """The keys are well formed but are not those of this store."""


class SealBroken(KeysError):
    """A sealed value was altered, or moved from another row or column."""

    def __init__(self, table: str, column: str) -> None:
        self.table = table
        self.column = column
        message = _("a sealed value in {table}.{column} was altered or moved.").format(
            table=table, column=column
        )
        super().__init__(
            message, hint=_("Restore the store from a backup; `honeytoken ledger verify` helps.")
        )


class StoreError(HoneytokenError):
    """The database cannot be used."""


class StoreBusy(StoreError):
    """The database is locked, full or out of reach just now; nothing was written."""


class SchemaTooNew(StoreError):
    """The store was written by a newer honeytoken."""


class LedgerBroken(HoneytokenError):
    """An entry of the ledger was altered, removed or reordered.

    Args:
        seq: number of the first entry that does not fit.
        reason: what does not fit.
    """

    def __init__(self, seq: int, reason: str) -> None:
        self.seq = seq
        self.reason = reason
        super().__init__(_("ledger entry {seq}: {reason}").format(seq=seq, reason=reason))


class DeliveryRefused(HoneytokenError):
    """A gateway refuses a delivery. ``status`` is the HTTP status to answer with."""

    status = 400


class BadSignature(DeliveryRefused):
    """The proof of who delivered it is missing or wrong."""

    status = 403


class StaleDelivery(DeliveryRefused):
    """The proof is older, or further in the future, than the gateway tolerates."""

    status = 403


class MalformedDelivery(DeliveryRefused):
    """It cannot be read as what the gateway sends."""

    status = 400

"""Blind indexes: look-up without reading.

``digest = HMAC-SHA-256(key of the kind, canonical value)``, the first 128 bits. Two kinds never
share a key, so that equal digests say nothing across kinds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import StrEnum

from .sealing import derive

DIGEST_BYTES = 16

_BLOCK_BYTES = 64


class IndexKind(StrEnum):
    """What is looked up. The words are ``Identity`` field names where one exists."""

    PHONE_NUMBER = "phone_number"
    EMAIL = "email"
    #: (surname, last four digits): what a masked row still shows.
    SURNAME_LAST4 = "surname_last4"
    CONTACT_POINT = "contact_point"
    #: Who claims to have sent a contact.
    SENDER = "sender"
    #: The template of a text.
    TEXT = "text"
    #: Events of one call.
    FOLD = "fold"
    #: A gateway's own id of a delivery.
    DELIVERY = "delivery"
    #: The owner's order number.
    REFERENCE = "reference"
    #: Of which canary an alert is.
    ALERT = "alert"


def _pads(key: bytes) -> tuple[bytes, bytes]:
    block = key.ljust(_BLOCK_BYTES, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)


def _hmac(key: bytes) -> Callable[[bytes], bytes]:
    """Return HMAC-SHA-256 under *key* as a function, its two key blocks hashed once (RFC 2104).

    Minting derives several digests a canary; copying the started hashes halves their cost.
    """
    inner_pad, outer_pad = _pads(key)
    inner, outer = hashlib.sha256(inner_pad), hashlib.sha256(outer_pad)

    def mac(message: bytes) -> bytes:
        first = inner.copy()
        first.update(message)
        second = outer.copy()
        second.update(first.digest())
        return second.digest()

    return mac


class Indexer:
    """Derives the blind indexes of one index master."""

    def __init__(self, master: bytes) -> None:
        self._macs = {kind: _hmac(derive(master, f"index {kind}")) for kind in IndexKind}
        self._head = _hmac(derive(master, "ledger head"))
        #: Tells whether a store belongs to this master, without being of use for anything else.
        self.check = derive(master, "check")[:DIGEST_BYTES]

    def digest(self, kind: IndexKind, canonical: str) -> bytes:
        """Return the 16-byte blind index of a canonical value."""
        return self._macs[kind](canonical.encode("utf-8", "surrogatepass"))[:DIGEST_BYTES]

    def function(self, kind: IndexKind) -> Callable[[bytes], bytes]:
        """Return the full 32-byte HMAC of *kind* as a function of UTF-8 bytes, for bulk work."""
        return self._macs[kind]

    def head_mac(self, seq: int, digest: bytes) -> bytes:
        """Return the proof that the ledger had reached *seq* with *digest* (32 bytes)."""
        return self._head(seq.to_bytes(8, "big") + digest)

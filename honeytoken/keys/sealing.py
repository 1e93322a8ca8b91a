"""AES-256-GCM sealing, bound to the place where the value stands.

A sealed value is ``1 | key id (4 bytes) | nonce (12) | ciphertext and tag (16)``; the associated
data are table, column and row.

What has to be erasable alone is sealed by a key of its own (:class:`ContentKey`), and that key by
the master: ``2 | nonce (12) | ciphertext and tag (16)``.

Source: NIST SP 800-38D (96-bit random nonces, at most 2**32 values per key: each table has a key of
its own).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import SealBroken, WrongKeys
from ..messages import translate as _
from .entropy import random_bytes
from .keyring import KEY_BYTES, Keyring

_VERSION = 1
#: What a sealed value begins with.
BY_MASTER, BY_CONTENT_KEY = bytes([_VERSION]), b"\x02"
_ID_BYTES = 4
_NONCE_BYTES = 12
_HEAD_BYTES = 1 + _ID_BYTES + _NONCE_BYTES
_TAG_BYTES = 16


def derive(master: bytes, purpose: str) -> bytes:
    """Return the 32-byte key of *purpose* (HKDF-SHA-256, RFC 5869)."""
    info = b"honeytoken 1 " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master)


class Sealer:
    """Seals with the current master of a keyring and opens with any of them."""

    def __init__(self, keyring: Keyring) -> None:
        self._masters = dict(keyring.sealing)
        #: Ids of the masters that can open.
        self.masters = frozenset(self._masters)
        self.current = keyring.current
        self._head = bytes([_VERSION]) + bytes.fromhex(self.current)
        self._ciphers: dict[tuple[str, str], AESGCM] = {}

    def _cipher(self, key_id: str, table: str) -> AESGCM:
        cipher = self._ciphers.get((key_id, table))
        if cipher is None:
            master = self._masters.get(key_id)
            if master is None:
                raise WrongKeys(
                    _("the key file does not hold the key that sealed this store."),
                    hint=_(
                        "Use the key file that belongs to this store (HONEYTOKEN_KEYS, [keys])."
                    ),
                )
            cipher = AESGCM(derive(master, f"seal {table}"))
            self._ciphers[key_id, table] = cipher
        return cipher

    def seal(self, plain: bytes, *, table: str, column: str, row: str) -> bytes:
        """Return *plain* sealed for one place; 33 bytes longer."""
        nonce = random_bytes(_NONCE_BYTES)
        place = f"{table}\0{column}\0{row}".encode()
        cipher = self._cipher(self.current, table)
        return b"".join((self._head, nonce, cipher.encrypt(nonce, plain, place)))

    def open(self, sealed: bytes, *, table: str, column: str, row: str) -> bytes:
        """Return what was sealed for this very place.

        Raises:
            WrongKeys: it was sealed with a master that this keyring lacks.
            SealBroken: it was altered, cut, or sealed for another place.
        """
        if len(sealed) < _HEAD_BYTES + _TAG_BYTES or sealed[0] != _VERSION:
            raise SealBroken(table, column)
        cipher = self._cipher(key_id(sealed), table)
        nonce = sealed[1 + _ID_BYTES : _HEAD_BYTES]
        place = f"{table}\0{column}\0{row}".encode()
        try:
            return cipher.decrypt(nonce, sealed[_HEAD_BYTES:], place)
        except InvalidTag as err:
            raise SealBroken(table, column) from err

    def is_stale(self, sealed: bytes) -> bool:
        """Tell whether an older master sealed it."""
        return sealed[:1] == BY_MASTER and not sealed.startswith(self._head)


class ContentKey:
    """A key of one record's own. Destroy it, and what it sealed is erased, copies included."""

    __slots__ = ("_cipher", "raw")

    def __init__(self, raw: bytes) -> None:
        #: 32 bytes.
        self.raw = raw
        self._cipher = AESGCM(raw)

    def __repr__(self) -> str:
        return "ContentKey(...)"

    @classmethod
    def generate(cls) -> ContentKey:
        """Return a fresh key."""
        return cls(random_bytes(KEY_BYTES))

    def seal(self, plain: bytes, *, table: str, column: str, row: str) -> bytes:
        """Return *plain* sealed for one place; 29 bytes longer."""
        nonce = random_bytes(_NONCE_BYTES)
        place = f"{table}\0{column}\0{row}".encode()
        return b"".join((BY_CONTENT_KEY, nonce, self._cipher.encrypt(nonce, plain, place)))

    def open(self, sealed: bytes, *, table: str, column: str, row: str) -> bytes:
        """Return what was sealed for this very place.

        Raises:
            SealBroken: it was altered, cut, or sealed by another key or for another place.
        """
        if sealed[:1] != BY_CONTENT_KEY:
            raise SealBroken(table, column)
        nonce, place = sealed[1 : 1 + _NONCE_BYTES], f"{table}\0{column}\0{row}".encode()
        try:
            return self._cipher.decrypt(nonce, sealed[1 + _NONCE_BYTES :], place)
        except (InvalidTag, ValueError) as err:
            raise SealBroken(table, column) from err


def key_id(sealed: bytes) -> str:
    """Return the id of the master that sealed it."""
    return sealed[1 : 1 + _ID_BYTES].hex()

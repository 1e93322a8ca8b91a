"""All cryptography of the store. No file, no socket, no clock.

A vault has two independent kinds of master, both 256 random bits:

- *sealing masters*, several, each with an id derived from it. The last one seals; the others only
  open what they sealed (``rekey`` moves on). AES-256-GCM with a key derived per table, bound to
  table, column and row, so that a value cannot be moved.
- one *index master*, from which the blind indexes are derived (HMAC-SHA-256 per kind, 128 bits
  kept): equal values can be found, nothing can be read. It stays; ``reindex`` if it was exposed.
"""

from .entropy import random_bytes
from .index import DIGEST_BYTES, Indexer, IndexKind
from .keyring import Keyring
from .sealing import BY_CONTENT_KEY, BY_MASTER, ContentKey, Sealer

__all__ = [
    "BY_CONTENT_KEY",
    "BY_MASTER",
    "DIGEST_BYTES",
    "ContentKey",
    "IndexKind",
    "Indexer",
    "Keyring",
    "Sealer",
    "random_bytes",
]

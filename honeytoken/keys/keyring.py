"""The masters of a vault, and the text they are kept in."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..errors import KeysError
from ..messages import translate as _

KEY_BYTES = 32
_FORMAT = 1


def _key_id(master: bytes) -> str:
    # Derived, not chosen: a master put under another's id is noticed when it is read.
    return hashlib.sha256(b"honeytoken sealing master id 1\0" + master).hexdigest()[:8]


def _encode(master: bytes) -> str:
    return base64.b64encode(master).decode("ascii")


def _decode(text: object) -> bytes:
    if not isinstance(text, str):
        raise _broken()
    try:
        master = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _broken() from None  # the cause would carry the key
    if len(master) != KEY_BYTES:
        raise _broken()
    return master


def _broken() -> KeysError:
    return KeysError(
        _("the key file cannot be read."),
        hint=_("Restore it from the backup made after `honeytoken init`."),
    )


@dataclass(frozen=True, slots=True)
class Keyring:
    """The masters. Immutable: every change gives a new keyring."""

    #: id -> 32 bytes, oldest first; the last one seals.
    sealing: Mapping[str, bytes] = field(repr=False)
    index: bytes = field(repr=False)
    #: Only while ``reindex`` is under way.
    next_index: bytes | None = field(default=None, repr=False)

    @classmethod
    def generate(cls) -> Keyring:
        """Return a keyring of fresh random masters."""
        master = os.urandom(KEY_BYTES)
        return cls(sealing={_key_id(master): master}, index=os.urandom(KEY_BYTES))

    @classmethod
    def from_text(cls, text: str) -> Keyring:
        """Read what :meth:`to_text` wrote.

        Raises:
            KeysError: it is not a keyring, or a master does not have the id it stands under.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise _broken() from None  # the cause would carry the text
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise _broken()
        rows = data.get("sealing")
        if not isinstance(rows, list) or not rows:
            raise _broken()
        sealing: dict[str, bytes] = {}
        for row in rows:
            if not isinstance(row, dict):
                raise _broken()
            master = _decode(row.get("key"))
            if row.get("id") != _key_id(master):
                raise _broken()
            sealing[_key_id(master)] = master
        following = data.get("next_index")
        return cls(
            sealing=sealing,
            index=_decode(data.get("index")),
            next_index=None if following is None else _decode(following),
        )

    def to_text(self) -> str:
        """Return the JSON text of the key file. Secret."""
        data: dict[str, object] = {
            "format": _FORMAT,
            "sealing": [
                {"id": key_id, "key": _encode(master)} for key_id, master in self.sealing.items()
            ],
            "index": _encode(self.index),
        }
        if self.next_index is not None:
            data["next_index"] = _encode(self.next_index)
        return json.dumps(data, indent=2) + "\n"

    @property
    def current(self) -> str:
        """The id of the sealing master in use."""
        return list(self.sealing)[-1]

    def with_new_sealing(self) -> Keyring:
        """Return a keyring that seals with a fresh master and still opens with the old ones."""
        master = os.urandom(KEY_BYTES)
        return replace(self, sealing={**self.sealing, _key_id(master): master})

    def only_current_sealing(self) -> Keyring:
        """Return a keyring without the older sealing masters."""
        return replace(self, sealing={self.current: self.sealing[self.current]})

    def with_next_index(self) -> Keyring:
        """Return a keyring that carries the index master to come beside the present one."""
        return self if self.next_index else replace(self, next_index=os.urandom(KEY_BYTES))

    def promoted(self) -> Keyring:
        """Return a keyring whose index master is the one that was to come."""
        if self.next_index is None:
            return self
        return replace(self, index=self.next_index, next_index=None)

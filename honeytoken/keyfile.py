"""The key file: read, written whole, mode 0600; or the same text in ``HONEYTOKEN_KEYS``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .errors import AlreadyExists, KeysError
from .keys import Keyring
from .messages import translate as _
from .settings import Settings

VARIABLE = "HONEYTOKEN_KEYS"
_MODE = 0o600


def path(settings: Settings) -> Path:
    """Return where the key file of a vault stands."""
    return settings.folder / settings.keys.file


def from_environment(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether the keys come from the environment and not from a file."""
    return bool((os.environ if environ is None else environ).get(VARIABLE))


def read(settings: Settings) -> Keyring:
    """Return the keyring of a vault.

    Raises:
        KeysError: the file is missing or cannot be read as one.
    """
    text = os.environ.get(VARIABLE)
    if text:
        return Keyring.from_text(text)
    try:
        return Keyring.from_text(path(settings).read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise KeysError(
            _("the key file is missing."),
            hint=_("Put it back where [keys] says, or give its text in HONEYTOKEN_KEYS."),
        ) from err
    except (OSError, UnicodeDecodeError) as err:
        raise KeysError(
            _("the key file cannot be read."),
            hint=_("See that it is the right file and that you may read it."),
        ) from err


def create(settings: Settings, keyring: Keyring) -> None:
    """Write a new key file.

    Raises:
        AlreadyExists: there is one; it is never overwritten.
    """
    where = path(settings)
    try:
        handle = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    except FileExistsError as err:
        raise AlreadyExists(
            _("there is a key file already."), hint=_("It is not overwritten: keys are for ever.")
        ) from err
    except OSError as err:
        raise KeysError(_("the key file cannot be written."), hint=err.strerror) from err
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(keyring.to_text())
        file.flush()
        os.fsync(file.fileno())


def replace(settings: Settings, keyring: Keyring) -> None:
    """Put another keyring in place of the present one, whole or not at all.

    Raises:
        KeysError: the keys come from the environment, or the file cannot be written.
    """
    if from_environment():
        raise KeysError(
            _("the keys come from HONEYTOKEN_KEYS and cannot be changed there."),
            hint=_("Put them into the key file, unset HONEYTOKEN_KEYS, and try again."),
        )
    where = path(settings)
    try:
        # mkstemp makes the file with mode 0600.
        handle, name = tempfile.mkstemp(dir=where.parent, prefix=".keys-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(keyring.to_text())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(where)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as err:
        raise KeysError(_("the key file cannot be written."), hint=err.strerror) from err


def too_open(settings: Settings) -> bool:
    """Tell whether others than the owner may read the key file (POSIX; never so on Windows)."""
    if os.name != "posix" or from_environment():
        return False
    return bool(path(settings).stat().st_mode & 0o077)

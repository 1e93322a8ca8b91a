"""Files that hold what should not be lying about: whole or not at all, for their owner only."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from ..errors import AlreadyExists
from ..messages import translate as _


@contextmanager
def growing(path: Path) -> Iterator[TextIO]:
    """Give a new text file that is there from the start, for work that may stop half-way.

    It has mode 0600 and UTF-8.

    Raises:
        AlreadyExists: there is a file.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as err:
        raise AlreadyExists(
            _('there is already a file "{name}".').format(name=path.name),
            hint=_("Choose another name."),
        ) from err
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as text:
        yield text


@contextmanager
def written(path: Path | None, *, overwrite: bool) -> Iterator[TextIO]:
    """Give a text file that appears at *path* when the block ends well; None gives stdout.

    It has mode 0600 and UTF-8. If the block fails, nothing is at *path* that was not there before.

    Raises:
        AlreadyExists: there is a file, and *overwrite* is False.
    """
    if path is None:
        yield sys.stdout
        return
    if path.exists() and not overwrite:
        raise AlreadyExists(
            _('there is already a file "{name}".').format(name=path.name),
            hint=_("Choose another name, or overwrite it with --yes."),
        )
    # mkstemp makes it with mode 0600, in the same folder so that the rename is atomic.
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:50]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as text:
            yield text
            text.flush()
            os.fsync(text.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise

"""How a command fails: one line of cause, one line of what to do, and the right exit code.

========  =====================================================================
exit      means
========  =====================================================================
0         done
1         it could not be done; stderr says why
2         it was typed wrong
3         a scan found a canary
130       interrupted with Ctrl-C
141       the program reading our output went away
========  =====================================================================
"""

from __future__ import annotations

import os
import sys
import traceback

import click

from ..errors import HoneytokenError, LedgerBroken, NotFound, SettingsError
from ..messages import sentences
from ..messages import translate as _
from .visible import visible

DONE, FAILED, USAGE, FOUND, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141

#: More than this of a message is no message; a stranger's text got into it.
_MAX_MESSAGE = 600


def report(error: BaseException, command: str) -> int:
    """Print what went wrong in *command*, such as ``"honeytoken mint"``; return the exit code."""
    if isinstance(error, click.exceptions.Abort | KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        silence()
        return PIPE_CLOSED
    if isinstance(error, click.ClickException):
        typed = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
        _print(error.format_message(), _help_hint(typed or command))
        return error.exit_code
    if isinstance(error, HoneytokenError):
        _print(error.message, _hint(error, command))
        return FAILED
    _debug()
    if isinstance(error, OSError) and error.strerror:
        _print(
            _("the operating system refuses: {reason}.").format(reason=error.strerror),
            _("Check the path, the rights and the space on the disk."),
        )
        return FAILED
    _print(
        _("internal error ({kind})").format(kind=type(error).__name__),
        _("Run it again with HONEYTOKEN_DEBUG=1 to see where, and please report it."),
    )
    return FAILED


def silence() -> None:
    """Let nothing more be said on stdout: whoever read it has gone."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        # A stream without a file (a test's, a notebook's) cannot break in the first place.
        return


def _print(message: str, hint: str) -> None:
    for line in (_("Error: {message}").format(message=_one_line(message)), _one_line(hint)):
        sys.stderr.write(f"{line}\n")


def _one_line(message: str) -> str:
    line = visible(" ".join(message.split()))
    return line if len(line) <= _MAX_MESSAGE else f"{line[:_MAX_MESSAGE]}…"


def _debug() -> None:
    if os.environ.get("HONEYTOKEN_DEBUG"):
        traceback.print_exc()


def _help_hint(command: str) -> str:
    return _("`{command} --help` shows how it is used.").format(command=command)


def _hint(error: HoneytokenError, command: str) -> str:
    lists = {
        "alert": "honeytoken alerts list",
        "canary": "honeytoken export canaries",
        "channel": "honeytoken channel list",
        "contact": "honeytoken contacts list",
        "contact point": "honeytoken pool list",
        "expected sender": "honeytoken channel senders CHANNEL",
        "gateway": "honeytoken gateway list",
        "placement": "honeytoken place --list",
        "route": "honeytoken route list",
    }
    hint = error.hint or ""
    if isinstance(error, NotFound) and error.kind in lists:
        shows_all = _("`{command}` shows all.").format(command=lists[error.kind])
        return hint if "`" in hint else sentences(hint, shows_all)
    tables = {
        "alert sink": _("Sinks are the [alerts.NAME] tables of honeytoken.toml: docs/alerts.md."),
        "sender": _("Senders are the [senders.NAME] tables of honeytoken.toml: docs/drill.md."),
    }
    if isinstance(error, NotFound) and error.kind in tables:
        return sentences(hint, tables[error.kind])
    if isinstance(error, SettingsError) and not hint:
        return _("Correct honeytoken.toml, or the variable of the environment: docs/init.md.")
    if isinstance(error, LedgerBroken) and not hint:
        return _("Change nothing: compare the store with a backup and with the digest you kept.")
    return hint or _help_hint(command)

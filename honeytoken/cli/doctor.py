"""``honeytoken doctor``: what is amiss, and what to do about it."""

from __future__ import annotations

import click

from ..messages import translate as _
from . import failures, output
from .output import Column
from .parameters import json_option
from .session import open_vault
from .shorten import Plain, plain
from .words import word


def _name(check: Plain) -> str:
    """Return what was looked at; of a gateway the word and its name."""
    kind, _blank, name = str(check["name"]).partition(" ")
    return f"{word(kind)} {name}".rstrip()


def _result(check: Plain) -> str:
    if check["ok"] is None:
        return _("notice")
    return _("ok") if check["ok"] else _("FAILED")


RESULT = Column(
    _("RESULT"), _result, {_("ok"): "green", _("FAILED"): "bold red", _("notice"): "yellow"}
)
COLUMNS = (
    Column(_("CHECK"), _name),
    RESULT,
    Column(_("FOUND"), "message"),
    Column(_("TO DO"), "hint"),
)


@click.command("doctor", help=_("Check settings, keys, store, ledger, pool and gateways."))
@json_option
@click.pass_context
def doctor_command(ctx: click.Context, *, as_json: bool) -> None:
    """Run ``honeytoken doctor``."""
    vault = open_vault()
    from ..doctor import examine

    checks = examine(vault)
    output.emit(map(plain, checks), COLUMNS, form="json" if as_json else None)
    if any(check.ok is False for check in checks):
        ctx.exit(failures.FAILED)

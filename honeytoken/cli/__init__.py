"""The command line: a verb parses, calls one function of the vault, prints. No rule lives here.

One module per verb (``mint.py``) or group of verbs (``channel.py``); beside them what they share:

- ``groups``: the top command, which loads a verb's module when the verb is typed;
- ``failures``: errors and exit codes;
- ``output``: tables, JSON lines, progress;
- ``help`` and ``fold``: help and sentences that fit the screen in any language;
- ``words``: the stable words of records, as people read them;
- ``shorten`` and ``visible``: personal values cut short, hostile text made harmless;
- ``parameters``, ``rows`` and ``files``: what may be typed, read and written;
- ``session``: the vault of this run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from ..messages import LANGUAGES
from ..messages import translate as _
from .groups import Main
from .language import speak
from .session import Session

__all__ = ["main"]

#: Verb -> module, in the order in which a user meets them.
VERBS = {
    "init": "init",
    "channel": "channel",
    "route": "route",
    "pool": "pool",
    "mint": "mint",
    "place": "place",
    "gateway": "gateway",
    "listen": "listen",
    "drill": "drill",
    "contacts": "contacts",
    "alerts": "alerts",
    "trace": "trace",
    "export": "export",
    "import": "export",
    "ledger": "ledger",
    "purge": "purge",
    "erase": "purge",
    "rekey": "rekey",
    "reindex": "rekey",
    "doctor": "doctor",
    "demo": "demo",
}


def _texts() -> Mapping[str, str]:
    return {
        "": _(
            "Mint canary identities, plant them with the channels that get your personal data, and "
            "read which channel the contacts are most consistent with."
        ),
        "folder": _("Folder of the vault; else HONEYTOKEN_HOME, else the one you are in."),
        "language": _("Language of what people read."),
        "version": _("Show the version and exit."),
    }


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001
    if wanted and not ctx.resilient_parsing:
        from .. import __version__

        click.echo(f"honeytoken {__version__}")
        ctx.exit()


def _set_language(_ctx: click.Context, _param: click.Parameter, name: str | None) -> None:
    if name is not None:
        # Errors are told after the context is closed: Main puts the language back, not the context.
        speak(name)


@click.command(
    "honeytoken",
    cls=Main,
    verbs=VERBS,
    texts=_texts,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)
@click.option(
    "--vault",
    "folder",
    metavar="DIR",
    envvar="HONEYTOKEN_HOME",
    default=".",
    type=click.Path(file_okay=False, path_type=Path),
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    is_eager=True,
    callback=_set_language,
    expose_value=False,
)
@click.option("--version", is_flag=True, is_eager=True, callback=_show_version, expose_value=False)
@click.pass_context
def main(ctx: click.Context, folder: Path) -> None:
    """Run ``honeytoken``: note which vault is meant."""
    ctx.obj = Session(folder)

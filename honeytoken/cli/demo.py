"""``honeytoken demo``: two months of a made-up shop, played against the real listener."""

from __future__ import annotations

import secrets
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..messages import translate as _
from . import output
from .parameters import json_option
from .shorten import plain
from .trace import print_trace

if TYPE_CHECKING:
    from ..demo import Outcome

_SEEDS = 10_000


@click.command(
    "demo", help=_("Play two months of a made-up shop against the real listener, then trace.")
)
@click.option("--seed", type=click.INT, help=_("Another number, another story; else by chance."))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=_("Where to make its vault; else honeytoken-demo or the next free name."),
)
@json_option
def demo_command(*, seed: int | None, folder: Path | None, as_json: bool) -> None:
    """Run ``honeytoken demo``."""
    from ..demo import run

    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    folder = folder or _free_folder()
    with output.steps() as advance:
        outcome = run(folder, seed=seed, progress=advance)
    if as_json:
        output.json_line(
            {
                "folder": str(outcome.folder),
                "story": {"seed": outcome.story.seed, "channel": outcome.story.channel},
                "posted": outcome.posted,
                "accepted": outcome.accepted,
                "contacts": outcome.contacts,
                "trace": plain(outcome.trace),
            }
        )
    else:
        _tell(outcome)


def _free_folder() -> Path:
    for number in count(1):
        folder = Path("honeytoken-demo" if number == 1 else f"honeytoken-demo-{number}")
        if not folder.exists():
            return folder
    raise OSError


def _tell(outcome: Outcome) -> None:
    """Print the trace; beside it what was done, what really happened, and where to look."""
    told = _(
        "Posted {posted} signed requests to a listener on this machine; it accepted {accepted} "
        "and made {contacts} contacts of them."
    )
    output.say(
        told.format(posted=outcome.posted, accepted=outcome.accepted, contacts=outcome.contacts)
    )
    print_trace(outcome.trace, outcome.evidence)
    if outcome.story.channel is None:
        output.say(_("The story, of which the tracer knew nothing: nobody passed data on."))
    else:
        said = _("The story, of which the tracer knew nothing: {channel} passed data on.")
        output.say(said.format(channel=outcome.story.channel))
    look = _(
        "Look further with `honeytoken --vault {folder}` and `trace --explain CHANNEL`, "
        "`contacts list` or `doctor`. `demo --seed {seed}` plays it again."
    )
    output.say(look.format(folder=outcome.folder, seed=outcome.story.seed))

"""click speaks our language too: its own few words are looked up in our catalogue."""

from __future__ import annotations

import gettext
import os
from collections.abc import Callable
from pathlib import Path

from .. import messages
from ..messages import ngettext
from ..messages import translate as _

_DOMAIN = "honeytoken"


def speak(name: str | None) -> Callable[[], None]:
    """Use language *name* (None: the one in use), also for click's own words.

    Returns:
        what puts the process back as it was; a command run inside another program owes it that.
    """
    language, domain, listed = messages.language(), gettext.textdomain(), os.environ.get("LANGUAGE")
    if name is not None:
        messages.use(name)
    # click asks the process-wide domain, in the languages of LANGUAGE.
    os.environ["LANGUAGE"] = messages.language()
    gettext.bindtextdomain(_DOMAIN, str(Path(messages.__file__).parent / "locale"))
    gettext.textdomain(_DOMAIN)

    def restore() -> None:
        gettext.textdomain(domain)
        if listed is None:
            os.environ.pop("LANGUAGE", None)
        else:
            os.environ["LANGUAGE"] = listed
        messages.use(language)

    return restore


def click_words() -> tuple[str, ...]:
    """Return the words of click that people meet; written here so that the extractor finds them."""
    return (
        _("Usage:"),
        _("Options"),
        _("Commands"),
        _("required"),
        _("default: {default}"),
        _("Show this message and exit."),
        _("Missing command."),
        _("Missing argument"),
        _("Missing option"),
        _("Missing parameter"),
        _("No such option {name!r}."),
        _("Option {name!r} does not take a value."),
        ngettext(
            "Option {name!r} requires an argument.",
            "Option {name!r} requires {nargs} arguments.",
            1,
        ),
        ngettext("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1),
        ngettext(
            "Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1
        ),
        _("Choose from:\n\t{choices}"),
        _("Invalid value: {message}"),
        _("Invalid value for {param_hint}: {message}"),
        ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
        _("{value!r} is not a valid {number_type}."),
        _("{value} is not in the range {range}."),
        _("file"),
        _("directory"),
        _("path"),
        _("{name} {filename!r} does not exist."),
        _("{name} {filename!r} is a directory."),
        _("{name} {filename!r} is a file."),
        _("{name} {filename!r} is not readable."),
        _("{name} {filename!r} is not writable."),
    )

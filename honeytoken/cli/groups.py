"""The groups of verbs: modules are loaded when their verb is typed, errors end in one place."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click

from ..messages import sentences
from ..messages import translate as _
from . import failures, language
from .help import Context, first_sentence


class Group(click.Group):
    """A verb with verbs inside it. Typed alone it shows its help, which is a usage error."""

    context_class = Context

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help if nothing was typed after the group's name."""
        if not args and not ctx.resilient_parsing:
            top = ctx.parent is None
            click.echo(ctx.get_help(), err=not top)
            ctx.exit(failures.DONE if top else failures.USAGE)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which they are met, not by the alphabet."""
        return list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a verb; its help is folded as ours is."""
        command = self._command(ctx, cmd_name)
        if command is not None:
            command.context_class = Context
        return command

    def _command(self, ctx: click.Context, name: str) -> click.Command | None:
        return super().get_command(ctx, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs, each with the first sentence of its help."""
        verbs = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, first_sentence(verb)) for name, verb in verbs if verb])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; a misspelt one is answered with the closest."""
        verbs = self.list_commands(ctx)
        if args[0] not in verbs and not args[0].startswith("-"):
            close = get_close_matches(args[0][:50], verbs, n=1)
            said = _('there is no verb "{name}".').format(name=args[0][:50])
            if close:
                said = sentences(said, _('Did you mean "{name}"?').format(name=close[0]))
            ctx.fail(said)
        return super().resolve_command(ctx, args)


class Main(Group):
    """The group of all verbs.

    Args:
        verbs: verb -> module of this room that holds the command of the same name.
        texts: gives option name -> help in the language in use; ``""`` is the group's own help.
    """

    def __init__(
        self,
        *args: Any,
        verbs: Mapping[str, str],
        texts: Callable[[], Mapping[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = verbs
        self.texts = texts

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all verbs, loaded or not."""
        return list(self.verbs)

    def _command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Load the module of a verb and return its command."""
        if name not in self.verbs:
            return None
        module = import_module(f".{self.verbs[name]}", __package__)
        command = getattr(module, f"{name}_command")
        return command if isinstance(command, click.Command) else None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help, in the language that ``--language`` may just have set."""
        texts = self.texts()
        self.help = texts[""]
        own = self.get_help_option(ctx)
        if own is not None:
            own.help = _("Show this message and exit.")
        for option in self.params:
            if isinstance(option, click.Option) and option.name in texts:
                option.help = texts[option.name]
        super().format_help(ctx, formatter)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's signature
        **extra: Any,
    ) -> Any:
        """Run a command line; end the process with the right code and one clear error."""
        restore = language.speak(None)
        _open_closed_streams()
        try:
            if not standalone_mode:
                return super().main(args, prog_name, complete_var, standalone_mode, **extra)
            _tolerate(sys.stdout, sys.stderr)
            code = self._run(args, prog_name or "honeytoken", complete_var, **extra)
        finally:
            restore()
        return _exit(code)

    def _run(
        self,
        args: Sequence[str] | None,
        prog_name: str,
        complete_var: str | None,
        **extra: Any,
    ) -> int:
        self.typed = prog_name
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt) as error:
            # The one place that catches all: nothing personal may reach the screen in a traceback.
            return failures.report(error, self.typed)
        return code if isinstance(code, int) else failures.DONE

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; a reader that goes away is told apart from other errors of the system."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            failures.silence()
            ctx.exit(failures.PIPE_CLOSED)
        return result

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb and remember it for the hint of an error."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None:
            self.typed = f"{ctx.command_path} {name}"
        return name, command, rest


def _open_closed_streams() -> None:
    """Let what is printed go nowhere where the shell closed a stream (``>&-``)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for good


def _tolerate(*streams: Any) -> None:
    """Let a terminal that cannot show a character show its number instead of failing."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _exit(code: int) -> NoReturn:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        failures.silence()
    if code == failures.PIPE_CLOSED and os.name == "nt":
        code = failures.FAILED
    sys.exit(code)

"""What may be typed: texts, times, views. Each says in one line what it wanted instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

import click

from ..errors import InvalidIdentifier
from ..messages import translate as _
from .visible import is_readable

if TYPE_CHECKING:
    from ..models import FieldView

    # Generic since click 8.4 only, so not subscripted at run time.
    _TextType = click.ParamType[str]
    _WhenType = click.ParamType[datetime]
    _ViewType = click.ParamType[tuple[str, FieldView]]
else:
    _TextType = _WhenType = _ViewType = click.ParamType

_Decorated = TypeVar("_Decorated", bound=Callable[..., object])

#: Longer texts than this are no name, note or letter; they are a file that was pasted by accident.
_MAX_TEXT = 20_000


class Text(_TextType):
    """A text: no control characters, in the terminal's encoding, not empty, not endless."""

    name = "text"

    def __init__(self, max_length: int = _MAX_TEXT, *, lines: bool = False) -> None:
        self.max_length = max_length
        self.lines = lines

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return *value*, or refuse it without repeating it."""
        text = str(value)
        if not text.strip():
            self.fail(_("it is empty."), param, ctx)
        if len(text) > self.max_length:
            self.fail(
                _("it is longer than {count} characters.").format(count=self.max_length), param, ctx
            )
        if not is_readable(text, lines=self.lines):
            self.fail(_("it is not readable text."), param, ctx)
        return text


class When(_WhenType):
    """A day or a moment, as ISO 8601 writes them; UTC unless it says otherwise."""

    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return *value* as an aware time in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            return moment(str(value))
        except ValueError:
            self.fail(_("write it as 2026-03-31 or 2026-03-31T14:00:00Z."), param, ctx)


class Digest(_TextType):
    """A SHA-256 digest, as 64 hexadecimal digits."""

    name = "sha256"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return *value*."""
        text = str(value).lower()
        if not re.fullmatch("[0-9a-f]{64}", text):
            self.fail(_("it is no SHA-256 digest: 64 hexadecimal digits."), param, ctx)
        return text


def moment(text: str) -> datetime:
    """Return ``"2026-03-31"`` or ``"2026-03-31T14:00:00+08:00"`` as an aware time in UTC.

    Raises:
        ValueError: it is neither.
    """
    if len(text) > 40:
        raise ValueError
    at = datetime.fromisoformat(text)
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError as err:
        raise ValueError from err


class Views(_ViewType):
    """``FIELD=FORM`` or ``FIELD=FORM:SHOWN``, such as ``phone_number=masked:138****1234``."""

    name = "field=form"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, FieldView]:
        """Return the field's name and how it was shown."""
        from ..models import FieldForm, FieldView, Identity

        if isinstance(value, tuple):
            return value
        field, _equals, rest = str(value).partition("=")
        form, _colon, shown = rest.partition(":")
        fields = [name for name in Identity.__dataclass_fields__ if name != "locale"]
        if field not in fields or form not in tuple(FieldForm):
            self.fail(
                _("write FIELD=FORM, with a field of {fields} and a form of {forms}.").format(
                    fields=_(", ").join(fields), forms=_(", ").join(FieldForm)
                ),
                param,
                ctx,
            )
        return field, FieldView(form=FieldForm(form), shown=shown or None)


def choice(words: type[StrEnum]) -> click.Choice[str]:
    """Return a parameter that takes the words of an enum."""
    return click.Choice([word.value for word in words], case_sensitive=False)


@contextmanager
def as_typed() -> Iterator[None]:
    """Let a typed number or e-mail that cannot be one be an error of typing."""
    try:
        yield
    except InvalidIdentifier as err:
        raise click.UsageError(err.message) from err


def in_order(since: datetime | None, until: datetime | None) -> None:
    """Refuse a window in which nothing can lie.

    Raises:
        click.UsageError: *until* is not after *since*.
    """
    if since is not None and until is not None and until <= since:
        raise click.UsageError(_("--until must lie after --since."))


#: Notes and letters: they may have several lines.
TEXT = Text(lines=True)
#: Names, ids and references.
NAME = Text(max_length=200)
WHEN = When()
DIGEST = Digest()
VIEW = Views()
#: A file to read; ``-`` is stdin.
READABLE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=str)


def json_option(function: _Decorated) -> _Decorated:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help=_("One JSON object per line."))(
        function
    )


def form_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add ``--json`` and ``--ids``, of which one may be typed: given on as ``form``."""

    @wraps(function)
    def with_form(*args: object, as_json: bool, only_ids: bool, **given: object) -> None:
        if as_json and only_ids:
            raise click.UsageError(
                _("--{one} and --{other} do not go together.").format(one="json", other="ids")
            )
        function(*args, form="json" if as_json else "ids" if only_ids else None, **given)

    ids = click.option("--ids", "only_ids", is_flag=True, help=_("Only the ids, one per line."))
    return json_option(ids(with_form))


def reveal_option(function: _Decorated) -> _Decorated:
    """Add ``--reveal``."""
    return click.option(
        "--reveal", is_flag=True, help=_("Show personal values whole; the ledger records it.")
    )(function)

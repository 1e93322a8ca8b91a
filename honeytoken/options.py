"""Reading one named table of the settings, such as ``[gateways.twilio]`` or ``[alerts.room]``.

Never repeats a value: it may be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import NoReturn

from .environment import FromEnvironment
from .errors import SettingsError
from .messages import translate as _

_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})
#: How the settings file refers to a secret; a value that still looks so was never resolved.
_REFERENCES = ("env:", "file:")
#: Options whose values nobody may read; of a chat service's ``url`` every part may be one.
_SECRET = frozenset(
    {
        *("auth_token", "shared_key", "secret", "secrets", "token", "signing_key", "password"),
        "url of apprise",
    }
)
#: Where the options of a section are explained.
_PAGES = {
    "gateways": "docs/gateways/README.md",
    "alerts": "docs/alerts.md",
    "senders": "docs/drill.md",
}


def literal_secrets(values: Mapping[str, object]) -> list[str]:
    """Return the options of a table, as it stands in the file, that hold a secret themselves."""
    found = []
    for key, value in values.items():
        kind = f"{key} of {values.get('kind')}"
        items = value if isinstance(value, list | tuple) else [value]
        if (key in _SECRET or kind in _SECRET) and any(
            isinstance(item, str)
            and not isinstance(item, FromEnvironment)
            and not item.startswith(_REFERENCES)
            for item in items
        ):
            found.append(key)
    return found


class Options:
    """The table ``[<section>.<name>]``, read with type checks.

    What came through the environment (:class:`.FromEnvironment`) is text, and is understood as a
    whole number, a switch or a list; what stands in the file has to be of its type.
    """

    def __init__(self, section: str, name: str, values: Mapping[str, object]) -> None:
        self.section = section
        self.name = name
        self._values = values

    def __repr__(self) -> str:
        return f"Options({self.name!r})"

    def refuse(
        self, key: str, problem: str, *, hint: str | None = None, **values: object
    ) -> NoReturn:
        """Raise :class:`SettingsError` for option *key*.

        Args:
            key: the option.
            problem: a sentence with ``{key}`` in it, and *values*.
            hint: what to do about it; by default where the option is set and explained.
            values: what else the sentence has in braces.
        """
        raise SettingsError(
            problem.format(key=f"{self.section}.{self.name}.{key}", **values),
            hint=hint
            or _("Correct it in honeytoken.toml: {page}.").format(page=_PAGES[self.section]),
        )

    def refuse_unknown(self, known: tuple[str, ...]) -> None:
        """Raise :class:`SettingsError` for an option that is not *known* (or ``kind``)."""
        for key in self._values:
            if key not in known and key != "kind":
                close = get_close_matches(str(key), known, n=1)
                hint = (
                    _('Did you mean "{name}"?').format(name=close[0])
                    if close
                    else _("Options of this kind: {names}.").format(names=_(", ").join(known))
                )
                raise SettingsError(
                    _('[{table}] has an unknown option "{key}".').format(
                        table=f"{self.section}.{self.name}", key=key
                    ),
                    hint=hint,
                )

    def text(self, key: str) -> str | None:
        """Return the text of *key*, ``None`` if it is not set."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.refuse(key, _("{key} must be text."))
        if not value.strip():
            self.refuse(key, _("{key} is empty."))
        return str(value)

    def secret(self, key: str) -> str | None:
        """Return the secret of *key*, ``None`` if it is not set."""
        value = self.text(key)
        if value is not None:
            self._refuse_reference(key, value)
        return value

    def texts(self, key: str, *, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return the list of texts of *key*, *default* if it is not set.

        One text that the environment gives is read as a list with commas.
        """
        value = self._values.get(key)
        if value is None:
            return default
        items = value.split(",") if isinstance(value, FromEnvironment) else value
        if not isinstance(items, list | tuple):
            self.refuse(key, _("{key} must be a list of text."))
        found = [item.strip() if isinstance(item, str) else "" for item in items]
        if not all(found):
            self.refuse(key, _("{key} must be a list of text."))
        return tuple(found)

    def secrets(self, key: str) -> tuple[str, ...]:
        """Return the list of secrets of *key*, empty if it is not set."""
        value = self._values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or not value:
            self.refuse(key, _("{key} must be a list of text."))
        found = []
        for item in value:
            if not isinstance(item, str) or not item.strip():
                self.refuse(key, _("{key} must be a list of text."))
            self._refuse_reference(key, item)
            found.append(str(item))
        return tuple(found)

    def _refuse_reference(self, key: str, value: str) -> None:
        if value.startswith(_REFERENCES):
            self.refuse(key, _("{key} is a reference that was not resolved."))

    def whole_number(self, key: str, *, default: int, low: int, high: int) -> int:
        """Return the whole number of *key*, within *low* and *high*."""
        value = self._values.get(key, default)
        if isinstance(value, FromEnvironment) and value.isascii() and value.isdigit():
            value = int(value[:10])
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(key, _("{key} must be a whole number."))
        if not low <= value <= high:
            self.refuse(key, _("{key} must be between {low} and {high}."), low=low, high=high)
        return value

    def switch(self, key: str) -> bool:
        """Return the truth value of *key*, false if it is not set."""
        value = self._values.get(key, False)
        if isinstance(value, FromEnvironment) and value.lower() in _TRUE | _FALSE:
            value = value.lower() in _TRUE
        if not isinstance(value, bool):
            self.refuse(key, _("{key} must be true or false."))
        return value

    def table(self, key: str) -> dict[str, str]:
        """Return the table of texts of *key*, empty if it is not set."""
        value = self._values.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(
            isinstance(item, str) and item.strip() for item in value.values()
        ):
            self.refuse(key, _("{key} must be a table of text."))
        return {str(name): str(item) for name, item in value.items()}

    def region(self) -> str:
        """Return the country of ``region``, ``"CN"`` if it is not set."""
        # Imported here: the plan data is only needed once a gateway is really built.
        from phonenumbers import SUPPORTED_REGIONS

        value = self.text("region") or "CN"
        if value not in SUPPORTED_REGIONS:
            self.refuse(
                "region",
                _("{key} must be a country of two capital letters (ISO 3166-1)."),
                hint=_('For example "CN" or "GB".'),
            )
        return value

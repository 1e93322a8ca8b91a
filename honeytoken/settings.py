"""``honeytoken.toml`` and the environment: what may be set, and what it means.

Every value can be overridden by the environment: ``HONEYTOKEN_STORE__URL`` is ``url`` in
``[store]``, ``HONEYTOKEN_GATEWAYS__TWILIO__AUTH_TOKEN`` is ``auth_token`` in ``[gateways.twilio]``.
Secrets are given by reference, ``"env:NAME"`` or ``"file:PATH"``. An unknown key is an error with a
suggestion: a misspelt setting that is silently ignored is worse than a program that does not start.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .environment import FromEnvironment
from .errors import SettingsError
from .messages import translate as _

FILE_NAME = "honeytoken.toml"
PREFIX = "HONEYTOKEN_"
#: Variables with the prefix that are no settings.
OTHER_VARIABLES = frozenset({"HOME", "KEYS", "LANGUAGE", "DEBUG"})

PRODUCTION, TEST = "production", "test"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """``[store]``."""

    #: SQLAlchemy URL; a SQLite path is relative to the folder of the settings file.
    url: str = field(default="sqlite:///honeytoken.db", repr=False)


@dataclass(frozen=True, slots=True)
class KeysSettings:
    """``[keys]``."""

    #: Path of the key file, relative to the folder; the text in HONEYTOKEN_KEYS goes before it.
    file: str = "honeytoken.keys"


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """``[pool]``."""

    #: Days a new contact point is listened to before it may be planted.
    soak_days: int = 30
    #: Canaries that may share one phone number.
    capacity: int = 10


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """``[listen]``."""

    host: str = "127.0.0.1"
    port: int = 8321
    max_body_bytes: int = 262_144
    read_timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """``[retention]``: days after which what was said, and by whom, is destroyed; 0 keeps it.

    What remains of a contact is when it came, where it arrived and what it was held to be.
    """

    unsolicited_days: int = 0
    ambiguous_days: int = 365
    unreviewed_days: int = 365
    expected_days: int = 180
    background_days: int = 180
    probe_days: int = 30


@dataclass(frozen=True, slots=True)
class DrillSettings:
    """``[drill]``: proof of life, sent by the listener now and then."""

    #: Days between two drills of a contact point, on average; 0 sends none by itself.
    every_days: float = 0.0
    #: Days without a drill that was heard after which a contact point is overdue.
    overdue_days: float = 14.0
    #: Hours within which a drill must have arrived.
    wait_hours: float = 6.0
    #: Hours of silence of a forwarder that had sent signs of life; 0 asks for none.
    heartbeat_hours: float = 0.0


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """``[trace]``."""

    #: Expected number of channels that leak (``K0``), stated before looking.
    prior: float = 1.0
    window_days: int = 90


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one vault."""

    folder: Path
    #: ``production``, or ``test``: only there may test-role contact points be planted.
    mode: str = PRODUCTION
    store: StoreSettings = field(default_factory=StoreSettings)
    keys: KeysSettings = field(default_factory=KeysSettings)
    pool: PoolSettings = field(default_factory=PoolSettings)
    listen: ListenSettings = field(default_factory=ListenSettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    drill: DrillSettings = field(default_factory=DrillSettings)
    # name -> options, with references to secrets: see :func:`options_of`.
    #: Services that tell us about contacts.
    gateways: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)
    #: Where alerts go.
    alerts: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)
    #: What sends drills.
    senders: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)


_SECTIONS = {
    "store": StoreSettings,
    "keys": KeysSettings,
    "pool": PoolSettings,
    "listen": ListenSettings,
    "trace": TraceSettings,
    "retention": RetentionSettings,
    "drill": DrillSettings,
}
#: Sections that hold one table for each name.
_NAMED = ("gateways", "alerts", "senders")
#: Names of such tables: a gateway's stands in the address of its hook, all stand in lists and logs.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MINIMUM: Mapping[str, float] = {
    "soak_days": 0,
    "capacity": 1,
    "port": 0,
    "max_body_bytes": 1024,
    "window_days": 1,
    "wait_hours": 0.25,
}
_MAXIMUM = {
    "port": 65_535,
    "soak_days": 3_650,
    "window_days": 36_500,
    "max_body_bytes": 2**30,
    "every_days": 3_650,
    "overdue_days": 3_650,
    "wait_hours": 720,
    "heartbeat_hours": 8_760,
}


def load(folder: Path, *, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the vault in *folder*.

    Raises:
        SettingsError: the file is missing or not TOML, a key is unknown, or a value is of the
            wrong kind.
    """
    environ = os.environ if environ is None else environ
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as err:
        raise SettingsError(
            _("there is no vault in this folder ({file} is missing).").format(file=FILE_NAME),
            hint=_("Make one with `honeytoken init`, or name its folder with --vault."),
        ) from err
    except OSError as err:
        raise SettingsError(
            _("{file} cannot be read.").format(file=FILE_NAME), hint=err.strerror
        ) from err
    except UnicodeDecodeError as err:
        raise _no_toml() from err
    return read(text, folder=folder, environ=environ)


def _no_toml(place: str = "") -> SettingsError:
    message = _("{file} is not valid TOML {place}").format(file=FILE_NAME, place=place)
    return SettingsError(message.rstrip() + ".")


def read(text: str, *, folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in *text*, overridden by the environment. Raises as :func:`load`."""
    environ = os.environ if environ is None else environ
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as err:
        place = str(err).rpartition("(")[2].rstrip(")") if "(at " in str(err) else ""
        raise _no_toml(place) from err
    return parse(_overridden(data, environ), folder=folder)


def parse(data: Mapping[str, Any], *, folder: Path) -> Settings:
    """Return *data*, the tables of a settings file, as checked settings."""
    _refuse_unknown(data, ("mode", *_SECTIONS, *_NAMED), where="")
    mode = data.get("mode", PRODUCTION)
    if mode not in (PRODUCTION, TEST):
        raise SettingsError(_('mode must be "production" or "test".'))
    sections = {name: _section(name, kind, data.get(name, {})) for name, kind in _SECTIONS.items()}
    named: dict[str, Any] = {name: _tables(name, data.get(name, {})) for name in _NAMED}
    return Settings(folder=folder, mode=mode, **named, **sections)


def _tables(section: str, tables: object) -> Mapping[str, Mapping[str, object]]:
    if not isinstance(tables, Mapping):
        raise SettingsError(_("[{name}] must be a table.").format(name=section))
    for name, options in tables.items():
        if not _NAME.fullmatch(name):
            raise SettingsError(
                _('the name of the table [{section}."{name}"] cannot be used.').format(
                    section=section, name=name
                ),
                hint=_("A name has up to 64 letters without accents, digits, - and _."),
            )
        if not isinstance(options, Mapping):
            raise SettingsError(_("[{name}] must be a table.").format(name=f"{section}.{name}"))
    return tables


def options_of(
    settings: Settings, section: str, name: str, *, environ: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Return the options of a named table with its secrets: only who uses it needs to have them.

    Args:
        settings: of the vault.
        section: ``"gateways"``, ``"alerts"`` or ``"senders"``.
        name: of the table in it.
        environ: where ``env:`` references lead; the process's by default.

    Raises:
        SettingsError: a reference leads nowhere.
    """
    environ = os.environ if environ is None else environ
    tables: Mapping[str, Mapping[str, object]] = getattr(settings, section)
    return {
        key: _resolved(value, f"{section}.{name}.{key}", settings.folder, environ)
        for key, value in tables[name].items()
    }


def _section(name: str, kind: Callable[..., Any], values: object) -> Any:
    if not isinstance(values, Mapping):
        raise SettingsError(_("[{name}] must be a table.").format(name=name))
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    _refuse_unknown(values, tuple(known), where=name)
    checked = {}
    for key, value in values.items():
        wanted = {"int": int, "float": float, "str": str}[str(known[key].type)]
        checked[key] = _typed(value, wanted, f"{name}.{key}")
        if wanted is not str:
            low, high = _MINIMUM.get(key, 0), _MAXIMUM.get(key, 10**9)
            if not low <= checked[key] <= high:
                raise SettingsError(
                    _("{key} must be between {low} and {high}.").format(
                        key=f"{name}.{key}", low=low, high=high
                    )
                )
    return kind(**checked)


def _typed(value: object, wanted: type, key: str) -> Any:
    if wanted is str and isinstance(value, str):
        if not value.strip():
            # An empty host would be every address of the machine, an empty path the folder.
            raise SettingsError(_("{key} is empty.").format(key=key))
        return str(value)
    if wanted is not str and not isinstance(value, bool):
        try:
            if isinstance(value, int | float) and (wanted is float or int(value) == value):
                return wanted(value)
            if isinstance(value, FromEnvironment):
                return wanted(value)
        except (ValueError, OverflowError):
            pass
    kind = {int: _("a whole number"), float: _("a number"), str: _("text")}[wanted]
    raise SettingsError(_("{key} must be {kind}.").format(key=key, kind=kind))


def _refuse_unknown(data: Mapping[str, Any], known: tuple[str, ...], *, where: str) -> None:
    for key in data:
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            hint = _('Did you mean "{name}"?').format(name=close[0]) if close else None
            place = f"{where}.{key}" if where else str(key)
            raise SettingsError(
                _('unknown setting "{key}" in {file}.').format(key=place, file=FILE_NAME), hint=hint
            )


def _overridden(data: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    merged: dict[str, Any] = {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in data.items()
    }
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable[len(PREFIX) :] in OTHER_VARIABLES:
            continue
        path = variable[len(PREFIX) :].lower().split("__")
        if path[0] not in ("mode", *_SECTIONS, *_NAMED):
            continue  # another program's, or a variable of a test run
        table: Any = merged
        for part in path[:-1]:
            below = table.setdefault(part, {})
            if not isinstance(below, dict):
                raise SettingsError(
                    _("{variable} does not name a setting.").format(variable=variable)
                )
            table[part] = table = dict(below)
        table[path[-1]] = FromEnvironment(value)
    return merged


def _resolved(value: object, key: str, folder: Path, environ: Mapping[str, str]) -> object:
    if isinstance(value, list):
        return [_resolved(item, key, folder, environ) for item in value]
    if isinstance(value, Mapping):
        return {name: _resolved(item, key, folder, environ) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    if value.startswith("env:"):
        return _from_variable(value[4:].strip(), key, environ)
    if value.startswith("file:"):
        return _from_file(value[5:].strip(), key, folder)
    return value


def _from_variable(name: str, key: str, environ: Mapping[str, str]) -> FromEnvironment:
    if not name:
        raise SettingsError(
            _("{key} refers to an environment variable without a name.").format(key=key),
            hint=_("Write it as {example}.").format(example='"env:NAME"'),
        )
    found = environ.get(name)
    if not found:
        raise SettingsError(
            _("{key} refers to the environment variable {name}, which is not set.").format(
                key=key, name=name
            ),
            hint=_("Set {name} where honeytoken runs; `honeytoken doctor` looks again.").format(
                name=name
            ),
        )
    return FromEnvironment(found)


def _from_file(path: str, key: str, folder: Path) -> str:
    """Return what the file says. Its path is no secret: without it nobody finds the mistake."""
    if not path:
        raise SettingsError(
            _("{key} refers to a file without a name.").format(key=key),
            hint=_("Write it as {example}.").format(example='"file:PATH"'),
        )
    try:
        return (folder / path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as err:
        if isinstance(err, FileNotFoundError):
            problem = _("{key} refers to the file {path}, which is missing.")
        elif isinstance(err, ValueError):
            problem = _("{key} refers to the file {path}, which is not text (UTF-8).")
        elif (folder / path).is_dir():
            problem = _("{key} refers to {path}, which is a folder.")
        else:
            problem = _("{key} refers to the file {path}, which cannot be read.")
        raise SettingsError(
            problem.format(key=key, path=path),
            hint=_("Correct the path, which is relative to the vault's folder, or the file."),
        ) from err


def template(*, mode: str = PRODUCTION, url: str | None = None) -> str:
    """Return the commented ``honeytoken.toml`` that ``init`` writes."""
    # A JSON string is a TOML string, control characters included.
    quoted = json.dumps(StoreSettings().url if url is None else url, ensure_ascii=False)
    return f"""\
# honeytoken settings. Every value can be overridden by the environment:
# HONEYTOKEN_STORE__URL is `url` in [store].

# "production", or "test": only there may contact points of role "test" be planted.
mode = {json.dumps(mode)}

[store]
# SQLite file beside this one, or postgresql+psycopg://user@host/database
url = {quoted}

[keys]
# Mode 0600. Without it the store cannot be read: back it up, apart from the store.
file = "honeytoken.keys"

[pool]
soak_days = 30   # listen this long to a new contact point before it is planted
capacity = 10    # canaries that may share one phone number

[listen]
host = "127.0.0.1"
port = 8321
max_body_bytes = 262144
read_timeout_s = 10.0

[trace]
prior = 1.0      # channels you expect to leak, stated before looking
window_days = 90

# Days after which what was said, and by whom, is destroyed; 0 keeps it. When it came, where it
# arrived and what it was held to be stays.
[retention]
unsolicited_days = 0
ambiguous_days = 365
unreviewed_days = 365
expected_days = 180
background_days = 180
probe_days = 30

# Proof of life: what the listener sends to your own contact points, now and then, through a
# [senders.NAME] table, to see whether they still hear: docs/drill.md.
# [drill]
# every_days = 7         # between two of one contact point, on average; 0 sends none
# overdue_days = 14      # without one that was heard
# wait_hours = 6         # within which one must arrive
# heartbeat_hours = 24   # of silence of a phone that used to send signs of life; 0 asks for none

# One table per gateway; its hook is POST /hooks/<name>. Secrets go by reference: "env:NAME",
# "file:PATH". docs/gateways/README.md
# [gateways.twilio]
# kind = "twilio"
# public_url = "https://hooks.shop.example/hooks/twilio"
# auth_token = "env:TWILIO_AUTH_TOKEN"

# Who is told of contacts; without one, nobody is: docs/alerts.md.
# [alerts.room]
# kind = "apprise"   # or "standard_webhooks", with url and secret
# url = "env:ROOM_URL"

# What sends drills: docs/drill.md.
# [senders.post]
# kind = "smtp"
# host = "mail.shop.example"
# user = "env:MAIL_USER"
# password = "env:MAIL_PASSWORD"
# from = "forms@shop.example"
"""

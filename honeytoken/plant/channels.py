"""Channels: who may be given data, and from where they are known to ring and write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .. import normalize
from ..contacts import senders
from ..errors import AlreadyExists, InvalidInput, NotFound
from ..messages import translate as _
from ..models import Channel, ChannelKind
from ..pool import is_public_provider
from ..store import Store, Transaction, channels
from .names import MAX_NAME, checked_name, slug


class Channels:
    """Who may be given data."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        name: str,
        *,
        kind: ChannelKind | str = ChannelKind.OTHER,
        parent: str | None = None,
        expected_senders: Sequence[str] = (),
    ) -> Channel:
        """Add a channel.

        Raises:
            InvalidInput: the name, kind or a sender cannot be used.
            NotFound: there is no channel *parent*.
            AlreadyExists: the name is taken.
        """
        senders = _checked_senders(expected_senders)
        channel = Channel(
            id=slug(checked_name(name)),
            name=checked_name(name),
            kind=normalize.word(ChannelKind, kind),
            added_at=self._store.clock(),
            parent_id=None if parent is None else self.get(parent).id,
            expected_senders=senders,
        )
        try:
            with self._store.write() as tx:
                channels.insert_channel(tx, channel)
        except AlreadyExists as err:
            raise AlreadyExists(
                _('there is a channel "{name}" already.').format(name=channel.name),
                hint=_("`honeytoken channel list` shows all."),
            ) from err
        return channel

    def set_senders(
        self, name: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> Channel:
        """Change from where a channel is known to ring and write; the ledger keeps the old ones.

        What was received stays as it was judged: ``Contacts.rejudge`` judges it anew.

        Raises:
            NotFound: there is no such channel, or a sender to remove is not among its own.
            InvalidInput: a sender cannot be used.
        """
        added = _checked_senders(add)
        with self._store.write() as tx:
            channel = named_channel(tx, name)
            kept = dict.fromkeys(channel.expected_senders)
            for sender in (item.strip() for item in remove):
                if sender not in kept:
                    raise NotFound("expected sender", sender, known=list(kept))
                del kept[sender]
            changed = replace(channel, expected_senders=tuple({**kept, **dict.fromkeys(added)}))
            if changed.expected_senders != channel.expected_senders:
                channels.set_senders(tx, changed)
        return changed

    def list(self) -> list[Channel]:
        """Return all channels in the order they were added."""
        with self._store.read() as tx:
            return channels.list_channels(tx)

    def get(self, name: str) -> Channel:
        """Return the channel of this name or id.

        Raises:
            NotFound: there is none; a close one is suggested.
        """
        with self._store.read() as tx:
            return named_channel(tx, name)


# Service numbers of one company (95338) are short; elsewhere five digits are a whole city.
_SERVICE_PREFIX = re.compile(r"9[56][0-9]{3,}|1[12][0-9]{3,}").fullmatch
_SHORTEST_PREFIX = 7
_SHORTEST_NUMBER = 3
#: Written in place of 【 and 】 by those who do not find them on the keyboard.
_BRACKETS = "[]()<>{}（）［］「」『』《》【】 "
_NUMBER = re.compile(r"\+?[0-9]+").fullmatch
#: The name that an SMS may have for a sender, such as "RoyalMail" (3GPP TS 23.040, 9.1.2.5).
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 .&_-]{3,11}").fullmatch
#: Endings under which anybody may register a domain, where they have two parts.
_SECOND_LEVEL = frozenset(
    f"{kind}.{country}"
    for kind in ("com", "net", "org", "gov", "edu", "co", "ac", "or", "ne")
    for country in ("cn", "uk", "jp", "hk", "tw", "au", "nz", "kr", "sg", "in", "br", "mx", "za")
)


def _checked_senders(given: Iterable[str]) -> tuple[str, ...]:
    """Return expected senders that tell one company from others, each once.

    Raises:
        InvalidInput: one is empty, too long, or would let in whole networks or mail providers.
    """
    found = tuple(dict.fromkeys(sender.strip() for sender in given))
    for sender in found:
        if not sender or len(sender) > MAX_NAME or not sender.isprintable():
            raise InvalidInput(_("an expected sender is empty or too long."))
        canonical = senders.canonical(sender, region="CN")
        match senders.kind(sender):
            case senders.Kind.SIGNATURE:
                if not canonical:
                    raise InvalidInput(
                        _("a signature stands between 【 and 】, as in 【圆通速递】."),
                    )
            case senders.Kind.PREFIX:
                digits = canonical.removeprefix("+")
                if len(digits) < _SHORTEST_PREFIX and not _SERVICE_PREFIX(digits):
                    raise InvalidInput(
                        _("a number prefix is too wide: others ring from such numbers, too."),
                        hint=_("Give 7 digits or more, or 5 of a service number, such as 95338*."),
                    )
            case senders.Kind.NUMBER if not _NUMBER(canonical) and not _NAME(sender):
                domain = sender.rpartition("@")[2] if "@" in sender else ""
                raise InvalidInput(
                    _("an expected sender is a number, a prefix, a signature or a mail domain."),
                    hint=_('Did you mean "{name}"?').format(
                        name=domain or f"【{sender.strip(_BRACKETS)}】"
                    ),
                )
            case senders.Kind.DOMAIN:
                labels = canonical.split(".")
                if is_public_provider(canonical) or canonical in _SECOND_LEVEL or len(labels) < 2:
                    raise InvalidInput(
                        _("a mail domain is a public provider's: anybody may write from there."),
                        hint=_("Give the domain that only this company writes from."),
                    )
            case _:
                if len(canonical) < _SHORTEST_NUMBER:
                    raise InvalidInput(_("an expected sender's number is too short."))
    return found


def named_channel(tx: Transaction, name: str) -> Channel:
    """Return the channel of this name or id.

    Raises:
        NotFound: there is none; a close one is suggested.
    """
    every = channels.list_channels(tx)
    wanted = slug(name)
    for channel in every:
        if wanted == channel.id or name == channel.name:
            return channel
    raise NotFound("channel", name, known=[channel.id for channel in every])

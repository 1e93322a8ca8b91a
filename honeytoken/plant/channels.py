"""Channels: who may be given data, and from where they are known to ring and write."""

from __future__ import annotations

from collections.abc import Sequence

from .. import normalize
from ..errors import AlreadyExists, InvalidInput, NotFound
from ..messages import translate as _
from ..models import Channel, ChannelKind
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
        senders = tuple(sender.strip() for sender in expected_senders)
        if any(not sender or len(sender) > MAX_NAME for sender in senders):
            raise InvalidInput(_("an expected sender is empty or too long."))
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

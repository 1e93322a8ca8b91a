"""Channels and routes: who may be given data, and in which order."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row, insert, select, update

from ..ledger import Action, Leaf
from ..models import Channel, ChannelKind, Route
from . import codec, schema
from .schema import from_microseconds
from .transaction import Transaction


def insert_channel(tx: Transaction, channel: Channel) -> None:
    """Add a channel.

    Raises:
        AlreadyExists: at the end of the block, if its id or name is taken.
    """
    data = ledger_data(channel)
    values = {
        **data,
        "id": channel.id,
        "expected_senders": json.dumps(data["expected_senders"], ensure_ascii=False),
        "added_at": channel.added_at,
    }
    tx.connection.execute(insert(schema.channels).values(values))
    tx.append(Action.ADD_CHANNEL, Leaf(channel.id, codec.to_bytes(data)))


def set_senders(tx: Transaction, channel: Channel) -> None:
    """Store the expected senders of a channel."""
    senders = list(channel.expected_senders)
    tx.connection.execute(
        update(schema.channels)
        .where(schema.channels.c.id == channel.id)
        .values(expected_senders=json.dumps(senders, ensure_ascii=False))
    )
    leaf = Leaf(channel.id, codec.to_bytes({"expected_senders": senders}))
    tx.append(Action.SET_SENDERS, leaf)


def ledger_data(channel: Channel) -> dict[str, Any]:
    """Return what the ledger commits to: all of it."""
    return {
        "name": channel.name,
        "kind": channel.kind.value,
        "parent_id": channel.parent_id,
        "expected_senders": list(channel.expected_senders),
        "added_at": channel.added_at.isoformat(),
    }


def list_channels(tx: Transaction) -> list[Channel]:
    """Return all channels in the order they were added."""
    # The listener asks for every batch: past SQLAlchemy.
    rows = tx.execute(
        "SELECT id, name, kind, added_at, parent_id, expected_senders FROM channels"
        " ORDER BY added_at, id"
    )
    return [
        Channel(
            id=channel_id,
            name=name,
            kind=ChannelKind(kind),
            added_at=from_microseconds(added_at),
            parent_id=parent_id,
            expected_senders=tuple(json.loads(senders)),
        )
        for channel_id, name, kind, added_at, parent_id, senders in rows
    ]


def insert_route(tx: Transaction, route: Route) -> None:
    """Add a route.

    Raises:
        AlreadyExists: at the end of the block, if its id or name is taken.
    """
    plain = codec.to_bytes({"hops": codec.hops_data(route.hops)})
    values = {
        "id": route.id,
        "name": route.name,
        "added_at": tx.now,
        "sealed": tx.sealer.seal(plain, table="routes", column="sealed", row=route.id),
    }
    tx.connection.execute(insert(schema.routes).values(values))
    tx.append(Action.ADD_ROUTE, Leaf(route.id, plain), keep=False)


def list_routes(tx: Transaction) -> list[Route]:
    """Return all routes in the order they were added."""
    query = select(schema.routes).order_by(schema.routes.c.added_at, schema.routes.c.id)
    return [_route(tx, row) for row in tx.connection.execute(query)]


def _route(tx: Transaction, row: Row[*tuple[Any, ...]]) -> Route:
    plain = tx.sealer.open(row.sealed, table="routes", column="sealed", row=row.id)
    return Route(id=row.id, name=row.name, hops=codec.hops(codec.from_bytes(plain)["hops"]))

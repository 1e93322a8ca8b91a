"""Who of the people mail is addressed to is ours: minted, or a mailbox of the pool."""

from __future__ import annotations

from collections.abc import Sequence

from ..keys import IndexKind
from ..models import ContactPointKind
from ..store import Store, canaries, contact_points


def ours(store: Store, addresses: Sequence[str]) -> set[str]:
    """Return those of *addresses* that reach a canary, or a mailbox that the owner holds.

    A mailbox counts before it was planted, too: what it hears then is the background. So does the
    address of a canary that expired: a late contact is evidence.

    Args:
        store: where they are looked up, by blind index.
        addresses: canonical.

    Raises:
        StoreError, KeysError: nothing can be looked up just now.
    """
    with store.read() as tx:
        minted = {tx.indexer.digest(IndexKind.EMAIL, one): one for one in addresses}
        held = {contact_points.digest(tx, ContactPointKind.MAILBOX, one): one for one in addresses}
        return {minted[digest] for digest in canaries.ids_by_digest(tx, list(minted))} | {
            held[digest] for digest in contact_points.by_digest(tx, list(held))
        }

"""Finding canaries again by what an order or a contact shows: the look-ups of a shop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from . import normalize
from .errors import InvalidIdentifier, InvalidInput
from .keys import IndexKind
from .messages import translate as _
from .models import Canary
from .store import Store, canaries
from .store.lookup import Lookup


class Finder:
    """Look-ups in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lookup = Lookup(store)

    def close(self) -> None:
        """Give the connections of the look-ups back."""
        self._lookup.close()

    def is_canary(
        self,
        *,
        phone_number: str | None = None,
        email: str | None = None,
        region: str = "CN",
    ) -> bool:
        """Tell whether any of the identifiers given is a canary's. Made for every order of a shop.

        Args:
            phone_number: in any notation.
            email: in any notation.
            region: country whose national notation the number may use.

        Raises:
            InvalidInput: nothing was given.
        """
        if phone_number is not None and email is None:
            digests = self._digests_of_phone(phone_number, region)
        else:
            digests = self._digests(phone_number, email, region)
        for digest in digests:
            known = self._lookup.knows(digest)
            if known is None:
                # `reindex` ran in another process: read the keys, look again.
                with self._store.read():
                    pass
                return self.is_canary(phone_number=phone_number, email=email, region=region)
            if known:
                return True
        return False

    def find_many(self, rows: Iterable[Mapping[str, str | None]]) -> list[list[Canary]]:
        """Return, for each row, the canaries that carry any of its identifiers.

        Args:
            rows: with the keys of :meth:`find`; others are ignored, so an order's row will do.
        """
        wanted = [
            self._digests(
                row.get("phone_number"),
                row.get("email"),
                row.get("region") or "CN",
                required=False,
            )
            for row in rows
        ]
        with self._store.read() as tx:
            every = list({digest: None for digests in wanted for digest in digests})
            ids = canaries.ids_by_digest(tx, every)
            found = canaries.get_many(
                tx, sorted({item for group in ids.values() for item in group})
            )
        return [
            [
                found[canary_id]
                for canary_id in sorted(
                    {item for digest in digests for item in ids.get(digest, ())}
                )
            ]
            for digests in wanted
        ]

    def _digests_of_phone(self, phone_number: str, region: str) -> tuple[bytes, ...]:
        try:
            number = normalize.phone_number(phone_number, region=region)
        except InvalidIdentifier:
            return ()
        return (self._store.keys.indexer.digest(IndexKind.PHONE_NUMBER, number),)

    def _digests(
        self,
        phone_number: str | None,
        email: str | None,
        region: str,
        *,
        required: bool = True,
    ) -> tuple[bytes, ...]:
        if required and phone_number is None and email is None:
            raise InvalidInput(_("give a phone number or an e-mail."))
        digest = self._store.keys.indexer.digest
        found: list[bytes] = []
        if phone_number:
            found += self._digests_of_phone(phone_number, region)
        # What has no canonical form was never minted: it is no canary, and no error.
        with suppress(InvalidIdentifier):
            if email:
                found.append(digest(IndexKind.EMAIL, normalize.email(email)))
        return tuple(found)

"""The front door: a store together with its keys, and the verbs.

Opening a vault wires the rooms together; what they do is in ``mint``, ``plant``, ``pool``,
``contacts``, ``trace``, ``rekey`` and ``store``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from . import keyfile, normalize
from .contacts import Contacts
from .errors import AlreadyExists, InvalidInput, NotFound, SettingsError
from .find import Finder
from .keys import Keyring
from .ledger import VAULT, Action, Entry, Leaf, LedgerHead, Reveal
from .messages import translate as _
from .mint import Mint
from .models import Canary, DocumentKind, Evidence, Permission, Placement, Trace, View, Window
from .notify.book import Alerts
from .plant import Channels, NewPlacement, Placements, Routes
from .pool import Pool
from .purge import Purge
from .rekey import forget_old_masters, reindex, rekey
from .settings import FILE_NAME, PRODUCTION, Settings, load, parse, read, template
from .store import Store, audit, canaries, codec, evidence, ledger, placements, transfer

if TYPE_CHECKING:
    from .drill import Drills
    from .store.rekeying import Progress

Clock = Callable[[], datetime]

#: Names the folder of the vault where none is given.
HOME_VARIABLE = "HONEYTOKEN_HOME"


def system_clock() -> datetime:
    """Return the present time, aware UTC."""
    return datetime.now(UTC)


class Vault:
    """An open vault. Use it in a ``with`` block; safe to share between threads."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.channels = Channels(store)
        self.routes = Routes(store)
        self.pool = Pool(store, settings)
        self.placements = Placements(store, settings)
        self.contacts = Contacts(store)
        self.canaries = Canaries(store)
        self.ledger = Ledger(store)
        self.purge = Purge(store, settings)
        self.alerts = Alerts(store, settings)
        self._mint = Mint(store, settings)
        self._finder = Finder(store)

    @classmethod
    def create(
        cls,
        folder: Path | str,
        *,
        mode: str = PRODUCTION,
        url: str | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """Make a vault in *folder*: settings, key file (mode 0600) and store; return it open.

        Raises:
            AlreadyExists: there is a vault, or a part of one.
            SettingsError: mode or URL cannot be used.
            StoreError: the database cannot be used.
        """
        folder = Path(folder)
        for name in (FILE_NAME, parse({}, folder=folder).keys.file):
            if (folder / name).exists():
                raise AlreadyExists(
                    _("there is a vault in this folder already ({file}).").format(file=name),
                    hint=_("Nothing was changed. Choose another folder."),
                )
        text = template(mode=mode, url=url)
        settings = read(text, folder=folder)
        made_folder = not folder.exists()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not keyfile.from_environment():
                keyfile.create(settings, Keyring.generate())
            try:
                # Before the store: keys that a store was made with are never taken away again.
                (folder / FILE_NAME).write_text(text, encoding="utf-8")
                vault = cls(settings, _prepared(settings, clock, new=True))
            except BaseException:
                for path in (folder / FILE_NAME, keyfile.path(settings)):
                    with suppress(OSError):
                        path.unlink()
                raise
        except OSError as err:
            raise SettingsError(_("the vault cannot be written there."), hint=err.strerror) from err
        finally:
            if made_folder:
                with suppress(OSError):
                    folder.rmdir()  # only if nothing was made in it
        return vault

    @classmethod
    def open(
        cls,
        folder: Path | str | None = None,
        *,
        clock: Clock | None = None,
        new_store: bool = False,
    ) -> Self:
        """Open the vault in *folder* (default: ``HONEYTOKEN_HOME``, else the current folder).

        Args:
            folder: with the settings and the key file.
            clock: what to take for the present time; the system's by default.
            new_store: make the store if it is not there, to import a backup into it.

        Raises:
            SettingsError: there is no vault, or its settings are wrong.
            KeysError: the keys are missing or not those of the store.
            StoreError: the database cannot be used.
        """
        settings = load(Path(folder or os.environ.get(HOME_VARIABLE) or "."))
        return cls(settings, _prepared(settings, clock, new=new_store))

    @property
    def folder(self) -> Path:
        """Where the settings and the key file stand."""
        return self.settings.folder

    @property
    def clock(self) -> Clock:
        """What this vault takes for the present time."""
        return self.store.clock

    @property
    def drills(self) -> Drills:
        """Proofs of life: what was sent to the contact points, and what of it was heard."""
        # Imported here: it needs the machinery of mail, which few runs do.
        from .drill import Drills

        return Drills(self.store, self.settings)

    def close(self) -> None:
        """Give all connections back."""
        self._finder.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # Minting and placing

    def mint(
        self,
        *,
        locale: str = "zh-CN",
        plan_id: str | None = None,
        channel: str | None = None,
        note: str | None = None,
        expires_at: datetime | None = None,
        requires: Sequence[str] = (),
    ) -> Canary:
        """Return one new canary, stored. Arguments and errors as :meth:`mint_many`."""
        return next(
            self.mint_many(
                1,
                locale=locale,
                plan_id=plan_id,
                channel=channel,
                note=note,
                expires_at=expires_at,
                requires=requires,
            )
        )

    def mint_many(
        self,
        count: int,
        *,
        locale: str = "zh-CN",
        plan_id: str | None = None,
        channel: str | None = None,
        note: str | None = None,
        expires_at: datetime | None = None,
        requires: Sequence[str] = (),
        seed: int | None = None,
    ) -> Iterator[Canary]:
        """Yield *count* new canaries in chunks, each chunk stored before it is yielded.

        Args:
            count: how many.
            locale: BCP 47 (``"zh-CN"``, ``"en-GB"``).
            plan_id: the set they are designed with.
            channel: for whom they are meant: phone numbers it knows already are left out.
            note: the owner's, sealed with the identity.
            expires_at: from then on they are no longer placed.
            requires: fields that must be filled: ``phone_number``, ``email``, ``address``.
            seed: repeats the people within one release; for demos and tests only.

        Raises:
            PoolExhausted: the pool has no room for all; nothing is minted.
            NotFound: there is no such channel.
            InvalidInput: an argument cannot be used.
        """
        channel_id = None if channel is None else self.channels.get(channel).id
        return self._mint.mint_many(
            count,
            locale=locale,
            plan_id=plan_id,
            channel_id=channel_id,
            note=note,
            expires_at=expires_at,
            requires=requires,
            seed=seed,
        )

    def place(
        self,
        canary: Canary | str,
        channel: str | None = None,
        *,
        route: str | None = None,
        document: DocumentKind | str = DocumentKind.WAYBILL,
        reference: str | None = None,
        batch: str | None = None,
        region: str | None = None,
        view: View | None = None,
        expected_until: datetime | None = None,
        device: str | None = None,
        consent: str | None = None,
        permission: Permission | str = Permission.UNKNOWN,
        confirmed: bool = False,
    ) -> tuple[Placement, ...]:
        """Store that a canary goes to a channel, or along a route (one placement per hop).

        Call it before the document leaves; then :meth:`confirm` when it arrived.

        Raises:
            NotFound, InvalidInput, Refused: as ``Placements.add_many``.
        """
        new = NewPlacement(
            canary=canary,
            channel=channel,
            route=route,
            document=document,
            reference=reference,
            batch=batch,
            region=region,
            view=view,
            expected_until=expected_until,
            device=device,
            consent=consent,
            permission=permission,
            confirmed=confirmed,
        )
        return tuple(self.placements.add_many([new]))

    def place_many(self, new: Iterable[NewPlacement]) -> list[Placement]:
        """Store many placements, all or none."""
        return self.placements.add_many(new)

    def confirm(
        self, placement_ids: Iterable[str], *, at: datetime | None = None
    ) -> list[Placement]:
        """Mark placements as having reached their channel: exposure begins."""
        return self.placements.confirm(placement_ids, at=at)

    def void(self, placement_ids: Iterable[str], *, reason: str | None = None) -> list[Placement]:
        """Mark placements as never having reached their channel; confirmed ones need a reason."""
        return self.placements.void(placement_ids, reason=reason)

    # Finding

    def is_canary(
        self, *, phone_number: str | None = None, email: str | None = None, region: str = "CN"
    ) -> bool:
        """Tell whether any of the identifiers given is a canary's. Made for every order of a shop.

        Args:
            phone_number: in any notation.
            email: in any notation.
            region: country whose national notation the number may use.

        Raises:
            InvalidInput: nothing was given.
        """
        return self._finder.is_canary(phone_number=phone_number, email=email, region=region)

    def find(
        self, *, phone_number: str | None = None, email: str | None = None, region: str = "CN"
    ) -> list[Canary]:
        """Return the canaries that carry any of the identifiers given, oldest first."""
        return self.find_many([{"phone_number": phone_number, "email": email, "region": region}])[0]

    def find_many(self, rows: Iterable[Mapping[str, str | None]]) -> list[list[Canary]]:
        """Return, for each row, the canaries that carry any of its identifiers.

        Args:
            rows: with the keys of :meth:`find`; others are ignored, so an order's row will do.
        """
        return self._finder.find_many(rows)

    # Tracing

    def evidence(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        prior: float | None = None,
    ) -> Evidence:
        """Return all that the tracer is given for a window.

        Args:
            since: default ``trace.window_days`` before *until*.
            until: default now.
            prior: expected number of channels that leak; default ``trace.prior``.

        Raises:
            InvalidInput: the window is empty or the prior not positive.
        """
        # The window excludes its end; what came in this very moment counts.
        end = normalize.moment(until or self.clock() + timedelta(microseconds=1))
        length = timedelta(days=self.settings.trace.window_days)
        start = normalize.moment(since or max(end - length, normalize.EARLIEST))
        if start >= end:
            raise InvalidInput(_("the window ends before it begins."))
        expected = self.settings.trace.prior if prior is None else prior
        if not 0 < expected < 1e6:
            raise InvalidInput(_("the prior must be a positive number of channels."))
        with self.store.read() as tx:
            return evidence.gather(tx, Window(start, end), prior=expected)

    def trace(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        prior: float | None = None,
    ) -> Trace:
        """Return which channels the contacts are most consistent with, and how sure that is."""
        from .trace import attribute

        return attribute(self.evidence(since=since, until=until, prior=prior))

    # Keys, ledger, moving

    def reveal(self, what: str, ids: Sequence[str], *, by: str | None = None) -> None:
        """Put into the ledger that personal values were shown: call it before showing them.

        Args:
            what: kind of the records.
            ids: those shown; none if all of a kind were.
            by: who saw them, such as the account at the machine.
        """
        with self.store.write() as tx:
            data = {"what": what, "ids": list(ids), **({"by": by} if by else {})}
            tx.append(Action.REVEAL, Leaf(VAULT, codec.to_bytes(data)))

    def rekey(self, progress: Progress | None = None) -> None:
        """Seal everything with a fresh master; can be stopped and started again."""
        rekey(self.store, self.settings, progress=progress or (lambda _done, _all: None))

    def forget_old_masters(self) -> None:
        """Drop older sealing masters from the key file; backups of before can then not be read."""
        forget_old_masters(self.store, self.settings)

    def reindex(self) -> None:
        """Replace the index master, after the old one was exposed."""
        reindex(self.store, self.settings)

    def export_references(self) -> Iterator[str]:
        """Yield the shop's own order numbers of canary orders, and nothing else."""
        with self.store.read() as tx:
            yield from placements.references(tx)

    def export(self, file: IO[str]) -> int:
        """Write the whole store, sealed, as JSON lines; return the number of rows."""
        with self.store.read() as tx:
            return transfer.export(tx, file)

    def import_(self, file: Iterable[str]) -> int:
        """Put an export into this vault, which must be empty; return the number of rows."""
        with self.store.write() as tx:
            return transfer.restore(tx, file)


class Canaries:
    """The canaries of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, canary_id: str) -> Canary:
        """Return one canary.

        Raises:
            NotFound: there is none with that id.
        """
        with self._store.read() as tx:
            found = canaries.get_many(tx, [canary_id])
        if canary_id not in found:
            raise NotFound("canary", canary_id)
        return found[canary_id]

    def list(self, *, limit: int | None = None) -> Iterator[Canary]:
        """Yield canaries, oldest first, a chunk in memory at a time."""
        last, left = "", limit
        while left is None or left > 0:
            with self._store.read() as tx:
                chunk = canaries.chunk_after(tx, last)
            if not chunk:
                return
            if left is not None:
                chunk = chunk[:left]
                left -= len(chunk)
            yield from chunk
            last = chunk[-1].id

    def count(self) -> int:
        """Return how many there are."""
        with self._store.read() as tx:
            return canaries.count(tx)


class Ledger:
    """The ledger of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def head(self) -> LedgerHead:
        """Return the last entry's number and digest: what to keep elsewhere."""
        with self._store.read() as tx:
            return ledger.head(tx)

    def verify(self, *, head: str | None = None) -> int:
        """Check chain and records; return the number of entries.

        Raises:
            LedgerBroken: something was altered, removed or reordered.
        """
        with self._store.read() as tx:
            return audit.check(tx, head=head).seq

    def reveals(self, *, newest: int | None = None) -> list[Reveal]:
        """Return when personal values were shown, and of what; the earliest first."""
        with self._store.read() as tx:
            return ledger.reveals(tx, newest=newest)

    def entries(self, *, newest: int | None = None) -> list[Entry]:
        """Return the entries in order; with *newest*, only that many of the last ones."""
        with self._store.read() as tx:
            return list(ledger.entries(tx, newest=newest))


def _prepared(settings: Settings, clock: Clock | None, *, new: bool) -> Store:
    store = Store(
        settings.store.url,
        folder=settings.folder,
        load_keys=lambda: keyfile.read(settings),
        clock=clock or system_clock,
    )
    try:
        store.prepare(new=new)
    except BaseException:
        store.close()
        raise
    return store

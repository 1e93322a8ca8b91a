"""New masters: ``rekey`` moves the sealing on, ``reindex`` replaces the index master."""

from __future__ import annotations

from . import keyfile
from .contacts import regroup
from .errors import KeysError
from .keys import Keyring
from .messages import translate as _
from .settings import Settings
from .store import Store
from .store.rekeying import Progress, announce, reseal, switch_index, uses_old_masters


def rekey(store: Store, settings: Settings, *, progress: Progress) -> None:
    """Seal everything with a fresh master.

    The key file gains the new master first, then the store says that it is current (other
    processes read the key file again), then values are sealed anew in small transactions. Stopped
    anywhere, the store stays readable; the next call goes on where this one was, without another
    master. Old masters stay in the key file, for backups: :func:`forget_old_masters`.
    """
    keyring = keyfile.read(settings)
    if not _under_way(store, keyring):
        keyring = keyring.with_new_sealing()
        keyfile.replace(settings, keyring)
    store.use_keys(keyring)
    announce(store)
    reseal(store, progress)


def _under_way(store: Store, keyring: Keyring) -> bool:
    store.use_keys(keyring)
    return len(keyring.sealing) > 1 and uses_old_masters(store)


def forget_old_masters(store: Store, settings: Settings) -> None:
    """Drop the older sealing masters from the key file.

    Raises:
        KeysError: something is still sealed with one of them.
    """
    if uses_old_masters(store):
        raise KeysError(
            _("some values are still sealed with an older key."),
            hint=_("Run `honeytoken rekey` to its end first."),
        )
    keyring = keyfile.read(settings).only_current_sealing()
    keyfile.replace(settings, keyring)
    store.use_keys(keyring)


def reindex(store: Store, settings: Settings) -> None:
    """Replace the index master, after the old one was exposed: one transaction, all or nothing.

    The key file holds both masters before the transaction and only the new one after it; whoever
    opens the store in between learns from the store which of the two it goes by.
    """
    keyring = keyfile.read(settings).with_next_index()
    keyfile.replace(settings, keyring)
    store.use_keys(keyring)
    with store.write() as tx:
        tx.change_index(keyring.promoted().index)
        switch_index(tx)
        regroup(tx)
    store.use_keys(keyring.promoted())
    keyfile.replace(settings, keyring.promoted())

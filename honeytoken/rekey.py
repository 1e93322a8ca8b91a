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
    under_way = uses_old_masters(store)
    with store.write() as tx:
        # One transaction writes at a time, so nobody else changes the key file meanwhile.
        keyring = _in_force(store, settings)
        if len(keyring.sealing) < 2 or not under_way:
            keyring = keyring.with_new_sealing()
            keyfile.replace(settings, keyring)
        announce(tx, keyring)
    store.use_keys(keyring)
    reseal(store, progress)


def _in_force(store: Store, settings: Settings) -> Keyring:
    """Return the key file's keyring, with the index master that the store goes by."""
    keyring = keyfile.read(settings)
    return keyring if keyring.index == store.keys.keyring.index else keyring.promoted()


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
    with store.write():
        keyring = _in_force(store, settings).only_current_sealing()
        keyfile.replace(settings, keyring)
    store.use_keys(keyring)


def reindex(store: Store, settings: Settings) -> None:
    """Replace the index master, after the old one was exposed: one transaction, all or nothing.

    The key file holds both masters before the transaction and only the new one after it; whoever
    opens the store in between learns from the store which of the two it goes by.
    """
    with store.write() as tx:
        # One transaction writes at a time, so nobody else changes the key file meanwhile.
        keyring = _in_force(store, settings).with_next_index()
        keyfile.replace(settings, keyring)
        tx.change_index(keyring.promoted().index)
        switch_index(tx)
        regroup(tx)
    store.use_keys(keyring.promoted())
    with store.write():
        keyfile.replace(settings, _in_force(store, settings))

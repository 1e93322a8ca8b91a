from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken.errors import KeysError, SealBroken, WrongKeys
from honeytoken.keys import Indexer, IndexKind, Keyring, Sealer
from honeytoken.keys.sealing import derive

RING = Keyring.generate()
PLACE = {"table": "canaries", "column": "sealed", "row": "can_1"}
SEALED_VECTOR = (
    "01bad36154235e69104162e2dbbf1cb238dbc30312c966caf43f5e848431301f1509fb8d786192c84879"
)


@given(st.binary(max_size=2000))
def test_what_was_sealed_opens_to_the_same_bytes(plain: bytes) -> None:
    sealer = Sealer(RING)
    assert sealer.open(sealer.seal(plain, **PLACE), **PLACE) == plain


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_flipped_bit_is_noticed(plain: bytes, data: st.DataObject) -> None:
    sealer = Sealer(RING)
    sealed = bytearray(sealer.seal(plain, **PLACE))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(KeysError):
        sealer.open(bytes(sealed), **PLACE)


@pytest.mark.parametrize("moved", [{"table": "events"}, {"column": "x"}, {"row": "can_2"}])
def test_a_value_moved_to_another_place_does_not_open(moved: dict[str, str]) -> None:
    sealer = Sealer(RING)
    with pytest.raises(SealBroken):
        sealer.open(sealer.seal(b"secret", **PLACE), **{**PLACE, **moved})


def test_a_cut_value_does_not_open() -> None:
    with pytest.raises(SealBroken):
        Sealer(RING).open(b"\x01short", **PLACE)


def test_another_keyring_is_one_clear_error() -> None:
    sealed = Sealer(Keyring.generate()).seal(b"secret", **PLACE)
    with pytest.raises(WrongKeys, match="does not hold the key"):
        Sealer(RING).open(sealed, **PLACE)


def test_the_same_value_is_sealed_differently_each_time() -> None:
    sealer = Sealer(RING)
    assert sealer.seal(b"x", **PLACE) != sealer.seal(b"x", **PLACE)


def test_a_keyring_survives_its_text() -> None:
    ring = Keyring.generate().with_new_sealing().with_next_index()
    assert Keyring.from_text(ring.to_text()) == ring


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"format": 2}',
        '{"format": 1, "sealing": []}',
        "\x00",
        "[" * 100_000,
    ],
)
def test_a_broken_key_file_is_one_clear_error(text: str) -> None:
    with pytest.raises(KeysError, match="cannot be read"):
        Keyring.from_text(text)


def test_a_master_under_a_false_id_is_refused() -> None:
    data = json.loads(RING.to_text())
    data["sealing"][0]["id"] = "00000000"
    with pytest.raises(KeysError):
        Keyring.from_text(json.dumps(data))


def test_the_old_master_still_opens_after_a_new_one_seals() -> None:
    sealed = Sealer(RING).seal(b"old", **PLACE)
    newer = Sealer(RING.with_new_sealing())
    assert newer.open(sealed, **PLACE) == b"old"
    assert newer.is_stale(sealed)
    assert not newer.is_stale(newer.seal(b"new", **PLACE))


def test_keys_do_not_show_in_repr() -> None:
    shown = repr(RING) + repr(Sealer(RING)) + repr(Indexer(RING.index))
    assert RING.index.hex() not in shown
    assert repr(RING.index) not in shown


def test_a_blind_index_is_the_standard_hmac_cut_to_128_bits() -> None:
    key = derive(RING.index, "index phone_number")
    wanted = hmac.digest(key, b"+447700900123", "sha256")[:16]
    assert Indexer(RING.index).digest(IndexKind.PHONE_NUMBER, "+447700900123") == wanted


def test_equal_values_of_two_kinds_have_different_indexes() -> None:
    indexer = Indexer(RING.index)
    assert indexer.digest(IndexKind.EMAIL, "x") != indexer.digest(IndexKind.SENDER, "x")


def test_the_format_of_a_sealed_value_is_pinned() -> None:
    # Sealed once with masters of 32 zero bytes; if it no longer opens, old stores do not either.
    master = bytes(32)
    name = hashlib.sha256(b"honeytoken sealing master id 1\0" + master).hexdigest()[:8]
    ring = Keyring(sealing={name: master}, index=master)
    sealed = bytes.fromhex(SEALED_VECTOR)
    assert Sealer(ring).open(sealed, **PLACE) == "陈志远".encode()

"""`honeytoken mint`."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess

import pytest

from .conftest import Shell
from .test_main import ROOT, RUN


def test_canaries_are_shown_short_and_whole_only_with_an_entry(shop: Shell) -> None:
    (short,) = shop.json("mint", "--locale", "en-GB", "--json")
    assert "****" in str(short["identity"])
    before = len(shop.actions())
    (whole,) = shop.json("mint", "--locale", "en-GB", "--reveal", "--json")
    identity = whole["identity"]
    assert isinstance(identity, dict)
    assert identity["phone_number"].startswith("+44770090012")
    assert shop.actions()[before:] == ["mint", "reveal"]


def test_a_table_has_a_line_per_canary(shop: Shell) -> None:
    lines = shop.done("mint", "--count", "3", "--locale", "en-GB").splitlines()
    assert lines[0].split()[:2] == ["ID", "NAME"]
    assert len(lines) == 4


ADDRESS = [
    *(
        "pool",
        "add",
        "address",
        "--street-address",
        "12 Acacia Avenue",
        "--locality",
        "Springfield",
    ),
    *("--region-name", "Kent", "--postal-code", "AB1 2CD", "--country", "GB"),
]


@pytest.mark.parametrize("document", ["waybill", "loan_form"])
def test_a_document_is_whole_and_recorded(shop: Shell, document: str) -> None:
    shop.done(*ADDRESS)
    before = len(shop.actions())
    typed = ["mint", "--count", "2", "--locale", "en-GB", "--document", document]
    header, *rows = csv.reader(io.StringIO(shop.done(*typed)))
    assert len(rows) == 2
    assert rows[0][header.index("Phone")].startswith("07700 90012")
    assert shop.actions()[before:] == ["mint", "reveal"]
    lines = shop.done(*typed, "--format", "json", "--headers", "zh_CN").splitlines()
    assert ["订单号" in line or "申请编号" in line for line in lines] == [True, True]


def test_the_ids_of_a_document_are_in_a_file_of_their_own(shop: Shell) -> None:
    shop.done(*ADDRESS)
    typed = ["mint", "--count", "2", "--locale", "en-GB", "--document", "waybill"]
    file = shop.folder / "ids.txt"
    rows = shop.done(*typed, "--ids-to", str(file)).splitlines()
    ids = file.read_text(encoding="utf-8").splitlines()
    assert [
        found["id"] for found in map(json.loads, shop.done("export", "canaries").splitlines())
    ] == ids
    assert not any(one in row for one in ids for row in rows)
    before = shop.store()
    shop.failed(*typed, "--ids-to", str(file))
    assert shop.store() == before


def test_a_document_for_excel_begins_with_a_byte_order_mark(shop: Shell) -> None:
    shop.done(*ADDRESS)
    whole = shop.done("mint", "--locale", "en-GB", "--document", "waybill", "--bom")
    assert whole.startswith("\ufeffOrder number,")


def test_a_waybill_without_an_address_is_not_minted(shop: Shell) -> None:
    before = shop.store()
    shop.failed("mint", "--locale", "en-GB", "--document", "waybill")
    assert shop.store() == before


def test_a_channel_gets_no_phone_number_twice(shop: Shell) -> None:
    canaries = shop.done("mint", "--count", "3", "--locale", "en-GB", "--ids").split()
    for canary in canaries:
        shop.done("place", canary, "northbound")
    before = shop.store()
    shop.failed("mint", "--channel", "northbound", "--locale", "en-GB")
    assert shop.store() == before


@pytest.mark.parametrize(
    "typed",
    [
        ["--count", "31"],
        ["--count", "9" * 30],
        ["--locale", "xx-YY"],
        ["--locale", "'; drop table canaries; --"],
        ["--channel", "southbound"],
        ["--require", "email"],
    ],
)
def test_what_cannot_be_minted_leaves_the_vault_as_it_was(shop: Shell, typed: list[str]) -> None:
    before = shop.store()
    shop.failed("mint", *(["--locale", "en-GB"] if "--locale" not in typed else []), *typed)
    assert shop.store() == before


@pytest.mark.parametrize(
    "typed",
    [
        ["--count", "-1"],
        ["--format", "csv"],
        ["--headers", "en"],
        ["--ids-to", "ids.txt"],
        ["--document", "waybill", "--json"],
        ["--document", "waybill", "--format", "json", "--bom"],
        ["--document", "passport"],
        ["--note", "\x00"],
        ["--note", "x" * 30_000],
    ],
)
def test_what_is_typed_wrong_mints_nothing(shop: Shell, typed: list[str]) -> None:
    before = shop.store()
    shop.failed("mint", *typed, code=2)
    assert shop.store() == before


@pytest.mark.skipif(os.name != "posix", reason="Windows has no /bin/sh")
def test_when_the_reader_goes_away_what_was_minted_stays_and_is_said(shell: Shell) -> None:
    shell.done(
        *("pool", "add", "phone_number", "+447700900120", "--region", "GB", "--role", "test"),
        *("--capacity", "20000"),
    )
    command = " ".join(f"'{word}'" for word in RUN)
    typed = f"{command} --vault '{shell.folder}' mint --count 20000 --locale en-GB --json"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{typed} | head -n 1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert done.stdout.count("\n") == 1
    assert "what was minted stays in the vault" in done.stderr
    stored = len(shell.done("export", "canaries").splitlines())
    assert 0 < stored < 20_000

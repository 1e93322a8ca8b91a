"""`honeytoken contacts import`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.phonelogs import samples

from .conftest import Shell

TO = ("--to", "+447700900120")


@pytest.fixture
def calls(tmp_path: Path) -> str:
    """A backup of a phone's calls."""
    path = tmp_path / "calls.xml"
    path.write_text(samples.CALLS_XML, encoding="utf-8")
    return str(path)


def imported(shop: Shell, *typed: str, stdin: str | bytes | None = None) -> dict[str, object]:
    (report,) = shop.json("contacts", "import", *typed, "--json", stdin=stdin)
    return report


def test_an_import_says_what_it_found_and_lists_what_was_missed(shop: Shell, calls: str) -> None:
    result = shop("contacts", "import", calls, *TO)
    assert result.exit_code == 0
    sentences, table = result.stdout.splitlines()[:3], result.stdout.splitlines()[3:]
    assert sentences == [
        "phone log: 6 calls and messages came in.",
        "6 missed by the hooks: they are listed below.",
        "1 outgoing: passed over, not kept.",
    ]
    header, *rows = table
    assert header.split() == ["LINE", "RECEIVED", "AT", "MEDIUM", "ID"]
    listed = shop.done("contacts", "list", "--ids").split()
    assert sorted(row.split()[-1] for row in rows) == sorted(listed)
    assert "900999" not in result.output


def test_the_same_file_again_is_known(shop: Shell, calls: str) -> None:
    imported(shop, calls, *TO)
    before = shop.store()
    report = imported(shop, calls, *TO)
    assert (report["known"], report["missed"]) == (6, [])
    assert shop.store() == before


def test_a_contact_that_was_told_of_is_confirmed(shop: Shell, calls: str) -> None:
    told = shop.id(
        *("contacts", "add", "--medium", "call", "--recipient", "+447700900120"),
        *("--sender", "+447700900999", "--received-at", "2026-03-01T08:00:30Z"),
    )
    report = imported(shop, calls, *TO, "--until", "2026-03-01T08:05:00Z")
    assert (report["matched"], report["confirmed"], report["outside"]) == (1, 1, 5)
    (contact,) = shop.json("contacts", "show", told, "--json")
    assert contact["confirmed_by"] == "phone log"
    assert shop.actions()[-1] == "corroborate"
    shop.done("ledger", "verify")


def test_a_dry_run_changes_nothing(shop: Shell, calls: str) -> None:
    before = shop.store()
    result = shop("contacts", "import", calls, *TO, "--dry-run")
    assert result.stdout.splitlines()[0] == "Dry run: nothing was stored."
    assert shop.store() == before


def test_what_may_be_an_erased_contact_is_named_by_its_line(shop: Shell) -> None:
    row = "+447700900999,Incoming,2026-02-01T09:00:00Z,1"
    text = f"Number,Type,Date,Duration\n{row}\n"
    told = shop.id(
        *("contacts", "add", "--medium", "call", "--recipient", "+447700900120"),
        *("--sender", "+447700900999", "--received-at", "2026-02-01T09:00:10Z"),
    )
    shop.done("erase", told, "--yes")
    result = shop("contacts", "import", "-", *TO, stdin=text)
    assert result.stdout.splitlines() == [
        "phone log: 1 call or message came in.",
        "1 not stored, as it may be a contact that was erased: see line 2",
    ]
    assert shop.done("contacts", "list", "--ids").split() == [told]


def test_a_file_comes_through_a_pipe(shop: Shell) -> None:
    report = imported(shop, "-", *TO, stdin=samples.CALLS_XML.encode("utf-16"))
    assert report["incoming"] == 6


def test_times_are_read_where_the_phone_was(shop: Shell) -> None:
    text = "Number,Type,Date,Duration\n1,Incoming,2026-07-01 09:00,1\n"
    for zone, at in (
        ("Europe/London", "2026-07-01T08:00:00Z"),
        ("-05:00", "2026-07-01T14:00:00Z"),
    ):
        missed = imported(shop, "-", *TO, "--utc-offset", zone, stdin=text)["missed"]
        assert isinstance(missed, list)
        assert [each["at"] for each in missed] == [at]


def test_bad_lines_are_left_out_and_named_on_demand(shop: Shell) -> None:
    text = "Number,Type,Date,Duration\n1,Incoming,2026-07-01 09:00,1\n1.5E+10,Incoming,x,1\n"
    typed = ("contacts", "import", "-", *TO, "--utc-offset", "+00:00")
    cause, hint = shop.failed(*typed, stdin=text)
    assert "1 line cannot be read. line 3: a spreadsheet has rounded the number" in cause
    assert "--skip-bad" in hint
    result = shop(*typed, "--skip-bad", stdin=text)
    assert "Lines that could not be read: 3" in result.stdout.splitlines()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ([], 1),
        (["--to", "+447700900555"], 1),
        (["--to", "nobody"], 1),
        ([*TO, "--sim", "1=+447700900121"], 2),
        (["--sim", "1"], 2),
        (["--sim", "1=+447700900120", "--sim", "1=+447700900121"], 2),
        (["--sim", "7=+447700900120"], 1),
        ([*TO, "--utc-offset", "noon"], 2),
        ([*TO, "--utc-offset", "../../etc/passwd"], 2),
        ([*TO, "--utc-offset", "+25:00"], 2),
        ([*TO, "--date-order", "dym"], 2),
        ([*TO, "--medium", "email"], 2),
        ([*TO, "--source", "rumour"], 2),
    ],
)
def test_bad_input_is_one_clear_error_and_changes_nothing(
    shop: Shell, calls: str, typed: Sequence[str], code: int
) -> None:
    before = shop.store()
    cause, _hint = shop.failed("contacts", "import", calls, *typed, code=code)
    assert "7700" not in cause
    assert shop.store() == before


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\x01\x02" * 99,
        b"Number,Date\n",
        samples.CALLS_XML.encode()[:-30],
        b'<!DOCTYPE calls [<!ENTITY x SYSTEM "file:///etc/passwd">]><calls/>',
    ],
    ids=["empty", "binary", "no direction", "cut", "entity"],
)
def test_a_hostile_file_is_one_clear_error(shop: Shell, raw: bytes) -> None:
    before = shop.store()
    shop.failed("contacts", "import", "-", *TO, stdin=raw)
    assert shop.store() == before


def test_a_pipe_of_another_process_is_read(shop: Shell) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "honeytoken", "--vault", str(shop.folder)),
            *("contacts", "import", "-", *TO, "--json"),
        ],
        input=samples.CALLS_XML.encode(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'"incoming": 6' in done.stdout


def test_a_file_that_says_what_it_holds_is_not_told_otherwise(shop: Shell, calls: str) -> None:
    before = shop.store()
    cause, _hint = shop.failed("contacts", "import", calls, *TO, "--medium", "sms")
    assert "says itself" in cause
    assert shop.store() == before
    assert imported(shop, calls, *TO, "--medium", "call", "--dry-run")["incoming"] == 6


def test_only_numbers_have_logs(shop: Shell, calls: str) -> None:
    domain = shop.id("pool", "add", "email_domain", "shop.example", "--region", "GB")
    cause, _hint = shop.failed("contacts", "import", calls, "--to", domain)
    assert "only phone numbers have logs" in cause
    cause, _hint = shop.failed("contacts", "import", calls, "--to", "cp_nothing")
    assert "there is no contact point" in cause


def test_senders_that_are_no_numbers_are_counted(shop: Shell) -> None:
    table = "Date,Number,Type\n2026-03-01 08:00:00 +0000,{},Incoming\n".format
    report = imported(shop, "-", *TO, "--medium", "call", "--dry-run", stdin=table("hello"))
    assert (report["incoming"], report["wordy"]) == (1, 1)
    for usual in ("+447700900999", "95338", ""):
        said = imported(shop, "-", *TO, "--medium", "call", "--dry-run", stdin=table(usual))
        assert said["wordy"] == 0, usual
    shown = shop.done("contacts", "import", "-", *TO, "--medium", "call", stdin=table("hello"))
    assert "1 from a sender that is no number." in shown


def test_the_ids_of_what_was_missed_are_printed(shop: Shell, calls: str) -> None:
    assert shop.done("contacts", "import", calls, *TO, "--ids", "--dry-run") == ""
    ids = shop.done("contacts", "import", calls, *TO, "--ids").split()
    assert sorted(ids) == sorted(shop.done("contacts", "list", "--ids").split())
    shop.failed("contacts", "import", calls, *TO, "--ids", "--json", code=2)

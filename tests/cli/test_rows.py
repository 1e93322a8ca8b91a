"""CSV files, as spreadsheets write them and as they should not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from honeytoken.cli import rows
from honeytoken.errors import InvalidInput


def read(path: Path) -> list[rows.Row]:
    return list(rows.read(str(path), wanted=("canary", "channel", "day"), needed=("canary",)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_however_the_spreadsheet_saved_it(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes("Canary,channel\r\nc1,北行快递\r\n\r\n".encode(encoding))
    (row,) = read(file)
    assert (row.need("canary"), row.get("channel"), row.get("day")) == ("c1", "北行快递", None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the headers are missing."),
        (b"canary,chanel\n", 'the header "chanel" is not known.'),
        (b"channel\n", 'the header "canary" is missing.'),
        (b"canary,canary\n", 'the header "canary" stands twice.'),
        (b"c1,+447700900123\n", "the headers are …, …."),
        (b"canary\nc1,two\n", "line 2: 2 cells where the header has 1."),
        (b'canary\n"open\n', "not a CSV row."),
        (b"canary\nc\x01\n", "line 2: it holds control characters."),
        (b"canary\n\x00\n", "the file is not text in UTF-8 or GB18030."),
        (b"\xff\xfec\x00a\x00", "the file is not text in UTF-8 or GB18030."),
        (b"canary\n" + b"x" * 200_000, "not a CSV row."),
    ],
)
def test_a_wrong_file_is_one_clear_error(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        read(file)
    assert said in caught.value.message
    assert caught.value.hint is not None


def test_a_wrong_header_is_answered_with_those_wanted(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("kanary\n")
    with pytest.raises(InvalidInput) as caught:
        read(file)
    assert "Wanted are canary; allowed are canary, channel, day." in str(caught.value.hint)


def test_a_missing_or_wrong_value_names_its_line_and_never_the_value(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("canary,channel,day\n,secret,soon\n")
    (row,) = read(file)
    for ask in (
        lambda: row.need("canary"),
        lambda: row.time("day"),
        lambda: row.number("day"),
        lambda: row.flag("day"),
    ):
        with pytest.raises(InvalidInput) as caught:
            ask()
        assert caught.value.message.startswith("line 2: ")
        assert "soon" not in caught.value.message
        assert "secret" not in caught.value.message


def test_a_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(b"canary\n" + b"c1\n" * 100)
    monkeypatch.setattr(rows, "_MAX_BYTES", 100)
    with pytest.raises(InvalidInput, match="larger"):
        read(file)

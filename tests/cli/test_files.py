"""Files that are written: whole, private, never over another by accident."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from honeytoken.cli import files
from honeytoken.errors import AlreadyExists


def test_a_file_is_only_for_its_owner(tmp_path: Path) -> None:
    with files.written(tmp_path / "out", overwrite=False) as stream:
        stream.write("陈\n")
    assert (tmp_path / "out").read_bytes() == "陈\n".encode()
    if os.name == "posix":
        assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_stays_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    with pytest.raises(AlreadyExists), files.written(tmp_path / "out", overwrite=False):
        pass
    with files.written(tmp_path / "out", overwrite=True) as stream:
        stream.write("new")
    assert (tmp_path / "out").read_text() == "new"


def test_a_failure_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    writing = files.written(tmp_path / "out", overwrite=True)
    writing.__enter__().write("half")
    stopped = KeyboardInterrupt()
    assert not writing.__exit__(type(stopped), stopped, None)
    assert [file.name for file in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_text() == "old"

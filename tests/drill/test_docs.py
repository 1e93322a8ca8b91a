"""The senders on the page can be used as they stand there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from honeytoken import settings
from honeytoken.drill import sender_tables

PAGE = (Path(__file__).parents[2] / "docs" / "drill.md").read_text(encoding="utf-8")


def test_every_sender_on_the_page_can_be_built(tmp_path: Path) -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.M | re.S)
    found = settings.parse(tomllib.loads("\n".join(blocks)), folder=tmp_path)
    environ = dict.fromkeys(re.findall(r'"env:([^"]+)"', PAGE), "AC0123")
    built = {
        name: sender_tables.build(
            name, settings.options_of(found, "senders", name, environ=environ)
        )
        for name in found.senders
    }
    assert {found.senders[name]["kind"] for name in built} == set(sender_tables.KINDS)
    assert found.drill == settings.DrillSettings(7, 14, 6, 24)

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken import documents
from honeytoken.errors import InvalidInput
from honeytoken.models import Canary, DocumentKind


def test_csv_is_a_header_line_and_a_line_per_row(chinese: Canary, british: Canary) -> None:
    kind = DocumentKind.WAYBILL
    rows = [documents.row(kind, c, language="zh_CN", reference="A,1") for c in (chinese, british)]
    lines = list(documents.as_csv(rows, documents.headers(kind, language="zh_CN")))
    assert lines[0] == "订单号,收件人,手机,省,市,区县,详细地址,物品,数量,备注\r\n"
    assert lines[1].startswith('"A,1",陈志远,15412345678,浙江省,杭州市,西湖区,')
    assert len(lines) == 3


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A0",
        '+HYPERLINK("http://x.example")',
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1:A2)",
        " =1+1",
        "\t=1+1",
        "＝1+1",
    ],
)
def test_formula_in_a_reference_does_not_run_in_a_spreadsheet(cell: str) -> None:
    _, line = documents.as_csv([{"a": cell}], ["a"])
    assert next(csv.reader([line]))[0] == "'" + cell


@pytest.mark.parametrize(
    "cell", ["+44 7700 900123", "15412345678", "07700 900123", "-5", "A-1", ""]
)
def test_phone_numbers_and_plain_cells_stay_as_they_are(cell: str) -> None:
    _, line = documents.as_csv([{"a": cell, "b": "x"}], ["a", "b"])
    assert next(csv.reader([line])) == [cell, "x"]


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2))
def test_any_cells_are_read_back_by_a_csv_reader(cells: list[str]) -> None:
    row = dict(zip("ab", cells, strict=True))
    text = "".join(documents.as_csv([row], ["a", "b"]))
    found = list(csv.reader(text.splitlines(keepends=True)))[1:]
    if all(
        "\r" not in cell and "\n" not in cell and cell.splitlines() in ([cell], [])
        for cell in cells
    ):
        assert [cell.removeprefix("'") for cell in found[0]] == [
            cell.removeprefix("'") for cell in cells
        ]


def test_rows_are_streamed() -> None:
    def endless() -> Iterator[dict[str, str]]:
        while True:
            yield {"a": "x"}

    assert list(islice(documents.as_csv(endless(), ["a"]), 3)) == ["a\r\n", "x\r\n", "x\r\n"]
    assert list(islice(documents.as_json_lines(endless()), 2)) == ['{"a": "x"}\n'] * 2


def test_cell_without_a_header_is_refused() -> None:
    with pytest.raises(InvalidInput):
        list(documents.as_csv([{"a": "x", "b": "y"}], ["a"]))


def test_json_lines_keep_characters_and_line_ends_inside_the_string() -> None:
    (line,) = documents.as_json_lines([{"收件人": "陈\n志远"}])
    assert "收件人" in line
    assert line.count("\n") == 1
    assert json.loads(line) == {"收件人": "陈\n志远"}

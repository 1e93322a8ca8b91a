"""Files made to hurt: bombs, cut ends, endless lines, whatever hypothesis thinks of."""

from __future__ import annotations

import io
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from honeytoken.errors import InvalidInput
from honeytoken.phonelogs import Entry, Unreadable, backups, open_log, times
from honeytoken.phonelogs.times import DateOrder, Unclear

from . import samples
from .test_reading import records

BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;">]><calls><call number="&c;" date="1" type="1"/></calls>"""
EXTERNAL = """<?xml version="1.0"?><!DOCTYPE calls [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<calls><call number="&x;" date="1772352000000" type="1"/></calls>"""
DTD = '<!DOCTYPE calls SYSTEM "http://attacker.example/x.dtd"><calls/>'


@pytest.mark.parametrize("text", [BOMB, EXTERNAL, DTD], ids=["bomb", "external", "dtd"])
def test_a_document_type_is_refused_with_all_it_could_declare(text: str) -> None:
    with pytest.raises(InvalidInput, match="document type"):
        records(text)


def test_an_entity_nobody_declared_ends_the_file() -> None:
    (bad,) = records('<calls>\n<call number="&x;" date="1772352000000" type="1"/></calls>')
    assert isinstance(bad, Unreadable)
    assert (bad.line, bad.rest) == (2, True)


@pytest.mark.parametrize("cut", range(240, len(samples.CALLS_XML) - 9, 97))
def test_a_cut_off_backup_gives_what_came_before_and_says_where(cut: int) -> None:
    *good, bad = records(samples.CALLS_XML[:cut])
    assert all(isinstance(record, Entry) for record in good)
    assert isinstance(bad, Unreadable)
    assert bad.rest


def test_what_the_count_claims_is_not_believed() -> None:
    text = samples.CALLS_XML.replace('count="7"', 'count="999999999999"')
    assert records(text) == records(samples.CALLS_XML)


def test_unknown_elements_and_types_are_said_not_dropped() -> None:
    text = '<calls><fax/><call number="1" date="1772352000000" type="9"/><call type="1"/></calls>'
    assert [type(record) for record in records(text)] == [Unreadable] * 3


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(InvalidInput):
        records("<smses>" + "<mms>" * 100_000)


def test_one_endless_attribute_is_given_up() -> None:
    text = '<smses><sms body="' + "x" * (backups._MAX_ELEMENT_CHARS + 2_000_000)
    (bad,) = records(text)
    assert isinstance(bad, Unreadable)


def test_a_large_backup_is_not_held_in_memory() -> None:
    one = '<sms address="+447700900999" date="1772352000000" type="1" body="{}"/>\n'.format(
        "x" * 200
    )
    file = io.BytesIO(("<smses>" + one * 60_000 + "</smses>").encode())
    tracemalloc.start()
    assert sum(1 for _record in open_log(file).records()) == 60_000
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The file has 16 MB.
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&#55357;&#56832;", "😀"),
        ("&#xD83D;&#xDE00;", "😀"),
        ("&#128512;", "&#128512;"),
        ("&#55357;", "\ufffd"),
        ("&#56832;&#55357;", "\ufffd\ufffd"),
        ("&#0;&#11;&#65535;&#1114112;", "\ufffd" * 4),
        ("&#10;&#x20;", "&#10;&#x20;"),
        ("a\x00b\x0bc", "a\ufffdb\ufffdc"),
    ],
)
def test_references_are_mended(written: str, read: str) -> None:
    assert backups.mended(written) == read


@given(st.lists(st.sampled_from(["&#55357;&#56832;", "&#55357;", "x", "&amp;", "é"]), max_size=9))
def test_a_reference_across_two_pieces_is_mended_too(parts: list[str]) -> None:
    text = "".join(parts)
    for split in range(len(text) + 1):
        cut = backups._unfinished_from(text[:split])
        assert backups.mended(text[:cut]) + backups.mended(text[cut:]) == backups.mended(text)


SAMPLES = [
    value for name, value in vars(samples).items() if name.isupper() and isinstance(value, str)
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real file with some bytes changed, taken out or put in."""
    raw = bytearray(
        draw(st.sampled_from(SAMPLES)).encode(draw(st.sampled_from(["utf-8", "gb18030"])))
    )
    for _turn in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(raw)))
        raw[at : at + draw(st.integers(0, 6))] = draw(st.binary(max_size=6))
    return bytes(raw)


@given(st.one_of(damaged(), st.binary(max_size=300)))
@example(b"<")
@example(b"\xff\xfe<")
def test_no_file_is_an_unhandled_error(raw: bytes) -> None:
    try:
        log = open_log(io.BytesIO(raw))
        found = list(log.records(UTC))
    except InvalidInput:
        return
    assert all(record.line >= 1 for record in found)
    assert all(e.at.tzinfo is UTC for e in found if isinstance(e, Entry))


WORDS = st.sampled_from([*"0123456789/-.: 年月日时分秒上午下apmAPMJanTZ+", "2026", "Mar"])


@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=14).map("".join)))
def test_no_time_and_no_duration_is_an_unhandled_error(text: str) -> None:
    times.orders(text)
    times.is_local(text)
    for order in (None, *DateOrder):
        try:
            at = times.moment(text, order=order, zone=UTC)
        except Unclear:
            continue
        assert 1980 <= at.year < 2100
    try:
        assert 0 <= (times.duration_s(text) or 0) <= 864_000
    except Unclear:
        return


_FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日%H时%M分%S秒",
    "%Y%m%d%H%M%S",
    "%d %b %Y %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p",
    "%B %d, %Y, %I:%M:%S %p",
    "%A, %d-%b-%Y %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S+00:00",
    "%d/%m/%Y %H:%M:%S",
)


@given(
    st.datetimes(min_value=datetime(1980, 1, 2), max_value=datetime(2099, 12, 30)),  # noqa: DTZ001
    st.sampled_from(_FORMS),
)
def test_every_form_is_read_back(at: datetime, form: str) -> None:
    at = at.replace(microsecond=0, tzinfo=UTC)
    assert times.moment(at.strftime(form), order=DateOrder.DMY, zone=UTC) == at


@given(st.integers(0, 863_999))
def test_every_duration_is_read_back(seconds: int) -> None:
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    for text in (
        f"{hours:02}:{minutes:02}:{rest:02}",
        f"{hours}小时{minutes}分{rest}秒",
        f"{hours}h {minutes}m {rest}s",
        f"{seconds}秒",
        str(seconds),
    ):
        assert times.duration_s(text) == seconds

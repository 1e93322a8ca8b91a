"""Files as phones and carriers write them."""

from __future__ import annotations

import codecs
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest

from honeytoken.errors import InvalidInput
from honeytoken.models import Medium
from honeytoken.phonelogs import Aside, DateOrder, Entry, Record, Source, Unreadable, open_log

from . import samples

CHINA = timezone(timedelta(hours=8))
EIGHT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def records(text: str | bytes, **given: object) -> list[Record]:
    raw = text if isinstance(text, bytes) else text.encode()
    log = open_log(io.BytesIO(raw), **given)  # type: ignore[arg-type]  # options of open_log
    return list(log.records(CHINA))


def entries(text: str | bytes, **given: object) -> list[Entry]:
    found = records(text, **given)
    assert all(isinstance(record, Entry) for record in found), found
    return [record for record in found if isinstance(record, Entry)]


def senders(text: str) -> list[str | None]:
    return [entry.sender for entry in entries(text) if entry.incoming]


def test_calls_of_a_backup_are_told_apart_by_android_s_types() -> None:
    found = entries(samples.CALLS_XML)
    assert [e.incoming for e in found] == [True, True, True, True, False, True, True]
    assert senders(samples.CALLS_XML) == [
        *("+447700900999", "+447700900998", None, "-2", "+447700900996", "+447700900995")
    ]
    first = found[0]
    assert (first.medium, first.at, first.duration_s, first.sim) == (Medium.CALL, EIGHT, 43, "1")
    assert [e.named for e in found] == [False, True, False, False, False, False, False]
    assert first.line == 5


def test_messages_of_a_backup_keep_their_emoji_and_lines() -> None:
    sms, sent, mms, mms_sent = entries(samples.SMSES_XML)
    assert sms.text == "【圆通速递】您的包裹已到 😀 & <待取>\n第二行"
    assert sms.at == EIGHT + timedelta(milliseconds=123)
    assert (sent.incoming, mms_sent.incoming) == (False, False)
    assert (mms.sender, mms.text, mms.medium) == ("+8615400000003", "恭喜您获得额度", Medium.SMS)


def test_a_backup_is_told_by_its_content_and_says_its_own_times() -> None:
    log = open_log(io.BytesIO(samples.CALLS_XML.encode("utf-16")))
    assert (log.source, log.needs_zone) == (Source.PHONE_LOG, False)
    assert len(list(log.records())) == len(list(log.records())) == 7


def test_a_chinese_phone_s_list() -> None:
    found = entries(samples.CALLS_CHINESE)
    assert [e.incoming for e in found] == [True, True, False, True]
    assert [e.sender for e in found] == [
        *("15400000002", "未知号码", "+86 154 0000 0003", "０１０－５５５５０１００")
    ]
    assert [e.duration_s for e in found] == [43, 0, 83, 0]
    assert [(e.at - EIGHT) // timedelta(minutes=1) for e in found] == [0, 10, 20, 30]


def test_messages_in_chinese_columns() -> None:
    found = entries(samples.SMS_CHINESE)
    assert [(e.medium, e.incoming) for e in found] == [(Medium.SMS, True), (Medium.SMS, False)]
    assert found[0].text == "【圆通速递】您的包裹已到,请取件"


def test_an_english_list_with_date_and_time_apart() -> None:
    found = entries(samples.CALLS_ENGLISH)
    assert [e.incoming for e in found] == [True, True, False, True]
    assert found[1].sender == "07700900998"
    assert [e.duration_s for e in found] == [43, 0, 3723, 0]
    assert found[2].at == datetime(2026, 3, 1, 20, 40, tzinfo=CHINA)


def test_who_wrote_to_whom_tells_the_direction_where_nothing_else_does() -> None:
    (bad,) = records(samples.SMS_ENGLISH)
    assert isinstance(bad, Unreadable)  # the text holds the separator, unquoted
    (found,) = entries(samples.SMS_ENGLISH.replace("; =1+1", ""))
    assert (found.incoming, found.recipient, found.text) == (
        *(None, "+447700900001"),
        "Your loan is approved",
    )


def test_a_bill_of_china_mobile_has_sections_totals_and_no_year() -> None:
    log = open_log(io.BytesIO(samples.CHINA_MOBILE.encode("gb18030")))
    assert (log.source, log.own_numbers) == (Source.CARRIER_BILL, ("15400000001",))
    found = [e for e in log.records(CHINA) if isinstance(e, Entry)]
    assert [(e.medium, e.incoming) for e in found] == [
        *((Medium.CALL, True), (Medium.CALL, False), (Medium.CALL, True)),
        *((Medium.SMS, True), (Medium.SMS, False)),
    ]
    assert found[0].at == EIGHT
    assert [e.duration_s for e in found] == [43, 83, 3723, None, None]


def test_a_bill_over_new_year_finds_the_year_of_each_line() -> None:
    text = samples.CHINA_MOBILE.replace("2026年03月31日", "2027年02月28日")
    found = [e for e in records(text.replace("03-02 09", "01-02 09")) if isinstance(e, Entry)]
    assert found[0].at.year == 2026
    assert found[2].at.year == 2027
    unclear = text.replace("2027年02月28日", "2027年12月28日")
    assert all(isinstance(record, Unreadable) for record in records(unclear))


def test_a_bill_of_china_unicom() -> None:
    log = open_log(io.BytesIO(samples.CHINA_UNICOM.encode("utf-16")))
    found = [e for e in log.records(CHINA) if isinstance(e, Entry)]
    assert (log.source, found[0].at, found[0].incoming) == (Source.CARRIER_BILL, EIGHT, True)


def test_a_bill_of_china_telecom_names_both_sides() -> None:
    found = entries(samples.CHINA_TELECOM)
    assert [(e.sender, e.recipient, e.incoming) for e in found] == [
        ("15400000002", "15400000001", None),
        ("15400000001", "15400000003", None),
    ]


def test_a_western_bill_says_incoming_where_others_have_a_place() -> None:
    log = open_log(io.BytesIO(samples.ITEMISED_BILL.encode()))
    assert (log.source, log.own_numbers) == (Source.CARRIER_BILL, ("07700 900001",))
    first, second = [e for e in log.records(UTC) if isinstance(e, Entry)]
    assert (first.incoming, second.incoming) == (True, False)
    assert (first.duration_s, second.duration_s) == (120, 90)
    # 13/03 says that the day stands first, so 01/03 is in March, too.
    assert second.at == datetime(2026, 3, 1, 8, 20, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_encoding_and_separator_are_told_by_the_content(encoding: str, separator: str) -> None:
    text = samples.CALLS_CHINESE.replace(",", separator).replace("\n", "\r\n")
    assert entries(text.encode(encoding)) == entries(samples.CALLS_CHINESE)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 100,
        b"nothing\n" * 200,
        b"PK\x03\x04" + bytes(range(256)),
        codecs.BOM_UTF32_LE + "号码".encode("utf-32-le"),
        samples.CALLS_CHINESE.encode() + samples.CALLS_CHINESE.encode("gb18030"),
        samples.CALLS_CHINESE.encode() + b"\x00",
        "Number,Type,Date\nJosé Müller é è ê,Incoming,2026-03-01 08:00\n".encode("latin-1"),
        b"Number,Date\n+447700900999,2026-03-01 08:00\n",
        b"<html><body/></html>",
        b"<calls",
        b"Number,Type,Date\n" + b"9" * 1_100_000,
    ],
    ids=range(12),
)
def test_what_is_no_call_list_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        records(raw)
    assert caught.value.hint


def _dated(*dates: str) -> str:
    lines = [f"15400000002,呼入,{date} 08:00" for date in dates]
    return "\n".join(["号码,类型,时间", *lines])


def test_day_and_month_are_never_guessed() -> None:
    with pytest.raises(InvalidInput, match="order of day and month"):
        records(_dated("03/01/2026", "04/02/2026"))
    with pytest.raises(InvalidInput, match="order of day and month"):
        records(_dated("13/01/2026", "01/13/2026"))
    with pytest.raises(InvalidInput, match="order of day and month"):
        records(_dated("26/03/01"))
    (found,) = entries(_dated("03/01/2026"), date_order=DateOrder.MDY)
    assert found.at.month == 3
    found, _other = entries(_dated("03/01/2026", "25/01/2026"))
    assert (found.at.day, found.at.month) == (3, 1)
    (found,) = entries(_dated("02/02/2026"))
    assert (found.at.day, found.at.month) == (2, 2)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1.54E+10,呼入,2026-03-01 08:00", "spreadsheet"),
        ("１.54Ｅ＋10,呼入,2026-03-01 08:00", "spreadsheet"),
        ("15400000002,呼入,2026-02-30 08:00", "no such day"),
        ("15400000002,呼入,2026-03-01 25:00", "no such time"),
        ("15400000002,呼入,2026-03-01", "time of day"),
        ("15400000002,呼入,yesterday", "not understood"),
        ("15400000002,呼入,03-01 08:00", "no year"),
        ("15400000002,呼入,99999999999999", "no such"),
        ("15400000002,??,2026-03-01 08:00", "came in"),
        ("15400000002,呼入", "2 cells"),
        ("15400000002,呼入,2026-03-01 08:00,x", "4 cells"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_its_line(row: str, reason: str) -> None:
    text = f"号码,类型,时间,\n15400000002,语音呼入,2026-03-01 08:00,\n{row}"
    text = text.replace("时间,\n", "时间\n").replace("08:00,\n", "08:00\n")
    good, bad = records(text, medium=Medium.CALL)
    assert isinstance(good, Entry)
    assert isinstance(bad, Unreadable)
    assert bad.line == 3
    assert reason in bad.reason
    assert "154" not in bad.reason


def test_data_traffic_is_passed_over() -> None:
    text = "起始时间,对方号码,业务类型,通信方式\n2026-03-01 08:00:00,cmnet,流量,\n"
    assert records(text) == [Aside(2)]


def test_without_a_word_for_calls_or_messages_the_file_is_not_guessed() -> None:
    text = "Number,Type,Date\n+447700900999,Incoming,2026-03-01 08:00\n"
    assert isinstance(records(text)[0], Unreadable)
    assert entries(text, medium=Medium.SMS)[0].medium is Medium.SMS


def test_a_quote_that_never_closes_ends_the_file_with_its_line() -> None:
    text = samples.SMS_CHINESE + '1,,2026-03-01 16:00:00,接收,"open\n' + "x\n" * 9
    *good, bad = records(text)
    assert len(good) == 2
    assert isinstance(bad, Unreadable)
    assert (bad.line, bad.rest) == (4, True)


def test_a_formula_is_text_and_an_apostrophe_no_part_of_a_number() -> None:
    text = (
        "Number,Type,Date,Message\n"
        '="15400000002",Received,2026-03-01 08:00,"=cmd|\' /C calc\'!A0"\n'
        "'15400000003,Received,2026-03-01 08:00,x\n"
        "\t15400000004,Received,2026-03-01 08:00,x\n"
    )
    found = entries(text)
    assert [e.sender for e in found] == ["15400000002", "15400000003", "15400000004"]
    assert found[0].text == "=cmd|' /C calc'!A0"


def test_nothing_personal_is_in_a_repr() -> None:
    shown = repr(entries(samples.SMS_CHINESE))
    assert "154" not in shown
    assert "圆通" not in shown

"""Mail as it really comes, read into deliveries; a mail's checks; phones that report by mail."""

from __future__ import annotations

import base64
import quopri
import re
import time
import tomllib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from honeytoken import gateways
from honeytoken.errors import BadSignature, MalformedDelivery, SettingsError
from honeytoken.gateways import Delivery, Heartbeat, build_mail, mail, mime
from honeytoken.gateways.mail import Envelope
from honeytoken.models import CheckResult, MailChecks

from .mails import MAILS, TO, imap, read_by_all, smtp
from .requests import NOW

FOLDER = Path(__file__).parents[2] / "docs" / "gateways"
CHINESE = "镕先生，您的贷款额度已批准：点击 https://loan.example/a"


def received(raw: bytes, **envelope: object) -> Delivery:
    values: dict[str, object] = {"recipient": TO, "sender": "bounce@x.example", "arrived_at": NOW}
    (found,) = smtp().receive(raw, Envelope(**(values | envelope)))  # type: ignore[arg-type]
    assert isinstance(found, Delivery)
    return found


def mailed(headers: bytes = b"", body: bytes = b"hello") -> bytes:
    return b"From: a@b.example\r\n" + headers + b"\r\n" + body


def typed(content_type: str, body: bytes, encoding: str = "8bit") -> bytes:
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return mailed(head.encode(), body)


# --- envelope, sender, time, id ---


def test_the_recipient_is_the_envelopes_and_never_the_to_line() -> None:
    found = received(b"To: somebody@else.example\r\nCc: c@d.example\r\n\r\nx")
    assert found.recipient == TO


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        (b"From: Wei <wei@post.example>", "wei@post.example"),
        (b"From: =?gb2312?B?zfU=?= <wei@post.example>, other@x.example", "wei@post.example"),
        (b"From: \xcd\xf5 <wei@post.example>", "wei@post.example"),
        (b"From: nobody", "bounce@x.example"),
        (b"X: y", "bounce@x.example"),
        (b"From: " + b"(" * 5000, "bounce@x.example"),
    ],
)
def test_the_sender_is_the_author_else_the_envelopes(header: bytes, sender: str) -> None:
    assert received(header + b"\r\n\r\nx").sender == sender


def test_a_bounce_has_the_sender_it_says_or_none() -> None:
    assert received(b"Subject: x\r\n\r\nx", sender=None).sender is None


@pytest.mark.parametrize(
    ("date", "sent_at"),
    [
        (NOW - timedelta(hours=3), NOW - timedelta(hours=3)),
        (NOW - timedelta(days=60), NOW - timedelta(days=60)),
        (NOW + timedelta(hours=1), NOW + timedelta(hours=1)),
        (NOW + timedelta(days=2), None),
        (datetime(1969, 12, 31, tzinfo=UTC), None),
        (datetime(9999, 12, 31, tzinfo=UTC), None),
    ],
)
def test_a_date_is_kept_as_a_claim_if_it_can_be_one(
    date: datetime, sent_at: datetime | None
) -> None:
    header = date.strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\n")
    assert received(mailed(header.encode())).sent_at == sent_at


@pytest.mark.parametrize("date", [b"yesterday", b"", b"99 Foo 99999", b"1 Jan 1 0:0:0 +9999"])
def test_a_date_that_is_none_is_no_claim(date: bytes) -> None:
    assert received(mailed(b"Date: " + date + b"\r\n")).sent_at is None


def test_the_same_mail_by_another_way_has_the_same_id() -> None:
    raw = mailed(b"Message-ID: <1@x>\r\nDate: Sun, 22 Nov 2026 01:00:00 +0000\r\n", b"x\r\n")
    other = b"Received: from somewhere\r\nDelivered-To: y\r\n" + raw.replace(b"\r\n", b"\n")
    assert received(raw).delivery_id == received(other).delivery_id


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"<1@x>", b"<2@x>"), (b"01:00:00", b"01:00:01"), (b"hello", b"hallo")],
)
def test_another_mail_has_another_id(old: bytes, new: bytes) -> None:
    raw = mailed(b"Message-ID: <1@x>\r\nDate: Sun, 22 Nov 2026 01:00:00 +0000\r\n")
    assert received(raw).delivery_id != received(raw.replace(old, new)).delivery_id
    assert received(raw).delivery_id != received(raw, recipient="b@c.example").delivery_id


def test_mail_is_of_authenticity_sender_whatever_it_says() -> None:
    assert received(mailed(b"Authentication-Results: x; dmarc=pass\r\n")).authenticity == "sender"


# --- charsets ---


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("gb2312", "gb18030"),
        ("GBK", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-8", "utf-8"),
        ("us-ascii", "utf-8"),
        ("us-ascii", "gb18030"),
        ("utf-8", "gb18030"),
        ("x-unknown", "gb18030"),
        ("", "utf-8"),
        ("zip", "utf-8"),
        ("idna", "utf-8"),
        ("../../etc/passwd", "utf-8"),
        ("utf-16", "utf-16"),
    ],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_chinese_is_read_whatever_charset_is_declared(
    declared: str, codec: str, encoding: str
) -> None:
    body = CHINESE.encode(codec)
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body)
    elif codec == "utf-16":
        pytest.skip("not without an encoding")
    assert received(typed(f'text/plain; charset="{declared}"', body, encoding)).text == CHINESE


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("big5", "cp950", "您的貸款"),
        ("shift_jis", "cp932", "ご融資①のご案内"),
        ("iso-2022-jp", "iso2022_jp", "ご案内"),
        ("euc-kr", "euc_kr", "대출"),
        ("windows-1252", "cp1252", "Prix : 5 €"),
        ("iso-8859-1", "latin-1", "Grüße"),
        ("koi8-r", "koi8-r", "кредит"),
        ("hz-gb-2312", "hz", "贷款"),
    ],
)
def test_other_charsets_are_read(charset: str, codec: str, text: str) -> None:
    assert received(typed(f"text/plain; charset={charset}", text.encode(codec))).text == text


@pytest.mark.parametrize(
    "subject",
    [
        b"=?gb2312?B?" + base64.b64encode("镕基贷款".encode("gb18030")) + b"?=",
        b"=?GB18030?Q?" + b"".join(b"=%02X" % b for b in "镕基贷款".encode("gb18030")) + b"?=",
        b"=?utf-8?B?6ZWV5Z+66LS35qy+?=",
        "镕基贷款".encode("gb18030"),
        "镕基贷款".encode(),
        # Cut in the middle of a character, as some programs do.
        b"=?gbk?B?"
        + base64.b64encode("镕基贷款".encode("gb18030")[:3])
        + b"?=\r\n =?gbk?B?"
        + base64.b64encode("镕基贷款".encode("gb18030")[3:])
        + b"?=",
    ],
)
def test_a_subject_is_decoded_however_it_was_written(subject: bytes) -> None:
    assert received(mailed(b"Subject: " + subject + b"\r\n")).subject == "镕基贷款"


@pytest.mark.parametrize(
    "subject", [b"=?utf-8?B?####?=", b"=?utf-8?B?A?=", b"=?x?y?z?=", b"=?=?=?=", b"=?utf-8?Q?=G?="]
)
def test_a_subject_that_is_broken_stays_readable(subject: bytes) -> None:
    assert received(mailed(b"Subject: one " + subject + b"\r\n")).subject


def test_base64_that_is_broken_gives_what_can_be_read() -> None:
    whole = base64.encodebytes(CHINESE.encode())
    for broken in (whole[:-3], whole.replace(b"\n", b"!\n \n"), whole + b"="):
        text = received(typed("text/plain; charset=utf-8", broken, "base64")).text or ""
        assert text.startswith("镕先生，您的贷款额度已批准")


def test_quoted_printable_that_is_broken_gives_what_can_be_read() -> None:
    body = b"=E8=B4=B7=E6=AC=BE =ZZ = \r\nnext=\r\n line="
    text = received(typed("text/plain; charset=utf-8", body, "quoted-printable")).text or ""
    assert text.startswith("贷款")
    assert "next line" in text


# --- parts ---


def test_plain_text_goes_before_html_and_html_before_nothing() -> None:
    for plain, expected in (("the plain one\n", "the plain one"), (" \n", "the other")):
        made = EmailMessage()
        made["From"] = "a@b.example"
        made.set_content(plain)
        made.add_alternative("<p>the other</p>", subtype="html")
        assert received(made.as_bytes()).text == expected


def test_html_is_stripped_and_keeps_its_links_as_text() -> None:
    page = (
        "<html><head><title>T</title><style>p {}</style></head><!-- <p>no</p> --><body>"
        '<p>Dear&nbsp;Wei,</p><script>var x = "<p>no</p>";</script>1 &lt; 2<br>click '
        "<A class=x HREF='https://loan.example/?a=1&amp;b=2'>here</a> or "
        "<a href=https://other.example/>there</body></html>"
    )
    assert received(typed("text/html; charset=utf-8", page.encode())).text == (
        "Dear Wei,\n1 < 2\nclick here <https://loan.example/?a=1&b=2> or there"
        " <https://other.example/>"
    )


def test_an_attached_text_is_not_what_was_said() -> None:
    made = EmailMessage()
    made["From"] = "a@b.example"
    made.set_content("hello")
    made.add_attachment("attached", filename="a.txt")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    assert received(made.as_bytes()).text == "hello"


def test_a_forwarded_message_is_read() -> None:
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content(CHINESE, charset="gb18030")
    outer = EmailMessage()
    outer["From"] = "a@b.example"
    outer.make_mixed()
    outer.attach(inner)
    outer.add_attachment(inner)
    assert received(outer.as_bytes()).text == CHINESE


def test_a_multipart_that_is_cut_off_gives_what_is_there() -> None:
    made = EmailMessage()
    made["From"] = "a@b.example"
    made.set_content("hello, who reads this?")
    made.add_alternative("<p>x</p>", subtype="html")
    raw = made.as_bytes()
    assert received(raw[: raw.index(b"who")]).text == "hello, "


def test_a_multipart_without_boundary_is_text() -> None:
    assert received(typed("multipart/mixed", b"hello")).text == "hello"


def test_a_boundary_within_a_line_divides_nothing() -> None:
    body = b"--b\r\n\r\none --b two\r\n--bc\r\nthree\r\n--b--\r\nrest"
    found = received(typed("multipart/mixed; boundary=b", body))
    assert found.text == "one --b two\n--bc\nthree"


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("&#" + "1" * 4301 + ";", "\ufffd"),
        ("&#x" + "f" * 9000 + ";", "\ufffd"),
        ("&#12345678;", "\ufffd"),
        ("&#" + "0" * 5000 + "65;", "A"),
        ("&#x" + "0" * 5000 + "41", "A"),
        ("&#128512;&#x1F600;&#65 &#0;", "\U0001f600\U0001f600A \ufffd"),
        ("&amp;#65;&#38;lt;&#x;", "&#65;&lt;&#x;"),
    ],
)
def test_a_reference_of_any_length_is_read_as_browsers_do(reference: str, shown: str) -> None:
    page = f"<p>A loan {reference}.</p>call us"
    assert received(typed("text/html", page.encode())).text == f"A loan {shown}.\ncall us"


@pytest.mark.parametrize(
    ("broken", "sender", "subject", "text"),
    [
        ("without_tags", "a@b.example", "A loan", None),
        ("decode_header", "a@b.example", None, "hello"),
        ("parseaddr", "bounce@x.example", "A loan", "hello"),
        ("_decode", "a@b.example", None, None),
        ("parsedate_to_datetime", "a@b.example", "A loan", "hello"),
        ("_PARSER.parsebytes", "bounce@x.example", None, "hello"),
    ],
)
def test_a_parser_that_fails_costs_a_field_and_no_mail(
    monkeypatch: pytest.MonkeyPatch, broken: str, sender: str, subject: str | None, text: str | None
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a bug of the library")

    monkeypatch.setattr(f"honeytoken.gateways.mime.{broken}", fail)
    head = b"Subject: =?utf-8?Q?A_loan?=\r\nDate: x\r\nContent-Type: text/html\r\n"
    found = received(mailed(head))
    assert (found.sender, found.subject, found.text) == (sender, subject, text)
    assert found.recipient == TO


def test_checks_that_cannot_be_read_cost_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise AssertionError("a bug of the library")

    monkeypatch.setattr("authres.AuthenticationResultsHeader.parse_value", fail)
    assert checks(PROVEN) is None


BOMBS = {
    "10,000 parts": typed(
        "multipart/mixed; boundary=b", b"--b\r\nContent-Type: a/b\r\n\r\nx\r\n" * 10_000
    ),
    "levels": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(40_000)
    ),
    "messages": b"Content-Type: message/rfc822\r\n\r\n" * 60_000,
    "comments": typed("text/html", b"<!--" * 500_000),
    "tags": typed("text/html", b"<a href=" * 250_000),
    "scripts": typed("text/html", b"<script>" * 250_000),
    "entities": typed("text/html", b"&#x" * 600_000),
    "breaks": typed("text/html", b"\n " * 1_000_000),
    "encoded words": mailed(b"Subject: " + b"=?a?q?" * 300_000 + b"\r\n"),
    "parentheses": b"From: " + b"(" * 2_000_000 + b"\r\n\r\n",
    "angles": b"From: " + b"<" * 2_000_000 + b"\r\n\r\n",
    "parameters": b"Content-Type: multipart/x" + b";" * 2_000_000 + b"\r\n\r\n",
    "headers": b"a:\r\n" * 500_000 + b"\r\n",
    "boundaries": typed("multipart/x; boundary=b", b"\n--bx" * 400_000),
    "no end of headers": b"x" * 2_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_in_bounded_time(name: str) -> None:
    began = time.process_time()
    found = received(BOMBS[name])
    # A thousand times what it takes would still be nothing against the hours that a square costs.
    assert time.process_time() - began < 10
    assert len(found.text or "") <= 65_536


def test_texts_are_bounded_and_can_be_stored() -> None:
    found = received(typed("text/plain; charset=utf-16", b"\x00\xd8" * 100_000, "8bit"))
    assert len(found.text or "") <= 65_536
    (found.text or "").encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(raw=MAILS)
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    read_by_all(raw)


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters(codec="gb18030", exclude_categories=("Cs", "Cc")), max_size=80))
@pytest.mark.parametrize("charset", ["gb18030", "utf-8"])
@pytest.mark.parametrize("cte", ["base64", "quoted-printable"])
def test_what_the_standard_library_writes_is_read_back(charset: str, cte: str, text: str) -> None:
    made = EmailMessage()
    made["Subject"] = "x"
    body = text.encode(charset)
    encoded = base64.encodebytes(body) if cte == "base64" else quopri.encodestring(body)
    raw = typed(f"text/plain; charset={charset}", encoded, cte)
    found = received(raw).text
    if text.strip():
        assert found == text.rstrip("\n")
    else:
        assert found is None


# --- checks ---

PROVEN = (
    b"mx.post.example; spf=pass smtp.mailfrom=bounce@courier.example;"
    b" dkim=pass header.d=courier.example; dmarc=pass (p=NONE) header.from=courier.example"
)


def checks(*headers: bytes, authserv_id: str | None = "mx.post.example") -> MailChecks | None:
    lines = b"".join(b"Authentication-Results: " + header + b"\r\n" for header in headers)
    given: dict[str, object] = {} if authserv_id is None else {"authserv_id": authserv_id}
    (found,) = smtp(**given).receive(mailed(lines), Envelope(TO, None, NOW))
    assert isinstance(found, Delivery)
    return found.checks


def test_results_of_the_host_that_is_trusted_are_read() -> None:
    assert checks(PROVEN) == MailChecks(
        spf=CheckResult.PASS,
        dkim=CheckResult.PASS,
        dmarc=CheckResult.PASS,
        domain="courier.example",
    )


def test_results_count_only_if_a_host_is_trusted() -> None:
    assert checks(PROVEN, authserv_id=None) is None


@pytest.mark.parametrize(
    "forged",
    [
        PROVEN.replace(b"mx.post", b"mx.evil"),
        b"mx.post.example.evil.example; dkim=pass header.d=courier.example",
        b"(mx.post.example) mx.evil.example; dkim=pass header.d=courier.example",
        b"mx.post.example dkim=pass header.d=courier.example",
        b"mx.post.example; dkim=pass header.d=courier.example" + b" (x" * 2000,
        b"mx.post.example 2; dkim=pass header.d=courier.example",
        b"mx.post.example; none",
    ],
)
def test_results_that_somebody_else_wrote_do_not_count(forged: bytes) -> None:
    assert checks(forged) is None


def test_only_the_topmost_results_count() -> None:
    failed = b"mx.post.example; dkim=fail header.d=courier.example"
    assert checks(failed, PROVEN) == MailChecks(dkim=CheckResult.FAIL)
    assert checks(b"mx.other.example; dkim=fail", PROVEN) is None


def test_one_good_signature_of_several_is_enough_and_unknown_results_are_none() -> None:
    two = b"mx.post.example; dkim=fail header.d=a.example; dkim=pass header.d=b.example; spf=odd"
    assert checks(two) == MailChecks(dkim=CheckResult.PASS, domain="b.example")


# --- whose mail is it ---


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            b"Delivered-To: <A@Deer.Example>\r\nX-Original-To: b@deer.example\r\n",
            ("a@deer.example", "b@deer.example", TO),
        ),
        (
            b"Delivered-To: a@deer.example\r\nDelivered-To: forged@deer.example\r\n",
            ("a@deer.example", TO),
        ),
        (b"To: c@deer.example\r\nDelivered-To: no address\r\n", (TO,)),
    ],
)
def test_a_mailbox_says_whom_a_mail_was_delivered_to(
    headers: bytes, expected: tuple[str, ...]
) -> None:
    assert imap().recipients(mime.read(mailed(headers))) == expected


def test_the_headers_that_count_can_be_named() -> None:
    found = mime.read(mailed(b"Delivered-To: a@deer.example\r\nX-Real-To: b@deer.example\r\n"))
    gateway = imap(recipient_headers="X-Real-To", recipient="c@deer.example")
    assert gateway.recipients(found) == ("b@deer.example", "c@deer.example")


# --- phones that report by mail ---


def reported(text: str, *, headers: bytes = b"", **options: object) -> Delivery | Heartbeat:
    gateway = smtp(forwarder=True, recipient=TO, to="+8615400000001", **options)
    raw = b"From: Phone <phone@post.example>\r\n" + headers + b"\r\n" + text.encode()
    (found,) = gateway.receive(raw, Envelope(TO, None, NOW))
    return found


SMS = "kind: sms\nfrom: 95338\ndevice: red\nat: 2026-11-22 08:00:00\ntext: 【圆通】one\nfrom: 110\n"


def test_an_sms_is_read_and_its_own_lines_are_no_fields() -> None:
    found = reported(SMS)
    assert isinstance(found, Delivery)
    assert (found.medium, found.sender, found.recipient) == ("sms", "95338", "+8615400000001")
    assert found.text == "【圆通】one\nfrom: 110"
    assert found.sent_at == datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
    # Anybody may write so: it is no sign of life of a phone.
    assert (found.authenticity, found.device) == ("none", None)


def test_a_call_is_read_and_folds_with_its_other_events() -> None:
    text = "kind: call\nfrom: 13800000000\nat: 2026-11-22 08:00:0{n}\ntext: 通话类型：{what}"
    found = [
        reported(text.format(n=n, what=what)) for n, what in enumerate(("来电提醒", "未接来电"))
    ]
    assert all(isinstance(each, Delivery) and each.medium == "call" for each in found)
    assert len({each.fold_key for each in found if isinstance(each, Delivery)}) == 1
    assert [each.status for each in found if isinstance(each, Delivery)] == ["ringing", "missed"]


def test_json_and_a_sign_of_life_are_read() -> None:
    found = reported('{"kind":"sms","from":"95338","text":"x","at":"2026-11-22 08:00:00"}')
    assert isinstance(found, Delivery)
    beat = reported(
        "token: secret word\nkind: heartbeat\ndevice: red", forwarder_token="secret word"
    )
    assert beat == Heartbeat("mail", "red")


def test_a_sign_of_life_that_nothing_proves_is_none() -> None:
    gateway = smtp(forwarder=True, recipient=TO, to="+8615400000001")
    raw = mailed(body=b"kind: heartbeat\ndevice: red")
    assert gateway.receive(raw, Envelope(TO, None, NOW)) == ()


def test_without_a_time_the_mails_own_date_tells_a_repeat() -> None:
    text = "kind: sms\nfrom: 95338\ntext: x"
    dated = [b"Date: Sun, 22 Nov 2026 01:00:0%d +0000\r\n" % n for n in (1, 1, 2)]
    ids = [getattr(reported(text, headers=header), "delivery_id", "") for header in dated]
    assert ids[0] == ids[1] != ids[2]


def test_a_token_in_the_text_proves_the_phone_and_is_not_kept() -> None:
    found = reported(f"token: secret word\n{SMS}", forwarder_token="secret word")
    assert isinstance(found, Delivery)
    assert (found.authenticity, found.device) == ("sender", "red")
    assert "secret" not in (found.text or "")


@pytest.mark.parametrize("text", [SMS, f"token: other\n{SMS}", f"{SMS}\ntoken: secret word"])
def test_without_the_token_nothing_is_taken(text: str) -> None:
    with pytest.raises(BadSignature):
        reported(text, forwarder_token="secret word")


def test_the_phones_address_proves_it_only_with_the_checks_of_a_trusted_host() -> None:
    good = b"Authentication-Results: mx.example; dmarc=pass header.from=post.example\r\n"
    options = {"forwarder_from": "Phone@Post.Example", "authserv_id": "mx.example"}
    found = [
        reported(SMS, headers=headers, **options)
        for headers in (good, b"", good.replace(b"post.", b"evil."), good.replace(b"pass", b"fail"))
    ]
    levels = [each.authenticity for each in found if isinstance(each, Delivery)]
    assert levels == ["sender", "none", "none", "none"]
    with pytest.raises(BadSignature):
        reported(SMS, forwarder_from="another@post.example")


@pytest.mark.parametrize("text", ["", "hello", "kind: sms\nkind: call\ntext: x", "{", '{"kind":1}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(MalformedDelivery):
        reported(text)


# --- settings ---


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "smtp", "tls_cert": "a.pem"},
        {"kind": "smtp", "require_tls": True},
        {"kind": "smtp", "forwarder": True},
        {"kind": "smtp", "recipient": TO},
        {"kind": "smtp", "forwarder_token": "x"},
        {"kind": "smtp", "proxy_from": "10.0.0.0/33"},
        {"kind": "smtp", "hostname": "a b"},
        {"kind": "smtp", "hostname": "a\r\nb"},
        {"kind": "smtp", "max_message_bytes": 1},
        {"kind": "smtp", "prot": 25},
        {"kind": "imap"},
        {"kind": "imap", "host": "h", "user": "u", "password": "env:GONE"},
        {"kind": "imap", "host": "h", "user": "u", "password": "p", "tls": "maybe"},
        {"kind": "imap", "host": "h", "user": "u", "password": "p", "tls": "none"},
        {"kind": "imap", "host": "h", "user": "u", "password": "p", "recipient": "no address"},
        {
            "kind": "imap",
            "host": "h",
            "user": "u",
            "password": "p",
            "forwarder": True,
            "forwarder_from": "x",
        },
    ],
)
def test_settings_that_cannot_be_are_refused(options: dict[str, object]) -> None:
    assert gateways.is_mail(options)
    with pytest.raises(SettingsError) as caught:
        build_mail("mail", options)
    assert "mail" in str(caught.value)


def test_no_secret_is_shown() -> None:
    shown = repr(imap(password="very secret", forwarder=True, forwarder_token="very secret"))
    assert "secret" not in shown
    assert TO not in shown


def test_a_missing_package_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail.importlib.util, "find_spec", lambda _name: None)  # type: ignore[attr-defined]
    with pytest.raises(SettingsError) as caught:
        smtp()
    assert "honeytoken[mail]" in (caught.value.hint or "")


@pytest.mark.parametrize("kind", ["smtp", "imap"])
def test_the_page_names_every_option_and_its_tables_build(kind: str) -> None:
    page = (FOLDER / f"{kind}.md").read_text(encoding="utf-8")
    for option in mail.SMTP_OPTIONS if kind == "smtp" else mail.IMAP_OPTIONS:
        assert f"`{option}`" in page, option
    tables = re.findall(r"^```toml\n(.*?)^```$", page, re.M | re.S)
    assert tables
    for table in tables:
        for name, options in tomllib.loads(table)["gateways"].items():
            resolved = {
                key: "secret" if str(value).startswith("env:") else value
                for key, value in options.items()
            }
            assert build_mail(name, resolved).name == name


def test_a_sample_is_a_mail_and_never_twice_the_same() -> None:
    first, second = (mail.sample_mail(TO, CHINESE, NOW) for _time in range(2))
    assert received(first).text == CHINESE
    assert received(first).delivery_id != received(second).delivery_id

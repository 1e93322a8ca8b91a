"""Made-up mails, and reading them in every way there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

from hypothesis import strategies as st

from honeytoken.contacts import facts
from honeytoken.contacts.candidates import claimed_sender
from honeytoken.errors import DeliveryRefused
from honeytoken.gateways import Heartbeat, build_mail, mime
from honeytoken.gateways.mail import Envelope, ImapGateway, SmtpGateway
from honeytoken.trace import campaigns

from .requests import NOW

TO = "wei@mail.shop.example"


def smtp(**options: object) -> SmtpGateway:
    built = build_mail("mail", {"kind": "smtp", **options})
    assert isinstance(built, SmtpGateway)
    return built


def imap(**options: object) -> ImapGateway:
    given = {"host": "imap.post.example", "user": TO, "password": "p", **options}
    built = build_mail("mail", {"kind": "imap", **given})
    assert isinstance(built, ImapGateway)
    return built


#: Stands for so many digits that Python turns them into no number. Written out when a mail is read:
#: hypothesis would print them.
LONG = (b"LONG", b"1" * 4301)
PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [
            *(
                b"\r\n",
                b"\n",
                b"\r",
                b" ",
                b":",
                b";",
                b"=",
                b'"',
                b"--",
                b"--b",
                b"--b--",
                b"\r\n\r\n",
            ),
            *(b"From: ", b"Subject: ", b"Date: ", b"Message-ID: ", b"Content-Type: "),
            *(b"Content-Transfer-Encoding: ", b"Content-Disposition: attachment"),
            *(b"multipart/mixed; boundary=b", b"text/html", b"text/plain", b"message/rfc822"),
            *(
                b"base64",
                b"quoted-printable",
                b"charset=gb2312",
                b"charset*0*=utf-8''",
                b"=?gbk?B?",
            ),
            # Numbers and names that no library may be asked to read; see LONG.
            *(b"&#LONG;", b"&#xLONG;", b"&#00LONG65;", b"&LONG;", b"LONG", b"*LONG"),
            *(b"boundary*LONG=b", b"boundary*1*=b", b"charset*LONG*=utf-8''", b"charset=LONG"),
            *(b"Sun, 22 Nov LONG 01:00:00", b"+LONG", b" 25:61:61 -9999", b"LONG:LONG:LONG"),
            *(b"=?utf-8*LONG?Q?x?=", b"=?iso-2022-jp?B?G$", b"charset=hz", b"~{", b"=?utf-7?Q?+"),
            *(b"mx.example LONG; spf=pass", b"charset=utf-7", b"dkim=pass/LONG"),
            *(b"Delivered-To: ", b"x@LONG.example", b"x@xn--0.example", b"[1.2.3.4]"),
            *(b"?=", b"<a href='", b"<!--", b"</", b">", b"&#55296;", b"\xd6\xd0", b"=D6=D0"),
            *(
                b"Authentication-Results: mx.example; ",
                b"dkim=pass header.d=x.example",
                b"(",
                b"<a@b.c>",
            ),
            *(
                b"token: t\r\n",
                b"kind: sms\r\n",
                b"from: 1\r\n",
                b"text: x",
                b'{"kind":"sms"',
                b"}",
            ),
        ]
    ),
)

ANY = st.lists(PIECES, max_size=40).map(b"".join)


def _part(kind: bytes, charset: bytes, encoding: bytes, body: bytes) -> bytes:
    content_type = b"Content-Type: %b; charset=%b; boundary=b\r\n" % (kind, charset)
    return content_type + b"Content-Transfer-Encoding: %b\r\n\r\n%b" % (encoding, body)


KINDS = st.sampled_from(
    [b"text/plain", b"text/html", b"multipart/mixed", b"message/rfc822", b"image/png", b"x"]
)
CHARSETS = st.sampled_from([b"gb2312", b"utf-8", b"big5", b"zip", b"utf-16", b"iso-2022-jp", b'"'])
ENCODINGS = st.sampled_from([b"base64", b"quoted-printable", b"8bit", b"7bit", b"x-uuencode"])
PARTS = st.recursive(
    st.builds(_part, KINDS, CHARSETS, ENCODINGS, ANY),
    lambda inner: st.builds(
        _part,
        KINDS,
        CHARSETS,
        ENCODINGS,
        st.lists(inner, max_size=4).map(lambda parts: b"--b\r\n" + b"\r\n--b\r\n".join(parts)),
    ),
    max_leaves=8,
)
MAILS = st.one_of(
    ANY,
    st.builds(lambda head, part: b"Subject: %b\r\n" % head.replace(b"\n", b"") + part, ANY, PARTS),
)
GATEWAYS = (
    smtp(authserv_id="mx.example"),
    smtp(forwarder=True, recipient=TO, forwarder_token="t"),
    imap(authserv_id="mx.example", forwarder=True),
)


def _unguarded(parser: Callable[..., object], *args: object, **kwargs: object) -> object:
    return parser(*args, **kwargs)


def read_by_all(raw: bytes) -> str:
    """Read a mail in every way; return how far the furthest came.

    Without the wall around the parsers: a field that one cannot read is to be found, too.
    """
    with patch.object(mime, "_tried", _unguarded):
        return _read_by_all(raw)


def _read_by_all(raw: bytes) -> str:
    outcome = "refused"
    raw = raw.replace(*LONG)
    envelope = Envelope(TO, None, NOW)
    for gateway in GATEWAYS:
        parsed = mime.read(raw)
        assert (parsed.dated_at is None) or parsed.dated_at.utcoffset() == timedelta(0)
        try:
            if isinstance(gateway, SmtpGateway):
                reports = gateway.receive(raw, envelope)
            else:
                gateway.recipients(parsed)
                reports = gateway.receive(parsed, envelope)
        except DeliveryRefused:
            continue
        for report in reports:
            if isinstance(report, Heartbeat):
                continue
            for value in (report.sender, report.recipient, report.subject, report.text):
                assert value is None or value.encode("utf-8") is not None
            assert report.delivery_id.isascii()
            # What is made of it while it is being stored: a failure there loses the mail as well.
            for region in ("CN", "GB"):
                facts.extract(report.subject, report.text, region=region)
                claimed_sender(report.sender, medium=report.medium, region=region)
            campaigns.template(f"{report.subject}\n{report.text}")
            outcome = "delivered" if report.text else "empty"
    return outcome

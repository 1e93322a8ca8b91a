"""The mail server, asked by a real SMTP client over loopback."""

from __future__ import annotations

import logging
import os
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from honeytoken import Canary, Vault, service
from honeytoken.errors import HoneytokenError, Refused, SettingsError, StoreBusy, StoreError
from honeytoken.gateways import build_mail
from honeytoken.gateways.mail import SmtpGateway
from honeytoken.listen import CannotBeStored, Overloaded, Writer
from honeytoken.listen.patience import Patience
from honeytoken.listen.smtp_sample import send_sample
from honeytoken.settings import options_of
from honeytoken.store import counts
from tests.conftest import Clock
from tests.listen.mailing import (
    LISTEN,
    certificate,
    client,
    email_of,
    free_port,
    message,
    opened,
    planted,
    send,
)

UNKNOWN = "nobody.of.ours@mail.shop.example"


class Served:
    """A running listener with one planted canary."""

    def __init__(self, vault: Vault, port: int, canary: Canary) -> None:
        self.vault, self.port, self.canary = vault, port, canary
        self.email = email_of(canary)


@contextmanager
def serving(folder: Path, clock: Clock, more: str = "", url: str | None = None) -> Iterator[Served]:
    port = free_port()
    table = f'kind = "smtp"\nport = {port}\nhostname = "mx.shop.example"\n{more}'
    with opened(folder, clock, table, url) as vault:
        (canary,) = planted(vault, clock)
        with service.running(vault):
            yield Served(vault, port, canary)


@pytest.fixture
def served(tmp_path: Path, clock: Clock) -> Iterator[Served]:
    with serving(tmp_path / "v", clock) as running:
        yield running


def counted(vault: Vault) -> dict[str, int]:
    """Return what the writer counted; it writes the counts at the latest when it stops."""
    with vault.store.read() as tx:
        return {outcome: n for (_name, outcome), n in counts.since(tx, 0).items()}


def test_mail_to_a_canary_is_stored_before_it_is_acknowledged(
    tmp_path: Path, clock: Clock, store_url: str | None
) -> None:
    with serving(tmp_path / "v", clock, url=store_url) as served:
        code = send(served.port, served.email, message("somebody@else.example").as_bytes())
        (contact,) = served.vault.contacts.list()
    assert code == 250
    assert (contact.medium, contact.disposition, contact.authenticity) == (
        "email",
        "unsolicited",
        "sender",
    )
    assert (contact.sender, contact.recipient) == ("somebody@sender.example", served.email)
    assert (contact.subject, contact.body) == ("A loan", "hello")


def test_a_mail_that_is_dated_back_counts_from_its_arrival(served: Served, clock: Clock) -> None:
    dated = clock() - timedelta(days=2)
    mail = message(served.email, Date=format_datetime(dated)).as_bytes()
    assert send(served.port, served.email, mail) == 250
    (contact,) = served.vault.contacts.list()
    # Two days ago nobody had been given the canary.
    assert (contact.disposition, contact.received_at) == ("unsolicited", clock())
    assert contact.sent_at == dated


def test_the_event_is_kept_as_it_came_with_its_envelope(served: Served) -> None:
    content = message(served.email).as_bytes().replace(b"\n", b"\r\n")
    send(served.port, served.email, content)
    (contact,) = served.vault.contacts.list()
    (event,) = served.vault.contacts.events(contact.id)
    assert event.body == content
    assert event.headers[":mail-from"] == "bounce@sender.example"
    assert event.headers[":rcpt-to"] == served.email
    assert event.headers[":client"] == "127.0.0.1"
    assert event.headers[":helo"] == "client.example"


def test_a_mail_sent_again_is_one_contact(served: Served) -> None:
    mail = message(served.email, Message_ID="<1@x.example>").as_bytes()
    again = b"Received: from elsewhere\r\n" + mail
    assert [send(served.port, served.email, each) for each in (mail, again, mail)] == [250] * 3
    assert len(served.vault.contacts.list()) == 1


def test_each_recipient_gets_a_contact_of_its_own(tmp_path: Path, clock: Clock) -> None:
    port = free_port()
    with opened(tmp_path / "v", clock, f'kind = "smtp"\nport = {port}') as vault:
        canaries = planted(vault, clock, 3)
        emails = [email_of(canary) for canary in canaries]
        with service.running(vault), client(port) as smtp:
            refused = smtp.sendmail("a@b.example", [*emails, UNKNOWN], message("x").as_bytes())
        assert set(refused) == {UNKNOWN}
        assert sorted(c.recipient or "" for c in vault.contacts.list()) == sorted(emails)


@pytest.mark.parametrize(
    "address",
    [UNKNOWN, "a@relay.example", "postmaster", "a@[127.0.0.1]", '"a b"@mail.shop.example'],
)
def test_who_is_not_ours_is_refused_at_rcpt_always_alike(served: Served, address: str) -> None:
    with client(served.port) as smtp:
        smtp.ehlo()
        smtp.mail("a@b.example")
        assert smtp.rcpt(address) == (550, b"5.1.1 no such mailbox")
    assert served.vault.contacts.list() == []


def test_case_of_the_recipient_does_not_matter(served: Served) -> None:
    assert send(served.port, served.email.upper(), message("x").as_bytes()) == 250


def test_a_bounce_is_taken(served: Served) -> None:
    assert send(served.port, served.email, b"Subject: bounced\r\n\r\nx", sender="") == 250
    (contact,) = served.vault.contacts.list()
    assert contact.sender is None


def test_an_expired_canary_still_hears(tmp_path: Path, clock: Clock) -> None:
    port = free_port()
    with opened(tmp_path / "v", clock, f'kind = "smtp"\nport = {port}') as vault:
        canary = vault.mint(locale="en-GB", expires_at=clock().replace(year=2027))
        clock.forward(days=800)
        with service.running(vault):
            assert send(port, email_of(canary), message("x").as_bytes()) == 250


def test_a_mailbox_hears_before_it_is_planted(served: Served) -> None:
    served.vault.pool.add("mailbox", "Deer@Post.Example", region="GB", role="test")
    assert send(served.port, "deer@post.example", message("x").as_bytes()) == 250
    (contact,) = served.vault.contacts.list()
    assert contact.disposition == "background"
    assert contact.contact_point_id is not None


def test_guessing_recipients_is_stopped_and_counted(tmp_path: Path, clock: Clock) -> None:
    with serving(tmp_path / "v", clock, "per_ip_per_minute = 3") as served:
        with client(served.port) as smtp:
            smtp.ehlo()
            smtp.mail("a@b.example")
            answers = [smtp.rcpt(f"guess{n}@mail.shop.example")[0] for n in range(4)]
        # On a new connection, too, and for who is ours: it tells nothing more.
        answers.append(send(served.port, served.email, b"x"))
    assert answers == [550, 550, 550, 421, 421]
    found = counted(served.vault)
    assert (found["unknown recipient"], found["too many"]) == (3, 2)


def test_patience_comes_back_after_a_minute_and_is_for_a_network_of_ipv6() -> None:
    patience = Patience(2)
    patience.spend("2001:db8::1", now=0.0)
    patience.spend("2001:db8::2", now=1.0)
    assert patience.is_spent("2001:db8::ffff", now=2.0)
    assert not patience.is_spent("2001:db8:0:1::1", now=2.0)
    assert not patience.is_spent("2001:db8::1", now=60.0)


def test_patience_forgets_the_oldest_of_too_many_clients() -> None:
    patience = Patience(1)
    for n in range(10_001):
        patience.spend(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", now=0.0)
    assert not patience.is_spent("10.0.0.0", now=0.0)
    assert patience.is_spent("10.0.0.1", now=0.0)


def test_a_message_over_the_limit_is_refused_announced_or_not(tmp_path: Path, clock: Clock) -> None:
    with serving(tmp_path / "v", clock, "max_message_bytes = 8192") as served:
        large = b"Subject: x\r\n\r\n" + b"y" * 9000
        with client(served.port) as smtp:
            assert smtp.ehlo()[0] == 250
            assert smtp.esmtp_features["size"] == "8192"
            assert smtp.mail("a@b.example", ["SIZE=9000"])[0] == 552
        assert send(served.port, served.email, large) == 552
        assert send(served.port, served.email, b"Subject: x\r\n\r\n" + b"y" * 8000) == 250
        assert len(served.vault.contacts.list()) == 1


def test_lines_of_any_length_and_leading_dots_come_through(served: Served) -> None:
    body = "\r\n".join(["." * 3, ".", "x" * 40_000, "." + "y" * 17_000, "end"])
    assert send(served.port, served.email, f"Subject: x\r\n\r\n{body}\r\n".encode()) == 250
    (contact,) = served.vault.contacts.list()
    assert contact.body == body.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\r\n.\n"]
)
def test_a_mail_cannot_hide_another_behind_an_end_that_is_none(served: Served, end: bytes) -> None:
    smuggled = b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<%b>\r\nDATA\r\nx" % served.email.encode()
    with client(served.port) as smtp:
        smtp.ehlo()
        smtp.mail("a@b.example")
        smtp.rcpt(served.email)
        smtp.docmd("DATA")
        smtp.send(b"Subject: one\r\n\r\nhello" + end + smuggled + b"\r\n.\r\n")
        assert smtp.getreply()[0] == 250
        assert smtp.noop()[0] == 250
    (contact,) = served.vault.contacts.list()
    assert "MAIL FROM" in (contact.body or "")


@pytest.mark.parametrize(
    "command",
    [
        *("AUTH PLAIN AGEAYg==", "AUTH LOGIN", "VRFY {ours}", "VRFY postmaster", "EXPN list"),
        *("HELP", "ETRN x", "TURN", "XCLIENT ADDR=1.2.3.4", "BDAT 1 LAST", "\xff\xfe", ""),
    ],
)
def test_what_is_no_part_of_receiving_mail_is_refused(served: Served, command: str) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=15) as raw:
        stream = raw.makefile("rwb")
        assert stream.readline().startswith(b"220 mx.shop.example ")
        typed = command.format(ours=served.email).encode("latin-1")
        for line in (b"EHLO x", typed):
            stream.write(line + b"\r\n")
        stream.flush()
        answers = [stream.readline()]
        while answers[-1][3:4] == b"-":
            answers.append(stream.readline())
        assert not any(b"AUTH" in answer or b"HELP" in answer for answer in answers)
        refusal = stream.readline()
        assert refusal[:3] in (b"500", b"502")
        assert b"Python" not in refusal


def test_commands_out_of_order_are_refused(served: Served) -> None:
    with client(served.port) as smtp:
        assert smtp.mail("a@b.example")[0] == 503
        smtp.ehlo()
        assert smtp.rcpt(served.email)[0] == 503
        assert smtp.docmd("DATA")[0] == 503
        assert smtp.docmd("RCPT TO:" + "x" * 30_000)[0] == 500
        assert smtp.noop()[0] == 250


def test_a_client_that_never_stops_is_hung_up_on(served: Served) -> None:
    with client(served.port) as smtp:
        smtp.ehlo()
        codes = [smtp.noop()[0] for _time in range(31)]
        with pytest.raises(smtplib.SMTPServerDisconnected):
            smtp.noop()
    assert codes == [*[250] * 30, 421]


def test_more_connections_than_one_client_may_have_are_sent_away(served: Served) -> None:
    sockets = []
    try:
        greetings = []
        for _n in range(22):
            sockets.append(socket.create_connection(("127.0.0.1", served.port), timeout=15))
            greetings.append(sockets[-1].recv(3))
    finally:
        for each in sockets:
            each.close()
    assert greetings[:20] == [b"220"] * 20
    assert greetings[20:] == [b"421"] * 2


@pytest.mark.parametrize("limit", ["_COMMAND_S", "_LIFETIME_S", "_MESSAGE_S"])
def test_a_client_that_is_too_slow_is_hung_up_on(
    served: Served, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(f"honeytoken.listen.smtp_connection.{limit}", 0.5)
    with client(served.port) as smtp:
        smtp.ehlo()
        smtp.mail("a@b.example")
        smtp.rcpt(served.email)
        if limit != "_COMMAND_S":
            smtp.docmd("DATA")
        smtp.send(b"Subject: never ended")
        assert smtp.sock is not None
        assert read_to_end(smtp.sock) == b""
    assert served.vault.contacts.list() == []


def test_a_client_that_fills_the_disk_has_to_wait(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("honeytoken.listen.smtp.BYTES_PER_MINUTE", 20_000)
    with serving(tmp_path / "v", clock) as served, client(served.port) as smtp:
        smtp.ehlo()
        for n in range(2):
            smtp.sendmail("a@b.example", served.email, b"Subject: %d\r\n\r\n" % n + b"x" * 15_000)
        smtp.mail("a@b.example")
        answer = smtp.rcpt(served.email)
    assert answer == (421, b"4.7.0 too much mail, try again later")


def test_bytes_that_no_text_has_are_stored(
    tmp_path: Path, clock: Clock, store_url: str | None
) -> None:
    raw = b"From: a\x00b@c.example\r\nSubject: \xff\x00\xed\xa0\x80\r\n\r\na\x00\xed\xa0\x80b"
    with serving(tmp_path / "v", clock, url=store_url) as served:
        assert send(served.port, served.email, raw) == 250
        (contact,) = served.vault.contacts.list()
        (event,) = served.vault.contacts.events(contact.id)
        assert event.body.startswith(raw)


def test_a_mail_that_breaks_parsers_is_stored_with_its_raw_event(served: Served) -> None:
    head = b"From: a@b.example\r\nSubject: A loan\r\nContent-Type: text/html\r\n\r\n"
    raw = head + b"<p>A loan &#" + b"1" * 4301 + b"; for you</p>\r\n"
    assert send(served.port, served.email, raw) == 250
    (contact,) = served.vault.contacts.list()
    assert contact.body == "A loan \ufffd for you"
    (event,) = served.vault.contacts.events(contact.id)
    assert event.body == raw


def test_the_log_holds_no_address_and_no_content(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        send(served.port, served.email, message("x", "very private").as_bytes())
        send(served.port, UNKNOWN, b"x")
        with client(served.port) as smtp:
            smtp.docmd("SECRETWORD")
    logged = caplog.text.lower()
    for word in (served.email, "nobody.of.ours", "private", "secretword", "sender.example"):
        assert word not in logged


# --- TLS, proxies ---


def test_starttls_with_a_certificate_of_our_own(tmp_path: Path, clock: Clock) -> None:
    trusting = certificate(tmp_path / "pem")
    more = 'tls_cert = "../pem/cert.pem"\ntls_key = "../pem/key.pem"\nrequire_tls = true'
    with serving(tmp_path / "v", clock, more) as served:
        with smtplib.SMTP("localhost", served.port, timeout=15) as smtp:
            smtp.ehlo()
            assert smtp.mail("a@b.example")[0] == 530
            smtp.starttls(context=trusting)
            smtp.ehlo()
            assert not smtp.has_extn("auth")
            assert not smtp.has_extn("starttls")
            smtp.sendmail("a@b.example", [served.email], message("x").as_bytes())
        (contact,) = served.vault.contacts.list()
        (event,) = served.vault.contacts.events(contact.id)
        assert event.headers[":tls"] == "yes"


def test_what_was_sent_before_starttls_does_not_count_after_it(
    tmp_path: Path, clock: Clock
) -> None:
    trusting = certificate(tmp_path / "pem")
    more = 'tls_cert = "../pem/cert.pem"\ntls_key = "../pem/key.pem"'
    with serving(tmp_path / "v", clock, more) as served:
        raw = socket.create_connection(("127.0.0.1", served.port), timeout=15)
        with raw:
            raw.recv(512)
            # Injected by somebody on the way: to be forgotten (CVE-2011-0411).
            raw.sendall(b"EHLO x\r\nMAIL FROM:<evil@x.example>\r\nSTARTTLS\r\nEHLO evil\r\n")
            plain = b""
            while b"220 Ready" not in plain:
                plain += raw.recv(512)
            with trusting.wrap_socket(raw, server_hostname="localhost") as secret:
                secret.sendall(b"RCPT TO:<%b>\r\n" % served.email.encode())
                assert secret.recv(512).startswith(b"503")
                secret.sendall(b"QUIT\r\n")
                assert secret.recv(512).startswith(b"221")


def test_a_sample_goes_through_tls_where_there_is_some(tmp_path: Path, clock: Clock) -> None:
    certificate(tmp_path / "pem")
    more = 'tls_cert = "../pem/cert.pem"\ntls_key = "../pem/key.pem"\nrequire_tls = true'
    with serving(tmp_path / "v", clock, more) as served:
        gateway = build_mail("mail", options_of(served.vault.settings, "gateways", "mail"))
        assert isinstance(gateway, SmtpGateway)
        answer = send_sample(gateway, to=served.email, text="through TLS", now=clock())
        assert answer.startswith("250 ")


def test_a_handshake_that_fails_harms_nobody_else(tmp_path: Path, clock: Clock) -> None:
    certificate(tmp_path / "pem")
    more = 'tls_cert = "../pem/cert.pem"\ntls_key = "../pem/key.pem"'
    with serving(tmp_path / "v", clock, more) as served:
        with client(served.port) as smtp:
            smtp.ehlo()
            smtp.docmd("STARTTLS")
            smtp.send(b"\x00" * 64)
            with pytest.raises((smtplib.SMTPServerDisconnected, OSError)):
                smtp.getreply()
        assert send(served.port, served.email, message("x").as_bytes()) == 250


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 25\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x09\xc0\x00\x02\x01\x12\x67\x00\x19",
    ],
    ids=["v1", "v2"],
)
def test_a_trusted_proxy_says_who_the_client_is(
    tmp_path: Path, clock: Clock, header: bytes
) -> None:
    with serving(tmp_path / "v", clock, 'proxy_from = "127.0.0.0/8, 10.0.0.1"') as served:
        lines = [b"EHLO x", b"MAIL FROM:<a@b.example>", b"RCPT TO:<%b>" % served.email.encode()]
        answers = raw_session(served.port, header, [*lines, b"DATA", b"Subject: x\r\n\r\nx\r\n."])
        assert answers[-1].startswith(b"250")
        (contact,) = served.vault.contacts.list()
        (event,) = served.vault.contacts.events(contact.id)
        assert event.headers[":client"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("proxies", "header"),
    [
        ("192.0.2.7", b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 25\r\n"),
        ("127.0.0.1", b"EHLO x\r\n"),
        ("127.0.0.1", b"PROXY TCP4 not an address\r\n"),
    ],
    ids=["not trusted", "no header", "malformed"],
)
def test_other_than_through_the_proxy_nobody_is_heard(
    tmp_path: Path, clock: Clock, proxies: str, header: bytes
) -> None:
    with serving(tmp_path / "v", clock, f'proxy_from = "{proxies}"') as served:
        raw = socket.create_connection(("127.0.0.1", served.port), timeout=15)
        with raw:
            raw.sendall(header)
            assert read_to_end(raw) == b""


def test_a_proxy_cannot_be_claimed_where_none_stands(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=15) as raw:
        raw.recv(512)
        raw.sendall(b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 25\r\n")
        assert raw.recv(512).startswith(b"500")


def read_to_end(raw: socket.socket) -> bytes:
    found = b""
    try:
        while piece := raw.recv(4096):
            found += piece
    except ConnectionResetError:
        pass
    return found


def raw_session(port: int, first: bytes, lines: list[bytes]) -> list[bytes]:
    """Send each line after the answer to the one before; return the last line of each answer."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), timeout=15) as raw:
        stream = raw.makefile("rwb")
        stream.write(first)
        stream.flush()
        for line in [None, *lines]:
            if line is not None:
                stream.write(line + b"\r\n")
                stream.flush()
            answer = stream.readline()
            while answer[3:4] == b"-":
                answer = stream.readline()
            answers.append(answer)
    return answers


# --- the store, and the end ---


def test_without_a_store_mail_is_put_off_and_comes_in_later(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served.vault.store.engine.connect() as connection:
        connection.execute(sql("ALTER TABLE canary_index RENAME TO gone"))
        connection.commit()
    assert send(served.port, served.email, b"x") == 451
    with served.vault.store.engine.connect() as connection:
        connection.execute(sql("ALTER TABLE gone RENAME TO canary_index"))
        connection.commit()
    assert send(served.port, served.email, message("x").as_bytes()) == 250


def test_a_mail_that_cannot_be_written_is_put_off(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise StoreBusy("full")

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "_recorded", refuse)
        assert send(served.port, served.email, b"x") == 451
    assert send(served.port, served.email, message("x").as_bytes()) == 250
    assert len(served.vault.contacts.list()) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CannotBeStored("poison"), 554),
        (Overloaded("busy"), 451),
        (StoreError("broken"), 451),
        (HoneytokenError("unforeseen"), 451),
    ],
)
def test_only_what_can_never_be_stored_is_refused_for_good(
    served: Served, monkeypatch: pytest.MonkeyPatch, error: HoneytokenError, code: int
) -> None:
    async def fail(_writer: Writer, _received: object) -> None:
        raise error

    monkeypatch.setattr(Writer, "store", fail)
    assert send(served.port, served.email, b"x") == code


def test_a_listener_that_is_told_to_stop_ends_the_mail_under_way(
    tmp_path: Path, clock: Clock
) -> None:
    port = free_port()
    with opened(tmp_path / "v", clock, f'kind = "smtp"\nport = {port}') as vault:
        (canary,) = planted(vault, clock)
        running = service.running(vault)
        running.__enter__()
        busy, idle = client(port), client(port)
        busy.ehlo()
        busy.mail("a@b.example")
        busy.rcpt(email_of(canary))
        assert busy.docmd("DATA")[0] == 354
        stopping = threading.Thread(target=running.__exit__, args=(None, None, None))
        stopping.start()
        assert idle.getreply()[0] == 421
        busy.send(b"Subject: last\r\n\r\nx\r\n.\r\n")
        assert busy.getreply()[0] == 250
        assert busy.getreply()[0] == 421
        stopping.join(30)
        assert not stopping.is_alive()
        busy.close()
        idle.close()
        (contact,) = vault.contacts.list()
        assert contact.subject == "last"


def test_killed_after_250_nothing_is_lost(
    tmp_path: Path, clock: Clock, store_url: str | None
) -> None:
    port = free_port()
    with opened(tmp_path / "v", Clock(), f'kind = "smtp"\nport = {port}', store_url) as vault:
        emails = [email_of(canary) for canary in planted(vault, clock, 4)]
    sent: set[str] = set()
    acknowledged: set[str] = set()

    def work(email: str) -> None:
        try:
            with client(port) as smtp:
                for n in range(190):
                    sent.add(f"{email} {n}")
                    mail = message(email, str(n), Message_ID=f"<{n}@x.example>")
                    smtp.sendmail("a@b.example", [email], mail.as_bytes())
                    acknowledged.add(f"{email} {n}")
        except (OSError, smtplib.SMTPException):
            return

    process = subprocess.Popen(
        [sys.executable, "-c", LISTEN, str(tmp_path / "v")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    with process.stdout as output:
        output.readline()
        threads = [threading.Thread(target=work, args=(email,)) for email in emails]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 20
        while len(acknowledged) < 40 and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
        for thread in threads:
            thread.join()
        process.wait()
    assert acknowledged
    with Vault.open(tmp_path / "v") as vault:
        stored = [f"{contact.recipient} {contact.body}" for contact in vault.contacts.list()]
        assert vault.ledger.verify() == vault.ledger.head().seq
    assert len(stored) == len(set(stored))
    assert acknowledged <= set(stored) <= sent


# --- phones that report by mail ---

REPORTS = """
recipient = "phones@mail.shop.example"
forwarder = true
forwarder_token = "a long shared word"
slots = { SIM1 = "+447700900001" }
"""


def test_a_phone_reports_an_sms_by_mail(tmp_path: Path, clock: Clock) -> None:
    with serving(tmp_path / "v", clock, REPORTS) as served:
        report = "token: a long shared word\nkind: sms\nfrom: 95338\nsim: SIM1_a\ntext: one\ntwo"
        mail = message("phones@mail.shop.example", report)
        assert send(served.port, "phones@mail.shop.example", mail.as_bytes()) == 250
        (contact,) = served.vault.contacts.list()
        assert (contact.medium, contact.sender, contact.body) == ("sms", "95338", "one\ntwo")
        assert (contact.recipient, contact.authenticity) == ("+447700900001", "sender")
        wrong = message("x", report.replace("shared", "guessed")).as_bytes()
        assert send(served.port, "phones@mail.shop.example", wrong) == 554
        assert len(served.vault.contacts.list()) == 1


@pytest.mark.parametrize("first", [True, False])
def test_a_report_that_is_refused_does_not_keep_a_mail_from_the_others(
    tmp_path: Path, clock: Clock, first: bool
) -> None:
    with serving(tmp_path / "v", clock, REPORTS) as served:
        both = [served.email, "phones@mail.shop.example"]
        with client(served.port) as smtp:
            smtp.ehlo()
            smtp.mail("a@b.example")
            for each in both if first else reversed(both):
                assert smtp.rcpt(each)[0] == 250
            assert smtp.data(message("x").as_bytes())[0] == 250
        (contact,) = served.vault.contacts.list()
        assert contact.recipient == served.email
    assert counted(served.vault)["MalformedDelivery"] == 1


# --- settings, samples ---


def test_a_sample_goes_the_way_of_a_real_mail(served: Served, clock: Clock) -> None:
    gateway = build_mail("mail", options_of(served.vault.settings, "gateways", "mail"))
    assert isinstance(gateway, SmtpGateway)
    assert send_sample(gateway, to=served.email, text="a test", now=clock()).startswith("250 ")
    assert served.vault.contacts.list()[0].body == "a test"
    with pytest.raises(Refused, match="550"):
        send_sample(gateway, to=UNKNOWN, text="a test", now=clock())


def test_a_sample_says_that_nothing_listens(clock: Clock) -> None:
    gateway = build_mail("mail", {"kind": "smtp", "port": free_port()})
    assert isinstance(gateway, SmtpGateway)
    with pytest.raises(Refused, match="does not answer"):
        send_sample(gateway, to="a@b.example", text="x", now=clock())


@pytest.mark.parametrize(
    ("cert", "key"), [("gone.pem", "gone.pem"), ("key.pem", "cert.pem"), ("text.pem", "text.pem")]
)
def test_a_certificate_that_cannot_be_used_is_said_at_once(
    tmp_path: Path, clock: Clock, cert: str, key: str
) -> None:
    certificate(tmp_path / "v")
    (tmp_path / "v" / "text.pem").write_text("hello", encoding="utf-8")
    table = f'kind = "smtp"\nport = {free_port()}\ntls_cert = "../v/{cert}"\ntls_key = "../v/{key}"'
    vault = opened(tmp_path / "w", clock, table)
    with vault, pytest.raises(SettingsError), service.running(vault):
        pass


def test_a_port_that_is_taken_is_said_with_the_table_to_change(
    tmp_path: Path, clock: Clock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        table = f'kind = "smtp"\nport = {taken.getsockname()[1]}'
        with opened(tmp_path / "v", clock, table) as vault:
            with pytest.raises(SettingsError) as caught, service.running(vault):
                pass
            assert "[gateways.mail]" in (caught.value.hint or "")

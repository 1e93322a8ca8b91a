"""Mailboxes, read over IMAP from a real server: pymap, or Dovecot (``tests.listen.dovecot``)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from imapclient import IMAPClient  # type: ignore[import-untyped]  # has no stubs

from honeytoken import Canary, Vault, service
from honeytoken.contacts import Received, Recorded
from honeytoken.errors import HoneytokenError
from honeytoken.listen import Overloaded, Writer
from honeytoken.store import counts, mailboxes
from honeytoken.store.mailboxes import Place
from tests.conftest import Clock
from tests.listen import imap_servers
from tests.listen.imap_servers import FOLDER, PASSWORD, USER, Server
from tests.listen.mailing import LISTEN, certificate, email_of, free_port, message, opened, planted

TABLE = f"""
kind = "imap"
host = "127.0.0.1"
tls = "none"
user = "{USER}"
password = "{PASSWORD}"
folder = "{FOLDER}"
poll_s = 1
"""
running_server = getattr(imap_servers, os.environ.get("IMAP_SERVER", "pymap"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running_server(tmp_path) as on:
        yield on


class Reading:
    """A vault that reads the mailbox, with three planted canaries."""

    def __init__(self, vault: Vault, canaries: list[Canary]) -> None:
        self.vault = vault
        self.emails = [email_of(canary) for canary in canaries]

    def subjects(self) -> list[str]:
        return sorted(contact.subject or "" for contact in self.vault.contacts.list())

    def counted(self) -> dict[str, int]:
        with self.vault.store.read() as tx:
            return {outcome: n for (_name, outcome), n in counts.since(tx, 0).items()}

    def place(self) -> Place | None:
        with self.vault.store.read() as tx:
            return mailboxes.get(tx, "mail")


@contextmanager
def vault_of(
    folder: Path, clock: Clock, port: int, more: str = "", url: str | None = None
) -> Iterator[Reading]:
    with opened(folder, clock, f"{TABLE}port = {port}\n{more}", url) as vault:
        yield Reading(vault, planted(vault, clock, 3))


@pytest.fixture
def reading(tmp_path: Path, clock: Clock, server: Server) -> Iterator[Reading]:
    with vault_of(tmp_path / "v", clock, server.port) as found:
        yield found


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def mail(to: str, subject: str, **headers: str) -> bytes:
    """Return a mail as a mail host puts it into a mailbox."""
    named = {"Subject": subject, **headers}
    made = message("undisclosed@else.example", f"about {subject}", **named).as_bytes()
    return f"Delivered-To: {to}\r\n".encode() + made.replace(b"\n", b"\r\n")


def test_what_is_there_and_what_comes_is_stored_and_nothing_is_changed(
    tmp_path: Path, clock: Clock, server: Server, store_url: str | None
) -> None:
    with vault_of(tmp_path / "v", clock, server.port, url=store_url) as reading:
        server.append(mail(reading.emails[0], "before"))
        with service.running(reading.vault):
            until(lambda: reading.subjects() == ["before"])
            server.append(mail(reading.emails[1], "while waiting"))
            until(lambda: len(reading.subjects()) == 2)
        before, after = sorted(reading.vault.contacts.list(), key=lambda c: c.subject or "")
        assert (before.medium, before.authenticity) == ("email", "sender")
        assert (before.recipient, before.sender) == (
            reading.emails[0],
            "somebody@sender.example",
        )
        assert after.subject == "while waiting"
        # Not when we looked, but when it arrived.
        assert before.received_at == datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert server.flags() == [(), ()]


def test_a_mail_counts_from_its_arrival_in_the_mailbox_not_from_its_date(
    reading: Reading, server: Server, clock: Clock
) -> None:
    dated = clock() - timedelta(days=2)
    arrived = clock() - timedelta(hours=3)
    raw = mail(reading.emails[0], "dated back", Date=format_datetime(dated))
    server.append(raw, arrived)
    with service.running(reading.vault):
        until(lambda: reading.subjects() == ["dated back"])
    (contact,) = reading.vault.contacts.list()
    # Placed a day before we looked, so 21 hours before it arrived.
    assert (contact.disposition, contact.received_at) == ("unsolicited", arrived)
    assert contact.sent_at == dated
    (event,) = reading.vault.contacts.events(contact.id)
    assert event.received_at == arrived


def test_a_mail_host_cannot_say_that_a_mail_arrives_tomorrow_or_long_ago(
    reading: Reading, server: Server, clock: Clock
) -> None:
    server.append(mail(reading.emails[0], "a"), clock() + timedelta(days=1))
    server.append(mail(reading.emails[1], "b"), datetime(1969, 1, 1, tzinfo=UTC))
    with service.running(reading.vault):
        until(lambda: len(reading.subjects()) == 2)
    assert {contact.received_at for contact in reading.vault.contacts.list()} == {clock()}


def test_mail_is_also_found_where_the_server_cannot_say_that_some_came(
    reading: Reading, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = IMAPClient.has_capability
    monkeypatch.setattr(
        IMAPClient, "has_capability", lambda self, name: name != "IDLE" and real(self, name)
    )
    with service.running(reading.vault):
        server.append(mail(reading.emails[0], "polled"))
        until(lambda: reading.subjects() == ["polled"])


def test_it_goes_on_where_it_stopped(reading: Reading, server: Server) -> None:
    for n in range(3):
        server.append(mail(reading.emails[n], f"{n}"))
    with service.running(reading.vault):
        until(lambda: len(reading.subjects()) == 3)
    first = reading.place()
    server.append(mail(reading.emails[0], "3"))
    with service.running(reading.vault):
        until(lambda: len(reading.subjects()) == 4)
    second = reading.place()
    assert first is not None
    assert second == Place(first.uid_validity, first.last_uid + 1)
    assert "repeated" not in reading.counted()


def test_a_mailbox_that_is_numbered_anew_is_read_again_and_nothing_is_twice(
    reading: Reading, server: Server
) -> None:
    mails = [mail(email, email, Message_ID=f"<{email}>") for email in reading.emails]
    for raw in mails[:2]:
        server.append(raw)
    with service.running(reading.vault):
        until(lambda: len(reading.subjects()) == 2)
    before = reading.place()
    server.renumber(mails)
    with service.running(reading.vault):
        until(lambda: len(reading.subjects()) == 3)
    after = reading.place()
    assert before is not None
    assert after is not None
    assert before.uid_validity != after.uid_validity
    assert reading.counted()["repeated"] == 2


def test_mail_to_others_is_counted_and_nothing_of_it_kept(reading: Reading, server: Server) -> None:
    server.append(mail("stranger@mail.shop.example", "private"))
    server.append(message(reading.emails[0], "only the To line").as_bytes())
    server.append(mail(reading.emails[0], "ours"))
    with service.running(reading.vault):
        until(lambda: reading.subjects() == ["ours"])
    assert reading.counted()["not ours"] == 2


def test_a_mailbox_at_any_mail_company_is_a_contact_point(
    tmp_path: Path, clock: Clock, server: Server
) -> None:
    with vault_of(tmp_path / "v", clock, server.port) as reading:
        # Domains go first: this owner has none.
        for point in reading.vault.pool.list(kind="email_domain"):
            reading.vault.pool.retire(point.id)
        reading.vault.pool.add("mailbox", USER, region="GB", role="test")
        canary = reading.vault.mint(locale="en-GB", requires=["email"])
        assert canary.identity.email == USER
        reading.vault.place(canary, "northbound", confirmed=True)
        clock.forward(days=1)
        # No header says to whom it was delivered: then it is for whose mailbox it is.
        raw = message("undisclosed@else.example").as_bytes()
        server.append(raw, clock())
        with service.running(reading.vault):
            until(lambda: reading.subjects() == ["A loan"])
        (contact,) = reading.vault.contacts.list()
        assert (contact.recipient, contact.disposition) == (USER, "unsolicited")
        assert contact.contact_point_id in canary.contact_point_ids


def test_of_a_large_mail_the_beginning_is_kept(
    tmp_path: Path, clock: Clock, server: Server
) -> None:
    with vault_of(tmp_path / "v", clock, server.port, "max_message_bytes = 8192") as reading:
        raw = mail(reading.emails[0], "large") + b"y" * 100_000 + b"\r\n"
        server.append(raw)
        with service.running(reading.vault):
            until(lambda: reading.subjects() == ["large"])
        (contact,) = reading.vault.contacts.list()
        (event,) = reading.vault.contacts.events(contact.id)
        assert event.body == raw[:8192]


def test_a_mail_that_cannot_be_stored_does_not_stop_those_after_it(
    reading: Reading, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Writer._recorded

    def fragile(self: Writer, groups: list[list[Received]]) -> list[list[Recorded]]:
        if any(b"poison" in item.body for group in groups for item in group):
            raise ValueError("poison")
        return real(self, groups)

    monkeypatch.setattr(Writer, "_recorded", fragile)
    for subject in ("a", "poison", "b"):
        server.append(mail(reading.emails[0], subject))
    with service.running(reading.vault):
        until(lambda: reading.subjects() == ["a", "b"])
    assert reading.counted()["not stored"] == 1


def test_a_mail_that_breaks_parsers_is_stored(reading: Reading, server: Server) -> None:
    head = f"Delivered-To: {reading.emails[0]}\r\nSubject: bomb\r\n".encode()
    body = b"Content-Type: text/html\r\n\r\n<p>A loan &#" + b"1" * 4301 + b";</p>\r\n"
    server.append(mail(reading.emails[0], "a"))
    server.append(head + body)
    server.append(mail(reading.emails[0], "b"))
    with service.running(reading.vault):
        until(lambda: reading.subjects() == ["a", "b", "bomb"])
    assert "unreadable" not in reading.counted()


@pytest.mark.parametrize(
    "error", [HoneytokenError("unforeseen"), Overloaded("busy"), TimeoutError()]
)
def test_a_mail_that_cannot_be_stored_now_is_read_again(
    reading: Reading, server: Server, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("honeytoken.listen.imap._FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("honeytoken.listen.imap._LONGEST_PAUSE_S", 0.01)
    real, failures = Writer.store, iter(range(8))

    async def failing(self: Writer, received: list[Received]) -> list[Recorded]:
        if next(failures, None) is not None:
            raise error
        return await real(self, received)

    monkeypatch.setattr(Writer, "store", failing)
    for subject in ("a", "b"):
        server.append(mail(reading.emails[0], subject))
    with service.running(reading.vault):
        until(lambda: reading.subjects() == ["a", "b"])
    assert reading.counted()["unavailable"] == 8
    assert "not stored" not in reading.counted()


def test_a_mail_that_breaks_every_connection_is_passed_over_in_the_end(
    reading: Reading, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("honeytoken.listen.imap._FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("honeytoken.listen.imap._LONGEST_PAUSE_S", 0.01)
    real = IMAPClient.fetch

    def breaking(self: IMAPClient, uids: list[int], data: list[str]) -> object:
        answer = real(self, uids, data)
        if any(b"breaking" in bytes(v) for v in answer[uids[0]].values() if isinstance(v, bytes)):
            raise OSError("connection lost")
        return answer

    monkeypatch.setattr(IMAPClient, "fetch", breaking)
    for subject in ("a", "breaking", "b"):
        server.append(mail(reading.emails[0], subject))
    with service.running(reading.vault):
        until(lambda: reading.subjects() == ["a", "b"])
    assert reading.counted()["unreadable"] == 1
    assert reading.counted()["unreachable"] == 5


def test_a_server_that_comes_later_is_read_when_it_does(tmp_path: Path, clock: Clock) -> None:
    port = free_port()
    with (
        vault_of(tmp_path / "v", clock, port) as reading,
        service.running(reading.vault),
        running_server(tmp_path, port=port) as server,
    ):
        server.append(mail(reading.emails[0], "late"))
        until(lambda: reading.subjects() == ["late"])


def test_a_server_that_is_started_anew_is_read_on(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("honeytoken.listen.imap._LONGEST_PAUSE_S", 0.1)
    port = free_port()
    with vault_of(tmp_path / "v", clock, port) as reading, service.running(reading.vault):
        for subject in ("one", "two"):
            with running_server(tmp_path, port=port) as server:
                server.append(mail(reading.emails[0], subject))
                until(lambda subject=subject: subject in reading.subjects())  # type: ignore[misc]
        assert reading.subjects() == ["one", "two"]


def test_a_wrong_password_is_counted_and_tried_again_only_later(
    tmp_path: Path, clock: Clock, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with vault_of(tmp_path / "v", clock, server.port) as reading:
        settings = tmp_path / "v" / "honeytoken.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace(PASSWORD, "another"), encoding="utf-8")
        with Vault.open(tmp_path / "v", clock=clock) as vault, service.running(vault):
            until(lambda: "mailbox unreadable: LoginError" in caplog.text)
            time.sleep(0.2)
        assert reading.counted()["unreachable"] == 1


def test_starttls_needs_a_certificate_that_is_trusted(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate(tmp_path)
    more = 'tls = "starttls"\nhost = "localhost"\n'
    with running_server(tmp_path) as server:
        table = TABLE.replace('tls = "none"\n', "").replace('host = "127.0.0.1"\n', "")
        with opened(tmp_path / "v", clock, f"{table}{more}port = {server.port}") as vault:
            reading = Reading(vault, planted(vault, clock, 1))
            server.append(mail(reading.emails[0], "over TLS"))
            with service.running(vault):
                time.sleep(0.3)
            assert reading.subjects() == []
            assert reading.counted()["unreachable"] >= 1
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
            with service.running(vault):
                until(lambda: reading.subjects() == ["over TLS"])


def test_phones_that_report_by_mail(tmp_path: Path, clock: Clock, server: Server) -> None:
    more = 'forwarder = true\nforwarder_token = "a shared word"\nto = "+447700900001"\n'
    with vault_of(tmp_path / "v", clock, server.port, more) as reading:
        report = "token: a shared word\nkind: sms\nfrom: 95338\nat: 2026-03-01 12:00:00\ntext: hi"
        for text in (report.replace("shared", "wrong"), "no report at all", report):
            server.append(message("phones@post.example", text).as_bytes())
        with service.running(reading.vault):
            until(lambda: len(reading.vault.contacts.list()) == 1)
        (contact,) = reading.vault.contacts.list()
        assert (contact.medium, contact.body, contact.authenticity) == ("sms", "hi", "sender")
        found = reading.counted()
        assert (found["BadSignature"], found["MalformedDelivery"]) == (1, 1)


def test_two_replicas_make_one_contact_of_a_mail(
    tmp_path: Path, clock: Clock, server: Server, store_url: str | None
) -> None:
    with vault_of(tmp_path / "v", clock, server.port, url=store_url) as reading:
        with (
            Vault.open(tmp_path / "v", clock=clock) as other,
            service.running(reading.vault),
            service.running(other),
        ):
            for n in range(10):
                server.append(mail(reading.emails[n % 3], f"{n}"))
            until(lambda: len(reading.subjects()) == 10)
            until(lambda: (reading.place() or Place(0, 0)).last_uid % 100 == 10)
        assert reading.subjects() == [f"{n}" for n in range(10)]


def test_killed_at_any_moment_it_reads_on_and_nothing_is_lost_or_twice(
    tmp_path: Path, clock: Clock, server: Server, store_url: str | None
) -> None:
    with vault_of(tmp_path / "v", Clock(), server.port, url=store_url) as reading:
        emails = reading.emails
        for n in range(30):
            server.append(mail(emails[n % 3], f"{n:02d}"))
        for wanted in (3, 12, 30):
            process = subprocess.Popen(
                [sys.executable, "-c", LISTEN, str(tmp_path / "v")],
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            try:
                until(lambda wanted=wanted: len(reading.subjects()) >= wanted)  # type: ignore[misc]
            finally:
                process.kill()
                process.wait()
        assert reading.subjects() == [f"{n:02d}" for n in range(30)]
    assert server.flags() == [()] * 30


def test_the_place_in_a_mailbox_only_goes_forward_under_one_numbering(both: Vault) -> None:
    found = []
    for place in (Place(7, 5), Place(7, 3), Place(8, 1), Place(8, 1), Place(8, 2)):
        with both.store.write() as tx:
            mailboxes.put(tx, "mail", place)
            found.append(mailboxes.get(tx, "mail"))
    assert found == [Place(7, 5), Place(7, 5), Place(8, 1), Place(8, 1), Place(8, 2)]

"""Standard Webhooks, outgoing, to real servers on loopback; verified by code that is not ours."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from honeytoken.environment import FromEnvironment
from honeytoken.errors import SettingsError
from honeytoken.notify import addresses, sinks, webhooks, wording
from honeytoken.notify.sinks import Outcome
from honeytoken.notify.webhooks import Webhook
from honeytoken.notify.wording import Message

from .receivers import SECRET, Receiver, closed_port, receiving, verified

MESSAGE = Message("alr_1", "contact.received", {"contact_id": "con_1"}, "title", "text")
NOW = datetime.now(UTC)
LOOPBACK = frozenset({"127.0.0.1"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def webhook(url: str, **more: object) -> Webhook:
    options: dict[str, object] = {"allowed": LOOPBACK, "timeout_s": 5.0, **more}
    return Webhook(addresses.parse(url), secret=SECRET, **options)  # type: ignore[arg-type]  # test


@pytest.mark.parametrize("foreign", ["standardwebhooks", "svix"])
def test_foreign_packages_verify_what_is_sent(receiver: Receiver, foreign: str) -> None:
    now = datetime.now(UTC)
    assert webhook(receiver.url).send(MESSAGE, at=now) == Outcome()
    (request,) = receiver.requests
    assert verified(request, foreign=foreign) == {
        "type": "contact.received",
        "timestamp": wording.stamp(now),
        "data": {"contact_id": "con_1"},
    }
    assert (request.id, request.path) == ("alr_1", "/alerts?token=hidden")
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_a_repeat_has_the_same_id_and_a_new_time(receiver: Receiver) -> None:
    for minutes in (0, 5):
        webhook(receiver.url).send(MESSAGE, at=NOW - timedelta(minutes=minutes - 1))
    first, second = receiver.requests
    assert first.id == second.id
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(receiver: Receiver, status: int) -> None:
    receiver.answers(status)
    assert webhook(receiver.url).send(MESSAGE, at=NOW).failure is None


@pytest.mark.parametrize("status", [304, 400, 404, 410, 429, 500, 503])
def test_any_other_status_is_a_failure(receiver: Receiver, status: int) -> None:
    receiver.answers(status)
    assert webhook(receiver.url).send(MESSAGE, at=NOW) == Outcome(str(status))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    with receiving() as other:
        receiver.answers(status, location=other.url)
        assert webhook(receiver.url).send(MESSAGE, at=NOW).failure == str(status)
        assert other.requests == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("-5", None), ("soon", None), ("1e9", None), ("9" * 40, None)],
)
def test_retry_after_is_read(receiver: Receiver, value: str, seconds: int | None) -> None:
    receiver.answers(503, retry_after=value)
    found = webhook(receiver.url).send(MESSAGE, at=NOW).retry_after
    assert found == (None if seconds is None else timedelta(seconds=seconds))


def test_retry_after_may_be_a_date(receiver: Receiver) -> None:
    receiver.answers(503, retry_after="Sun, 01 Mar 2026 08:10:00 GMT")
    at = datetime(2026, 3, 1, 8, tzinfo=UTC)
    found = webhook(receiver.url).send(MESSAGE, at=at).retry_after
    assert found == timedelta(minutes=10)


def test_a_receiver_that_never_answers_is_given_up_on(receiver: Receiver) -> None:
    receiver.gate.clear()
    found = webhook(receiver.url, timeout_s=0.3).send(MESSAGE, at=NOW)
    assert found == Outcome(sinks.TIMEOUT)


def test_a_receiver_that_drips_is_given_up_on() -> None:
    """Every byte would begin a new wait, were there no limit for the whole attempt."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _address = server.accept()
            with connection:
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert webhook(url, timeout_s=0.4).send(MESSAGE, at=NOW) == Outcome(sinks.TIMEOUT)
        stop.set()
        thread.join()


def test_a_receiver_that_is_not_there_is_a_failure() -> None:
    url = f"http://127.0.0.1:{closed_port()}/"
    assert webhook(url).send(MESSAGE, at=NOW) == Outcome(sinks.CONNECTION)


def test_a_receiver_that_talks_nonsense_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _address = server.accept()
            with connection:
                connection.sendall(b"220 mail.example ESMTP\r\n\r\n")

        threading.Thread(target=talk, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert webhook(url).send(MESSAGE, at=NOW) == Outcome(sinks.CONNECTION)


def test_a_name_that_leads_to_loopback_is_refused_before_anything_is_sent(
    receiver: Receiver,
) -> None:
    url = f"http://localhost:{receiver.port}/"
    found = webhook(url, allowed=frozenset()).send(MESSAGE, at=NOW)
    assert found == Outcome(sinks.REFUSED_ADDRESS)
    assert receiver.requests == []


def test_a_name_that_is_public_first_and_private_second_is_never_connected_to_privately(
    receiver: Receiver,
) -> None:
    """A fake resolver rebinds the name after the check; its first answer is what is connected to.

    That answer is an address of the internet in which nobody is reached from here.
    """
    answers = [["240.0.0.1"], ["127.0.0.1"]]
    asked: list[str] = []

    def resolve(name: str) -> list[str]:
        asked.append(name)
        return answers[min(len(asked), 2) - 1]

    hook = webhook(
        f"http://rebinding.example:{receiver.port}/",
        allowed=frozenset({"240.0.0.1"}),
        resolve=resolve,
        timeout_s=0.5,
    )
    assert hook.send(MESSAGE, at=NOW).failure in (sinks.CONNECTION, sinks.TIMEOUT)
    # The next attempt asks again, and is refused.
    assert hook.send(MESSAGE, at=NOW) == Outcome(sinks.REFUSED_ADDRESS)
    assert asked == ["rebinding.example"] * 2
    assert receiver.requests == []


def test_a_name_that_is_unknown_is_a_failure() -> None:
    def unknown(_name: str) -> list[str]:
        raise socket.gaierror

    found = webhook("http://nowhere.example/", resolve=unknown).send(MESSAGE, at=NOW)
    assert found == Outcome(sinks.UNRESOLVED)


def test_the_checked_address_is_connected_to_under_the_hosts_own_name(receiver: Receiver) -> None:
    hook = webhook(
        f"http://hook.internal:{receiver.port}/in",
        allowed=frozenset({"hook.internal"}),
        resolve=lambda _name: ["127.0.0.1"],
    )
    assert hook.send(MESSAGE, at=NOW) == Outcome()
    assert receiver.requests[0].headers["host"] == f"hook.internal:{receiver.port}"


def test_the_next_address_of_a_host_is_tried_where_one_does_not_answer(receiver: Receiver) -> None:
    hook = webhook(
        f"http://hook.internal:{receiver.port}/in",
        allowed=frozenset({"hook.internal"}),
        resolve=lambda _name: ["127.0.0.2", "::1", "127.0.0.1"],
    )
    assert hook.send(MESSAGE, at=NOW) == Outcome()


def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert webhook(receiver.url).send(MESSAGE, at=NOW) == Outcome()


def test_the_certificate_is_asked_for_and_checked_under_the_hosts_name(tmp_path: Path) -> None:
    names: list[str | None] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*_certificate(tmp_path, "hook.internal"))
        context.sni_callback = lambda _socket, name, _context: names.append(name)

        def serve() -> None:
            connection, _address = server.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        hook = webhook(
            f"https://hook.internal:{server.getsockname()[1]}/",
            allowed=frozenset({"hook.internal"}),
            resolve=lambda _name: ["127.0.0.1"],
        )
        # Nobody we trust signed it.
        assert hook.send(MESSAGE, at=NOW) == Outcome(sinks.TLS)
        thread.join()
    assert names == ["hook.internal"]


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def test_nothing_of_a_url_or_secret_is_in_a_repr() -> None:
    shown = repr(webhook("https://hook.example/T0K3N")) + repr(MESSAGE)
    assert "T0K3N" not in shown
    assert "hook.example" not in shown
    assert SECRET not in shown


def sink(**values: object) -> sinks.Sink:
    given = {"kind": "standard_webhooks", "url": "https://hook.example/x", "secret": SECRET}
    return sinks.build("desk", {**given, **values})


def test_a_sink_has_sensible_defaults() -> None:
    found = sink()
    assert found.dispositions == {"unsolicited"}
    assert found.rule == webhooks_rule(60, 12)
    assert not found.reveal


def webhooks_rule(minutes: int, per_hour: int) -> object:
    from honeytoken.notify.rules import Rule

    return Rule(timedelta(minutes=minutes), per_hour)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "pager"},
        {"kind": None},
        {"url": None},
        {"url": "ftp://hook.example/s3cr3t"},
        {"url": "https://user:s3cr3t@hook.example/"},
        {"url": "env:S3CR3T"},
        {"secret": None},
        {"secret": "whsec_s3cr3t"},
        {"secret": "whsec_s3cr3t==!!"},
        {"secret": "whsec_" + "a" * 31},
        {"dispositions": ["unsolicited", "s3cr3t"]},
        {"dispositions": 3},
        {"digest_minutes": 0},
        {"digest_minutes": "often"},
        {"per_hour": 0},
        {"reveal": "perhaps"},
        {"allow_private": ["10.0.0.0/8"]},
        {"allow_private": [""]},
        {"allow_private": ["http://hook.internal/"]},
        {"throttle": 5},
    ],
)
def test_a_wrong_option_is_refused_without_repeating_it(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as caught:
        sink(**wrong)
    said = f"{caught.value} {caught.value.hint}"
    assert "s3cr3t" not in said.lower()
    assert "alerts.desk" in said


def test_lists_may_come_from_the_environment_as_text() -> None:
    found = sink(
        dispositions=FromEnvironment("unsolicited, ambiguous"),
        allow_private=FromEnvironment("10.0.0.5,Hook.Internal."),
    )
    assert found.dispositions == {"unsolicited", "ambiguous"}
    transport = found.transport
    assert isinstance(transport, webhooks.Webhook)
    assert transport.allowed == {"10.0.0.5", "hook.internal"}

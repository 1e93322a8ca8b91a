"""Chat services through apprise, in a process of its own, against real servers on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from honeytoken.errors import SettingsError
from honeytoken.notify import chat, guarded, sinks
from honeytoken.notify.chat import Chat
from honeytoken.notify.sinks import Outcome
from honeytoken.notify.wording import Message

from .receivers import Receiver, closed_port, receiving

MESSAGE = Message("alr_1", "contact.received", {}, "a title", "first line\nsecond line")
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
LOOPBACK = frozenset({"127.0.0.1"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        found.answers(200)
        yield found


def send(url: str, *, allowed: frozenset[str] = LOOPBACK, timeout_s: float = 45) -> Outcome:
    return Chat(url, allowed=allowed, timeout_s=timeout_s).send(MESSAGE, at=NOW)


def test_a_message_arrives_with_title_and_text(receiver: Receiver) -> None:
    assert send(f"json://127.0.0.1:{receiver.port}/room") == Outcome()
    (request,) = receiver.requests
    assert request.path == "/room"
    assert (request.event["title"], request.event["message"]) == (MESSAGE.title, MESSAGE.text)


def test_a_receiver_that_refuses_is_a_failure(receiver: Receiver) -> None:
    receiver.answers(500)
    found = send(f"json://127.0.0.1:{receiver.port}/")
    assert found == Outcome(sinks.NOT_DELIVERED)


def test_a_url_that_apprise_does_not_know_is_a_failure() -> None:
    assert send("nosuchservice://x/y") == Outcome(sinks.NOT_DELIVERED)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
def test_loopback_is_refused_however_it_is_written(receiver: Receiver, host: str) -> None:
    found = send(f"json://{host}:{receiver.port}/", allowed=frozenset())
    # Some ways of writing it apprise itself takes for no host.
    assert found.failure in (sinks.REFUSED_ADDRESS, sinks.NOT_DELIVERED)
    assert receiver.requests == []


def test_a_mail_server_on_loopback_is_refused(receiver: Receiver) -> None:
    url = f"mailto://127.0.0.1:{receiver.port}?from=a@shop.example&to=b@shop.example"
    assert send(url, allowed=frozenset()) == Outcome(sinks.REFUSED_ADDRESS)


def test_a_host_may_be_allowed_by_name(receiver: Receiver) -> None:
    found = send(f"json://localhost:{receiver.port}/", allowed=frozenset({"localhost"}))
    assert found == Outcome()


@pytest.mark.parametrize("more", ["", "?redirect=yes"])
def test_a_redirect_into_the_network_is_not_followed(receiver: Receiver, more: str) -> None:
    with receiving() as other:
        # Another port of the same host would be allowed: this asks for another address.
        receiver.answers(302, location=other.url.replace("127.0.0.1", "127.0.0.2"))
        found = send(f"json://127.0.0.1:{receiver.port}/{more}")
        assert found.failure in (sinks.NOT_DELIVERED, sinks.REFUSED_ADDRESS)
        assert other.requests == []


def test_a_redirect_to_the_same_host_is_not_followed_either(receiver: Receiver) -> None:
    with receiving() as other:
        receiver.answers(302, location=other.url)
        assert send(f"json://127.0.0.1:{receiver.port}/").failure == sinks.NOT_DELIVERED
        assert other.requests == []


def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert send(f"json://127.0.0.1:{receiver.port}/") == Outcome()


def test_a_receiver_that_hangs_is_given_up_on(receiver: Receiver) -> None:
    receiver.gate.clear()
    found = send(f"json://127.0.0.1:{receiver.port}/?rto=30", timeout_s=3)
    assert found == Outcome(sinks.TIMEOUT)


GUARDED = """
import json, socket, subprocess, sys
from honeytoken.notify.guarded import Guard
guard = Guard([])
guard.install()
def attempt(name, work):
    try:
        work()
    except PermissionError:
        print(name)
def rebind():
    # The look-up said one thing; what counts is the address of the connection itself.
    socket.getaddrinfo = lambda *a, **k: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", LOCAL)]
    socket.create_connection(("public.example", LOCAL[1]), timeout=1)
LOCAL = ("127.0.0.1", int(sys.argv[1]))
attempt("connect", lambda: socket.socket().connect(LOCAL))
attempt("connect_ex", lambda: socket.socket().connect_ex(LOCAL))
attempt("name", lambda: socket.socket().connect(("localhost", LOCAL[1])))
attempt("udp", lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", LOCAL))
attempt("unix", lambda: socket.socket(socket.AF_UNIX).connect("/run/x.sock"))
attempt("mapped", lambda: socket.socket(socket.AF_INET6).connect(("::ffff:127.0.0.1", LOCAL[1])))
attempt("rebound", rebind)
attempt("program", lambda: subprocess.run(["true"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="local sockets of POSIX")
def test_no_way_of_python_leads_around_the_guard(receiver: Receiver) -> None:
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, str(receiver.port)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    ways = ["connect", "connect_ex", "name", "udp", "unix", "mapped", "rebound", "program"]
    assert done.stdout.split() == ways
    assert receiver.requests == []


def test_the_url_is_not_among_the_arguments_or_the_output(receiver: Receiver) -> None:
    job = {
        guarded.URL: f"json://user:s3cr3t@127.0.0.1:{receiver.port}/t0k3n",
        guarded.TITLE: "t",
        guarded.TEXT: "x",
        guarded.ALLOWED: [],
    }
    done = subprocess.run(
        [sys.executable, "-m", "honeytoken.notify.guarded"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == guarded.REFUSED
    assert "s3cr3t" not in repr(chat.Chat(job[guarded.URL], allowed=LOOPBACK))  # type: ignore[arg-type]  # text


def test_secrets_of_the_listener_do_not_reach_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONEYTOKEN_KEYS", "secret")
    assert "HONEYTOKEN_KEYS" not in chat._environment()


def test_a_text_is_cut_between_characters_to_what_the_smallest_room_takes() -> None:
    cut = chat._cut("长" * 2000)
    assert len(cut.encode()) <= 1803
    assert set(cut) == {"长", "…"}


def test_without_apprise_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError) as caught:
        sinks.build("room", {"kind": "apprise", "url": "slack://a/b/c"})
    assert "honeytoken[alerts]" in (caught.value.hint or "")


def test_a_sink_of_apprise_hides_its_url() -> None:
    found = sinks.build("room", {"kind": "apprise", "url": "slack://T0K3N/b/c"})
    assert "T0K3N" not in repr(found)
    assert isinstance(found.transport, Chat)
    assert "T0K3N" not in repr(found.transport)


def test_no_code_of_the_folder_it_is_started_in_is_run(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert send(f"json://127.0.0.1:{receiver.port}/room") == Outcome()

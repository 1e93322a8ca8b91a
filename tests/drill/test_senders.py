"""What leaves us, over real SMTP and HTTP, and what becomes of refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from honeytoken.drill import sender_tables
from honeytoken.drill.senders import Failure, NotSent, Outgoing, Sender
from honeytoken.drill.wording import Words
from honeytoken.errors import SettingsError
from tests.conftest import START

from .services import Api, Relay

SAID = Words("清单", "带柠檬、毛巾、蜡烛和筷子,18:25在37号桌等你")
TO_PHONE = Outgoing("+447700900001", SAID, START, 21_600)
TO_MAIL = Outgoing("emma.clarke@mail.shop.example", SAID, START, 21_600)


def phone(api: Api, **more: object) -> Sender:
    table = {"kind": "sms_gateway", "url": f"{api.url}/message", "user": "u", "password": "p:p"}
    return sender_tables.build("phone", {**table, **more})


def twilio(api: Api, **more: object) -> Sender:
    table = {
        "kind": "twilio",
        "account_sid": "AC0123",
        "auth_token": "hush",
        "from": "+447700900100",
        "url": api.url,
    }
    return sender_tables.build("twilio", {**table, **more})


def relayed(relay: Relay, **more: object) -> Sender:
    table = {"kind": "smtp", "host": "127.0.0.1", "port": relay.port, "tls": "none"}
    return sender_tables.build("relay", {**table, "from": "anna@post.example", **more})


def test_a_phone_is_asked_as_its_api_says(api: Api) -> None:
    assert phone(api, sim=2).send(TO_PHONE) == "m1"
    (request,) = api.taken
    assert (request.path, request.user, request.password) == ("/message", "u", "p:p")
    assert request.body == {
        "textMessage": {"text": SAID.text},
        "phoneNumbers": ["+447700900001"],
        "ttl": 21_600,
        "withDeliveryReport": False,
        "simNumber": 2,
    }


@pytest.mark.parametrize(
    ("state", "left"),
    [
        ("Sent", True),
        ("Delivered", True),
        ("Failed", False),
        ("Pending", False),
        ("Processed", None),
    ],
)
def test_a_phone_says_whether_it_left(api: Api, state: str, left: bool | None) -> None:
    api.state = b'{"id": "m/1", "state": "%s"}' % state.encode()
    assert phone(api).left("m/1") is left
    assert api.taken[0].path == "/message/m%2F1"


def test_twilio_is_asked_as_its_api_says(api: Api) -> None:
    api.status, api.answer = 201, b'{"sid": "SM1", "status": "queued"}'
    assert twilio(api).send(TO_PHONE) == "SM1"
    (request,) = api.taken
    assert request.path == "/2010-04-01/Accounts/AC0123/Messages.json"
    assert (request.user, request.password) == ("AC0123", "hush")
    assert request.body == {
        "To": "+447700900001",
        "From": "+447700900100",
        "Body": SAID.text,
        "ValidityPeriod": "21600",
    }


@pytest.mark.parametrize(
    ("state", "left"),
    [("undelivered", True), ("delivered", True), ("failed", False), ("sending", None)],
)
def test_twilio_says_whether_it_left(api: Api, state: str, left: bool | None) -> None:
    api.state = b'{"sid": "SM1", "status": "%s"}' % state.encode()
    assert twilio(api).left("SM1") is left
    assert api.taken[0].path == "/2010-04-01/Accounts/AC0123/Messages/SM1.json"


@pytest.mark.parametrize(
    ("status", "answer", "failure"),
    [
        (401, b"{}", Failure.CREDENTIALS),
        (400, b"{}", Failure.REFUSED),
        (500, b"{}", Failure.REFUSED),
        (202, b"<html>", Failure.UNUSABLE),
        (202, b"[]", Failure.UNUSABLE),
        (202, b'{"id": 7}', Failure.UNUSABLE),
        (202, b'{"id": "a\\u001b[2J"}', Failure.UNUSABLE),
        (202, b"[" * 5000, Failure.UNUSABLE),
        (202, b'{"id": "' + b"x" * 70_000 + b'"}', Failure.UNUSABLE),
    ],
)
def test_a_refusal_is_no_message_and_repeats_nothing(
    api: Api, status: int, answer: bytes, failure: Failure
) -> None:
    api.status, api.answer = status, answer
    with pytest.raises(NotSent) as caught:
        phone(api).send(TO_PHONE)
    assert caught.value.failure is failure
    assert "447700900001" not in str(caught.value)


def test_a_redirect_is_not_followed_with_our_password(api: Api) -> None:
    api.status, api.location = 307, f"{api.url}/elsewhere"
    with pytest.raises(NotSent):
        phone(api).send(TO_PHONE)
    assert len(api.taken) == 1


def test_nobody_at_home_is_unreachable(api: Api, relay: Relay) -> None:
    gone = sender_tables.build(
        "phone", {"kind": "sms_gateway", "url": "http://127.0.0.1:9", "user": "u", "password": "p"}
    )
    with pytest.raises(NotSent) as caught:
        gone.send(TO_PHONE)
    assert caught.value.failure is Failure.UNREACHABLE
    assert gone.left("m1") is None
    with pytest.raises(NotSent) as caught:
        relayed(relay, port=9).send(TO_MAIL)
    assert caught.value.failure is Failure.UNREACHABLE


def test_a_mail_is_an_ordinary_one_and_does_not_name_this_machine(relay: Relay) -> None:
    assert relayed(relay).send(TO_MAIL) is None
    ((sender, recipients, mail),) = relay.mails
    assert (sender, recipients) == ("anna@post.example", ["emma.clarke@mail.shop.example"])
    assert mail["Subject"] == "清单"
    assert mail.get_content().strip() == SAID.text
    assert str(mail["Message-ID"]).endswith("@post.example>")
    assert mail["Date"] == "Sun, 01 Mar 2026 08:00:00 +0000"


@pytest.mark.parametrize("verdict", ["550 no", "451 later"])
def test_a_relay_that_refuses_has_sent_nothing(relay: Relay, verdict: str) -> None:
    relay.verdict = verdict
    with pytest.raises(NotSent) as caught:
        relayed(relay).send(TO_MAIL)
    assert caught.value.failure is Failure.REFUSED


def test_a_relay_without_tls_gets_no_mail_unless_that_was_said(relay: Relay) -> None:
    for tls in ("starttls", "implicit"):
        with pytest.raises(NotSent):
            relayed(relay, tls=tls).send(TO_MAIL)
    assert relay.mails == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "smpt"}, "no known kind"),
        ({}, "no known kind"),
        ({"kind": "twilio", "account_sid": "AC1", "auth_token": "x"}, "from is missing"),
        ({"kind": "twilio", "account_sid": "../x", "auth_token": "x"}, "account_sid"),
        ({"kind": "sms_gateway", "url": "ftp://x", "user": "u", "password": "p"}, "url"),
        ({"kind": "sms_gateway", "url": "http://a:b@c", "user": "u", "password": "p"}, "url"),
        ({"kind": "sms_gateway", "user": "u", "password": "p"}, "url is missing"),
        ({"kind": "sms_gateway", "url": "http://x", "user": "u"}, "password is missing"),
        ({"kind": "smtp", "host": "h", "from": "nobody"}, "from must be a mail address"),
        ({"kind": "smtp", "host": "h", "from": "a@b.example", "user": "u"}, "belong together"),
        ({"kind": "smtp", "host": "h", "from": "a@b.example", "tls": "ssl"}, "tls must be one of"),
        ({"kind": "smtp", "host": "h", "from": "a@b.example", "hots": "x"}, "unknown option"),
        ({"kind": "smtp", "host": "h", "from": "a@b.example", "regions": ["cn"]}, "regions"),
        (
            {
                "kind": "smtp",
                "host": "h",
                "from": "a@b.example",
                "tls": "none",
                "user": "u",
                "password": "env:P",
            },
            "not resolved",
        ),
        (
            {
                "kind": "smtp",
                "host": "h",
                "from": "a@b.example",
                "tls": "none",
                "user": "u",
                "password": "hush",
            },
            "must not be none",
        ),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_without_its_values(
    table: dict[str, object], said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        sender_tables.build("it", table)
    assert "hush" not in str(caught.value)


def test_a_sender_shows_no_secret(api: Api, relay: Relay, tmp_path: Path) -> None:
    shown = repr([phone(api), twilio(api), relayed(relay)])
    assert all(secret not in shown for secret in ("hush", "p:p", "AC0123", "anna", "+4477"))

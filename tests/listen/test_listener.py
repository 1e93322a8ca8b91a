"""The listener over real HTTP on loopback."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
import standardwebhooks
from sqlalchemy import text
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # no stubs

from honeytoken import Canary, Vault, service
from honeytoken.gateways import smsforwarder
from honeytoken.listen import Writer
from honeytoken.store import counts
from tests.conftest import Clock, furnish

TOKEN = "0123456789abcdef0123456789abcdef"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://hooks.shop.example/hooks/twilio"
GATEWAYS = f"""
[gateways.twilio]
kind = "twilio"
region = "GB"
public_url = "{URL}"
auth_token = "{TOKEN}"

[gateways.phone]
kind = "smsforwarder"
region = "GB"
secret = "SECabc"

[gateways.other]
kind = "standard_webhooks"
region = "GB"
secret = "{SECRET}"
"""


def opened(folder: Path, clock: Clock, url: str | None = None, more: str = "") -> Vault:
    """Make a furnished vault with the three gateways."""
    Vault.create(folder, mode="test", url=url, clock=clock).close()
    settings = folder / "honeytoken.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + GATEWAYS + more, encoding="utf-8")
    vault = Vault.open(folder, clock=clock)
    furnish(vault)
    return vault


@pytest.fixture
def hooked(tmp_path: Path, clock: Clock, store_url: str | None) -> Iterator[Vault]:
    with opened(tmp_path / "v", clock, store_url) as vault:
        yield vault


@pytest.fixture
def client(hooked: Vault) -> Iterator[httpx.Client]:
    with (
        service.running(hooked) as url,
        httpx.Client(base_url=url, timeout=15, trust_env=False) as client,
    ):
        yield client


@pytest.fixture
def planted(hooked: Vault, clock: Clock) -> Canary:
    canary = hooked.mint(locale="en-GB")
    hooked.place(canary, "northbound", confirmed=True)
    clock.forward(days=1)
    return canary


def twilio(client: httpx.Client, form: dict[str, str], *, token: str = TOKEN) -> httpx.Response:
    """Post as Twilio's own SDK signs."""
    signature = RequestValidator(token).compute_signature(URL, form)
    return client.post(
        "/hooks/twilio",
        content=urlencode(form),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": signature,
        },
    )


def sms(number: str | None, sid: str = "SM" + "1" * 32) -> dict[str, str]:
    return {"MessageSid": sid, "From": "+447700900999", "To": number or "", "Body": "hello"}


def test_a_signed_message_is_stored_and_answered_with_twiml(
    hooked: Vault, client: httpx.Client, planted: Canary
) -> None:
    answer = twilio(client, sms(planted.identity.phone_number))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    (contact,) = hooked.contacts.list()
    assert (contact.body, contact.authenticity) == ("hello", "body")
    (event,) = hooked.contacts.events(contact.id)
    assert event.body == urlencode(sms(planted.identity.phone_number)).encode()
    assert event.headers[":path"] == "/hooks/twilio"


def test_the_answer_does_not_depend_on_whose_number_it_was(
    client: httpx.Client, planted: Canary
) -> None:
    ours = twilio(client, sms(planted.identity.phone_number))
    other = twilio(client, sms("+447700900998", "SM" + "2" * 32))
    repeat = twilio(client, sms(planted.identity.phone_number))
    seen = {(a.status_code, a.content, a.headers["content-type"]) for a in (ours, other, repeat)}
    assert len(seen) == 1


def test_a_repeat_is_absorbed(hooked: Vault, client: httpx.Client, planted: Canary) -> None:
    for _time in range(3):
        assert twilio(client, sms(planted.identity.phone_number)).status_code == 200
    assert len(hooked.contacts.list()) == 1


def test_a_forwarded_call_is_stored(
    hooked: Vault, client: httpx.Client, planted: Canary, clock: Clock
) -> None:
    timestamp = int(clock().timestamp() * 1000)
    body = {
        "kind": "call",
        "to": planted.identity.phone_number,
        "from": "+447700900999",
        "text": "x",
        "timestamp": str(timestamp),
        "sign": quote(smsforwarder.signature("SECabc", timestamp), safe=""),
    }
    answer = client.post("/hooks/phone", json=body)
    assert answer.status_code == 200
    assert hooked.contacts.list()[0].authenticity == "sender"


def test_a_standard_webhook_is_stored(
    hooked: Vault, client: httpx.Client, planted: Canary, clock: Clock
) -> None:
    data = {"medium": "parcel", "to": planted.identity.phone_number, "text": "a leaflet"}
    body = json.dumps({"type": "contact.received", "timestamp": clock().isoformat(), "data": data})
    signature = standardwebhooks.Webhook(SECRET).sign("msg_1", clock(), body)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(clock().timestamp())),
        "webhook-signature": signature,
    }
    assert client.post("/hooks/other", content=body, headers=headers).is_success
    assert hooked.contacts.list()[0].medium == "parcel"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/hooks/nobody", 404), ("/hooks/", 404), ("/", 404), ("/hooks/twilio/x", 404)],
)
def test_an_unknown_gateway_is_not_found(
    hooked: Vault, client: httpx.Client, path: str, status: int
) -> None:
    assert client.post(path, content=b"x").status_code == status
    assert hooked.contacts.list() == []


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/hooks/twilio", b"", 403),
        ("/hooks/twilio", b"\x00\xff" * 1000, 403),
        ("/hooks/phone", b"{", 400),
        ("/hooks/phone", b'{"kind":"sms"}', 401),
        ("/hooks/other", b"{}", 401),
    ],
)
def test_an_unproven_delivery_is_refused_and_stores_nothing(
    hooked: Vault, client: httpx.Client, path: str, content: bytes, status: int
) -> None:
    answer = client.post(path, content=content)
    assert answer.status_code in (status, 400, 401, 403)
    assert hooked.contacts.list() == []


def test_a_wrong_token_is_refused_logged_and_counted_without_personal_data(
    hooked: Vault,
    client: httpx.Client,
    planted: Canary,
    caplog: pytest.LogCaptureFixture,
) -> None:
    number = planted.identity.phone_number or ""
    with caplog.at_level(logging.DEBUG):
        assert twilio(client, sms(number), token="f" * 32).status_code == 403
    assert "gateway twilio refused a delivery: BadSignature: the signature does not" in caplog.text
    assert number not in caplog.text
    assert "hello" not in caplog.text


def test_outcomes_are_counted_across_a_shutdown(hooked: Vault, planted: Canary) -> None:
    with service.running(hooked) as url, httpx.Client(base_url=url, trust_env=False) as client:
        twilio(client, sms(planted.identity.phone_number))
        twilio(client, sms(planted.identity.phone_number))
        client.post("/hooks/twilio", content=b"x")
        client.post("/hooks/nobody", content=b"x")
    with hooked.store.read() as tx:
        assert counts.since(tx, 0) == {
            ("", "unknown gateway"): 1,
            ("twilio", "BadSignature"): 1,
            ("twilio", "accepted"): 1,
            ("twilio", "repeated"): 1,
        }


def test_body_over_limit_is_refused_before_it_is_read(client: httpx.Client) -> None:
    answer = client.post("/hooks/twilio", content=b"x" * 300_000)
    assert answer.status_code == 413


def test_a_chunked_body_over_limit_is_refused_too(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _part in range(100):
            yield b"x" * 10_000

    # The connection may be closed while the rest is still being sent.
    with contextlib.suppress(httpx.WriteError, httpx.ReadError):
        assert client.post("/hooks/twilio", content=endless()).status_code == 413


def test_a_body_that_never_ends_times_out(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "v"
    with opened(folder, clock) as vault:
        pass
    settings = folder / "honeytoken.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace(
            "read_timeout_s = 10.0", "read_timeout_s = 0.2"
        ),
        encoding="utf-8",
    )
    with Vault.open(folder, clock=clock) as vault, service.running(vault) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(
                b"POST /hooks/twilio HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"
            )
            assert b"408" in connection.recv(1000)


def test_health_and_readiness(hooked: Vault, client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    with hooked.store.engine.begin() as connection:
        connection.execute(text("DELETE FROM vault_state"))
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_store_that_cannot_be_written_is_503_and_recovers(
    hooked: Vault, client: httpx.Client, planted: Canary
) -> None:
    form = sms(planted.identity.phone_number)
    with hooked.store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE vault_state RENAME TO away"))
    answer = twilio(client, form)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    with hooked.store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO vault_state"))
    assert twilio(client, form).status_code == 200
    assert len(hooked.contacts.list()) == 1


def test_everything_accepted_under_load_is_stored_once(
    hooked: Vault, client: httpx.Client, planted: Canary
) -> None:
    number = planted.identity.phone_number
    answers: list[int] = []

    def work(worker: int) -> None:
        for n in range(15):
            sid = f"SM{worker:016x}{n:016x}"
            answers.append(twilio(client, sms(number, sid)).status_code)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 120
    assert len(hooked.contacts.list()) == 120
    assert hooked.ledger.verify() == hooked.ledger.head().seq


def test_a_full_queue_is_refused_at_once(hooked: Vault) -> None:
    import asyncio

    from honeytoken.listen import Overloaded

    async def overload() -> None:
        writer = Writer(hooked.store, max_waiting=0)
        with pytest.raises(Overloaded):
            await writer.store([])

    asyncio.run(overload())


def test_a_stopping_listener_finishes_what_it_accepted(hooked: Vault, planted: Canary) -> None:
    number = planted.identity.phone_number
    answers: list[int] = []
    with httpx.Client(timeout=15, trust_env=False) as client:

        def work(url: str) -> None:
            client.base_url = httpx.URL(url)
            for n in range(2000):
                try:
                    answers.append(twilio(client, sms(number, f"SM{n:032x}")).status_code)
                except httpx.TransportError:
                    return

        with service.running(hooked) as url:
            thread = threading.Thread(target=work, args=(url,))
            thread.start()
            while not answers:
                time.sleep(0.01)
        thread.join()
    assert 0 < answers.count(200) <= len(hooked.contacts.list()) <= answers.count(200) + 1


def test_a_port_that_is_taken_is_a_clear_error(hooked: Vault) -> None:
    from honeytoken.errors import SettingsError

    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SettingsError, match="cannot use"),
    ):
        service.serve(hooked, port=taken.getsockname()[1])


def test_one_poisonous_delivery_does_not_take_the_others_with_it(
    hooked: Vault, planted: Canary, caplog: pytest.LogCaptureFixture
) -> None:
    import asyncio
    from dataclasses import replace

    from honeytoken.errors import HoneytokenError
    from tests.contacts.test_recording import _received

    good = _received(hooked, "CA1", planted.identity.phone_number)
    bad = replace(_received(hooked, "CA2", None), body="secret")  # type: ignore[arg-type]  # so

    async def store_both() -> list[object]:
        writer = Writer(hooked.store)
        waiting = [asyncio.ensure_future(writer.store([item])) for item in (bad, good)]
        await asyncio.sleep(0.05)  # both wait before the writer starts: one batch
        writer.start()
        results: list[object] = list(await asyncio.gather(*waiting, return_exceptions=True))
        await asyncio.to_thread(writer.stop)
        return results

    failed, stored = asyncio.run(store_both())
    assert isinstance(failed, HoneytokenError)
    assert isinstance(stored, list)
    assert len(hooked.contacts.list()) == 1
    assert "secret" not in caplog.text


def test_a_key_file_that_is_away_for_a_moment_does_not_end_the_writer(
    hooked: Vault, client: httpx.Client, planted: Canary
) -> None:
    key_file = hooked.folder / "honeytoken.keys"
    away = key_file.with_suffix(".away")
    with Vault.open(hooked.folder, clock=hooked.clock) as other:
        other.rekey()
    key_file.rename(away)
    assert twilio(client, sms(planted.identity.phone_number)).status_code == 503
    away.rename(key_file)
    assert twilio(client, sms(planted.identity.phone_number)).status_code == 200
    assert client.get("/readyz").status_code == 200

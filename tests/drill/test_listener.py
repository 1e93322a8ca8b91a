"""The whole way: the schedule inside the listener, a real SMTP connection, a signed hook."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import standardwebhooks

from honeytoken import Vault, service
from honeytoken.errors import SettingsError
from tests.conftest import Clock, furnish
from tests.listen.mailing import free_port

from .services import Api, Taken

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def opened(folder: Path, clock: Clock, more: str) -> Vault:
    Vault.create(folder, mode="test", clock=clock).close()
    settings = folder / "honeytoken.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")
    return Vault.open(folder, clock=clock)


def until(done: Callable[[], bool]) -> bool:
    """Wait for something that another thread does."""
    end = time.monotonic() + 20
    while not done() and time.monotonic() < end:
        time.sleep(0.02)
    return done()


def states(vault: Vault) -> set[str]:
    return {proof.state.value for proof in vault.drills.proofs()}


def test_a_mail_on_schedule_goes_out_and_comes_in_over_smtp(tmp_path: Path, clock: Clock) -> None:
    port = free_port()
    more = (
        f'\n[gateways.mx]\nkind = "smtp"\nport = {port}\nhostname = "mx.shop.example"\n'
        f'[senders.relay]\nkind = "smtp"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        'from = "anna@post.example"\n[drill]\nevery_days = 7\n'
    )
    with opened(tmp_path / "v", clock, more) as vault:
        vault.pool.add("email_domain", "mail.shop.example", region="GB")
        canary = vault.mint(locale="en-GB")
        with service.running(vault):
            assert until(lambda: states(vault) == {"alive"})
        (contact,) = vault.contacts.list()
        assert (contact.disposition, contact.recipient) == ("probe", canary.identity.email)
        assert contact.sender == "anna@post.example"
        # Started again, it sends no second one.
        with service.running(vault):
            pass
        assert len(vault.contacts.list()) == 1


def test_a_text_that_arrives_before_its_sending_is_noted_is_heard(
    tmp_path: Path, clock: Clock, api: Api
) -> None:
    more = (
        f'\n[gateways.hook]\nkind = "standard_webhooks"\nregion = "GB"\nsecret = "{SECRET}"\n'
        f'[senders.phone]\nkind = "sms_gateway"\nurl = "{api.url}/message"\nuser = "u"\n'
        'password = "p"\n'
    )
    with opened(tmp_path / "v", clock, more) as vault:
        furnish(vault, numbers=1)
        with service.running(vault) as url:

            def arrive(taken: Taken) -> None:
                said, to = taken.body["textMessage"]["text"], taken.body["phoneNumbers"][0]
                event = {
                    "type": "contact.received",
                    "timestamp": clock().isoformat(),
                    "data": {"medium": "sms", "to": to, "from": "+447700900999", "text": said},
                }
                body = json.dumps(event)
                headers = {
                    "webhook-id": "msg_1",
                    "webhook-timestamp": str(int(clock().timestamp())),
                    "webhook-signature": standardwebhooks.Webhook(SECRET).sign(
                        "msg_1", clock(), body
                    ),
                }
                with httpx.Client(trust_env=False) as client:
                    answer = client.post(f"{url}/hooks/hook", content=body, headers=headers)
                assert answer.status_code == 204 or answer.is_success

            api.arrives = arrive
            (attempt,) = vault.drills.send()
        assert attempt.failure is None
        (contact,) = vault.contacts.list()
        assert contact.disposition == "probe"
        assert "alive" in states(vault)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('\n[senders.phone]\nkind = "sms_gateway"\n', "url"),
        ("\n[drill]\nevery_days = 0.001\n", "every_days must be 0, or at least"),
    ],
)
def test_what_is_set_up_wrong_stops_the_listener_at_its_start(
    tmp_path: Path, clock: Clock, more: str, said: str
) -> None:
    with (
        opened(tmp_path / "v", clock, more) as vault,
        pytest.raises(SettingsError, match=said),
        service.running(vault),
    ):
        pass

"""The doctor finds what would keep a vault from hearing or telling, and says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from honeytoken import Vault, service, startup
from honeytoken.doctor import Check, examine
from honeytoken.errors import SettingsError
from honeytoken.notify import addresses

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SINK = f'[alerts.desk]\nkind = "standard_webhooks"\nsecret = "{SECRET}"\n'
CHAT = '[alerts.room]\nkind = "apprise"\n'

Opener = Callable[[str], Vault]


@pytest.fixture
def with_settings(tmp_path: Path) -> Iterator[Opener]:
    """Open a vault whose settings are the text given and defaults else."""
    opened: list[Vault] = []

    def make(text: str) -> Vault:
        folder = tmp_path / "v"
        Vault.create(folder, mode="test").close()
        (folder / "honeytoken.toml").write_text(f'mode = "test"\n{text}', encoding="utf-8")
        opened.append(Vault.open(folder))
        return opened[0]

    yield make
    for vault in opened:
        vault.close()


def checks(vault: Vault, name: str) -> list[Check]:
    return [check for check in examine(vault) if check.name == name]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("[drill]\nevery_days = 0.1", "drills", "every_days must be 0"),
        ('[listen]\nhost = "nowhere.invalid"', "listener", "does not resolve"),
        ('[listen]\nhost = "192.0.2.1"', "listener", "no address of this machine"),
        ('[listen]\nhost = "a..b"', "listener", "does not resolve"),
        ('[gateways.a]\nkind = "smtp"\nhost = "192.0.2.1"', "gateway a", "no address of this"),
        ('[gateways.a]\nkind = "smtp"\nhost = "nowhere.invalid"', "gateway a", "not resolve"),
        (
            '[gateways.a]\nkind = "smtp"\ntls_cert = "no.pem"\ntls_key = "no.pem"',
            "gateway a",
            "certificate",
        ),
        ('[gateways.a]\nkind = "twilio"\nauth_token = "env:NOPE"', "gateway a", "NOPE"),
        ('[senders.a]\nkind = "smtp"\npassword = "file:nope"', "sender a", "file nope"),
        ('[alerts.a]\nkind = "apprise"\nurl = "env:"', "alert a", "without a name"),
    ],
)
def test_what_keeps_the_listener_from_starting_fails_at_the_doctor_with_a_hint(
    with_settings: Opener, text: str, name: str, message: str
) -> None:
    vault = with_settings(text)
    with pytest.raises(SettingsError, match=message) as caught:
        service.serve(vault, port=0)
    (check,) = checks(vault, name)
    assert (check.ok, check.message, check.hint) == (False, str(caught.value), caught.value.hint)
    assert check.hint
    assert "--help" not in check.hint


def test_a_busy_port_and_a_wrong_host_are_told_apart() -> None:
    with startup.bind("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port}") as caught:
            startup.bind("127.0.0.1", port)
    assert "another one running" in str(caught.value.hint)
    with pytest.raises(SettingsError) as caught:
        startup.bind("nowhere.invalid", port)
    assert "another one running" not in str(caught.value.hint)


@pytest.mark.parametrize(
    ("host", "ok"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", None)]
)
def test_a_listener_open_to_the_network_is_a_notice(
    with_settings: Opener, host: str, ok: bool | None
) -> None:
    (check,) = checks(with_settings(f'[listen]\nhost = "{host}"'), "listener")
    assert check.ok is ok
    assert ok or "TLS" in str(check.hint)


def test_secrets_in_the_file_are_named_and_not_shown(
    with_settings: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONEYTOKEN_SENDERS__B__AUTH_TOKEN", "fr0m-env")
    vault = with_settings(
        f'[gateways.a]\nkind = "standard_webhooks"\nsecrets = ["{SECRET}"]\n'
        '[gateways.b]\nkind = "sms_gateway"\nsigning_key = "env:KEY"\n'
        '[senders.b]\nkind = "twilio"\n' + CHAT + 'url = "slack://s3cr3t"\n'
    )
    (check,) = checks(vault, "settings")
    assert check.ok is None
    assert check.message.endswith("gateways.a.secrets, alerts.room.url.")
    assert "s3cr3t" not in str(examine(vault))
    assert SECRET not in str(examine(vault))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SINK + 'url = "http://127.0.0.1:9/"', "not on the internet"),
        (SINK + 'url = "https://nowhere.invalid/"', "does not resolve"),
        (CHAT + 'url = "nonsense"', "apprise cannot read"),
        (CHAT + 'url = "slack://"', "apprise cannot read"),
        (CHAT + 'url = "json://127.0.0.1/"', "not on the internet"),
        (CHAT + 'url = "json://localhost/"', "not on the internet"),
    ],
)
def test_a_sink_that_can_never_deliver_fails(
    with_settings: Opener, text: str, message: str
) -> None:
    name = "alert room" if text.startswith(CHAT) else "alert desk"
    (check,) = checks(with_settings(text), name)
    assert check.ok is False
    assert message in check.message
    assert check.hint
    assert ("allow_private" in check.hint) == ("internet" in message)


@pytest.mark.parametrize(
    "text",
    [
        SINK + 'url = "http://127.0.0.1:9/"\nallow_private = ["127.0.0.1"]',
        CHAT + 'url = "json://127.0.0.1/"\nallow_private = ["127.0.0.1"]',
        CHAT + 'url = "json://localhost/"\nallow_private = ["localhost"]',
        CHAT + 'url = "json://nowhere.invalid/"',
    ],
)
def test_a_sink_that_may_deliver_is_no_failure(with_settings: Opener, text: str) -> None:
    name = "alert room" if text.startswith(CHAT) else "alert desk"
    assert [check.ok for check in checks(with_settings(text), name)] == [True]


def test_a_sink_that_wants_no_contacts_is_a_notice(with_settings: Opener) -> None:
    vault = with_settings(
        SINK + 'url = "http://127.0.0.1:9/"\nallow_private = ["127.0.0.1"]\ndispositions = []'
    )
    assert [check.ok for check in checks(vault, "alert desk")] == [True, None]


def test_alerts_that_were_refused_for_their_address_fail(
    with_settings: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = with_settings(SINK + 'url = "https://desk.shop.example/"')
    monkeypatch.setattr("honeytoken.notify.webhooks.Webhook.check", lambda _self: None)
    (check,) = checks(vault, "alert desk")
    assert check.ok is True
    from honeytoken.notify import sinks
    from honeytoken.store import alerts

    tally = alerts.Tally("desk", 1, 0, vault.clock(), sinks.REFUSED_ADDRESS)
    monkeypatch.setattr(alerts, "tallies", lambda _tx: [tally])
    (check,) = checks(vault, "alert desk")
    assert (check.ok, check.hint) == (False, addresses.refused().hint)


def test_a_schedule_that_is_always_overdue_is_a_notice_before_anything_is_drilled(
    with_settings: Opener,
) -> None:
    (check,) = checks(with_settings("[drill]\nevery_days = 30\noverdue_days = 2"), "drills")
    assert check.ok is None
    assert "overdue_days" in check.message


def test_a_mailbox_out_of_reach_is_named_with_host_port_and_tls(with_settings: Opener) -> None:
    vault = with_settings(
        '[gateways.box]\nkind = "imap"\nhost = "imap.shop.example"\nuser = "a"\npassword = "p4ss"\n'
    )
    from honeytoken.store import counts

    with vault.store.write() as tx:
        counts.add(tx, {("box", "unreachable"): 3})
    said = [check for check in checks(vault, "gateway box") if "imap.shop" in check.message]
    assert len(said) == 1
    assert "port 993 (tls: tls)" in said[0].message
    assert "p4ss" not in json.dumps([str(check) for check in examine(vault)])

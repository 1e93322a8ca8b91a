"""`honeytoken gateway test`: real HTTP to a real listener, and nothing left that counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from honeytoken import NewPoint, Vault, service, startup, trial
from honeytoken.doctor import Check
from honeytoken.errors import InvalidInput, NotFound, Refused, SettingsError
from honeytoken.store import drills

WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GATEWAYS = f"""
[gateways.twilio]
kind = "twilio"
region = "GB"
public_url = "https://user:pass@hooks.shop.example:8443/hooks/twilio?tenant=1#rc=2"
auth_token = "0123456789abcdef0123456789abcdef"

[gateways.shared]
kind = "twilio"
region = "GB"
public_url = "https://hooks.shop.example/hooks/shared"
shared_key = "k"

[gateways.phones]
kind = "smsforwarder"
region = "GB"
secret = "SECabc"
token = "t0ken"

[gateways.open]
kind = "smsforwarder"
region = "GB"
unsigned = true

[gateways.android]
kind = "sms_gateway"
region = "GB"
signing_key = "V1StGXR8"

[gateways.desk]
kind = "standard_webhooks"
region = "GB"
secrets = ["{WEBHOOK_SECRET}", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]
"""
HOOKS = ("twilio", "shared", "phones", "open", "android", "desk")


def opened(folder: Path, url: str | None = None) -> Vault:
    Vault.create(folder, mode="test", url=url).close()
    settings = folder / "honeytoken.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + GATEWAYS, encoding="utf-8")
    vault = Vault.open(folder)
    vault.pool.add_many(
        NewPoint("phone_number", f"+4477009001{n:02d}", "GB", "test", gateway=name)
        for n, name in enumerate(HOOKS)
    )
    return vault


@pytest.fixture
def hooked(tmp_path: Path, store_url: str | None) -> Iterator[Vault]:
    """A vault whose listener runs at the port of its settings."""
    with opened(tmp_path / "v", store_url) as vault, service.running(vault) as url:
        port = int(url.rpartition(":")[2])
        vault.settings = replace(vault.settings, listen=replace(vault.settings.listen, port=port))
        yield vault


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Vault]:
    """The same without a listener."""
    with opened(tmp_path / "v") as vault:
        settings = replace(vault.settings.listen, port=_free_port())
        vault.settings = replace(vault.settings, listen=settings)
        yield vault


def _free_port() -> int:
    with startup.bind("127.0.0.1", 0) as bound:
        return int(bound.getsockname()[1])


def tried(vault: Vault, name: str, **given: str) -> list[Check]:
    return list(trial.run(vault, name, **given))


@pytest.mark.parametrize("name", HOOKS)
def test_sample_is_answered_stored_once_and_held_to_be_a_probe(hooked: Vault, name: str) -> None:
    steps = tried(hooked, name)
    assert [(step.name, step.ok) for step in steps] == [(step, True) for step in trial.STEPS]
    (contact,) = hooked.contacts.list()
    assert contact.disposition == "probe"
    (point,) = [point for point in hooked.pool.list() if point.gateway == name]
    assert contact.contact_point_id == point.id


def test_sample_is_no_proof_of_life_and_no_evidence(hooked: Vault) -> None:
    tried(hooked, "android")
    now = datetime.now(UTC)
    with hooked.store.read() as tx:
        since = now - timedelta(days=1)
        assert drills.decided(tx, since=since, until=now + timedelta(days=1)) == []
    assert [sighting.disposition for sighting in hooked.evidence().sightings] == ["probe"]
    assert hooked.trace().unexplained == ()


def test_two_trials_are_two_probes(hooked: Vault) -> None:
    assert all(step.ok for _time in range(2) for step in tried(hooked, "twilio"))
    assert [contact.disposition for contact in hooked.contacts.list()] == ["probe", "probe"]


@pytest.mark.parametrize("to", ["+447700900105", "07700 900105"])
def test_recipient_may_be_any_contact_point_of_the_vault(hooked: Vault, to: str) -> None:
    assert all(step.ok for step in tried(hooked, "twilio", to=to))
    by_id = hooked.pool.list()[4].id
    assert all(step.ok for step in tried(hooked, "twilio", to=by_id))


def test_mail_domain_is_reached_by_any_address_in_it(hooked: Vault) -> None:
    hooked.pool.add("email_domain", "mail.shop.example", region="GB")
    assert all(step.ok for step in tried(hooked, "desk", to="anybody@mail.shop.example"))
    (contact,) = hooked.contacts.list()
    assert (contact.medium, contact.disposition) == ("email", "probe")


@pytest.mark.parametrize("to", ["+447700900999", "a@mail.example", "cp_0", "nonsense", "\ud800"])
def test_recipient_that_is_no_contact_point_is_refused_and_nothing_is_sent(
    hooked: Vault, to: str
) -> None:
    with pytest.raises(Refused, match="no contact point"):
        tried(hooked, "twilio", to=to)
    assert hooked.contacts.list() == []


def test_gateway_without_a_contact_point_asks_for_one(idle: Vault) -> None:
    for point in idle.pool.list():
        idle.pool.retire(point.id)
    with pytest.raises(Refused, match="no contact point is heard"):
        tried(idle, "twilio")


def test_listener_that_is_not_running_is_one_clear_error(idle: Vault) -> None:
    with pytest.raises(Refused, match=r"nobody answers at http://127\.0\.0\.1"):
        tried(idle, "android")
    with pytest.raises(Refused) as caught:
        tried(idle, "android")
    assert "--url" in str(caught.value.hint)


def test_listener_with_other_secrets_is_told_from_one_that_is_deaf(hooked: Vault) -> None:
    table = {**hooked.settings.gateways["android"], "signing_key": "changed"}
    changed = {**hooked.settings.gateways, "android": table}
    hooked.settings = replace(hooked.settings, gateways=changed)
    steps = tried(hooked, "android")
    assert [(step.name, step.ok) for step in steps] == [("recipient", True), ("answer", False)]
    assert steps[1].message.startswith("401; ")
    assert "another secret" in (steps[1].hint or "")
    assert hooked.contacts.list() == []


def test_listener_that_does_not_know_the_gateway_says_so(hooked: Vault) -> None:
    port = hooked.settings.listen.port
    steps = tried(hooked, "android", url=f"http://127.0.0.1:{port}/hooks/other")
    assert steps[-1].message.startswith("404; ")


def test_listener_of_another_vault_is_noticed(tmp_path: Path, hooked: Vault) -> None:
    with opened(tmp_path / "other") as other:
        url = f"http://127.0.0.1:{hooked.settings.listen.port}/hooks/android"
        steps = tried(other, "android", url=url)
    assert [(step.name, step.ok) for step in steps][-1] == ("stored", False)


def test_public_address_is_taken_as_it_is_and_its_password_is_not_shown(hooked: Vault) -> None:
    port = hooked.settings.listen.port
    steps = tried(hooked, "twilio", url=f"http://u:secret@127.0.0.1:{port}/hooks/twilio?tenant=1")
    assert all(step.ok for step in steps)
    assert "secret" not in str(steps)


@pytest.mark.parametrize("url", ["hooks", "ftp://a/", "http://", "http://[::1/", "http://a:x/"])
def test_address_that_is_none_is_refused(idle: Vault, url: str) -> None:
    with pytest.raises(InvalidInput):
        tried(idle, "twilio", url=url)


def test_unknown_gateway_is_not_found_with_a_suggestion(idle: Vault) -> None:
    with pytest.raises(NotFound) as caught:
        tried(idle, "twillio")
    assert "twilio" in str(caught.value.hint)


def test_list_says_what_is_set_up_and_what_is_wrong(idle: Vault) -> None:
    broken = {**idle.settings.gateways, "broken": {"kind": "twilio", "auth_token": "env:NOT_SET"}}
    idle.settings = replace(idle.settings, gateways=broken)
    found = {one.name: one for one in trial.listed(idle)}
    assert tuple(found) == (*HOOKS, "broken")
    assert (found["phones"].hook, found["phones"].contact_points) == ("/hooks/phones", 1)
    assert found["phones"].problem is None
    assert "NOT_SET" in (found["broken"].problem or "")
    with pytest.raises(SettingsError):
        tried(idle, "broken")


def test_forwarding_to_a_number_of_the_pool_is_a_problem(idle: Vault) -> None:
    forward = {"call_answer": "forward", "forward_to": idle.pool.list()[3].value}
    table = {**idle.settings.gateways["twilio"], **forward}
    idle.settings = replace(idle.settings, gateways={"twilio": table})
    assert "circle" in (trial.listed(idle)[0].problem or "")


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:8321"), ("::", "http://[::1]:8321"), ("a", "http://a:8321")],
)
def test_listener_that_binds_everywhere_is_asked_on_loopback(
    idle: Vault, host: str, url: str
) -> None:
    listen = replace(idle.settings.listen, host=host, port=8321)
    assert trial.listener_url(replace(idle.settings, listen=listen)) == url


@pytest.fixture
def mailed(tmp_path: Path) -> Iterator[Vault]:
    """A vault whose listener takes mail, and the e-mail of a canary of it."""
    with opened(tmp_path / "v") as vault:
        table = {"kind": "smtp", "region": "GB", "port": _free_port()}
        vault.settings = replace(vault.settings, gateways={"mail": table})
        vault.pool.add("email_domain", "mail.shop.example", region="GB", gateway="mail")
        with service.running(vault):
            yield vault


def test_mail_server_is_tried_with_a_mail_that_is_a_probe(mailed: Vault) -> None:
    email = str(mailed.mint(locale="en-GB", requires=("email",)).identity.email)
    steps = tried(mailed, "mail", to=email)
    assert [(step.name, step.ok) for step in steps] == [
        *(("recipient", True), ("answer", True), ("stored", True))
    ]
    (contact,) = mailed.contacts.list()
    assert (contact.medium, contact.disposition) == ("email", "probe")
    with pytest.raises(InvalidInput):
        tried(mailed, "mail", to=email, url="https://shop.example/")


def test_mail_domain_is_tried_with_the_address_of_a_canary(mailed: Vault) -> None:
    (domain,) = [point for point in mailed.pool.list() if point.gateway == "mail"]
    assert trial.listed(mailed)[0].contact_points == 1
    for to in ({}, {"to": domain.id}):
        with pytest.raises(Refused, match="no canary has an address") as caught:
            tried(mailed, "mail", **to)
        assert "--require email" in str(caught.value.hint)
    mailed.mint(locale="en-GB", requires=("email",))
    for to in ({}, {"to": domain.id}):
        steps = tried(mailed, "mail", **to)
        assert [step.ok for step in steps] == [True, True, True]
        assert steps[0].message == f"contact point {domain.id}."
    assert {contact.contact_point_id for contact in mailed.contacts.list()} == {domain.id}


def test_mail_to_nobody_is_told_from_a_server_that_is_deaf(mailed: Vault) -> None:
    with pytest.raises(Refused, match="not accepted: 5"):
        tried(mailed, "mail", to="nobody@mail.shop.example")


def test_mailbox_elsewhere_cannot_be_tried_so(idle: Vault) -> None:
    table = {"kind": "imap", "region": "GB", "host": "imap.post.example", "user": "a@post.example"}
    idle.settings = replace(idle.settings, gateways={"box": {**table, "password": "p"}})
    with pytest.raises(Refused, match="mailbox"):
        tried(idle, "box", to=str(idle.pool.list()[0].value))

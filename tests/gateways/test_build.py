"""Settings tables become gateways, or one clear error that repeats no secret."""

from __future__ import annotations

import pytest

from honeytoken import gateways
from honeytoken.environment import FromEnvironment
from honeytoken.errors import SettingsError

TWILIO: dict[str, object] = {
    "kind": "twilio",
    "public_url": "https://hooks.shop.example/hooks/twilio",
    "auth_token": "s3cret-token",
}
PHONES: dict[str, object] = {"kind": "smsforwarder", "secret": "s3cret-phone"}
DESK: dict[str, object] = {
    "kind": "standard_webhooks",
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


ANDROID: dict[str, object] = {"kind": "sms_gateway", "signing_key": "s3cret-android"}


@pytest.mark.parametrize("options", [TWILIO, PHONES, ANDROID, DESK])
def test_every_kind_is_built_from_its_smallest_table(options: dict[str, object]) -> None:
    built = gateways.build("name", options)
    assert (built.name, built.region) == ("name", "CN")
    assert options["kind"] in gateways.KINDS


def test_region_is_taken_from_the_table() -> None:
    assert gateways.build("name", PHONES | {"region": "GB"}).region == "GB"


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"kind": "twillio"}, '"twilio"'),
        ({"kind": "sms"}, "twilio, smsforwarder, sms_gateway, standard_webhooks"),
        ({"kind": 5}, "twilio, smsforwarder, sms_gateway, standard_webhooks"),
        ({}, "twilio, smsforwarder, sms_gateway, standard_webhooks"),
        (TWILIO | {"auth_tokn": "x"}, '"auth_token"'),
        (PHONES | {"slot": {}}, '"slots"'),
        (DESK | {"zzz": 1}, "secret, secrets"),
    ],
)
def test_unknown_kind_or_option_is_refused_with_a_suggestion(
    options: dict[str, object], hint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        gateways.build("name", options)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "twilio", "public_url": TWILIO["public_url"]},
        {"kind": "twilio", "auth_token": "x"},
        TWILIO | {"shared_key": "x"},
        TWILIO | {"shared_key_id": "x"},
        TWILIO | {"auth_token": ""},
        TWILIO | {"auth_token": 5},
        TWILIO | {"auth_token": "env:TWILIO_AUTH_TOKEN"},
        TWILIO | {"call_answer": "answer"},
        TWILIO | {"call_answer": True},
        TWILIO | {"greeting": "Hello"},
        TWILIO | {"call_answer": "forward", "greeting": "Hello"},
        TWILIO | {"call_answer": "voicemail", "greeting": " "},
        TWILIO | {"call_answer": "voicemail", "greeting": "a\x07b"},
        TWILIO | {"call_answer": "voicemail", "greeting": "a\ud800"},
        TWILIO | {"call_answer": "voicemail", "greeting": "a" * 1001},
        TWILIO | {"call_answer": "voicemail", "language": "English"},
        TWILIO | {"call_answer": "voicemail", "language": 'en"/>'},
        TWILIO | {"call_answer": "voicemail", "forward_to": "+447700900123"},
        TWILIO | {"call_answer": "voicemail", "record_forwarded": True},
        TWILIO | {"call_answer": "forward"},
        TWILIO | {"call_answer": "forward", "forward_to": "07700 900123"},
        TWILIO | {"call_answer": "forward", "forward_to": "+44 7700 900123"},
        TWILIO | {"call_answer": "forward", "forward_to": "+4477009001234567"},
        TWILIO | {"call_answer": "forward", "forward_to": "999"},
        TWILIO | {"call_answer": "forward", "forward_to": "+1"},
        TWILIO | {"call_answer": "forward", "forward_to": "<Number/>"},
        TWILIO | {"call_answer": "forward", "forward_to": 447700900123},
        TWILIO | {"record_forwarded": True},
        TWILIO | {"region": "UK"},
        TWILIO | {"region": 44},
        PHONES | {"secret": " "},
        {"kind": "smsforwarder"},
        {"kind": "smsforwarder", "unsigned": False},
        {"kind": "smsforwarder", "unsigned": 1},
        PHONES | {"unsigned": True},
        PHONES | {"tolerance_s": 0},
        PHONES | {"tolerance_s": True},
        PHONES | {"tolerance_s": 600.5},
        PHONES | {"tolerance_s": "9" * 5000},
        PHONES | {"token": "пароль"},
        PHONES | {"token": "a\nb"},
        PHONES | {"slots": ["+8615400000001"]},
        PHONES | {"slots": {"SIM1": 8615400000001}},
        PHONES | {"utc_offset": "8"},
        PHONES | {"utc_offset": "+25:00"},
        {"kind": "sms_gateway"},
        ANDROID | {"signing_key": ""},
        ANDROID | {"signing_key": "file:key"},
        ANDROID | {"tolerance_s": 3601},
        ANDROID | {"to": 5},
        ANDROID | {"slots": "SIM1"},
        {"kind": "standard_webhooks"},
        DESK | {"secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]},
        {"kind": "standard_webhooks", "secrets": []},
        {"kind": "standard_webhooks", "secrets": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        DESK | {"secret": "whsec_AAAA"},
        DESK | {"secret": "whsec_not base64 at all, and long enough for it"},
        DESK | {"secret": "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        DESK | {"secret": "whsec_密密密密"},
    ],
)
def test_missing_contradicting_or_mistyped_option_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as caught:
        gateways.build("name", options)
    assert "s3cret" not in str(caught.value) + str(caught.value.hint)
    assert "MfKQ" not in str(caught.value) + str(caught.value.hint)


@pytest.mark.parametrize(
    "url",
    [
        "hooks.shop.example/hooks/twilio",
        "ftp://shop.example/",
        "https://",
        "https://shop.example:port/",
        "https://shop.example:99999/",
        "https://[::1/",
        "https://shop.example/a b",
        "https://商店.example/",
        "https://shop.example/?" + "&a" * 500,
    ],
)
def test_public_url_that_twilio_could_not_call_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="public_url"):
        gateways.build("name", TWILIO | {"public_url": url})


def test_numbers_and_switches_from_the_environment_are_understood() -> None:
    assert gateways.build("name", PHONES | {"tolerance_s": FromEnvironment("300")})
    assert gateways.build("name", {"kind": "smsforwarder", "unsigned": FromEnvironment("true")})
    for wrong in ({"tolerance_s": "300"}, {"unsigned": "true"}):
        with pytest.raises(SettingsError, match="must be"):
            gateways.build("name", PHONES | wrong)


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ],
)
def test_padding_and_prefix_of_a_webhook_secret_are_optional(secret: str) -> None:
    assert gateways.build("name", DESK | {"secret": secret}) == gateways.build(
        "name", DESK | {"secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
    )

"""Personal values are cut short; nothing personal is printed by default."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from honeytoken.cli import shorten
from honeytoken.models import (
    Address,
    Authenticity,
    Canary,
    Contact,
    ContactNote,
    Disposition,
    FieldForm,
    FieldView,
    Identity,
    Medium,
)

NOW = datetime(2026, 3, 2, 9, 14, 7, tzinfo=UTC)
CANARY = Canary(
    id="c1",
    identity=Identity(
        name="陈志远",
        given_name="志远",
        family_name="陈",
        phone_number="+8615412345678",
        email="zhiyuan@deer.example",
        address=Address(
            formatted="浙江省杭州市西湖区文三路12号",
            street_address="文三路12号",
            locality="杭州市西湖区",
            region="浙江省",
            postal_code="310012",
            country="CN",
        ),
        birthdate=date(1990, 5, 17),
    ),
    contact_point_ids=("p1",),
    minted_at=NOW,
    note="for the spring test",
)


@pytest.mark.parametrize(
    ("shortener", "whole", "short"),
    [
        (shorten.name, "陈志远", "陈*"),
        (shorten.name, "Emma Clarke", "E* C*"),
        (shorten.phone_number, "+447700900123", "+44770****123"),
        (shorten.phone_number, "95338", "95338"),
        (shorten.phone_number, "07700900", "077****"),
        (shorten.email, "anna@deer.example", "a***@d***.example"),
        (shorten.domain, "deer.example", "d***.example"),
        (shorten.place, "浙江省杭州市西湖区文三路12号", "浙江省杭州市****"),
        (shorten.place, "北京市朝阳区建国路1号", "北京市****"),
        (shorten.place, "12 Acacia Avenue, London", "12****"),
        (shorten.reference, "ORDER-2026-0017", "OR****17"),
        (shorten.reference, "A1", "A****"),
        (shorten.words, "Dear Emma, your loan", "De***"),
        (shorten.words, "Hi", "H***"),
        (shorten.sender, "Jane <jane@deer.example>", "j***@d***.example"),
        (shorten.sender, "+447700900123", "+44770****123"),
        (shorten.sender, "QuickLend", "Qu***"),
        (shorten.value, "deer.example", "d***.example"),
        (shorten.value, "+447700900123", "+44770****123"),
        (shorten.value, "北京市朝阳区建国路1号", "北京市****"),
    ],
)
def test_a_value_is_shortened_as_what_it_is(
    shortener: shorten.Shortener, whole: str, short: str
) -> None:
    assert shortener(whole) == short


def test_a_canary_is_shown_without_anything_that_would_reach_it() -> None:
    shown = str(shorten.plain(CANARY))
    for secret in (
        "志远",
        "12345678",
        "zhiyuan",
        "deer",
        "西湖",
        "文三路",
        "310012",
        "05-17",
        "spring",
    ):
        assert secret not in shown


def test_reveal_shows_every_value_whole() -> None:
    shown = shorten.plain(CANARY, reveal=True)
    assert shown["note"] == "for the spring test"
    assert shown["identity"] == {
        "name": "陈志远",
        "given_name": "志远",
        "family_name": "陈",
        "phone_number": "+8615412345678",
        "email": "zhiyuan@deer.example",
        "address": {
            "formatted": "浙江省杭州市西湖区文三路12号",
            "street_address": "文三路12号",
            "locality": "杭州市西湖区",
            "region": "浙江省",
            "postal_code": "310012",
            "country": "CN",
        },
        "birthdate": "1990-05-17",
        "gender": None,
        "locale": "zh-CN",
    }


def test_a_contact_is_shown_without_what_was_said() -> None:
    contact = Contact(
        id="k1",
        medium=Medium.SMS,
        received_at=NOW,
        disposition=Disposition.UNSOLICITED,
        authenticity=Authenticity.BODY,
        sender="+447700900555",
        body="Dear Emma, your parcel",
        notes=(ContactNote(at=NOW, asked_for="Emma Clarke", knew="order 17"),),
    )
    shown = shorten.plain(contact)
    assert shown["received_at"] == "2026-03-02T09:14:07Z"
    assert (shown["sender"], shown["body"]) == ("+44770****555", "De***")
    assert "Clarke" not in str(shown)


def test_the_shown_text_of_a_view_is_personal_too() -> None:
    view = FieldView(form=FieldForm.RELAY, shown="+447700900555")
    assert shorten.plain(view) == {"form": "relay", "shown": "+4***"}


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(TypeError):
        shorten.plain({"name": "Emma"})

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from honeytoken import Address, NewPoint, PoolExhausted, Refused, Vault
from honeytoken.errors import AlreadyExists, InvalidIdentifier, InvalidInput, NotFound
from honeytoken.models import Role
from honeytoken.pool import is_fictional
from tests.conftest import Clock, furnish

#: Landlines of the made-up kind: a real plan, never dialled, in a store without gateways.
OWNED = "+442079460000"
DOMAIN = "mail.shop.example"


@pytest.fixture
def production(tmp_path: Path, clock: Clock) -> Vault:
    return Vault.create(tmp_path / "production", clock=clock)


def test_a_number_is_kept_in_canonical_form(both: Vault) -> None:
    point = both.pool.add("phone_number", "07700 900 123", region="GB", role="test")
    assert both.pool.get(point.id).value == "+447700900123"


def test_the_same_number_in_another_notation_is_taken(both: Vault) -> None:
    both.pool.add("phone_number", "07700 900123", region="GB", role="test")
    with pytest.raises(AlreadyExists):
        both.pool.add("phone_number", "+44 7700 900123", region="GB", role="test")
    assert len(both.pool.list()) == 1


def test_many_points_are_added_all_or_none(both: Vault) -> None:
    with pytest.raises(AlreadyExists):
        both.pool.add_many([NewPoint("email_domain", DOMAIN, "GB")] * 2)
    assert both.pool.list() == []


def test_a_new_plantable_number_soaks_first(production: Vault, clock: Clock) -> None:
    # A domain does not ring for its former owner; a number may.
    from honeytoken.models import ContactPointKind
    from honeytoken.pool import made_point

    kind = ContactPointKind.PHONE_NUMBER
    point = made_point(NewPoint(kind, OWNED, "GB", soak_days=30), "cp_1", clock())
    assert point.state == "soaking"
    assert point.ready_at == clock() + timedelta(days=30)
    assert not point.attested


def test_a_number_held_for_long_is_ready_and_shown_as_attested(clock: Clock) -> None:
    from honeytoken.models import ContactPointKind
    from honeytoken.pool import made_point

    kind = ContactPointKind.PHONE_NUMBER
    held = NewPoint(kind, OWNED, "GB", soak_days=30, held_since=date(2025, 1, 1))
    point = made_point(held, "cp_1", clock())
    assert (point.state, point.attested) == ("ready", True)


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+447700900123", "GB"),
        ("+12025550123", "US"),
        ("+8615400000001", "CN"),
        ("+442079460001", "GB"),
        ("+441632960123", "GB"),
    ],
)
def test_production_refuses_numbers_nobody_can_hold(
    production: Vault, number: str, region: str
) -> None:
    with pytest.raises(Refused, match="nobody can hold it"):
        production.pool.add("phone_number", number, region=region)


@pytest.mark.parametrize("domain", ["gmail.com", "QQ.com", "post.example", "a.test", "x.invalid"])
def test_production_refuses_mail_domains_nobody_here_can_hold(
    production: Vault, domain: str
) -> None:
    with pytest.raises(Refused, match="nobody"):
        production.pool.add("email_domain", domain, region="GB")


def test_a_number_of_another_country_than_its_region_is_refused(vault: Vault) -> None:
    with pytest.raises(InvalidInput, match="not one of that region"):
        vault.pool.add("phone_number", "+447700900123", region="CN", role="test")


@pytest.mark.parametrize("number", ["+447911123456", "+12025551234", "+4930901820"])
def test_ordinary_numbers_are_not_fictional(number: str) -> None:
    # Only looked at as text; nothing here can dial.
    assert not is_fictional(number)


def test_production_refuses_to_place_a_canary_on_a_test_number(
    tmp_path: Path, clock: Clock
) -> None:
    with Vault.create(tmp_path / "v", mode="test", clock=clock) as vault:
        furnish(vault)
        canary = vault.mint(locale="en-GB")
    settings = tmp_path / "v" / "honeytoken.toml"
    settings.write_text(settings.read_text().replace('mode = "test"', 'mode = "production"'))
    with Vault.open(tmp_path / "v", clock=clock) as vault:
        with pytest.raises(Refused, match="test role"):
            vault.place(canary, "northbound")
        assert vault.placements.list() == []
        with pytest.raises(PoolExhausted):
            vault.mint(locale="en-GB", requires=("phone_number",))


def test_controls_are_reserved_evenly_and_for_ever(furnished_both: Vault, clock: Clock) -> None:
    controls = furnished_both.pool.reserve_controls(count=5)
    assert {point.role for point in controls} == {Role.CONTROL}
    assert {point.reserved_at for point in controls} == {clock()}
    digits = sorted(int(point.value[-1]) for point in controls)
    assert digits == [1, 3, 5, 7, 9]
    with pytest.raises(Refused, match="control already"):
        furnished_both.pool.reserve_controls(ids=[controls[0].id])


def test_a_planted_number_can_never_be_a_control(furnished: Vault) -> None:
    canary = furnished.mint(locale="en-GB")
    with pytest.raises(Refused, match="was given to canaries"):
        furnished.pool.reserve_controls(ids=[canary.contact_point_ids[0]])


def test_controls_are_never_minted_on(furnished: Vault) -> None:
    furnished.pool.reserve_controls(count=9)
    with pytest.raises(PoolExhausted, match="room for 5 of 6"):
        furnished.mint_many(6, locale="en-GB")


def test_too_many_controls_is_a_clear_error(furnished: Vault) -> None:
    with pytest.raises(PoolExhausted, match="room for 10 of 11"):
        furnished.pool.reserve_controls(count=11)


def test_a_retired_point_is_neither_minted_on_nor_placed(furnished: Vault) -> None:
    canary = furnished.mint(locale="en-GB")
    assert furnished.pool.retire(canary.contact_point_ids[0]).state == "retired"
    with pytest.raises(Refused, match="withdrawn"):
        furnished.place(canary, "northbound")
    assert furnished.pool.retire(canary.contact_point_ids[0], burnt=True).state == "burnt"


@pytest.mark.parametrize("value", ["", "hello", "12", "+44", "\x00", "9" * 5000, "🤷"])
def test_a_number_that_is_none_is_refused_without_showing_it(vault: Vault, value: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        vault.pool.add("phone_number", value, region="GB", role="test")
    assert not value or value not in str(caught.value) or len(value) < 4
    assert vault.pool.list() == []


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "fax"},
        {"role": "spare"},
        {"role": "control"},
        {"region": "GBR"},
        {"region": "1"},
        {"capacity": 0},
        {"soak_days": -1},
        {"held_since": date(2999, 1, 1)},
    ],
)
def test_bad_arguments_are_refused(vault: Vault, given: dict[str, object]) -> None:
    arguments: dict[str, object] = {"kind": "phone_number", "region": "GB", "role": "test", **given}
    kind = str(arguments.pop("kind"))
    with pytest.raises(InvalidInput):
        vault.pool.add(kind, "+447700900123", **arguments)
    assert vault.pool.list() == []


def test_an_address_needs_its_parts(vault: Vault) -> None:
    with pytest.raises(InvalidInput, match="needs its parts"):
        vault.pool.add("address", "12 Marked Lane", region="GB")
    parts = Address("12 Marked Lane, Leeds", "12 Marked Lane", "Leeds", "", "LS1 4AB", "GB")
    point = vault.pool.add("address", parts.formatted, region="GB", address=parts)
    assert vault.pool.get(point.id).address == parts


def test_an_unknown_id_is_not_found(vault: Vault) -> None:
    with pytest.raises(NotFound):
        vault.pool.get("cp_none")
    with pytest.raises(NotFound):
        vault.pool.retire("cp_none")
    with pytest.raises(NotFound):
        vault.pool.reserve_controls(ids=["cp_none"])


def test_a_mailbox_at_any_mail_company_may_be_held_by_one_canary(production: Vault) -> None:
    point = production.pool.add("mailbox", "Deer2026@QQ.com", region="CN")
    assert (point.value, point.capacity, point.state) == ("deer2026@qq.com", 1, "soaking")
    with pytest.raises(InvalidInput, match="one canary"):
        production.pool.add("mailbox", "hart2026@qq.com", region="CN", capacity=2)


@pytest.mark.parametrize("address", ["deer@post.example", "deer@example.com", "deer@x.test"])
def test_production_refuses_mailboxes_that_cannot_be(production: Vault, address: str) -> None:
    with pytest.raises(Refused, match="reserved"):
        production.pool.add("mailbox", address, region="CN")

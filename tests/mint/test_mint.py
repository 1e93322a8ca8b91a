from __future__ import annotations

import pytest

from honeytoken import Address, InvalidInput, PoolExhausted, Vault
from honeytoken.errors import NotFound
from tests.conftest import Clock, furnish


def test_a_minted_canary_is_stored_as_it_was_given(furnished_both: Vault) -> None:
    canary = furnished_both.mint(locale="en-GB", note="for the audit")
    assert furnished_both.canaries.get(canary.id) == canary
    assert canary.identity.phone_number is not None
    assert (canary.identity.email or "").endswith("@mail.shop.example")


def test_canaries_are_spread_evenly_over_the_pool(furnished_both: Vault) -> None:
    list(furnished_both.mint_many(20, locale="en-GB"))
    assert {p.used for p in furnished_both.pool.list(kind="phone_number")} == {2}


def test_a_pool_without_room_mints_nothing_and_says_what_to_add(furnished: Vault) -> None:
    with pytest.raises(PoolExhausted, match="room for 50 of 51") as caught:
        furnished.mint_many(51, locale="en-GB")
    assert "pool add phone_number" in (caught.value.hint or "")
    assert furnished.canaries.count() == 0


def test_an_empty_pool_says_what_to_add(vault: Vault) -> None:
    with pytest.raises(PoolExhausted, match="room for 0 of 1"):
        vault.mint()


def test_a_required_field_that_the_pool_lacks_is_an_error(furnished: Vault) -> None:
    with pytest.raises(PoolExhausted, match=r"\(addresses\)"):
        furnished.mint(locale="en-GB", requires=("address",))


def test_numbers_of_another_country_are_not_given_to_a_locale(furnished: Vault) -> None:
    canary = furnished.mint(locale="zh-CN")
    assert canary.identity.phone_number is None
    with pytest.raises(PoolExhausted):
        furnished.mint(locale="zh-CN", requires=("phone_number",))


def test_a_canary_carries_the_base_address_with_a_token_of_its_own(furnished: Vault) -> None:
    base = Address("12 Marked Lane, Leeds LS1 4AB", "12 Marked Lane", "Leeds", "", "LS1 4AB", "GB")
    furnished.pool.add("address", base.formatted, region="GB", address=base)
    found = [c.identity.address for c in furnished.mint_many(5, locale="en-GB")]
    streets = {address.street_address for address in found if address}
    assert len(streets) >= 4
    assert all("12 Marked Lane" in street for street in streets)


def test_no_email_is_given_twice(furnished: Vault) -> None:
    emails = [c.identity.email for c in furnished.mint_many(50, locale="en-GB")]
    assert len(set(emails)) == 50


def test_no_email_is_given_twice_even_when_people_repeat(furnished: Vault) -> None:
    first = [c.identity.email for c in furnished.mint_many(20, locale="en-GB", seed=5)]
    again = [c.identity.email for c in furnished.mint_many(20, locale="en-GB", seed=5)]
    assert not set(first) & set(again)


def test_surname_and_last_four_are_unique_within_a_plan(vault: Vault) -> None:
    furnish(vault, numbers=5, capacity=40)
    for _call in range(2):
        list(vault.mint_many(40, locale="en-GB", plan_id="spring"))
    keys = [
        (c.identity.family_name, (c.identity.phone_number or "")[-4:])
        for c in vault.canaries.list()
    ]
    assert len(set(keys)) == 80


def test_with_a_channel_in_view_no_number_is_used_twice(furnished: Vault) -> None:
    first = list(furnished.mint_many(4, locale="en-GB", channel="northbound"))
    for canary in first:
        furnished.place(canary, "northbound")
    second = list(furnished.mint_many(6, locale="en-GB", channel="northbound"))
    numbers = [canary.identity.phone_number for canary in (*first, *second)]
    assert len(set(numbers)) == 10
    for canary in second:
        furnished.place(canary, "northbound")
    with pytest.raises(PoolExhausted):
        list(furnished.mint_many(1, locale="en-GB", channel="northbound"))


def test_numbers_that_still_soak_are_not_given_out(vault: Vault, clock: Clock) -> None:
    vault.pool.add("phone_number", "+447700900001", region="GB", soak_days=30)
    with pytest.raises(PoolExhausted):
        vault.mint(locale="en-GB")
    clock.forward(days=31)
    assert vault.mint(locale="en-GB").identity.phone_number == "+447700900001"


@pytest.mark.parametrize("count", [0, -1, 10_000_001])
def test_a_senseless_count_is_refused(furnished: Vault, count: int) -> None:
    with pytest.raises(InvalidInput, match="count"):
        furnished.mint_many(count, locale="en-GB")


def test_an_unknown_locale_is_refused_and_nothing_minted(furnished: Vault) -> None:
    with pytest.raises(InvalidInput):
        furnished.mint_many(1, locale="xx-XX")
    assert furnished.canaries.count() == 0


def test_an_unknown_channel_is_suggested(furnished: Vault) -> None:
    with pytest.raises(NotFound) as caught:
        furnished.mint_many(1, locale="en-GB", channel="nothbound")
    assert caught.value.hint == 'Did you mean "northbound"?'


def test_a_long_job_is_stored_chunk_by_chunk(vault: Vault) -> None:
    furnish(vault, numbers=10, capacity=500)
    job = vault.mint_many(4500, locale="en-GB")
    next(job)
    assert vault.canaries.count() == 4000
    assert sum(1 for _canary in job) == 4499
    assert vault.canaries.count() == 4500


def test_mailboxes_are_used_where_there_is_one_for_each(both: Vault) -> None:
    both.pool.add("phone_number", "+447700900001", region="GB", role="test", capacity=9)
    for n in range(3):
        both.pool.add("mailbox", f"deer{n}@post.example", region="GB", role="test")
    # Too few for four: they must not keep canaries without an e-mail from being made.
    assert all(c.identity.email is None for c in both.mint_many(4, locale="en-GB"))
    pair = list(both.mint_many(2, locale="en-GB"))
    emails = {canary.identity.email for canary in pair}
    assert emails < {"deer0@post.example", "deer1@post.example", "deer2@post.example"}
    assert all(len(canary.contact_point_ids) == 2 for canary in pair)
    with pytest.raises(PoolExhausted) as caught:
        next(both.mint_many(2, locale="en-GB", requires=["email"]))
    assert (caught.value.wanted, caught.value.available) == (2, 1)
    both.pool.add("email_domain", "mail.shop.example", region="GB")
    assert all(
        str(canary.identity.email).endswith("@mail.shop.example")
        for canary in both.mint_many(2, locale="en-GB")
    )


def test_e_mails_are_of_the_country_first_then_of_domains(both: Vault) -> None:
    both.pool.add("phone_number", "+447700900001", region="GB", role="test", capacity=50)

    def host() -> str:
        (canary,) = both.mint_many(1, locale="en-GB", requires=["email"])
        return str(canary.identity.email).partition("@")[2]

    both.pool.add("mailbox", "deer1@post.example", region="CN", role="test")
    assert host() == "post.example"
    both.pool.add("mailbox", "deer2@post.example", region="CN", role="test")
    both.pool.add("email_domain", "cn.example", region="CN", role="test")
    assert host() == "cn.example"
    both.pool.add("mailbox", "deer3@uk-post.example", region="GB", role="test")
    assert host() == "uk-post.example"
    both.pool.add("mailbox", "deer4@uk-post.example", region="GB", role="test")
    both.pool.add("email_domain", "uk.example", region="GB", role="test")
    assert host() == "uk.example"

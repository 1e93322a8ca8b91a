from __future__ import annotations

from datetime import timedelta

import pytest

from honeytoken import FieldView, Hop, NewPlacement, Vault
from honeytoken.errors import AlreadyExists, InvalidInput, NotFound, Refused
from honeytoken.models import FieldForm, PlacementStatus
from tests.conftest import Clock


def test_a_placement_is_stored_as_it_was_given(furnished_both: Vault, clock: Clock) -> None:
    vault = furnished_both
    canary = vault.mint(locale="en-GB")
    (placed,) = vault.place(
        canary,
        "northbound",
        reference="SO-1001",
        batch="morning",
        region="Leeds",
        view={"phone_number": FieldView(FieldForm.MASKED, "07700****23")},
        expected_until=clock() + timedelta(days=5),
        device="print-pc-1",
        consent="ab" * 32,
        permission="unlisted",
    )
    assert vault.placements.list(canary=canary) == [placed]
    assert placed.status is PlacementStatus.INTENDED


def test_a_route_places_a_canary_with_every_hop_and_its_view(furnished_both: Vault) -> None:
    vault = furnished_both
    vault.channels.add("hub 7", kind="hub", parent="northbound")
    masked = {"name": FieldView(FieldForm.MASKED, "王*")}
    vault.routes.add("standard", ["northbound", Hop("hub-7", masked)])
    placed = vault.place(vault.mint(locale="en-GB"), route="standard")
    assert [(item.channel_id, item.view) for item in placed] == [
        ("northbound", {}),
        ("hub-7", masked),
    ]
    assert {item.route_id for item in placed} == {"standard"}
    assert vault.routes.get("standard") == vault.routes.list()[0]


def test_confirming_begins_exposure_and_is_done_once(furnished_both: Vault, clock: Clock) -> None:
    vault = furnished_both
    (placed,) = vault.place(vault.mint(locale="en-GB"), "northbound")
    at = clock.forward(hours=3)
    assert vault.confirm([placed.id])[0].confirmed_at == at
    clock.forward(hours=3)
    assert vault.confirm([placed.id])[0].confirmed_at == at


def test_a_confirmation_cannot_be_moved_before_the_intention(
    furnished: Vault, clock: Clock
) -> None:
    (placed,) = furnished.place(furnished.mint(locale="en-GB"), "northbound")
    for at in (clock() - timedelta(days=1), clock() + timedelta(days=1)):
        with pytest.raises(Refused, match="before it was intended or in the future"):
            furnished.confirm([placed.id], at=at)


def test_a_void_placement_stays_void(furnished: Vault) -> None:
    (placed,) = furnished.place(furnished.mint(locale="en-GB"), "northbound")
    assert furnished.void(iter([placed.id]))[0].status is PlacementStatus.VOID
    with pytest.raises(Refused, match="is void"):
        furnished.confirm(iter([placed.id]))


def test_a_generator_of_ids_is_understood(furnished: Vault) -> None:
    (placed,) = furnished.place(furnished.mint(locale="en-GB"), "northbound")
    assert [item.id for item in furnished.confirm(iter([placed.id]))] == [placed.id]


def test_many_placements_are_stored_all_or_none(furnished_both: Vault) -> None:
    vault = furnished_both
    canaries = list(vault.mint_many(3, locale="en-GB"))
    wrong = [
        *(NewPlacement(canary, channel="northbound") for canary in canaries),
        NewPlacement(canaries[0], channel="nowhere"),
    ]
    with pytest.raises(NotFound):
        vault.place_many(wrong)
    assert vault.placements.list() == []
    assert len(vault.place_many(wrong[:3])) == 3


def test_a_placement_is_found_by_the_shops_order_number(furnished_both: Vault) -> None:
    vault = furnished_both
    (placed,) = vault.place(vault.mint(locale="en-GB"), "northbound", reference=" SO-1001 ")
    assert vault.placements.list(reference="SO-1001") == [placed]
    assert vault.placements.list(reference="SO-1002") == []
    assert list(vault.export_references()) == ["SO-1001"]


def test_an_expired_canary_is_not_placed(furnished: Vault, clock: Clock) -> None:
    canary = furnished.mint(locale="en-GB", expires_at=clock() + timedelta(days=1))
    clock.forward(days=2)
    with pytest.raises(Refused, match="expired"):
        furnished.place(canary, "northbound")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"channel": "northbound", "route": "standard"},
        {"channel": "northbound", "consent": "yes"},
        {"channel": "northbound", "reference": " "},
        {"channel": "northbound", "reference": "x" * 501},
        {"channel": "northbound", "document": "postcard"},
        {"channel": "northbound", "permission": "perhaps"},
        {"channel": "northbound", "view": {"shoe_size": FieldView(FieldForm.FULL)}},
        {"channel": "northbound", "view": {"name": FieldView(FieldForm.FULL, "王")}},
    ],
)
def test_bad_arguments_are_refused_and_nothing_is_stored(
    furnished: Vault, given: dict[str, object]
) -> None:
    canary = furnished.mint(locale="en-GB")
    channel = given.pop("channel", None)
    with pytest.raises(InvalidInput):
        furnished.place(canary, channel, **given)  # type: ignore[arg-type]  # bad on purpose
    assert furnished.placements.list() == []


def test_an_unknown_canary_is_not_found(furnished: Vault) -> None:
    with pytest.raises(NotFound):
        furnished.place("can_none", "northbound")


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x1b[31mb", "a\u202eb"])
def test_a_channel_name_that_cannot_be_shown_is_refused(vault: Vault, name: str) -> None:
    with pytest.raises(InvalidInput):
        vault.channels.add(name)
    assert vault.channels.list() == []


def test_a_channel_is_found_by_name_and_id(vault: Vault) -> None:
    vault.channels.add("圆满 上海转运中心", kind="hub")
    assert vault.channels.get("圆满-上海转运中心") == vault.channels.get("圆满 上海转运中心")


def test_a_channel_name_is_taken_once_in_any_case(both: Vault) -> None:
    both.channels.add("Northbound")
    with pytest.raises(AlreadyExists, match="northbound"):
        both.channels.add("northbound")


def test_a_route_that_makes_no_sense_is_refused(furnished: Vault) -> None:
    for hops in ([], ["northbound", "northbound"]):
        with pytest.raises(InvalidInput):
            furnished.routes.add("r", hops)
    with pytest.raises(NotFound):
        furnished.routes.add("r", ["nowhere"])


def test_a_confirmation_is_not_moved_before_contacts_known_already(
    furnished_both: Vault, clock: Clock
) -> None:
    vault = furnished_both
    canary = vault.mint(locale="en-GB")
    (placed,) = vault.place(canary, "northbound")
    before = clock.forward(days=1)
    clock.forward(days=1)
    vault.contacts.add(medium="call", recipient=canary.identity.phone_number)
    clock.forward(days=1)
    with pytest.raises(Refused, match="contacts came in after that time"):
        vault.confirm([placed.id], at=before)
    assert vault.confirm([placed.id])[0].confirmed_at == clock()


def test_exposure_is_not_taken_back_once_the_outcome_is_known(
    furnished_both: Vault, clock: Clock
) -> None:
    vault = furnished_both
    rung, silent = vault.mint_many(2, locale="en-GB")
    placed = [vault.place(item, "northbound", confirmed=True)[0] for item in (rung, silent)]
    clock.forward(days=1)
    vault.contacts.add(medium="call", recipient=rung.identity.phone_number)
    with pytest.raises(Refused, match="since it was confirmed"):
        vault.void([placed[1].id], reason="it would look better")
    assert {item.status for item in vault.placements.list()} == {PlacementStatus.CONFIRMED}


def test_a_confirmed_placement_is_voided_only_with_a_reason(furnished_both: Vault) -> None:
    vault = furnished_both
    (placed,) = vault.place(vault.mint(locale="en-GB"), "northbound", confirmed=True)
    with pytest.raises(Refused, match="say why"):
        vault.void([placed.id])
    assert vault.void([placed.id], reason="scanned the wrong label")[0].status == "void"
    assert vault.ledger.verify()


def test_a_time_no_calendar_has_is_refused(furnished: Vault) -> None:
    from datetime import UTC, datetime, timezone

    canary = furnished.mint(locale="en-GB")
    for at in (
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14))),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(2026, 4, 1),  # noqa: DTZ001  # without a zone, on purpose
    ):
        with pytest.raises(InvalidInput, match="time"):
            furnished.place(canary, "northbound", expected_until=at)

"""What drills mean for the verdict: a deaf number is no evidence of innocence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from honeytoken import Canary, Vault
from honeytoken.models import Attribution, Drill, Medium
from honeytoken.trace.deafness import deaf_spells, heard_days

from .conftest import Drilled

START = datetime(2026, 3, 1, tzinfo=UTC)
INFINITY = float("inf")


def at(day: float, *, heard: bool, medium: Medium = Medium.SMS) -> Drill:
    return Drill("p", START + timedelta(days=day), heard=heard, medium=medium)


@pytest.mark.parametrize(
    ("drills", "spells"),
    [
        ([], ()),
        ([at(1, heard=True), at(8, heard=True)], ()),
        # Never proven to hear: deaf from ever.
        ([at(5, heard=False)], ((-INFINITY, INFINITY),)),
        ([at(5, heard=False), at(9, heard=True)], ((-INFINITY, 9.0),)),
        ([at(1, heard=True), at(5, heard=False), at(9, heard=True)], ((1.0, 9.0),)),
        ([at(1, heard=True), at(5, heard=False), at(6, heard=False)], ((1.0, INFINITY),)),
        # It hears messages all the time, and no calls between 2 and 20.
        (
            [
                *(at(day, heard=True) for day in range(30)),
                at(2, heard=True, medium=Medium.CALL),
                at(10, heard=False, medium=Medium.CALL),
                at(20, heard=True, medium=Medium.CALL),
            ],
            ((2.0, 20.0),),
        ),
        # Deaf to both for a while: counted once.
        (
            [
                *(at(1, heard=True), at(5, heard=False), at(9, heard=True)),
                at(3, heard=True, medium=Medium.CALL),
                at(6, heard=False, medium=Medium.CALL),
                at(12, heard=True, medium=Medium.CALL),
            ],
            ((1.0, 12.0),),
        ),
    ],
)
def test_deaf_from_the_last_that_was_heard_to_the_next(
    drills: list[Drill], spells: tuple[tuple[float, float], ...]
) -> None:
    assert deaf_spells(drills, START).get("p", ()) == spells


def test_days_that_were_heard_are_the_rest() -> None:
    assert heard_days(0, 90, ()) == 90
    assert heard_days(0, 90, ((-INFINITY, 10), (20, 25), (80, INFINITY))) == 65
    assert heard_days(0, 90, ((-INFINITY, INFINITY),)) == 0


def of(vault: Vault, channel: str) -> Attribution:
    (found,) = [a for a in vault.trace().attributions if a.channel_ids == (channel,)]
    return found


def story(drilled: Drilled) -> dict[str, list[Canary]]:
    """Two channels with ten numbers each of their own; one canary of each was reached."""
    vault, clock = drilled.vault, drilled.clock
    furnish_more(vault)
    given: dict[str, list[Canary]] = {"northbound": [], "quicklend": []}
    vault.channels.add("quicklend", kind="lender")
    vault.pool.reserve_controls(count=20)
    for channel, canaries in given.items():
        for _n in range(10):
            canary = vault.mint(locale="en-GB", requires=["phone_number"])
            vault.place(canary, channel, confirmed=True)
            canaries.append(canary)
    clock.forward(days=80)
    for n, canaries in enumerate(given.values()):
        number = canaries[0].identity.phone_number or ""
        drilled.arrive(number, f"A loan of {n + 3}000 pounds today?", sender=f"+44770090055{n}")
    return given


def furnish_more(vault: Vault) -> None:
    from honeytoken import NewPoint

    vault.pool.add_many(
        [
            NewPoint("phone_number", f"+4477009003{n:02d}", "GB", "test", capacity=1)
            for n in range(60)
        ]
    )
    for point in vault.pool.list(kind="phone_number"):
        if point.value < "+447700900300":
            vault.pool.retire(point.id)


def test_silence_of_deaf_numbers_does_not_clear_a_channel(drilled: Drilled) -> None:
    given = story(drilled)
    before = {channel: of(drilled.vault, channel) for channel in given}
    points = [canary.contact_point_ids for canary in given["quicklend"][1:]]
    numbers = {point.id for point in drilled.numbers()}
    drills = drilled.vault.drills
    for ids in points:
        list(drills.send([point_id for point_id in ids if point_id in numbers]))
    drilled.clock.forward(hours=7)
    drills.settle()
    after = {channel: of(drilled.vault, channel) for channel in given}
    # The silent nine of ten spoke for it; now they say nothing.
    assert before["quicklend"].posterior < 0.5
    assert after["quicklend"].posterior > before["quicklend"].posterior + 0.1
    assert after["northbound"].posterior == pytest.approx(before["northbound"].posterior, abs=0.05)


def test_a_control_that_is_deaf_measures_nothing(drilled: Drilled) -> None:
    vault, clock = drilled.vault, drilled.clock
    hearing, deaf = vault.pool.reserve_controls(count=2)
    clock.forward(days=10)
    assert sum(c.exposure_days for c in vault.evidence().controls) == pytest.approx(20, abs=0.01)
    list(vault.drills.send([hearing.id]))
    drilled.arrive_sent()
    list(vault.drills.send([deaf.id]))
    clock.forward(hours=7)
    vault.drills.settle()
    (control,) = vault.evidence().controls
    assert control.contact_point_id == hearing.id


def test_a_deaf_mail_domain_is_no_evidence_of_innocence_either(drilled: Drilled) -> None:
    vault, clock = drilled.vault, drilled.clock
    for point in drilled.numbers():
        vault.pool.retire(point.id)
    for _n in range(10):
        vault.place(vault.mint(locale="en-GB"), "northbound", confirmed=True)
    clock.forward(days=60)
    quiet = of(vault, "northbound").posterior
    (domain,) = vault.pool.list(kind="email_domain")
    list(vault.drills.send([domain.id]))
    clock.forward(hours=7)
    # No contact and nobody who could have heard one: as much is known as at the beginning.
    assert of(vault, "northbound").posterior > quiet

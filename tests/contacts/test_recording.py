"""From deliveries to contacts, on both databases."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from honeytoken import Canary, Vault
from honeytoken.contacts import Received
from honeytoken.contacts.candidates import find, sought
from honeytoken.contacts.recording import record_batch
from honeytoken.errors import InvalidInput, NotFound, Refused
from honeytoken.gateways import Delivery
from honeytoken.models import (
    Authenticity,
    ContactNote,
    Disposition,
    Identity,
    Medium,
    NameTerms,
)
from tests.conftest import START, Clock

TERMS = NameTerms(family_name=0.05, name=1e-5)


def _received(vault: Vault, delivery_id: str, number: str | None, **given: object) -> Received:
    delivery = Delivery(
        gateway="twilio",
        delivery_id=delivery_id,
        medium=Medium.CALL,
        authenticity=Authenticity.BODY,
        sender="+447700900999",
        recipient=number,
    )
    return Received(
        delivery=replace(delivery, **given),  # type: ignore[arg-type]  # fields of Delivery
        region="GB",
        received_at=vault.clock(),
        headers={"x-signature": "s"},
        body=b"From=...",
    )


@pytest.fixture
def planted(furnished_both: Vault, clock: Clock) -> tuple[Vault, Canary]:
    canary = furnished_both.mint(locale="en-GB")
    furnished_both.place(canary, "northbound", confirmed=True)
    clock.forward(days=1)
    return furnished_both, canary


def test_a_contact_is_stored_with_its_raw_event(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    (done,) = vault.contacts.record([_received(vault, "CA1", canary.identity.phone_number)])
    contact = vault.contacts.get(done.contact_id or "")
    assert contact.disposition is Disposition.UNSOLICITED
    assert contact.contact_point_id == canary.contact_point_ids[0]
    (event,) = vault.contacts.events(contact.id)
    assert (event.body, event.headers, event.delivery_id) == (
        b"From=...",
        {"x-signature": "s"},
        "CA1",
    )


def test_a_repeat_adds_nothing_in_the_same_batch_or_later(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    item = _received(vault, "CA1", canary.identity.phone_number)
    first, second = vault.contacts.record([item, item])
    (third,) = vault.contacts.record([item])
    assert [first.repeated, second.repeated, third.repeated] == [False, True, True]
    assert first.contact_id == second.contact_id == third.contact_id
    assert len(vault.contacts.list()) == 1


def test_the_same_id_from_another_gateway_is_another_event(
    planted: tuple[Vault, Canary],
) -> None:
    vault, canary = planted
    number = canary.identity.phone_number
    vault.contacts.record(
        [_received(vault, "1", number), _received(vault, "1", number, gateway="other")]
    )
    assert len(vault.contacts.list()) == 2


def test_the_events_of_one_call_are_one_contact(
    planted: tuple[Vault, Canary], clock: Clock
) -> None:
    vault, canary = planted
    number = canary.identity.phone_number
    fold = {"fold_key": "CA1", "fold_window_s": 120}
    vault.contacts.record(
        [
            _received(vault, "CA1:ringing", number, **fold),
            _received(vault, "CA1:answered", number, **fold),
        ]
    )
    clock.forward(seconds=90)
    vault.contacts.record([_received(vault, "CA1:ended", number, **fold)])
    (contact,) = vault.contacts.list()
    assert len(contact.event_ids) == 3
    clock.forward(seconds=600)
    vault.contacts.record([_received(vault, "CA2:ringing", number, **fold)])
    assert len(vault.contacts.list()) == 2


def test_events_without_a_window_fold_for_ever(planted: tuple[Vault, Canary], clock: Clock) -> None:
    vault, canary = planted
    number = canary.identity.phone_number
    vault.contacts.record([_received(vault, "CA1:ringing", number, fold_key="CA1")])
    clock.forward(days=30)
    vault.contacts.record([_received(vault, "CA1:ended", number, fold_key="CA1")])
    assert len(vault.contacts.list()) == 1


def test_a_late_delivery_keeps_the_time_of_the_event(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    before = START - timedelta(days=2)
    item = _received(vault, "CA1", canary.identity.phone_number, sent_at=before)
    vault.contacts.record([item])
    (contact,) = vault.contacts.list()
    assert (contact.received_at, contact.disposition) == (before, Disposition.BACKGROUND)


@pytest.mark.parametrize(
    "number", [None, "", "+447700900998", "garbage", "\x00", "9" * 500, "a@b.example"]
)
def test_a_recipient_that_is_not_ours_is_kept_for_review(furnished: Vault, number: str) -> None:
    furnished.contacts.record([_received(furnished, "CA1", number)])
    (contact,) = furnished.contacts.list()
    assert (contact.disposition, contact.contact_point_id) == (Disposition.UNREVIEWED, None)


def test_a_mail_to_a_canary_is_a_contact_of_its_own_address(
    planted: tuple[Vault, Canary],
) -> None:
    vault, canary = planted
    item = _received(vault, "M1", canary.identity.email, medium=Medium.EMAIL, text="hello")
    vault.contacts.record([item])
    (sighting,) = vault.evidence().sightings
    assert [c.canary_id for c in sighting.candidates] == [canary.id]
    assert {match.field for match in sighting.candidates[0].matches} == {"email"}


def test_a_mail_happened_when_it_arrived_whatever_its_sender_dates_it(
    planted: tuple[Vault, Canary], clock: Clock
) -> None:
    vault, canary = planted
    before_it_was_placed = clock() - timedelta(days=2)
    item = _received(
        vault, "m1", canary.identity.email, medium=Medium.EMAIL, sent_at=before_it_was_placed
    )
    vault.contacts.record([item])
    (contact,) = vault.contacts.list()
    assert (contact.received_at, contact.disposition) == (clock(), "unsolicited")
    assert contact.sent_at == before_it_was_placed


@pytest.mark.parametrize("medium", ["email", "sms"])
def test_what_is_told_by_hand_has_the_time_that_is_told(
    planted: tuple[Vault, Canary], clock: Clock, medium: str
) -> None:
    vault, canary = planted
    at = clock() - timedelta(hours=20)
    reached = canary.identity.email if medium == "email" else canary.identity.phone_number
    told = vault.contacts.add(medium=medium, recipient=reached, region="GB", received_at=at)
    assert told.received_at == at


def test_a_mail_to_an_address_never_minted_is_background(planted: tuple[Vault, Canary]) -> None:
    vault, _canary = planted
    item = _received(vault, "M1", "info@mail.shop.example", medium=Medium.EMAIL)
    vault.contacts.record([item])
    assert vault.contacts.list()[0].disposition is Disposition.BACKGROUND


def test_a_failing_batch_stores_nothing(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    good = _received(vault, "CA1", canary.identity.phone_number)
    bad = replace(_received(vault, "CA2", None), body="no bytes")  # type: ignore[arg-type]  # so
    with pytest.raises(TypeError):
        vault.contacts.record([good, bad])
    assert vault.contacts.list() == []


IDENTITY = Identity("陈志远", "志远", "陈", "+8615400000001")
ENGLISH = Identity("Emma Clarke", "Emma", "Clarke", "+447700900123")


def _fields(identity: Identity, *texts: str, notes: tuple[ContactNote, ...] = ()) -> list[str]:
    canary = Canary("can_1", identity, (), START)
    (candidate,) = find([replace(sought(canary), terms=TERMS)], via=None, texts=texts, notes=notes)
    return [f"{match.field} {match.form}" for match in candidate.matches]


@pytest.mark.parametrize(
    ("identity", "text", "wanted"),
    [
        (IDENTITY, "陈志远您好", ["name full"]),
        (IDENTITY, "陈 志 远 您好", ["name full"]),
        (IDENTITY, "陈先生您好", ["family_name full"]),
        (IDENTITY, "陈列品打折", []),
        (IDENTITY, "王先生您好", []),
        (ENGLISH, "Dear EMMA CLARKE,", ["name full"]),
        (ENGLISH, "Clarke, Emma", ["name full"]),
        (ENGLISH, "Dear Ms Clarke", ["family_name full"]),
        (ENGLISH, "Clarkeson Emma", []),
        (ENGLISH, "Emma Clarkes", []),
    ],
)
def test_names_in_a_text_are_evidence(identity: Identity, text: str, wanted: list[str]) -> None:
    assert _fields(identity, text) == wanted


def test_a_name_that_was_asked_for_is_evidence_either_way() -> None:
    asked = (ContactNote(at=START, asked_for="陈志远"),)
    other = (ContactNote(at=START, asked_for="李明"),)
    assert _fields(IDENTITY, notes=asked) == ["name spoken"]
    assert _fields(IDENTITY, notes=other) == ["name conflicting"]


def test_a_rare_name_weighs_what_the_sheet_says() -> None:
    canary = Canary("can_1", IDENTITY, (), START)
    (candidate,) = find(
        [replace(sought(canary), terms=TERMS)], via=None, texts=["陈志远"], notes=()
    )
    weight = candidate.matches[0].log_likelihood_ratio
    assert weight == pytest.approx(math.log(0.95 / 1e-5))


@given(st.text(max_size=300))
def test_no_text_breaks_the_search_for_names(text: str) -> None:
    _fields(IDENTITY, text)
    _fields(ENGLISH, text, notes=(ContactNote(at=START, asked_for=text, knew=text),))


def test_a_letter_is_added_by_hand(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    contact = vault.contacts.add(medium="parcel", canary=canary, body="a leaflet")
    assert (contact.disposition, contact.authenticity) == ("unsolicited", "none")
    assert len(vault.contacts.events(contact.id)) == 1


def test_a_contact_by_hand_may_name_its_contact_point(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    point = canary.contact_point_ids[0]
    contact = vault.contacts.add(medium="call", contact_point=point, confirmed_by="phone log")
    (sighting,) = vault.evidence().sightings
    assert (sighting.origin, sighting.confirmed) == (contact.id, True)
    assert [c.canary_id for c in sighting.candidates] == [canary.id]


def test_a_note_makes_a_bare_call_named(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    (done,) = vault.contacts.record([_received(vault, "CA1", canary.identity.phone_number)])
    vault.contacts.note(done.contact_id or "", asked_for=canary.identity.name, call_back="95338")
    (sighting,) = vault.evidence().sightings
    fields = {(match.field, match.form) for match in sighting.candidates[0].matches}
    assert fields == {("phone_number", "full"), ("name", "spoken")}
    assert vault.contacts.get(done.contact_id or "").notes[0].call_back == "95338"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"recipient": "x" * 70_000},
        {"recipient": "+447700900001", "received_at": START + timedelta(days=900)},
        {"recipient": "+447700900001", "received_at": START.replace(tzinfo=None)},
    ],
)
def test_a_contact_that_makes_no_sense_is_refused(
    furnished: Vault, given: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput):
        furnished.contacts.add(medium="call", **given)  # type: ignore[arg-type]  # bad on purpose
    assert furnished.contacts.list() == []


def test_unknown_ids_are_not_found(furnished: Vault) -> None:
    contacts = furnished.contacts
    with pytest.raises(NotFound):
        contacts.get("con_none")
    with pytest.raises(NotFound):
        contacts.note("con_none", text="x")
    with pytest.raises(NotFound):
        contacts.classify("con_none", "ambiguous")
    with pytest.raises(NotFound):
        contacts.add(medium="call", canary="can_none")
    with pytest.raises(NotFound):
        contacts.add(medium="call", contact_point="cp_none")


def test_an_empty_note_is_refused(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    contact = vault.contacts.add(medium="call", canary=canary)
    with pytest.raises(InvalidInput):
        vault.contacts.note(contact.id)


def test_contacts_of_one_sender_are_one_campaign(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    number = canary.identity.phone_number
    vault.contacts.record(
        [
            _received(vault, "1", number),
            _received(vault, "2", number),
            _received(vault, "3", number, sender="+447700900888"),
        ]
    )
    campaigns = [sighting.campaign_id for sighting in vault.evidence().sightings]
    assert len(set(campaigns)) == 2


def test_one_text_with_other_names_and_senders_is_one_campaign(
    planted: tuple[Vault, Canary],
) -> None:
    vault, canary = planted
    number, name = canary.identity.phone_number, canary.identity.name
    text = "{name}, your pre-approved loan of 20,000 is ready, reply 1"
    vault.contacts.record(
        [
            _received(vault, "1", number, medium=Medium.SMS, text=text.format(name=name)),
            _received(
                vault,
                "2",
                number,
                medium=Medium.SMS,
                sender="+447700900888",
                text=text.format(name=name).replace("20,000", "30,000"),
            ),
        ]
    )
    campaigns = [sighting.campaign_id for sighting in vault.evidence().sightings]
    assert len(set(campaigns)) == 1


def test_what_a_control_heard_cannot_be_talked_away(furnished_both: Vault) -> None:
    vault = furnished_both
    (control,) = vault.pool.reserve_controls(count=1)
    contact = vault.contacts.add(medium="call", contact_point=control)
    assert contact.disposition is Disposition.BACKGROUND
    for wanted in ("expected", "ambiguous", "unsolicited"):
        with pytest.raises(Refused, match="only be background"):
            vault.contacts.classify(contact.id, wanted)


def test_a_call_told_inside_the_delivery_window_may_be_the_riders(
    furnished_both: Vault, clock: Clock
) -> None:
    vault = furnished_both
    canary = vault.mint(locale="en-GB")
    until = clock() + timedelta(days=5)
    vault.place(canary, "northbound", expected_until=until, confirmed=True)
    clock.forward(days=1)
    told = vault.contacts.add(medium="call", canary=canary)
    assert told.disposition is Disposition.AMBIGUOUS


def test_a_national_number_is_read_as_the_pools(planted: tuple[Vault, Canary]) -> None:
    vault, canary = planted
    number = (canary.identity.phone_number or "").replace("+44", "0")
    contact = vault.contacts.add(medium="call", recipient=number)
    assert contact.disposition is Disposition.UNSOLICITED


def test_a_repeat_that_two_replicas_take_at_once_is_one_contact(
    planted: tuple[Vault, Canary],
) -> None:
    vault, canary = planted
    item = _received(vault, "CA1", canary.identity.phone_number, fold_key="CA1")
    other = _received(vault, "CA1:ended", canary.identity.phone_number, fold_key="CA1")
    errors: list[BaseException] = []

    def take() -> None:
        try:
            with Vault.open(vault.folder, clock=vault.clock) as replica:
                for found in (item, other):
                    replica.contacts.record([found])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [len(contact.event_ids) for contact in vault.contacts.list()] == [2]


def test_one_who_rings_two_sims_of_a_phone_makes_two_contacts(
    furnished_both: Vault, clock: Clock
) -> None:
    vault = furnished_both
    fold = {"fold_key": "shelf +447700900999", "fold_window_s": 120}
    for n, number in enumerate(("+447700900001", "+447700900002", "+447700900001", None)):
        vault.contacts.record([_received(vault, str(n), number, **fold)])
        clock.forward(seconds=30)
    found = vault.contacts.list()
    assert [c.recipient for c in found] == ["+447700900001", "+447700900002"]
    # One that does not say which SIM it is of joins the latest.
    assert [len(c.event_ids) for c in found] == [2, 2]
    both = ("+447700900001", "+447700900002")
    vault.contacts.record([_received(vault, f"b{number}", number, **fold) for number in both])
    assert [len(c.event_ids) for c in vault.contacts.list()] == [3, 3]
    vault.ledger.verify()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_report_that_comes_before_its_call_waits_to_be_told_whom_it_reached(
    planted: tuple[Vault, Canary], at_once: bool
) -> None:
    vault, canary = planted
    number = canary.identity.phone_number
    items = [
        _received(vault, "rec", None, sender=None, text="The loan", fold_key="CA1"),
        _received(vault, "ringing", number, fold_key="CA1"),
        _received(vault, "ended", number, fold_key="CA1"),
    ]
    sinks = {"room": frozenset({Disposition.UNSOLICITED, Disposition.UNREVIEWED})}
    for batch in [items] if at_once else [[item] for item in items]:
        with vault.store.write() as tx:
            record_batch(tx, batch, sinks=sinks)
    (contact,) = vault.contacts.list()
    assert contact.contact_point_id == canary.contact_point_ids[0]
    assert (contact.recipient, contact.sender) == (number, "+447700900999")
    assert (contact.disposition, contact.body) == (Disposition.UNSOLICITED, "The loan")
    assert len(contact.event_ids) == 3
    assert all(event.body for event in vault.contacts.events(contact.id))
    (sighting,) = vault.evidence().sightings
    assert [candidate.canary_id for candidate in sighting.candidates] == [canary.id]
    with vault.store.read() as tx:
        told = tx.connection.execute(text("SELECT count(*) FROM outbox")).scalar()
    assert told == (1 if at_once else 2)
    vault.ledger.verify()


def test_what_a_person_made_of_a_report_stays_when_its_call_is_told(
    planted: tuple[Vault, Canary],
) -> None:
    vault, canary = planted
    (done,) = vault.contacts.record([_received(vault, "rec", None, fold_key="CA1")])
    contact_id = done.contact_id or ""
    vault.contacts.note(contact_id, asked_for=canary.identity.name)
    vault.contacts.classify(contact_id, "ambiguous")
    ringing = _received(vault, "ringing", canary.identity.phone_number, fold_key="CA1")
    vault.contacts.record([ringing])
    contact = vault.contacts.get(contact_id)
    assert contact.contact_point_id == canary.contact_point_ids[0]
    assert contact.disposition is Disposition.AMBIGUOUS
    assert [note.asked_for for note in contact.notes] == [canary.identity.name]
    vault.ledger.verify()

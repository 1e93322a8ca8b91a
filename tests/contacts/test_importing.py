"""Phone logs and bills against what hooks delivered, on both databases."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from honeytoken import NewPoint, Vault
from honeytoken.contacts import ImportReport, Received
from honeytoken.errors import InvalidInput, NotFound, Refused
from honeytoken.gateways import Delivery
from honeytoken.models import Authenticity, Contact, Disposition, Medium
from tests.conftest import START, Clock
from tests.phonelogs import samples

OURS, OTHER = "+447700900001", "+447700900002"
STRANGER = "+447700900999"
CHINESE = "+8615400000001"
DAY = timedelta(days=1)


def hook(
    vault: Vault,
    at: datetime,
    sender: str | None = STRANGER,
    *,
    medium: Medium = Medium.CALL,
    text: str | None = None,
    gateway: str = "sim",
    number: str = OURS,
    key: str | None = None,
) -> str:
    """Deliver one call or message as a hook does; return the contact's id."""
    delivery = Delivery(
        gateway=gateway,
        delivery_id=key or f"{at.isoformat()} {sender} {text}",
        medium=medium,
        authenticity=Authenticity.SENDER,
        sender=sender,
        recipient=number,
        text=text,
        sent_at=at,
    )
    region = "CN" if number.startswith("+86") else "GB"
    (done,) = vault.contacts.record([Received(delivery, region, vault.clock(), {}, b"{}")])
    return done.contact_id or ""


def call_xml(*calls: tuple[datetime, str], duration: int = 0, kind: int = 1, sim: int = 1) -> bytes:
    rows = [
        f'<call number="{number}" duration="{duration}" date="{int(at.timestamp() * 1000)}"'
        f' type="{kind}" presentation="1" subscription_id="{sim}" contact_name="(Unknown)"/>'
        for at, number in calls
    ]
    return f'<calls count="{len(rows)}">{"".join(rows)}</calls>'.encode()


def sms_xml(*messages: tuple[datetime, str, str]) -> bytes:
    rows = [
        f'<sms address="{number}" date="{int(at.timestamp() * 1000)}" type="1" body="{body}"/>'
        for at, number, body in messages
    ]
    return f'<smses count="{len(rows)}">{"".join(rows)}</smses>'.encode()


def bill(*calls: tuple[datetime, str]) -> bytes:
    rows = [f"{at:%Y-%m-%d %H:%M:%S},{number},Incoming,1,0.00" for at, number in calls]
    return "\n".join(["Start time,Number,Call type,Minutes,Charge", *rows]).encode()


def load(vault: Vault, raw: bytes, **given: object) -> ImportReport:
    return vault.contacts.import_log(
        io.BytesIO(raw),
        **{"to": OURS, "zone": timezone.utc, **given},  # type: ignore[arg-type]  # noqa: UP017
    )


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.matched, report.confirmed, report.known, len(report.missed)


@pytest.fixture
def home(furnished_both: Vault, clock: Clock) -> Vault:
    """A vault with British numbers, a Chinese one, and some days behind it."""
    furnished_both.pool.add_many([NewPoint("phone_number", CHINESE, "CN", "test", capacity=5)])
    clock.forward(days=30)
    return furnished_both


def only(vault: Vault) -> Contact:
    (contact,) = vault.contacts.list()
    return contact


def test_what_hooks_delivered_is_confirmed_and_what_they_missed_is_stored(home: Vault) -> None:
    first = hook(home, START + timedelta(seconds=20))
    raw = call_xml((START, STRANGER), (START + DAY, "07700 900998"), duration=43)
    report = load(home, raw)
    assert (report.source, report.incoming) == ("phone log", 2)
    assert counts(report) == (1, 1, 0, 1)
    confirmed, new = home.contacts.list()
    assert (confirmed.id, confirmed.confirmed_by) == (first, "phone log")
    assert confirmed.authenticity is Authenticity.SENDER
    assert {event.gateway for event in home.contacts.events(first)} == {"sim", "phone log"}
    assert (new.id, new.confirmed_by) == (report.missed[0].contact_id, None)
    assert (new.authenticity, new.received_at) == (Authenticity.NONE, START + DAY)
    assert new.sender == "07700 900998"
    home.ledger.verify()


def test_the_same_file_again_stores_nothing_and_says_so(home: Vault) -> None:
    hook(home, START)
    raw = call_xml((START, STRANGER), (START + DAY, STRANGER), (START + DAY, STRANGER))
    load(home, raw)
    before = home.contacts.list(), home.ledger.head()
    assert counts(load(home, raw)) == (0, 0, 3, 0)
    assert (home.contacts.list(), home.ledger.head()) == before


def test_every_call_that_hooks_delivered_is_matched_one_to_one(home: Vault) -> None:
    times = [START + timedelta(minutes=2 * n) for n in range(40)]
    ids = [hook(home, at + timedelta(seconds=50)) for at in times]
    report = load(home, call_xml(*[(at, STRANGER) for at in reversed(times)]))
    assert counts(report) == (40, 40, 0, 0)
    assert all(len(home.contacts.events(contact_id)) == 2 for contact_id in ids)


@pytest.mark.parametrize(
    ("seconds", "duration", "matched"),
    [(180, 0, 1), (181, 0, 0), (-180, 0, 1), (-181, 0, 0), (3780, 3600, 1), (3781, 3600, 0)],
)
def test_times_of_hook_and_log_may_differ_by_three_minutes_or_the_call_s_length(
    furnished: Vault, clock: Clock, seconds: int, duration: int, matched: int
) -> None:
    clock.forward(days=1)
    hook(furnished, START + timedelta(seconds=seconds))
    report = load(furnished, call_xml((START, STRANGER), duration=duration))
    assert report.matched == matched


def test_another_sender_medium_or_number_is_another_contact(home: Vault) -> None:
    hook(home, START, "+447700900998")
    hook(home, START, medium=Medium.SMS, text="hello")
    hook(home, START, number=OTHER)
    hook(home, START, None)
    assert counts(load(home, call_xml((START, STRANGER)))) == (0, 0, 0, 1)
    assert counts(load(home, call_xml((START, "-1")))) == (1, 1, 0, 0)


def test_messages_match_by_their_text_within_a_day(home: Vault) -> None:
    late, other = START + timedelta(hours=20), START + timedelta(seconds=30)
    same = hook(home, late, medium=Medium.SMS, text="Your  loan\nis ready")
    hook(home, other, medium=Medium.SMS, text="Something else")
    report = load(home, sms_xml((START, STRANGER, "your loan is ready")))
    assert counts(report) == (1, 1, 0, 0)
    assert home.contacts.get(same).confirmed_by == "phone log"


def test_words_a_forwarder_puts_around_a_text_do_not_part_it(home: Vault) -> None:
    hook(home, START, medium=Medium.SMS, text="[SIM1] Your loan is ready (Phone 3)")
    assert counts(load(home, sms_xml((START, STRANGER, "Your loan is ready")))) == (1, 1, 0, 0)


def test_a_bill_confirms_what_a_phone_log_told_of(home: Vault) -> None:
    load(home, call_xml((START, STRANGER)))
    assert only(home).confirmed_by is None
    report = load(home, bill((START + timedelta(seconds=9), STRANGER)))
    assert (report.source, counts(report)) == ("carrier bill", (1, 1, 0, 0))
    assert only(home).confirmed_by == "carrier bill"
    assert home.evidence().sightings == () or home.evidence().sightings[0].confirmed
    home.ledger.verify()


def test_a_text_that_the_bill_lacked_comes_with_the_phone_log(home: Vault) -> None:
    raw = "Time,Number,Type,Charge\n2026-03-01 08:00:00,+447700900999,SMS received,0\n"
    load(home, raw.encode())
    load(home, sms_xml((START + timedelta(seconds=9), STRANGER, "Call 07700 900555")))
    contact = only(home)
    assert (contact.body, contact.confirmed_by) == ("Call 07700 900555", "phone log")
    assert contact.facts.call_back_numbers == ("+447700900555",)
    home.ledger.verify()


def test_an_export_that_rounds_its_times_is_the_same_log(home: Vault) -> None:
    hook(home, START + timedelta(seconds=100), "+447700900998")
    load(home, call_xml((START + timedelta(seconds=41.5), STRANGER), (START, "+447700900998")))
    rows = f"Number,Type,Date,Duration\n{STRANGER},Incoming,2026-03-01 08:00,0\n"
    again = rows + "+447700900998,Incoming,2026-03-01 08:00:00,0\n"
    assert counts(load(home, again.encode())) == (0, 0, 2, 0)
    redial = f"{rows}{STRANGER},Incoming,2026-03-01 08:02,0\n"
    assert counts(load(home, redial.encode())) == (0, 0, 1, 1)


@pytest.mark.parametrize("fold_key", [None, "CA1"])
def test_a_hook_that_delivers_after_the_import_makes_no_second_contact(
    home: Vault, fold_key: str | None
) -> None:
    load(home, call_xml((START, STRANGER)))
    contact = only(home)
    delivery = Delivery(
        gateway="sim",
        delivery_id="1",
        medium=Medium.CALL,
        authenticity=Authenticity.SENDER,
        sender="07700900999",
        recipient=OURS,
        sent_at=START + timedelta(seconds=100),
        fold_key=fold_key,
        fold_window_s=120 if fold_key else None,
    )
    ended = replace(delivery, delivery_id="2", sent_at=START + timedelta(seconds=170))
    items = [Received(each, "GB", home.clock(), {}, b"{}") for each in (delivery, ended)]
    home.contacts.record(items[:1] if fold_key is None else items)
    told = only(home)
    assert (told.id, told.authenticity) == (contact.id, Authenticity.SENDER)
    assert told.confirmed_by == "phone log"
    assert len(told.event_ids) == (2 if fold_key is None else 3)
    home.ledger.verify()
    hook(home, START + timedelta(minutes=1))
    assert len(home.contacts.list()) == 2


def test_a_message_that_comes_hours_after_the_import_is_the_same_one(home: Vault) -> None:
    load(home, sms_xml((START, STRANGER, "Your loan is ready")))
    hook(home, START + timedelta(hours=9), medium=Medium.SMS, text="Your loan is ready")
    assert only(home).confirmed_by == "phone log"
    hook(home, START + timedelta(hours=9), medium=Medium.SMS, text="Another text", key="2")
    assert len(home.contacts.list()) == 2


def test_what_was_told_by_hand_is_confirmed_too(home: Vault) -> None:
    home.contacts.add(medium="call", recipient=OURS, sender=STRANGER, received_at=START)
    load(home, call_xml((START + timedelta(seconds=60), STRANGER)))
    assert only(home).confirmed_by == "phone log"


def test_only_what_came_in_is_kept(home: Vault) -> None:
    raw = samples.CALLS_XML.encode()
    report = load(home, raw, skip_known=True, until=START + timedelta(minutes=55))
    assert (report.outgoing, report.acquainted, report.outside) == (1, 1, 1)
    assert (report.incoming, len(home.contacts.list())) == (4, 4)
    assert "+447700900997" not in {contact.sender for contact in home.contacts.list()}


def test_a_chinese_bill_says_its_own_number_and_has_china_s_time(home: Vault) -> None:
    report = home.contacts.import_log(io.BytesIO(samples.CHINA_MOBILE.encode("gb18030")))
    assert (report.source, report.incoming, report.outgoing) == ("carrier bill", 3, 2)
    assert home.contacts.list()[0].received_at == START
    assert {contact.recipient for contact in home.contacts.list()} == {CHINESE}


def test_a_bill_with_both_sides_knows_which_calls_came_in(home: Vault) -> None:
    report = load(home, samples.CHINA_TELECOM.encode(), to=CHINESE, zone=None)
    assert (report.incoming, report.outgoing, report.elsewhere) == (1, 1, 0)
    assert load(home, samples.CHINA_TELECOM.encode(), to=OURS).elsewhere == 1


def test_a_phone_with_two_sims_says_which_number_is_whose(home: Vault) -> None:
    raw = call_xml((START, STRANGER), sim=1)[:-8] + call_xml((START, STRANGER), sim=2)[17:]
    with pytest.raises(InvalidInput, match="several SIMs: 1, 2"):
        load(home, raw)
    report = load(home, raw, to=None, sims={"2": OTHER})
    assert (report.incoming, report.elsewhere) == (1, 1)
    assert only(home).recipient == OTHER
    with pytest.raises(InvalidInput, match="no SIM"):
        load(home, raw, to=None, sims={"9": OTHER})


def test_a_sim_is_told_by_the_end_of_its_number(home: Vault) -> None:
    raw = call_xml((START, STRANGER), sim=89860000000000001234)
    load(home, raw, to=None, sims={"1234": OTHER})
    assert only(home).recipient == OTHER


@pytest.mark.parametrize(
    ("raw", "given", "error"),
    [
        (call_xml((START, STRANGER)), {"to": STRANGER}, Refused),
        (call_xml((START, STRANGER)), {"to": "not a number"}, Refused),
        (call_xml((START, STRANGER)), {"to": "cp_nothing"}, NotFound),
        (call_xml((START, STRANGER)), {"to": None}, InvalidInput),
        (call_xml((START, STRANGER)), {"sims": {"1": OURS}}, InvalidInput),
        (call_xml((START + 99 * DAY, STRANGER)), {}, InvalidInput),
        (call_xml((START, STRANGER))[:-20], {}, InvalidInput),
        (bill((START, STRANGER)), {"zone": None}, InvalidInput),
        (bill((START, STRANGER)), {"medium": "email"}, InvalidInput),
        (bill((START, STRANGER)), {"date_order": "dym"}, InvalidInput),
        (samples.CHINA_MOBILE.encode(), {"to": OURS}, Refused),
        (samples.CHINA_MOBILE.replace("15400000001", "15400000009").encode(), {}, Refused),
        (
            samples.CALLS_CHINESE.encode()
            + b",1.5E+10,\xe5\x91\xbc\xe5\x85\xa5,2026-01-01 8:00,,\n",
            {},
            InvalidInput,
        ),
        (b"", {}, InvalidInput),
    ],
    ids=range(14),
)
def test_a_file_that_cannot_be_used_is_refused_before_anything_is_stored(
    home: Vault, raw: bytes, given: dict[str, object], error: type[Exception]
) -> None:
    before = home.ledger.head()
    with pytest.raises(error) as caught:
        load(home, raw, **given)
    assert "+4477" not in str(caught.value)
    assert home.ledger.head() == before


def test_bad_lines_are_left_out_only_when_asked_and_then_named(home: Vault) -> None:
    raw = call_xml((START, STRANGER)) + b"<junk/>"
    with pytest.raises(InvalidInput, match="line 1"):
        load(home, raw)
    report = load(home, raw, skip_bad=True)
    assert (report.unreadable, counts(report)) == ((1,), (0, 0, 0, 1))


def test_a_dry_run_says_the_same_and_stores_nothing(home: Vault) -> None:
    hook(home, START)
    raw = call_xml((START, STRANGER), (START + DAY, STRANGER), (START + DAY, STRANGER))
    before = home.ledger.head()
    dry = load(home, raw, dry_run=True)
    assert home.ledger.head() == before
    real = load(home, raw)
    assert counts(dry) == counts(real) == (1, 1, 1, 1)
    assert dry.missed == (replace(real.missed[0], contact_id=None),)


def test_many_entries_go_in_chunks_and_an_interrupted_import_is_run_again(
    home: Vault,
) -> None:
    raw = call_xml(*[(START + timedelta(minutes=10 * n), STRANGER) for n in range(1200)])
    seen: list[int] = []

    def stop(done: int, _all: int, what: str) -> None:
        seen.append(done)
        if what.startswith("storing") and len(home.contacts.list()) >= 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(home, raw, progress=stop)
    assert len(home.contacts.list()) == 500
    assert counts(load(home, raw)) == (0, 0, 500, 700)
    home.ledger.verify()


def test_an_imported_call_is_judged_by_its_own_time(home: Vault, clock: Clock) -> None:
    canary = home.mint(locale="en-GB")
    home.place(canary, "northbound", confirmed=True)
    placed_at = clock.now
    clock.forward(days=2)
    number = canary.identity.phone_number or ""
    load(home, call_xml((placed_at - DAY, STRANGER), (placed_at + DAY, STRANGER)), to=number)
    before, after = home.contacts.list()
    assert before.disposition is Disposition.BACKGROUND
    assert after.disposition is Disposition.UNSOLICITED
    (sighting,) = [s for s in home.evidence().sightings if s.seen_at > placed_at]
    assert not sighting.confirmed
    assert [c.canary_id for c in sighting.candidates] == [canary.id]


def test_paths_and_pipes_are_read_like_files(home: Vault, tmp_path: Path) -> None:
    path = tmp_path / "calls.xml"
    path.write_bytes(call_xml((START, STRANGER)))
    assert len(home.contacts.import_log(path, to=OURS).missed) == 1

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    report = home.contacts.import_log(Pipe(path.read_bytes()), to=OURS)
    assert report.known == 1
    with pytest.raises(InvalidInput, match="cannot be read"):
        home.contacts.import_log(tmp_path / "nothing.xml", to=OURS)


def _recorded(vault: Vault, contacts: Sequence[Contact]) -> list[dict[str, object]]:
    return [json.loads(vault.contacts.events(contact.id)[0].body) for contact in contacts]


def test_the_entry_is_kept_as_the_record_it_is(home: Vault) -> None:
    load(home, samples.CALLS_XML.encode())
    first = _recorded(home, home.contacts.list())[0]
    assert first == {
        "line": 5,
        "medium": "call",
        "at": "2026-03-01T08:00:00+00:00",
        "sender": STRANGER,
        "sim": "1",
        "duration_s": 43,
    }


def test_what_was_erased_does_not_come_back_with_the_next_import(home: Vault) -> None:
    heard = hook(home, START)
    load(home, call_xml((START + DAY, STRANGER)))
    home.purge.erase([contact.id for contact in home.contacts.list()])
    raw = call_xml((START, STRANGER), (START + timedelta(seconds=190), "07700 900998"))
    raw = raw.replace(b"</calls>", call_xml((START + DAY, STRANGER)).partition(b">")[2])
    dry, report = load(home, raw, dry_run=True), load(home, raw)
    assert counts(report) == counts(dry) == (0, 0, 1, 1)
    assert [each.at for each in report.undecided] == [START]
    assert dry.undecided == report.undecided
    assert home.contacts.get(heard).erased
    assert [c.sender for c in home.contacts.list() if not c.erased] == ["07700 900998"]
    assert counts(load(home, raw)) == (0, 0, 2, 0)
    home.ledger.verify()


@pytest.mark.parametrize(
    ("raw", "undecided"),
    [
        # The log has the beginning of a call, the hook came at its end.
        (call_xml((START - timedelta(minutes=8), STRANGER), duration=480), 1),
        (call_xml((START - timedelta(minutes=8), STRANGER), duration=60), 0),
        # Somebody else's, perhaps: nobody can tell.
        (call_xml((START + timedelta(minutes=2), "+447700900998")), 1),
        (call_xml((START + timedelta(minutes=4), STRANGER)), 0),
        (call_xml((START, STRANGER), (START + timedelta(minutes=1), STRANGER)), 2),
    ],
    ids=range(5),
)
def test_a_call_that_may_be_an_erased_one_is_reported_and_not_stored(
    home: Vault, raw: bytes, undecided: int
) -> None:
    home.purge.erase([hook(home, START)])
    report = load(home, raw)
    assert (len(report.undecided), len(report.missed)) == (undecided, 0 if undecided else 1)
    assert report.known == 0
    assert len(home.contacts.list()) == 1 + len(report.missed)


def test_a_message_that_the_carrier_held_back_stays_erased(home: Vault) -> None:
    said = "Your loan of 5000 pounds is ready"
    home.purge.erase([hook(home, START, medium=Medium.SMS, text=said)])
    raw = sms_xml(*[(START - timedelta(hours=n), STRANGER, said) for n in (23, 25)])
    report = load(home, raw)
    assert (len(report.undecided), len(report.missed)) == (1, 1)


def test_what_is_typed_after_an_import_confirms_nothing(home: Vault) -> None:
    load(home, call_xml((START, STRANGER)))
    imported = only(home)
    home.contacts.add(medium="call", recipient=OURS, sender=STRANGER, received_at=START)
    assert [c.confirmed_by for c in home.contacts.list()] == [None, None]
    assert len(home.contacts.get(imported.id).event_ids) == 1


def test_a_hook_that_proves_nothing_confirms_nothing_when_it_is_late(home: Vault) -> None:
    load(home, call_xml((START, STRANGER)))
    delivery = Delivery(
        gateway="sim",
        delivery_id="1",
        medium=Medium.CALL,
        authenticity=Authenticity.NONE,
        sender=STRANGER,
        recipient=OURS,
        sent_at=START,
    )
    home.contacts.record([Received(delivery, "GB", home.clock(), {}, b"{}")])
    assert (only(home).confirmed_by, only(home).authenticity) == (None, Authenticity.NONE)
    assert len(only(home).event_ids) == 2


def test_two_late_hooks_in_one_batch_each_find_their_own_import(home: Vault) -> None:
    times = START, START + timedelta(seconds=90)
    load(home, call_xml(*[(at, STRANGER) for at in times]))
    items = [
        Received(
            Delivery(
                gateway="sim",
                delivery_id=at.isoformat(),
                medium=Medium.CALL,
                authenticity=Authenticity.SENDER,
                sender=STRANGER,
                recipient=OURS,
                sent_at=at,
            ),
            "GB",
            home.clock(),
            {},
            b"{}",
        )
        # The second call's hook comes first: what counts is which is nearest.
        for at in reversed(times)
    ]
    home.contacts.record(items)
    found = home.contacts.list()
    assert [(c.received_at, c.confirmed_by) for c in found] == [(at, "phone log") for at in times]
    for contact in found:
        gateways = {event.gateway: event.delivery_id for event in home.contacts.events(contact.id)}
        assert gateways["sim"] == contact.received_at.isoformat()
    home.ledger.verify()


def test_an_import_is_known_after_rekey_and_reindex(home: Vault) -> None:
    hook(home, START)
    raw = call_xml((START, STRANGER), (START + DAY, STRANGER))
    load(home, raw)
    home.rekey()
    home.reindex()
    assert counts(load(home, raw)) == (0, 0, 2, 0)
    home.ledger.verify()

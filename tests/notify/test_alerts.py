"""From a contact to an alert, through a real store and real HTTP; time is the test's."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeytoken import Vault
from honeytoken.contacts import record_batch
from honeytoken.errors import InvalidInput, NotFound
from honeytoken.messages import use
from honeytoken.models import Disposition, Medium
from honeytoken.notify import wording, worker
from honeytoken.store import alerts, outbox
from honeytoken.store.outbox import CONTACT, Told
from tests.conftest import START, Clock

from .conftest import Opener, couriers, delivered, drain, record, settled
from .receivers import Receiver, table, verified


def states(vault: Vault) -> Counter[str]:
    return Counter(alert.state for alert in vault.alerts.list())


def rows_and_their_alerts(vault: Vault) -> tuple[int, int]:
    """Return how many notices there are, and how many of them are in a settled alert."""
    with vault.store.read() as tx:
        ((notices,),) = tx.execute("SELECT count(*) FROM outbox")
        ((told,),) = tx.execute(
            "SELECT count(*) FROM outbox o JOIN alerts a ON a.id = o.alert_id "
            "WHERE a.state IN ('sent', 'dead')"
        )
    return notices, told


def test_the_first_contact_of_a_number_is_told_at_once(wired: Vault, receiver: Receiver) -> None:
    delivered(wired)
    drain(wired)
    (contact,) = wired.contacts.list()
    (request,) = receiver.requests
    data = request.event["data"]
    assert request.event["type"] == "contact.received"
    assert (data["contact_id"], data["medium"]) == (contact.id, "sms")
    assert (data["disposition"], data["contact_point_id"]) == (
        "unsolicited",
        contact.contact_point_id,
    )
    assert len(data["canary_ids"]) == 1


def test_an_alert_says_nothing_personal(wired: Vault, receiver: Receiver) -> None:
    delivered(wired, text="Dear Emma, your loan", sender="+447700900888")
    drain(wired)
    canary = next(wired.canaries.list())
    said = receiver.requests[0].body.decode()
    for personal in ("+4477", "900888", "loan", "Emma", canary.identity.name):
        assert personal not in said


def test_a_sink_that_asks_for_it_is_told_who_and_what_and_the_ledger_says_so(
    vault_with: Opener, receiver: Receiver
) -> None:
    vault = vault_with(table(receiver, reveal=True))
    delivered(vault, text="your loan", sender="+447700900888")
    drain(vault)
    data = receiver.requests[0].event["data"]
    assert (data["sender"], data["body"]) == ("+447700900888", "your loan")
    assert [entry.action for entry in vault.ledger.entries(newest=1)] == ["reveal"]


def test_what_was_erased_meanwhile_is_not_revealed(vault_with: Opener, receiver: Receiver) -> None:
    vault = vault_with(table(receiver, reveal=True))
    delivered(vault, text="your loan")
    vault.purge.erase([contact.id for contact in vault.contacts.list()])
    drain(vault)
    assert "loan" not in receiver.requests[0].body.decode()


def test_one_delivery_taken_twice_is_one_alert(wired: Vault, receiver: Receiver) -> None:
    received = delivered(wired)
    record(wired, [received])
    drain(wired)
    assert receiver.types == ["contact.received"]


def test_a_disposition_that_nobody_asked_for_is_not_told(
    vault_with: Opener, receiver: Receiver
) -> None:
    vault = vault_with(table(receiver, dispositions=["ambiguous"]))
    delivered(vault)
    assert drain(vault) == 0


def test_later_contacts_of_a_number_wait_for_the_digest(
    wired: Vault, receiver: Receiver, clock: Clock
) -> None:
    for n in range(5):
        delivered(wired, message_id=f"m{n}")
        drain(wired)
        clock.forward(minutes=1)
    assert receiver.types == ["contact.received"]
    (held,) = wired.alerts.list(state="held")
    assert held.notices == 4
    clock.forward(minutes=60)
    drain(wired)
    assert receiver.types == ["contact.received", "contacts.digest"]
    data = receiver.requests[1].event["data"]
    assert (data["count"], data["held_back"], data["media"]) == (4, 4, {"sms": 4})
    assert data["since"] < data["until"]
    assert data["most_contacted"][0]["contacts"] == 4


def test_after_a_quiet_month_a_number_is_told_of_at_once_again(
    wired: Vault, receiver: Receiver, clock: Clock
) -> None:
    delivered(wired)
    drain(wired)
    clock.forward(days=31)
    delivered(wired, message_id="m2")
    drain(wired)
    assert receiver.types == ["contact.received"] * 2


def test_canaries_behind_one_mail_domain_are_told_of_one_by_one(
    vault_with: Opener, receiver: Receiver, clock: Clock
) -> None:
    vault = vault_with(table(receiver))
    given = delivered(vault, at_once=False)
    canaries = list(vault.canaries.list())[:2]
    for n, canary in enumerate([*canaries, canaries[0]]):
        delivery = replace(
            given.delivery,
            delivery_id=f"mail{n}",
            medium=Medium.EMAIL,
            recipient=canary.identity.email,
        )
        record(vault, [replace(given, delivery=delivery)])
        drain(vault)
        clock.forward(seconds=1)
    assert receiver.types == ["contact.received"] * 2
    with vault.store.read() as tx:
        subjects = {row[0] for row in tx.execute("SELECT subject FROM outbox")}
    assert len(subjects) == 2
    assert not any(canary.id in subject for canary in canaries for subject in subjects)


def test_a_storm_is_a_handful_of_messages_that_state_every_contact(
    wired: Vault, receiver: Receiver, clock: Clock
) -> None:
    for batch in range(20):
        items = [
            delivered(wired, n % 10, message_id=f"s{batch}-{n}", at_once=False) for n in range(500)
        ]
        record(wired, items)
        drain(wired)
        clock.forward(seconds=5)
    clock.forward(hours=2)
    drain(wired)
    counts = [request.event["data"].get("count", 1) for request in receiver.requests]
    assert len(counts) <= 5
    assert sum(counts) == 10_000
    assert all(len(request.body) <= wording.MAX_BODY_BYTES for request in receiver.requests)
    assert rows_and_their_alerts(wired) == (10_000, 10_000)


def test_throttling_holds_back_and_says_so(
    vault_with: Opener, receiver: Receiver, clock: Clock
) -> None:
    vault = vault_with(table(receiver, per_hour=2))
    for number in range(6):
        delivered(vault, number, message_id=f"m{number}")
        drain(vault)
        clock.forward(minutes=1)
    assert receiver.types == ["contact.received"] * 2
    clock.forward(minutes=61)
    drain(vault)
    data = receiver.requests[2].event["data"]
    assert (data["count"], data["held_back"], data["contact_points"]) == (4, 4, 4)


def test_a_sink_that_is_down_gets_everything_once_it_is_up(
    wired: Vault, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers(500)
    delivered(wired)
    drain(wired)
    assert states(wired) == {"waiting": 1}
    (alert,) = wired.alerts.list()
    assert (alert.failure, alert.attempts) == ("500", 1)
    assert alert.due_at == clock.now + timedelta(seconds=5)
    receiver.answers(204)
    clock.forward(seconds=5)
    drain(wired)
    assert states(wired) == {"sent": 1}
    assert len(set(receiver.ids)) == 1
    assert len(receiver.ids) == 2


def test_a_busy_receiver_is_asked_again_when_it_said(
    wired: Vault, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers(503, retry_after="1800")
    delivered(wired)
    drain(wired)
    (alert,) = wired.alerts.list()
    assert alert.due_at == clock.now + timedelta(minutes=30)
    clock.forward(minutes=29)
    assert drain(wired) == 0


def test_after_the_schedule_an_alert_is_given_up_and_can_be_put_back(
    wired: Vault, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers(500)
    delivered(wired)
    settled(wired, clock)
    (alert,) = wired.alerts.list()
    assert (alert.state, alert.attempts, alert.failure) == ("dead", 10, "500")
    assert clock.now - alert.made_at > timedelta(hours=75)
    receiver.answers(200)
    assert [back.id for back in wired.alerts.retry([alert.id or ""])] == [alert.id]
    drain(wired)
    assert states(wired) == {"sent": 1}
    assert set(receiver.ids) == {alert.id}


def test_only_what_was_given_up_can_be_put_back(wired: Vault) -> None:
    delivered(wired)
    drain(wired)
    with pytest.raises(InvalidInput):
        wired.alerts.retry([wired.alerts.list()[0].id or ""])
    with pytest.raises(NotFound):
        wired.alerts.retry(["alr_unknown"])
    assert wired.alerts.retry() == []


def test_a_receiver_that_is_gone_is_asked_no_more_until_told_to(
    wired: Vault, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers(410)
    delivered(wired)
    drain(wired)
    clock.forward(seconds=1)
    delivered(wired, 1, message_id="m2")
    drain(wired)
    assert len(receiver.requests) == 1
    found = [(alert.state, alert.failure) for alert in wired.alerts.list()]
    assert found == [("dead", "410"), ("dead", "disabled")]
    assert wired.alerts.health().gone == {"desk"}
    receiver.answers(204)
    wired.alerts.retry()
    drain(wired)
    assert states(wired) == {"sent": 2}
    assert wired.alerts.health().gone == frozenset()


def test_a_failing_sink_is_announced_on_another_once_and_its_recovery(
    doubly: Vault, receiver: Receiver, other: Receiver, clock: Clock
) -> None:
    receiver.answers(500)
    for number in range(3):
        delivered(doubly, number, message_id=f"m{number}")
        drain(doubly)
        drain(doubly, "room")
    for _n in range(12):
        clock.forward(minutes=30)
        drain(doubly)
        drain(doubly, "room")
    told = [request.event for request in other.requests if "alert." in request.event["type"]]
    assert [event["type"] for event in told] == ["alert.sink_failing"]
    assert told[0]["data"]["notices"] == [{"subject": "desk", "failure": "500"}]
    receiver.answers(204)
    clock.forward(days=1)
    drain(doubly)
    drain(doubly, "room")
    assert other.types.count("alert.sink_recovered") == 1
    assert "alert" not in " ".join(receiver.types)


def test_one_sinks_failure_holds_up_no_other(
    doubly: Vault, receiver: Receiver, other: Receiver
) -> None:
    receiver.gate.clear()
    delivered(doubly)
    drain(doubly, "room")
    assert len(other.requests) == 1


def test_a_notice_to_all_sinks_is_told_to_all(
    doubly: Vault, receiver: Receiver, other: Receiver
) -> None:
    with doubly.store.write() as tx:
        outbox.tell(
            tx,
            doubly.settings.alerts,
            kind="drill.overdue",
            subject="cp_1",
            data={"state": "deaf"},
        )
    drain(doubly)
    drain(doubly, "room")
    for found in (receiver, other):
        assert found.types == ["drill.overdue"]
        notices = found.requests[0].event["data"]["notices"]
        assert notices == [{"subject": "cp_1", "state": "deaf"}]


def test_a_contact_that_is_not_stored_is_not_told(wired: Vault) -> None:
    received = delivered(wired, at_once=False)

    def record_and_fail() -> None:
        with wired.store.write() as tx:
            record_batch(tx, [received], sinks={"desk": frozenset(Disposition)})
            raise InterruptedError

    with pytest.raises(InterruptedError):
        record_and_fail()
    assert drain(wired) == 0


def test_a_worker_that_died_after_sending_leaves_a_repeat_with_the_same_id(
    wired: Vault, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered(wired)
    courier = couriers(wired)["desk"]

    class Killed(BaseException):
        pass

    def die(*_arguments: object) -> None:
        raise Killed

    # Stands for a power cut.
    monkeypatch.setattr(courier, "_settle", die)
    with pytest.raises(Killed):
        courier.step()
    assert drain(wired) == 0
    clock.now += worker.LEASE
    drain(wired)
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    assert states(wired) == {"sent": 1}


def test_a_worker_whose_lease_ran_out_undoes_nothing(wired: Vault, clock: Clock) -> None:
    delivered(wired)
    courier = couriers(wired)["desk"]
    with wired.store.claim() as tx:
        worker.gather(tx, courier._sink)
        slow = alerts.claim(tx, "desk", lease=worker.LEASE)
    assert slow is not None
    clock.now += worker.LEASE
    drain(wired)
    with wired.store.claim() as tx:
        assert not alerts.failed(tx, slow, failure="timeout", again_at=None)
        assert not alerts.sent(tx, slow)
    assert states(wired) == {"sent": 1}


def test_no_url_and_no_secret_is_in_the_store_or_the_log(
    wired: Vault, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    receiver.answers(500)
    delivered(wired)
    drain(wired)
    assert "500" in caplog.text
    with wired.store.read() as tx:
        stored = repr(tx.execute("SELECT * FROM alerts") + tx.execute("SELECT * FROM outbox"))
    assert "127.0.0.1" not in stored
    for text in (caplog.text, stored):
        assert "hidden" not in text
        assert "/alerts" not in text


def test_what_cannot_be_opened_is_tried_like_what_cannot_be_sent(
    wired: Vault, receiver: Receiver
) -> None:
    delivered(wired)
    with wired.store.write() as tx:
        tx.execute("UPDATE outbox SET sealed = {}", b"\x00broken" * 20)
    drain(wired)
    (alert,) = wired.alerts.list()
    assert (alert.state, alert.failure, receiver.requests) == ("waiting", "unreadable", [])


def test_alerts_survive_new_keys(wired: Vault, receiver: Receiver) -> None:
    delivered(wired)
    wired.rekey()
    drain(wired)
    assert receiver.types == ["contact.received"]


def test_what_was_sent_long_ago_is_forgotten_and_nothing_else(
    wired: Vault, receiver: Receiver, clock: Clock
) -> None:
    delivered(wired)
    drain(wired)
    clock.forward(days=100)
    delivered(wired, 1, message_id="m2")
    with wired.store.write() as tx:
        alerts.forget(tx, before=tx.now - timedelta(days=30))
    assert states(wired) == {"held": 1}
    assert rows_and_their_alerts(wired) == (1, 0)


def test_a_test_message_says_per_sink_what_happened(
    doubly: Vault, receiver: Receiver, other: Receiver
) -> None:
    receiver.answers(404)
    found = {tested.sink: (tested.sent, tested.failure) for tested in doubly.alerts.test()}
    assert found == {"desk": (False, "404"), "room": (True, None)}
    assert other.types == ["alert.test"]
    with pytest.raises(NotFound):
        doubly.alerts.test("rom")


def test_people_read_it_in_their_language(wired: Vault, receiver: Receiver) -> None:
    told = [Told("cp_1", START, put_off=False, data={"medium": "sms", "contact_id": "con_1"})]
    use("zh_CN")
    message = wording.compose("alr_1", CONTACT, told)
    assert message.data["medium"] == "sms"
    use("en")
    english = wording.compose("alr_1", CONTACT, told)
    assert "`honeytoken contacts show con_1`" in english.text
    bare = wording.compose("alr_1", CONTACT, [Told(None, START, put_off=False, data={})])
    assert "Project-Id-Version" not in bare.title


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "`cp_1` (state: deaf, last heard: 2026-03-01T08:00:00Z)."),
        ("zh_CN", "`cp_1`（状态：不通、最近收到：2026-03-01T08:00:00Z）。"),
    ],
)
def test_a_notice_is_told_in_words_and_its_id_can_be_copied(language: str, shown: str) -> None:
    data = {"state": "deaf", "heard_at": "2026-03-01T08:00:00.123456+00:00"}
    use(language)
    message = wording.compose(
        "alr_1", "drill.overdue", [Told("cp_1", START, put_off=False, data=data)]
    )
    use("en")
    assert message.text.splitlines()[0] == shown
    assert message.data["notices"][0]["state"] == "deaf"


@pytest.mark.parametrize(
    ("subject", "data", "shown"),
    [
        ("room_2", {"failure": "503"}, "`room_2` (failure: 503)."),
        ("old_phone Pixel", {"heard_at": None}, "`old_phone` `Pixel`"),
        ("phone <!channel> @all", {}, "`phone` ＜！channel＞ ＠all"),
        ("phone `x`](https://evil.example)", {}, "`phone` ｀x｀］（https：//evil［.］example）"),
        (None, {"new": "a_b <!here>"}, "`-` (new: a＿b ＜！here＞)."),
    ],
)
def test_only_what_a_stranger_may_have_written_is_made_harmless(
    subject: str | None, data: dict[str, object], shown: str
) -> None:
    told = [Told(subject, START, put_off=False, data=data)]
    message = wording.compose("alr_1", "forwarder.silent", told)
    assert message.text.splitlines()[0] == shown


datas = st.fixed_dictionaries(
    {"contact_id": st.text(max_size=40), "contact_point_id": st.none() | st.text(max_size=40)},
    optional={
        "medium": st.sampled_from(["call", "sms"]),
        "disposition": st.just("unsolicited"),
        "canary_ids": st.lists(st.text(max_size=40), max_size=30),
        "note": st.text(max_size=60_000),
    },
)


@given(
    data=st.lists(datas, min_size=1, max_size=60),
    kind=st.sampled_from([CONTACT, "drill.overdue", "alert.sink_failing", "new.kind"]),
    put_off=st.booleans(),
)
def test_every_message_is_readable_and_fits(
    data: list[dict[str, object]], kind: str, put_off: bool
) -> None:
    told = [Told(f"cp_{n}", START, put_off=put_off, data=item) for n, item in enumerate(data)]
    message = wording.compose("alr_1", kind, told)
    assert len(message.body(START)) <= wording.MAX_BODY_BYTES
    assert message.title
    assert "\n" not in message.title
    if kind != CONTACT or len(told) > 1 or put_off:
        assert message.data["count"] == len(told)
        assert message.data["held_back"] == (len(told) if put_off else 0)


def test_a_hostile_sender_is_harmless_in_the_text_of_a_room_that_asked(
    vault_with: Opener, receiver: Receiver
) -> None:
    vault = vault_with(table(receiver, reveal=True))
    delivered(vault, text="<!channel> [x](https://evil.example) @everyone")
    contact = vault.contacts.list()[0]
    told = [Told("cp_1", START, put_off=False, data={"contact_id": contact.id})]
    message = wording.compose("alr_1", CONTACT, told, revealed=contact)
    assert "＜！channel＞" in message.text
    for trick in ("<!", "@everyone", "](", "://"):
        assert trick not in message.text


def test_foreign_code_verifies_a_real_alert(wired: Vault, receiver: Receiver) -> None:
    delivered(wired)
    # Foreign code looks at the real clock.
    wired.store.clock = lambda: datetime.now(UTC)
    drain(wired)
    assert verified(receiver.requests[0])["type"] == "contact.received"
    assert verified(receiver.requests[0], foreign="svix")["type"] == "contact.received"

"""Erasing: what goes, what remains, and that nobody is accused more for it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from honeytoken import Vault
from honeytoken.contacts import Received
from honeytoken.errors import (
    HoneytokenError,
    InvalidIdentifier,
    InvalidInput,
    NotFound,
    Refused,
)
from honeytoken.gateways import Delivery
from honeytoken.models import Authenticity, Disposition, Medium
from honeytoken.store import contacts, schema
from honeytoken.store import events as raw_events
from tests.conftest import Clock, furnish

LOAN = "a cheap loan is waiting for you, call us today"
WIN = "you have won a prize, claim it before midnight"


def sms(
    vault: Vault, recipient: str | None, sender: str, body: str = LOAN, *, region: str = "GB"
) -> str:
    """Let a message arrive; return the contact's id."""
    at = vault.clock()
    delivery = Delivery(
        gateway="phone",
        delivery_id=f"{at.isoformat()} {sender} {recipient}",
        medium=Medium.SMS,
        authenticity=Authenticity.BODY,
        sender=sender,
        recipient=recipient,
        text=body,
        sent_at=at,
    )
    raw = f"raw {sender} {body}".encode()
    received = Received(delivery=delivery, region=region, received_at=at, headers={}, body=raw)
    (recorded,) = vault.contacts.record([received])
    assert recorded.contact_id
    return recorded.contact_id


def leak(vault: Vault, clock: Clock) -> list[str]:
    """Plant with two channels and let several campaigns reach what one of them got."""
    furnish(vault, capacity=1)
    vault.channels.add("southbound", kind="courier")
    numbers = []
    for n, canary in enumerate(vault.mint_many(8, locale="en-GB")):
        vault.place(canary, "southbound" if n % 2 else "northbound", confirmed=True)
        numbers.append(canary.identity.phone_number)
    clock.forward(days=20)
    found = []
    # One text from many senders, one sender with many texts, and some who stand alone.
    for n, to in enumerate(numbers[::2]):
        clock.forward(hours=1)
        found.append(sms(vault, to, f"+4477009001{n:02d}", LOAN))
        clock.forward(hours=1)
        found.append(sms(vault, to, "+447700900200", f"offer {'abcdefgh'[n] * 12} for you"))
    clock.forward(hours=1)
    found.append(sms(vault, numbers[0], "+447700900200", WIN))
    clock.forward(hours=1)
    found.append(sms(vault, numbers[1], "+447700900301", WIN))
    clock.forward(hours=1)
    found.append(sms(vault, numbers[2], "+447700900302", "hello again, is this still your number"))
    clock.forward(days=1)
    return found


def rows(vault: Vault, sql: str) -> list[tuple[Any, ...]]:
    with vault.store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def run(vault: Vault, sql: str) -> None:
    with vault.store.engine.begin() as connection:
        connection.execute(text(sql))


def test_an_erased_contact_says_when_and_where_and_nothing_else(both: Vault, clock: Clock) -> None:
    leak(both, clock)
    before = both.contacts.list()[0]
    both.contacts.note(before.id, asked_for="Emma", text="rang twice")
    done = both.purge.erase([before.id])
    assert (done.contacts, done.events, done.scrubbed) == (1, 1, True)
    after = both.contacts.get(before.id)
    assert after.erased
    said = (after.sender, after.recipient, after.subject, after.body, after.notes)
    assert said == (None, None, None, None, ())
    assert after.facts == type(after.facts)()
    kept = ("medium", "received_at", "sent_at", "contact_point_id", "disposition", "authenticity")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert both.contacts.events(before.id) == []
    assert both.ledger.verify() == both.ledger.head().seq


def test_what_is_sealed_of_an_erased_contact_holds_no_digest_of_sender_or_text(
    both: Vault, clock: Clock
) -> None:
    ids = leak(both, clock)
    both.purge.erase(ids)
    with both.store.read() as tx:
        for new in contacts.get_many(tx, ids):
            assert (new.sender_digest, new.text_digest, new.fold_digest) == (None, None, None)
            assert new.candidates
    assert rows(both, "SELECT DISTINCT sealed_key FROM contacts") == [(b"",)]
    assert rows(both, "SELECT DISTINCT sealed FROM events") == [(b"",)]


@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_a_trace_says_the_same_whoever_was_erased(both: Vault, clock: Clock, step: int) -> None:
    ids = leak(both, clock)
    before, evidence = both.trace(), both.evidence()
    assert len({s.campaign_id for s in evidence.sightings}) < len(evidence.sightings)
    for first in range(step):
        both.purge.erase(ids[first::step])
        after = both.trace()
        assert after.attributions == before.attributions
        assert both.evidence().sightings == evidence.sightings
    assert both.ledger.verify()


def test_two_senders_of_one_text_stay_one_campaign_when_one_is_erased(
    both: Vault, clock: Clock
) -> None:
    leak(both, clock)
    campaigns = {s.origin: s.campaign_id for s in both.evidence().sightings}
    chosen = both.purge.about(phone_number="+447700900101")
    assert len(chosen.contact_ids) == 1
    both.purge.erase(chosen.contact_ids)
    assert {s.origin: s.campaign_id for s in both.evidence().sightings} == campaigns


def test_erasing_again_changes_nothing(both: Vault, clock: Clock) -> None:
    ids = leak(both, clock)
    both.purge.erase(ids[:3])
    head, stored = both.ledger.head(), rows(both, "SELECT sealed FROM contacts ORDER BY id")
    again = both.purge.erase(ids[:3])
    assert (again.contacts, again.events) == (0, 0)
    assert both.ledger.head() == head
    assert rows(both, "SELECT sealed FROM contacts ORDER BY id") == stored


def test_an_entry_about_an_erasure_names_ids_and_nobody(both: Vault, clock: Clock) -> None:
    ids = leak(both, clock)
    both.purge.erase(ids[:1])
    entry = both.ledger.entries(newest=1)[0]
    (event,) = rows(both, f"SELECT id FROM events WHERE contact_id = '{ids[0]}'")
    assert (entry.action, entry.subjects) == ("erase", (ids[0], event[0]))


def test_what_the_master_itself_sealed_before_schema_2_is_erased_as_well(
    both: Vault, clock: Clock
) -> None:
    ids = leak(both, clock)
    table, events = schema.contacts, schema.events
    with both.store.write() as tx:  # as schema 0001 left it
        for row in tx.connection.execute(select(table)).all():
            plain = contacts.opened(tx, row)
            raw = raw_events.opened(
                tx,
                tx.connection.execute(select(events.c.id).where(events.c.contact_id == row.id))
                .scalars()
                .all(),
            )
            for event_id, body in raw.items():
                sealed = tx.sealer.seal(body or b"", table="events", column="sealed", row=event_id)
                tx.connection.execute(
                    update(events).where(events.c.id == event_id).values(sealed=sealed)
                )
            sealed = tx.sealer.seal(plain, table="contacts", column="sealed", row=row.id)
            tx.connection.execute(
                update(table).where(table.c.id == row.id).values(sealed_key=None, sealed=sealed)
            )
    assert both.ledger.verify()
    before = both.trace().attributions
    assert both.purge.erase(ids[:4]).contacts == 4
    assert both.contacts.get(ids[0]).body is None
    assert both.trace().attributions == before
    assert both.ledger.verify()


def test_a_repeat_of_an_erased_delivery_does_not_bring_it_back(both: Vault, clock: Clock) -> None:
    furnish(both)
    first = sms(both, "+447700900001", "+447700900200")
    both.purge.erase([first])
    assert sms(both, "+447700900001", "+447700900200") == first
    assert both.contacts.get(first).body is None


def test_nothing_is_written_down_about_an_erased_contact(both: Vault, clock: Clock) -> None:
    ids = leak(both, clock)
    both.purge.erase(ids[:1])
    with pytest.raises(Refused, match="was erased"):
        both.contacts.note(ids[0], text="it was Emma")
    assert both.contacts.classify(ids[0], "ambiguous").erased
    assert both.contacts.get(ids[0]).erased
    assert both.ledger.verify()


def test_rekey_reindex_and_a_backup_leave_erased_contacts_erased_and_grouped(
    both: Vault, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = leak(both, clock)
    both.purge.erase(ids[::2])
    before = both.evidence().sightings
    both.rekey()
    both.forget_old_masters()
    both.reindex()
    assert both.evidence().sightings == before
    assert both.ledger.verify()
    file = io.StringIO()
    both.export(file)
    monkeypatch.setenv("HONEYTOKEN_KEYS", both.store.keys.keyring.to_text())
    with Vault.create(tmp_path / "copy", mode="test", clock=clock) as copy:
        file.seek(0)
        copy.import_(file)
        assert copy.evidence().sightings == before
        assert copy.ledger.verify()


# What the files hold afterwards


def test_no_file_of_a_sqlite_store_holds_what_was_erased(vault: Vault, clock: Clock) -> None:
    ids = leak(vault, clock)
    kept, gone = ids[::2], ids[1::2]
    older: list[bytes] = []
    for contact_id in gone:
        for note in ("short", "long " * 500):  # each is sealed anew, and rows change their size
            older += _sealed(vault, contact_id)
            vault.contacts.note(contact_id, text=note)
        vault.contacts.classify(contact_id, "ambiguous")
        older += _sealed(vault, contact_id)
    remaining = [value for contact_id in kept for value in _sealed(vault, contact_id)]
    assert vault.purge.erase(gone).scrubbed
    files = [path.read_bytes() for path in vault.folder.glob("honeytoken.db*")]
    assert not any(value in content for value in older for content in files)
    assert all(any(value in content for content in files) for value in remaining)


def _sealed(vault: Vault, contact_id: str) -> list[bytes]:
    sql = (
        "SELECT c.sealed_key, c.sealed, e.sealed FROM contacts c"
        f" JOIN events e ON e.contact_id = c.id WHERE c.id = '{contact_id}'"
    )
    # A long value goes on in pages of its own: its beginning stands in one piece.
    return [bytes(value)[:64] for row in rows(vault, sql) for value in row]


def test_a_reader_that_keeps_old_pages_alive_is_told_of(vault: Vault, clock: Clock) -> None:
    ids = leak(vault, clock)
    with vault.store.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM contacts").all()
        assert not vault.purge.erase(ids[:2], rewrite_up_to=0).scrubbed
    # Nothing is left to erase, yet the files are cleaned.
    assert vault.purge.erase(ids[:2], rewrite_up_to=0).scrubbed


def test_dead_rows_are_vacuumed_in_postgresql(
    postgres_url: str, tmp_path: Path, clock: Clock
) -> None:
    with Vault.create(tmp_path / "v", mode="test", url=postgres_url, clock=clock) as vault:
        vault.purge.erase(leak(vault, clock))
        run(vault, "SELECT pg_stat_force_next_flush()")
        dead = rows(
            vault,
            "SELECT relname, last_vacuum IS NOT NULL FROM pg_stat_user_tables"
            " WHERE relname IN ('contacts', 'events', 'ledger')",
        )
        assert sorted(dead) == [("contacts", True), ("events", True), ("ledger", True)]


# Stopped half-way

ERASE = (
    "import sys; from honeytoken import Vault\n"
    "from honeytoken.store import erasing\n"
    "erasing.CHUNK = 5\n"
    "with Vault.open(sys.argv[1]) as vault:\n"
    "    ids = [c.id for c in vault.contacts.list()][::2]\n"
    "    print('go', flush=True)\n"
    "    vault.purge.erase(ids, progress=lambda done, every: print(done, flush=True))\n"
)


def test_a_killed_erasure_leaves_each_contact_whole_or_erased_and_goes_on(
    both: Vault, clock: Clock
) -> None:
    furnish(both)
    for n in range(300):
        clock.forward(minutes=1)
        sms(both, "+447700900001", f"+4477009{n % 40:05d}", LOAN if n % 3 else WIN)
    evidence, bodies = both.evidence(), {c.id: c.body for c in both.contacts.list()}
    process = subprocess.Popen(
        [sys.executable, "-c", ERASE, str(both.folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    with process.stdout as output:
        while output.readline().strip() not in ("40", ""):
            pass
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    process.wait()
    found = both.contacts.list()
    erased = [contact for contact in found if contact.erased]
    assert 40 <= len(erased) < 150
    for contact in found:
        events = both.contacts.events(contact.id)
        assert (contact.body, len(events)) == (
            (None, 0) if contact.erased else (bodies[contact.id], 1)
        )
    assert both.ledger.verify()
    assert both.evidence().sightings == evidence.sightings
    left = both.purge.erase([c.id for c in found][::2])
    assert len(erased) + left.contacts == 150
    assert left.scrubbed
    assert both.evidence().sightings == evidence.sightings
    assert both.ledger.verify()


def test_the_listener_gets_in_between_two_chunks(both: Vault, clock: Clock) -> None:
    ids = leak(both, clock)
    arrived: list[str] = []

    def deliver(done: int, _total: int) -> None:
        clock.forward(seconds=1)
        arrived.append(sms(both, "+447700900001", f"+4477009005{done:02d}"))

    both.purge.erase(ids, progress=deliver)
    assert arrived
    assert not any(both.contacts.get(contact_id).erased for contact_id in arrived)
    assert both.ledger.verify()


# Whose


@pytest.mark.parametrize("typed", ["+447700900200", "07700 900200", "0044 7700-900200"])
def test_a_number_is_found_however_it_is_written(both: Vault, clock: Clock, typed: str) -> None:
    leak(both, clock)
    clock.forward(hours=1)
    home = sms(both, "+447700900001", "07700 900200", "in the notation of the country")
    abroad = sms(both, "+447700900001", "07700-900200", "read in another one", region="CN")
    chosen = both.purge.about(phone_number=typed, region="GB")
    assert len(chosen.contact_ids) == 6
    assert home in chosen.contact_ids
    assert sum(chosen.by_disposition.values()) == 6
    # Taken for a Chinese number when it was heard: a person has to look.
    assert chosen.mentioning == (abroad,)
    assert chosen.by_disposition[Disposition.UNSOLICITED] >= 5


def test_what_others_say_of_a_number_stays_unless_asked_for(both: Vault, clock: Clock) -> None:
    leak(both, clock)
    clock.forward(hours=1)
    texted = sms(both, "+447700900001", "+447700900777", "ring Emma on 07700 900 200 please")
    clock.forward(hours=1)
    sms(both, "+447700900001", "+447700900778", "order 07700 900 2005 is on its way")
    clock.forward(hours=1)
    noted = sms(both, "+447700900001", "+447700900779", "nothing about anybody")
    both.contacts.note(noted, call_back="0044 7700 900200")
    chosen = both.purge.about(phone_number="+447700900200")
    assert chosen.mentioning == tuple(sorted([texted, noted]))
    every = both.purge.about(phone_number="+447700900200", mentioned=True)
    assert set(every.contact_ids) == {*chosen.contact_ids, texted, noted}
    both.purge.erase(chosen.contact_ids)
    assert both.contacts.get(texted).body
    assert both.purge.about(phone_number="+447700900200").contact_ids == ()


def test_an_email_is_found_as_sender_and_in_texts(both: Vault, clock: Clock) -> None:
    furnish(both)
    canary = both.mint(locale="en-GB", requires=["email"])
    both.place(canary, "northbound", confirmed=True)
    sent = both.contacts.add(medium="email", canary=canary, sender="Emma@Post.Example", body="hi")
    both.contacts.add(medium="email", canary=canary, body="write to emma@post.example, soon")
    both.contacts.add(medium="email", canary=canary, body="write to xemma@post.example.org")
    chosen = both.purge.about(email="emma@post.example")
    assert chosen.contact_ids == (sent.id,)
    assert len(chosen.mentioning) == 1


def test_who_is_to_be_erased_must_be_said(vault: Vault) -> None:
    with pytest.raises(InvalidInput):
        vault.purge.about()
    with pytest.raises(InvalidInput):
        vault.purge.about(phone_number="+447700900200", email="emma@post.example")
    for nobody in ("", "unknown", "  "):
        with pytest.raises(InvalidIdentifier):
            vault.purge.about(phone_number=nobody)
    with pytest.raises(InvalidIdentifier):
        vault.purge.about(email="no address")
    with pytest.raises(NotFound):
        vault.purge.named(["con_nothing"])


# Tampering with what is left


TAMPERINGS = [
    "UPDATE events SET gateway = 'another' WHERE contact_id = '{erased}'",
    "UPDATE events SET received_at = received_at + 1 WHERE contact_id = '{erased}'",
    "UPDATE events SET contact_id = '{held}' WHERE contact_id = '{erased}'",
    "UPDATE events SET sealed = '' WHERE contact_id = '{held}'",
    "DELETE FROM events WHERE contact_id = '{erased}'",
    "UPDATE contacts SET disposition = 'expected' WHERE id = '{erased}'",
    "UPDATE contacts SET sealed = (SELECT sealed FROM contacts WHERE id = '{other}')"
    " WHERE id = '{erased}'",
]


@pytest.mark.parametrize("sql", TAMPERINGS)
def test_tampering_with_an_erased_contact_is_found(both: Vault, clock: Clock, sql: str) -> None:
    ids = leak(both, clock)
    both.purge.erase(ids[:2])
    assert both.ledger.verify()
    run(both, sql.format(erased=ids[0], other=ids[1], held=ids[2]))
    with pytest.raises(HoneytokenError):
        both.ledger.verify()


# Retention


def test_each_disposition_goes_when_its_days_are_over(both: Vault, clock: Clock) -> None:
    ids = leak(both, clock)
    words = ("unsolicited", "ambiguous", "unreviewed", "expected", "probe")
    for contact_id, word in zip(ids, words, strict=False):
        both.contacts.classify(contact_id, word)
    gone = {}
    for days in (29, 31, 179, 200, 364, 400, 4000):
        clock.now = both.contacts.list()[-1].received_at + timedelta(days=days)
        chosen = both.purge.expired()
        gone[days] = {word.value for word in chosen.by_disposition}
        both.purge.erase(chosen.contact_ids)
    assert gone[29] == set()
    assert gone[31] == {"probe"}
    assert gone[200] == {"expected"}
    assert gone[400] == {"ambiguous", "unreviewed"}
    assert gone[4000] == set()
    assert not both.contacts.get(ids[0]).erased


def test_what_is_older_goes_but_evidence_only_if_it_is_named(both: Vault, clock: Clock) -> None:
    ids = leak(both, clock)
    both.contacts.classify(ids[0], "expected")
    clock.forward(days=100)
    assert both.purge.older_than(timedelta(days=90)).contact_ids == (ids[0],)
    named = both.purge.older_than(timedelta(days=90), dispositions=["unsolicited"])
    assert len(named.contact_ids) == len(ids) - 1
    assert both.purge.older_than(clock() - timedelta(days=200)).contact_ids == ()
    with pytest.raises(InvalidInput, match="future"):
        both.purge.older_than(clock() + timedelta(days=1))


def test_a_listener_applies_retention_by_itself(both: Vault, clock: Clock) -> None:
    from honeytoken.purge import keeping

    ids = leak(both, clock)
    both.contacts.classify(ids[0], "probe")
    clock.forward(days=60)
    with keeping(both.purge, period_s=0.05):
        deadline = time.monotonic() + 30
        while not both.contacts.get(ids[0]).erased and time.monotonic() < deadline:
            time.sleep(0.01)
    assert both.contacts.get(ids[0]).erased
    assert not both.contacts.get(ids[1]).erased


def test_counts_of_years_ago_are_forgotten(both: Vault) -> None:
    run(both, "INSERT INTO delivery_counts VALUES ('phone', 'accepted', 10000, 3)")
    run(both, "INSERT INTO delivery_counts VALUES ('phone', 'accepted', 20500, 4)")
    both.purge.tidy()
    assert rows(both, "SELECT day FROM delivery_counts") == [(20500,)]

"""Campaigns stay what they were, whoever is erased, in whatever order, stopped wherever."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from honeytoken.purge.erasures import stand_ins
from honeytoken.store.erasing import Mark
from honeytoken.trace.campaigns import CampaignKey, group

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Book:
    """Contacts as the tracer sees them, erased as the store does it."""

    keys: dict[str, CampaignKey]

    def marks(self, name: str) -> tuple[Mark, ...]:
        key = self.keys[name]
        found: list[Mark] = []
        if key.sender_digest:
            found.append(("sender", key.sender_digest))
        if key.text_digest:
            found.append(("text", key.text_digest))
        return tuple(found)

    def erase(self, names: set[str], *, stop_after: int) -> None:
        wanted = sorted(name for name in names if self.marks(name))
        staying: dict[Mark, str] = {}
        for key in sorted(self.keys.values(), key=lambda k: (k.seen_at, k.sighting_id)):
            if key.sighting_id not in wanted:
                for mark in self.marks(key.sighting_id):
                    staying.setdefault(mark, key.sighting_id)
        named = stand_ins([(name, self.marks(name)) for name in wanted], staying)
        for name in wanted[:stop_after]:
            left = {kind: named.get((kind, digest)) for kind, digest in self.marks(name)}
            self.keys[name] = replace(
                self.keys[name],
                sender_digest=None,
                text_digest=None,
                same_sender_as=left.get("sender"),
                same_text_as=left.get("text"),
            )

    def campaigns(self, days: int) -> dict[str, str]:
        seen = [key for key in self.keys.values() if key.seen_at < START + timedelta(days=days)]
        return group(seen)


DIGESTS = st.one_of(st.none(), st.sampled_from([b"a", b"b", b"c"]))
CONTACTS = st.lists(st.tuples(st.integers(0, 9), DIGESTS, DIGESTS), min_size=2, max_size=9)
ERASURES = st.lists(st.tuples(st.sets(st.integers(0, 8)), st.integers(0, 4)), max_size=4)


@given(CONTACTS, ERASURES)
def test_no_erasure_changes_a_campaign_in_any_window(
    contacts: list[tuple[int, bytes | None, bytes | None]], erasures: list[tuple[set[int], int]]
) -> None:
    book = Book(
        {
            f"sig_{n}": CampaignKey(f"sig_{n}", START + timedelta(days=day), sender, text)
            for n, (day, sender, text) in enumerate(contacts)
        }
    )
    before = {days: book.campaigns(days) for days in range(1, 11)}
    for numbers, stop_after in erasures:
        names = {f"sig_{n}" for n in numbers if n < len(contacts)}
        book.erase(names, stop_after=stop_after)
        # Stopped, and then run to its end.
        assert book.campaigns(10) == before[10]
        book.erase(names, stop_after=len(names))
        for days, expected in before.items():
            assert book.campaigns(days) == expected


def test_what_nobody_shares_leaves_no_trace_of_itself() -> None:
    assert stand_ins([("con_1", [("sender", b"a"), ("text", b"t")])], {}) == {}


def test_the_last_one_that_goes_stands_for_a_mark_that_nobody_keeps() -> None:
    doomed: list[tuple[str, list[Mark]]] = [("con_1", [("sender", b"a")])]
    doomed.append(("con_2", [("sender", b"a")]))
    assert stand_ins(doomed, {}) == {("sender", b"a"): "con_2"}
    assert stand_ins(doomed, {("sender", b"a"): "con_0"}) == {("sender", b"a"): "con_0"}

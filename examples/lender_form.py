"""A journalist tests a loan app: fill its form as made-up people, note who rings, trace.

Runs as it is: `python examples/lender_form.py`. The vault is in test mode, its numbers are reserved
for fiction, and a clock that jumps stands for the weeks of waiting.
"""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from honeytoken import NewPoint, Vault
from honeytoken.documents import row
from honeytoken.models import ContactNote, DocumentKind
from honeytoken.trace import summary

#: What the app shows when one agrees; the digest says later what was agreed to.
PARTNER_LIST = "QuickLend shares your data with Partner One Ltd and Partner Two Ltd."


class Clock:
    """The present time of the example."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) - timedelta(days=60)

    def __call__(self) -> datetime:
        """Return it, aware UTC."""
        return self.now


def main() -> None:
    """Fill two lenders' forms, wait, note the callers, trace."""
    clock = Clock()
    with (
        tempfile.TemporaryDirectory() as folder,
        Vault.create(Path(folder) / "vault", mode="test", clock=clock) as vault,
    ):
        # In life, the numbers of SIM cards one holds. Thirty are controls: given to nobody, ever.
        vault.pool.add_many(
            NewPoint("phone_number", f"+447700900{n}", "GB", "test", capacity=1)
            for n in range(100, 150)
        )
        vault.pool.reserve_controls(count=30)
        for name in ("quicklend", "slowlend"):
            vault.channels.add(name, kind="lender")
        clock.now += timedelta(days=1)

        # One form, one person. Placed before the form is sent, confirmed when it was.
        given = {}
        for name in ("quicklend", "slowlend"):
            given[name] = list(vault.mint_many(5, locale="en-GB", channel=name))
            for person in given[name]:
                placed = vault.place(
                    person,
                    name,
                    document="loan_form",
                    consent=hashlib.sha256(PARTNER_LIST.encode()).hexdigest(),
                    permission="unlisted",
                )
                clock.now += timedelta(minutes=20)
                vault.confirm([placement.id for placement in placed])
        form = row(DocumentKind.LOAN_FORM, given["quicklend"][0], language="en")
        print("The form asks for:", ", ".join(header for header, cell in form.items() if cell))

        # Three weeks later strangers ring three of the five. Write down what they said.
        callers = ((21, "+447700900901"), (2, "+447700900902"), (9, "+447700900903"))
        for (days, caller), person in zip(callers, given["quicklend"], strict=False):
            clock.now += timedelta(days=days)
            vault.contacts.add(
                medium="call",
                canary=person,
                sender=caller,
                confirmed_by="phone log",
                note=ContactNote(
                    at=clock.now,
                    claimed_to_be="a loan broker",
                    asked_for=person.identity.name,
                    data_from="would not say",
                ),
            )
        clock.now += timedelta(days=1)

        trace = vault.trace()
        for line in trace.attributions:
            print(f"{', '.join(line.channel_ids)}: {line.verdict}")
        names = {channel.id: channel.name for channel in vault.channels.list()}
        print(*summary(trace, names), sep="\n")


if __name__ == "__main__":
    main()

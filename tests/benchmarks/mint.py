"""Minting and storing 100,000 sealed, indexed canaries, beside Faker making as many rows.

Faker only generates (name, phone number, address, e-mail in zh_CN); we draw, tie to contact points,
seal, index, chain into the ledger and commit with ``synchronous=FULL``. Each side runs in a process
of its own, in turns.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .report import in_turns, line

COUNT = 100_000
#: Faker's rate does not depend on how many rows were made before.
FAKER_COUNT = 20_000
ROUNDS = 3


def _peak_megabytes() -> float:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def ours() -> None:
    """Mint in this process; print rate and peak memory."""
    from honeytoken import Address, NewPoint, Vault

    with (
        tempfile.TemporaryDirectory() as folder,
        Vault.create(Path(folder) / "vault", mode="test") as vault,
    ):
        vault.pool.add_many(
            [
                NewPoint("phone_number", f"+86154{n:08d}", "CN", "test", capacity=20)
                for n in range(COUNT // 10)
            ]
        )
        vault.pool.add_many(
            [NewPoint("email_domain", f"mail{n}.shop.example", "CN") for n in range(5)]
        )
        for n in range(1, 201):
            street, city = f"文三路{n}号", "杭州市西湖区"
            whole = f"浙江省{city}{street}"
            base = Address(whole, street, city, "浙江省", "310000", "CN")
            vault.pool.add("address", whole, region="CN", address=base)
        start = time.perf_counter()
        made = sum(1 for _canary in vault.mint_many(COUNT))
        seconds = time.perf_counter() - start
    print(made / seconds, _peak_megabytes())  # noqa: T201


def faker() -> None:
    """Let Faker generate in this process; print its rate."""
    from faker import Faker

    fake = Faker("zh_CN")
    start = time.perf_counter()
    for _row in range(FAKER_COUNT):
        fake.name(), fake.phone_number(), fake.address(), fake.email()
    print(FAKER_COUNT / (time.perf_counter() - start), 0)  # noqa: T201


def _measured(side: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", f"from tests.benchmarks.mint import {side}; {side}()"],
        check=True,
        capture_output=True,
        text=True,
    )
    rate, peak = done.stdout.split()
    return float(rate), float(peak)


def run() -> None:
    """Print both rates, their ratio, and our peak memory."""
    peaks = []

    def mint() -> float:
        rate, peak = _measured("ours")
        peaks.append(peak)
        return rate

    mine, theirs = in_turns(mint, lambda: _measured("faker")[0], rounds=ROUNDS)
    line(f"mint and store {COUNT:,} canaries", f"{mine:,.0f} /s", ratio=mine / theirs, aim=">= 3")
    line("Faker, generate only, beside it", f"{theirs:,.0f} /s")
    line("peak memory while minting", f"{max(peaks):.0f} MB", aim="under 300 MB")

"""kill -9 under load: what was acknowledged is there, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # no stubs

from honeytoken import Vault
from tests.conftest import Clock
from tests.listen.test_listener import TOKEN, URL, opened, sms

LISTEN = (
    "import sys; from honeytoken import Vault, service\n"
    "with Vault.open(sys.argv[1]) as vault:\n"
    "    service.serve(vault, port=0, on_ready=lambda url: print(url, flush=True))\n"
)


@contextmanager
def _started(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a listener of its own; it is gone when the block ends, however it ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", LISTEN, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    with process.stdout as output:
        try:
            yield process, output.readline().strip()
        finally:
            process.kill()
            process.wait()


def _post(url: str, sid: str) -> int:
    form = sms("+447700900001", sid)
    signature = RequestValidator(TOKEN).compute_signature(URL, form)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature,
    }
    try:
        answer = httpx.post(
            f"{url}/hooks/twilio", content=urlencode(form), headers=headers, trust_env=False
        )
    except httpx.TransportError:
        return 0
    return answer.status_code


def test_a_killed_listener_loses_nothing_it_acknowledged_and_invents_nothing(
    tmp_path: Path, store_url: str | None
) -> None:
    opened(tmp_path / "v", Clock(), store_url).close()
    sent: list[str] = []
    acknowledged: list[str] = []

    def work(url: str, worker: int) -> None:
        for n in range(10_000):
            sid = f"SM{worker:016x}{n:016x}"
            sent.append(sid)
            status = _post(url, sid)
            if status == 200:
                acknowledged.append(sid)
            if status == 0:
                return

    with _started(tmp_path / "v") as (process, url):
        threads = [threading.Thread(target=work, args=(url, worker)) for worker in range(4)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 20
        while len(acknowledged) < 50 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        for thread in threads:
            thread.join()
    assert acknowledged
    with Vault.open(tmp_path / "v") as vault:
        events = [vault.contacts.events(contact.id) for contact in vault.contacts.list()]
        stored = [event.delivery_id for found in events for event in found]
        assert vault.ledger.verify() == vault.ledger.head().seq
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored) <= set(sent)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_terminated_listener_drains_and_ends_well(tmp_path: Path) -> None:
    opened(tmp_path / "v", Clock()).close()
    with _started(tmp_path / "v") as (process, url):
        assert _post(url, "SM" + "1" * 32) == 200
        process.terminate()
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)
    with Vault.open(tmp_path / "v") as vault:
        assert len(vault.contacts.list()) == 1

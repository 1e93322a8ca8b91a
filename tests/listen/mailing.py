"""A vault that receives mail, and clients that send some."""

from __future__ import annotations

import smtplib
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from honeytoken import Canary, Vault
from tests.conftest import Clock, furnish

#: Code of a listener of its own, which a test can kill.
LISTEN = (
    "import sys; from honeytoken import Vault, service\n"
    "with Vault.open(sys.argv[1]) as vault:\n"
    "    service.serve(vault, port=0, on_ready=lambda url: print(url, flush=True))\n"
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def opened(folder: Path, clock: Clock, table: str, url: str | None = None) -> Vault:
    """Make a furnished vault with one gateway named ``mail``."""
    Vault.create(folder, mode="test", url=url, clock=clock).close()
    settings = folder / "honeytoken.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f'{text}\n[gateways.mail]\nregion = "GB"\n{table}\n', encoding="utf-8")
    vault = Vault.open(folder, clock=clock)
    furnish(vault)
    return vault


def planted(vault: Vault, clock: Clock, number: int = 1) -> list[Canary]:
    """Mint canaries with e-mails, and place them a day ago."""
    canaries = list(vault.mint_many(number, locale="en-GB", requires=["email"]))
    for canary in canaries:
        vault.place(canary, "northbound", confirmed=True)
    clock.forward(days=1)
    return canaries


def email_of(canary: Canary) -> str:
    assert canary.identity.email is not None
    return canary.identity.email


def message(to: str, text: str = "hello", **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Somebody <somebody@sender.example>"
    made["To"] = to
    made["Subject"] = "A loan"
    for name, value in headers.items():
        del made[name]
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def client(port: int) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", port, local_hostname="client.example", timeout=15)


def send(port: int, to: str, content: bytes, sender: str = "bounce@sender.example") -> int:
    """Send one mail to one recipient; return the last answer's code."""
    with client(port) as smtp:
        smtp.ehlo()
        smtp.mail(sender)
        code, _answer = smtp.rcpt(to)
        return code if code >= 300 else smtp.data(content)[0]


def certificate(folder: Path) -> ssl.SSLContext:
    """Write ``cert.pem`` and ``key.pem`` for localhost; return a context that trusts them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))

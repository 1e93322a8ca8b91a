"""Tell honeytoken of a contact from any program: a signed message to a Standard Webhooks gateway.

`send` uses nothing but Python's standard library and is short enough to write in any language: the
signature is base64 of HMAC-SHA-256 over "id.timestamp.body". Run as it is, `python
examples/send_contact.py` starts a listener on loopback in a temporary test vault and posts to it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import urllib.request


def send(url: str, secret: str, contact: dict[str, str], *, message_id: str) -> int:
    """Post one contact; return the HTTP status.

    Args:
        url: of the hook, ending in `/hooks/<name of the gateway>`.
        secret: `whsec_` and base64, the same as in honeytoken.toml.
        contact: `medium`, `to`, `from`, `subject`, `text`, `sent_at`; all of them are explained in
            docs/gateways/standard_webhooks.md.
        message_id: the same for every attempt at the same contact: a repeat then changes nothing.
    """
    body = json.dumps({"type": "contact.received", "data": contact}).encode()
    now = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{now}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    request = urllib.request.Request(  # noqa: S310  # the URL is the caller's own
        url,
        data=body,
        headers={
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": now,
            "webhook-signature": f"v1,{signature}",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return int(answer.status)


def main() -> None:
    """Send the same contact twice to a listener of our own: it is stored once."""
    import tempfile
    from pathlib import Path

    from honeytoken import Vault
    from honeytoken.service import running

    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    with tempfile.TemporaryDirectory() as folder:
        Vault.create(folder, mode="test").close()
        (Path(folder) / "desk.secret").write_text(secret, encoding="utf-8")
        with (Path(folder) / "honeytoken.toml").open("a", encoding="utf-8") as settings:
            settings.write(
                '[gateways.desk]\nkind = "standard_webhooks"\nregion = "GB"\n'
                'secret = "file:desk.secret"\n'
            )
        with Vault.open(folder) as vault, running(vault) as url:
            vault.pool.add("phone_number", "+447700900123", region="GB", role="test")
            call = {"medium": "call", "to": "07700 900123", "from": "+447700900901"}
            for _attempt in range(2):
                print("answer", send(f"{url}/hooks/desk", secret, call, message_id="call-1"))
            print("contacts", len(vault.contacts.list()))


if __name__ == "__main__":
    main()

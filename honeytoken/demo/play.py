"""Makes a story happen: a vault, a listener, signed requests, and a clock that jumps."""

from __future__ import annotations

import json
import os
import random as random_module
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx

from .. import service
from ..errors import AlreadyExists, StoreError
from ..gateways import smsforwarder, twilio
from ..messages import translate as _
from ..models import Canary, ContactPoint, ContactPointKind, Evidence, Medium, Trace
from ..plant import NewPlacement
from ..pool import NewPoint
from ..settings import FILE_NAME, TEST
from ..vault import Vault
from .story import (
    BRITISH,
    BRITISH_NUMBERS,
    CHINESE,
    CHINESE_NUMBERS,
    CONTROLS,
    DAYS,
    PARTIES,
    PER_CHANNEL,
    Happening,
    Story,
    write,
)

#: Called with (steps done, all steps, what is being done).
Progress = Callable[[int, int, str], None]

_HOOK_URL = "https://hooks.shop.example/hooks/twilio"
_LOCALES = {CHINESE: "zh-CN", BRITISH: "en-GB"}
_ANSWER_TIMEOUT_S = 20.0
#: Told between the steps, so that the bar does not stand still.
_REPORT_EVERY = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo did and what the tracer made of it."""

    folder: Path
    story: Story
    #: HTTP requests posted, and those the listener accepted.
    posted: int
    accepted: int
    contacts: int
    evidence: Evidence
    trace: Trace


class _Clock:
    """The time of the story; it only goes forward."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def go_to(self, at: datetime) -> None:
        self.now = max(self.now, at)


def run(folder: Path, *, seed: int, progress: Progress | None = None) -> Outcome:
    """Play the story of *seed* in a new vault in *folder*; it is left there to look at.

    Raises:
        AlreadyExists: there is a vault in the folder.
        StoreError: the listener did not accept what it should have.
    """
    report = progress or (lambda _done, _all, _what: None)
    story = write(seed)
    steps = 2 + len(story.plantings) + len(story.happenings)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS, minutes=1)
    clock = _Clock(start)
    report(0, steps, _("making a vault"))
    tokens = _make_vault(folder, clock)
    with Vault.open(folder, clock=clock) as vault:
        numbers = _furnish(vault)
        report(1, steps, _("minting canaries"))
        canaries = _mint(vault, story)
        report(2, steps, _("starting the listener"))
        with (
            service.running(vault) as url,
            httpx.Client(base_url=url, timeout=_ANSWER_TIMEOUT_S, trust_env=False) as client,
        ):
            caller = _Caller(client, tokens, clock, random_module.Random(seed))  # noqa: S311
            _live(vault, story, canaries, numbers, caller, report, steps)
        clock.go_to(start + timedelta(days=DAYS))
        evidence = vault.evidence(since=start)
        from ..trace import attribute

        return Outcome(
            folder=folder,
            story=story,
            posted=caller.posted,
            accepted=caller.accepted,
            contacts=len(vault.contacts.list()),
            evidence=evidence,
            trace=attribute(evidence),
        )


def _make_vault(folder: Path, clock: _Clock) -> Mapping[str, str]:
    """Make a test-mode vault with two gateways; return their secrets."""
    if (folder / FILE_NAME).exists():
        raise AlreadyExists(
            _("there is a vault in this folder already ({file}).").format(file=FILE_NAME),
            hint=_("Choose another folder with --folder, or remove this one."),
        )
    Vault.create(folder, mode=TEST, clock=clock).close()
    tokens = {name: secrets.token_hex(16) for name in ("twilio", "smsforwarder")}
    for name, token in tokens.items():
        handle = os.open(folder / f"{name}.secret", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(token)
    with (folder / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(
            f'\n[gateways.twilio]\nkind = "twilio"\nregion = "GB"\npublic_url = "{_HOOK_URL}"\n'
            'auth_token = "file:twilio.secret"\n'
            '\n[gateways.smsforwarder]\nkind = "smsforwarder"\nregion = "CN"\n'
            'secret = "file:smsforwarder.secret"\n'
        )
    return tokens


def _furnish(vault: Vault) -> list[ContactPoint]:
    """Add channels, contact points and controls; return the phone numbers in order."""
    for party in PARTIES:
        vault.channels.add(
            party.name,
            kind=party.kind,
            parent=party.parent,
            expected_senders=party.expected_senders,
        )
    kind, role = ContactPointKind.PHONE_NUMBER, "test"
    british = [
        NewPoint(kind, f"+447700900{n:03d}", BRITISH, role, gateway="twilio", capacity=2)
        for n in range(100, 100 + BRITISH_NUMBERS)
    ]
    chinese = [
        NewPoint(
            kind,
            f"+861540000{n:04d}",
            CHINESE,
            role,
            gateway="smsforwarder",
            device=f"phone-{n % 3 + 1}",
            capacity=2,
        )
        for n in range(CHINESE_NUMBERS)
    ]
    numbers = vault.pool.add_many([*chinese, *british])
    vault.pool.add(ContactPointKind.EMAIL_DOMAIN, "mail.shop.example", region=CHINESE)
    vault.pool.reserve_controls(count=CONTROLS)
    return numbers


def _mint(vault: Vault, story: Story) -> dict[tuple[str, int], Canary]:
    """Mint the canaries of every channel, Chinese ones first, in the order of their places."""
    found: dict[tuple[str, int], Canary] = {}
    place = dict.fromkeys((party.name for party in PARTIES), 0)
    for country, share in PER_CHANNEL.items():
        every = vault.mint_many(
            share * len(PARTIES),
            locale=_LOCALES[country],
            requires=("phone_number",),
            seed=story.seed,
        )
        # Dealt out in turn: canaries that share a number go to different channels.
        for index, canary in enumerate(every):
            name = PARTIES[index % len(PARTIES)].name
            found[name, place[name]] = canary
            place[name] += 1
    return found


def _live(
    vault: Vault,
    story: Story,
    canaries: Mapping[tuple[str, int], Canary],
    numbers: list[ContactPoint],
    caller: _Caller,
    report: Progress,
    steps: int,
) -> None:
    by_name = {party.name: party for party in PARTIES}
    start = vault.clock()
    timeline: list[tuple[timedelta, int, Happening | tuple[str, int]]] = [
        *((at, 0, (name, place)) for name, place, at in story.plantings),
        *((item.at, 1, item) for item in story.happenings),
    ]
    timeline.sort(key=lambda step: step[:2])
    for done, (at, _order, what) in enumerate(timeline):
        caller.clock.go_to(start + at)
        if done % _REPORT_EVERY == 0:
            report(2 + done, steps, _("day {day} of {days}").format(day=at.days + 1, days=DAYS))
        if isinstance(what, Happening):
            caller.bring(what, _reached(what, canaries, numbers))
            continue
        party = by_name[what[0]]
        until = vault.clock() + timedelta(days=party.expected_days)
        placed = vault.place_many(
            [
                NewPlacement(
                    canaries[what],
                    channel=party.name,
                    document=party.document,
                    reference=f"SO-{20_000 + done}",
                    expected_until=until if party.expected_days else None,
                    permission=party.permission,
                )
            ]
        )
        vault.confirm([item.id for item in placed])
    report(steps, steps, _("done"))


def _reached(
    what: Happening, canaries: Mapping[tuple[str, int], Canary], numbers: list[ContactPoint]
) -> tuple[str, Canary | None]:
    """Return the number that is reached, and the canary if the caller knows one."""
    if what.target.canary is not None:
        canary = canaries[what.target.canary]
        return canary.identity.phone_number or "", canary
    return numbers[what.target.number or 0].value, None


class _Caller:
    """Brings calls and messages to the listener as the two services would."""

    def __init__(
        self,
        client: httpx.Client,
        tokens: Mapping[str, str],
        clock: _Clock,
        random: random_module.Random,
    ) -> None:
        self.clock = clock
        self.posted = 0
        self.accepted = 0
        self._client = client
        self._tokens = tokens
        self._random = random

    def bring(self, what: Happening, reached: tuple[str, Canary | None]) -> None:
        """Post one happening."""
        number, canary = reached
        text = what.text
        if text is not None and canary is not None:
            text = text.replace("{name}", canary.identity.name)
        if number.startswith("+44"):
            self._twilio(what, number, text)
        else:
            self._smsforwarder(what, number, text)

    def _post(self, name: str, content: bytes, headers: Mapping[str, str]) -> None:
        answer = self._client.post(f"/hooks/{name}", content=content, headers=dict(headers))
        self.posted += 1
        if not answer.is_success:
            raise StoreError(
                _("the listener answered {status} to the demo.").format(status=answer.status_code)
            )
        self.accepted += 1

    def _sid(self, prefix: str) -> str:
        return f"{prefix}{self._random.getrandbits(128):032x}"

    def _twilio(self, what: Happening, number: str, text: str | None) -> None:
        form = {"AccountSid": self._sid("AC"), "From": what.sender, "To": number}
        if what.medium is Medium.SMS:
            form |= {"MessageSid": self._sid("SM"), "Body": text or "", "SmsStatus": "received"}
        else:
            form |= {
                "CallSid": self._sid("CA"),
                "CallStatus": "ringing",
                "Direction": "inbound",
            }
        signature = twilio.signature(_HOOK_URL, list(form.items()), self._tokens["twilio"])
        self._post(
            "twilio",
            urlencode(form).encode(),
            {
                "content-type": "application/x-www-form-urlencoded",
                "x-twilio-signature": signature,
            },
        )

    def _smsforwarder(self, what: Happening, number: str, text: str | None) -> None:
        now = self.clock()
        timestamp = int(now.timestamp() * 1000)
        sign = smsforwarder.signature(self._tokens["smsforwarder"], timestamp)
        is_call = what.medium is Medium.CALL
        body = {
            "kind": "call" if is_call else "sms",
            "to": number,
            "from": what.sender,
            "text": "通讯录名：未知号码\n通话类型：未接来电" if is_call else text,
            "sim": "SIM1_",
            "device": "phone-1",
            "at": now.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "timestamp": str(timestamp),
            "sign": quote(sign, safe=""),
        }
        content = json.dumps(body, ensure_ascii=False).encode()
        self._post("smsforwarder", content, {"content-type": "application/json; charset=utf-8"})

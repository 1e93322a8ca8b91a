"""What an alert says, to programs as JSON and to people as text. Pure.

No personal data, and no text of a stranger, unless a sink asked to ``reveal`` it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..messages import ngettext, sentences
from ..messages import translate as _
from ..models import Contact
from ..store.outbox import CONTACT, Told
from .harmless import harmless

DIGEST = "contacts.digest"
FAILING = "alert.sink_failing"
RECOVERED = "alert.sink_recovered"
TEST = "alert.test"
#: A body is at most this long (Standard Webhooks, operational recommendations).
MAX_BODY_BYTES = 20_000
#: Of the longer lists, how many items are told.
_LISTED = 20
_LISTED_IN_TEXT = 5
_MAX_REVEALED = 2_000
#: Our ids and most names of tables: no service makes a ping or a link of them.
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,100}").fullmatch


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to one sink."""

    #: The same at every attempt.
    id: str
    #: Such as ``"contact.received"``.
    type: str
    data: Mapping[str, Any] = field(repr=False)
    #: For people: one line, and some.
    title: str = field(repr=False)
    text: str = field(repr=False)

    def body(self, at: datetime) -> bytes:
        """Return the message as JSON, at most :data:`MAX_BODY_BYTES` long."""
        data = dict(self.data)
        encoded = self._encoded(data, at)
        while len(encoded) > MAX_BODY_BYTES and _shortened(data):
            encoded = self._encoded(data, at)
        return encoded

    def _encoded(self, data: Mapping[str, Any], at: datetime) -> bytes:
        event = {"type": self.type, "timestamp": stamp(at), "data": data}
        return json.dumps(event, separators=(",", ":")).encode("ascii")


def _shortened(data: dict[str, Any]) -> bool:
    """Halve the longest list or text of *data*; False if there is none."""
    long = {key: value for key, value in data.items() if isinstance(value, (list, str)) and value}
    if not long:
        return False
    key = max(long, key=lambda name: len(json.dumps(long[name])))
    data[key] = long[key][: len(long[key]) // 2]
    return True


def stamp(at: datetime) -> str:
    """Return a time as ``"2026-03-02T09:14:07Z"``."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def compose(
    alert_id: str, kind: str, told: Sequence[Told], *, revealed: Contact | None = None
) -> Message:
    """Return the message of an alert.

    Args:
        alert_id: its id.
        kind: of all its notices.
        told: its notices, the oldest first; at least one.
        revealed: the contact of a single notice, for a sink that asked for personal data.
    """
    if kind != CONTACT:
        return _others(alert_id, kind, told)
    if len(told) == 1 and not told[0].put_off:
        return _one_contact(alert_id, told[0], revealed)
    return _digest(alert_id, told)


def _one_contact(alert_id: str, notice: Told, revealed: Contact | None) -> Message:
    data = dict(notice.data)
    medium, disposition = _word(data.get("medium")), _word(data.get("disposition"))
    title = _("honeytoken: {disposition} contact ({medium})").format(
        disposition=disposition, medium=medium
    )
    lines = [
        _("{medium}, {disposition}, at {time}.").format(
            medium=medium,
            disposition=disposition,
            time=data.get("received_at") or stamp(notice.created_at),
        )
    ]
    if data.get("contact_point_id"):
        point = _("Contact point: {id}.").format(id=_name(data["contact_point_id"]))
        lines.append(sentences(point, _("It is the first there for a month, or ever.")))
    if data.get("canary_ids"):
        ids = _(", ").join(map(_name, data["canary_ids"][:_LISTED_IN_TEXT]))
        lines.append(_("Candidate canaries: {ids}.").format(ids=ids))
    if revealed is not None and not revealed.erased:
        data |= {
            name: value[:_MAX_REVEALED]
            for name in ("sender", "subject", "body")
            if (value := getattr(revealed, name))
        }
        if revealed.sender:
            lines.append(_("From: {sender}").format(sender=harmless(revealed.sender)))
        words = " ".join(filter(None, (revealed.subject, revealed.body)))
        if words:
            lines.append(_("It says: {text}").format(text=harmless(words)))
    lines.append(_look(f"honeytoken contacts show {data.get('contact_id', '')}"))
    return Message(alert_id, CONTACT, data, title, "\n".join(lines))


def _digest(alert_id: str, told: Sequence[Told]) -> Message:
    points = Counter(str(notice.data.get("contact_point_id") or "") for notice in told)
    unknown = points.pop("", 0)
    media = Counter(str(notice.data.get("medium", "")) for notice in told)
    dispositions = Counter(str(notice.data.get("disposition", "")) for notice in told)
    since = stamp(told[0].created_at)
    data = {
        **_span(told),
        "media": dict(media.most_common()),
        "dispositions": dict(dispositions.most_common()),
        "contact_points": len(points),
        "no_contact_point": unknown,
        "most_contacted": [
            {"contact_point_id": point, "contacts": n} for point, n in points.most_common(_LISTED)
        ],
        "first_contact_ids": [str(notice.data.get("contact_id")) for notice in told[:_LISTED]],
    }
    n = len(told)
    title = ngettext(
        "honeytoken: {n} contact since {since}", "honeytoken: {n} contacts since {since}", n
    ).format(n=n, since=since)
    counts = [
        _("{word}: {n}").format(word=_word(name), n=count)
        for name, count in (*media.most_common(), *dispositions.most_common())
    ]
    lines = [
        _span_text(told),
        _("{counts}.").format(counts=_(", ").join(counts)),
        ngettext("{n} contact point.", "{n} contact points.", len(points)).format(n=len(points)),
        *(
            _("{word}: {n}").format(word=_name(point), n=count)
            for point, count in points.most_common(_LISTED_IN_TEXT)
        ),
        _look(f"honeytoken contacts list --since {since}"),
    ]
    return Message(alert_id, DIGEST, data, title, "\n".join(lines))


def _others(alert_id: str, kind: str, told: Sequence[Told]) -> Message:
    listed = [{"subject": notice.subject, **notice.data} for notice in told[:_LISTED]]
    data = {**_span(told), "notices": listed}
    lines = [_notice_text(notice) for notice in told[:_LISTED_IN_TEXT]]
    if len(told) > 1 or told[0].put_off:
        lines.insert(0, _span_text(told))
    if len(told) > _LISTED_IN_TEXT:
        more = len(told) - _LISTED_IN_TEXT
        lines.append(_("And {n} more.").format(n=more))
    lines.append(_look("honeytoken doctor"))
    title = _("honeytoken: {what}").format(what=_what(kind))
    return Message(alert_id, kind, data, title, "\n".join(lines))


def _what(kind: str) -> str:
    """Return what a kind of notice says, in the language in use."""
    return {
        FAILING: _("alerts cannot be sent to another sink"),
        RECOVERED: _("alerts are sent to another sink again"),
        "drill.overdue": _("a contact point does not hear"),
        "drill.alive": _("a contact point hears again"),
        "drill.not_sent": _("drills cannot be sent"),
        "drill.sent_again": _("drills are sent again"),
        "forwarder.silent": _("a forwarder has fallen silent"),
        "forwarder.heard": _("a forwarder is heard again"),
    }.get(kind, kind)


def _notice_text(notice: Told) -> str:
    """Return a notice's subject and what is said of it."""
    # Of a forwarder the gateway, which we named, and the phone, which named itself.
    ours, _blank, theirs = (notice.subject or "-").partition(" ")
    subject = " ".join(map(_name, filter(None, (ours, theirs))))
    said = [
        _("{word}: {n}").format(word=word, n=value)
        for word, value in map(_fact, notice.data, notice.data.values())
        if value
    ][:_LISTED_IN_TEXT]
    if not said:
        return subject
    return _("{subject} ({said}).").format(subject=subject, said=_(", ").join(said))


def _fact(name: str, value: object) -> tuple[str, str]:
    """Return one thing that a notice says, and what is said; ``""`` if it is not known."""
    if value is None:
        return name, ""
    match name:
        case "state":
            return _("state"), _word(value)
        case "failure":
            return _("failure"), _word(value)
        case "heard_at":
            return _("last heard"), _time(str(value))
    return harmless(name, max_length=40), harmless(str(value), max_length=100)


def _time(text: str) -> str:
    with suppress(ValueError):
        return stamp(datetime.fromisoformat(text))
    return harmless(text, max_length=40)


def _span(told: Sequence[Told]) -> dict[str, Any]:
    return {
        "count": len(told),
        "held_back": sum(notice.put_off for notice in told),
        "since": stamp(told[0].created_at),
        "until": stamp(told[-1].created_at),
    }


def _span_text(told: Sequence[Told]) -> str:
    n, held = len(told), sum(notice.put_off for notice in told)
    text = ngettext(
        "{n} notice, from {since} to {until}.", "{n} notices, from {since} to {until}.", n
    ).format(n=n, since=stamp(told[0].created_at), until=stamp(told[-1].created_at))
    if not held:
        return text
    return sentences(
        text,
        ngettext(
            "{n} of them was held back until now.",
            "{n} of them were held back until now.",
            held,
        ).format(n=held),
    )


def _look(command: str) -> str:
    return _("See: `{command}`").format(command=command)


def _word(found: object) -> str:
    """Return a stable word of a record in the language in use."""
    return _(str(found)) if found else "-"


def _name(found: object) -> str:
    """Return an id or the name of a table, to be copied: `cp_1`.

    Between backticks, as rooms that know Markdown take underscores for italics. What is not plain,
    such as the name a phone gave itself, is a stranger's text.
    """
    text = str(found)
    return f"`{text}`" if _PLAIN(text) else harmless(text, max_length=100)


def trial(message_id: str) -> Message:
    """Return what ``alerts test`` sends."""
    text = _("This is a test: the alerts of honeytoken come here.")
    return Message(message_id, TEST, {"test": True}, _("honeytoken: test"), text)

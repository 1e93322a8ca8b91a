"""What Twilio tells of a call after it was answered: keys, speech, recordings, a dialled leg.

All come to the URL of the call, with its ``CallSid``; they are one contact. Ids are checked for
their shape: Twilio's signature has no borders between fields.

Source: twilio.com/docs/voice/twiml (Gather, Record, Dial), ``recordingStatusCallback`` and
``transcribeCallback``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import MalformedDelivery
from ..messages import translate as _
from . import bodies

#: Their values, one after the other, tell one event of a call from another.
_TELLING = (
    *("RecordingSid", "RecordingStatus", "TranscriptionSid", "TranscriptionStatus"),
    *("DialCallStatus", "Digits", "SpeechResult"),
)
#: All that is read here.
FIELDS = frozenset({*_TELLING, "RecordingUrl", "RecordingDuration", "TranscriptionText"})
_RECORDING_SID = re.compile(r"RE[0-9A-Fa-f]{1,32}")
_RECORDING_IN_URL = re.compile(r"/Recordings/(RE[0-9A-Fa-f]{1,32})$")
_TRANSCRIPTION_SID = re.compile(r"TR[0-9A-Fa-f]{1,32}")
_KEYS = re.compile(r"[0-9*#A-Dw]{1,64}")
_SECONDS = re.compile(r"[0-9]{1,9}")
_WORD = re.compile(r"[a-z-]{1,32}")


@dataclass(frozen=True, slots=True)
class Told:
    """What an event of a call tells beyond the call's state."""

    #: Parts of the delivery's id; empty if it tells nothing more.
    ids: tuple[str, ...] = ()
    #: ``None`` only if it tells nothing more.
    status: str | None = None
    subject: str | None = field(default=None, repr=False)
    #: As a machine heard it.
    text: str | None = field(default=None, repr=False)


def told(fields: Mapping[str, str]) -> Told:
    """Return what an event says of a recording, a transcription, keys, speech, or a dialled leg.

    What was said is as a machine heard it. Of a recording its id and length are kept, as subject.
    """
    recording = _recording(fields)
    transcription = _sid(fields, "TranscriptionSid", _TRANSCRIPTION_SID)
    present = {name: fields[name] for name in _TELLING if fields.get(name)}
    if recording:
        present["RecordingSid"] = recording
    ids = tuple(
        value if _WORD.fullmatch(value) or name.endswith("Sid") else short_digest(value)
        for name, value in present.items()
    )
    if transcription:
        return Told(ids, "transcribed", text=fields.get("TranscriptionText") or None)
    if recording:
        length = fields.get("RecordingDuration", "")
        seconds = f" {length} s" if _SECONDS.fullmatch(length) else ""
        return Told(ids, "recorded", subject=recording + seconds)
    if present.keys() & {"Digits", "SpeechResult"}:
        keys = fields.get("Digits", "")
        subject = f"keys {keys}" if _KEYS.fullmatch(keys) else None
        return Told(ids, "answered", subject, fields.get("SpeechResult") or None)
    return Told(ids, "forwarded") if ids else Told()


def _recording(fields: Mapping[str, str]) -> str | None:
    """Return the recording's id: the result of a <Record> has it only in the recording's URL."""
    found = _RECORDING_IN_URL.search(fields.get("RecordingUrl", ""))
    return _sid(fields, "RecordingSid", _RECORDING_SID) or (found[1] if found else None)


def _sid(fields: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str | None:
    value = fields.get(name)
    if value and not shape.fullmatch(value):
        raise MalformedDelivery(_("the id in the delivery is not one of Twilio's."))
    return value or None


def short_digest(value: str) -> str:
    """Return 32 hexadecimal digits that stand for *value*."""
    return hashlib.sha256(bodies.as_bytes(value)).hexdigest()[:32]

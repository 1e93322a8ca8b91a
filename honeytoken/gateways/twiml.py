"""What Twilio is told to do with a call: TwiML, and the options that choose it.

``reject`` is the default: the call is refused unanswered, costs nothing, and nothing is heard.
``voicemail`` and ``forward`` answer it; what is said is kept by Twilio (a recording) and by us (the
transcription). What is returned here is a value: nothing is fetched, and no recording is read.

Source: twilio.com/docs/voice/twiml (Reject, Say, Record, Dial).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from .. import normalize
from ..errors import InvalidIdentifier
from ..messages import translate as _
from ..options import Options

OPTIONS = ("call_answer", "greeting", "language", "forward_to", "record_forwarded")
KINDS = ("reject", "voicemail", "forward")
REJECT = b"<Response><Reject/></Response>"
#: Says nothing; of an answered call it is the end.
NOTHING = b"<Response/>"
GREETING = "Please leave a message after the tone. It will be recorded."
LANGUAGE = "en-US"
_MAX_GREETING_CHARS = 1000
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
#: Twilio transcribes recordings of 2 to 120 seconds.
_MAX_MESSAGE_S = 120
_SILENCE_S = 8
_RING_S = 25


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What a call is answered with."""

    #: TwiML.
    twiml: bytes = field(default=REJECT, repr=False)
    #: E.164; whoever rings from it, or rings it, is refused: the call would come back for ever.
    forward_to: str | None = field(default=None, repr=False)

    def to(self, *, sender: str | None, recipient: str | None, region: str) -> bytes:
        """Return the TwiML for a call from *sender* to *recipient*."""
        if self.forward_to is not None:
            for number in (sender, recipient):
                if number and _e164(number, region) == self.forward_to:
                    return REJECT
        return self.twiml


def voicemail(*, greeting: str, language: str, url: str) -> bytes:
    """Return TwiML that greets, records a message and reports it to *url*."""
    response = ET.Element("Response")
    ET.SubElement(response, "Say", language=language).text = greeting
    ET.SubElement(
        response,
        "Record",
        # Without an action Twilio would ask for this document again, and record for ever.
        action=url,
        method="POST",
        maxLength=str(_MAX_MESSAGE_S),
        timeout=str(_SILENCE_S),
        playBeep="true",
        recordingStatusCallback=url,
        recordingStatusCallbackMethod="POST",
        recordingStatusCallbackEvent="completed absent",
        transcribe="true",
        transcribeCallback=url,
    )
    ET.SubElement(response, "Hangup")
    return _document(response)


def forward(*, to: str, record: bool, url: str) -> bytes:
    """Return TwiML that rings *to* and reports to *url* how that went."""
    response = ET.Element("Response")
    dial = ET.SubElement(
        response, "Dial", action=url, method="POST", answerOnBridge="true", timeout=str(_RING_S)
    )
    if record:
        dial.set("record", "record-from-answer-dual")
        dial.set("recordingStatusCallback", url)
        dial.set("recordingStatusCallbackMethod", "POST")
        dial.set("recordingStatusCallbackEvent", "completed absent")
    ET.SubElement(dial, "Number").text = to
    return _document(response)


def _document(response: ET.Element) -> bytes:
    return bytes(ET.tostring(response, encoding="utf-8", xml_declaration=True))


def build(options: Options, *, url: str, region: str) -> CallAnswer:
    """Return what the options choose.

    Args:
        options: of the gateway.
        url: the hook's own, which Twilio reports to.
        region: whose national notation the other numbers of the gateway may use.
    """
    kind = options.text("call_answer") or "reject"
    if kind not in KINDS:
        options.refuse(
            "call_answer",
            _("{key} must be one of: {words}."),
            hint=_('"reject" costs nothing and hears nothing.'),
            words=_(", ").join(KINDS),
        )
    greeting, language = options.text("greeting"), options.text("language")
    to, record = options.text("forward_to"), options.switch("record_forwarded")
    given = {"greeting": greeting, "language": language, "forward_to": to}
    belongs = {"greeting": "voicemail", "language": "voicemail", "forward_to": "forward"}
    for key, value in (*given.items(), ("record_forwarded", record or None)):
        wanted = belongs.get(key, "forward")
        if value is not None and kind != wanted:
            options.refuse(key, _('{key} needs call_answer = "{word}".'), word=wanted)
    if kind == "voicemail":
        return CallAnswer(
            voicemail(
                greeting=_greeting(options, greeting),
                language=_language(options, language),
                url=url,
            )
        )
    if kind == "forward":
        number = _forward_to(options, to, region)
        return CallAnswer(forward(to=number, record=record, url=url), number)
    return CallAnswer()


def _greeting(options: Options, greeting: str | None) -> str:
    text = GREETING if greeting is None else " ".join(greeting.split())
    # XML has no way to write most control characters.
    if len(text) > _MAX_GREETING_CHARS or not text.isprintable():
        options.refuse(
            "greeting",
            _("{key} must be readable text of at most {n} characters."),
            n=_MAX_GREETING_CHARS,
        )
    return text


def _language(options: Options, language: str | None) -> str:
    if language is not None and not _LANGUAGE_TAG.fullmatch(language):
        options.refuse(
            "language",
            _("{key} must be a language tag (BCP 47)."),
            hint=_('For example "en-GB" or "zh-CN".'),
        )
    return language or LANGUAGE


def _forward_to(options: Options, number: str | None, region: str) -> str:
    hint = _('A number in international notation, such as "+447700900123".')
    if number is None:
        options.refuse("forward_to", _("{key} is missing."), hint=hint)
    if _e164(number, region) != number:
        options.refuse("forward_to", _("{key} is not a phone number in E.164 form."), hint=hint)
    return number


def _e164(number: str, region: str) -> str | None:
    try:
        return normalize.phone_number(number, region=region)
    except InvalidIdentifier:
        return None

"""Which sightings one actor very likely made together, so that they vote once.

Rule: the same sender, or the same text but for its numbers, links and names, is the same campaign;
and so on through whole chains. Senders and texts arrive here only as keyed digests; where those
were erased, as the name of a sighting that had the same, so that an erasure changes no grouping.

What this cannot see: a sender can be spoofed, so a courier's own hotline number may join actors who
have nothing to do with each other (their votes are then counted too low, not too high), and one
actor with many numbers and no text is many campaigns.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

#: A template with fewer letters than this recognises nobody (``"ok"``, a bare code).
SHORTEST_TEMPLATE = 8
#: So much of a text is looked at.
LONGEST_TEXT = 4000

# Every repetition is bounded or cannot overlap its neighbour: a hostile text costs no time.
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,12}/[\w\-./?%&=#~+]*"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
#: The id of a message or recording, such as Twilio's: another each time.
_SHORTEST_TOKEN = 32
_TOKEN = re.compile(r"\b[a-z]{0,2}[0-9a-f]{32}\b")
_NAME = re.compile(
    r"(?P<before>尊敬的|亲爱的|您好[,:!]?|你好[,:!]?|\bdear |\bhello |\bhi )"
    r"(?P<name>[\u4e00-\u9fff·*]{1,4}?(?=先生|女士|小姐|用户|客户|[,:!。;、])"
    r"|[^\W\d_]{1,30}(?:[ '-][^\W\d_]{1,30}){0,2}(?=[,:!]))"
)
_NUMBER = re.compile(r"[\d*#]+(?:[ .,:/+()\-]{1,3}[\d*#]+)*")
_AROUND = re.compile(r" ?(<[lmna]>) ?")
_HOLE = re.compile(r"<[lmna]>")


@dataclass(frozen=True, slots=True)
class CampaignKey:
    """What may tie one sighting to another."""

    sighting_id: str
    seen_at: datetime
    #: Keyed digest of the sender as claimed; ``None`` if withheld.
    sender_digest: bytes | None = field(default=None, repr=False)
    #: Keyed digest of :func:`template` of the text; ``None`` if there is none.
    text_digest: bytes | None = field(default=None, repr=False)
    # Where the digests were erased, a sighting that had the same; it need not be among those given.
    same_sender_as: str | None = None
    same_text_as: str | None = None


def group(traces: Sequence[CampaignKey]) -> dict[str, str]:
    """Return sighting id -> campaign id: the id of the group's earliest sighting.

    The order of *traces* does not matter; a later sighting that joins a group does not rename it.
    """
    root = {key.sighting_id: key.sighting_id for key in traces}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    ordered = sorted(traces, key=lambda k: (k.seen_at, k.sighting_id))
    senders_named = {key.same_sender_as for key in ordered}
    texts_named = {key.same_text_as for key in ordered}
    seen: dict[tuple[str, bytes | str], str] = {}
    for key in ordered:
        own = key.sighting_id
        for kind, mark in (
            ("sender", key.sender_digest),
            ("text", key.text_digest),
            # A sighting that others name stands for the sender, or the text, that it had itself.
            ("sender", own if own in senders_named else None),
            ("text", own if own in texts_named else None),
            ("sender", key.same_sender_as),
            ("text", key.same_text_as),
        ):
            if mark is not None:
                root[find(own)] = find(seen.setdefault((kind, mark), own))
    earliest: dict[str, str] = {}
    for key in ordered:
        earliest.setdefault(find(key.sighting_id), key.sighting_id)
    return {name: earliest[find(name)] for name in root}


def template(text: str) -> str:
    """Return what stays the same when one text is sent to many people, or ``""``.

    Links, mail addresses, numbers (masked ones too) and the name in a salutation become ``<l>``,
    ``<m>``, ``<n>`` and ``<a>``; width, case and blanks are evened out. The result is personal data
    as far as the text was: give it to a keyed digest, never store it. ``""`` means that too little
    is left to recognise anybody by.
    """
    # The listener does this for every contact: a pattern is only run where it could find anything.
    even = text[:LONGEST_TEXT]
    if not even.isascii():
        even = unicodedata.normalize("NFKC", even)
    even = even.casefold()[:LONGEST_TEXT]
    if "/" in even or "www." in even:
        even = _LINK.sub("<l>", even)
    if "@" in even:
        even = _MAIL.sub("<m>", even)
    if len(even) >= _SHORTEST_TOKEN:
        even = _TOKEN.sub("<n>", even)
    even = " ".join(even.split())
    even = _NAME.sub(lambda found: found["before"] + "<a>", even)
    even = _NUMBER.sub("<n>", even)
    if "<" in even:
        even = _AROUND.sub(r"\1", even).strip()
    letters = sum(map(str.isalpha, _HOLE.sub("", even)))
    return even if letters >= SHORTEST_TEMPLATE else ""

"""What SmsForwarder's text about a call says: which of six events it was.

The app writes it in the phone's language, several labelled lines::

    通讯录名：未知号码
    通话类型：未接来电

Source: pppscn/SmsForwarder, ``CallReceiver.kt``, ``PhoneUtils.kt`` and the string resources.
"""

from __future__ import annotations

import re

#: The call was ours, not somebody's who reached us.
OUTGOING = "outgoing"

_STATUS = {
    "1": "ended",
    "2": OUTGOING,
    "3": "missed",
    "4": "ringing",
    "5": "answered",
    "6": OUTGOING,
    "来电挂机": "ended",
    "去电挂机": OUTGOING,
    "未接来电": "missed",
    "来电提醒": "ringing",
    "来电接通": "answered",
    "去电拨出": OUTGOING,
    "incoming ended": "ended",
    "outgoing ended": OUTGOING,
    "missed": "missed",
    "incoming received": "ringing",
    "incoming answered": "answered",
    "outgoing started": OUTGOING,
}
_TYPE_LINE = re.compile(r"^(?:通话类型|Call type)[：:](?P<type>.{1,64})$", re.M | re.I)
_NAME_LINE = re.compile(r"^(?:通讯录名|联系人|Contact|Linkman)[：:]", re.M | re.I)
_TIME = r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})"
_TIME_LINE = re.compile(rf"^(?:[^\n：:]{{0,24}}[：:][ \t]{{0,4}})?{_TIME}[ \t\r]{{0,4}}$", re.M)


def status_of(call_type: str) -> str | None:
    """Return the status a call type stands for, by number or name; ``None`` if unknown."""
    return _STATUS.get(call_type.strip().lower())


def status_in(text: str) -> str | None:
    """Return the status on the call type line of *text*; ``None`` if it has none we know."""
    lines = _TYPE_LINE.findall(text)
    return status_of(lines[-1]) if lines else None


def is_call(text: str) -> bool:
    """Return whether *text* has the lines the app writes about a call, and an SMS has not.

    A guess, for templates that do not say ``"kind"``: an SMS can be written to look like it.
    """
    return _NAME_LINE.search(text) is not None and status_in(text) is not None


def time_in(text: str) -> str | None:
    """Return the last time that stands on a line of its own, or after a label; as written."""
    times = _TIME_LINE.findall(text)
    return times[-1] if times else None

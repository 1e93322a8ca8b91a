"""Proof of life: drills reach each contact point through its real gateway, and are listened for.

- ``wording``: what a drill says;
- ``schedule``: when one is due, and what those that were sent prove;
- ``senders``: mail relay, phone, Twilio;
- ``drills``: sending by hand and on schedule, and what is known;
- ``watch``: what is told when something falls silent;
- ``worker``: the thread inside the listener.
"""

from .drills import WORDS, Attempt, ByHand, Drills, ProofOfLife
from .schedule import State
from .watch import silent_forwarders
from .worker import working

__all__ = [
    "WORDS",
    "Attempt",
    "ByHand",
    "Drills",
    "ProofOfLife",
    "State",
    "silent_forwarders",
    "working",
]

"""One canonical form per identifier, so that two spellings of one thing compare equal. Pure.

Whatever reaches us (a label, a form, a hook, a leaked file) goes through here before it is indexed
or looked up. Every function is idempotent: a canonical form is its own canonical form. What has
none raises :class:`~honeytoken.errors.InvalidIdentifier`, whose message never holds the value; only
:func:`sender` never raises, because whoever calls decides what stands there.
"""

from .addresses import address
from .emails import email, email_domain
from .names import name, surname_last4
from .phones import is_region, phone_number, sender
from .times import EARLIEST, moment
from .words import word

__all__ = [
    "EARLIEST",
    "address",
    "email",
    "email_domain",
    "is_region",
    "moment",
    "name",
    "phone_number",
    "sender",
    "surname_last4",
    "word",
]

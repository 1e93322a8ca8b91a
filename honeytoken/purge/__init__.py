"""Privacy of those who call: whose contents are destroyed, when their time is up or on request.

What remains of a contact is when it came, where it arrived, what it was held to be, and which
canaries it may have been of: ours, not the caller's. Whether two contacts are of one campaign
remains too, as the name of another contact in place of the digests of sender and text: nobody is
accused more because somebody was erased.

An erasure is stopped anywhere and run again: each contact is whole or erased.
"""

from .erasures import Chosen, Erased, Purge
from .schedule import keeping

__all__ = ["Chosen", "Erased", "Purge", "keeping"]

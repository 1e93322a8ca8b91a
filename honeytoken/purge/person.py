"""Somebody who asks to be erased: under which senders they are found, and in which texts. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import normalize
from ..errors import InvalidIdentifier, InvalidInput
from ..messages import translate as _
from ..models import Contact

#: So much of a text is searched for a number.
_LONGEST_TEXT = 100_000
#: Digits as people write them in a text: blanks, dots, brackets and dashes between them.
_NUMBER = re.compile(r"\+?[0-9](?:[ .()/\-]{0,3}[0-9]){4,24}")
#: Codes from which companies write, and China's service numbers; a number cut short is neither.
_SHORT_CODE = re.compile(r"[1-9][0-9]{2,5}|1[0-2][0-9]{1,13}|9[56][0-9]{3,13}").fullmatch


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks to be erased, by a number or an e-mail."""

    #: As senders are compared.
    canonical: str = field(repr=False)
    #: Ways in which the digits of the number are written; none of an e-mail. A number that is
    #: none in the country where it was heard is compared by its digits.
    written: frozenset[str] = field(repr=False)
    #: Whether it can be a sender at all. A misspelt number cannot, but some networks do show words
    #: and odd digits: such a one is somebody only where something was received from it.
    usable: bool

    @classmethod
    def of(cls, *, phone_number: str | None, email: str | None, region: str) -> Person:
        """Return who is meant.

        Raises:
            InvalidInput: nothing was given, or both.
            InvalidIdentifier: it is empty or cannot be an e-mail, or there is no such country.
        """
        if (phone_number is None) == (email is None):
            raise InvalidInput(_("give a phone number or an e-mail."))
        if email is not None:
            return cls(normalize.email(email), frozenset(), usable=True)
        if not normalize.is_region(region):
            raise InvalidIdentifier(
                "phone_number", _("its region is not a country, as two letters such as CN or GB")
            )
        # A short code or a name that a network shows is a sender as well.
        canonical = normalize.sender(phone_number or "", region=region)
        if not canonical:
            raise InvalidIdentifier("phone_number", _("it is empty"))
        usable = canonical.startswith("+") or _SHORT_CODE(canonical) is not None
        return cls(canonical, _notations(canonical), usable)

    def is_mentioned(self, contact: Contact) -> bool:
        """Tell whether somebody else's contact speaks of them."""
        if self.canonical in contact.facts.call_back_numbers:
            return True
        return any(self._is_in(text[:_LONGEST_TEXT]) for text in _texts(contact) if text)

    def _is_in(self, text: str) -> bool:
        even = _even(text)
        if not self.written:
            place = re.compile(rf"(?<![\w.+-]){re.escape(self.canonical)}(?![\w-]|\.\w)")
            return self.canonical in even and place.search(even) is not None
        return any(_digits(found[0]) in self.written for found in _NUMBER.finditer(even))


def _even(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _digits(text: str) -> str:
    return "".join(re.findall(r"[0-9]", _even(text)))


def _notations(canonical: str) -> frozenset[str]:
    """Return the digits of a number as they are written at home and abroad."""
    if not canonical.startswith("+"):
        return frozenset({canonical}) if canonical.isdigit() else frozenset()
    import phonenumbers

    parsed = phonenumbers.parse(canonical)
    national = phonenumbers.national_significant_number(parsed)
    whole = canonical[1:]
    dialled = _digits(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))
    return frozenset({national, f"0{national}", whole, f"00{whole}", dialled})


def _texts(contact: Contact) -> Iterable[str | None]:
    yield contact.recipient
    yield contact.sender
    yield contact.subject
    yield contact.body
    for note in contact.notes:
        yield from (note.claimed_to_be, note.asked_for, note.knew)
        yield from (note.data_from, note.call_back, note.text)

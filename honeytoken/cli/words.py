"""The stable words of records, as people read them; programs (``--json``) get the word itself."""

from __future__ import annotations

from ..messages import translate as _

#: Fields that hold a stable word, wherever a record is shown whole.
FIELDS = frozenset(
    {
        *("action", "authenticity", "disposition", "document", "form", "kind", "medium"),
        *("permission", "reason", "role", "state", "status", "type", "verdict"),
    }
)


def word(found: object) -> object:
    """Return a stable word in the language in use; anything else as it is."""
    return _(found) if isinstance(found, str) and found else found


def explained(field: str, found: object) -> object:
    """Return the word of *field* as it is typed, and beside it what it means in this language."""
    meaning = word(found) if field in FIELDS else found
    if meaning == found:
        return found
    return _("{word} ({meaning})").format(word=found, meaning=meaning)


def stable_words() -> tuple[str, ...]:
    """Return every word that :func:`word` is asked for; the catalogue takes them from here."""
    from .. import models
    from ..contacts.disposition import Reason
    from ..contacts.facts import NUMBER_TYPES
    from ..doctor import CHECKS, OUTCOMES
    from ..drill import WORDS
    from ..ledger import REVEALED, Action
    from ..notify.book import STATES
    from ..notify.sinks import FAILURES
    from ..phonelogs import Source
    from ..trial import STEPS

    kinds = (
        *(models.Authenticity, models.ChannelKind, models.ContactPointKind),
        *(models.ContactPointState, models.Disposition, models.DocumentKind, models.FieldForm),
        *(models.Medium, models.Permission, models.PlacementStatus, models.Role, models.Verdict),
        *(Action, Reason, Source),
    )
    words = (each.value for kind in kinds for each in kind)
    said = (*CHECKS, *OUTCOMES, *STEPS, *STATES, *FAILURES, *WORDS, *REVEALED, *NUMBER_TYPES)
    return (*words, *said)

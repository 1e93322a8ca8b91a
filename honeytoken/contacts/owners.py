"""Whose phone a log is of: the contact points of ours that it may tell of, and no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from .. import normalize, store
from ..errors import InvalidIdentifier, InvalidInput, NotFound, Refused
from ..messages import translate as _
from ..models import ContactPoint, ContactPointKind
from ..phonelogs import Entry
from ..store import contact_points

#: A SIM's own number (ICCID) is long and personal: its end is enough to tell it by.
_SIM_END = 4


@dataclass(slots=True)
class Owners:
    """The numbers that a file may tell of."""

    #: By number in E.164.
    points: Mapping[str, ContactPoint] = field(repr=False)
    #: Where an entry without recipient arrived, if that is one number.
    only: ContactPoint | None = None
    #: By the name that the owner gave for a SIM.
    sims: Mapping[str, ContactPoint] = field(default_factory=dict, repr=False)
    _read: dict[str, str | None] = field(default_factory=dict, repr=False)

    @property
    def regions(self) -> frozenset[str]:
        """The countries of the numbers."""
        named = (self.only,) if self.only else (self.sims or self.points).values()
        return frozenset(point.region for point in named if point)

    def reached(self, entry: Entry) -> ContactPoint | None:
        """Return where an entry arrived; ``None`` if that is none of the numbers asked for."""
        if entry.recipient is not None:
            point = self.points.get(self._canonical(entry.recipient) or "")
            asked = [self.only] if self.only else list(self.sims.values())
            return point if not asked or point in asked else None
        if self.sims:
            return self._of_sim(entry.sim)
        return self.only

    def sent(self, entry: Entry, point: ContactPoint | None) -> bool:
        """Tell whether an entry that names its sides went out from a number of ours.

        Args:
            entry: what the file says.
            point: where :meth:`reached` says that it arrived.
        """
        sender = None if entry.sender is None else self._canonical(entry.sender)
        if entry.recipient is None:
            return point is not None and sender == point.value
        return point is None and sender is not None

    def require(self, sims: Collection[str], *, nameless: bool) -> None:
        """Refuse a file whose entries do not say which number they reached.

        Args:
            sims: the SIMs that its entries name.
            nameless: whether any entry does not say which number it reached.

        Raises:
            InvalidInput: they do not, and the owner has not said it either.
        """
        if not nameless:
            return
        shown = _(", ").join(sorted(_end(sim) for sim in sims))
        if self.sims:
            if sims and not any(self._of_sim(sim) for sim in sims):
                raise InvalidInput(
                    _("no SIM of the file is named so; it has {sims}.").format(sims=shown),
                    hint=_("Nothing was done. Name them with --sim SIM=NUMBER."),
                )
        elif len(sims) > 1:
            raise InvalidInput(
                _("the file is of a phone with several SIMs: {sims}.").format(sims=shown),
                hint=_("Nothing was done. Say which number is whose with --sim SIM=NUMBER."),
            )
        elif self.only is None:
            raise InvalidInput(
                _("the file does not say which number it is of."),
                hint=_("Nothing was done. Name the number or its contact point with --to."),
            )

    def _of_sim(self, sim: str | None) -> ContactPoint | None:
        if sim is None:
            return None
        return self.sims.get(sim) or next(
            (
                point
                for name, point in self.sims.items()
                if len(name) >= _SIM_END and sim.endswith(name)
            ),
            None,
        )

    def _canonical(self, number: str) -> str | None:
        """Return a number in E.164, read in the countries of ours."""
        if number not in self._read:
            if len(self._read) > 10_000:
                self._read.clear()
            self._read[number] = next(
                (form for form in _forms(number, self._all_regions()) if form in self.points), None
            )
        return self._read[number]

    def _all_regions(self) -> list[str]:
        return sorted({point.region for point in self.points.values()})


def find(
    tx: store.Transaction,
    own_numbers: Sequence[str],
    *,
    to: str | None,
    sims: Mapping[str, str],
) -> Owners:
    """Return the contact points that a file may tell of.

    Args:
        tx: the transaction.
        own_numbers: the numbers that the file names as its own.
        to: the number, or the contact point's id, that the owner names.
        sims: the phone's name for a SIM -> number or contact point's id.

    Raises:
        NotFound: there is no contact point with that id.
        Refused: a number is no contact point of this vault, or the contact point is no number.
        InvalidInput: *to* and *sims* are given both.
    """
    if to is not None and sims:
        raise InvalidInput(_("name --to or --sim, not both."))
    points = {
        point.value: point
        for point in contact_points.list_points(tx, kind=ContactPointKind.PHONE_NUMBER)
    }
    regions = sorted({point.region for point in points.values()})
    named = {sim: _named(tx, points, regions, number) for sim, number in sims.items()}
    only = None if to is None else _named(tx, points, regions, to)
    own = [_held(points, regions, number) for number in own_numbers]
    if own:
        held = [point for point in own if point is not None]
        if only is not None and only not in held:
            raise Refused(
                _("the file is of another number."),
                hint=_("Nothing was done. Nothing is kept of numbers that are not yours."),
            )
        if not held:
            raise _stranger()
        if only is None and not named and len(held) == 1:
            only = held[0]
    return Owners(points=points, only=only, sims=named)


def _forms(number: str, regions: Sequence[str]) -> list[str]:
    found = []
    for region in regions:
        with suppress(InvalidIdentifier):
            found.append(normalize.phone_number(number, region=region))
    return found


def _held(
    points: Mapping[str, ContactPoint], regions: Sequence[str], number: str
) -> ContactPoint | None:
    return next((points[form] for form in _forms(number, regions) if form in points), None)


def _named(
    tx: store.Transaction,
    points: Mapping[str, ContactPoint],
    regions: Sequence[str],
    name: str,
) -> ContactPoint:
    by_id = {point.id: point for point in points.values()}
    if name in by_id:
        return by_id[name]
    if contact_points.list_points(tx, ids=[name]):
        raise Refused(
            _('the contact point "{id}" is no phone number: only phone numbers have logs.').format(
                id=name
            ),
            hint=_("Nothing was done. `honeytoken pool list --kind phone_number` shows yours."),
        )
    if name.startswith("cp_"):
        raise NotFound("contact point", name)
    point = _held(points, regions, name)
    if point is None:
        raise _stranger()
    return point


def _stranger() -> Refused:
    return Refused(
        _("that number is no contact point of this vault."),
        hint=_(
            "Nothing was done. `honeytoken pool list` shows yours; a log of others is not kept."
        ),
    )


def _end(sim: str) -> str:
    return sim if len(sim) <= _SIM_END else f"…{sim[-_SIM_END:]}"

"""Minting: believable people tied to contact points of the pool, sealed and reserved together."""

from __future__ import annotations

import random as random_module
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from . import normalize, personas
from .errors import InvalidInput, PoolExhausted
from .messages import translate as _
from .models import Canary, ContactPointKind, Identity
from .pool import roles
from .settings import Settings
from .store import Store, Transaction, canaries, contact_points
from .store.contact_points import Slot
from .store.ids import new_ids

#: Canaries in one transaction: a long job lets the listener in several times a second.
CHUNK = 4000
MAX_COUNT = 10_000_000

_KINDS = {
    "phone_number": ContactPointKind.PHONE_NUMBER,
    "email": ContactPointKind.EMAIL_DOMAIN,
    "address": ContactPointKind.ADDRESS,
}
#: A Chinese customer with a British number is picked out at a glance; of e-mails, see ``_fields``.
_OF_THE_COUNTRY = (ContactPointKind.PHONE_NUMBER, ContactPointKind.ADDRESS)
#: How often a person is drawn again when (surname, last four) or e-mail is taken.
_TRIES = 8


class _Source(NamedTuple):
    """From which contact points a field is filled."""

    kind: ContactPointKind
    #: Only of this country; ``None`` for any.
    region: str | None


@dataclass(frozen=True, slots=True)
class _Stock:
    """The contact points of one chunk: for each kind a slot per canary, or none at all."""

    phones: Sequence[Slot]
    domains: Sequence[Slot]
    addresses: Sequence[Slot]

    def at(self, index: int) -> tuple[Slot | None, Slot | None, Slot | None]:
        """Return phone number, mail domain and base address of one canary."""
        return (
            self.phones[index] if self.phones else None,
            self.domains[index] if self.domains else None,
            self.addresses[index] if self.addresses else None,
        )

    def point_ids(self, index: int) -> tuple[str, ...]:
        """Return the ids of one canary's contact points."""
        return tuple(point.id for point in self.at(index) if point is not None)


@dataclass(slots=True)
class _Draw:
    """Draws people until what must be unique is."""

    locale: str
    #: ``Identity`` fields to fill, and from which contact points.
    fields: Mapping[str, _Source]
    people: Iterator[personas.Persona]
    #: Where ``random`` is seeded from.
    source: random_module.Random
    random: random_module.Random
    #: (surname, last four) in use.
    taken: set[str | None]
    #: Contact points to leave out, or ``None``.
    avoid: set[str] | None
    #: Contact points opened before, by id.
    opened: dict[str, contact_points.Value] = field(default_factory=dict)

    def begin_chunk(self) -> None:
        """Cut the chain of chance between one chunk and the next."""
        self.random.seed(self.source.getrandbits(256))

    def identities(
        self, tx: Transaction, size: int, stock: _Stock
    ) -> tuple[list[Identity], list[list[bytes]]]:
        """Return the identities of a chunk, with e-mails new to the store, and their digests."""
        made = [self._identity(stock, index) for index in range(size)]
        indexed = [canaries.digests(tx.indexer, identity) for identity in made]
        if "email" not in self.fields:
            return made, indexed
        for _try in range(_TRIES):
            wrong = _clashes(tx, indexed)
            if not wrong:
                return made, indexed
            for index in wrong:
                made[index] = self._identity(stock, index)
                indexed[index] = canaries.digests(tx.indexer, made[index])
        raise InvalidInput(
            _("no free e-mail was found for a person."),
            hint=_("Add another mail domain with `honeytoken pool add email_domain`."),
        )

    def _identity(self, stock: _Stock, index: int) -> Identity:
        phone, domain, base = stock.at(index)
        for _try in range(_TRIES):
            person = next(self.people)
            joint = normalize.surname_last4(person.family_name, phone.value) if phone else None
            # The last try stands: 王 alone is 7 % of people, and there are 10,000 last fours.
            if joint is None or joint not in self.taken:
                break
        self.taken.add(joint)
        address = None
        if base is not None and base.address is not None:
            address = personas.with_unit(base.address, random=self.random)
        return Identity(
            name=person.name,
            given_name=person.given_name,
            family_name=person.family_name,
            phone_number=phone.value if phone else None,
            email=_email(person.local_part, domain.value) if domain else None,
            address=address,
            birthdate=person.birthdate,
            gender=person.gender,
            locale=person.locale,
        )


class Mint:
    """Makes canaries in one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def mint_many(
        self,
        count: int,
        *,
        locale: str = "zh-CN",
        plan_id: str | None = None,
        channel_id: str | None = None,
        note: str | None = None,
        expires_at: datetime | None = None,
        requires: Sequence[str] = (),
        seed: int | None = None,
    ) -> Iterator[Canary]:
        """Yield *count* new canaries, each committed before it is yielded.

        An identity has a phone number, an e-mail and an address as far as the pool holds such
        contact points. Within one call, and within one plan, (surname, last four digits) is unique
        as far as the names allow, and every e-mail is unique in the store.

        Args:
            count: 1 to 10,000,000.
            locale: BCP 47, one of ``personas.locales()``.
            plan_id: the set they are designed with.
            channel_id: use only contact points that no canary of this channel carries.
            note: the owner's, sealed with the identity.
            expires_at: when they should no longer be placed.
            requires: ``Identity`` fields that must be filled.
            seed: makes the people repeat within one release of honeytoken; for demos and tests.

        Raises:
            PoolExhausted: the pool has no room for all of them; nothing is minted.
            InvalidInput: an argument cannot be used.
        """
        if not 1 <= count <= MAX_COUNT:
            raise InvalidInput(_("the count must be between 1 and {n}.").format(n=MAX_COUNT))
        if expires_at is not None:
            expires_at = normalize.moment(expires_at)
        unknown = set(requires) - set(_KINDS)
        if unknown:
            raise InvalidInput(
                _("unknown field: {names}.").format(names=_(", ").join(sorted(unknown)))
            )
        source: random_module.Random = (
            random_module.SystemRandom() if seed is None else random_module.Random(seed)  # noqa: S311
        )
        # Seeded anew from the system's for every chunk: fast, and whoever saw the canaries of a
        # whole chunk could still not tell those of the next.
        random = random_module.Random(source.getrandbits(256))  # noqa: S311
        people = personas.people(locale, random=random, today=self._store.clock().date())
        with self._store.read() as tx:
            fields = self._fields(tx, count, requires, locale)
            taken = {_joint(item.identity) for item in _planned(tx, plan_id)}
            avoid = canaries.points_with_channel(tx, channel_id) if channel_id else None
        template = Canary(
            "", Identity("", "", ""), (), self._store.clock(), plan_id, expires_at, note
        )
        return self._chunks(
            count, _Draw(locale, fields, people, source, random, taken, avoid), template
        )

    def _chunks(self, count: int, draw: _Draw, template: Canary) -> Iterator[Canary]:
        left = count
        while left:
            with self._store.write() as tx:
                draw.begin_chunk()
                size = min(CHUNK, left)
                stock = _take(tx, size, self._settings, draw)
                made, indexed = draw.identities(tx, size, stock)
                chunk = [
                    Canary(
                        id=canary_id,
                        identity=identity,
                        contact_point_ids=stock.point_ids(index),
                        minted_at=tx.now,
                        plan_id=template.plan_id,
                        expires_at=template.expires_at,
                        note=template.note,
                    )
                    for index, (canary_id, identity) in enumerate(
                        zip(new_ids("can", tx.now, size), made, strict=True)
                    )
                ]
                canaries.insert_many(tx, chunk, indexed)
                _count_use(tx, chunk)
            yield from chunk
            left -= size

    def _fields(
        self, tx: Transaction, count: int, requires: Sequence[str], locale: str
    ) -> dict[str, _Source]:
        """Return the fields to fill: those required, and those the pool has contact points for.

        E-mails are of the locale's country before any other, and of a domain before mailboxes.
        Mailboxes are used where there is one for each; they are too few to refuse to mint without.
        """
        country = locale.rpartition("-")[2].upper()
        domains, mailboxes = ContactPointKind.EMAIL_DOMAIN, ContactPointKind.MAILBOX
        emails = [_Source(kind, of) for of in (country, None) for kind in (domains, mailboxes)]
        chosen = {
            name: _Source(kind, country if kind in _OF_THE_COUNTRY else None)
            for name, kind in _KINDS.items()
        }
        rooms = {
            source: contact_points.room(
                tx, source.kind, roles=roles(self._settings), region=source.region
            )
            for source in (*chosen.values(), *emails)
        }
        only_mailboxes = "email" in requires and not rooms[_Source(domains, None)].points
        fallback = _Source(mailboxes, None) if only_mailboxes else chosen["email"]
        if not rooms[fallback].points:
            fallback = chosen["email"]
        chosen["email"] = next((at for at in emails if rooms[at].free >= count), fallback)
        fields = {
            name: source
            for name, source in chosen.items()
            if rooms[source].points or name in requires
        }
        for source in fields.values():
            if rooms[source].free < count:
                raise _exhausted(source.kind, count, rooms[source].free)
        if not fields:
            raise _exhausted(ContactPointKind.PHONE_NUMBER, count, 0)
        return fields


def _exhausted(kind: ContactPointKind, wanted: int, available: int) -> PoolExhausted:
    hints = {
        ContactPointKind.PHONE_NUMBER: _(
            "Add phone numbers of that country with `honeytoken pool add phone_number`, wait until "
            "those that soak are ready, or give them more capacity."
        ),
        ContactPointKind.EMAIL_DOMAIN: _(
            "Add a mail domain you hold with `honeytoken pool add email_domain`."
        ),
        ContactPointKind.MAILBOX: _(
            "Add more mailboxes, or a mail domain, with `honeytoken pool add`."
        ),
        ContactPointKind.ADDRESS: _(
            "Add an address you control with `honeytoken pool add address`."
        ),
    }
    return PoolExhausted(kind.value, wanted=wanted, available=available, hint=hints[kind])


def _email(local_part: str, point: str) -> str:
    """Return the e-mail: at a mail domain under the person's name, of a mailbox as it is."""
    return point if "@" in point else f"{local_part}@{point}"


def _clashes(tx: Transaction, indexed: Sequence[Sequence[bytes]]) -> list[int]:
    """Return the places whose e-mail stands before in the chunk, or in the store."""
    wrong, first = [], {}
    for index, (email, *_others) in enumerate(indexed):
        if email in first:
            wrong.append(index)
        else:
            first[email] = index
    wrong += [first[digest] for digest in canaries.ids_by_digest(tx, list(first))]
    return wrong


def _planned(tx: Transaction, plan_id: str | None) -> Sequence[Canary]:
    return canaries.in_plan(tx, plan_id) if plan_id else ()


def _joint(identity: Identity) -> str | None:
    if identity.phone_number is None:
        return None
    return normalize.surname_last4(identity.family_name, identity.phone_number)


def _take(tx: Transaction, size: int, settings: Settings, draw: _Draw) -> _Stock:
    """Return contact points for *size* canaries, the least used first, as evenly as may be.

    With a channel in view (``draw.avoid``) each phone number is taken once and added there: two
    identities on one number would meet in one dump.
    """
    found: dict[str, Sequence[Slot]] = {}
    for name, (kind, region) in draw.fields.items():
        once = draw.avoid is not None and kind is ContactPointKind.PHONE_NUMBER
        points = contact_points.free(
            tx,
            kind,
            roles=roles(settings),
            region=region,
            limit=size,
            without=draw.avoid if once and draw.avoid else frozenset(),
            opened=draw.opened,
        )
        slots = points if once else _spread(points, size)
        if len(slots) < size:
            raise _exhausted(kind, size, len(slots))
        if once and draw.avoid is not None:
            draw.avoid.update(point.id for point in slots)
        found[name] = slots
    return _Stock(
        phones=found.get("phone_number", ()),
        domains=found.get("email", ()),
        addresses=found.get("address", ()),
    )


def _spread(points: Sequence[Slot], size: int) -> list[Slot]:
    """Spread *size* canaries over the points: round after round, as far as each has room."""
    slots: list[Slot] = []
    round_ = 0
    while len(slots) < size:
        open_points = [point for point in points if point.left > round_]
        if not open_points:
            break
        slots += open_points[: size - len(slots)]
        round_ += 1
    return slots


def _count_use(tx: Transaction, chunk: Sequence[Canary]) -> None:
    uses: dict[str, int] = {}
    for canary in chunk:
        for point_id in canary.contact_point_ids:
            uses[point_id] = uses.get(point_id, 0) + 1
    contact_points.count_use(tx, uses)

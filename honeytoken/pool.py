"""The pool: contact points the owner holds. Numbers, mail domains, mailboxes, base addresses.

Contact points are owned, never invented. A new one is listened to for a soak period before it is
planted, because numbers are recycled; controls are reserved from it before anything was planted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from . import normalize
from .errors import InvalidInput, NotFound, PoolExhausted, Refused
from .messages import translate as _
from .models import Address, ContactPoint, ContactPointKind, ContactPointState, Role
from .settings import TEST, Settings
from .store import Store, Transaction, contact_points
from .store.ids import new_ids

#: A mail domain or an address may be carried by as many canaries as one likes.
_UNBOUNDED = 1_000_000
_MAX_CAPACITY = 1_000_000


@dataclass(frozen=True, slots=True)
class NewPoint:
    """A contact point to be added."""

    kind: ContactPointKind | str
    #: A number in any notation, a mail domain, a mail address, or an address on one line.
    value: str = field(repr=False)
    #: ISO 3166-1 alpha-2.
    region: str
    role: Role | str = Role.PLANTABLE
    #: The parts, for kind ``address``.
    address: Address | None = field(default=None, repr=False)
    device: str | None = None
    gateway: str | None = None
    #: Since when the owner has held it: their word, shown as such.
    held_since: datetime | date | None = None
    soak_days: int | None = None
    capacity: int | None = None


#: Kinds that somebody else may have had before: they are listened to before they are planted.
_RECYCLED = (ContactPointKind.PHONE_NUMBER, ContactPointKind.MAILBOX)

#: What the pool answers with (inside the class, ``list`` is a method).
Points = list[ContactPoint]


class Pool:
    """The contact points of one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def add(self, kind: ContactPointKind | str, value: str, **given: object) -> ContactPoint:
        """Add one contact point; the arguments are the fields of :class:`NewPoint`.

        Raises:
            InvalidIdentifier, InvalidInput: it cannot be used as given.
            Refused: a production vault and a number that is reserved for fiction.
            AlreadyExists: it is in the pool.
        """
        return self.add_many([NewPoint(kind, value, **given)])[0]  # type: ignore[arg-type]

    def add_many(self, points: Iterable[NewPoint]) -> list[ContactPoint]:
        """Add contact points, all or none. Raises as :meth:`add`."""
        now = self._store.clock()
        checked = [self._checked(point, now) for point in points]
        ids = new_ids("cp", now, len(checked))
        made = [
            made_point(point, point_id, now) for point, point_id in zip(checked, ids, strict=True)
        ]
        with self._store.write() as tx:
            contact_points.insert_many(tx, made)
        return self.list(ids=[point.id for point in made])

    def list(
        self,
        *,
        kind: ContactPointKind | str | None = None,
        role: Role | str | None = None,
        ids: Sequence[str] | None = None,
    ) -> list[ContactPoint]:
        """Return contact points in the order they were added."""
        with self._store.read() as tx:
            return contact_points.list_points(
                tx,
                kind=None if kind is None else normalize.word(ContactPointKind, kind),
                role=None if role is None else normalize.word(Role, role),
                ids=ids,
            )

    def get(self, point_id: str) -> ContactPoint:
        """Return one contact point.

        Raises:
            NotFound: there is none with that id.
        """
        found = self.list(ids=[point_id])
        if not found:
            raise NotFound("contact point", point_id)
        return found[0]

    def reserve_controls(self, *, count: int | None = None, ids: Sequence[str] = ()) -> Points:
        """Make contact points controls: never planted, they measure the background from now on.

        Args:
            count: take this many unused phone numbers, spread evenly over the pool.
            ids: or take these.

        Raises:
            InvalidInput: neither or both are given.
            Refused: one was planted, is a control already, or is not held.
            PoolExhausted: there are not enough unused numbers.
        """
        if (count is None) == (not ids):
            raise InvalidInput(_("give a count or ids of contact points."))
        if count is not None and count < 1:
            raise InvalidInput(_("the count must be at least 1."))
        with self._store.write() as tx:
            may_plant = roles(self._settings)
            chosen = _named(tx, ids, may_plant) if count is None else _spread(tx, count, may_plant)
            contact_points.reserve(tx, [point.id for point in chosen])
        return self.list(ids=[point.id for point in chosen])

    def retire(self, point_id: str, *, burnt: bool = False) -> ContactPoint:
        """Stop planting a contact point: given up (``retired``), or known to others (``burnt``).

        Raises:
            NotFound: there is none with that id.
        """
        state = ContactPointState.BURNT if burnt else ContactPointState.RETIRED
        self.get(point_id)
        with self._store.write() as tx:
            contact_points.withdraw(tx, point_id, state)
        return self.get(point_id)

    def _checked(self, point: NewPoint, now: datetime) -> NewPoint:
        kind = normalize.word(ContactPointKind, point.kind)
        role = normalize.word(Role, point.role)
        if role is Role.CONTROL:
            raise InvalidInput(
                _("a contact point is not added as a control."),
                hint=_("Add it, then reserve it with `honeytoken pool reserve-controls`."),
            )
        region = point.region.strip().upper()
        if len(region) != 2 or not (region.isascii() and region.isalpha()):
            raise InvalidInput(_("the region must be a country code such as CN or GB."))
        value = canonical(kind, point.value, region=region)
        if kind is ContactPointKind.PHONE_NUMBER and not is_of_region(value, region):
            raise InvalidInput(
                _("the number is not one of that region."), hint=_("Give the region it belongs to.")
            )
        if kind is ContactPointKind.ADDRESS and point.address is None:
            raise InvalidInput(
                _("an address needs its parts."),
                hint=_("Give street address, locality, region, postal code and country."),
            )
        if (
            role is Role.PLANTABLE
            and self._settings.mode != TEST
            and kind is ContactPointKind.PHONE_NUMBER
            and is_fictional(value)
        ):
            raise Refused(
                _("this number is reserved for fiction or not allocated: nobody can hold it."),
                hint=_("Add a number you hold; for trials use `honeytoken init --mode test`."),
            )
        if (
            role is Role.PLANTABLE
            and self._settings.mode != TEST
            and kind is ContactPointKind.EMAIL_DOMAIN
            and is_nobodys_domain(value)
        ):
            raise Refused(
                _("nobody can hold this mail domain: a public provider's, or a reserved one."),
                hint=_("Add a domain of your own; for trials use `honeytoken init --mode test`."),
            )
        if kind is ContactPointKind.MAILBOX:
            _check_mailbox(value, role, point.capacity, self._settings)
        default = {
            ContactPointKind.PHONE_NUMBER: self._settings.pool.capacity,
            ContactPointKind.MAILBOX: 1,
        }.get(kind, _UNBOUNDED)
        soak = self._settings.pool.soak_days if point.soak_days is None else point.soak_days
        capacity = default if point.capacity is None else point.capacity
        if not 1 <= capacity <= _MAX_CAPACITY:
            raise InvalidInput(_("the capacity must be between 1 and {n}.").format(n=_MAX_CAPACITY))
        if not 0 <= soak <= 3650:
            raise InvalidInput(_("the soak period must be between 0 and 3650 days."))
        held_since = _moment(point.held_since)
        if held_since is not None and held_since > now:
            raise InvalidInput(_("held since a date in the future."))
        return NewPoint(
            kind=kind,
            value=value,
            region=region,
            role=role,
            address=point.address,
            device=point.device,
            gateway=point.gateway,
            held_since=held_since,
            soak_days=soak,
            capacity=capacity,
        )


def _check_mailbox(value: str, role: Role, capacity: int | None, settings: Settings) -> None:
    """Refuse a mailbox that nobody can hold, or that more than one canary should carry."""
    fictional = is_reserved_domain(value.rpartition("@")[2])
    if role is Role.PLANTABLE and settings.mode != TEST and fictional:
        raise Refused(
            _("nobody can hold this mailbox: its domain is reserved."),
            hint=_("Add a mailbox you hold; for trials use `honeytoken init --mode test`."),
        )
    if capacity not in (None, 1):
        raise InvalidInput(_("a mailbox is the e-mail of one canary: its capacity is 1."))


def made_point(point: NewPoint, point_id: str, now: datetime) -> ContactPoint:
    """Return the contact point that a checked :class:`NewPoint` becomes at *now*."""
    attested = point.held_since is not None
    held_since = _moment(point.held_since) or now
    soaks = point.kind in _RECYCLED and point.role is not Role.TEST
    ready_at = held_since + timedelta(days=point.soak_days or 0) if soaks else None
    state = ContactPointState.READY
    if ready_at is not None and ready_at > now:
        state = ContactPointState.SOAKING
    return ContactPoint(
        id=point_id,
        kind=ContactPointKind(point.kind),
        value=point.value,
        role=Role(point.role),
        region=point.region,
        state=state,
        capacity=point.capacity or 1,
        used=0,
        added_at=now,
        # Nobody holds a test number.
        held_since=None if point.role is Role.TEST else held_since,
        attested=attested and point.role is not Role.TEST,
        ready_at=ready_at,
        device=point.device,
        gateway=point.gateway,
        address=point.address,
    )


def canonical(kind: ContactPointKind, value: str, *, region: str) -> str:
    """Return the canonical value of a contact point.

    Raises:
        InvalidIdentifier: it has none.
    """
    if kind is ContactPointKind.PHONE_NUMBER:
        return normalize.phone_number(value, region=region)
    if kind is ContactPointKind.EMAIL_DOMAIN:
        return normalize.email_domain(value)
    if kind is ContactPointKind.MAILBOX:
        return normalize.email(value)
    return normalize.address(value, country=region)


def is_fictional(number: str) -> bool:
    """Tell whether an E.164 number cannot be anybody's.

    That is: reserved for fiction by its regulator (North America 555-01xx; United Kingdom, Ofcom),
    or, for China, which has no such range, in a block that is not allocated.
    """
    # Imported here: its numbering plans take 100 ms to load.
    import phonenumbers

    parsed = phonenumbers.parse(number)
    national = phonenumbers.national_significant_number(parsed)
    if parsed.country_code == 1:
        return len(national) == 10 and national[3:8] == "55501"
    if parsed.country_code == 44:
        return national.startswith(_OFCOM_DRAMA)
    if parsed.country_code == 86:
        return len(national) == 11 and national[:3] in ("154", "160", "161", "163", "164", "168")
    return False


def is_nobodys_domain(domain: str) -> bool:
    """Tell whether a mail domain is a public provider's, where others have mailboxes, or reserved.

    Source of the reserved ones: RFC 2606 and RFC 6761. The providers are the largest of the
    countries whose people we make up: a guard against a slip, not a complete list.
    """
    return is_public_provider(domain) or is_reserved_domain(domain)


def is_public_provider(domain: str) -> bool:
    """Tell whether anybody may have a mailbox under a domain; a guard against a slip."""
    return domain in _PUBLIC_PROVIDERS


def is_reserved_domain(domain: str) -> bool:
    """Tell whether a domain is reserved for examples and tests: no mail ever arrives there."""
    labels = domain.split(".")
    return labels[-1] in _RESERVED or labels[-2:] in _RESERVED_SECOND


_RESERVED = frozenset({"example", "test", "invalid", "localhost", "local", "onion", "arpa"})
_RESERVED_SECOND = [["example", "com"], ["example", "net"], ["example", "org"]]
_PUBLIC_PROVIDERS = frozenset(
    {
        *("qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "139.com", "189.cn"),
        *("wo.cn", "sina.com", "sina.cn", "sohu.com", "aliyun.com", "tom.com", "21cn.com"),
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
        *("hotmail.co.uk", "live.co.uk", "yahoo.com", "yahoo.co.uk", "yahoo.co.jp", "ymail.com"),
        *("aol.com", "icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com"),
        *("gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "freenet.de", "mail.com"),
        *("btinternet.com", "sky.com", "talktalk.net", "comcast.net", "verizon.net"),
        *("docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "mail.ru", "yandex.ru"),
    }
)
#: Ofcom, "Numbers for use in TV and radio drama programmes".
_OFCOM_DRAMA = (
    "7700900",
    "1632960",
    "2079460",
    "8081570",
    *(f"{area}4960" for area in (113, 114, 115, 116, 117, 118, 121, 131, 141, 151, 161)),
)


def is_of_region(number: str, region: str) -> bool:
    """Tell whether an E.164 number has the country code of a region; several may share one."""
    import phonenumbers

    code = phonenumbers.parse(number).country_code or 0
    return region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())


def roles(settings: Settings) -> tuple[Role, ...]:
    """Return the roles that may be planted: a production vault refuses test numbers."""
    if settings.mode == TEST:
        return (Role.PLANTABLE, Role.TEST)
    return (Role.PLANTABLE,)


def require_plantable(points: Iterable[ContactPoint], settings: Settings) -> None:
    """Refuse to place a canary that carries a contact point which may not be planted.

    Raises:
        Refused: a contact point is a control, has the test role in a production vault, is not held,
            or was withdrawn.
    """
    for point in points:
        if point.role is Role.CONTROL:
            raise Refused(
                _("contact point {id} is a control: it is never planted.").format(id=point.id)
            )
        if point.role not in roles(settings):
            raise Refused(
                _("contact point {id} has the test role; this vault is in production.").format(
                    id=point.id
                ),
                hint=_("Add contact points you hold with `honeytoken pool add`, then mint anew."),
            )
        if point.role is not Role.TEST and point.held_since is None:
            raise Refused(_("contact point {id} is not held by you.").format(id=point.id))
        if point.state in (ContactPointState.RETIRED, ContactPointState.BURNT):
            raise Refused(
                _("contact point {id} was withdrawn.").format(id=point.id),
                hint=_("Mint another canary."),
            )


def _named(tx: Transaction, ids: Sequence[str], may_plant: Sequence[Role]) -> list[ContactPoint]:
    found = contact_points.list_points(tx, ids=ids)
    for missing in set(ids) - {point.id for point in found}:
        raise NotFound("contact point", missing)
    for point in found:
        if point.role is Role.CONTROL:
            raise Refused(_("contact point {id} is a control already.").format(id=point.id))
        if point.role not in may_plant:
            raise Refused(
                _("contact point {id} has the test role; this vault is in production.").format(
                    id=point.id
                ),
                hint=_("A number that rings nobody measures no background: reserve real ones."),
            )
        if point.used or point.state in (ContactPointState.RETIRED, ContactPointState.BURNT):
            raise Refused(
                _("contact point {id} was given to canaries or withdrawn.").format(id=point.id),
                hint=_("A control must never have been planted: choose unused numbers."),
            )
    return found


def _spread(tx: Transaction, count: int, may_plant: Sequence[Role]) -> list[ContactPoint]:
    """Take every n-th unused number in numerical order: controls interleaved with the planted."""
    free = [
        point
        for point in contact_points.list_points(tx, kind=ContactPointKind.PHONE_NUMBER)
        if point.role in may_plant
        and not point.used
        and point.state in (ContactPointState.READY, ContactPointState.SOAKING)
    ]
    if len(free) < count:
        raise PoolExhausted(
            ContactPointKind.PHONE_NUMBER.value,
            wanted=count,
            available=len(free),
            hint=_(
                "Add phone numbers with `honeytoken pool add`; planted ones cannot be controls."
            ),
        )
    free.sort(key=lambda point: point.value)
    step = len(free) / count
    return [free[int((index + 0.5) * step)] for index in range(count)]


def _moment(day: datetime | date | None) -> datetime | None:
    if day is None:
        return None
    if isinstance(day, datetime):
        return normalize.moment(day)
    return datetime.combine(day, time(), tzinfo=UTC)

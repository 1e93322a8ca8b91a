"""Records to bytes and back: the JSON inside sealed values. A format, pinned by vectors in tests.

Keys are the records' own field names; what is ``None`` or empty is left out. New fields may be
added with a default; a field once written is never given another meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import orjson

from ..ledger import SALT_BYTES, salted
from ..models import (
    Address,
    Candidate,
    CheckResult,
    ContactNote,
    Facts,
    FieldForm,
    FieldMatch,
    FieldView,
    Gender,
    Hop,
    Identity,
    MailChecks,
    View,
)

_NOTE_FIELDS = ("claimed_to_be", "asked_for", "knew", "data_from", "call_back", "text")

_FACT_LISTS = ("links", "call_back_numbers", "people", "amounts")
_CHECKS = ("spf", "dkim", "dmarc", "domain")


def to_bytes(data: Mapping[str, Any]) -> bytes:
    """Return salted JSON: what is sealed, and what the ledger commits to."""
    try:
        return salted(orjson.dumps(data))
    except TypeError:
        # A lone surrogate, which somebody typed or a phone sent: no UTF-8, but it must be kept.
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return salted(text.encode("utf-8", "surrogatepass"))


def from_bytes(plain: bytes) -> Any:
    """Return what :func:`to_bytes` was given."""
    try:
        return orjson.loads(plain[SALT_BYTES:])
    except ValueError:
        return json.loads(plain[SALT_BYTES:].decode("utf-8", "surrogatepass"))


def address_data(address: Address) -> dict[str, str]:
    """Return an address as JSON data."""
    return {
        "formatted": address.formatted,
        "street_address": address.street_address,
        "locality": address.locality,
        "region": address.region,
        "postal_code": address.postal_code,
        "country": address.country,
    }


def address(data: Mapping[str, str] | None) -> Address | None:
    """Return what :func:`address_data` was given."""
    return None if data is None else Address(**data)


def identity_data(identity: Identity) -> dict[str, Any]:
    """Return an identity as JSON data."""
    data: dict[str, Any] = {
        "name": identity.name,
        "given_name": identity.given_name,
        "family_name": identity.family_name,
        "locale": identity.locale,
    }
    if identity.phone_number is not None:
        data["phone_number"] = identity.phone_number
    if identity.email is not None:
        data["email"] = identity.email
    if identity.address is not None:
        data["address"] = address_data(identity.address)
    if identity.birthdate is not None:
        data["birthdate"] = identity.birthdate.isoformat()
    if identity.gender is not None:
        data["gender"] = identity.gender.value
    return data


def identity(data: Mapping[str, Any]) -> Identity:
    """Return what :func:`identity_data` was given."""
    birthdate, gender = data.get("birthdate"), data.get("gender")
    return Identity(
        name=data["name"],
        given_name=data["given_name"],
        family_name=data["family_name"],
        phone_number=data.get("phone_number"),
        email=data.get("email"),
        address=address(data.get("address")),
        birthdate=date.fromisoformat(birthdate) if birthdate else None,
        gender=Gender(gender) if gender else None,
        locale=data["locale"],
    )


def view_data(view: View) -> dict[str, list[str | None]]:
    """Return a view as JSON data."""
    return {name: [shown.form.value, shown.shown] for name, shown in sorted(view.items())}


def view(data: Mapping[str, Any]) -> View:
    """Return what :func:`view_data` was given."""
    return {name: FieldView(FieldForm(form), shown) for name, (form, shown) in data.items()}


def hops_data(hops: tuple[Hop, ...]) -> list[list[Any]]:
    """Return the hops of a route as JSON data."""
    return [[hop.channel_id, view_data(hop.view)] for hop in hops]


def hops(data: list[list[Any]]) -> tuple[Hop, ...]:
    """Return what :func:`hops_data` was given."""
    return tuple(Hop(channel_id, view(shown)) for channel_id, shown in data)


def note_data(note: ContactNote) -> dict[str, str]:
    """Return a note as JSON data."""
    data = {name: value for name in _NOTE_FIELDS if (value := getattr(note, name)) is not None}
    return {"at": note.at.isoformat(), **data}


def note(data: Mapping[str, str]) -> ContactNote:
    """Return what :func:`note_data` was given."""
    rest = {name: data[name] for name in _NOTE_FIELDS if name in data}
    return ContactNote(at=datetime.fromisoformat(data["at"]), **rest)


def candidates_data(candidates: tuple[Candidate, ...]) -> list[list[Any]]:
    """Return candidates as JSON data. Sealed: the weight of a name tells which name it is."""
    return [
        [item.canary_id, [[m.field, m.form, m.log_likelihood_ratio] for m in item.matches]]
        for item in candidates
    ]


def candidates(data: Iterable[Any]) -> tuple[Candidate, ...]:
    """Return what :func:`candidates_data` was given."""
    return tuple(
        Candidate(canary_id, tuple(FieldMatch(*match) for match in matches))
        for canary_id, matches in data
    )


def facts_data(facts: Facts) -> dict[str, Any]:
    """Return what a text says as JSON data."""
    data: dict[str, Any] = {}
    if facts.signature is not None:
        data["signature"] = facts.signature
    for name in _FACT_LISTS:
        if found := getattr(facts, name):
            data[name] = list(found)
    return data


def facts(data: Mapping[str, Any]) -> Facts:
    """Return what :func:`facts_data` was given."""
    lists = {name: tuple(data[name]) for name in _FACT_LISTS if name in data}
    return Facts(signature=data.get("signature"), **lists)


def checks_data(checks: MailChecks) -> dict[str, str]:
    """Return the checks of a mail as JSON data."""
    return {name: str(value) for name in _CHECKS if (value := getattr(checks, name)) is not None}


def checks(data: Mapping[str, str] | None) -> MailChecks | None:
    """Return what :func:`checks_data` was given."""
    if data is None:
        return None
    results = {name: CheckResult(data[name]) for name in _CHECKS[:3] if name in data}
    return MailChecks(domain=data.get("domain"), **results)

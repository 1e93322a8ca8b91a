"""One canary, one row, with a header for each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..errors import InvalidInput
from ..messages import translate as _
from ..models import Canary, DocumentKind
from . import loan_form, waybill

#: Languages that headers come in; independent of the language that messages are in.
LANGUAGES = ("zh_CN", "en")


@dataclass(frozen=True, slots=True)
class _Document:
    required: tuple[str, ...]
    headers: Mapping[str, tuple[str, ...]]
    values: Callable[..., tuple[str, ...]]


_DOCUMENTS = {
    DocumentKind.WAYBILL: _Document(waybill.REQUIRED, waybill.HEADERS, waybill.values),
    DocumentKind.LOAN_FORM: _Document(loan_form.REQUIRED, loan_form.HEADERS, loan_form.values),
}


def required(document: DocumentKind) -> tuple[str, ...]:
    """Return the ``Identity`` fields that *document* cannot do without.

    Raises:
        InvalidInput: there are no rows for such a document (a visit).
    """
    return _found(document).required


def headers(document: DocumentKind, *, language: str) -> tuple[str, ...]:
    """Return the column names of *document* in order, in one of :data:`LANGUAGES`.

    Raises:
        InvalidInput: no rows for such a document, or no headers in that language.
    """
    found = _found(document).headers.get(language)
    if found is None:
        raise InvalidInput(
            _("documents have no headers in that language."),
            hint=_("Use one of {names}.").format(names=_(", ").join(LANGUAGES)),
        )
    return found


def row(
    document: DocumentKind, canary: Canary, *, language: str, reference: str | None = None
) -> dict[str, str]:
    """Return *canary* as one row of *document*: header to cell, in the order of :func:`headers`.

    Phone numbers are in the notation of the country, Chinese addresses are split into 省, 市, 区县
    and 详细地址. Cells hold the text as it is; :func:`as_csv` guards spreadsheets.

    Args:
        document: ``waybill`` or ``loan_form``.
        canary: with the fields of :func:`required`.
        language: of the headers and of words such as 男; names and addresses stay as they are.
        reference: the owner's own order number; empty if ``None``.

    Raises:
        InvalidInput: a required field is missing (it is named), *reference* holds control
            characters, or no such document or language.
    """
    columns = headers(document, language=language)
    for field in _found(document).required:
        if not getattr(canary.identity, field):
            message = _("canary {id} has no {field}, which a {document} needs.")
            raise InvalidInput(
                message.format(id=canary.id, field=field, document=document.value),
                hint=_("Mint with `--require {field}`.").format(field=field),
            )
    if reference is not None and not reference.isprintable():
        raise InvalidInput(_("the reference holds control characters."))
    cells = _found(document).values(canary.identity, language=language, reference=reference or "")
    return dict(zip(columns, cells, strict=True))


def _found(document: DocumentKind) -> _Document:
    found = _DOCUMENTS.get(document)
    if found is None:
        raise InvalidInput(
            _("there are no rows for that document."),
            hint=_("Use one of {names}.").format(names=_(", ").join(_DOCUMENTS)),
        )
    return found

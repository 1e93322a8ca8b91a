"""Keeps the catalogues in step with the source: ``python -m tests.messages.catalogue``.

Collects every ``_()``, ``translate()`` and ``ngettext()`` of the package and the stable words of
the records, brings each ``honeytoken.po`` up to date, compiles its ``.mo``, and prints what is
still to be translated. Translations of unchanged messages are kept; those of messages that are
gone are dropped. A changed English text is a new message: its old translation is printed with it.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import honeytoken
from honeytoken.cli.words import stable_words
from honeytoken.messages import LANGUAGES

PACKAGE = Path(honeytoken.__file__).parent
_LOCALE = PACKAGE / "messages" / "locale"
_KEYWORDS = {"_": None, "translate": None, "ngettext": (1, 2)}
_WORDS_FILE = "honeytoken/cli/words.py"
_WIDTH = 100

#: One form, or singular and plural.
Forms = tuple[str, ...]


class _Catalogue(Catalog):
    """A catalogue whose header says nothing of when and by which release it was written."""

    language = ""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Project-Id-Version", "honeytoken"),
            ("Language", self.language),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]


def extracted() -> dict[Forms, set[str]]:
    """Return every message of the package and the files in which it stands."""
    found: dict[Forms, set[str]] = {}
    every = extract_from_dir(PACKAGE, method_map=[("**.py", "python")], keywords=_KEYWORDS)
    for file, _line, message, _comments, _context in every:
        found.setdefault(_forms(message), set()).add(f"honeytoken/{Path(file).as_posix()}")
    for word in stable_words():
        found.setdefault((word,), set()).add(_WORDS_FILE)
    return found


def paths(language: str) -> tuple[Path, Path]:
    """Return the ``.po`` and the ``.mo`` of a language."""
    folder = _LOCALE / language / "LC_MESSAGES"
    return folder / "honeytoken.po", folder / "honeytoken.mo"


def read(language: str) -> Catalog:
    """Return the catalogue of a language as it stands in its file."""
    with paths(language)[0].open("rb") as file:
        return read_po(file, locale=language)


def messages(catalogue: Catalog) -> Iterator[tuple[Forms, Forms, Message]]:
    """Yield the English and the translated forms of all messages."""
    for message in catalogue:
        if message.id:
            yield _forms(message.id), _forms(message.string), message


def updated(catalogue: Catalog, language: str) -> Catalog:
    """Return exactly the extracted messages, with the translations that *catalogue* has."""
    known = {english: translated for english, translated, _message in messages(catalogue)}
    every = extracted()
    return _made(
        language,
        catalogue.header_comment,
        ((forms, known.get(forms, ("",)), sorted(every[forms])) for forms in sorted(every)),
    )


def written(catalogue: Catalog) -> bytes:
    """Return the ``.po`` of a catalogue: sorted by file, without line numbers."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=_WIDTH, sort_by_file=True, include_lineno=False)
    return buffer.getvalue()


def compiled(language: str) -> bytes:
    """Return the ``.mo`` of the catalogue that stands in the file."""
    found = read(language)
    entries = ((english, translated, ()) for english, translated, _message in messages(found))
    buffer = io.BytesIO()
    write_mo(buffer, _made(language, "", entries))
    return buffer.getvalue()


def _made(
    language: str, comment: str, entries: Iterable[tuple[Forms, Forms, Iterable[str]]]
) -> Catalog:
    fresh = _Catalogue(locale=language, header_comment=comment, charset="utf-8", fuzzy=False)
    fresh.language = language
    for english, translated, files in entries:
        fresh.add(
            english[0] if len(english) == 1 else english,
            translated[0] if len(english) == 1 else translated,
            locations=[(file, 1) for file in files],
        )
    return fresh


def _forms(found: object) -> Forms:
    if isinstance(found, list | tuple):
        return tuple(str(form or "") for form in found)
    return (str(found or ""),)


def main() -> int:
    """Update and compile every catalogue; say what is missing."""
    missing = 0
    for language in LANGUAGES[1:]:
        po, mo = paths(language)
        before = read(language) if po.exists() else Catalog(locale=language)
        after = updated(before, language)
        po.parent.mkdir(parents=True, exist_ok=True)
        po.write_bytes(written(after))
        mo.write_bytes(compiled(language))
        now = {english for english, _translated, _message in messages(after)}
        gone = {
            english[0]: translated[0]
            for english, translated, _message in messages(before)
            if english not in now
        }
        for english, translated, _message in messages(after):
            if not all(translated):
                missing += 1
                sys.stdout.write(f"{language}: not translated: {english[0]!r}\n")
                for old in get_close_matches(english[0], gone, n=1):
                    sys.stdout.write(f"    was {old!r}: {gone[old]!r}\n")
        sys.stdout.write(f"{language}: {len(now)} messages, {len(gone)} dropped.\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

"""People of Germany: family names by frequency, given names by birth era.

The most common ones are our own compilation, an estimate that was not compared with any published
list; behind them come those of Faker, which it gives without weights.
"""

from __future__ import annotations

import re

from .alphabetic import Alphabetic, Era
from .weighted import Weighted, mixed, ranked

_FAMILIES = (
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch "
    "Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann "
    "Hartmann Lange Schmitt Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler "
    "Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn "
    "Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann "
    "Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt "
    "Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich "
    "Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff "
    "Pfeiffer"
)
_MALE = (
    "Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Günter Stefan Frank Bernd Uwe Dieter "
    "Rainer Werner Ralf Manfred Joachim Holger Martin Matthias Jörg Dirk Hans Karl Heinz "
    "Norbert Reinhard Gerhard Axel Volker Christian Rolf Harald Detlef Ulrich Helmut Horst "
    "Jens Torsten",
    "Michael Thomas Andreas Stefan Christian Markus Frank Martin Alexander Matthias Daniel "
    "Sven Jens Thorsten Jan Tobias Sebastian Marco Oliver Dirk Ralf Torsten Florian Patrick "
    "Marcel Dennis Benjamin Björn Lars Carsten Marc Kai René Mario Robert Peter Holger Jörg "
    "Philipp Nico",
    "Jan Lukas Daniel Tim Alexander Philipp Florian Tobias Kevin Maximilian Felix Niklas "
    "Marcel Dennis Christian Fabian Sebastian Dominik Patrick Jonas Leon David Marvin Julian "
    "Moritz Lennart Robin Simon Tom Nico Paul Max Pascal Jannik Finn Benedikt Johannes "
    "Yannick Luca Erik",
)
_FEMALE = (
    "Sabine Monika Petra Renate Karin Brigitte Gabriele Susanne Angelika Ursula Martina "
    "Birgit Andrea Barbara Claudia Heike Ulrike Christine Gisela Ingrid Elke Jutta Anja "
    "Bärbel Doris Cornelia Marion Kerstin Regina Silvia Christa Beate Ute Elisabeth Helga "
    "Anke Rita Annette Margit Heidi",
    "Nicole Stefanie Sandra Claudia Andrea Anja Katrin Melanie Susanne Tanja Sabine Christina "
    "Daniela Julia Katja Nadine Silke Anna Sonja Kerstin Yvonne Simone Birgit Jana Kathrin "
    "Michaela Bianca Manuela Anke Martina Heike Petra Doreen Jessica Sarah Alexandra Britta "
    "Maren Antje Nina",
    "Anna Laura Lisa Julia Sarah Lena Katharina Vanessa Jana Franziska Jennifer Jessica "
    "Sophie Marie Lea Hannah Michelle Johanna Nina Melanie Carolin Alina Annika Theresa Luisa "
    "Sabrina Pia Leonie Antonia Miriam Paula Isabell Svenja Ronja Nele Clara Kristin Merle "
    "Jasmin Eva",
)
# Each era ends before this birth year.
_ERAS = (1970, 1988, 9999)
_TAIL_OF_FAMILIES = 0.45
_TAIL_OF_GIVEN = 0.12
# Faker's list holds things that are no name ("Koch II", "Dussen van").
_ONE_WORD = re.compile(r"[A-ZÄÖÜ][a-zäöüß]+").fullmatch
# In use no more, or only as a joke on a form.
_UNUSUAL = frozenset({"Adolf", "Hitler", "Rommel", "Speer"})


def german() -> Alphabetic:
    """Return the model of ``de-DE``."""
    from faker.providers.person.de_DE import Provider

    families = mixed(
        (1 - _TAIL_OF_FAMILIES, ranked(_FAMILIES.split(), flat=6)),
        (_TAIL_OF_FAMILIES, _even(Provider.last_names)),
    )
    men, women = _even(Provider.first_names_male), _even(Provider.first_names_female)
    eras = tuple(
        Era(born_before, _given(male, men), _given(female, women))
        for born_before, male, female in zip(_ERAS, _MALE, _FEMALE, strict=True)
    )
    return Alphabetic("de-DE", families, eras, _full_name, {})


def _given(common: str, others: dict[str, float]) -> Weighted:
    return mixed((1 - _TAIL_OF_GIVEN, ranked(common.split(), flat=12)), (_TAIL_OF_GIVEN, others))


def _even(names: tuple[str, ...]) -> dict[str, float]:
    return {name: 1.0 for name in names if _ONE_WORD(name) and name not in _UNUSUAL}


def _full_name(family_name: str, given_name: str) -> str:
    return f"{given_name} {family_name}"

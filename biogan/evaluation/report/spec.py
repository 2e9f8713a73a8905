"""What a report says and draws for one kind of data: sequences, images or structures.

Table, verdict and page are the same for all kinds; their words, drawings and pairs come from the
:class:`Kind` that the report names. A new kind is a module with an object ``KIND`` and a line in
:data:`KINDS`.

One drawing of a page, and the sets that drawings show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

if TYPE_CHECKING:
    import pandas as pd

    from biogan.evaluation.report.report import Report


#: What the drawings call the records that every set is scored against.
REAL = "real"


@dataclass(frozen=True)
class Panel:
    """One drawing with its heading; a wide one takes the whole line."""

    title: str
    caption: str
    svg: Markup
    wide: bool = False


def shown(report: Report, *names: str) -> dict[str, Any]:
    """Return the samples that there are, by what the drawings call them.

    ``real`` are the records that every set is scored against, ``floor`` is the first floor.
    """
    held = {**report.samples, REAL: report.samples["target"]}
    found = {name: held[name] for name in names if name in held}
    if "floor" in names and report.rows:
        floor = next(iter(report.rows[0].floors), None)
        if floor in report.samples:
            found[f"floor ({floor})"] = report.samples[str(floor)]
    return found


#: Module of each kind, by the name that a report gives.
KINDS = {
    "sequences": "biogan.sequences.report",
    "images": "biogan.images.report",
    "structures": "biogan.structures.report",
}

Facts = Mapping[str, Any]


class Floor(NamedTuple):
    """How a trivial sampler is called in a narrow column, and what it does."""

    short: str
    about: str


class Column(NamedTuple):
    """A column of the table of sets: its heading, and its text from the facts about a set."""

    heading: str
    text: Callable[[Facts], str]
    code: bool = False


class Pairs(NamedTuple):
    """Generated records beside their nearest training records: a question and the pairs."""

    question: str
    body: Markup


def _nothing(report: Report, new: Sequence[str] = ()) -> list[Panel]:
    return []


@dataclass(frozen=True)
class Kind:
    """Words and drawings of the reports of one kind of data.

    Attributes
    ----------
    name, noun : str
        All of it, ``sequences``, and one of it in the report, ``record``.
    describe : callable
        Facts about a set, as ``report.sets`` holds them, to a few words for the terminal.
    columns : tuple of Column
        What the page says about each set.
    near : callable
        The report to what a near copy does: ``are at least 90 % identical to``.
    exact : str
        How an exact copy agrees: ``letter for letter``.
    subjects : mapping of str to str
        What the verdict speaks about after memorisation, by name of a metric, in this order.
    floors : mapping of str to Floor
        The trivial samplers by name, without the order of a chain.
    words : mapping of str to Words
        Heading and explanations of each group of metrics.
    sources : str
        Literature of the metrics.
    panels : callable
        The report and names of generated sets to drawings, by group of metrics.
    nearest : callable
        The report to the table of the nearest training records.
    pairs : callable
        The report to the closest pairs, or ``None``.
    gallery : callable
        As ``panels``, one list: drawings that stand above all numbers.
    settings : callable
        The report to further pairs of name and text in its provenance.
    digest : str
        What the SHA-256 of a set is of.
    packages : tuple of str
        Packages whose versions count.
    """

    name: str
    noun: str
    describe: Callable[[Facts], str]
    columns: tuple[Column, ...]
    near: Callable[[Report], str]
    exact: str
    subjects: Mapping[str, str]
    floors: Mapping[str, Floor]
    words: Mapping[str, Words]
    sources: str
    panels: Callable[[Report, Sequence[str]], dict[str, list[Panel]]]
    nearest: Callable[[Report], pd.DataFrame]
    pairs: Callable[[Report], Pairs | None] = field(default=lambda report: None)
    gallery: Callable[[Report, Sequence[str]], list[Panel]] = _nothing
    settings: Callable[[Report], list[tuple[str, str]]] = field(default=lambda report: [])
    digest: str = "data"
    packages: tuple[str, ...] = ("numpy", "scipy", "scikit-learn")

    def short(self, sampler: str) -> str:
        """Shorten the name of a sampler to the width of a column.

        Examples
        --------
        >>> get_kind("sequences").short("positional-markov-3"), get_kind("sequences").short("pwm")
        ('posmk-3', 'pwm')
        """
        name = sampler.rstrip("-0123456789")
        return self.floors[name].short + sampler[len(name) :] if name in self.floors else sampler

    def about(self, sampler: str) -> str:
        """Say in a few words what a sampler does."""
        name = sampler.rstrip("-0123456789")
        return self.floors[name].about if name in self.floors else sampler


def get_kind(name: str) -> Kind:
    """Return a kind by its name.

    Raises
    ------
    KeyError
        If there is none of this name.
    """
    kind = import_module(KINDS[name]).KIND
    assert isinstance(kind, Kind)
    return kind


@dataclass(frozen=True)
class Words:
    """Heading and explanations of a section.

    Attributes
    ----------
    title : str
        Heading.
    question : str
        What the section answers.
    read : str
        How to read the drawing.
    fails : str
        What makes its metrics fail.
    """

    title: str
    question: str
    read: str
    fails: str


def words_of(kind: str, group: str) -> Words:
    """Return the words of a group; a caller's own group gets its name for a heading."""
    from biogan.evaluation.report.spec import get_kind

    plain = Words(group[:1].upper() + group[1:], "", "", "")
    return get_kind(kind).words.get(group, plain)


# What a spreadsheet would read as the beginning of a formula.
_FORMULA = ("=", "+", "-", "@")


def cell(text: str) -> str:
    r"""Make a text safe for a cell of a table.

    Examples
    --------
    >>> cell("=1+1"), cell("a\tb\nc"), cell("seq_1")
    ("'=1+1", 'a b c', 'seq_1')
    """
    plain = " ".join(text.split())
    return f"'{plain}" if plain.startswith(_FORMULA) else plain

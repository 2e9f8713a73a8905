"""What a report says and draws for one kind of data: its words, drawings and pairs.

Table, verdict and page are the same for all kinds of data; everything else comes from the
:class:`ReportSpec` that the evaluation puts into its results. It knows nothing of results: ``T`` is
whatever its drawings read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from markupsafe import Markup

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Panel:
    """One drawing with its heading; a wide one takes the whole line."""

    title: str
    caption: str
    svg: Markup
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """Heading and explanations of a group of metrics.

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
    question: str = ""
    read: str = ""
    fails: str = ""


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


@dataclass(frozen=True)
class ReportSpec(Generic[T]):
    """Words and drawings of the reports of one kind of data.

    Attributes
    ----------
    name, noun : str
        All of it, ``sequences``, and one of it in the report, ``record``.
    describe : callable
        Facts about a set, as ``results.sets`` holds them, to a few words for the terminal.
    columns : tuple of Column
        What the page says about each set.
    near_copy : callable
        The results to what a near copy is: ``are at least 90 % identical to``.
    exact_copy : str
        How an exact copy agrees: ``letter for letter``.
    subjects : mapping of str to str
        What the verdict speaks about after memorisation, by name of a metric, in this order.
    floors : mapping of str to Floor
        The trivial samplers by name, without the order of a chain.
    sections : mapping of str to Section
        Heading and explanations of each group of metrics.
    sources : str
        Literature of the metrics.
    panels : mapping of str to callable
        By group of metrics, the results and names of generated sets to drawings. They, ``gallery``
        and ``pairs`` are asked for where the results have the samples.
    nearest : callable
        The results to the table of the nearest training records; None for no table.
    pairs : callable
        The results to the closest pairs, or ``None``.
    gallery : callable
        As one of ``panels``: drawings that stand above all numbers.
    settings : callable
        The results to further pairs of name and text in their provenance.
    digest : str
        What the SHA-256 of a set is of.
    packages : tuple of str
        Packages whose versions count.

    Examples
    --------
    >>> from biogan.sequences.report import SEQUENCE_REPORT
    >>> SEQUENCE_REPORT.short("positional-markov-3"), SEQUENCE_REPORT.short("pwm")
    ('posmk-3', 'pwm')
    >>> SEQUENCE_REPORT.section("k-mers").question
    'Are short words as frequent as in real records?'
    """

    name: str
    noun: str
    describe: Callable[[Facts], str] = field(default=lambda facts: "")
    columns: tuple[Column, ...] = ()
    near_copy: Callable[[T], str] = field(default=lambda results: "are near copies of")
    exact_copy: str = "exactly"
    subjects: Mapping[str, str] = field(default_factory=dict)
    floors: Mapping[str, Floor] = field(default_factory=dict)
    sections: Mapping[str, Section] = field(default_factory=dict)
    sources: str = ""
    panels: Mapping[str, Callable[[T, Sequence[str]], list[Panel]]] = field(default_factory=dict)
    nearest: Callable[[T], pd.DataFrame] | None = None
    pairs: Callable[[T], Pairs | None] = field(default=lambda results: None)
    gallery: Callable[[T, Sequence[str]], list[Panel]] = field(default=lambda results, new: [])
    settings: Callable[[T], list[tuple[str, str]]] = field(default=lambda results: [])
    digest: str = "data"
    packages: tuple[str, ...] = ("numpy", "scipy", "scikit-learn")

    def short(self, sampler: str) -> str:
        """Shorten the name of a sampler to the width of a column."""
        name = sampler.rstrip("-0123456789")
        return self.floors[name].short + sampler[len(name) :] if name in self.floors else sampler

    def about(self, sampler: str) -> str:
        """Say in a few words what a sampler does."""
        name = sampler.rstrip("-0123456789")
        return self.floors[name].about if name in self.floors else sampler

    def section(self, group: str) -> Section:
        """Return heading and explanations of a group; a caller's own group has its name alone."""
        return self.sections.get(group, Section(group[:1].upper() + group[1:]))

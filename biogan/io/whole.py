"""Questions about all records of a file, answered while it is read in chunks."""

from __future__ import annotations

from typing import Any, Protocol, Self


class Evidence(Protocol):
    """A sum over records that answers one question, see :mod:`biogan.io.detect`."""

    def __add__(self, other: Self) -> Self:
        """Return the evidence of both parts."""

    def answer(self) -> Any:
        """Return what the evidence says."""


class Whole:
    """Collects evidence and gives one answer to each question for a whole pass over a file.

    The first chunk that asks decides. Evidence goes on being added up, and :meth:`final` tells
    after the pass what the whole file says: if it says otherwise, the file is read once more with
    those answers. Since no question depends on a later one, this ends; nearly always at once.

    Parameters
    ----------
    answers : dict, optional
        The final answers of an earlier pass.
    whose : str
        Whose alphabet the reading options name, for messages: ``"the reference"``; by default it
        was asked for.

    Examples
    --------
    >>> from biogan.io.detect import OneLength
    >>> whole = Whole()
    >>> whole.ask("aligned", OneLength(5, 5)), whole.ask("aligned", OneLength(7, 7))
    (True, True)
    >>> whole.final(), whole.confirmed
    ({'aligned': False}, False)
    """

    def __init__(self, answers: dict[str, Any] | None = None, whose: str = "") -> None:
        self.whose = whose
        self.answers = dict(answers or {})
        self.evidence: dict[str, Any] = {}

    def ask(self, question: str, evidence: Evidence) -> Any:
        """Add the evidence of a chunk; return the answer that holds in this pass."""
        known = self.evidence.get(question)
        self.evidence[question] = evidence if known is None else known + evidence
        if question not in self.answers:
            self.answers[question] = evidence.answer()
        return self.answers[question]

    def final(self) -> dict[str, Any]:
        """Return what all evidence of this pass says."""
        return {question: evidence.answer() for question, evidence in self.evidence.items()}

    @property
    def confirmed(self) -> bool:
        """Whether the answers given in this pass are those of the whole file."""
        return all(self.answers[question] == answer for question, answer in self.final().items())

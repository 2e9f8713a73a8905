"""Detection of what the letters of a file mean.

The questions are: DNA, RNA or protein; soft-masking or A2M; aligned or not. The answer depends on
all records of a file. Its evidence is a small sum that is added up chunk by chunk, so that the file
need not fit in memory.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from biogan.core.errors import percentage, plural
from biogan.sequences.alphabet import DNA, GAP, PROTEIN, RNA, Alphabet
from biogan.sequences.io.records import Letters, frequent

LOWER, UPPER = string.ascii_lowercase.encode(), string.ascii_uppercase.encode()
DOT = b"."
# Letters of proteins that are no IUPAC code of a nucleotide. X is left out: it masks DNA, too.
PROTEIN_ONLY = b"EFILPQZJO"
NUCLEOTIDES = b"ACGTUN"
# A record looks like protein if more than this share of its letters are protein letters (natural
# proteins have a third), a file if at least this share of its records do. A typo is neither.
RECORD_SHARE = 0.05
FILE_SHARE = 0.1
# A share of records of the other kind worth telling.
MIXED_SHARE = 0.01


@dataclass(frozen=True)
class OneLength:
    """Whether all records that are not empty have one length.

    Attributes
    ----------
    shortest, longest : int
        Lengths of the records that are not empty, 0 where there is none.
    """

    shortest: int
    longest: int

    @classmethod
    def of(cls, letters: Letters) -> OneLength:
        """Take the evidence of some records."""
        lengths = letters.lengths[letters.lengths > 0]
        return cls(int(lengths.min()), int(lengths.max())) if len(lengths) else cls(0, 0)

    def __add__(self, other: OneLength) -> OneLength:
        if not (self.longest and other.longest):
            return self if self.longest else other
        return OneLength(min(self.shortest, other.shortest), max(self.longest, other.longest))

    def answer(self) -> bool:
        """Return whether it is so."""
        return 0 < self.shortest == self.longest


@dataclass(frozen=True)
class A2M:
    """Whether lower case means an A2M insert rather than soft-masking.

    So it is where a file has both ``.`` and lower case, and taking them out leaves every record
    with the same number of columns.

    Examples
    --------
    >>> A2M.of(Letters.from_texts(["..ACa-T", "ggAC.GT"])).answer()
    True
    """

    dots: bool
    lower: bool
    columns: OneLength

    @classmethod
    def of(cls, letters: Letters) -> A2M:
        """Take the evidence of some records."""
        dots, lower = letters.count(DOT) > 0, letters.count(LOWER) > 0
        return cls(dots, lower, OneLength.of(letters.without(LOWER + DOT)))

    def __add__(self, other: A2M) -> A2M:
        return A2M(self.dots or other.dots, self.lower or other.lower, self.columns + other.columns)

    def answer(self) -> bool:
        """Return whether it is so."""
        return self.dots and self.lower and self.columns.answer()


@dataclass(frozen=True)
class GapLetter:
    """Whether the gap is a letter: all records have one length and some have gaps."""

    gaps: int
    lengths: OneLength

    def __add__(self, other: GapLetter) -> GapLetter:
        return GapLetter(self.gaps + other.gaps, self.lengths + other.lengths)

    def answer(self) -> bool:
        """Return whether it is so."""
        return self.gaps > 0 and self.lengths.answer()


@dataclass(frozen=True)
class Found:
    """Which letters were found, as a set."""

    letters: frozenset[str]

    def __add__(self, other: Found) -> Found:
        return Found(self.letters | other.letters)

    def answer(self) -> frozenset[str]:
        """Return the letters."""
        return self.letters


@dataclass(frozen=True, eq=False)
class LetterUse:
    """Which alphabet upper-case letters without white space and digits belong to.

    A file is protein if at least a tenth of its records look like protein, or if fewer than half
    of all letters are A, C, G, T, U or N. Nucleotides are RNA if there is U and no T.

    Attributes
    ----------
    counts : numpy.ndarray, shape (256,)
        How often each byte occurs.
    proteins : int
        Records that look like protein.
    records : int
        Records that are not empty.

    Examples
    --------
    >>> use = LetterUse.of(Letters.from_texts(["GAUUACA", "ACGU"]))
    >>> use.answer().name, use.reason()
    ('rna', 'U and no T')
    """

    counts: np.ndarray
    proteins: int
    records: int

    @classmethod
    def of(cls, letters: Letters) -> LetterUse:
        """Take the evidence of some records."""
        residues = letters.lengths - letters.per_record(letters.positions(GAP.encode()))
        hits = letters.per_record(letters.positions(PROTEIN_ONLY))
        proteins = int((hits > RECORD_SHARE * residues).sum())
        return cls(letters.counts, proteins, int((residues > 0).sum()))

    def __add__(self, other: LetterUse) -> LetterUse:
        return LetterUse(
            self.counts + other.counts,
            self.proteins + other.proteins,
            self.records + other.records,
        )

    def answer(self) -> Alphabet:
        """Return DNA, RNA or PROTEIN."""
        return self._verdict()[0]

    def reason(self) -> str:
        """Say why, in words."""
        return self._verdict()[1]

    def doubt(self, given: Alphabet) -> str:
        """Say how many records look like nucleotides where the alphabet given is protein.

        Foreign letters tell of the other way round, but A, C, G and T are amino acids too.
        """
        found, proteins, records = self.answer(), self.proteins, self.records
        others = records - proteins
        if given.name != PROTEIN.name or not others or others < MIXED_SHARE * records:
            return ""
        if found is PROTEIN and proteins < FILE_SHARE * records:
            return ""  # peptides without a letter that is protein only
        looks = "could be nucleotides" if found is PROTEIN else f"look like {found.name.upper()}"
        return f"{others:,} of {plural(records, 'record')} {looks}"

    def _count(self, letters: bytes) -> int:
        return int(self.counts[list(letters)].sum())

    def _verdict(self) -> tuple[Alphabet, str]:
        # X masks letters of any kind.
        total = self._count(UPPER) - self._count(b"X")
        proteins, records = self.proteins, self.records
        share = self._count(NUCLEOTIDES) / total if total else 1.0
        if records and proteins >= FILE_SHARE * records:
            reason = f"protein letters ({' '.join(frequent(self.counts, PROTEIN_ONLY).decode())})"
            if records - proteins >= MIXED_SHARE * records:
                reason += (
                    f" in {proteins:,} of {plural(records, 'record')}; the other "
                    f"{records - proteins:,} could be nucleotides (--alphabet decides)"
                )
            return PROTEIN, reason
        if share < 0.5:
            return PROTEIN, f"only {percentage(share)} of the letters are A, C, G, T, U or N"
        mixed = (
            f"; {plural(proteins, 'record')} of {records:,} look like protein (--alphabet decides)"
            if proteins
            else ""
        )
        if not self._count(b"U"):
            return DNA, ("nucleotides, T and no U" if self._count(b"T") else "nucleotides") + mixed
        if not self._count(b"T"):
            return RNA, "U and no T" + mixed
        return DNA, "nucleotides, both T and U (--alphabet rna turns T into U instead)" + mixed


class Evidence(Protocol):
    """A sum over records that answers one question, see :mod:`biogan.sequences.io.detect`."""

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
    >>> from biogan.sequences.io.detect import OneLength
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

"""What a constraint is: it can be drawn under, checked on a text, and joined with others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from biogan.sequences.alphabet import DNA, GAP, Alphabet
from biogan.sequences.constraints.language import Automaton
from biogan.sequences.constraints.patterns import flank_letters
from biogan.sequences.tokenizer import Tokenizer


class Violation(NamedTuple):
    """A place where a sequence does not keep a constraint.

    Attributes
    ----------
    start, stop : int
        First and last letter, from 1, gaps counted; the whole record where no place can be named.
    found : str
        What stands there, in words.
    """

    start: int
    stop: int
    found: str


class Constraint(ABC):
    """A rule that a sequence keeps or violates.

    ``str`` writes a constraint as the flag of the command line. ``a & b`` asks for both.
    """

    @abstractmethod
    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton that accepts the sequences that keep the rule.

        Raises
        ------
        ConfigError
            If no sequence of this tokenizer can: other letters, another length.
        """

    @abstractmethod
    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return all places where a sequence violates the rule.

        This is written without the automaton, so that each can be tested by the other.

        Parameters
        ----------
        sequence : str
            Letters in upper or lower case.
        alphabet : Alphabet
            What they are letters of; DNA by default.

        Returns
        -------
        list of Violation
            In the order of the places.

        Raises
        ------
        ConfigError
            If the rule makes no sense for these letters.
        """

    def __and__(self, other: Constraint | Constraints) -> Constraints:
        return Constraints((self,)) & other


@dataclass(frozen=True)
class Constraints:
    """Several constraints together.

    Examples
    --------
    >>> from biogan import GC, Avoid
    >>> print(Avoid("GGTCTC") & GC(0.4, 0.6))
    --avoid GGTCTC --gc 0.4:0.6
    """

    parts: tuple[Constraint, ...]

    def __and__(self, other: Constraint | Constraints) -> Constraints:
        return Constraints((*self.parts, *flattened([other])))

    def __str__(self) -> str:
        return " ".join(map(str, self.parts))

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return what violates any of them, constraint by constraint."""
        return [found for part in self.parts for found in part.violations(sequence, alphabet)]


def flattened(constraints: Iterable[Constraint | Constraints]) -> tuple[Constraint, ...]:
    """Return single constraints.

    Examples
    --------
    >>> from biogan import GC, Avoid, MaxRun
    >>> len(flattened([Avoid("GGTCTC") & GC(0.4, 0.6), MaxRun(5)]))
    3
    """
    return tuple(
        part
        for some in constraints
        for part in (some.parts if isinstance(some, Constraints) else (some,))
    )


def without_gaps(sequence: str, alphabet: Alphabet) -> tuple[str, Sequence[int]]:
    """Return the letters of a sequence in upper case without its gaps, and their places from 1.

    Examples
    --------
    >>> without_gaps("ac-G", DNA.with_letters("-"))
    ('ACG', [1, 2, 4])
    """
    letters = sequence.upper()
    if not alphabet.has_gap or GAP not in letters:
        return letters, range(1, len(letters) + 1)
    places = [place for place, letter in enumerate(letters, 1) if letter != GAP]
    return letters.replace(GAP, ""), places


class Surrounded:
    """A sequence without its gaps, between what stands before and behind it.

    Parameters
    ----------
    sequence : str
        The sequence.
    alphabet : Alphabet
        Its letters.
    flanks : tuple of str
        What stands before and behind it.

    Attributes
    ----------
    text : str
        All letters.
    """

    def __init__(self, sequence: str, alphabet: Alphabet, flanks: tuple[str, str]) -> None:
        left, right = (flank_letters(flank, alphabet) for flank in flanks)
        letters, self._places = without_gaps(sequence, alphabet)
        self.text = left + letters + right
        self._before, self._columns = len(left), len(sequence)

    def violation(self, start: int, stop: int, note: str = "") -> Violation | None:
        """Return a part of the text, from 0, as a violation; None if it is part of a flank.

        Where it goes over the edge of the sequence, the place is that of its letters inside.
        """
        first, last, length = start - self._before, stop - self._before, len(self._places)
        if last <= 0 or first >= length:
            return None
        edge = " across a junction" if first < 0 or last > length else ""
        found = self.text[start:stop] + note + edge
        if not length:  # gaps alone: the flanks meet
            return Violation(1, self._columns, found)
        return Violation(self._places[max(first, 0)], self._places[min(last, length) - 1], found)

"""Letters that are given: a template of the whole sequence, and single places of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from biogan.core.display import excerpt
from biogan.core.errors import ConfigError, plural
from biogan.sequences.alphabet import DNA, GAP, Alphabet
from biogan.sequences.constraints.constraint import Constraint, Violation
from biogan.sequences.constraints.language import DEAD, Automaton
from biogan.sequences.constraints.patterns import ANY, Pattern, pattern
from biogan.sequences.tokenizer import VARIABLE, Tokenizer

# Letters that leave a place free, by the name of the alphabet.
_FREE = {"dna": "N", "rna": "N", "protein": "X"}


@dataclass(frozen=True)
class Template(Constraint):
    """What stands at each place of the whole sequence.

    Parameters
    ----------
    letters : str
        IUPAC letters, ``[ST]`` or ``[^P]`` for sets. N (X of proteins) and ``.`` leave a place
        free, in an alignment for a gap, too; so does ``-`` where the gap is no letter. Where
        lengths vary, the sequence has the length of the template.
    name : str
        Of the template, and the file that it is from, for messages.

    Raises
    ------
    ConfigError
        If there is no letter.

    Examples
    --------
    >>> from biogan import DNA
    >>> Template("NNTTGACANN").violations("ACTTGTCAAA", DNA)
    [Violation(start=6, stop=6, found='T, not A')]
    """

    letters: str
    name: str = ""

    def __post_init__(self) -> None:
        if not self.letters.strip():
            raise ConfigError(f"{self}: a template has at least one letter")

    def __str__(self) -> str:
        return f"--template-from {self.name}" if self.name else f"--template {self.letters}"

    def places(self, alphabet: Alphabet) -> Pattern:
        """Return the letters that are allowed at each place."""
        text = "".join(self.letters.split()).upper()
        if not alphabet.has_gap:
            text = text.replace(GAP, ANY)
        free = "." + _FREE.get(alphabet.name, "")
        # What is free is free for a gap, which is no letter of a word.
        parts = re.split(f"([{free}])(?![^[]*\\])", text)
        found: list[str] = []
        for part in filter(None, parts):
            if part in free:
                found.append(alphabet.letters)
            else:
                found += pattern(part, alphabet, self.letters, gaps=True)
        return tuple(found)

    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton of all sequences that fit, see :class:`Constraint`."""
        places, length = self.places(tokenizer.alphabet), tokenizer.length
        fits = len(places) <= length if tokenizer.kind == VARIABLE else len(places) == length
        if not fits or len(places) % tokenizer.word:
            most = "up to " if tokenizer.kind == VARIABLE else ""
            words = f", in words of {tokenizer.word}" if tokenizer.word > 1 else ""
            raise ConfigError(
                f"{self}: has "
                f"{plural(len(places), 'letter')}, the records of this model have {most}"
                f"{length:,}{words}"
            )
        return _positional(dict(enumerate(places)), tokenizer.alphabet, len(places), len(places))

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return the places that differ, see :class:`Constraint`."""
        places = self.places(alphabet)
        if len(sequence) != len(places):
            found = f"{plural(len(sequence), 'letter')}, not {len(places):,}"
            return [Violation(1, len(sequence), found)]
        return _differing(sequence, dict(enumerate(places)))


@dataclass(frozen=True)
class Fixed(Constraint):
    """What stands at some places.

    Parameters
    ----------
    text : str
        First and last place from 1, both inside, and IUPAC letters: ``35-40=TTGACA``; ``35=T`` or
        ``35=TTGACA`` for letters from there on. Gaps count as places.

    Raises
    ------
    ConfigError
        If it is written otherwise, or the letters are not as many as the places.

    Examples
    --------
    >>> from biogan import DNA
    >>> Fixed("3-4=GY").violations("ACGA", DNA)
    [Violation(start=4, stop=4, found='A, not one of CT')]
    """

    text: str

    def __post_init__(self) -> None:
        self._parts()

    def __str__(self) -> str:
        return f"--fix {self.text}"

    def _parts(self) -> tuple[int, int | None, str]:
        found = re.fullmatch(r"\s*(\d{1,9})(?:-(\d{1,9}))?\s*=\s*(\S+)\s*", self.text, re.ASCII)
        if not found or not int(found[1]):
            raise ConfigError(
                f"--fix {excerpt(self.text)}: write FIRST-LAST=LETTERS with places from 1, such as "
                "35-40=TTGACA"
            )
        return int(found[1]), int(found[2]) if found[2] else None, found[3]

    def places(self, alphabet: Alphabet) -> dict[int, str]:
        """Return the letters that are allowed at some places, by place from 0."""
        first, last, text = self._parts()
        letters = pattern(text, alphabet, self.text, gaps=True)
        if last is not None and last - first + 1 != len(letters):
            raise ConfigError(
                f"--fix {excerpt(self.text)}: {first}-{last} are "
                f"{plural(max(0, last - first + 1), 'place')}, {excerpt(text)} has "
                f"{plural(len(letters), 'letter')}"
            )
        return {first - 1 + i: letter for i, letter in enumerate(letters)}

    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton of all sequences that fit, see :class:`Constraint`."""
        places = self.places(tokenizer.alphabet)
        last = max(places) + 1
        if last > tokenizer.length:
            most = "up to " if tokenizer.kind == VARIABLE else ""
            raise ConfigError(
                f"--fix {excerpt(self.text)}: goes to place {last:,}, the records of this model "
                f"have {most}{tokenizer.length:,} letters"
            )
        return _positional(places, tokenizer.alphabet, last, tokenizer.length)

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return the places that differ, see :class:`Constraint`."""
        places = self.places(alphabet)
        last = max(places) + 1
        found = _differing(sequence, {i: x for i, x in places.items() if i < len(sequence)})
        if last > len(sequence):
            short = f"{plural(len(sequence), 'letter')}, {last:,} are needed"
            found.append(Violation(1, len(sequence), short))
        return found


def _positional(places: dict[int, str], alphabet: Alphabet, fewest: int, most: int) -> Automaton:
    """Return an automaton of one state that allows other letters at each place."""
    sets = list(dict.fromkeys([alphabet.letters, *places.values()]))
    numbers = {i: sets.index(letters) for i, letters in places.items()}
    tables = [
        np.array([[0 if x in letters else DEAD for x in alphabet.letters]]) for letters in sets
    ]
    return Automaton(
        tables,
        which=lambda position: numbers.get(position, 0),
        ends=lambda letters: np.array([fewest <= letters <= most]),
    )


def _differing(sequence: str, places: dict[int, str]) -> list[Violation]:
    found = []
    for i, allowed in sorted(places.items()):
        letter = sequence[i].upper()
        if letter not in allowed:
            wanted = allowed if len(allowed) == 1 else f"one of {allowed}"
            found.append(Violation(i + 1, i + 1, f"{letter}, not {wanted}"))
    return found

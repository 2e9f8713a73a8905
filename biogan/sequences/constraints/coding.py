"""Genes: a whole open reading frame, and a protein that is to be coded for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biogan.core.errors import ConfigError, plural
from biogan.sequences.alphabet import DNA, GAP, PROTEIN, Alphabet
from biogan.sequences.constraints.constraint import Constraint, Violation, without_gaps
from biogan.sequences.constraints.language import DEAD, Automaton
from biogan.sequences.constraints.patterns import is_nucleotides
from biogan.sequences.genetic_code import CODON, CODONS, STANDARD, genetic_code
from biogan.sequences.tokenizer import FIXED, Tokenizer

_STOP = "*"


@dataclass(frozen=True)
class OpenReadingFrame(Constraint):
    """A start codon first, a stop codon last, and no stop codon in frame before; gaps are skipped.

    Parameters
    ----------
    genetic_code : int
        Number of the genetic code at NCBI, which says what starts and stops.

    Examples
    --------
    >>> from biogan import DNA
    >>> OpenReadingFrame().violations("ATGTAAGCTTAA", DNA)
    [Violation(start=4, stop=6, found='stop codon TAA in frame')]
    """

    genetic_code: int = STANDARD

    def __post_init__(self) -> None:
        genetic_code(self.genetic_code)

    def __str__(self) -> str:
        standard = self.genetic_code == STANDARD
        return "--orf" if standard else f"--orf --genetic-code {self.genetic_code}"

    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton of all open reading frames, see :class:`Constraint`."""
        _check_nucleotides(self, tokenizer.alphabet)
        if tokenizer.length < 2 * CODON or (tokenizer.kind == FIXED and tokenizer.length % CODON):
            raise ConfigError(
                f"{self}: a reading frame has at least two codons of {CODON} letters; the records "
                f"of this model have {tokenizer.length:,} letters"
            )
        code = genetic_code(self.genetic_code)
        before, inside, ended, either = "before", "inside", "ended", "either"
        words: dict[str, dict[str, str]] = {before: {}, inside: {}, ended: {}, either: {}}
        for i, codon in enumerate(CODONS):
            if code.starts[i]:
                words[before][codon] = inside
            kind = ended if code.inner_stops[i] else either if code.stops[i] else inside
            # In some codes a codon may be a stop or an amino acid.
            words[inside][codon] = words[either][codon] = kind
        return _spelled(words, before, {ended, either}, tokenizer.alphabet)

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return what makes it no open reading frame, see :class:`Constraint`."""
        _check_nucleotides(self, alphabet)
        code = genetic_code(self.genetic_code)
        letters, places = without_gaps(sequence, alphabet)
        codons = _codons(letters)
        if len(letters) % CODON or len(codons) < 2:
            frame = f"{plural(len(letters), 'letter')} are no whole codons"
            few = f"{plural(len(letters), 'letter')}, two codons at least are needed"
            said = frame if len(letters) % CODON else few
            return [Violation(1, len(sequence), said)]
        found = []
        for i, codon in enumerate(codons):
            number = CODONS.index(codon) if codon in CODONS else None
            wrong = ""
            if number is None:
                wrong = f"{codon}, no codon"
            elif i == 0:
                wrong = "" if code.starts[number] else f"{codon}, no start codon"
            elif i == len(codons) - 1:
                wrong = "" if code.stops[number] else f"{codon}, no stop codon"
            elif code.inner_stops[number]:
                wrong = f"stop codon {codon} in frame"
            if wrong:
                at = CODON * i
                found.append(Violation(places[at], places[at + CODON - 1], wrong))
        return found


@dataclass(frozen=True)
class Translation(Constraint):
    """A protein that the sequence codes for: only synonymous codons are free; gaps are skipped.

    Parameters
    ----------
    protein : str
        Amino acids, X for any, B, Z and J for two. With ``*`` at the end a stop codon has to
        follow, without it one may.
    genetic_code : int
        Number of the genetic code at NCBI.
    name : str
        Of the protein, and the file that it is from, for messages.

    Raises
    ------
    ConfigError
        If it is empty, or no codon stands for a letter.

    Examples
    --------
    >>> from biogan import DNA
    >>> Translation("MK").violations("ATGAGA", DNA)
    [Violation(start=4, stop=6, found='AGA is R, not K')]
    """

    protein: str
    genetic_code: int = STANDARD
    name: str = ""

    def __post_init__(self) -> None:
        if not self._residues():
            raise ConfigError(f"{self}: no amino acid is given")

    def __str__(self) -> str:
        return f"--translate {self.name or self.protein}"

    def _residues(self) -> list[list[str]]:
        """Return the codons that are allowed for each amino acid."""
        code = genetic_code(self.genetic_code)
        text = "".join(self.protein.split()).upper().removesuffix(_STOP)
        found = []
        for letter in text:
            # U and O are coded by stop codons, which the code of NCBI does not say.
            plain = PROTEIN.ambiguity.get(letter, letter) if letter not in "UO" else ""
            codons = [c for c, x in zip(CODONS, code.letters, strict=True) if x in plain and plain]
            if not codons or _STOP in plain:
                raise ConfigError(
                    f"{self}: no codon of genetic code {self.genetic_code} stands for {letter!r}"
                )
            found.append(codons)
        return found

    @property
    def _closed(self) -> bool:
        return "".join(self.protein.split()).endswith(_STOP)

    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton of all genes of the protein, see :class:`Constraint`."""
        _check_nucleotides(self, tokenizer.alphabet)
        residues = self._residues()
        plain, closed = CODON * len(residues), CODON * (len(residues) + 1)
        fits = {plain, closed} - ({plain} if self._closed else set())
        length = tokenizer.length
        if length not in fits if tokenizer.kind == FIXED else min(fits) > length:
            most = "" if tokenizer.kind == FIXED else "up to "
            with_stop = f", {closed:,} with a stop codon"
            raise ConfigError(
                f"{self}: "
                f"{plural(len(residues), 'amino acid')} take {plain:,} letters{with_stop}; the "
                f"records of this model have {most}{length:,}"
            )
        code = genetic_code(self.genetic_code)
        words = {str(i): dict.fromkeys(codons, str(i + 1)) for i, codons in enumerate(residues)}
        last, ended = str(len(residues)), "ended"
        stops = [codon for codon, stop in zip(CODONS, code.stops, strict=False) if stop]
        words |= {last: dict.fromkeys(stops, ended), ended: {}}
        return _spelled(words, "0", {ended} if self._closed else {last, ended}, tokenizer.alphabet)

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return the codons of other amino acids, see :class:`Constraint`."""
        _check_nucleotides(self, alphabet)
        code, residues = genetic_code(self.genetic_code), self._residues()
        letters, places = without_gaps(sequence, alphabet)
        codons = _codons(letters)
        wanted = "".join(self.protein.split()).upper().removesuffix(_STOP)
        fewest = len(residues) + self._closed
        if len(letters) % CODON or not fewest <= len(codons) <= len(residues) + 1:
            said = f"{plural(len(letters), 'letter')}, {CODON * fewest:,} are needed"
            return [Violation(1, len(sequence), said)]
        found = []
        for i, codon in enumerate(codons):
            number = CODONS.index(codon) if codon in CODONS else None
            stands = "?" if number is None else code.letters[number]
            wrong = ""
            if i == len(residues):
                if number is None or not code.stops[number]:
                    wrong = f"{codon} is {stands}, no stop codon"
            elif codon not in residues[i]:
                wrong = f"{codon} is {stands}, not {wanted[i]}"
            if wrong:
                at = CODON * i
                found.append(Violation(places[at], places[at + CODON - 1], wrong))
        return found


def _check_nucleotides(constraint: Constraint, alphabet: Alphabet) -> None:
    if not is_nucleotides(alphabet):
        raise ConfigError(f"{constraint}: {alphabet.name} letters are not read in codons")


def _codons(letters: str) -> list[str]:
    """Cut letters into codons of DNA."""
    text = letters.replace("U", "T")
    return [text[i : i + CODON] for i in range(0, len(text) - CODON + 1, CODON)]


def _spelled(
    words: dict[str, dict[str, str]], start: str, ends: set[str], alphabet: Alphabet
) -> Automaton:
    """Return the automaton of letters of one that reads codons.

    Parameters
    ----------
    words : dict of dict
        For each state the codons that it reads, in letters of DNA, and the states after them.
    start : str
        The state before the first codon.
    ends : set of str
        Where a sequence may end.
    alphabet : Alphabet
        Nucleotides; gaps are skipped.
    """
    numbers: dict[tuple[str, str], int] = {}

    def number(state: str, read: str) -> int:
        return numbers.setdefault((state, read), len(numbers))

    arcs: list[tuple[int, str, int]] = []
    for state, codons in words.items():
        number(state, "")
        for codon, after in codons.items():
            for i, letter in enumerate(codon):
                whole = i == len(codon) - 1
                following = number(after, "") if whole else number(state, codon[: i + 1])
                arcs.append((number(state, codon[:i]), letter, following))
    table = np.full((len(numbers), alphabet.size), DEAD)
    code = {letter.replace("U", "T"): i for i, letter in enumerate(alphabet.letters)}
    for before, letter, following in arcs:
        table[before, code[letter]] = following
    if alphabet.has_gap:
        table[:, code[GAP]] = np.arange(len(table))
    accepted = np.zeros(len(table), bool)
    accepted[[numbers[state, ""] for state in ends]] = True
    return Automaton([table], numbers[start, ""], ends=lambda letters: accepted)

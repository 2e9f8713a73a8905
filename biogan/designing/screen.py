"""A list of sequences that no design may match, kept by the user or their institution.

The list is a FASTA, or a program that is asked. Candidates that match are refused before an oracle
is asked about them, so that they stand in no file of the run; they are counted. The screen is as
good as its list: biogan has none of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from Bio.Seq import reverse_complement, translate

from biogan.core.display import shown
from biogan.core.errors import BioganError, ConfigError, first_line, plural
from biogan.designing.oracle import COMMAND, Program
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.constraints.patterns import is_nucleotides
from biogan.sequences.io.fasta import read_fasta
from biogan.sequences.tokenizer import Tokenizer

#: Letters of a window by default, of nucleotides and of proteins: 50 nt are what screens of
#: synthesis orders look at (US guidance of 2023: Framework for Nucleic Acid Synthesis Screening).
WINDOWS = (50, 20)
#: Letters below which a match says nothing.
SHORTEST = (20, 8)


class ScreenError(BioganError):
    """A screening program that failed: nothing is written that it has not seen."""


class Screen(Protocol):
    """Tells which sequences match a list."""

    @property
    def described(self) -> str:
        """What it looks for, for the page and the file of a run."""
        ...

    def refused(self, texts: Sequence[str]) -> list[bool]:
        """Tell of each sequence whether it matches."""
        ...


class Listed:
    r"""A list of sequences, matched over windows, on both strands of nucleotides.

    A sequence matches if a window of it has, without insertions and deletions, at least the given
    share of equal letters with a window of the list. Of a shorter entry the whole entry is the
    window, of a shorter sequence the whole sequence. A list of proteins is compared with the six
    reading frames of nucleotides.

    Parameters
    ----------
    path : str or Path
        FASTA.
    alphabet : Alphabet
        Letters of the sequences that are asked about.
    window : int, optional
        Letters of a window; by default 50 nucleotides, 20 amino acids (of the list).
    identity : float
        Share of equal letters in it, 0.7 to 1.

    Raises
    ------
    ConfigError
        If an entry is shorter than 20 nucleotides or 8 amino acids, or the list holds nucleotides
        and the sequences are proteins.
    DataError, FastaError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from biogan.sequences.alphabet import DNA
    >>> with tempfile.NamedTemporaryFile("w", suffix=".fasta") as file:
    ...     _ = file.write(">a\nACGTTGCAACGGATTACAGGCTTA\n")
    ...     file.flush()
    ...     screen = Listed(file.name, DNA)
    >>> screen.refused(["CCC" + "TAAGCCTGTAATCCGTTGCAACGT" + "C", "ACGT" * 20])
    [True, False]
    """

    def __init__(
        self, path: str | Path, alphabet: Alphabet, window: int | None = None, identity: float = 0.9
    ) -> None:
        records = read_fasta(str(path)).ungapped()
        nucleotides = is_nucleotides(records.alphabet)
        self._frames = is_nucleotides(alphabet) and not nucleotides
        if nucleotides and not is_nucleotides(alphabet):
            raise ConfigError(
                f"--screen {path}: holds nucleotides, and the designs are proteins; give the "
                "proteins"
            )
        self.window = window or WINDOWS[not nucleotides]
        self.identity, self._least = identity, SHORTEST[not nucleotides]
        self._name, self._n = str(path), len(records)
        short = np.flatnonzero(records.lengths < self._least)
        if len(short):
            raise ConfigError(
                f"--screen {path}: {shown(records.ids[short[0]])} has "
                f"{plural(int(records.lengths[short[0]]), 'letter')}; a match of fewer than "
                f"{self._least} says nothing"
            )
        texts = [text.replace("U", "T") for text in records.strings()]
        both = [reverse_complement(text) for text in texts] if nucleotides else []
        self._texts = [*dict.fromkeys([*texts, *both])]
        self._indexes: dict[int, list[_Index]] = {}
        self.digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()

    @property
    def described(self) -> str:
        """What it looks for."""
        how = "exact words" if self.identity == 1 else f"identity of {self.identity:g} or more over"
        unit = "amino acids" if self._least == SHORTEST[1] else "nucleotides, both strands"
        frames = ", in six reading frames" * self._frames
        what = plural(self._n, "sequence")
        return f"{Path(self._name).name} ({what}; {how} {self.window} {unit}{frames})"

    def refused(self, texts: Sequence[str]) -> list[bool]:
        """Tell of each sequence whether it matches.

        Raises
        ------
        ConfigError
            If one is too short to be compared.
        """
        return [self._matches(text.replace("U", "T")) for text in texts]

    def _matches(self, text: str) -> bool:
        if not self._frames:
            return self._hit(text)
        strands = (text, reverse_complement(text))
        frames = [one[i : len(one) - (len(one) - i) % 3] for one in strands for i in range(3)]
        return any(self._hit(str(translate(one))) for one in frames)

    def _hit(self, text: str) -> bool:
        if len(text) < self._least:
            raise ConfigError(
                f"--screen {self._name}: a sequence of {plural(len(text), 'letter')} cannot be "
                f"compared; a match of fewer than {self._least} says nothing"
            )
        window = min(self.window, len(text))
        if window not in self._indexes:
            widths: dict[int, list[str]] = {}
            for entry in self._texts:
                widths.setdefault(min(window, len(entry)), []).append(entry)
            self._indexes[window] = [
                _Index.of(some, width, self.identity) for width, some in widths.items()
            ]
        letters = _letters(text)
        return any(index.hit(letters) for index in self._indexes[window])


@dataclass(frozen=True, eq=False)
class _Index:
    """Where the words of some entries stand: two windows with few differences share a word.

    Of k + 1 parts of a window with k differences one has none (the pigeonhole principle).
    """

    letters: np.ndarray
    width: int
    most: int
    word: int
    hashes: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, entries: Sequence[str], width: int, identity: float) -> _Index:
        most = int((1 - identity) * width + 1e-9)
        word = max(1, width // (most + 1))
        # A letter that none is like stands between entries, as often as a sequence may reach over.
        letters = _letters(("\0" * width).join(["", *entries, ""]))
        hashes = _hashes(letters, word)
        order = np.argsort(hashes, kind="stable")
        return cls(letters, width, most, word, hashes[order], order)

    def hit(self, text: np.ndarray) -> bool:
        """Tell whether a window of a text is like one of the entries."""
        asked = _hashes(text, self.word)
        first, last = (np.searchsorted(self.hashes, asked, side) for side in ("left", "right"))
        counts = last - first
        total = int(counts.sum())
        if not total:
            return False
        own = np.repeat(np.arange(len(asked)), counts)
        nth = np.arange(total) - np.repeat(counts.cumsum() - counts, counts)
        offsets = np.unique(self.places[first[own] + nth] - own)
        for some in np.array_split(offsets, -(-len(offsets) * len(text) // 2**22)):
            places = some[:, None] + np.arange(len(text))
            inside = (places >= 0) & (places < len(self.letters))
            there = self.letters[np.clip(places, 0, len(self.letters) - 1)]
            equal = np.cumsum(np.pad((there == text) & inside, ((0, 0), (1, 0))), axis=1)
            if (equal[:, self.width :] - equal[:, : -self.width] >= self.width - self.most).any():
                return True
        return False


def _letters(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("ascii", "replace"), np.uint8)


def _hashes(letters: np.ndarray, word: int) -> np.ndarray:
    """Return a number for each word, equal for equal words, shape (n - word + 1,), uint64."""
    found = np.zeros(max(0, len(letters) - word + 1), np.uint64)
    for i in range(word):
        found = found * np.uint64(1_099_511_628_211) + letters[i : i + len(found)]
    return found


class Asking:
    """A program that is given FASTA and prints the ids of the sequences that match, one a line.

    Parameters
    ----------
    line : str
        Program and arguments; no shell is started.
    timeout : float, optional
        Seconds that it may take.
    """

    def __init__(self, line: str, timeout: float | None = None) -> None:
        self._program, self._line = Program(line, timeout), line
        self.digest = line

    @property
    def described(self) -> str:
        """What is asked."""
        return f"{COMMAND}{self._line}"

    def refused(self, texts: Sequence[str]) -> list[bool]:
        """Tell of each sequence whether it matches.

        Raises
        ------
        ScreenError
            If the program fails, or names what it was not asked about.
        """
        try:
            said = self._program.run(list(texts))
        except BioganError as error:
            raise ScreenError(f"--screen {first_line(error)}") from error
        ids = [line.split()[0] for line in said.splitlines() if line.strip()]
        known = {f"s{i}" for i in range(len(texts))}
        if odd := [name for name in ids if name not in known]:
            raise ScreenError(
                f"--screen {shown(self.described)}: {shown(odd[0])} is no id of a sequence that it "
                "was asked about; the ids of those to refuse are needed, one a line, and nothing "
                "else"
            )
        return [f"s{i}" in {*ids} for i in range(len(texts))]


def load_screen(
    text: str,
    alphabet: Alphabet,
    window: int | None = None,
    identity: float = 0.9,
    timeout: float | None = None,
) -> Listed | Asking:
    """Return the screen that a text names: a FASTA, or ``cmd:`` and a program."""
    if text.startswith(COMMAND):
        return Asking(text.removeprefix(COMMAND).strip(), timeout)
    return Listed(text, alphabet, window, identity)


class Holds(Protocol):
    """Tells which rows of codes are allowed."""

    def holds(self, rows: np.ndarray) -> np.ndarray:
        """Return shape (n,), bool."""
        ...


@dataclass(eq=False)
class Screened:
    """What keeps the constraints of a search and passes a screen.

    Attributes
    ----------
    screen : Screen
        What is asked; of each sequence once.
    tokenizer : Tokenizer
        How codes read as sequences.
    kept : Holds or None
        What else is kept.
    known : dict of str to bool
        Whether each sequence was refused.
    """

    screen: Screen
    tokenizer: Tokenizer
    kept: Holds | None
    known: dict[str, bool] = field(default_factory=dict)

    def holds(self, rows: np.ndarray) -> np.ndarray:
        """Return which rows are allowed, shape (n,), bool."""
        held = np.ones(len(rows), bool) if self.kept is None else np.array(self.kept.holds(rows))
        some = np.flatnonzero(held)
        if not len(some):
            return held
        texts = self.tokenizer.decode(rows[some]).ungapped().strings()
        new = [*dict.fromkeys(text for text in texts if text not in self.known)]
        if new:
            self.known |= dict(zip(new, self.screen.refused(new), strict=True))
        held[some] = [not self.known[text] for text in texts]
        return held

    @property
    def refused(self) -> int:
        """Number of different sequences that were refused."""
        return sum(self.known.values())

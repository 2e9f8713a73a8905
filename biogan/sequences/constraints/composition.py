"""Composition: the share of G and C, and how long a run of one letter may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import groupby

import numpy as np

from biogan.core.display import excerpt
from biogan.core.errors import ConfigError, percentage
from biogan.sequences.alphabet import DNA, GAP, Alphabet
from biogan.sequences.constraints.constraint import Constraint, Surrounded, Violation
from biogan.sequences.constraints.language import DEAD, Automaton
from biogan.sequences.constraints.patterns import flank_letters, is_nucleotides
from biogan.sequences.tokenizer import VARIABLE, Tokenizer

# G or C, and A, T or U: the letters that are counted (as Biopython's gc_fraction).
_STRONG, _WEAK = "GCS", "ATUW"
#: Letters of a sliding window at most: its automaton has 2 to this power of states.
WIDEST = 12


@dataclass(frozen=True)
class GC(Constraint):
    """Share of G and C among the letters G, C, A, T and U; gaps and other letters do not count.

    Parameters
    ----------
    low, high : float
        Least and greatest share, both allowed, from 0 to 1; percent if one of them is above 1.
    start, stop : int, optional
        First and last place, from 1, of a part of the sequence; by default all of it. Where lengths
        vary, those letters of the part count that a sequence has.
    window : int, optional
        The share of each so many letters one behind another, gaps skipped; at most 12. A shorter
        sequence has no such window.

    Raises
    ------
    ConfigError
        If the shares or places are out of range.

    Examples
    --------
    >>> from biogan import DNA
    >>> GC(0.4, 0.6).violations("GGCCGGCCAA", DNA)
    [Violation(start=1, stop=10, found='80.0 % GC')]
    >>> GC.parse("20%:80%/4").violations("AAAATCGC", DNA)
    [Violation(start=1, stop=5, found='0.0 % GC')]
    """

    low: float = 0.0
    high: float = 1.0
    start: int | None = None
    stop: int | None = None
    window: int | None = None

    def __post_init__(self) -> None:
        if max(self.low, self.high) > 1:
            object.__setattr__(self, "low", float(Fraction(str(self.low)) / 100))
            object.__setattr__(self, "high", float(Fraction(str(self.high)) / 100))
        if not 0 <= self.low <= self.high <= 1:
            raise ConfigError(f"{self}: shares from 0 to 1, or percent, the lower one first")
        first, last = self._range()
        if first < 1 or last < first:
            raise ConfigError(
                f"{self}: places are counted from 1, and the first is not behind the last"
            )
        if self.window is not None and not 1 <= self.window <= WIDEST:
            raise ConfigError(
                f"{self}: a sliding window has 1 to {WIDEST} letters; use a fixed part for more, "
                "such as --gc 0.4:0.6@1-30"
            )

    @classmethod
    def parse(cls, text: str) -> GC:
        """Read ``0.4:0.6``, ``40%:60%``, ``40:60``, ``:0.6``, ``0.4:0.6@1-30`` or ``0.3:0.7/12``.

        Raises
        ------
        ConfigError
            If it is none of these.
        """
        share, places = r"(\d{0,3}(?:\.\d{1,9})?)(%?)", r"(?:@(\d{0,9})-(\d{0,9}))?(?:/(\d{1,9}))?"
        found = re.fullmatch(f"{share}:{share}{places}", "".join(text.split()), re.ASCII)
        if not found or not (found[1] or found[3]):
            raise ConfigError(
                f"--gc {excerpt(text)}: write LOW:HIGH, such as 0.4:0.6 or 40%:60%; of a part "
                "0.4:0.6@1-30; of each 12 letters 0.3:0.7/12"
            )
        # A number without a sign is percent if one of them is above 1.
        bare = 100 if any(float(found[i] or 0) > 1 and not found[i + 1] for i in (1, 3)) else 1
        low, high = (
            Fraction(found[i]) / (100 if found[i + 1] else bare) if found[i] else Fraction(default)
            for i, default in ((1, 0), (3, 1))
        )
        if not low <= high <= 1:
            raise ConfigError(
                f"--gc {excerpt(text)}: shares from 0 to 1, or percent, the lower one first"
            )
        start, stop, window = (int(found[i]) if found[i] else None for i in (5, 6, 7))
        return cls(float(low), float(high), start, stop, window)

    def __str__(self) -> str:
        text = f"--gc {self.low:g}:{self.high:g}"
        if self.start is not None or self.stop is not None:
            text += f"@{1 if self.start is None else self.start}-" + (
                "" if self.stop is None else str(self.stop)
            )
        return text + (f"/{self.window}" if self.window is not None else "")

    def _range(self) -> tuple[int, int]:
        return 1 if self.start is None else self.start, 10**9 if self.stop is None else self.stop

    def _fits(self, strong: np.ndarray, counted: np.ndarray) -> np.ndarray:
        """Whether so many of so many letters are within the range; none of none is."""
        # The shares as they were typed: 0.55 * 20 is a little more than 11.
        low, high = (Fraction(str(x)) for x in (self.low, self.high))
        enough = strong * low.denominator >= counted * low.numerator
        return enough & (strong * high.denominator <= counted * high.numerator)

    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton of all sequences within the range, see :class:`Constraint`."""
        alphabet = tokenizer.alphabet
        _check_nucleotides(self, alphabet)
        first, last = self._range()
        if self.start is not None or self.stop is not None:
            beyond = first if tokenizer.kind == VARIABLE else max(first, self.stop or 0)
            if beyond > tokenizer.length:
                raise ConfigError(
                    f"{self}: the records of this model have at most {tokenizer.length:,} letters"
                )
        kinds = ["sw"[x in _WEAK] if x in _STRONG + _WEAK else "" for x in alphabet.letters]
        last = min(last, tokenizer.length)
        found = self._sliding(kinds) if self.window else self._counting(kinds, first, last)
        own = np.repeat(np.arange(found.states)[:, None], alphabet.size, 1)
        return Automaton(
            [found.tables[0], own],
            found.start,
            lambda position: 0 if first - 1 <= position < last else 1,
            found.ends,
        )

    def _counting(self, kinds: list[str], first: int, last: int) -> Automaton:
        """Count G and C in the state, and all letters that count where some do not."""
        most = last - first + 1
        if all(kinds):
            count = np.arange(most + 1)
            following = np.append(count[1:], DEAD)
            table = np.stack([following if kind == "s" else count for kind in kinds], 1)
            # Counting goes on for as long as the part does.
            return Automaton(
                [table],
                ends=lambda n: self._fits(
                    count, np.full(len(count), min(max(n - first + 1, 0), most))
                ),
            )
        strong, counted = np.divmod(np.arange((most + 1) ** 2), most + 1)
        number = np.arange(len(strong))
        more = np.where(counted < most, number + 1, DEAD)
        stronger = np.where((counted < most) & (strong < most), number + most + 2, DEAD)
        table = np.stack([{"s": stronger, "w": more, "": number}[kind] for kind in kinds], 1)
        fits = self._fits(strong, counted)
        return Automaton([table], ends=lambda n: fits)

    def _sliding(self, kinds: list[str]) -> Automaton:
        """Keep the last letters of the window in the state: a 1, then a bit for each letter."""
        window = int(self.window or 0)
        number = np.arange(2**window)
        full = number >= 2 ** (window - 1)

        def after(bit: int) -> np.ndarray:
            moved = 2 * number + bit
            strong = np.bitwise_count(np.where(full, moved - 2**window, 0)).astype(np.int64)
            fits = ~full | self._fits(strong, np.full(len(number), window))
            kept = np.where(full, moved % 2 ** (window - 1) + 2 ** (window - 1), moved)
            return np.where(fits, kept, DEAD)

        columns = {"s": after(1), "w": after(0), "": number}
        table = np.stack([columns[kind] for kind in kinds], 1)
        return Automaton([table], start=1)

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return the part or the windows that are out of range, see :class:`Constraint`."""
        _check_nucleotides(self, alphabet)
        first, last = self._range()
        counted = [
            (place, letter in _STRONG)
            for place, letter in enumerate(sequence.upper(), 1)
            if letter in _STRONG + _WEAK and first <= place <= last
        ]
        size = self.window or len(counted)
        allowed = _allowed(self.low, self.high, size)
        found: list[Violation] = []
        for i in range(len(counted) - size + 1 if counted else 0):
            part = counted[i : i + size]
            strong = sum(strong for _, strong in part)
            if strong not in allowed:
                edges = (part[0][0], part[-1][0]) if self.window else (first, last)
                stop = min(edges[1], len(sequence))
                found.append(Violation(edges[0], stop, f"{percentage(strong / size, 1)} GC"))
        return _joined(found)


@lru_cache
def _allowed(low: float, high: float, size: int) -> frozenset[int]:
    """Return how many of so many letters may be G or C."""
    least, most = Fraction(str(low)), Fraction(str(high))
    return frozenset(n for n in range(size + 1) if least <= Fraction(n, max(size, 1)) <= most)


def _check_nucleotides(constraint: Constraint, alphabet: Alphabet) -> None:
    if not is_nucleotides(alphabet):
        raise ConfigError(f"{constraint}: {alphabet.name} letters have no GC content")


def _joined(found: list[Violation]) -> list[Violation]:
    """Join windows that overlap and say the same: of a long stretch one line is enough."""
    joined: list[Violation] = []
    for one in found:
        if joined and one.found == joined[-1].found and one.start <= joined[-1].stop:
            joined[-1] = Violation(joined[-1].start, one.stop, one.found)
        else:
            joined.append(one)
    return joined


@dataclass(frozen=True)
class MaxRun(Constraint):
    """How often one letter may stand in a row; gaps are skipped.

    Parameters
    ----------
    most : int
        At least 1.
    flanks : tuple of str
        What will stand before and behind each sequence: a run goes on across a junction.

    Raises
    ------
    ConfigError
        If it is below 1.

    Examples
    --------
    >>> from biogan import DNA
    >>> MaxRun(3).violations("ACCCCG", DNA)
    [Violation(start=2, stop=5, found='CCCC')]
    """

    most: int
    flanks: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        if self.most < 1:
            raise ConfigError(f"{self}: must be at least 1")

    def __str__(self) -> str:
        return f"--max-run {self.most}"

    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton of all sequences without longer runs, see :class:`Constraint`."""
        alphabet = tokenizer.alphabet
        left, right = (flank_letters(flank, alphabet) for flank in self.flanks)
        letters = alphabet.letters.replace(GAP, "")
        # No record has longer runs than it has letters.
        most = min(self.most, tokenizer.length + max(map(len, self.flanks), default=0))
        # State 0 is before any letter, state 1 + i * most + k - 1 behind k of letter i.
        states = 1 + len(letters) * most
        table = np.zeros((states, alphabet.size), np.int64)
        for code, letter in enumerate(alphabet.letters):
            if letter == GAP:
                table[:, code] = np.arange(states)
                continue
            first = 1 + letters.index(letter) * most
            table[:, code] = first
            table[first : first + most, code] = [*range(first + 1, first + most), DEAD]
        start, accepted = 0, np.ones(states, bool)
        if left:
            run = len(left) - len(left.rstrip(left[-1]))
            start = letters.index(left[-1]) * most + min(run, most)
        if right:
            run = len(right) - len(right.lstrip(right[0]))
            first = 1 + letters.index(right[0]) * most
            accepted[first : first + most] = np.arange(1, most + 1) + run <= self.most
        return Automaton([table], start, ends=lambda n: accepted)

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return the runs that are longer, see :class:`Constraint`."""
        whole = Surrounded(sequence, alphabet, self.flanks)
        found, start = [], 0
        for _, run in groupby(whole.text):
            size = len(list(run))
            if size > self.most:
                found.append(whole.violation(start, start + size))
            start += size
        return [one for one in found if one is not None]

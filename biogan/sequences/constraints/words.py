"""Words that must not stand in a sequence, and words that must."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from biogan.core.display import excerpt
from biogan.core.errors import ConfigError
from biogan.sequences.alphabet import DNA, Alphabet
from biogan.sequences.constraints.constraint import Constraint, Surrounded, Violation, without_gaps
from biogan.sequences.constraints.language import DEAD, Automaton
from biogan.sequences.constraints.patterns import Pattern, words
from biogan.sequences.constraints.scanner import scanner
from biogan.sequences.tokenizer import VARIABLE, Tokenizer


@dataclass(frozen=True, init=False)
class Avoid(Constraint):
    """Words and sites of enzymes that stand nowhere.

    Parameters
    ----------
    *texts : str
        IUPAC letters, ``[ST]`` or ``[^P]`` for sets, or the name of an enzyme, whose recognition
        site is avoided (where it cuts does not matter). Letters of DNA are avoided on both strands,
        with a ``+`` before them (``+AATAAA``) and of RNA on the strand written; sites of enzymes on
        both strands of either. Gaps are skipped.
    flanks : tuple of str
        What will stand before and behind each sequence, for example in a plasmid: a word counts
        where it shares at least one letter with the sequence.

    Examples
    --------
    >>> from biogan import DNA
    >>> Avoid("BsaI").violations("AAGAGACCAA", DNA)
    [Violation(start=3, stop=8, found='GAGACC')]
    """

    texts: tuple[str, ...]
    flanks: tuple[str, str]

    def __init__(self, *texts: str, flanks: tuple[str, str] = ("", "")) -> None:
        object.__setattr__(self, "texts", texts)
        object.__setattr__(self, "flanks", flanks)

    def __str__(self) -> str:
        return f"--avoid {','.join(self.texts)}"

    def words(self, alphabet: Alphabet) -> tuple[Pattern, ...]:
        """Return what is avoided on the strand that is written."""
        found = [word for text in self.texts for word in words(text, alphabet, both=True)]
        return tuple(dict.fromkeys(found))

    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton of all sequences without the words, see :class:`Constraint`."""
        alphabet = tokenizer.alphabet
        return scanner(self.words(alphabet), alphabet).without(alphabet, self.flanks)

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return where the words stand, see :class:`Constraint`."""
        whole = Surrounded(sequence, alphabet, self.flanks)
        found = {
            whole.violation(start, start + len(word))
            for word in self.words(alphabet)
            for start in starts(word, whole.text)
        }
        return sorted(one for one in found if one is not None)


@dataclass(frozen=True)
class Require(Constraint):
    """A word that stands somewhere.

    Parameters
    ----------
    text : str
        IUPAC letters, ``[ST]`` or ``[^P]`` for sets, on the strand that is written; or the name of
        an enzyme, whose site may lie on either strand.
    low, high : int, optional
        Places from 1, both inside, between which the whole word lies; by default anywhere. Gaps of
        an alignment count as places and are skipped in the word.

    Raises
    ------
    ConfigError
        If the places are in the wrong order, or too few.

    Examples
    --------
    >>> from biogan import DNA
    >>> Require("TATAAT", 3, 9).violations("ACTATAATGG", DNA)
    []
    >>> Require.parse("TATAAT@4:10").violations("ACTATAATGG", DNA)
    [Violation(start=4, stop=10, found='no TATAAT')]
    """

    text: str
    low: int | None = None
    high: int | None = None

    def __post_init__(self) -> None:
        low, high = self._range()
        if low < 1 or high < low:
            raise ConfigError(
                f"{self}: places are counted from 1, and the first is not behind the last"
            )

    @classmethod
    def parse(cls, text: str) -> Require:
        """Read ``TATAAT``, ``TATAAT@30:45``, ``TATAAT@30:`` or ``TATAAT@:45``.

        Raises
        ------
        ConfigError
            If what stands behind ``@`` is no range.
        """
        word, at, places = text.partition("@")
        found = re.fullmatch(r"(\d{0,9}):(\d{0,9})", places.strip(), re.ASCII)
        if not word.strip() or (at and not found):
            raise ConfigError(
                f"--require {excerpt(text)}: write WORD or WORD@FIRST:LAST, such as TATAAT@30:45"
            )
        low, high = (int(x) if x else None for x in found.groups()) if found else (None, None)
        return cls(word.strip(), low, high)

    def __str__(self) -> str:
        return f"--require {self._said()}"

    def _said(self) -> str:
        if self.low is None and self.high is None:
            return self.text
        low, high = ("" if x is None else x for x in (self.low, self.high))
        return f"{self.text}@{low}:{high}"

    def _range(self) -> tuple[int, int]:
        return 1 if self.low is None else self.low, 10**9 if self.high is None else self.high

    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton of all sequences with the word, see :class:`Constraint`."""
        low, high = self._range()
        alphabet = tokenizer.alphabet
        found = words(self.text, alphabet, both=False)
        fewest = min(map(len, found))
        room = min(high, tokenizer.length) - low + 1
        if fewest > room:
            most = "up to " if tokenizer.kind == VARIABLE else ""
            raise ConfigError(
                f"--require {excerpt(self._said())}: the word has {fewest:,} letters, and there "
                f"is room for {max(0, room):,}; "
                f"the records of this model have {most}{tokenizer.length:,}"
            )
        inside = scanner(found, alphabet).holding()
        ends = inside.accepts(0)
        own = np.repeat(np.arange(inside.states)[:, None], alphabet.size, 1)
        return Automaton(
            [inside.tables[0], own, np.where(ends[:, None], own, DEAD)],
            inside.start,
            lambda position: 1 if position < low - 1 else 2 if position >= high else 0,
            lambda letters: ends,
        )

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return the range, if the word is not there, see :class:`Constraint`."""
        low, high = self._range()
        part, _ = without_gaps(sequence[low - 1 : high], alphabet)
        if any(starts(word, part) for word in words(self.text, alphabet, both=False)):
            return []
        return [Violation(low, max(low, min(high, len(sequence))), f"no {self.text}")]


def starts(word: Pattern, text: str) -> list[int]:
    """Return where a word begins in a text, from 0, overlapping ones too.

    Examples
    --------
    >>> starts(("A", "AC"), "AAAC")
    [0, 1, 2]
    """
    return [found.start() for found in _expression(word).finditer(text)]


@lru_cache
def _expression(word: Pattern) -> re.Pattern[str]:
    return re.compile("(?=" + "".join(f"[{re.escape(place)}]" for place in word) + ")")

"""Sites of motifs that must not stand in a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from biogan.core.display import shown
from biogan.core.errors import ConfigError, percentage
from biogan.sequences.alphabet import DNA, GAP, Alphabet
from biogan.sequences.constraints.constraint import Constraint, Surrounded, Violation
from biogan.sequences.constraints.language import Automaton
from biogan.sequences.constraints.patterns import is_nucleotides
from biogan.sequences.constraints.scanner import Scanner
from biogan.sequences.io.motifs import Motif
from biogan.sequences.tokenizer import Tokenizer

# Beginnings of sites of one motif.
_MOST = 300_000
_LETTERS = "ACGT"
_EVEN = np.full(4, 0.25)
# Scores are rounded to a millionth.
_UNIT = 1_000_000


@dataclass(frozen=True)
class AvoidMotif(Constraint):
    """No site of a motif above a share of its best score, on either strand; gaps are skipped.

    The score of a site is the sum over its letters of log2(frequency / 0.25), with the
    pseudocounts of FIMO (:meth:`biogan.sequences.io.motifs.Motif.log_odds`). A site with a letter
    that is none of the four has no score.

    Parameters
    ----------
    motif : Motif
        Of a file (:func:`biogan.sequences.io.motifs.read_motifs`). Sites of a motif of RNA lie on
        one strand.
    share : float
        Above 0, at most 1; sites of this share of the best score, or less, may stand.
    flanks : tuple of str
        What will stand before and behind each sequence: a site counts where it shares at least one
        letter with the sequence.
    source : str
        The file that it is from, for messages.

    Raises
    ------
    ConfigError
        If the share is out of range, or the best score is not above 0.

    Examples
    --------
    >>> from biogan import DNA
    >>> box = Motif("box", np.array([[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]]))
    >>> AvoidMotif(box, 0.9).violations("CCTATAGG", DNA)
    [Violation(start=3, stop=6, found='TATA, 100 % of the best score'),
     Violation(start=3, stop=6, found='TATA, 100 % of the best score (other strand)')]
    """

    motif: Motif
    share: float
    flanks: tuple[str, str] = ("", "")
    source: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ConfigError(f"{self}: a share of the best score is above 0, and at most 1")
        if self.motif.log_odds(_EVEN).max(1).sum() <= 0:
            raise ConfigError(f"{self}: all letters are equally frequent, so no site is better")

    def __str__(self) -> str:
        name = shown(self.motif.name)
        of = f"{self.source}:{self.share:g} ({name})" if self.source else f"{name}:{self.share:g}"
        return f"--avoid-motifs {of}"

    @cached_property
    def _scores(self) -> tuple[np.ndarray, int]:
        """Return the scores of A, C, G and T on each strand, and what no site may exceed.

        Whole numbers, shape (strands, width, 4), so that equal sums are equal in any order.
        """
        one = np.rint(self.motif.log_odds(_EVEN) * _UNIT).astype(np.int64)
        both = [one, one[::-1, ::-1]] if self.motif.both_strands else [one]
        return np.stack(both), int(np.floor(self.share * one.max(1).sum()))

    def automaton(self, tokenizer: Tokenizer) -> Automaton:
        """Return the automaton of all sequences without a site, see :class:`Constraint`."""
        alphabet = tokenizer.alphabet
        _check_nucleotides(self, alphabet)
        return self._scanner(alphabet).without(alphabet, self.flanks)

    def _scanner(self, alphabet: Alphabet) -> Scanner:
        """Return the automaton that looks for all sites.

        The tree of all beginnings that can still become a site (branch and bound), with the longest
        other beginning that each ends with (Aho and Corasick 1975, CACM 18:333).
        """
        scores, limit = self._scores
        width = scores.shape[1]
        # The best that the places from here on can add.
        rest = np.append(scores.max(2)[:, ::-1].cumsum(1)[:, ::-1], np.zeros((len(scores), 1)), 1)
        table = [np.zeros((1, 4), np.int64)]
        # What the longest beginnings have scored, which each ends with, and the first one's number.
        sums, ends, first = np.zeros((1, len(scores)), np.int64), np.zeros(1, np.int64), 0
        for place in range(width):
            longer = sums[:, None] + scores[:, place].T[None]
            alive = (longer + rest[:, place + 1] > limit).any(2)
            number = np.where(alive, 0, table[-1])
            following = first + len(sums) + np.arange(alive.sum())
            number[alive] = following
            # A beginning ends with what the shorter one that it ends with is continued to.
            after = table[-1][alive] if place else np.zeros(len(following), np.int64)
            table[-1] = number
            first, sums, ends = first + len(sums), longer[alive], after
            known = np.concatenate(table)
            if len(known) + len(sums) > _MOST:
                raise ConfigError(
                    f"{self}: too many sites score higher (more than {_MOST:,} beginnings of "
                    "them); raise the share"
                )
            table.append(known[ends].copy())
        four = np.concatenate(table)
        # The last ones are whole sites.
        longest = np.where(np.arange(len(four)) >= first, width, 0)
        order = [_LETTERS.find("T" if x == "U" else x) for x in alphabet.letters]
        columns = [
            four[:, column] if column >= 0 else np.arange(len(four)) * (letter == GAP)
            for column, letter in zip(order, alphabet.letters, strict=True)
        ]
        return Scanner(np.stack(columns, 1), longest)

    def violations(self, sequence: str, alphabet: Alphabet = DNA) -> list[Violation]:
        """Return the sites, see :class:`Constraint`."""
        _check_nucleotides(self, alphabet)
        whole = Surrounded(sequence, alphabet, self.flanks)
        scores, limit = self._scores
        best, width = scores[0].max(1).sum(), scores.shape[1]
        # A letter that is none of the four is the last column, which no site makes up for.
        never = np.full((*scores.shape[:2], 1), -(10**15))
        codes = np.array([_LETTERS.find(x) for x in whole.text.replace("U", "T")], np.int64)
        found = []
        for strand, own in enumerate(np.append(scores, never, 2)):
            windows = max(0, len(codes) - width + 1)
            sums = sum(own[i, codes[i : i + windows]] for i in range(width))
            for start in np.flatnonzero(np.asarray(sums) > limit).tolist():
                note = f", {percentage(sums[start] / best)} of the best score"
                note += " (other strand)" * strand
                found.append(whole.violation(start, start + width, note))
        return sorted(one for one in found if one is not None)


def _check_nucleotides(constraint: Constraint, alphabet: Alphabet) -> None:
    if not is_nucleotides(alphabet):
        raise ConfigError(f"{constraint}: motifs are of nucleotides, these are {alphabet.name}")

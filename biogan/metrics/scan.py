"""Where motifs occur: both strands, at a p-value taken from the exact distribution of scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from biogan.datasets.nucleotides import OTHER, four_codes
from biogan.datasets.sequences import SequenceSet
from biogan.io.motifs import Motif

#: Chance of a hit at one place of one strand, in letters drawn from the background.
P_VALUE = 1e-4
# Scores are sums of whole steps, so that their distribution can be computed exactly.
_STEPS = 4000
# Letters looked up at once: a table of 4**6 scores stays in the processor's first cache.
_WORD = 6
# Letters scanned at once: what a block needs stays in the second cache.
_BLOCK = 1 << 15


class Scanner:
    """Motifs with their score tables and thresholds.

    Parameters
    ----------
    motifs : sequence of Motif
        What to look for.
    background : numpy.ndarray, shape (4,)
        Frequencies of A, C, G and T, equal for complements (see :func:`strand_background`).
    p_value : float
        Chance of a hit at one place of one strand.

    Attributes
    ----------
    short : list of str
        Motifs that are too short or too weak to be found at ``p_value``: even their best site is
        more frequent by chance.

    Examples
    --------
    >>> box = Motif("TATAAT", np.eye(4)[[3, 0, 3, 0, 0, 3]])
    >>> scanner = Scanner([box], np.full(4, 0.25), p_value=0.001)
    >>> scanner.hits(SequenceSet.from_strings(["CTATAATC", "GGGGGGGG", "ATTATA"])).tolist()
    [[0, 0, 1], [2, 0, 0]]
    """

    def __init__(
        self, motifs: Sequence[Motif], background: np.ndarray, p_value: float = P_VALUE
    ) -> None:
        self.motifs = tuple(motifs)
        self.tables: list[tuple[list[np.ndarray], list[np.ndarray]]] = []
        self.thresholds: list[int] = []
        self.short: list[str] = []
        for motif in self.motifs:
            odds = motif.log_odds(background)
            steps = np.rint(odds * (_STEPS / np.ptp(odds, axis=1).sum().clip(1e-9))).astype(int)
            threshold, reachable = score_threshold(steps, background, p_value)
            self.thresholds.append(threshold)
            if not reachable:
                self.short.append(motif.name)
            # The complement of A C G T is T G C A: both axes turned round.
            self.tables.append((_word_tables(steps), _word_tables(steps[::-1, ::-1])))

    def hits(self, sequences: SequenceSet) -> np.ndarray:
        """Find all sites.

        Parameters
        ----------
        sequences : SequenceSet
            Nucleotides; a window with any other letter is no site.

        Returns
        -------
        numpy.ndarray, shape (hits, 3), int64
            Record, motif and start of each site, sorted and distinct: a site on both strands
            counts once.
        """
        total = len(sequences.codes)
        widest = max((motif.width for motif in self.motifs), default=0)
        words, room = _words(sequences, widest)
        found: list[tuple[np.ndarray, np.ndarray]] = []
        for start in range(0, total, _BLOCK):
            stop = min(start + _BLOCK, total)
            for m, motif in enumerate(self.motifs):
                if motif.name in self.short:
                    continue
                site = np.zeros(stop - start, bool)
                for strand in self.tables[m]:
                    score = strand[0].take(words[start:stop])
                    for i, table in enumerate(strand[1:], 1):
                        score += table.take(words[start + i * _WORD : stop + i * _WORD])
                    site |= score >= self.thresholds[m]
                place = np.flatnonzero(site) + start
                place = place[room[place] >= motif.width]
                found.append((place, np.full(len(place), m)))
        if not found:
            return np.empty((0, 3), np.int64)
        places, motifs = (np.concatenate(part) for part in zip(*found, strict=True))
        records = np.searchsorted(sequences.offsets, places, "right") - 1
        hits = np.stack([records, motifs, places - sequences.offsets[records]], 1)
        return hits[np.lexsort(hits.T[::-1])]

    def present(self, sequences: SequenceSet) -> np.ndarray:
        """Tell which records hold which motifs: shape (n, motifs), bool."""
        return present(self.hits(sequences), len(sequences), len(self.motifs))


def present(hits: np.ndarray, n: int, motifs: int) -> np.ndarray:
    """Turn sites into a table of records and motifs, shape (n, motifs), bool."""
    table = np.zeros((n, motifs), bool)
    table[hits[:, 0], hits[:, 1]] = True
    return table


def strand_background(sequences: SequenceSet) -> np.ndarray:
    """Frequencies of A, C, G and T on both strands together, shape (4,), each above 0."""
    counts = np.bincount(four_codes(sequences), minlength=5)[:4] + 1.0
    counts = counts + counts[::-1]
    return np.asarray(counts / counts.sum())


def score_threshold(steps: np.ndarray, background: np.ndarray, p_value: float) -> tuple[int, bool]:
    """Find the lowest score that is no more frequent than ``p_value`` by chance.

    Parameters
    ----------
    steps : numpy.ndarray, shape (width, 4), int
        Scores in whole steps.
    background : numpy.ndarray, shape (4,)
        Frequencies of the letters.
    p_value : float
        Wanted.

    Returns
    -------
    threshold : int
    reachable : bool
        Whether any site reaches it.

    Notes
    -----
    Exact, by convolving the distributions of the positions (Staden 1989, CABIOS 5:89).

    Examples
    --------
    >>> score_threshold(np.array([[1, 0, 0, 0], [1, 0, 0, 0]]), np.full(4, 0.25), 0.1)
    (2, True)
    """
    low = steps.min(1)
    chance = np.ones(1)
    for row, smallest in zip(steps, low, strict=True):
        wider = np.zeros(len(chance) + int(row.max() - smallest))
        for score, frequency in zip(row, background, strict=True):
            wider[score - smallest : score - smallest + len(chance)] += frequency * chance
        chance = wider
    tail = chance[::-1].cumsum()[::-1]
    # Rounding: the sum of all chances is 1 within 1e-12.
    enough = np.flatnonzero(tail <= p_value * (1 + 1e-9))
    # Behind the highest score no site is left.
    first = int(enough[0]) if len(enough) else len(tail)
    return first + int(low.sum()), bool(len(enough))


def _word_tables(steps: np.ndarray) -> list[np.ndarray]:
    """Scores of all words of 6 letters, one table for each 6 positions of the motif."""
    tables = []
    for start in range(0, len(steps), _WORD):
        part = steps[start : start + _WORD]
        # Letters behind the motif add nothing.
        part = np.concatenate([part, np.zeros((_WORD - len(part), 4), int)])
        table = np.zeros(1, int)
        for row in part:
            table = (table[:, None] + row).ravel()
        tables.append(table.astype(np.int32))
    return tables


def _words(sequences: SequenceSet, widest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each letter, the word of 6 that begins there and the letters that may follow.

    The second counts the letters up to the end of the record or the next letter that is none of
    the four, whichever comes first. ``widest`` more words stand behind the last letter.
    """
    codes = four_codes(sequences)
    total = len(codes)
    padded = np.concatenate([codes & 3, np.zeros(widest + _WORD, np.uint8)])
    words = np.zeros(total + widest, np.intp)
    for j in range(_WORD):
        words <<= 2
        words |= padded[j : j + len(words)]
    ends = np.repeat(sequences.offsets[1:], sequences.lengths)
    other = np.flatnonzero(codes == OTHER)
    if len(other):
        bounds = np.append(other, total)
        ends = np.minimum(ends, bounds[np.searchsorted(other, np.arange(total))])
    return words, ends - np.arange(total)

"""Motifs that the caller names: how often they occur, with which others, and where.

Both strands are scanned (of RNA one), at a p-value taken from the exact distribution of the scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from biogan.core.display import shown
from biogan.evaluation.distances import jsd
from biogan.evaluation.intervals import GROUPS, effective, jackknifed
from biogan.evaluation.metric import Value
from biogan.sequences.dataset import OTHER, SequenceSet, four_codes
from biogan.sequences.io.motifs import Motif
from biogan.sequences.metrics.comparison import Comparison, Sample, metric
from biogan.sequences.metrics.composition import remaining

#: Chance of a hit at one place of one strand, in letters drawn from the background.
P_VALUE = 1e-4
# Scores are sums of whole steps, so that their distribution can be computed exactly.
_STEPS = 4000
# Letters looked up at once: a table of 4**6 scores stays in the processor's first cache.
_WORD = 6
# Letters scanned at once: what a block needs stays in the second cache.
_BLOCK = 1 << 15
#: Bins of the histogram of positions, from the start of a record to its end.
BINS = 10
#: Records of the reference that have to hold a motif, or a site of it, to be compared.
_FEWEST = 20
# Motifs whose pairs are compared: their table of counts has 20 million cells.
_PAIRED = 1000
# Motifs that are named in a note.
_NAMED = 20


class Scanner:
    """Motifs with their score tables and thresholds.

    Parameters
    ----------
    motifs : sequence of Motif
        What to look for.
    background : numpy.ndarray, shape (4,)
        Counts or frequencies of A, C, G and T, each above 0 (see :func:`letter_counts`). For motifs
        whose sites lie on both strands, those of both strands together are taken.
    p_value : float
        Chance of a hit at one place of one strand.
    one_strand : bool
        Whether sites of all motifs lie on the strand that is given, as in RNA.

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
        self,
        motifs: Sequence[Motif],
        background: np.ndarray,
        p_value: float = P_VALUE,
        one_strand: bool = False,
    ) -> None:
        self.motifs = tuple(motifs)
        self.steps: list[np.ndarray] = []
        self.thresholds: list[int] = []
        self.both = [motif.both_strands and not one_strand for motif in self.motifs]
        self.reachable = np.zeros(len(self.motifs), bool)
        for m, motif in enumerate(self.motifs):
            counts = background + background[::-1] if self.both[m] else background
            letters = counts / counts.sum()
            odds = motif.log_odds(letters)
            steps = np.rint(odds * (_STEPS / np.ptp(odds, axis=1).sum().clip(1e-9))).astype(int)
            threshold, self.reachable[m] = score_threshold(steps, letters, p_value)
            self.steps.append(steps)
            self.thresholds.append(threshold)
        self.short = [
            m.name for m, found in zip(self.motifs, self.reachable, strict=True) if not found
        ]

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
        for m in np.flatnonzero(self.reachable):
            steps, width = self.steps[m], self.motifs[m].width
            # The complement of A C G T is T G C A: both axes turned round.
            tables = [_word_tables(steps)]
            if self.both[m]:
                tables.append(_word_tables(steps[::-1, ::-1]))
            for start in range(0, total, _BLOCK):
                stop = min(start + _BLOCK, total)
                site = np.zeros(stop - start, bool)
                for strand in tables:
                    score = strand[0].take(words[start:stop])
                    for i, table in enumerate(strand[1:], 1):
                        score += table.take(words[start + i * _WORD : stop + i * _WORD])
                    site |= score >= self.thresholds[m]
                place = np.flatnonzero(site) + start
                place = place[room[place] >= width]
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


def letter_counts(sequences: SequenceSet) -> np.ndarray:
    """Count A, C, G and T (U), one added to each, shape (4,): the background of a scan."""
    return np.bincount(four_codes(sequences), minlength=5)[:4] + 1.0


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


@metric("motif-rate", "motifs", "motif log2 ratio", needs=("motifs",), unit="log2")
def rate_difference(comparison: Comparison) -> Value:
    """Mean over motifs of the absolute log2 ratio of the shares of records with a site."""
    scanner = _scanner(comparison.extras.motifs, comparison.reference)
    new, real = (_group_rates(s, scanner) for s in _pair(comparison))
    used = scanner.reachable
    if not used.any():
        return Value(None, note="all motifs are too short to be told from chance")
    held = (new + real).sum(0)[:-1]
    if not held[used].any():
        widest = max(int(s.sequences.longest) for s in _pair(comparison))
        wide = all(motif.width > widest for motif in scanner.motifs)
        why = f"; they are wider than the longest record ({widest:,} letters)" * wide
        return Value(None, note=f"no motif has a site in the generated or the real set{why}")

    def ratios(g: int | None) -> np.ndarray:
        return log2_ratios(remaining(new, g), remaining(real, g))[used]

    found = ratios(None)
    order = np.argsort(-np.abs(found), kind="stable")[:5]
    names = [shown(scanner.motifs[i].name) for i in np.flatnonzero(used)[order]]
    details = tuple(
        f"{name} {found[i]:+.2f}" for name, i in zip(names, order, strict=True) if found[i]
    )
    notes = ["sites on the given strand alone"] * (not any(scanner.both))
    if scanner.short:
        few = ", ".join(shown(name) for name in scanner.short[:_NAMED])
        more = f" and {len(scanner.short) - _NAMED:,} more" * (len(scanner.short) > _NAMED)
        notes.append(f"too short to be found: {few}{more}")
    if empty := int((held[used] == 0).sum()):
        notes.append(f"{empty:,} without a site in either set")
    note = "; ".join(notes)
    value = jackknifed(comparison, lambda g: float(np.abs(ratios(g)).mean()), note=note)
    return Value(value.value, value.low, value.high, value.plain, value.n, value.note, details)


@metric("motif-pairs", "motifs", "motif pairs log-odds", needs=("motifs",), unit="log2")
def pair_difference(comparison: Comparison) -> Value:
    """Mean over pairs of motifs of the absolute difference of their co-occurrence log-odds."""
    scanner = _scanner(comparison.extras.motifs, comparison.reference)
    holding = _group_rates(comparison.reference, scanner).sum(0)[:-1]
    frequent = np.flatnonzero(holding >= _FEWEST)
    if len(frequent) < 2:
        return Value(None, note=f"no two motifs stand in {_FEWEST} reference records each")
    chosen = np.sort(frequent[np.argsort(-holding[frequent], kind="stable")[:_PAIRED]])
    new, real = (_group_joint(s, scanner, chosen) for s in _pair(comparison))
    cells = np.triu_indices(len(chosen), 1)
    of = f" of the {len(chosen):,} most frequent motifs" * (len(chosen) < len(frequent))

    def difference(g: int | None) -> float:
        odds = [_log_odds(remaining(joint, g), *cells) for joint in (new, real)]
        return float(np.abs(odds[0] - odds[1]).mean())

    return jackknifed(comparison, difference, note=f"{len(cells[0]):,} pairs{of}")


@metric("motif-positions", "motifs", "motif position JSD", high=1.0, needs=("motifs",),
        unit="bits")  # fmt: skip
def position_divergence(comparison: Comparison) -> Value:
    """Mean over motifs of the divergence of the histograms of relative positions."""
    scanner = _scanner(comparison.extras.motifs, comparison.reference)
    new, real = (_group_positions(s, scanner) for s in _pair(comparison))
    kept = real.sum((0, 2)) >= _FEWEST
    if not kept.any():
        return Value(None, note=f"no motif has {_FEWEST} sites in the reference")
    return jackknifed(
        comparison,
        lambda g: float(jsd(remaining(new, g)[kept], remaining(real, g)[kept]).mean()),
        high=1.0,
        note=f"{int(kept.sum())} motifs",
    )


def motif_table(comparison: Comparison) -> list[dict[str, object]]:
    """Compare the motifs one by one.

    Parameters
    ----------
    comparison : Comparison
        With motifs in its extras.

    Returns
    -------
    list of dict
        For each motif ``motif``, ``width``, ``strands`` (how many are scanned), ``real`` and
        ``generated`` (shares of records with a site), ``log2_ratio``, ``p`` (Fisher's exact test,
        two-sided) and ``q`` (Benjamini-Hochberg over the motifs); numbers are ``None`` for a motif
        too short to be found.
    """
    from scipy.stats import false_discovery_control, fisher_exact

    scanner = _scanner(comparison.extras.motifs, comparison.reference)
    new, real = (_group_rates(s, scanner).sum(0) for s in _pair(comparison))
    used, ratios = scanner.reachable, log2_ratios(new, real)
    n, m = new[-1], real[-1]
    # Overlapping records count as many as they are worth (the first-order correction of Rao and
    # Scott 1981, J. Am. Stat. Assoc. 76:221).
    weights = [_worth(sample, scanner)[used] for sample in _pair(comparison)]
    tables = [
        np.rint([[a * v, (n - a) * v], [b * w, (m - b) * w]])
        for a, b, v, w in zip(new[:-1][used], real[:-1][used], *weights, strict=True)
    ]
    p = np.array([fisher_exact(table).pvalue for table in tables])
    q = false_discovery_control(p) if len(p) else p
    rank = np.cumsum(used) - 1
    rows: list[dict[str, object]] = []
    for i, motif in enumerate(scanner.motifs):
        numbers = (
            (real[i] / m, new[i] / n, ratios[i], p[rank[i]], q[rank[i]]) if used[i] else [None] * 5
        )
        keys = ("real", "generated", "log2_ratio", "p", "q")
        rows.append({"motif": motif.name, "width": motif.width, "strands": 1 + scanner.both[i]}
                    | {k: v if v is None else float(v) for k, v in zip(keys, numbers, strict=True)}
                    )  # fmt: skip
    return rows


def log2_ratios(new: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Log2 ratio of shares of records; half a record is added to every count.

    Parameters
    ----------
    new, real : numpy.ndarray, shape (motifs + 1,)
        Records with each motif, and last the number of records.

    Examples
    --------
    >>> log2_ratios(np.array([7, 9]), np.array([1.5, 9])).tolist()
    [1.9068905956085185]
    """
    top = (new[:-1] + 0.5) / (new[-1] + 1)
    return np.asarray(np.log2(top / ((real[:-1] + 0.5) / (real[-1] + 1))))


def _pair(comparison: Comparison) -> tuple[Sample, Sample]:
    return comparison.candidate, comparison.reference


@lru_cache(maxsize=1)
def _scanner(motifs: tuple, reference: Sample) -> Scanner:
    one_strand = "U" in reference.plain.alphabet.letters
    return Scanner(motifs, letter_counts(reference.plain), one_strand=one_strand)


def _group_joint(sample: Sample, scanner: Scanner, chosen: np.ndarray) -> np.ndarray:
    """Count records with two motifs by jackknife group, shape (GROUPS, chosen + 1, chosen + 1).

    The last row and column stand for any record.
    """
    records, motifs, _ = sample.values(scanner.hits).T
    place = np.searchsorted(chosen, motifs).clip(max=len(chosen) - 1)
    kept = chosen[place] == motifs
    table = np.zeros((len(sample), len(chosen) + 1), bool)
    table[records[kept], place[kept]] = table[:, -1] = True
    parts = (table[sample.groups == g].astype(np.float32) for g in range(GROUPS))
    return np.stack([part.T @ part for part in parts]).astype(float)


def _group_rates(sample: Sample, scanner: Scanner) -> np.ndarray:
    """Count records with each motif, and last all, by group; shape (GROUPS, motifs + 1)."""
    shape = (GROUPS, len(scanner.motifs) + 1)
    records, motifs, _ = sample.values(scanner.hits).T
    # Sorted: further sites of a motif in a record stand behind the first.
    first = np.ones(len(records), bool)
    first[1:] = (np.diff(records) != 0) | (np.diff(motifs) != 0)
    cells = np.ravel_multi_index((sample.groups[records[first]], motifs[first]), shape)
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
    counts[:, -1] = np.bincount(sample.groups, minlength=GROUPS)
    return counts


def _worth(sample: Sample, scanner: Scanner) -> np.ndarray:
    """How many independent records a record is worth, for each motif; shape (motifs,)."""
    if len(np.unique(sample.clusters)) == len(sample):
        return np.ones(len(scanner.motifs))
    held = present(sample.values(scanner.hits), len(sample), len(scanner.motifs))
    return np.array([effective(x.astype(float), sample.clusters) for x in held.T]) / len(sample)


def _log_odds(joint: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Log2 odds ratio of two motifs in one record, with half a record added to each cell."""
    both, n = joint[first, second], joint[-1, -1]
    one, other = joint[first, -1] - both, joint[second, -1] - both
    neither = n - both - one - other
    return np.asarray(np.log2((both + 0.5) * (neither + 0.5) / ((one + 0.5) * (other + 0.5))))


def _group_positions(sample: Sample, scanner: Scanner) -> np.ndarray:
    """Count sites by jackknife group, motif and bin of the record, (GROUPS, motifs, BINS)."""
    record, motif, start = sample.values(scanner.hits).T
    widths = np.array([m.width for m in scanner.motifs])
    room = sample.plain.lengths[record] - widths[motif] + 1  # starts that there are
    shape = (GROUPS, len(widths), BINS)
    cell = np.ravel_multi_index((sample.groups[record], motif, start * BINS // room), shape)
    return np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)

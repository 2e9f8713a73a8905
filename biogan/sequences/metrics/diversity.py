"""Whether a set repeats itself: unique and alike records, and a quick check for mode collapse."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from biogan.core.errors import DataError
from biogan.core.rng import rng
from biogan.evaluation.intervals import clustered_share, effective, grouped_half, jackknifed, wilson
from biogan.evaluation.metric import Value
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.comparison import Comparison, metric
from biogan.sequences.similarity.hamming import nearest
from biogan.sequences.similarity.pairs import identities, near_pairs

_Z = 1.959964
# Identity from which records are likes of one another.
_LIKE = 0.8
# Samples whose nearest neighbours are looked up: all pairs of them take a fraction of a second.
NEIGHBOURS = 500
# Training data that vary less than this, in letters, say nothing about a collapse.
_LEAST = 0.5


@metric("unique", "diversity", "unique", goal="high", high=1.0, unit="share", alone=True)
def unique_share(comparison: Comparison) -> Value:
    """Share of distinct sequences; it falls with n, so it is compared at one n only."""
    sample = comparison.candidate
    first = np.zeros(len(sample), bool)
    first[np.unique(sample.sequences.strings(), return_index=True)[1]] = True
    return Value(*clustered_share(first, sample.clusters), n=len(sample))


@metric("identity-ratio", "diversity", "identity ratio", goal="same", alike=False)
def identity_ratio(comparison: Comparison) -> Value:
    """Mean identity of random pairs over that of real pairs: above 1 less diverse than real."""
    # One distance for both sets: random records are more alike by edits than by position.
    by_position = not comparison.missing("columns")
    new = comparison.candidate.pair_identities(by_position)
    real = comparison.reference.pair_identities(by_position)
    if min(len(new), len(real)) < 2 or real.mean() == 0:
        return Value(None, note="too few records for random pairs")
    ratio = float(new.mean() / real.mean())
    # Delta method; the pairs share no record, so they are independent but for overlaps.
    spread = [
        values.std(ddof=1)
        / np.sqrt(effective(values, sample.clusters[: 2 * len(values) : 2], times=2.0))
        for values, sample in ((new, comparison.candidate), (real, comparison.reference))
    ]
    half = _Z * float(np.hypot(spread[0], ratio * spread[1]) / real.mean())
    return Value(ratio, max(0.0, ratio - half), ratio + half, n=len(new), takes=2)


@metric(
    "effective",
    "diversity",
    "effective share",
    goal="high",
    high=1.0,
    unit="share",
    most=1_000,
    alone=True,
)
def effective_share(comparison: Comparison) -> Value:
    """Effective number of records over their number: a record counts one over its likes.

    Its likes are the records at 80 % identity or more, itself among them.

    Notes
    -----
    The effective number of sequences of an alignment (Morcos et al. 2011, PNAS 108:E1293).
    """
    sequences = comparison.candidate.sequences
    n = len(sequences)
    i, j, _ = near_pairs(sequences, identity=_LIKE)
    lost = 1 - 1 / (1 + np.bincount(np.concatenate([i, j]), minlength=n))
    share = 1 - float(lost.mean())
    # Records that are alike were drawn together; where none are, a few may be by chance.
    order = np.argsort(comparison.candidate.clusters, kind="stable")
    same = np.flatnonzero(np.diff(comparison.candidate.clusters[order]) == 0)
    i, j = np.concatenate([i, order[same]]), np.concatenate([j, order[same + 1]])
    _, family = connected_components(coo_array((np.ones(len(i)), (i, j)), (n, n)), directed=False)
    half = grouped_half(lost, family)
    worth = effective(lost, comparison.candidate.clusters)
    least, most = wilson((n - lost.sum()) * worth / n, worth)
    low, high = min(share - half, least), max(share + half, most)
    return Value(share, max(0.0, low), min(1.0, high), n=n, note="id>=0.8")


@metric("vendi", "diversity", "Vendi share", goal="high", high=1.0, unit="share", most=500,
        default=False, alone=True)  # fmt: skip
def vendi_share(comparison: Comparison) -> Value:
    """Vendi score of the identities over the number of records: 1 where no two share a letter.

    Notes
    -----
    exp(-sum l ln l) over the eigenvalues l of K / n (Friedman & Dieng 2023, TMLR). The identities
    by edit distance are not always a kernel: eigenvalues below 0 count as 0.
    """
    kernel = identities(comparison.candidate.sequences)
    groups = comparison.candidate.groups

    def statistic(g: int | None) -> float:
        kept = np.flatnonzero(groups != -1 if g is None else groups != g)
        return vendi_score(kernel[np.ix_(kept, kept)]) / len(kept)

    return jackknifed(comparison, statistic, high=1.0, correct=False)


def vendi_score(kernel: np.ndarray) -> float:
    """Effective number of records of a matrix of similarities with ones on its diagonal.

    Examples
    --------
    >>> round(vendi_score(np.eye(3)), 6), round(vendi_score(np.ones((3, 3))), 6)
    (3.0, 1.0)
    """
    values = np.clip(np.linalg.eigvalsh(kernel / len(kernel)), 0, None)
    values = values[values > 0] / values.sum()
    return float(np.exp(-(values * np.log(values)).sum()))


class Variety:
    """Compares how varied samples are with as many training records.

    Three figures, each divided by that of the training data; 1 = as varied, 0 = all the same:

    - ``distinct``: share of distinct sequences;
    - ``neighbours``: mean number of mismatches to the nearest other sample, by position, among the
      first :data:`NEIGHBOURS`; a generator that writes few kinds of sequence with small changes
      keeps the first figure and loses this one;
    - ``lengths``: standard deviation of the lengths.

    A figure in which the training data themselves hardly vary is left out.

    Parameters
    ----------
    train : SequenceSet
        Training records, repeats included.
    n : int
        Number of samples that will be compared, at most ``len(train)``.
    seed : int
        Seed of the draw from ``train``.

    Raises
    ------
    DataError
        If ``train`` has fewer than ``n`` records or ``n`` is below 1.

    Examples
    --------
    >>> train = SequenceSet.from_strings(["ACGT", "TTGA", "CCAG", "GATC"])
    >>> Variety(train, 4).relative(SequenceSet.from_strings(["ACGT", "ACGT", "TTGA", "TTGA"]))
    {'distinct': 0.5, 'neighbours': 0.0}
    """

    def __init__(self, train: SequenceSet, n: int, seed: int = 0) -> None:
        if not 1 <= n <= len(train):
            raise DataError(f"{n:,} samples to compare with {len(train):,} training records")
        drawn = train.take(rng(seed, "variety").permutation(len(train))[:n])
        self.length = int(train.lengths.max())
        least = {"distinct": 0.0, "neighbours": _LEAST, "lengths": _LEAST}
        figures = self._figures(drawn)
        self.scale = {name: value for name, value in figures.items() if value > least[name]}

    def relative(self, samples: SequenceSet) -> dict[str, float]:
        """Return the figures of the samples, relative to those of the training data."""
        figures = self._figures(samples)
        return {name: figures[name] / scale for name, scale in self.scale.items()}

    def _figures(self, sequences: SequenceSet) -> dict[str, float]:
        some = sequences[:NEIGHBOURS]
        matrix = some.matrix(max(self.length, int(some.lengths.max())))
        mismatches = nearest(matrix, matrix, np.arange(len(matrix)))[1]
        return {
            "distinct": distinct_share(sequences),
            "neighbours": float(mismatches.mean()) if len(some) > 1 else 0.0,
            "lengths": float(sequences.lengths.std()),
        }


def distinct_share(sequences: SequenceSet) -> float:
    """Return the share of distinct sequences, above 0 to 1; it falls with their number."""
    return len(set(sequences.strings())) / len(sequences)

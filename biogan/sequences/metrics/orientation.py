"""Records that stand the wrong way round: written backwards, or on the other strand.

A classifier of two sets needs many of them. Which way a record stands can be asked of it alone, as
the other way is known: a classifier learns real records against the same ones turned round.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from biogan.evaluation.intervals import auroc, jackknifed
from biogan.evaluation.metric import Value
from biogan.evaluation.two_sample import FOLDS, grouped_folds, ridge
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import kmer_table
from biogan.sequences.metrics.comparison import Comparison, Sample, metric
from biogan.sequences.metrics.composition import without
from biogan.sequences.metrics.lengths import outer_letters
from biogan.sequences.metrics.positions import one_hot
from biogan.sequences.overlaps import joined
from biogan.sequences.similarity.pairs import clusters
from biogan.sequences.strands import backwards, reverse_complement

# Records of each set, letters from both ends, and k-mers that the classifier reads.
_MOST, _CELLS, _KMERS = 2_000, 1_500, 500
# How often the classifier has to tell the two ways of real records apart.
_TOLD = 0.6

Turn = Callable[[SequenceSet], SequenceSet]


@metric("backwards", "composition", "written backwards", low=-1.0, high=2.0, unit="share",
        most=_MOST, alike=False)  # fmt: skip
def written_backwards(comparison: Comparison) -> Value:
    """Share of the records written from the last letter to the first, as a classifier sees it."""
    return _turned(comparison, backwards)


@metric("other-strand", "composition", "on the other strand", low=-1.0, high=2.0, unit="share",
        needs=("nucleotides",), most=_MOST, alike=False)  # fmt: skip
def on_the_other_strand(comparison: Comparison) -> Value:
    """Share of the records that are reverse complements, as a classifier sees it."""
    if comparison.reference.sequences.alphabet.has_gap:
        return Value(None, note="aligned: the other strand has other columns")
    return _turned(comparison, reverse_complement)


def _turned(comparison: Comparison, turn: Turn) -> Value:
    """Place the mean score between those of real records, 0, and of turned real ones, 1."""
    new, real = comparison.candidate, comparison.reference
    if len(real) < 2 * FOLDS:
        return Value(None, note=f"needs {2 * FOLDS} records")
    direction: Direction = real.kept(("direction", turn), lambda: Direction(real, turn))
    if direction.told < _TOLD:
        return Value(None, note="real records look alike in both directions")
    scores = direction.of(new)

    def share(g: int | None) -> float:
        right, wrong = (
            float(without(real, x, g).mean()) for x in (direction.right, direction.wrong)
        )
        return (right - float(without(new, scores, g).mean())) / (right - wrong)

    return jackknifed(comparison, share, low=-1.0, high=2.0, correct=False)


class Direction:
    """Classifiers of real records against the same ones turned round, one for each fold.

    Attributes
    ----------
    right, wrong : numpy.ndarray, shape (n,)
        Scores of the real records, and of the turned ones, by the classifier that has not seen
        their fold. Near copies and overlapping records share a fold.
    told : float
        How often both are told apart: an area under the ROC curve.
    """

    def __init__(self, real: Sample, turn: Turn) -> None:
        records, turned = real.plain, turn(real.plain)
        alphabet = records.alphabet
        near = max(1, _CELLS // (2 * alphabet.size))
        self._near = min(int(records.lengths.max(initial=1)), near)
        self._longest = 1
        while alphabet.size ** (self._longest + 1) <= _KMERS:
            self._longest += 1
        groups = joined(clusters(records, 0.9), np.unique(real.clusters, return_inverse=True)[1])
        folds = grouped_folds(groups, np.zeros(len(records), np.int64), 0)
        table = np.concatenate([self._features(records), self._features(turned)])
        self._centre, self._unit = table.mean(0), np.maximum(table.std(0), 1e-6)
        table = (table - self._centre) / self._unit
        classes, fold = np.repeat([1, 0], len(records)), np.tile(folds, 2)
        scores = np.zeros(len(table))
        weights = []
        for held in np.unique(fold):
            model = ridge(table[fold != held], classes[fold != held])
            scores[fold == held] = model.decision_function(table[fold == held])
            weights.append((model.coef_[0], model.intercept_[0]))
        self._weights = np.mean([w for w, _ in weights], 0)
        self._offset = float(np.mean([b for _, b in weights]))
        self.right, self.wrong = np.split(scores, 2)
        self.told = auroc(self.right, self.wrong)[0]

    def of(self, sample: Sample) -> np.ndarray:
        """Score records that no classifier has seen by the mean of all: shape (n,)."""
        table = (self._features(sample.plain) - self._centre) / self._unit
        return np.asarray(table @ self._weights + self._offset)

    def _features(self, records: SequenceSet) -> np.ndarray:
        """Count k-mers and write down the letters from both ends: shape (n, d)."""
        size = records.alphabet.size
        tables = [kmer_table(records, k) for k in range(1, self._longest + 1)]
        for from_end in (False, True):
            letters = one_hot(outer_letters(records, self._near, from_end), size + 1)
            tables.append(letters.reshape(len(records), self._near, -1)[:, :, :size].reshape(
                len(records), -1
            ))  # fmt: skip
        return np.concatenate(tables, axis=1, dtype=np.float32)

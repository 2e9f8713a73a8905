"""The table of a design run: designs beside real records and beside what else would have found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from biogan.core.errors import percentage
from biogan.evaluation.distances import jsd
from biogan.evaluation.metric import Value
from biogan.evaluation.report.plots.canvas import label
from biogan.evaluation.report.text import number
from biogan.evaluation.two_sample import ridge_auroc
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import kmer_counts
from biogan.sequences.metrics.comparison import Sample
from biogan.sequences.metrics.discriminability import classifier_features, two_samples
from biogan.sequences.similarity.pairs import clusters, identities, nearest

if TYPE_CHECKING:
    from biogan.designing.comparison import Scored
    from biogan.designing.controls import Control

# k-mers that compositions are compared by: this many cells at most.
_MOST_CELLS, _HIGHEST_K = 400, 4
# Records of which all pairs are compared, and identity of those that are one cluster.
_PAIRS, _ALIKE = 200, 0.8


@dataclass(frozen=True, eq=False)
class Column:
    """A set of the table.

    Attributes
    ----------
    head : str
        What it is.
    records : SequenceSet
        Its sequences, without gaps.
    optimised : numpy.ndarray, shape (n, names)
        By the oracle, higher is better.
    checked : numpy.ndarray, shape (n, names), or None
        By the check.
    real : bool
        Whether these are real records.
    """

    head: str
    records: SequenceSet
    optimised: np.ndarray
    checked: np.ndarray | None
    real: bool = False


def columns_of(
    designs: SequenceSet,
    real: SequenceSet | None,
    scored: Scored,
    controls: Sequence[Control] = (),
) -> list[Column]:
    """Return designs, real records (the best tenth, all) and controls, in this order."""
    checked = scored.checked or [None, None]  # type: ignore[list-item]
    found = [Column("designs", designs, scored.optimised[0], checked[0])]
    if real is not None:
        best = scored.best_real()
        some = None if checked[1] is None else checked[1][best]
        head = "best tenth of real records"
        found.append(Column(head, real.take(best), scored.optimised[1][best], some, True))
        found.append(Column("all real records", real, scored.optimised[1], checked[1], True))
    return found + [
        Column(
            one.title, SequenceSet.from_strings(one.texts, alphabet=designs.alphabet), one.values,
            one.checked,
        )
        for one in controls
    ]  # fmt: skip


def table_of(
    columns: Sequence[Column], names: Sequence[str], signs: Sequence[int], seed: int
) -> dict[str, Any]:
    """Return heads and rows of the table.

    Parameters
    ----------
    columns : sequence of Column
        Sets, the designs first.
    names, signs : sequence
        What was optimised, and -1 for what was lowered.
    seed : int
        Seed of the folds of the classifier.
    """
    body = [["sequences", *(f"{len(one.records):,}" for one in columns)]]
    for what in ("oracle", "check"):
        for k, name in enumerate(names):
            of = [one.optimised if what == "oracle" else one.checked for one in columns]
            if of[0] is None:
                continue
            own = [None if x is None else signs[k] * x[:, k] for x in of]
            title = f"{label(name)}, {what}" if len(names) > 1 else what
            best = max if signs[k] > 0 else min
            body.append([f"{title}, mean", *(_said(x, np.mean) for x in own)])
            body.append([f"{title}, best", *(_said(x, best) for x in own)])
    some = [one.records[:_PAIRS] for one in columns]
    body.append(["identity of pairs", *map(_pair_identity, some)])
    body.append([f"clusters at {_ALIKE:g}, share", *map(_clusters, some)])
    real = [one for one in columns if one.real]
    if real:
        best_tenth, every = real
        others = [None if one.real else one for one in columns]
        near = [None if one is None else nearest(one.records, every.records)[2] for one in others]
        body.append(["identity to the nearest real record", *(_said(x, np.mean) for x in near)])
        body.append(["copies of real records", *("" if x is None else percentage(
            float((x == 1).mean())) for x in near)])  # fmt: skip
        told = [
            "" if one is best_tenth else _auroc(one.records, best_tenth.records, seed)
            for one in columns
        ]
        body.append(["told from the best tenth (AUROC)", *told])
        k = 1
        while k < _HIGHEST_K and every.records.alphabet.size ** (k + 1) <= _MOST_CELLS:
            k += 1
        counts = [kmer_counts(one.records, k) for one in columns]
        apart = kmer_counts(best_tenth.records, k)
        parts = [
            "" if one is best_tenth else number(float(jsd(c, apart)))
            for one, c in zip(columns, counts, strict=True)
        ]
        body.append([f"{k}-mer divergence from the best tenth (bits)", *parts])
    # Of one design there are no pairs, of few records no classifier: such rows would be empty.
    return {"head": [one.head for one in columns], "rows": [row for row in body if any(row[1:])]}


def _said(values: np.ndarray | None, of: Any) -> str:
    """Return a number of the finite values, empty without any."""
    if values is None or not np.isfinite(values).any():
        return ""
    return number(float(of(values[np.isfinite(values)])))


def _pair_identity(some: SequenceSet) -> str:
    """Return the mean identity of all pairs."""
    if len(some) < 2:
        return ""
    return number(float(identities(some)[np.triu_indices(len(some), 1)].mean()))


def _clusters(some: SequenceSet) -> str:
    return percentage(len(np.unique(clusters(some, _ALIKE))) / len(some)) if len(some) else ""


def _auroc(some: SequenceSet, best: SequenceSet, seed: int) -> str:
    """Return how well a linear classifier tells a set from the best real records."""
    test = two_samples(Sample(some), Sample(best), seed)
    if isinstance(test, Value):
        return ""
    lengths = {*test.new.sequences.lengths.tolist(), *test.real.sequences.lengths.tolist()}
    features, _ = classifier_features([test.new, test.real], len(lengths) == 1)
    found = ridge_auroc(features, test.validation)
    return "" if found.value is None else number(found.value)

"""How often a set repeats itself: the most frequent sequences, and kinds found among n records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import gammaln

from biogan.metrics.comparison import Sample
from biogan.similarity import clusters

#: Rows of the table of repeated sequences.
MOST_FREQUENT = 20
# Shares of a set from which FastQC warns of, and fails, an over-represented sequence, in percent.
_WARN, _FAIL = 0.1, 1.0
# Records that are clustered, their identity, and points of the curve.
_MOST, _IDENTITY, _POINTS = 1_000, 0.9, 10


def duplicate_table(new: Sample, source: Sample) -> list[dict[str, Any]]:
    """List the most frequent sequences of a set, those that stand in it twice or more.

    Returns
    -------
    list of dict
        At most 20: ``id`` of the first record, ``count``, ``percent``, ``flag`` in the words of
        FastQC (``warn`` above 0.1 % of the set, ``fail`` above 1 %), ``in_training``.
    """
    texts = new.sequences.strings()
    counts = Counter(texts)
    first = {text: i for i, text in reversed(list(enumerate(texts)))}
    known = set(source.sequences.strings())
    top = sorted(counts, key=lambda text: (-counts[text], text))[:MOST_FREQUENT]
    rows = []
    for text in top:
        if counts[text] < 2:
            break
        percent = 100 * counts[text] / len(texts)
        rows.append({
            "id": new.sequences.ids[first[text]],
            "count": counts[text],
            "percent": percent,
            "flag": "fail" if percent > _FAIL else "warn" if percent > _WARN else "pass",
            "in_training": text in known,
        })  # fmt: skip
    return rows


def rarefaction_table(samples: Mapping[str, Sample]) -> list[dict[str, Any]]:
    """Count kinds among n records: distinct sequences and clusters of 90 % identity.

    Parameters
    ----------
    samples : mapping of str to Sample
        Sets by name; the first 1,000 records of each are read.

    Returns
    -------
    list of dict
        For each set and each of ten ``n``: ``set``, ``n``, and the expected numbers ``distinct``
        and ``clusters``; nothing where no two records of any set are of one kind.
    """
    rows, repeats = [], False
    for name, sample in samples.items():
        some = sample.first(_MOST).sequences
        sizes = (
            np.unique(some.strings(), return_counts=True)[1],
            np.bincount(clusters(some, _IDENTITY)),
        )
        repeats |= len(sizes[1]) < len(some)
        steps = np.linspace(0, len(some), _POINTS + 1).round().astype(int)
        for n in np.unique(steps[steps > 0]).tolist():
            distinct, kinds = (expected_kinds(counts, n) for counts in sizes)
            rows.append({"set": name, "n": n, "distinct": distinct, "clusters": kinds})
    return rows if repeats else []


def expected_kinds(counts: np.ndarray, n: int) -> float:
    """Return the expected number of kinds among ``n`` records drawn without replacement.

    Parameters
    ----------
    counts : numpy.ndarray of int
        Records of each kind.
    n : int
        Records drawn, at most all.

    Notes
    -----
    sum(1 - C(N - N_i, n) / C(N, n)), Hurlbert 1971, Ecology 52:577, equation 13.

    Examples
    --------
    >>> round(expected_kinds(np.array([2, 2]), 2), 6)  # 1 + 2/3
    1.666667
    """
    total = int(counts.sum())
    left = total - counts
    can_miss = left >= n
    missed = np.zeros(len(counts))
    missed[can_miss] = np.exp(
        gammaln(left[can_miss] + 1) - gammaln(left[can_miss] - n + 1)
        - gammaln(total + 1) + gammaln(total - n + 1)
    )  # fmt: skip
    return float((1 - missed).sum())

"""Records as points: k-mer frequencies, or features of the caller, in axes of the training data."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from biogan.errors import ConfigError
from biogan.metrics.comparison import Comparison, Sample
from biogan.metrics.extras import Features
from biogan.metrics.inputs import shuffled
from biogan.metrics.kmers import kmer_table

#: Axes kept at most.
AXES = 32
# Training records that the axes are taken from.
_MOST = 20_000
_MAX_KMERS = 400
_HIGHEST_K = 4


@lru_cache(maxsize=1)
def points(comparison: Comparison) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the points of the candidate and of the reference, and what their axes are.

    The axes are the principal components of the training data (the ``source``), at most 32 and a
    tenth of its records, in units of its total spread: 1 is the root mean square distance of a
    training record from their centre. Axes of the reference itself would fit it better than any
    other sample of the same origin, and so add to every distance.

    Returns
    -------
    candidate, reference : numpy.ndarray, shape (n, d) and (m, d), float64
    note : str
        ``"32 PCs of 4-mers"``.

    Raises
    ------
    ConfigError
        If the caller's features are not one finite row of numbers a record.
    """
    centre, axes, note = _axes(comparison.source, comparison.extras.features)
    new, real = (
        _features(sample, comparison.extras.features)
        for sample in (comparison.candidate, comparison.reference)
    )
    if not new.shape[1] == real.shape[1] == len(centre):
        raise ConfigError(
            f"features: {len(centre)}, {real.shape[1]} and {new.shape[1]} columns for training "
            "data, reference and candidate; give each the same"
        )
    return (new - centre) @ axes, (real - centre) @ axes, note


@lru_cache(maxsize=1)
def _axes(source: Sample, features: Features | None) -> tuple[np.ndarray, np.ndarray, str]:
    """Centre, scaled axes as columns, and their name."""
    # The training data stand in the order of their file, on which nothing may depend.
    table = _features(Sample(shuffled(source.sequences, 0)[:_MOST]), features)
    centre = table.mean(0)
    variance, axes = np.linalg.eigh(np.cov(table, rowvar=False, bias=True).reshape(len(centre), -1))
    variance, axes = variance[::-1], axes[:, ::-1]
    kept = max(1, min(AXES, len(table) // 10, int((variance > 1e-12 * variance[0]).sum())))
    scale = np.sqrt(max(variance[:kept].sum(), 0.0)) or 1.0
    what = "the features given"
    if features is None:
        what = f"{_letters(source)}-mers"
    return centre, axes[:, :kept] / scale, f"{kept} PC{'s' if kept > 1 else ''} of {what}"


def _letters(sample: Sample) -> int:
    """Return the k of the k-mers that are counted: 4 for nucleotides, 2 for proteins."""
    k, size = 1, sample.plain.alphabet.size
    while k < _HIGHEST_K and size ** (k + 1) <= _MAX_KMERS:
        k += 1
    return k


def _features(sample: Sample, features: Features | None) -> np.ndarray:
    if features is None:
        counts = kmer_table(sample.plain, _letters(sample))
        return counts / np.maximum(counts.sum(1, keepdims=True), 1)
    found = np.asarray(features(sample.sequences.strings()), float)
    if found.ndim != 2 or len(found) != len(sample) or not np.isfinite(found).all():
        raise ConfigError(
            f"features: give one row of finite numbers for each of {len(sample)} records, "
            f"not an array of shape {found.shape}"
        )
    return found

"""All metrics of sequences: importing this module registers them."""

from __future__ import annotations

from collections.abc import Sequence

from biogan.evaluation.metric import Metric

# Importing a module registers its metrics.
from biogan.sequences.metrics import (  # noqa: F401
    composition,
    conditions,
    discriminability,
    diversity,
    features,
    labels,
    lengths,
    motifs,
    novelty,
    orientation,
    positions,
    proteins,
    spectrum,
    symmetry,
)
from biogan.sequences.metrics.comparison import SEQUENCE_METRICS

__all__ = ["SEQUENCE_METRICS", "get_metrics"]


def get_metrics(names: Sequence[str] | None = None) -> list[Metric]:
    """Return the metrics with these names, or the default ones in the order of the report.

    Parameters
    ----------
    names : list of str, optional
        Names; ``"all"`` stands for every metric, those that cost more time too.

    Raises
    ------
    ConfigError
        If a name is unknown.

    Examples
    --------
    >>> [m.name for m in get_metrics(["kmer-jsd"])]
    ['kmer-jsd']
    """
    return SEQUENCE_METRICS.choose(names)

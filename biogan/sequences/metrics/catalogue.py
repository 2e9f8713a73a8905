"""All metrics of biogan, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

from biogan.evaluation.metric import ALL, METRICS, Metric, choose

# Importing a module registers its metrics.
from biogan.sequences.metrics import (  # noqa: F401
    coding,
    composition,
    discriminability,
    diversity,
    features,
    labels,
    motifs,
    novelty,
    positions,
    proteins,
    spectrum,
    symmetry,
)

__all__ = ["ALL", "GROUP_ORDER", "get_metrics"]

#: Sections of the report, in order.
GROUP_ORDER = (
    "novelty", "discriminability", "k-mers", "positions", "features", "composition", "protein",
    "genes", "motifs", "diversity", "labels",
)  # fmt: skip


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
    return choose(names, METRICS, GROUP_ORDER)

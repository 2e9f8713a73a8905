"""All metrics of biogan, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

from biogan.errors import ConfigError

# Importing a module registers its metrics.
from biogan.metrics import (  # noqa: F401
    complexity,
    composition,
    convolution,
    discriminability,
    diversity,
    family,
    features,
    genes,
    motifs,
    novelty,
    proteins,
    sites,
    spectrum,
    twopoint,
    utility,
)
from biogan.metrics.base import METRICS, Metric
from biogan.options import unknown_name

#: What is asked for instead of names: the metrics that cost more time too.
ALL = "all"
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
    for name in names or ():
        if name not in METRICS and name != ALL:
            raise ConfigError(unknown_name("metric", name, (*METRICS, ALL)))
    if names and ALL not in names:
        return [METRICS[name] for name in names]
    rank = {group: i for i, group in enumerate(GROUP_ORDER)}
    some = [m for m in METRICS.values() if m.default or names]
    return sorted(some, key=lambda m: rank.get(m.group, len(rank)))

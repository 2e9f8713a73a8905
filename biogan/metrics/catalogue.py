"""All metrics of biogan, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

from biogan.errors import ConfigError

# Importing a module registers its metrics.
from biogan.metrics import (  # noqa: F401
    composition,
    discriminability,
    diversity,
    family,
    novelty,
    proteins,
    sites,
    spectrum,
)
from biogan.metrics.base import METRICS, Metric
from biogan.options import unknown_name

#: Sections of the report, in order.
GROUP_ORDER = (
    "novelty", "discriminability", "k-mers", "positions", "composition", "protein", "diversity",
)  # fmt: skip


def get_metrics(names: Sequence[str] | None = None) -> list[Metric]:
    """Return the metrics with these names, or all of them in the order of the report.

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
        if name not in METRICS:
            raise ConfigError(unknown_name("metric", name, METRICS))
    if names:
        return [METRICS[name] for name in names]
    rank = {group: i for i, group in enumerate(GROUP_ORDER)}
    return sorted(METRICS.values(), key=lambda m: rank.get(m.group, len(rank)))

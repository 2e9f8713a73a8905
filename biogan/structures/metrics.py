"""All metrics of structures, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

# Importing a module registers its metrics.
from biogan.metrics.base import Metric, choose
from biogan.structures import metrics_geometry, metrics_novelty  # noqa: F401
from biogan.structures.samples import GROUP_ORDER, STRUCTURE_METRICS


def get_structure_metrics(names: Sequence[str] | None = None) -> list[Metric]:
    """Return the metrics with these names, or all of them in the order of the report.

    Raises
    ------
    ConfigError
        If a name is unknown.

    Examples
    --------
    >>> [m.name for m in get_structure_metrics(["bond-share"])]
    ['bond-share']
    """
    return choose(names, STRUCTURE_METRICS, GROUP_ORDER)

"""All metrics of images, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence

# Importing a module registers its metrics.
from biogan.images import metrics_features, metrics_pixels  # noqa: F401
from biogan.images.registry import GROUP_ORDER, IMAGE_METRICS
from biogan.metrics.base import Metric, choose


def get_image_metrics(names: Sequence[str] | None = None) -> list[Metric]:
    """Return the metrics with these names, or all of them in the order of the report.

    Raises
    ------
    ConfigError
        If a name is unknown.

    Examples
    --------
    >>> [m.name for m in get_image_metrics(["frechet"])]
    ['frechet']
    """
    return choose(names, IMAGE_METRICS, GROUP_ORDER)

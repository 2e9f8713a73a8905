"""Where metrics of images register, apart from those of sequences."""

from __future__ import annotations

from functools import partial

from biogan.metrics.base import Metric, metric

IMAGE_METRICS: dict[str, Metric] = {}
#: Sections of the report, in order.
GROUP_ORDER = ("novelty", "discriminability", "classes", "features", "pixels", "diversity")

#: As :func:`biogan.metrics.base.metric`, for images.
image_metric = partial(metric, registry=IMAGE_METRICS)

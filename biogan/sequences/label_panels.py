"""Drawings of labels in the reports of sequences: asked against predicted, real records beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from biogan.evaluation.parts import MOST
from biogan.evaluation.report.plots import curves
from biogan.evaluation.report.plots.labels import asked_predicted, beside, confusion
from biogan.evaluation.report.results import TARGET
from biogan.evaluation.report.spec import Panel

if TYPE_CHECKING:
    from biogan.evaluation.report.results import Results
    from biogan.sequences.metrics.comparison import Sample
    from biogan.sequences.metrics.labelled import LabelReader
    from biogan.sequences.metrics.predictors import Family

# Points of a set that are drawn, and share of them beyond the axes at either end.
_POINTS, _BEYOND = 2_000, 0.002


def label_panels(results: Results, new: Sequence[str]) -> list[Panel]:
    """Draw every label that was read, of real records first."""
    drawn = []
    sets = {key: s.first(MOST) for key, s in results.named_samples(TARGET, *new).items()}
    for i, reader in enumerate(results.samples.get("labels", [])):
        if reader.kind == "number":
            drawn += _number(reader, sets, f"label-{i}")
        elif reader.untaught:
            continue
        elif reader.kind == "class":
            drawn += _classes(reader, sets, f"label-{i}")
        else:
            drawn += _several(reader, sets, f"label-{i}")
    return drawn


def _number(reader: LabelReader, sets: dict[str, Sample], name: str) -> list[Panel]:
    family: Family = "ridge"
    points = {
        key: (reader.values(s)[:_POINTS], reader.predicted(s, family)[:_POINTS])
        for key, s in sets.items()
    }
    every = np.concatenate([np.concatenate(pair) for pair in points.values()])
    low, high = np.quantile(every, [_BEYOND, 1 - _BEYOND])
    edge = 0.04 * (high - low) or 1.0
    limits = float(low - edge), float(high + edge)
    drawn = []
    for j, (key, (asked, predicted)) in enumerate(points.items()):
        found = reader.correlation(sets[key], family)
        r = None if found is None else found.value
        drawn.append(asked_predicted(f"{name}-{j}", asked, predicted, key, reader.name, limits, r))
    return [Panel(reader.name, f"predicted by {family}", beside(drawn), wide=True)]


def _classes(reader: LabelReader, sets: dict[str, Sample], name: str) -> list[Panel]:
    strata = reader.strata
    drawn = []
    for j, (key, sample) in enumerate(sets.items()):
        asked = reader.members(sample)[reader.rows(sample)].argmax(1)
        counts = np.zeros((len(strata), len(strata)))
        np.add.at(counts, (asked, reader.predicted(sample)), 1)
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        drawn.append(confusion(f"{name}-{j}", shares, strata.names, key, reader.name))
    caption = "share of the records of each row that are predicted to be of each class"
    return [Panel(reader.name, caption, beside(drawn), wide=True)]


def _several(reader: LabelReader, sets: dict[str, Sample], name: str) -> list[Panel]:
    names = [reader.strata.names[i] for i in reader.read]
    shares = {key: reader.accuracies(sample).each for key, sample in sets.items()}
    svg = curves.dumbbells(name, shares, names, "records, balanced, that are predicted right")
    caption = "having each or not, predicted right; half is chance"
    return [Panel(reader.name, caption, svg, wide=True)]

"""The main metrics for each label: a set may be right as a whole and wrong in each part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from biogan.metrics.base import METRICS
from biogan.metrics.comparison import Comparison, Sample
from biogan.metrics.extras import Extras
from biogan.metrics.intervals import GROUPS

#: Metrics of the table; those that do not fit the data are left out.
MAIN = ("kmer-jsd", "letter-jsd", "gc-w1", "gravy-w1", "length-w1", "unique")
#: Labels with more values are names or numbers rather than classes, and have no rows.
MAX_VALUES = 50


def label_table(
    samples: Mapping[str, Sample], lengths_vary: bool, seed: int, extras: Extras
) -> list[dict[str, Any]]:
    """Compare generated and real records that share a label.

    Parameters
    ----------
    samples : mapping of str to Sample
        ``generated``, ``held-out``, ``target`` and ``source``, see
        :class:`~biogan.report.report.Report`.
    lengths_vary, seed, extras
        As for :class:`~biogan.metrics.comparison.Comparison`.

    Returns
    -------
    list of dict
        For each label, each value that both sets have and each metric: ``label``, ``value``,
        ``metric``, ``n`` (records of each set, cut to one number), ``generated`` with ``low`` and
        ``high``, ``held_out`` (real records of that label, the ceiling) and ``note``. With fewer
        than 20 records of a set there is one row without a metric; its note says so.
    """
    new, real = samples["generated"].sequences.labels, samples["target"].sequences.labels
    rows = []
    for label in (name for name in real if name in new):
        values = {str(x) for x in real[label]} & {str(x) for x in new[label]} - {""}
        if len(set(real[label])) > MAX_VALUES:
            continue
        for value in sorted(values):
            parts = {
                name: _part(samples[name], label, value)
                for name in ("generated", "held-out", "target")
            }
            rows += [
                {"label": label, "value": value, **row}
                for row in _rows(parts, samples["source"], lengths_vary, seed, extras)
            ]
    return rows


def _part(sample: Sample, label: str, value: str) -> Sample:
    labels = sample.sequences.labels.get(label, ())
    chosen = np.flatnonzero([str(x) == value for x in labels])
    return Sample(sample.sequences.take(chosen))


def _rows(
    parts: dict[str, Sample], source: Sample, lengths_vary: bool, seed: int, extras: Extras
) -> list[dict[str, Any]]:
    sizes = {name: len(part) for name, part in parts.items()}
    n = min(sizes["generated"], sizes["target"])
    empty = dict.fromkeys(("generated", "low", "high", "held_out"))
    if n < GROUPS:
        note = (
            f"fewer than {GROUPS} records: {sizes['generated']} generated, {sizes['target']} real"
        )
        return [{"metric": None, "n": n, **empty, "note": note}]
    with_ceiling = sizes["held-out"] >= GROUPS
    if with_ceiling:
        n = min(n, sizes["held-out"])
    rows = []
    for name in MAIN:
        found = {
            part: METRICS[name](
                Comparison(
                    parts[part].first(n), parts["target"].first(n), source,
                    lengths_vary=lengths_vary, seed=seed, extras=extras,
                )
            )
            for part in (["generated", "held-out"] if with_ceiling else ["generated"])
        }  # fmt: skip
        value = found["generated"]
        if value.value is not None:
            rows.append({
                "metric": name, "n": n, "generated": value.value, "low": value.low,
                "high": value.high,
                "held_out": found["held-out"].value if with_ceiling else None,
                "note": value.note if with_ceiling
                else f"fewer than {GROUPS} held-out records with this label",
            })  # fmt: skip
    return rows

"""Results as drawings of matplotlib, for notebooks and papers of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biogan.evaluation.report.plots.canvas import GREEN, ORANGE, SERIES
from biogan.evaluation.report.results import BETWEEN, CONTROL, FAILED, REAL, UNREAD, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def new_axes(axes: Axes | None, size: tuple[float, float]) -> Axes:
    """Return axes to draw on: those that were given, else of a new figure.

    The figure is none of pyplot's, so that nothing is left open; a notebook shows it.
    """
    if axes is not None:
        return axes
    from matplotlib.figure import Figure

    return Figure(size, layout="constrained").subplots()


def plot_metric(results: Results, name: str, axes: Axes | None = None) -> Axes:
    """Draw one metric: each set with its interval.

    Parameters
    ----------
    results : Results
        Of an evaluation.
    name : str
        Name of the metric, such as ``"auroc"``.
    axes : matplotlib.axes.Axes, optional
        Where to draw, by default on a figure of its own.
    """
    row = results[name]
    shown = {
        column: value
        for column, value in row.columns.items()
        if value.value is not None and column != CONTROL
    }
    axes = new_axes(axes, (5.0, 0.9 + 0.3 * len(shown)))
    colours = {"generated": SERIES[0], "held-out": GREEN}
    for i, (column, found) in enumerate(shown.items()):
        assert found.value is not None
        low = found.value if found.low is None else found.low
        high = found.value if found.high is None else found.high
        axes.plot([low, high], [i, i], color=colours.get(column, ORANGE), linewidth=2)
        axes.plot([found.value], [i], "o", color=colours.get(column, ORANGE))
    axes.set_yticks(range(len(shown)), [*shown])
    axes.invert_yaxis()
    axes.set(xlabel=f"{row.metric.title} ({row.metric.unit})" if row.metric.unit
             else row.metric.title, title=f"{row.metric.group}: {row.status}")  # fmt: skip
    return axes


def plot_status(results: Results, axes: Axes | None = None) -> Axes:
    """Draw how many metrics of each group reach real data, fail, or could not be read.

    The parameters are those of :func:`plot_metric`.
    """
    axes = new_axes(axes, (6.0, 0.9 + 0.35 * len(results.groups)))
    left: Any = [0] * len(results.groups)
    kinds = {"as real data": (REAL,), "between real data and floors": (BETWEEN,),
             "failed": FAILED, "not assessed": (UNREAD,)}  # fmt: skip
    for (label, status), colour in zip(
        kinds.items(), (GREEN, SERIES[0], ORANGE, "#b8b8b8"), strict=True
    ):
        counts = [
            sum(row.status in status for row in results.rows if row.metric.group == group)
            for group in results.groups
        ]
        axes.barh(results.groups, counts, left=left, color=colour, label=label)
        left = [a + b for a, b in zip(left, counts, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel("metrics")
    axes.legend(fontsize="small")
    return axes

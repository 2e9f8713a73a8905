"""Numbers over the steps of a training run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup

from biogan.report.plots.canvas import GREEN, ORANGE, SERIES, drawing, label, legend

_POINTS = 300


def thinned(
    steps: np.ndarray, values: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Average neighbours, so that at most 300 points are left.

    Parameters
    ----------
    steps : numpy.ndarray, shape (n,)
        Steps.
    values : mapping of str to numpy.ndarray, shape (n,)
        Numbers at these steps.

    Examples
    --------
    >>> x, y = thinned(np.arange(600), {"a": np.arange(600.0)})
    >>> len(x), float(x[0]), float(y["a"][1])
    (300, 0.5, 2.5)
    """
    width = int(np.ceil(len(steps) / _POINTS)) or 1
    starts = np.arange(0, len(steps), width)
    size = np.diff([*starts, len(steps)])
    means = {k: np.add.reduceat(v, starts) / size for k, v in values.items()}
    return np.add.reduceat(steps.astype(float), starts) / size, means


def series(
    name: str,
    steps: np.ndarray,
    values: Mapping[str, np.ndarray],
    quantity: str,
    lines: Mapping[str, float],
    kept: int | None,
) -> Markup:
    """Draw numbers over steps, with horizontal lines to compare with.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    steps : numpy.ndarray, shape (n,)
        Steps.
    values : mapping of str to numpy.ndarray, shape (n,)
        One curve each.
    quantity : str
        Text of the vertical axis.
    lines : mapping of str to float
        Levels: the first is the goal, the others are trivial samplers.
    kept : int or None
        Step whose generator was kept.
    """
    from matplotlib.ticker import MaxNLocator

    with drawing(name, f"{quantity} over steps: {', '.join(values)}") as d:
        for i, (key, some) in enumerate(values.items()):
            dots = "o" if len(steps) < 40 else ""
            d.axes.plot(
                steps,
                some,
                color=SERIES[i % len(SERIES)],
                label=label(key),
                linewidth=1.6,
                marker=dots,
                markersize=3.5,
            )
        styles = ((0, (5, 2)), (0, (1, 1.5)), (0, (3, 1, 1, 1)))
        for i, (key, level) in enumerate(lines.items()):
            d.axes.axhline(
                level, color=ORANGE if i else GREEN, linewidth=1.3, linestyle=styles[i % 3],
                label=label(f"{key} {level:.3g}"),
            )  # fmt: skip
        if kept is not None:
            d.axes.axvline(kept, color="#8c8c8c", linewidth=0.9, linestyle=":", label="kept")
        finite = np.concatenate([some[np.isfinite(some)] for some in values.values()])
        if lines and len(finite) and finite.min() > 0 and finite.max() > 8 * finite.min():
            d.axes.set_yscale("log")
            d.axes.yaxis.set_major_formatter("{x:g}")
            d.axes.yaxis.set_minor_formatter("")
        d.axes.set(xlabel="generator step", ylabel=quantity)
        d.axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        d.axes.xaxis.set_major_formatter("{x:,.0f}")
        legend(d.axes, columns=2)
    return d.svg

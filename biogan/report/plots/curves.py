"""Distributions laid over one another: GC content, lengths, identities, profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from biogan.report.plots.canvas import LIGHT, drawing_of, percent

_LINES = {"held-out": "--"}


def overlay(
    name: str,
    series: Mapping[str, np.ndarray],
    quantity: str,
    share: bool = False,
    noun: str = "records",
) -> Markup:
    """Draw the distributions of a number per record as outlines over common bins.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    series : mapping of str to numpy.ndarray, shape (n,)
        Values of each set; ``generated`` is filled.
    quantity : str
        What the number is, with its unit.
    share : bool
        The number is a share: ticks in percent.
    noun : str
        What the numbers are of.
    """
    edges = _bins(np.concatenate(list(series.values())))
    with drawing_of(name, f"distribution of {quantity}", series) as (d, sets):
        for key, values, look in sets:
            part = np.histogram(values, edges)[0] / max(len(values), 1)
            d.axes.stairs(
                part, edges, **look, linestyle=_LINES.get(key, "-"), linewidth=1.8, fill=False,
                zorder=3,
            )  # fmt: skip
            if key == "generated":
                d.axes.stairs(part, edges, color=look["color"], alpha=0.18, fill=True, zorder=2)
        d.axes.set(xlabel=quantity, ylabel=f"share of {noun}", ylim=(0, None))
        percent(d.axes.yaxis)
        if share:
            percent(d.axes.xaxis)
    return d.svg


def _bins(values: np.ndarray) -> np.ndarray:
    """At most 40 bins of equal width; whole numbers, and shares of few letters, get their own."""
    distinct = np.unique(values)
    if len(distinct) <= 60:
        step = float(np.diff(distinct).min()) if len(distinct) > 1 else 1.0
        count = round((distinct[-1] - distinct[0]) / step) + 1
        if count <= 80:
            return np.asarray(distinct[0] + step * (np.arange(count + 1) - 0.5))
    low, high = float(distinct[0]), float(distinct[-1])
    if np.all(values == values.round()):
        width = max(1, int(np.ceil((high - low + 1) / 40)))
        return np.arange(low - 0.5, high + width + 0.5, width)
    return np.linspace(low, high, 41)


def exceedance(
    name: str, series: Mapping[str, np.ndarray], quantity: str, threshold: float
) -> Markup:
    """Draw, for each identity, the share of records with a neighbour at least that alike."""
    alt = f"share of records at or above each {quantity}"
    with drawing_of(name, alt, series) as (d, sets):
        for key, values, look in sets:
            x = np.sort(values)
            y = 1 - np.arange(len(x)) / max(len(x), 1)
            d.axes.step(
                np.concatenate([[x[0]], x, [x[-1]]]), np.concatenate([[1.0], y, [0.0]]),
                where="pre", **look, linestyle=_LINES.get(key, "-"),
            )  # fmt: skip
        d.axes.axvline(threshold, color="#8c8c8c", linewidth=0.9, linestyle=(0, (2, 2)))
        d.axes.set(xlabel=quantity, ylabel="share of records at or above", ylim=(0, 1.02))
        d.axes.set_xlim(right=1.005)
        percent(d.axes.yaxis)
        percent(d.axes.xaxis)
    return d.svg


def profile(
    name: str,
    series: Mapping[str, np.ndarray],
    xlabel: str,
    ylabel: str,
    wide: bool = False,
    log: float | None = None,
) -> Markup:
    """Draw one number per position or distance, counted from 1, for several sets.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    series : mapping of str to numpy.ndarray, shape (L,)
        Numbers of each set.
    xlabel, ylabel : str
        What is drawn.
    wide : bool
        Whether it takes the whole line.
    log : float, optional
        Draw on a log scale that ends at this number; lower ones lie below the axis.
    """
    size: dict[str, Any] = {"width": 9.4, "height": 2.6, "columns": 6} if wide else {"columns": 2}
    with drawing_of(name, f"{ylabel} by {xlabel}", series, **size) as (d, sets):
        for key, values, look in sets:
            positions = np.arange(1, len(values) + 1)
            d.axes.plot(positions, values, **look, linestyle=_LINES.get(key, "-"), linewidth=1.5)
        d.axes.set(xlabel=xlabel, ylabel=ylabel)
        if log is not None:
            d.axes.set_yscale("log")
            # Powers in the labels would be formulas, which are not drawn as such.
            d.axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            d.axes.yaxis.set_minor_formatter("")
        d.axes.set_ylim(bottom=log or 0)
        d.axes.margins(x=0.01)
    return d.svg


def shares(
    name: str,
    series: Mapping[str, np.ndarray],
    labels: Sequence[str],
    what: str,
    wide: bool = False,
) -> Markup:
    """Draw the share of each letter or codon: real records as bars, other sets as points on them.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    series : mapping of str to numpy.ndarray, shape (m,)
        Shares in each set.
    labels : sequence of str
        What stands below the m bars.
    what : str
        What one of them is.
    wide : bool
        Whether it takes the whole line; then the labels stand upright.
    """
    size: dict[str, Any] = {"width": 9.4, "height": 3.0} if wide else {}
    with drawing_of(name, f"share of each {what}", series, **size) as (d, sets):
        for key, values, look in sets:
            x = np.arange(len(values))
            if key == "real":
                d.axes.bar(x, values, width=0.72, **{**look, "color": LIGHT}, zorder=1)
            else:
                flat = {"marker": "_", "s": 70, "linewidths": 2, "zorder": 2}
                dot = {"marker": "o", "s": 26, "linewidths": 0, "zorder": 3}
                style: dict[str, Any] = flat if key == "held-out" else dot
                d.axes.scatter(x, values, **look, **style)
        d.axes.set_xticks(range(len(labels)), list(labels))
        d.axes.tick_params(axis="x", length=0)
        if wide:
            d.axes.tick_params(axis="x", rotation=90, labelsize=7)
            d.axes.margins(x=0.005)
        d.axes.set(ylabel=f"share of {what}{'es' if what.endswith('s') else 's'}")
        percent(d.axes.yaxis)
    return d.svg

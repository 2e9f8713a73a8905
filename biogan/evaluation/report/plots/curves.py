"""Sets over one another: distributions, profiles, and shares as bars, dots or lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from biogan.evaluation.metric import Value
from biogan.evaluation.report.plots.canvas import (
    GREY,
    INK,
    LIGHT,
    ROLE_COLOURS,
    drawing,
    drawing_of,
    label,
    legend,
    percent,
)

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
        d.axes.set_xticks(range(len(labels)), [label(text) for text in labels])
        d.axes.tick_params(axis="x", length=0)
        if wide:
            d.axes.tick_params(axis="x", rotation=90, labelsize=7)
            d.axes.margins(x=0.005)
        d.axes.set(ylabel=f"share of {what}{'es' if what.endswith('s') else 's'}")
        percent(d.axes.yaxis)
    return d.svg


def bars(name: str, values: Mapping[str, Value], quantity: str, chance: float, line: str) -> Markup:
    """Draw one share a set as bars with intervals, and what chance gives as a line.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    values : mapping of str to Value
        The share of each set, from the top; sets without a role of their own are floors.
    quantity : str
        What the shares are of.
    chance : float
        Where the line stands.
    line : str
        What the line is called.
    """
    keys = [key for key, value in values.items() if value.value is not None]
    shares = np.array([values[key].value for key in keys], float)
    ends = np.array([
        [shares[i] if v is None else v for v in (values[key].low, values[key].high)]
        for i, key in enumerate(keys)
    ])  # fmt: skip
    y = np.arange(len(keys))
    with drawing(
        name, f"share of {quantity}: {', '.join(keys)}", height=1.1 + 0.32 * len(keys)
    ) as d:
        d.axes.barh(
            y, shares, height=0.62, zorder=2,
            color=[ROLE_COLOURS.get(key, ROLE_COLOURS["floor"]) for key in keys],
        )  # fmt: skip
        d.axes.hlines(y, ends[:, 0], ends[:, 1], color=INK, linewidth=1.3, zorder=3)
        d.axes.axvline(chance, color=GREY, linewidth=1.2, linestyle=(0, (2, 2)), label=line)
        d.axes.set_yticks(y, [label(key) for key in keys])
        d.axes.tick_params(axis="y", length=0)
        d.axes.invert_yaxis()
        d.axes.set(xlabel=f"share of {quantity}", xlim=(0, 1.02))
        percent(d.axes.xaxis)
        legend(d.axes)
    return d.svg


def dumbbells(
    name: str, series: Mapping[str, np.ndarray], labels: Sequence[str], quantity: str
) -> Markup:
    """Draw many shares, one a line, with a dot for each set.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    series : mapping of str to numpy.ndarray, shape (m,)
        Shares of each set.
    labels : sequence of str
        What the m lines are called, from the top.
    quantity : str
        What the shares are of.
    """
    y = np.arange(len(labels))
    lines = np.stack([v for k, v in series.items() if k != "held-out"])
    size = {"width": 9.4, "height": 1.0 + 0.24 * len(labels)}
    with drawing_of(name, f"share of {quantity}", series, 4, **size) as (d, sets):
        d.axes.hlines(y, lines.min(0), lines.max(0), color=LIGHT, linewidth=3, zorder=1)
        for key, values, look in sets:
            dot: dict[str, Any] = {"marker": "o", "s": 34, "linewidths": 0}
            ring = {"marker": "o", "s": 42, "facecolors": "none"}
            stroke = {"marker": "|", "s": 90, "linewidths": 2}
            style = {"held-out": stroke, "real": ring}.get(key, dot)
            look = {
                "label": look["label"],
                "edgecolors" if key == "real" else "color": look["color"],
            }
            d.axes.scatter(values, y, zorder=2, **look, **style)
        d.axes.set_yticks(y, [label(text) for text in labels])
        d.axes.tick_params(axis="y", length=0)
        d.axes.set_ylim(len(labels) - 0.4, -0.6)
        d.axes.set(xlabel=f"share of {quantity}")
        d.axes.set_xlim(left=0)
        percent(d.axes.xaxis)
    return d.svg

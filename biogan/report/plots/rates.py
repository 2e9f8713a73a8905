"""Shares of records: one of several sets as bars, many of a few sets as dots on lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from biogan.metrics.base import Value
from biogan.report.plots.canvas import (
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

"""Labels asked for against labels predicted: numbers as points, classes as a square of shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from biogan.core.errors import percentage
from biogan.evaluation.report.plots.canvas import BLUE, GREY, INK, ROLE_COLOURS, drawing, label

# Squares of more classes have no numbers in their cells, and no names beside them.
_NUMBERED, _NAMED = 10, 30
# From this share on a cell is so dark that its number is white.
_DARK = 0.55


def asked_predicted(
    name: str,
    asked: np.ndarray,
    predicted: np.ndarray,
    what: str,
    quantity: str,
    limits: tuple[float, float],
    r: float | None,
) -> Markup:
    """Draw the number that each record was asked for against the one that is predicted of it.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    asked, predicted : numpy.ndarray, shape (n,)
        Numbers.
    what : str
        The set: ``real`` or ``generated``.
    quantity : str
        Name of the label.
    limits : (float, float)
        Ends of both axes, so that drawings side by side are comparable.
    r : float or None
        Correlation, written into the drawing.
    """
    colour = ROLE_COLOURS.get(what, BLUE)
    with drawing(name, f"{quantity} predicted against asked, {what}", height=4.0) as d:
        d.axes.plot(limits, limits, color=GREY, linewidth=0.9, zorder=1)
        d.axes.scatter(
            asked, predicted, s=11, color=colour, alpha=0.4, linewidths=0, rasterized=True, zorder=2
        )
        if r is not None:
            d.axes.text(0.97, 0.04, f"r = {r:.2f}", transform=d.axes.transAxes, ha="right")
        shown = label(quantity)
        asked_of = f"{shown}, measured" if what == "real" else f"{shown}, asked"
        d.axes.set(
            xlabel=asked_of, ylabel=f"{shown}, predicted", aspect="equal", xlim=limits, ylim=limits,
            title=label(what),
        )  # fmt: skip
    return d.svg


def beside(drawings: Sequence[Markup]) -> Markup:
    """Put drawings side by side, under one another where there is no room."""
    return Markup('<div class="beside">{}</div>').format(Markup("").join(drawings))


def confusion(
    name: str, shares: np.ndarray, classes: Sequence[str], what: str, quantity: str
) -> Markup:
    """Draw the share of the records of each class that are predicted to be of each class.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    shares : numpy.ndarray, shape (k, k)
        One row a class that was asked for; rows have a sum of one.
    classes : sequence of str, length k
        Names.
    what : str
        The set: ``real`` or ``generated``.
    quantity : str
        Name of the label.
    """
    k = len(classes)
    with drawing(name, f"{quantity} predicted against asked, {what}", height=4.0) as d:
        d.axes.imshow(
            shares, cmap="Greys" if ROLE_COLOURS.get(what) == INK else "Blues", vmin=0, vmax=1,
            interpolation="nearest",
        )  # fmt: skip
        if k <= _NUMBERED:
            for i, j in np.ndindex(k, k):
                d.axes.text(
                    j, i, percentage(float(shares[i, j])), ha="center", va="center",
                    color="white" if shares[i, j] > _DARK else INK, fontsize=9 if k <= 5 else 7,
                )  # fmt: skip
        names = [label(text) for text in classes] if k <= _NAMED else []
        d.axes.set_xticks(range(len(names)), names, rotation=90 if k > 3 else 0)
        d.axes.set_yticks(range(len(names)), names)
        d.axes.tick_params(length=0)
        d.axes.set(
            title=label(what),
            xlabel="predicted",
            ylabel=f"{label(quantity)}, {'true' if what == 'real' else 'asked'}",
        )
    return d.svg

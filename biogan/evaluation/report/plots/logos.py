"""Sequence logos: the height of a letter is its share of the information of its column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from biogan.evaluation.distances import entropy
from biogan.evaluation.report.plots.canvas import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    drawing,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path


_NUCLEOTIDES = {"A": GREEN, "C": BLUE, "G": ORANGE, "T": RED, "U": RED}
# Amino acids by chemistry: hydrophobic, polar, basic, acidic, and the two that bend a chain.
_RESIDUES = {
    **dict.fromkeys("AVLIMFWYC", INK), **dict.fromkeys("STNQ", GREEN),
    **dict.fromkeys("KRH", BLUE), **dict.fromkeys("DE", RED), **dict.fromkeys("GP", ORANGE),
}  # fmt: skip
_PER_ROW = 70
# Letters below this share of the highest column could not be read.
_LEAST = 0.02


def letter_colours(letters: str) -> dict[str, str]:
    """Return the colour of each letter of an alphabet; any other letter is purple, a gap grey.

    Examples
    --------
    >>> letter_colours("AB-")
    {'A': '#1a1a1a', 'B': '#CC79A7', '-': '#767676'}
    """
    known = _NUCLEOTIDES if set("ACG") <= set(letters) <= set("ACGTU-") else _RESIDUES
    return {c: GREY if c == "-" else known.get(c, PURPLE) for c in letters}


def information(shares: np.ndarray) -> np.ndarray:
    """Return the information of each column, log2(A) minus its entropy, in bits; shape (L,).

    Parameters
    ----------
    shares : numpy.ndarray, shape (L, A)
        Share of each letter in each column.

    Notes
    -----
    Schneider & Stephens 1990, Nucleic Acids Res. 18:6097, without the small-sample correction:
    sets side by side are cut to one n.

    Examples
    --------
    >>> information(np.array([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0]])).tolist()
    [2.0, 1.0]
    """
    return np.asarray(np.log2(shares.shape[1]) - entropy(shares))


def logos(name: str, sets: Mapping[str, np.ndarray], letters: str) -> list[Markup]:
    """Draw one logo below the other, in rows of at most 70 columns.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    sets : mapping of str to numpy.ndarray, shape (L, A)
        Share of each letter in each column of each set.
    letters : str
        Letters in the order of the second axis.

    Returns
    -------
    list of Markup
        For every row of columns one drawing a set.
    """
    heights = {key: shares * information(shares)[:, None] for key, shares in sets.items()}
    top = max(float(h.sum(1).max()) for h in heights.values()) or 1.0
    length = len(next(iter(heights.values())))
    rows = int(np.ceil(length / _PER_ROW))
    width = int(np.ceil(length / rows))
    return [
        _logo(f"{name}-{r}-{i}", key, heights[key][r * width : (r + 1) * width], letters, top,
              r * width, width)
        for r in range(rows)
        for i, key in enumerate(heights)
    ]  # fmt: skip


def effect_logos(
    name: str, sets: Mapping[str, np.ndarray], letters: str, unit: str = "nats"
) -> list[Markup]:
    """Draw letters as high as what they add, below the line where they take away.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    sets : mapping of str to numpy.ndarray, shape (L, A)
        Height of each letter at each position, negative for what lowers the score.
    letters : str
        Letters in the order of the second axis.
    unit : str
        What heights are measured in.

    Returns
    -------
    list of Markup
        One drawing or several, in rows of at most 70 columns, for each set.
    """
    drawn = []
    for i, (key, heights) in enumerate(sets.items()):
        top = max(float(np.maximum(heights, 0).sum(1).max(initial=0)), 1e-9)
        bottom = float(np.minimum(heights, 0).sum(1).min(initial=0))
        rows = max(1, int(np.ceil(len(heights) / _PER_ROW)))
        width = int(np.ceil(len(heights) / rows))
        drawn += [
            _logo(f"{name}-{i}-{r}", key, heights[r * width : (r + 1) * width], letters, top,
                  r * width, width, bottom, unit)
            for r in range(rows)
        ]  # fmt: skip
    return drawn


def _logo(
    name: str,
    label: str,
    heights: np.ndarray,
    letters: str,
    top: float,
    first: int,
    width: int,
    bottom: float = 0.0,
    unit: str = "bits",
) -> Markup:
    with drawing(name, f"sequence logo of {label}", width=9.4, height=1.55) as d:
        draw_logo(d.axes, heights, letters, top, first, width, bottom, unit)
        d.axes.set_title(label)
    return d.svg


def draw_logo(
    axes: Axes,
    heights: np.ndarray,
    letters: str,
    top: float,
    first: int,
    width: int,
    bottom: float = 0.0,
    unit: str = "bits",
) -> None:
    """Draw a logo on axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    heights : numpy.ndarray, shape (L, A)
        Height of each letter in each column; below the line where it is negative.
    letters : str
        Letters in the order of the second axis.
    top : float
        Upper end of the axes.
    first : int
        Number of the first column, from 0.
    width : int
        Columns that the axes have room for.
    bottom : float
        Lower end of the axes.
    unit : str
        What heights are measured in.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    from matplotlib.ticker import MaxNLocator

    outlines = _outlines(letters)
    colours = letter_colours(letters)
    parts: dict[str, list[Path]] = defaultdict(list)
    for column, row in enumerate(heights):
        base, under = 0.0, 0.0
        for k in np.argsort(np.abs(row), kind="stable"):
            high = abs(row[k])
            under -= high * (row[k] < 0)
            if high >= _LEAST * max(top, -bottom):
                path = outlines[letters[k]]
                at = (first + column + 0.54, under if row[k] < 0 else base)
                scaled = np.asarray(path.vertices) * (0.92, high) + at
                parts[colours[letters[k]]].append(Path(scaled, path.codes))
            base += high * (row[k] > 0)
    for colour, some in parts.items():
        axes.add_patch(PathPatch(Path.make_compound_path(*some), facecolor=colour, linewidth=0))
    axes.set(xlim=(first + 0.4, first + width + 0.6), ylim=(bottom * 1.02, top * 1.02), ylabel=unit)
    axes.xaxis.set_major_locator(MaxNLocator(12, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(3))


def _outlines(letters: str) -> dict[str, Path]:
    """Outline of each letter, stretched to the unit square."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath

    font = FontProperties(family="DejaVu Sans", weight="bold")
    found = {}
    for letter in letters:
        path = TextPath((0, 0), letter, size=1, prop=font)
        box = path.get_extents()
        size = [max(box.width, 0.3), max(box.height, 0.3)]
        found[letter] = Path((np.asarray(path.vertices) - (box.x0, box.y0)) / size, path.codes)
    return found

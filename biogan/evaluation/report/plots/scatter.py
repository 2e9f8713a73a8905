"""Points against points: k-mer spectra, pair correlations, principal components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from biogan.core.errors import percentage
from biogan.core.memory import room_for_blas
from biogan.evaluation.report.plots.canvas import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ROLE_COLOURS,
    drawing,
    drawing_of,
    legend,
    percent,
)

# Points that name their k-mer when pointed at; the others are drawn as one picture.
_NAMED, _LABELLED = 300, 6


def spectrum(
    name: str, real: np.ndarray, other: np.ndarray, kmers: Sequence[str], what: str, top: float
) -> Markup:
    """Draw the share of each k-mer in a set against its share in real records.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    real, other : numpy.ndarray, shape (A**k,)
        Shares of each k-mer, in one order.
    kmers : sequence of str
        The k-mers in that order.
    what : str
        The set on the vertical axis.
    top : float
        End of both axes, so that drawings side by side are comparable.

    Notes
    -----
    The k-mers that tell most about the difference, by their part in the divergence, carry their
    name; it shows when the point is pointed at.
    """
    colour = ROLE_COLOURS.get(what, BLUE)
    middle = (real + other) / 2
    telling = np.abs(other - real) * np.sqrt(1 / np.maximum(middle, middle.max() * 1e-4))
    order = np.argsort(-telling, kind="stable")
    named, rest = order[:_NAMED], order[_NAMED:]
    alt = f"share of each {len(kmers[0]):,}-mer, {what} against real records"
    with drawing(name, alt, height=4.0) as d:
        d.axes.plot([0, top], [0, top], color=GREY, linewidth=0.9, zorder=1)
        if len(rest):
            d.axes.scatter(
                real[rest], other[rest], s=7, color=colour, alpha=0.35, linewidths=0,
                rasterized=True, zorder=2,
            )  # fmt: skip
        d.axes.scatter(
            real[named], other[named], s=13, color=colour, alpha=0.7, linewidths=0, zorder=3,
            urls=[f"{kmers[i]}: real {percentage(real[i], 3)}, {what} "
            f"{percentage(other[i], 3)}" for i in named],
        )  # fmt: skip
        for i in _apart(real / top, other / top, named) if what != "held-out" else ():
            d.axes.annotate(
                kmers[i], (real[i], other[i]), xytext=(5, 3), textcoords="offset points",
                fontsize=8.5, color=INK,
            )  # fmt: skip
        d.axes.set(
            xlabel="share in real records", ylabel=f"share in {what}", aspect="equal",
            xlim=(-0.02 * top, top * 1.04), ylim=(-0.02 * top, top * 1.04),
        )  # fmt: skip
        percent(d.axes.xaxis)
        percent(d.axes.yaxis)
    return d.svg


def _apart(x: np.ndarray, y: np.ndarray, order: np.ndarray) -> list[int]:
    """Take points in this order whose labels do not run into one another; axes end at 1."""
    kept: list[int] = []
    for i in order:
        if all(abs(x[i] - x[j]) > 0.2 or abs(y[i] - y[j]) > 0.05 for j in kept):
            kept.append(int(i))
        if len(kept) == _LABELLED:
            break
    return kept


def correlations(
    name: str, real: np.ndarray, other: np.ndarray, what: str, r: float, slope: float, top: float
) -> Markup:
    """Draw C_ij(a,b) of a set against that of real records as a density, with slope and r."""
    colour = "Greens" if ROLE_COLOURS.get(what) == GREEN else "Blues"
    with drawing(name, f"pair correlations, {what} against real records", height=4.0) as d:
        d.axes.hexbin(
            real, other, gridsize=44, bins="log", mincnt=1, cmap=colour, linewidths=0.1,
            extent=(-top, top, -top, top), vmin=0.6, rasterized=True,
        )  # fmt: skip
        d.axes.plot([-top, top], [-top, top], color=GREY, linewidth=0.9, label="equal")
        d.axes.plot(
            [-top, top], [-slope * top, slope * top], color=INK, linewidth=1.4, linestyle="--",
            label=f"slope {slope:.2f}",
        )  # fmt: skip
        d.axes.text(0.97, 0.04, f"r = {r:.3f}", transform=d.axes.transAxes, ha="right")
        d.axes.set(
            xlabel="C in real records", ylabel=f"C in {what}", aspect="equal",
            xlim=(-top, top), ylim=(-top, top),
        )  # fmt: skip
        legend(d.axes)
    return d.svg


def components(name: str, points: Mapping[str, np.ndarray], explained: Sequence[float]) -> Markup:
    """Draw the first two principal components of several sets.

    Parameters
    ----------
    name : str
        Name of the drawing, unique in the page.
    points : mapping of str to numpy.ndarray, shape (n, 2)
        Scores of each set; the first is drawn lowest.
    explained : sequence of float
        Share of the variance that each component explains.
    """
    markers = {"real": "o", "held-out": "s", "generated": "o"}
    with drawing_of(name, "principal components", points, 2, height=4.0) as (d, sets):
        for key, some, look in sets:
            d.axes.scatter(
                some[:, 0], some[:, 1], s=9, alpha=0.45, linewidths=0, **look,
                marker=markers.get(key, "^"), rasterized=True,
            )  # fmt: skip
        d.axes.set(
            xlabel=f"PC1 ({percentage(explained[0], 1)} of variance)",
            ylabel=f"PC2 ({percentage(explained[1], 1)} of variance)",
        )
        d.axes.set_xticks([])
        d.axes.set_yticks([])
    return d.svg


def principal_components(tables: Mapping[str, np.ndarray]) -> Markup | None:
    """Draw sets in the plane of the first two principal components of the real records.

    Parameters
    ----------
    tables : mapping of str to numpy.ndarray, shape (n, d)
        Features of each set, ``real`` among them; the first is drawn lowest.

    Returns
    -------
    Markup or None
        ``None`` where there are fewer than two real records or features.
    """
    from sklearn.decomposition import PCA

    if min(tables["real"].shape) < 2:
        return None
    room_for_blas()
    model = PCA(2, svd_solver="randomized", random_state=0).fit(tables["real"])
    points = {name: model.transform(table) for name, table in tables.items()}
    return components("pca", points, model.explained_variance_ratio_.tolist())

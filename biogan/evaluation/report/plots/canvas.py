"""One style for all drawings, and matplotlib's SVG made fit for standing inside a page.

No display is needed and no state is shared: figures are made without ``pyplot``, and the same data
give the same bytes.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from markupsafe import Markup, escape

from biogan.core.display import message, shown

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Okabe & Ito 2008, "Color universal design": told apart by colour-blind readers.
BLUE, GREEN, ORANGE, RED, SKY, PURPLE = (
    "#0072B2", "#009E73", "#E69F00", "#D55E00", "#56B4E9", "#CC79A7",
)  # fmt: skip
INK, GREY, LIGHT = "#1a1a1a", "#767676", "#d9d9d9"
#: Colour of a set wherever it is drawn.
ROLE_COLOURS = {"generated": BLUE, "real": INK, "held-out": GREEN, "floor": ORANGE}
#: Colours of several generated sets, in order.
SERIES = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, INK)

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "axes.labelsize": 10.5,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": "#8c8c8c",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.8,
    # Names of files and records are drawn as they are, a dollar sign is no formula.
    "text.parse_math": False,
    # Letters stay text: small, sharp, and found by a search in the page.
    "svg.fonttype": "none",
    "axes.unicode_minus": False,
}
# Before a name that begins with "_" while matplotlib draws; it does not reach the page.
_NO_WIDTH = "\u200b"
# Letters of a name beside a drawing, which leave room for it.
_LABEL = 40
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_TAG = re.compile(r"<[^>]*>")
_REFERENCE = re.compile(r"(?:xlink:href=\"#|url\(#)([\w-]+)")
_LINK = re.compile(r'<a xlink:href="([^"]*)"[^>]*>(.*?)</a>', re.S)


@dataclass
class Drawing:
    """A figure that is being drawn, and its SVG once the block of :func:`drawing` has ended."""

    figure: Figure
    axes: Axes
    svg: Markup = field(default_factory=Markup)


@contextmanager
def drawing(
    name: str, alt: str, width: float = 4.6, height: float = 3.3, **axes: Any
) -> Iterator[Drawing]:
    """Give a figure with one set of axes; its SVG is there after the block.

    Parameters
    ----------
    name : str
        Unique in the page: the ids inside the SVG begin with it.
    alt : str
        What a screen reader says.
    width, height : float
        Size in inches of 72 points; the page scales it to the width that is there.
    **axes
        Options of ``Figure.add_subplot``.
    """
    import matplotlib
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {**_STYLE, "svg.hashsalt": name}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        some = Drawing(figure, figure.add_subplot(**axes))
        yield some
        some.svg = _inline(figure, name, alt)


class Series(NamedTuple):
    """One of several sets in a drawing: its numbers, and its label and colour in it."""

    key: str
    values: np.ndarray
    look: dict[str, Any]


@contextmanager
def drawing_of(
    name: str, alt: str, series: Mapping[str, np.ndarray], columns: int = 3, **size: float
) -> Iterator[tuple[Drawing, list[Series]]]:
    """Give a drawing of several sets, and each set as it looks; the legend comes last.

    Parameters
    ----------
    name, alt, size
        See :func:`drawing`; the names of the sets are added to ``alt``.
    series : mapping of str to numpy.ndarray
        Numbers of each set.
    columns : int
        Of the legend.
    """
    colours = colour_of(series)
    sets = [
        Series(key, values, {"label": label(key), "color": colours[key]})
        for key, values in series.items()
    ]
    with drawing(name, f"{alt}: {', '.join(series)}", **size) as d:
        yield d, sets
        legend(d.axes, columns)


def _inline(figure: Figure, name: str, alt: str) -> Markup:
    out = io.StringIO()
    figure.savefig(out, format="svg", dpi=160, transparent=True, metadata={"Date": None})
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(_NO_WIDTH, "")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    # A link per point, which matplotlib can make, becomes a label per point, which it cannot.
    text = _LINK.sub(r"<g><title>\1</title>\2</g>", text)
    # Coordinates are rounded, what is written beside the axes is not.
    text = _TAG.sub(lambda tag: _NUMBER.sub(_rounded, tag[0]), text)
    used = set(_REFERENCE.findall(text))
    text = re.sub(
        r' id="([\w.-]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text
    )
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
    head, _, rest = text.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    assert box is not None
    start = (
        f'<svg {box[0]} role="img" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return Markup(start + f"<title>{escape(message(alt))}</title>" + rest)


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def legend(axes: Axes, columns: int = 3) -> None:
    """Put the legend above the axes, where it covers no data."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2,
        handlelength=1.4, columnspacing=1.2,
    )  # fmt: skip


def label(name: str) -> str:
    """Return a name for a legend or an axis; matplotlib hides what begins with ``_``."""
    return f"{_NO_WIDTH * name.startswith('_')}{shown(name, _LABEL)}"


def percent(axis: Any) -> None:
    """Label an axis of shares in percent, with few ticks."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))


def colour_of(series: Iterable[str]) -> dict[str, str]:
    """Give each name the colour of its role, or the next that is free.

    Examples
    --------
    >>> colour_of(["real", "floor (pwm)", "a.fasta", "b.fasta"])
    {'real': '#1a1a1a', 'floor (pwm)': '#E69F00', 'a.fasta': '#0072B2', 'b.fasta': '#D55E00'}
    """
    roles = {name: ROLE_COLOURS.get(name.partition(" (")[0], "") for name in series}
    free = cycle(c for c in SERIES if c not in roles.values())
    return {name: role or next(free) for name, role in roles.items()}


# Grey between images, and its width in pixels.
_BETWEEN, _GAP = 235, 1


_PAIR = Markup("<figure><figcaption><b>{:.2f}</b> {}<br>{}</figcaption>{}</figure>")


def grid(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Put pictures (n, h, w, 3) into rows, with a grey line between: (height, width, 3)."""
    n, h, w = pictures.shape[:3]
    columns = max(1, min(columns, n))
    rows = -(-n // columns)
    shape = (rows * (h + _GAP) + _GAP, columns * (w + _GAP) + _GAP, 3)
    out = np.full(shape, _BETWEEN, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = (_GAP + p * (s + _GAP) for p, s in zip(divmod(i, columns), (h, w), strict=True))
        out[top : top + h, left : left + w] = picture
    return out


def embedded(picture: np.ndarray, alt: str) -> Markup:
    """Return a picture (height, width, 3) as an element of a page, lossless."""
    from PIL import Image

    out = io.BytesIO()
    grey = bool((picture == picture[..., :1]).all())
    Image.fromarray(picture[..., 0] if grey else picture).save(out, "PNG", optimize=True)
    data = base64.b64encode(out.getvalue()).decode()
    height, width = picture.shape[:2]
    return Markup('<img class="pixels" src="data:image/png;base64,{}" width="{}" height="{}" '
                  'alt="{}">').format(data, width, height, alt)  # fmt: skip


def picture_pairs(pairs: Iterable[tuple[float, str, str, np.ndarray]]) -> Markup:
    """Put pairs of pictures side by side.

    Parameters
    ----------
    pairs : iterable of (float, str, str, numpy.ndarray)
        A distance, the names of the left and the right picture, and both, shape (2, h, w, 3).
    """
    figures = [
        _PAIR.format(distance, left, right, embedded(grid(both, 2), f"{left} beside {right}"))
        for distance, left, right, both in pairs
    ]
    return Markup('<div class="picturepairs">{}</div>').format(Markup("").join(figures))

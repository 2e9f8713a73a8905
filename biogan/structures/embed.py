"""From distance maps back to space: classical scaling, refined by weighted stress."""

from __future__ import annotations

import numpy as np

from biogan.structures.geometry import distances

#: Steps of the refinement at most, and the relative change of the stress that ends it.
STEPS, TOLERANCE = 300, 1e-4
# Distance of neighbours in Angstrom.
BOND = 3.8
# A mean misfit (Angstrom) at which a map is met: nothing is refined.
_MET = 1e-3
# Numbers of one block of maps, to bound the memory.
_BLOCK = 1 << 20


def embed(maps: np.ndarray, refine: bool = True) -> np.ndarray:
    """Find coordinates whose distances are those of the maps, as nearly as space allows.

    Parameters
    ----------
    maps : numpy.ndarray, shape (n, L, L)
        Symmetric distances in Angstrom, which may contradict one another.
    refine : bool
        Refine what classical scaling finds, until a step lowers the stress of a fragment by less
        than ``TOLERANCE``. Maps that are distances of a chain need none, and get none.

    Returns
    -------
    numpy.ndarray, shape (n, L, 3), float32
        Centred, of either hand: see :func:`biogan.structures.handedness.handed`.

    Notes
    -----
    Start: the three leading eigenvectors of the doubly centred squares (Torgerson 1952,
    Psychometrika 17:401). Then the stress sum w (|x_i - x_j| - d)^2 goes down by the steps of
    SMACOF (de Leeuw 1977): each is a gradient step, scaled by the weights, that never goes up.
    The weights 1 / (d + 3.8)^2 favour short distances as the network units do: they are best where
    the errors are alike in those units, and were best of five among real fragments with noise.

    Examples
    --------
    >>> square = np.array([[[0, 0, 0], [3, 0, 0], [3, 4, 0], [0, 4, 0.0]]])
    >>> np.round(distances(embed(distances(square))), 3)[0, 0].tolist()
    [0.0, 3.0, 5.0, 4.0]
    """
    n, length = maps.shape[:2]
    found = np.empty((n, length, 3), np.float32)
    size = max(1, _BLOCK // length**2)
    for at in range(0, n, size):
        some = np.asarray(maps[at : at + size], np.float64)
        found[at : at + size] = _classical(some)
        if refine:
            found[at : at + size] = _refined(found[at : at + size].astype(np.float64), some)
    return found


def _classical(maps: np.ndarray) -> np.ndarray:
    """Classical multidimensional scaling to three dimensions, (n, L, 3)."""
    squares = maps**2
    rows = squares.mean(2, keepdims=True)
    inner = (rows + rows.swapaxes(1, 2) - rows.mean(1, keepdims=True) - squares) / 2
    values, vectors = np.linalg.eigh(inner)
    return vectors[..., -3:] * np.sqrt(np.maximum(values[:, None, -3:], 0))


def _refined(xyz: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Lower the weighted stress of those fragments that do not meet their maps."""
    length = maps.shape[1]
    off = ~np.eye(length, dtype=bool)
    weights = np.where(off, 1 / (maps + BOND) ** 2, 0)
    # The Laplacian of the weights, made invertible: its null space, moving all, is never needed.
    laplacian = weights.sum(2)[:, None] * np.eye(length) - weights
    active = np.flatnonzero(_misfit(xyz, maps) > _MET)
    if not len(active):
        return xyz
    inverse = np.linalg.inv(laplacian[active] + 1 / length)
    x, d, w = xyz[active], maps[active], weights[active]
    before = np.full(len(active), np.inf)
    for _ in range(STEPS):
        real = distances(x)
        stress = (w * (real - d) ** 2).sum((1, 2))
        going = before - stress > TOLERANCE * stress
        if not going.all():
            xyz[active[~going]] = x[~going]
            active, x, d, w, real = (part[going] for part in (active, x, d, w, real))
            inverse, stress = inverse[going], stress[going]
        if not len(active):
            break
        before = stress
        pull = -w * np.divide(d, real, out=np.zeros_like(d), where=real > 1e-9)
        pull[:, range(length), range(length)] = -pull.sum(2)
        x = inverse @ (pull @ x)
    xyz[active] = x
    return xyz


def _misfit(xyz: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Mean absolute difference of distances and maps, (n,)."""
    return np.abs(distances(xyz) - maps).mean((1, 2))

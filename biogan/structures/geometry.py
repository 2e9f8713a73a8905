"""Fragments as rows of numbers that a linear classifier learns from.

What is measured on C-alpha coordinates: distances, angles, compactness, likeness.

Every function takes all fragments at once: coordinates of shape (n, L, 3) in Angstrom.

Which of two mirror images a protein is: distance maps do not tell, its twists do.

From distance maps back to space: classical scaling, refined by weighted stress.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from biogan.core.rng import rng

#: C-alpha atoms nearer than this (Angstrom) and at least this far along the chain are in contact.
CONTACT, APART = 8.0, 3
#: Triples of residues that are looked at in each map.
TRIPLES = 20_000
# Violations of the triangle inequality below this (Angstrom) are rounding.
_ROUNDING = 0.01
# Newton's steps for the best superposition, and the change that ends them.
_STEPS, _EXACT = 60, 1e-12
# Numbers of one block of an array, to bound the memory.
_BLOCK = 1 << 22


def distances(xyz: np.ndarray) -> np.ndarray:
    """Return the distance maps, shape (n, L, L), of the type of ``xyz``.

    Examples
    --------
    >>> distances(np.array([[[0, 0, 0], [3, 4, 0.0]]])).tolist()
    [[[0.0, 5.0], [5.0, 0.0]]]
    """
    return np.stack([np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1)) for x in xyz])


def separations(xyz: np.ndarray, step: int) -> np.ndarray:
    """Return the distances of residues i and i + ``step``, shape (n, L - step)."""
    return np.linalg.norm(xyz[:, step:] - xyz[:, :-step], axis=2)


def bond_angles(xyz: np.ndarray) -> np.ndarray:
    """Return the angle at each inner residue, degrees from 0 to 180, shape (n, L - 2).

    Where neighbours share one place, 90.
    """
    back, on = xyz[:, :-2] - xyz[:, 1:-1], xyz[:, 2:] - xyz[:, 1:-1]
    across = np.linalg.norm(np.cross(back, on), axis=2)
    along = (back * on).sum(2)
    nowhere = (across == 0) & (along == 0)
    return np.degrees(np.arctan2(np.where(nowhere, 1, across), along))


def pseudo_torsions(xyz: np.ndarray) -> np.ndarray:
    """Return the torsion of residues i to i + 3, degrees from -180 to 180, shape (n, L - 3).

    The sign is that of IUPAC-IUB 1970: positive where, seen along the middle bond, the far one is
    turned clockwise from the near one. The right-handed alpha helix has about 50 degrees, strands
    about -170.
    """
    steps = np.diff(xyz, axis=1)
    first, middle, last = steps[:, :-2], steps[:, 1:-1], steps[:, 2:]
    near, far = np.cross(first, middle), np.cross(middle, last)
    length = np.linalg.norm(middle, axis=2)
    return np.degrees(np.arctan2(length * (first * far).sum(2), (near * far).sum(2)))


def radius_of_gyration(xyz: np.ndarray) -> np.ndarray:
    """Return the root mean square distance from the centre, Angstrom, shape (n,)."""
    return np.sqrt(((xyz - xyz.mean(1, keepdims=True)) ** 2).sum(2).mean(1))


def contact_order(xyz: np.ndarray) -> np.ndarray:
    """Return the relative contact order, from 0 to 1, shape (n,).

    The mean of |i - j| over the contacts, divided by L (Plaxco et al. 1998, J. Mol. Biol. 277:985,
    here of C-alpha atoms); 0 where there are none.
    """
    length = xyz.shape[1]
    apart = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    found = np.empty(len(xyz))
    size = max(1, _BLOCK // length**2)
    for at in range(0, len(xyz), size):
        touch = (distances(xyz[at : at + size]) < CONTACT) & (apart >= APART)
        count = touch.sum((1, 2))
        found[at : at + size] = (touch * apart).sum((1, 2)) / np.maximum(count, 1) / length
    return found


def triangle_violations(maps: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the share of triples of residues whose distances no triangle has, shape (n,).

    Parameters
    ----------
    maps : numpy.ndarray, shape (n, L, L)
        Distances in Angstrom.
    seed : int
        Where there are more than ``TRIPLES`` triples, which of them are looked at.
    """
    length = maps.shape[1]
    if length < 3:
        return np.zeros(len(maps))
    if length * (length - 1) * (length - 2) <= 6 * TRIPLES:
        i, j, k = np.array(list(combinations(range(length), 3))).T
    else:
        i, j, k = rng(seed, "triples").random((TRIPLES, length)).argpartition(3, 1)[:, :3].T
    found = np.empty(len(maps))
    size = max(1, _BLOCK // len(i))
    for at in range(0, len(maps), size):
        some = maps[at : at + size]
        sides = np.stack([some[:, i, j], some[:, j, k], some[:, i, k]])
        found[at : at + size] = (2 * sides.max(0) > sides.sum(0) + _ROUNDING).mean(1)
    return found


def superpose(xyz: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Turn and move each fragment onto its target, without mirroring; same shape.

    Notes
    -----
    Kabsch 1976, Acta Cryst. A32:922.
    """
    centre = target.mean(1, keepdims=True)
    moved, fixed = xyz - xyz.mean(1, keepdims=True), target - centre
    left, _, right = np.linalg.svd(moved.transpose(0, 2, 1).astype(float) @ fixed)
    mirrored = np.linalg.det(left @ right) < 0
    left[mirrored, :, 2] *= -1
    return (moved @ (left @ right) + centre).astype(xyz.dtype)


def rmsd(xyz: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the RMSD of each fragment and its target after superposition, Angstrom, shape (n,)."""
    return np.sqrt(((superpose(xyz, target).astype(float) - target) ** 2).sum(2).mean(1))


def all_rmsd(xyz: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the RMSD of every fragment and every other one, Angstrom, shape (n, m), float32.

    Notes
    -----
    The greatest root of a quartic gives it without a superposition (Theobald 2005, Acta Cryst.
    A61:478); its coefficients follow from the covariance M: -2 |M|^2, -8 det M and
    2 tr((M'M)^2) - |M|^4.
    """
    a = (xyz - xyz.mean(1, keepdims=True)).astype(float)
    b = (others - others.mean(1, keepdims=True)).astype(float)
    length = a.shape[1]
    inner_b = (b**2).sum((1, 2))
    right = b.transpose(1, 0, 2).reshape(length, -1)  # (L, 3 m)
    found = np.empty((len(a), len(b)), np.float32)
    size = max(1, _BLOCK // (16 * max(1, len(b))))
    for at in range(0, len(a), size):
        some = a[at : at + size]
        covariance = some.transpose(0, 2, 1).reshape(-1, length) @ right  # (3 n, 3 m)
        m = covariance.reshape(len(some), 3, len(b), 3).transpose(0, 2, 1, 3)
        total = ((some**2).sum((1, 2))[:, None] + inner_b) / 2
        squares = np.maximum(2 * (total - _greatest(m, total)) / length, 0)
        found[at : at + size] = np.sqrt(squares)
    return found


def nearest(xyz: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest other fragment of each and the RMSD to it: two of shape (n,)."""
    row, value = np.empty(len(xyz), np.int64), np.empty(len(xyz), np.float32)
    size = max(1, _BLOCK // max(1, len(others)))
    for at in range(0, len(xyz), size):
        found = all_rmsd(xyz[at : at + size], others)
        row[at : at + size] = found.argmin(1)
        value[at : at + size] = found.min(1)
    return row, value


def _greatest(m: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Find the greatest root of Theobald's quartic by Newton's method from above."""
    squared = (m**2).sum((2, 3))
    products = m.swapaxes(2, 3) @ m
    c2, c1 = -2 * squared, -8 * _determinant(m)
    c0 = 2 * (products**2).sum((2, 3)) - squared**2
    root = bound.copy()
    for _ in range(_STEPS):
        squares = root**2
        value = (squares + c2) * squares + c1 * root + c0
        slope = 4 * squares * root + 2 * c2 * root + c1
        # At the root itself, where the slope may vanish too, nothing is left to do.
        change = np.divide(value, slope, out=np.zeros_like(root), where=slope > 0)
        root -= change
        if (np.abs(change) <= _EXACT * bound).all():
            break
    return root


def _determinant(m: np.ndarray) -> np.ndarray:
    """Find the determinants of 3 x 3 matrices, shape (..., 3, 3)."""
    return np.asarray((np.cross(m[..., 0, :], m[..., 1, :]) * m[..., 2, :]).sum(-1))


#: For pseudo-torsions of 0-10, 10-20, ... 170-180 degrees: the logarithm of how many times more
#: often real fragments have them than those of the other sign. The peak at 50 degrees is the
#: right-handed helix; the values below 0 beyond 80 degrees are strands, which twist the other way.
#: Counted on 9,545 fragments of 16 residues from 122 families.
TWISTS = (
    0.3, 0.8, 1.1, 2.1, 3.5, 3.2, 1.8, 0.6, -0.1, -0.5, -0.7, -0.9, -0.9, -1.0, -1.2, -1.1, -0.9,
    -0.3,
)  # fmt: skip


def chirality(xyz: np.ndarray) -> np.ndarray:
    """Weigh each fragment against its mirror image; above 0 it is of the hand of proteins.

    Parameters
    ----------
    xyz : numpy.ndarray, shape (n, L, 3)
        C-alpha coordinates.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Logarithm of the likelihood ratio of its pseudo-torsions, taken as independent.

    Notes
    -----
    On families that were not counted, it is right for 97 % of the fragments of 16 residues, 99.7 %
    of 32 and all of 64 and 128; where there is no helix, for 93 % of 16 and 99 % of 32.
    """
    torsions = pseudo_torsions(xyz)
    box = np.minimum((np.abs(torsions) / 10).astype(int), len(TWISTS) - 1)
    return np.asarray((np.sign(torsions) * np.array(TWISTS)[box]).sum(1))


def handed(xyz: np.ndarray) -> np.ndarray:
    """Mirror the fragments that are of the wrong hand; same shape and type.

    Examples
    --------
    >>> turn = np.deg2rad(100) * np.arange(16)
    >>> helix = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(16)], 1)[None]
    >>> left = helix * [1, 1, -1]
    >>> [bool(chirality(x)[0] > 0) for x in (helix, left, handed(left))]
    [True, False, True]
    """
    mirrored = chirality(xyz) < 0
    return np.where(mirrored[:, None, None], xyz * np.array([1, 1, -1], xyz.dtype), xyz)


#: Steps of the refinement at most, and the relative change of the stress that ends it.
STEPS, TOLERANCE = 300, 1e-4
# Distance of neighbours in Angstrom.
BOND = 3.8
# A mean misfit (Angstrom) at which a map is met: nothing is refined.
_MET = 1e-3
# Numbers of one block of maps, to bound the memory.
_EMBED_BLOCK = 1 << 20


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
        Centred, of either hand: see :func:`biogan.structures.geometry.handed`.

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
    size = max(1, _EMBED_BLOCK // length**2)
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


_NEAR = (1, 2, 3, 4, 5, 6, 8, 12)
_LEVELS = (10, 50, 90)
# Degrees of a box of pseudo-torsions.
_BOX = 30


def describe(xyz: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Describe fragments by local and global distances, angles and twists.

    Parameters
    ----------
    xyz : numpy.ndarray, shape (n, L, 3)
        C-alpha coordinates in Angstrom.

    Returns
    -------
    features : numpy.ndarray, shape (n, d)
        Spread and percentiles of the distances at several separations along the chain, the same of
        the angles, shares of pseudo-torsions, radius of gyration, contact order. None depends on
        place or direction.
    names : list of str
        Their names, of length d.

    Examples
    --------
    >>> features, names = describe(np.cumsum(np.ones((2, 16, 3)), 1))
    >>> features.shape == (2, len(names)), names[:2]
    (True, ['d(i,i+1) spread', 'd(i,i+1) 10 %'])
    """
    length = xyz.shape[1]
    steps = [k for k in (*_NEAR, length // 4, length // 2, 3 * length // 4) if k < length - 1]
    tables = {f"d(i,i+{k})": separations(xyz, k) for k in dict.fromkeys(steps)}
    tables["angle"] = bond_angles(xyz)
    columns: list[np.ndarray] = []
    names: list[str] = []
    for name, table in tables.items():
        columns += [table.std(1), *np.percentile(table, _LEVELS, axis=1)]
        names += [f"{name} spread", *(f"{name} {level} %" for level in _LEVELS)]
    torsions = pseudo_torsions(xyz)
    for low in range(-180, 180, _BOX):
        columns.append(((torsions >= low) & (torsions < low + _BOX)).mean(1))
        names.append(f"torsion {low} to {low + _BOX}")
    columns += [radius_of_gyration(xyz), contact_order(xyz)]
    names += ["radius of gyration", "contact order"]
    return np.stack(columns, 1), names

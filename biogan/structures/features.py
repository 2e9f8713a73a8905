"""Fragments as rows of numbers that a linear classifier learns from."""

from __future__ import annotations

import numpy as np

from biogan.structures.geometry import (
    bond_angles,
    contact_order,
    pseudo_torsions,
    radius_of_gyration,
    separations,
)

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

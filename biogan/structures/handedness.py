"""Which of two mirror images a protein is: distance maps do not tell, its twists do."""

from __future__ import annotations

import numpy as np

from biogan.structures.geometry import pseudo_torsions

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

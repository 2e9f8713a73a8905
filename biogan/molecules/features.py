"""What metrics read of molecules: fingerprints, fragments, scaffolds, alerts. One job a chunk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from biogan.molecules.toolkit import chem, molecules, quiet

#: Bits of a fingerprint, and its radius: those of MOSES.
BITS, RADIUS = 1024, 2
#: Rings that a scaffold has at least to count in scaffold similarity, as in MOSES.
LEAST_RINGS = 2
#: Catalogues of RDKit's FilterCatalog that stand for the medicinal chemistry filters of MOSES.
CATALOGUES = ("PAINS", "BRENK")
# Products of matrices are cut into blocks of so many rows.
_BLOCK = 1024


@cache
def _generator() -> Any:
    chem()
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    return GetMorganGenerator(radius=RADIUS, fpSize=BITS)


def fingerprints(smiles: Sequence[str]) -> np.ndarray:
    """Return Morgan fingerprints of radius 2, packed: shape (n, 128), uint8.

    Rogers and Hahn 2010, J Chem Inf Model 50:742.

    Examples
    --------
    >>> np.unpackbits(fingerprints(["CC"]), axis=1).sum()
    np.uint64(2)
    """
    with quiet():
        rows = [_generator().GetFingerprintAsNumPy(one) for one in molecules(smiles)]
    return np.packbits(np.array(rows, np.uint8).reshape(len(rows), BITS), axis=1)


def counts(smiles: Sequence[str]) -> np.ndarray:
    """Return how often each of 1,024 Morgan environments occurs, at most 255: shape (n, 1024)."""
    with quiet():
        rows = [_generator().GetCountFingerprintAsNumPy(one) for one in molecules(smiles)]
    return np.minimum(np.array(rows).reshape(len(rows), BITS), 255).astype(np.uint8)


def fragments(smiles: Sequence[str]) -> list[list[str]]:
    """Return the fragments of each molecule when all BRICS bonds are cut (Degen et al. 2008).

    Examples
    --------
    >>> fragments(["CCOC(C)=O"])
    [['[1*]C(C)=O', '[3*]O[3*]', '[4*]CC']]
    """
    tools = chem()
    from rdkit.Chem.BRICS import BreakBRICSBonds

    with quiet():
        return [tools.MolToSmiles(BreakBRICSBonds(one)).split(".") for one in molecules(smiles)]


def scaffolds(smiles: Sequence[str], least_rings: int = 0) -> list[str]:
    """Return the Murcko scaffold of each SMILES (Bemis and Murcko 1996, J Med Chem 39:2887).

    Rings and what links them; empty where there are fewer rings than ``least_rings``, none at all,
    or no molecule.

    Examples
    --------
    >>> scaffolds(["CCc1ccccc1", "CCO", "no"]), scaffolds(["CCc1ccccc1"], 2)
    (['c1ccccc1', '', ''], [''])
    """
    tools = chem()
    from rdkit.Chem.Scaffolds.MurckoScaffold import GetScaffoldForMol

    found = []
    with quiet():
        for one in molecules(smiles):
            frame = None if one is None else GetScaffoldForMol(one)
            few = frame is None or frame.GetRingInfo().NumRings() < least_rings
            found.append("" if few else tools.MolToSmiles(frame))
    return found


@cache
def _catalogue() -> Any:
    chem()
    from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

    params = FilterCatalogParams()
    for name in CATALOGUES:
        params.AddCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
    return FilterCatalog(params)


def alerts(smiles: Sequence[str]) -> list[str]:
    """Return the first structural alert of each molecule; empty where there is none.

    PAINS (Baell and Holloway 2010, J Med Chem 53:2719) and those of Brenk et al. 2008
    (ChemMedChem 3:435), as RDKit has them.

    Examples
    --------
    >>> alerts(["CCO", "CC(=O)Cl"])
    ['', 'acid_halide']
    """
    with quiet():
        found = [_catalogue().GetFirstMatch(one) for one in molecules(smiles)]
    return ["" if match is None else str(match.GetDescription()) for match in found]


def tanimoto(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Tanimoto similarities of packed fingerprints, shape (len(a), len(b)), float32.

    Examples
    --------
    >>> both = np.packbits(np.array([[1, 1, 0, 0, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0, 0, 0]]), axis=1)
    >>> tanimoto(both, both)[0].round(3).tolist()
    [1.0, 0.3330000042915344]
    """
    one, other = (np.unpackbits(x, axis=1).astype(np.float32) for x in (a, b))
    common = one @ other.T
    every = one.sum(1)[:, None] + other.sum(1) - common
    return np.asarray(common / np.maximum(every, 1), np.float32)


def nearest(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the most similar row of ``b`` for each of ``a``, and how similar it is."""
    best, value = np.zeros(len(a), np.int64), np.full(len(a), -1.0, np.float32)
    for start in range(0, len(b), 8 * _BLOCK):
        part = b[start : start + 8 * _BLOCK]
        for at in range(0, len(a), _BLOCK):
            some = slice(at, at + _BLOCK)
            found = tanimoto(a[some], part)
            where = found.argmax(1)
            top = found[np.arange(len(where)), where]
            better = top > value[some]
            best[some] = np.where(better, start + where, best[some])
            value[some] = np.maximum(top, value[some])
    return best, value


def group_sums(packed: np.ndarray, groups: np.ndarray, number: int) -> np.ndarray:
    """Sum the similarities of all pairs of groups, those of a molecule with itself left out.

    Returns
    -------
    numpy.ndarray, shape (number, number)
    """
    hot = np.eye(number)[groups]
    sums = np.zeros((number, number))
    for at in range(0, len(packed), _BLOCK):
        some = slice(at, at + _BLOCK)
        sums += hot[some].T @ (tanimoto(packed[some], packed) @ hot)
    # A molecule is as similar to itself as can be.
    return sums - np.diag(hot.sum(0))

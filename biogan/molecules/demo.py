"""Molecules for a demonstration: common building blocks, joined by the rules of BRICS.

No database was used: the blocks are rings and groups of textbooks, so that the set may be shipped.
It is made anew each time, always the same.
"""

from __future__ import annotations

import numpy as np

from biogan.core.rng import rng
from biogan.molecules.baselines import recombined
from biogan.molecules.dataset import MoleculeSet

#: Molecules of the set, and of its part that is kept apart.
SIZE, HELD_OUT = 2_400, 600
# Heavy atoms of a molecule.
_LEAST, _MOST = 12, 24
# What is cut into fragments: amides, esters, ethers, amines and biaryls of common rings.
_BLOCKS = (
    "CC(=O)Nc1ccccc1", "COc1ccc(C(=O)NCC2CCCCC2)cc1", "CCOC(=O)c1ccncc1", "CN(C)Cc1ccccc1",
    "O=C(NCc1ccco1)c1cccs1", "Cc1ccc(S(=O)(=O)N2CCOCC2)cc1", "Fc1ccc(-c2ccncc2)cc1",
    "Clc1ccc(OCC2CCNCC2)cc1", "CC(C)NC(=O)C1CCCC1", "COC(=O)c1ccc(N2CCCC2)cc1",
    "O=C(c1ccccc1)N1CCN(Cc2ccccc2)CC1", "CCNC(=O)Cc1c[nH]c2ccccc12", "CC(C)Oc1ccccc1C#N",
    "Cc1noc(C)c1CN1CCCCC1", "NC(=O)c1cccc(OCc2ccccn2)c1", "CCN(CC)C(=O)c1cnccn1",
    "O=C(O)CCc1ccc(F)cc1", "CCCNC(=O)c1cc(Cl)ccc1O", "CSc1ccc(NC(=O)C2CC2)cc1",
    "COCCNC(=O)c1ccc2c(c1)OCO2", "Cn1cnc(C(=O)NC2CCCCC2)c1", "FC(F)(F)c1ccc(CNC(C)=O)cc1",
)  # fmt: skip


def load_demo() -> tuple[MoleculeSet, MoleculeSet]:
    """Make the training and the held-out molecules, 1,800 and 600.

    Examples
    --------
    >>> train, held_out = load_demo()
    >>> len(train), len(held_out), len(set(train.smiles) & set(held_out.smiles))
    (1800, 600, 0)
    """
    blocks = MoleculeSet.from_smiles(_BLOCKS)
    drawn = recombined(blocks, 6 * SIZE, 0)
    sizes = np.array([0 if one is None else one.GetNumHeavyAtoms() for one in drawn.to_rdkit()])
    fit = drawn[(sizes >= _LEAST) & (sizes <= _MOST)]
    some = fit[np.sort(np.unique(fit.smiles, return_index=True)[1])][:SIZE]
    order = rng(0, "demo").permutation(len(some))
    named = MoleculeSet(
        some.smiles, [f"demo_{i + 1}" for i in range(len(some))], some.valid,
        source="demonstration molecules",
    )  # fmt: skip
    return named[np.sort(order[HELD_OUT:])], named[np.sort(order[:HELD_OUT])]

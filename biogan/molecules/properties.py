"""Properties of molecules that RDKit computes, by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from biogan.molecules.toolkit import chem, molecules, quiet


@cache
def _function(module: str, name: str) -> Callable[[Any], float]:
    """Return a function of RDKit, which is loaded when it is first asked for."""
    chem()
    found: Callable[[Any], float] = getattr(import_module(f"rdkit.Chem.{module}"), name)
    return found


def log_p(molecule: Any) -> float:
    """Estimate log P, octanol to water (Wildman and Crippen 1999, J Chem Inf Comput Sci 39:868).

    Examples
    --------
    >>> from rdkit.Chem import MolFromSmiles
    >>> round(log_p(MolFromSmiles("c1ccccc1")), 2)
    1.69
    """
    return _function("Crippen", "MolLogP")(molecule)


def qed(molecule: Any) -> float:
    """Drug-likeness, 0 to 1 (Bickerton et al. 2012, Nat Chem 4:90)."""
    return _function("QED", "qed")(molecule)


@cache
def _sa_score() -> Callable[[Any], float]:
    """Load the score of RDKit's Contrib folder, which is no package."""
    chem()
    from rdkit import RDConfig

    folder = os.path.join(RDConfig.RDContribDir, "SA_Score")
    sys.path.append(folder)
    try:
        found: Callable[[Any], float] = import_module("sascorer").calculateScore
    finally:
        sys.path.remove(folder)
    return found


def sa(molecule: Any) -> float:
    """How hard a synthesis is, 1 to 10 (Ertl and Schuffenhauer 2009, J Cheminform 1:8)."""
    return _sa_score()(molecule)


def weight(molecule: Any) -> float:
    """Mean molecular weight in g/mol."""
    return _function("Descriptors", "MolWt")(molecule)


def heavy_atoms(molecule: Any) -> float:
    """Atoms other than hydrogen."""
    return float(molecule.GetNumHeavyAtoms())


def rings(molecule: Any) -> float:
    """Rings of the smallest set of smallest rings."""
    return float(molecule.GetRingInfo().NumRings())


def _by_name(module: str, name: str) -> Callable[[Any], float]:
    return lambda molecule: float(_function(module, name)(molecule))


#: What ``--condition``, ``rdkit:NAME`` and the metrics know by name. BertzCT is the complexity of
#: Bertz 1981, J Am Chem Soc 103:3599; TPSA in square Angstrom.
PROPERTIES: dict[str, Callable[[Any], float]] = {
    "logP": log_p,
    "SA": sa,
    "QED": qed,
    "weight": weight,
    "heavy-atoms": heavy_atoms,
    "rings": rings,
    "TPSA": _by_name("rdMolDescriptors", "CalcTPSA"),
    "BertzCT": _by_name("GraphDescriptors", "BertzCT"),
    "acceptors": _by_name("Lipinski", "NumHAcceptors"),
    "donors": _by_name("Lipinski", "NumHDonors"),
    "rotatable-bonds": _by_name("Lipinski", "NumRotatableBonds"),
    "aliphatic-rings": _by_name("Lipinski", "NumAliphaticRings"),
    "aromatic-rings": _by_name("Lipinski", "NumAromaticRings"),
}


def properties(smiles: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """Compute properties of SMILES, shape (n, names); NaN where a text is no molecule.

    Examples
    --------
    >>> properties(["CCO", "no"], ["heavy-atoms", "rings"]).tolist()
    [[3.0, 0.0], [nan, nan]]
    """
    found = np.full((len(smiles), len(names)), np.nan)
    chem()
    with quiet():
        for i, one in enumerate(molecules(smiles)):
            if one is not None:
                found[i] = [PROPERTIES[name](one) for name in names]
    return found


def property_texts(smiles: Sequence[str], name: str) -> list[str]:
    """Compute one property, as labels are written.

    Examples
    --------
    >>> property_texts(["CCO"], "weight")
    ['46.07']
    """
    return [f"{value:.4g}" for value in properties(smiles, [name])[:, 0]]

"""Goals of GuacaMol that RDKit alone can score, by name (Brown et al. 2019).

J. Chem. Inf. Model. 59:1096. Each gives a molecule a number from 0 to 1. They are goals of a
benchmark, nothing more: most reward likeness to a known drug, none says that a molecule is active,
safe or can be made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from biogan.core.errors import ConfigError
from biogan.core.options import unknown_name
from biogan.core.oracles import Oracle
from biogan.molecules.properties import PROPERTIES
from biogan.molecules.toolkit import chem, molecules, quiet

#: What names a property or a goal, before a colon.
KINDS = ("rdkit", "guacamol")
#: A molecule to a number from 0 to 1.
Score = Callable[[Any], float]


@cache
def _fingerprint(kind: str) -> Callable[[Any], Any]:
    """Return what describes a molecule: ECFP or FCFP of a diameter, atom pairs, pharmacophores."""
    chem()
    if kind == "PHCO":
        generate: Any = import_module("rdkit.Chem.Pharm2D.Generate")
        factory: Any = import_module("rdkit.Chem.Pharm2D.Gobbi_Pharm2D").factory
        return lambda molecule: generate.Gen2DFingerprint(molecule, factory)
    makers: Any = import_module("rdkit.Chem.rdFingerprintGenerator")
    if kind == "AP":
        maker = makers.GetAtomPairGenerator()
    else:
        invariants = makers.GetMorganFeatureAtomInvGen() if kind.startswith("F") else None
        maker = makers.GetMorganGenerator(int(kind[-1]) // 2, atomInvariantsGenerator=invariants)
    counts: Callable[[Any], Any] = maker.GetSparseCountFingerprint
    return counts


def _like(smiles: str, kind: str = "ECFP4", upper: float = 1.0) -> Score:
    """Return the Tanimoto similarity to a molecule, ``upper`` and more as 1."""

    @cache
    def target() -> Any:
        return _fingerprint(kind)(molecules([smiles])[0])

    def score(molecule: Any) -> float:
        from rdkit.DataStructs import TanimotoSimilarity

        return min(1.0, float(TanimotoSimilarity(_fingerprint(kind)(molecule), target())) / upper)

    return score


def _bell(of: Score, mu: float, sigma: float, free: int = 0) -> Score:
    """Return a Gaussian of a number; 1 below (``free`` -1) or above (1) its centre."""

    def score(molecule: Any) -> float:
        away = of(molecule) - mu
        return 1.0 if away * free > 0 else float(np.exp(-0.5 * (away / sigma) ** 2))

    return score


def _same(name: str, smiles: str, sigma: float) -> Score:
    """Return how near a property is to that of a molecule, a Gaussian."""
    wanted = cache(lambda: PROPERTIES[name](molecules([smiles])[0]))
    return lambda molecule: _bell(PROPERTIES[name], wanted(), sigma)(molecule)


def _has(smarts: str, wanted: bool = True) -> Score:
    """Return 1 where a pattern is there, or with ``wanted`` false where it is not; else 0."""
    query = cache(lambda: chem().MolFromSmarts(smarts))
    return lambda molecule: float(molecule.HasSubstructMatch(query()) == wanted)


def _share(*parts: Score) -> Score:
    """Return the arithmetic mean of scores."""
    return lambda molecule: sum(part(molecule) for part in parts) / len(parts)


def _mean(*parts: Score) -> Score:
    """Return the geometric mean of scores."""

    def score(molecule: Any) -> float:
        values = [part(molecule) for part in parts]
        return float(np.prod(values) ** (1 / len(values)))

    return score


def _atoms(symbol: str) -> Score:
    def count(molecule: Any) -> float:
        if symbol == "H":
            return float(sum(atom.GetTotalNumHs() for atom in molecule.GetAtoms()))
        return float(sum(atom.GetSymbol() == symbol for atom in molecule.GetAtoms()))

    return count


def _isomer(**counts: int) -> Score:
    """Return how near a molecule is to a sum formula: each element, and the number of atoms."""
    parts = [_bell(_atoms(symbol), number, 1.0) for symbol, number in counts.items()]

    def every(molecule: Any) -> float:
        return float(molecule.GetNumAtoms()) + _atoms("H")(molecule)

    return _mean(*parts, _bell(every, sum(counts.values()), 2.0))


_OSIMERTINIB = "COc1cc(N(C)CCN(C)C)c(NC(=O)C=C)cc1Nc2nccc(n2)c3cn(C)c4ccccc34"
_FEXOFENADINE = "CC(C)(C(=O)O)c1ccc(cc1)C(O)CCCN2CCC(CC2)C(O)(c3ccccc3)c4ccccc4"
_RANOLAZINE = "COc1ccccc1OCC(O)CN2CCN(CC(=O)Nc3c(C)cccc3C)CC2"
_PERINDOPRIL = "O=C(OCC)C(NC(C(=O)N1C(C(=O)O)CC2CCCCC12)C)CCC"
_AMLODIPINE = r"Clc1ccccc1C2C(=C(/N/C(=C2/C(=O)OCC)COCCN)C)\C(=O)OC"
_ZALEPLON = "O=C(C)N(CC)C1=CC=CC(=C1)C2=CC=NC3=C(C=NN23)C#N"
_CELECOXIB = "CC1=CC=C(C=C1)C1=CC(=NN1C1=CC=C(C=C1)S(N)(=O)=O)C(F)(F)F"
_TROGLITAZONE = "Cc1c(C)c2OC(C)(COc3ccc(CC4SC(=O)NC4=O)cc3)CCc2c(C)c1O"
_THIOTHIXENE = "CN(C)S(=O)(=O)c1ccc2Sc3ccccc3C(=CCCN4CCN(C)CC4)c2c1"
_ALBUTEROL = "CC(C)(C)NCC(O)c1ccc(O)c(CO)c1"
_MESTRANOL = "COc1ccc2[C@H]3CC[C@@]4(C)[C@@H](CC[C@@]4(O)C#C)[C@@H]3CCc2c1"
_ARIPIPRAZOLE = "Clc4cccc(N3CCN(CCCCOc2ccc1c(NC(=O)CC1)c2)CC3)c4Cl"
_SITAGLIPTIN = "Fc1cc(c(F)cc1F)CC(N)CC(=O)N3Cc2nnc(n2CC3)C(F)(F)F"
_TADALAFIL = "O=C1N(CC(N2C1CC3=C(C2C4=CC5=C(OCO5)C=C4)NC6=C3C=CC=C6)=O)C"
_SILDENAFIL = "CCCC1=NN(C2=C1N=C(NC2=O)C3=C(C=CC(=C3)S(=O)(=O)N4CCN(CC4)C)OCC)C"
_VALSARTAN = "CN(C=O)Cc1ccc(c2ccccc2)cc1"
# What a quinazoline is to keep, or to change, in the two goals of hopping.
_QUINAZOLINE = "CCCOc1cc2ncnc(Nc3ccc4ncsc4c3)c2cc1S(=O)(=O)C(C)(C)C"
_SCAFFOLD = "[#7]-c1n[c;h1]nc2[c;h1]c(-[#8])[c;h0][c;h1]c12"
_CAMPHOR, _MENTHOL = "CC1(C)C2CCC1(C)C(=O)C2", "CC(C)C1CCC(C)CC1O"
_LOGP, _TPSA = PROPERTIES["logP"], PROPERTIES["TPSA"]

#: The goals by name.
GOALS: dict[str, Score] = {
    "celecoxib_rediscovery": _like(_CELECOXIB),
    "troglitazone_rediscovery": _like(_TROGLITAZONE),
    "thiothixene_rediscovery": _like(_THIOTHIXENE),
    "aripiprazole_similarity": _like(_ARIPIPRAZOLE, upper=0.75),
    "albuterol_similarity": _like(_ALBUTEROL, "FCFP4", 0.75),
    "mestranol_similarity": _like(_MESTRANOL, "AP", 0.75),
    "median1": _mean(_like(_CAMPHOR), _like(_MENTHOL)),
    "median2": _mean(_like(_TADALAFIL, "ECFP6"), _like(_SILDENAFIL, "ECFP6")),
    "isomers_c7h8n2o2": _isomer(C=7, H=8, N=2, O=2),
    "isomers_c9h10n2o2pf2cl": _isomer(C=9, H=10, N=2, O=2, P=1, F=2, Cl=1),
    "osimertinib_mpo": _mean(
        _like(_OSIMERTINIB, "FCFP4", 0.8),
        _bell(_like(_OSIMERTINIB, "ECFP6"), 0.85, 0.1, -1),
        _bell(_TPSA, 100, 10, 1),
        _bell(_LOGP, 1, 1, -1),
    ),
    "fexofenadine_mpo": _mean(
        _like(_FEXOFENADINE, "AP", 0.8), _bell(_TPSA, 90, 10, 1), _bell(_LOGP, 4, 1, -1)
    ),
    "ranolazine_mpo": _mean(
        _like(_RANOLAZINE, "AP", 0.7),
        _bell(_LOGP, 7, 1, 1),
        _bell(_TPSA, 95, 20, 1),
        _bell(_atoms("F"), 1, 1),
    ),
    "perindopril_mpo": _mean(
        _like(_PERINDOPRIL), _bell(PROPERTIES["aromatic-rings"], 2, 0.5)
    ),
    "amlodipine_mpo": _mean(_like(_AMLODIPINE), _bell(PROPERTIES["rings"], 3, 0.5)),
    "sitagliptin_mpo": _mean(
        _bell(_like(_SITAGLIPTIN), 0, 0.1),
        _same("logP", _SITAGLIPTIN, 0.2),
        _same("TPSA", _SITAGLIPTIN, 5),
        _isomer(C=16, H=15, F=6, N=5, O=1),
    ),
    "zaleplon_mpo": _mean(_like(_ZALEPLON), _isomer(C=19, H=17, N=3, O=2)),
    "valsartan_smarts": _mean(
        _has(_VALSARTAN),
        _same("logP", _SITAGLIPTIN, 0.2),
        _same("TPSA", _SITAGLIPTIN, 5),
        _same("BertzCT", _SITAGLIPTIN, 30),
    ),
    "deco_hop": _share(
        _like(_QUINAZOLINE, "PHCO", 0.85),
        _has("CS([#6])(=O)=O", wanted=False),
        _has("[#7]-c1ccc2ncsc2c1", wanted=False),
        _has(_SCAFFOLD),
    ),
    "scaffold_hop": _share(
        _like(_QUINAZOLINE, "PHCO", 0.75),
        _has("[#6]-[#6]-[#6]-[#8]-[#6]~[#6]~[#6]~[#6]~[#6]-[#7]-c1ccc2ncsc2c1"),
        _has(_SCAFFOLD, wanted=False),
    ),
}  # fmt: skip


def goal(name: str) -> Oracle:
    """Return what scores SMILES: ``rdkit:NAME`` of a property, ``guacamol:NAME`` of a goal.

    What is no molecule has the score 0.

    Raises
    ------
    ConfigError
        If there is none of this name.

    Examples
    --------
    >>> goal("rdkit:heavy-atoms")(["CCO", "C(C"])
    [3.0, 0.0]
    >>> goal("guacamol:median1")(["CC(C)C1CCC(C)CC1O"])[0] < 1
    True
    """
    kind, _, rest = name.partition(":")
    table: dict[str, Score] = {"rdkit": PROPERTIES, "guacamol": GOALS}.get(kind, {})
    if rest not in table:
        raise ConfigError(f"--oracle {name}: " + unknown_name("goal", rest, tuple(table)))
    score = table[rest]

    def values(sequences: list[str]) -> list[float]:
        with quiet():
            return [0.0 if one is None else float(score(one)) for one in molecules(sequences)]

    return values

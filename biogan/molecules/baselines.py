"""Trivial samplers of molecules: chains on tokens, uniform tokens, recombined fragments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from biogan.core.errors import ConfigError, DataError
from biogan.core.options import unknown_name
from biogan.core.rng import rng
from biogan.molecules.dataset import MoleculeSet
from biogan.molecules.features import fragments
from biogan.molecules.toolkit import chem, decoded, quiet
from biogan.sequences.alphabet import Vocabulary
from biogan.sequences.baselines.markov import MarkovChain
from biogan.sequences.baselines.simple import Baseline, Uniform

#: Molecules that a sampler learns from at most.
MOST_LEARNED = 20_000
# Fragments of a recombined molecule at most, and tries for each molecule.
_PARTS, _TRIES = 8, 20


def _chain(
    alphabet: str, sampler: Callable[[], Baseline], name: str
) -> Callable[[MoleculeSet, int, int], MoleculeSet]:
    def sample(train: MoleculeSet, n: int, seed: int) -> MoleculeSet:
        tokens = _first(train).tokens(alphabet, joined=False)
        tokens = tokens[np.flatnonzero(tokens.lengths)]
        written = sampler().fit(tokens).sample(n, seed)
        vocabulary = written.alphabet
        assert isinstance(vocabulary, Vocabulary)
        texts = [decoded(text, alphabet) for text in vocabulary.spell(written.strings())]
        ids = [f"{name}_{i + 1}" for i in range(n)]
        return MoleculeSet.from_smiles(texts, ids, source=name)

    return sample


def _first(train: MoleculeSet) -> MoleculeSet:
    """Return molecules of a set at random, as many as are learned from."""
    if len(train) <= MOST_LEARNED:
        return train
    return train[np.sort(rng(0, "learned").permutation(len(train))[:MOST_LEARNED])]


class _Part(NamedTuple):
    """A fragment, how it reads, and the kinds of its open ends."""

    molecule: Any
    ends: tuple[int, ...]


@cache
def _partners() -> dict[int, tuple[int, ...]]:
    """Return which kinds of ends BRICS joins."""
    chem()
    from rdkit.Chem.BRICS import reactionDefs

    found: dict[int, set[int]] = defaultdict(set)
    for group in reactionDefs:
        for one, other, _ in group:
            # 7a and 7b are two ends of a double bond, which are both called 7.
            a, b = (int("".join(c for c in name if c.isdigit())) for name in (one, other))
            found[a].add(b)
            found[b].add(a)
    return {key: tuple(sorted(values)) for key, values in found.items()}


def recombined(train: MoleculeSet, n: int, seed: int) -> MoleculeSet:
    """Join BRICS fragments of training molecules, each as often as it occurs in them.

    A first fragment is drawn; as long as an end is open, a fragment with an end that BRICS joins to
    it is drawn, from the fourth on one with no further end where there is any. What such a chain
    cannot close is drawn anew.

    Examples
    --------
    >>> some = MoleculeSet.from_smiles(["CCOC(C)=O", "CCNC(=O)c1ccccc1"])
    >>> set(recombined(some, 20, 0).smiles) - set(some.smiles) != set()
    True
    """
    tools = chem()
    counts: dict[str, int] = {}
    for row in fragments(_first(train).smiles):
        for text in row:
            counts[text] = counts.get(text, 0) + 1
    parts, weights = [], []
    with quiet():
        for text, count in sorted(counts.items()):
            one = tools.MolFromSmiles(text)
            if one is not None:
                ends = tuple(a.GetIsotope() for a in one.GetAtoms() if not a.GetAtomicNum())
                parts.append(_Part(one, ends))
                weights.append(count)
        if not parts:
            raise DataError(f"{train.source}: no fragments to recombine")
        pool = _Pool(parts, np.array(weights, float))
        source = rng(seed, "brics")
        texts = [_joined(pool, source) for _ in range(n)]
    return MoleculeSet.from_smiles(texts, [f"brics_{i + 1}" for i in range(n)], source="brics")


class _Pool:
    """Fragments, and which of them have an end of a kind."""

    def __init__(self, parts: list[_Part], weights: np.ndarray) -> None:
        self.parts, self.weights = parts, weights.cumsum()
        kinds = {end for part in parts for end in part.ends}
        self._with = {
            (end, last): self._table(end, last, weights) for end in kinds for last in (False, True)
        }

    def _table(self, end: int, last: bool, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = [i for i, part in enumerate(self.parts)
                 if end in part.ends and (not last or len(part.ends) == 1)]  # fmt: skip
        return np.array(found, int), weights[found].cumsum()

    def first(self, source: np.random.Generator) -> _Part:
        """Draw any fragment."""
        return self.parts[_drawn(self.weights, source)]

    def partner(
        self, end: int, last: bool, source: np.random.Generator
    ) -> tuple[_Part, int] | None:
        """Draw a fragment that joins an end, and the kind of its own end."""
        kinds = [kind for kind in _partners().get(end, ()) if (kind, last) in self._with]
        sums = np.array([self._with[kind, last][1][-1:].sum() for kind in kinds])
        if not len(sums) or not sums.sum():
            return None
        kind = kinds[_drawn(sums.cumsum(), source)]
        numbers, weights = self._with[kind, last]
        return self.parts[int(numbers[_drawn(weights, source)])], kind


def _drawn(sums: np.ndarray, source: np.random.Generator) -> int:
    return int(np.searchsorted(sums, source.random() * sums[-1], "right"))


def _joined(pool: _Pool, source: np.random.Generator) -> str:
    """Write one molecule; the first fragment alone, without its ends, where none can be closed."""
    tools = chem()
    for _ in range(_TRIES):
        whole = tools.RWMol(pool.first(source).molecule)
        for count in range(_PARTS):
            ends = [a for a in whole.GetAtoms() if not a.GetAtomicNum()]
            if not ends:
                return str(tools.MolToSmiles(whole))
            found = pool.partner(ends[0].GetIsotope(), count >= 3, source) or pool.partner(
                ends[0].GetIsotope(), False, source
            )
            if found is None:
                break
            whole = _bonded(whole, ends[0].GetIdx(), *found)
    return "C"


def _bonded(whole: Any, end: int, part: _Part, kind: int) -> Any:
    """Join a fragment to an open end."""
    tools = chem()
    border = whole.GetNumAtoms()
    both = tools.RWMol(tools.CombineMols(whole, part.molecule))
    other = next(
        a.GetIdx() for a in both.GetAtoms()
        if a.GetIdx() >= border and not a.GetAtomicNum() and a.GetIsotope() == kind
    )  # fmt: skip
    left, right = (both.GetAtomWithIdx(i).GetNeighbors()[0].GetIdx() for i in (end, other))
    bond = both.GetBondBetweenAtoms(end, left).GetBondType()
    both.AddBond(left, right, bond)
    for i in sorted((end, other), reverse=True):
        both.RemoveAtom(i)
    return both


#: Samplers by name; K stands for an order.
MOLECULE_BASELINES: dict[str, Callable[[int], Callable[[MoleculeSet, int, int], MoleculeSet]]] = {
    "selfies-markov-K": lambda order: _chain(
        "selfies", lambda: MarkovChain(order), f"selfies_markov{order}"
    ),
    "smiles-markov-K": lambda order: _chain(
        "smiles", lambda: MarkovChain(order), f"smiles_markov{order}"
    ),
    "uniform-selfies": lambda order: _chain("selfies", Uniform, "uniform_selfies"),
    "brics": lambda order: recombined,
}
#: Orders of the chains where none is asked for: the best of those tried (docs/molecules.md).
ORDERS = {"selfies-markov-K": 6, "smiles-markov-K": 9}


def molecule_baseline(
    name: str, order: int | None = None
) -> Callable[[MoleculeSet, int, int], MoleculeSet]:
    """Return a sampler: training molecules, a number and a seed to molecules.

    Raises
    ------
    ConfigError
        If there is none of that name.

    Examples
    --------
    >>> some = MoleculeSet.from_smiles(["CCO", "CCN"])
    >>> len(molecule_baseline("selfies-markov", 2)(some, 3, 0))
    3
    """
    key = name if name in MOLECULE_BASELINES else f"{name}-K"
    if key not in MOLECULE_BASELINES:
        raise ConfigError(unknown_name("baseline", name, tuple(MOLECULE_BASELINES)))
    return MOLECULE_BASELINES[key](ORDERS.get(key, 0) if order is None else order)

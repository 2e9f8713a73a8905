"""Designs of molecules: a search over tokens, whose oracles and files know SMILES."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core.display import shown
from biogan.core.errors import ConfigError
from biogan.core.oracles import Asked, Oracle
from biogan.core.rng import torch_generator
from biogan.designing.screen import Holds
from biogan.molecules.dataset import MoleculeSet, smiles_of
from biogan.molecules.drawings import write_picture
from biogan.molecules.goals import KINDS
from biogan.molecules.toolkit import molecules, pattern
from biogan.molecules.write import write_molecules
from biogan.sequences.alphabet import Alphabet, Vocabulary
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.tokenizer import Tokenizer

#: Files of the designs in the folder of a run.
SMILES, TABLE, PICTURE = "designs.smi", "designs.tsv", "designs.png"
# Designs that are drawn.
_DRAWN = 40
# Draws in the place of what is no molecule.
_TURNS = 20


class _Spelled:
    """An oracle that is asked about SMILES where the search has tokens."""

    def __init__(self, oracle: Oracle, alphabet: Alphabet) -> None:
        self.oracle, self.alphabet = oracle, alphabet

    def __call__(self, sequences: list[str]) -> Any:
        return self.oracle(smiles_of(sequences, self.alphabet))


def asked_about(alphabet: Alphabet, asked: Asked) -> Asked:
    """Return an oracle as a search of this alphabet asks it: about SMILES where it is molecules.

    Raises
    ------
    ConfigError
        If a goal of molecules is asked about sequences.
    """
    if isinstance(alphabet, Vocabulary):
        return Asked(_Spelled(asked.oracle, alphabet), asked.name, asked.timeout)
    if asked.name.partition(":")[0] in KINDS:
        raise ConfigError(
            f"--oracle {shown(asked.name)}: scores molecules, and these are sequences"
        )
    return asked


@dataclass(frozen=True)
class TokenSampler:
    """A model of molecules as a sampler of the tokens that it writes."""

    gan: Any

    @property
    def networks(self) -> Any:
        """Generator and critic."""
        return self.gan.networks

    @property
    def modality(self) -> Any:
        """The kind of data."""
        return self.gan.modality

    def sample(self, n: int, seed: int = 0) -> SequenceSet:
        """Draw records of tokens; what is no molecule is drawn again a few times, then left out.

        Just as many are drawn as are needed, where :meth:`biogan.MoleculeGAN.sample` draws blocks.
        """
        how = self.modality.sampling(seed=seed)
        refused, generator = self.modality.refused(how), self.networks.generator.eval()
        found: list[SequenceSet] = []
        left = n
        for turn in range(_TURNS):
            noise = generator.noise(n, torch_generator(seed, "design", turn))
            rows = self.modality.draw(generator, noise, how)
            some = self.modality.decode(rows, "design", 0, rough=True)
            if refused is not None:
                some = some.take(np.flatnonzero(~refused.marks(self.modality.molecules(some))))
            found.append(some.take(np.arange(min(left, len(some)))))
            left -= len(found[-1])
            if not left:
                break
        return SequenceSet.concatenate(found)


@dataclass(eq=False)
class Readable:
    """What keeps the constraints of a search, is a molecule, and holds a pattern if it has to.

    Each text is read once.
    """

    smarts: str | None
    tokenizer: Tokenizer
    kept: Holds | None
    known: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.tokenizer.alphabet, Vocabulary):
            raise ConfigError("--require-smarts: a pattern of molecules, and these are sequences")
        self._has = (
            (lambda molecule: True)
            if self.smarts is None
            else pattern(self.smarts, "--require-smarts")
        )

    def holds(self, rows: np.ndarray) -> np.ndarray:
        """Return which rows are allowed, shape (n,), bool."""
        texts = self.tokenizer.decode(rows).strings()
        new = [*dict.fromkeys(text for text in texts if text not in self.known)]
        found = molecules(smiles_of(new, self.tokenizer.alphabet))
        has = [one is not None and self._has(one) for one in found]
        self.known |= dict(zip(new, has, strict=True))
        held = np.array([self.known[text] for text in texts], bool)
        return held if self.kept is None else held & np.array(self.kept.holds(rows))


def in_tokens(real: MoleculeSet, alphabet: Alphabet) -> SequenceSet:
    """Write molecules in the tokens of a search; those that have no notation are left out."""
    assert isinstance(alphabet, Vocabulary)
    written = np.flatnonzero(real.tokens(alphabet.name).lengths)
    return real[written].in_vocabulary(alphabet)


def distinct(designs: SequenceSet) -> np.ndarray:
    """Return the numbers of the designs that are molecules, of equal ones the first."""
    every = molecules_of(designs)
    first = np.sort(np.unique(every.smiles, return_index=True)[1])
    return np.asarray(first[every.valid[first]])


def molecules_of(designs: SequenceSet) -> MoleculeSet:
    """Return designs as molecules, the best first, with their scores as labels."""
    texts = smiles_of(designs.strings(), designs.alphabet)
    every = MoleculeSet.from_smiles(texts, designs.ids, source="designs")
    return every.labelled(designs.labels)


def write_designs(designs: SequenceSet, folder: Path) -> None:
    """Write designs as SMILES, as a table with their scores, and drawn."""
    found = molecules_of(designs)
    write_molecules(found, folder / SMILES)
    write_molecules(found, folder / TABLE)
    write_picture(found.smiles[:_DRAWN], folder / PICTURE)


def without(designs: SequenceSet, smarts: str) -> int:
    """Count designs that do not hold a pattern."""
    has = pattern(smarts, "--require-smarts")
    found = molecules(molecules_of(designs).smiles)
    return sum(one is None or not has(one) for one in found)

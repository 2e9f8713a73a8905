"""Biogan: generative adversarial networks that learn to write biological sequences.

Public names are imported on first use (PEP 562), so that ``import biogan`` and ``biogan --help``
stay quick and never load torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from biogan.core import __version__

_HOMES = {
    "GAN": "biogan.models.gan",
    "SequenceGAN": "biogan.models.gan",
    "ImageGAN": "biogan.models.gan",
    "MoleculeGAN": "biogan.models.gan",
    "MoleculeSet": "biogan.molecules.dataset",
    "evaluate_molecules": "biogan.molecules.evaluate",
    "MoleculeGANConfig": "biogan.molecules.config",
    "MoleculeReadingConfig": "biogan.molecules.config",
    "read_molecules": "biogan.molecules.read",
    "write_molecules": "biogan.molecules.write",
    "ImageSet": "biogan.images.dataset",
    "FragmentSet": "biogan.structures.dataset",
    "SequenceSet": "biogan.sequences.dataset",
    "SequenceStore": "biogan.sequences.store",
    "Alphabet": "biogan.sequences.alphabet",
    "DNA": "biogan.sequences.alphabet",
    "RNA": "biogan.sequences.alphabet",
    "PROTEIN": "biogan.sequences.alphabet",
    "BioganError": "biogan.core.errors",
    "Callback": "biogan.core.protocols",
    "Sampler": "biogan.core.protocols",
    "SequenceGANConfig": "biogan.sequences.config",
    "ReadingConfig": "biogan.sequences.config",
    "ImageGANConfig": "biogan.training.config",
    "ImageReadingConfig": "biogan.images.config",
    "StructureReadingConfig": "biogan.structures.config",
    "read_fasta": "biogan.sequences.io.fasta",
    "read_images": "biogan.images.read",
    "write_images": "biogan.images.write",
    "read_structures": "biogan.structures.read",
    "write_structures": "biogan.structures.write",
    "store_fasta": "biogan.sequences.store",
    "clean_records": "biogan.sequences.io.fasta",
    "write_fasta": "biogan.sequences.io.write",
    "split": "biogan.sequences.splits",
    "evaluate": "biogan.sequences.evaluate",
    "evaluate_images": "biogan.images.evaluate",
    "evaluate_structures": "biogan.structures.evaluate",
    "Template": "biogan.sequences.constraints.fixed",
    "Fixed": "biogan.sequences.constraints.fixed",
    "Avoid": "biogan.sequences.constraints.words",
    "AvoidMotif": "biogan.sequences.constraints.motif_sites",
    "Require": "biogan.sequences.constraints.words",
    "GC": "biogan.sequences.constraints.composition",
    "MaxRun": "biogan.sequences.constraints.composition",
    "OpenReadingFrame": "biogan.sequences.constraints.coding",
    "Translation": "biogan.sequences.constraints.coding",
    "design": "biogan.designing.design",
    "explain": "biogan.interpret.explain",
    "MarkovChain": "biogan.sequences.baselines",
    "PWM": "biogan.sequences.baselines",
    "Shuffle": "biogan.sequences.baselines",
}

__all__ = ["__version__", *sorted(_HOMES)]

if TYPE_CHECKING:
    from biogan.core.errors import BioganError
    from biogan.core.protocols import Callback, Sampler
    from biogan.designing.design import design
    from biogan.images.config import ImageReadingConfig
    from biogan.images.dataset import ImageSet
    from biogan.images.evaluate import evaluate_images
    from biogan.images.read import read_images
    from biogan.images.write import write_images
    from biogan.interpret.explain import explain
    from biogan.models.gan import GAN, ImageGAN, MoleculeGAN, SequenceGAN
    from biogan.molecules.config import MoleculeGANConfig, MoleculeReadingConfig
    from biogan.molecules.dataset import MoleculeSet
    from biogan.molecules.evaluate import evaluate_molecules
    from biogan.molecules.read import read_molecules
    from biogan.molecules.write import write_molecules
    from biogan.sequences.alphabet import DNA, PROTEIN, RNA, Alphabet
    from biogan.sequences.baselines.markov import PWM, MarkovChain
    from biogan.sequences.baselines.simple import Shuffle
    from biogan.sequences.config import ReadingConfig, SequenceGANConfig
    from biogan.sequences.constraints.coding import OpenReadingFrame, Translation
    from biogan.sequences.constraints.composition import GC, MaxRun
    from biogan.sequences.constraints.fixed import Fixed, Template
    from biogan.sequences.constraints.motif_sites import AvoidMotif
    from biogan.sequences.constraints.words import Avoid, Require
    from biogan.sequences.dataset import SequenceSet
    from biogan.sequences.evaluate import evaluate
    from biogan.sequences.io.fasta import clean_records, read_fasta
    from biogan.sequences.io.write import write_fasta
    from biogan.sequences.splits import split
    from biogan.sequences.store import SequenceStore, store_fasta
    from biogan.structures.config import StructureReadingConfig
    from biogan.structures.dataset import FragmentSet
    from biogan.structures.evaluate import evaluate_structures
    from biogan.structures.read import read_structures
    from biogan.structures.write import write_structures
    from biogan.training.config import ImageGANConfig


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'biogan' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return __all__

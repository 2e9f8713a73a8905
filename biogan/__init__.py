"""Biogan: generative adversarial networks that learn to write biological sequences.

Public names are imported on first use (PEP 562), so that ``import biogan`` and ``biogan --help``
stay quick and never load torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "SequenceGAN": "biogan.gan",
    "ImageGAN": "biogan.imaging.gan",
    "ImageSet": "biogan.images.imageset",
    "FragmentSet": "biogan.structures.fragments",
    "SequenceSet": "biogan.datasets.sequences",
    "SequenceStore": "biogan.datasets.store",
    "Alphabet": "biogan.alphabet",
    "DNA": "biogan.alphabet",
    "RNA": "biogan.alphabet",
    "PROTEIN": "biogan.alphabet",
    "BioganError": "biogan.errors",
    "Callback": "biogan.protocols",
    "Sampler": "biogan.protocols",
    "SequenceGANConfig": "biogan.config",
    "ReadingConfig": "biogan.config",
    "ImageGANConfig": "biogan.config",
    "ImageReadingConfig": "biogan.config",
    "read_fasta": "biogan.io.fasta",
    "read_images": "biogan.images.read",
    "write_images": "biogan.images.write",
    "read_structures": "biogan.structures.read",
    "write_structures": "biogan.structures.write",
    "store_fasta": "biogan.io.storing",
    "clean_records": "biogan.io.cleaning",
    "write_fasta": "biogan.io.write",
    "split": "biogan.datasets.splits",
    "evaluate": "biogan.evaluation",
    "evaluate_images": "biogan.imaging.evaluation",
    "evaluate_structures": "biogan.imaging.structures",
    "MarkovChain": "biogan.baselines",
    "PWM": "biogan.baselines",
    "Shuffle": "biogan.baselines",
}

__all__ = ["__version__", *sorted(_HOMES)]

if TYPE_CHECKING:
    from biogan.alphabet import DNA, PROTEIN, RNA, Alphabet
    from biogan.baselines import PWM, MarkovChain, Shuffle
    from biogan.config import (
        ImageGANConfig,
        ImageReadingConfig,
        ReadingConfig,
        SequenceGANConfig,
    )
    from biogan.datasets.sequences import SequenceSet
    from biogan.datasets.splits import split
    from biogan.datasets.store import SequenceStore
    from biogan.errors import BioganError
    from biogan.evaluation import evaluate
    from biogan.gan import SequenceGAN
    from biogan.images.imageset import ImageSet
    from biogan.images.read import read_images
    from biogan.images.write import write_images
    from biogan.imaging.evaluation import evaluate_images
    from biogan.imaging.gan import ImageGAN
    from biogan.imaging.structures import evaluate_structures
    from biogan.io.cleaning import clean_records
    from biogan.io.fasta import read_fasta
    from biogan.io.storing import store_fasta
    from biogan.io.write import write_fasta
    from biogan.protocols import Callback, Sampler
    from biogan.structures.fragments import FragmentSet
    from biogan.structures.read import read_structures
    from biogan.structures.write import write_structures


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

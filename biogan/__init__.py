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
    "SequenceSet": "biogan.datasets.sequences",
    "SequenceStore": "biogan.datasets.store",
    "Alphabet": "biogan.alphabet",
    "DNA": "biogan.alphabet",
    "RNA": "biogan.alphabet",
    "PROTEIN": "biogan.alphabet",
    "BioganError": "biogan.errors",
    "Sampler": "biogan.protocols",
    "SequenceGANConfig": "biogan.config",
    "ReadingConfig": "biogan.config",
    "read_fasta": "biogan.io.fasta",
    "store_fasta": "biogan.io.storing",
    "clean_records": "biogan.io.cleaning",
    "write_fasta": "biogan.io.write",
    "split": "biogan.datasets.splits",
    "evaluate": "biogan.evaluation",
    "MarkovChain": "biogan.baselines",
    "PWM": "biogan.baselines",
    "Shuffle": "biogan.baselines",
}

__all__ = ["__version__", *sorted(_HOMES)]

if TYPE_CHECKING:
    from biogan.alphabet import DNA, PROTEIN, RNA, Alphabet
    from biogan.baselines import PWM, MarkovChain, Shuffle
    from biogan.config import ReadingConfig, SequenceGANConfig
    from biogan.datasets.sequences import SequenceSet
    from biogan.datasets.splits import split
    from biogan.datasets.store import SequenceStore
    from biogan.errors import BioganError
    from biogan.evaluation import evaluate
    from biogan.gan import SequenceGAN
    from biogan.io.cleaning import clean_records
    from biogan.io.fasta import read_fasta
    from biogan.io.storing import store_fasta
    from biogan.io.write import write_fasta
    from biogan.protocols import Sampler


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

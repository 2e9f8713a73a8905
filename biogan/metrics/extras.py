"""What a caller may know beyond the sequences: motifs, a profile, that they are genes, features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biogan.datasets.codons import genetic_code
from biogan.io.motifs import Motif, read_motifs
from biogan.metrics.profile import Profile, read_profile

Features = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Extras:
    """What a caller may know beyond the sequences; by default nothing.

    Attributes
    ----------
    motifs : tuple of Motif
        Motifs of nucleotides to look for.
    hmm : Profile or None
        Profile of a protein family.
    coding : bool or None
        Whether the records are genes; by default if half of the reference are whole ones.
    code : int
        NCBI's number of the genetic code.
    features : callable or None
        Gives n strings their features, a float array of shape (n, d): an embedding to compare in.
    """

    motifs: tuple[Motif, ...] = ()
    hmm: Profile | None = None
    coding: bool | None = None
    code: int = 1
    features: Features | None = None


def read_extras(
    motifs: str | Path | Sequence[Motif] = (),
    hmm: str | Path | Profile | None = None,
    coding: bool | None = None,
    code: int = 1,
    features: Features | None = None,
) -> Extras:
    """Read what is given as a file and check the rest.

    Parameters
    ----------
    motifs : str, Path or sequence of Motif
        Motifs of nucleotides to look for: a file of MEME or JASPAR, or
        :class:`biogan.io.motifs.Motif`.
    hmm : str, Path or Profile, optional
        Profile hidden Markov model of a protein family: a file in HMMER's format, or one that was
        read.
    coding : bool, optional
        Whether the records are genes, read from their first letter; by default if at least half of
        the reference records are whole ones.
    code : int
        NCBI's number of the genetic code.
    features : callable, optional
        Gives n strings their features, an array of shape (n, d): distances of distributions are
        then taken in these instead of k-mer frequencies.

    Raises
    ------
    DataError, FastaError
        If a file cannot be read.
    ConfigError
        If there is no such genetic code, or pyhmmer is not installed.
    """
    return Extras(
        read_motifs(motifs) if isinstance(motifs, str | Path) else tuple(motifs),
        read_profile(hmm) if isinstance(hmm, str | Path) else hmm,
        coding,
        genetic_code(code).number,
        features,
    )

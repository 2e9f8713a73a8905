"""Motif files: position frequency matrices in the formats of MEME and JASPAR."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

from biogan.core.errors import DataError
from biogan.core.text import Source

# FIMO's defaults: a tenth of a site of pseudocounts, and 20 sites where the file does not say.
_PSEUDOCOUNT = 0.1
_SITES = 20.0


@dataclass(frozen=True, eq=False)
class Motif:
    """A motif of nucleotides.

    Attributes
    ----------
    name : str
        As in the file.
    frequencies : numpy.ndarray, shape (width, 4)
        Of A, C, G and T (U) at each position; rows sum to 1.
    sites : float
        Sites that it was made of.

    Raises
    ------
    DataError
        If the matrix is none.
    """

    name: str
    frequencies: np.ndarray
    sites: float = _SITES

    def __post_init__(self) -> None:
        matrix = np.asarray(self.frequencies, float)
        if matrix.ndim != 2 or matrix.shape[1] != 4 or not len(matrix):
            raise DataError(f"motif {self.name}: not a matrix of width x 4 letters: {matrix.shape}")
        total = matrix.sum(1, keepdims=True)
        if not np.isfinite(matrix).all() or (matrix < 0).any() or (total <= 0).any():
            raise DataError(f"motif {self.name}: frequencies are at least 0, each row above 0")
        object.__setattr__(self, "frequencies", matrix / total)

    @property
    def width(self) -> int:
        """Number of positions."""
        return len(self.frequencies)

    def log_odds(self, background: np.ndarray) -> np.ndarray:
        """Return log2(frequency / background) with FIMO's pseudocounts, shape (width, 4)."""
        smooth = (self.sites * self.frequencies + _PSEUDOCOUNT * background) / (
            self.sites + _PSEUDOCOUNT
        )
        return np.asarray(np.log2(smooth / background))


def read_motifs(path: str | Path) -> tuple[Motif, ...]:
    """Read motifs of nucleotides from a file of MEME (text) or JASPAR.

    Parameters
    ----------
    path : str or Path
        Plain or compressed; the first line tells the format.

    Raises
    ------
    DataError
        If it is neither, is damaged, holds no motif or two of one name.
    FastaError
        If the file cannot be read.
    """
    text = "".join(Source(str(path), []))
    start = text.lstrip()
    try:
        if start.startswith("MEME version"):
            motifs = _meme(text)
        elif start.startswith(">"):
            motifs = _jaspar(text)
        else:
            raise ValueError("begins with neither 'MEME version' nor '>'")
    except (ValueError, IndexError, KeyError, AttributeError, TypeError, DataError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{path}: no motifs in the format of MEME or JASPAR: {reason}") from None
    names = [motif.name for motif in motifs]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise DataError(f"{path}: two motifs are called {repeated!r}; rename one")
    if not motifs:
        raise DataError(f"{path}: holds no motif")
    return tuple(motifs)


def _meme(text: str) -> list[Motif]:
    # Not Biopython's parser: it rounds frequencies to counts, of 20 sites if the file has none.
    alphabet = re.search(r"^ALPHABET=\s*(\w+)", text, re.M)
    if alphabet and alphabet[1] not in ("ACGT", "ACGU"):
        raise ValueError(f"motifs of the letters {alphabet[1]}, nucleotides are needed")
    motifs = []
    for part in re.split(r"^MOTIF\s+", text, flags=re.M)[1:]:
        name = part.split()[0]
        head, _, body = part.partition("letter-probability matrix:")
        if not body:
            raise ValueError(f"motif {name} has no letter-probability matrix")
        options, *lines = body.splitlines()
        rows = []
        for line in lines:
            if not re.match(r"\s*[\d.]", line):
                break
            rows.append([float(x) for x in line.split()])
        sites = re.search(r"nsites=\s*([\d.]+)", options)
        motifs.append(Motif(name, np.array(rows), float(sites[1]) if sites else _SITES))
    return motifs


def _jaspar(text: str) -> list[Motif]:
    from Bio.motifs import parse

    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith(">"):
            _check_counts(line, number)
    found = []
    for motif in parse(StringIO(text), "jaspar"):
        counts = np.array([motif.counts[letter] for letter in "ACGT"], float).T
        label = f"{motif.matrix_id} {motif.name}" if motif.name else motif.matrix_id
        found.append(Motif(label, counts, float(counts.sum(1).max(initial=0))))
    return found


def _check_counts(line: str, number: int) -> None:
    """Refuse a line that is no row of JASPAR, ``A [ 4 19 ]`` or bare numbers, as of a FASTA."""
    try:
        for word in re.sub(r"^\s*[ACGT]\s*\[(.*)\].*", r"\1", line).split():
            float(word)
    except ValueError:
        begin = line.strip()[:20]
        raise ValueError(f"line {number}: a row of counts is expected, not {begin!r}") from None

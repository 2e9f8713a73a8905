"""Open reading frames: which records are whole genes."""

from __future__ import annotations

import numpy as np

from biogan.alphabet import UNKNOWN
from biogan.datasets.sequences import SequenceSet

#: Letters of a codon.
CODON = 3
#: Codons of the standard code (NCBI table 1) that open and end a gene.
START, STOPS = "ATG", ("TAA", "TAG", "TGA")
# Share of whole genes from which a set counts as coding.
_MOSTLY = 0.95


def whole_genes(sequences: SequenceSet) -> np.ndarray:
    """Tell which records are open reading frames from end to end.

    Parameters
    ----------
    sequences : SequenceSet
        DNA or RNA without gaps.

    Returns
    -------
    numpy.ndarray, shape (n,), bool
        ATG at the start, length a multiple of three, one stop codon in frame, at the end.

    Examples
    --------
    >>> whole_genes(SequenceSet.from_strings(["ATGAAATAA", "ATGTAATAA", "ATGAATAA"])).tolist()
    [True, False, False]
    """
    found = np.zeros(len(sequences), bool)
    framed = np.flatnonzero((sequences.lengths % CODON == 0) & (sequences.lengths >= 2 * CODON))
    if not len(framed):
        return found
    some = sequences[framed]
    codes = some.alphabet.size ** np.arange(CODON - 1, -1, -1)
    codons = some.codes.reshape(-1, CODON).astype(np.int64) @ codes
    start, *stops = (int(some.alphabet.encode(_spelled(some, c)) @ codes) for c in (START, *STOPS))
    first = some.offsets[:-1] // CODON
    stop = np.isin(codons, stops)
    clean = np.logical_and.reduceat((some.codes != UNKNOWN).reshape(-1, CODON).all(1), first)
    last = np.append(first[1:], len(codons)) - 1
    found[framed] = (
        clean & (codons[first] == start) & stop[last] & (np.add.reduceat(stop, first) == 1)
    )
    return found


def are_coding(sequences: SequenceSet) -> bool:
    """Tell whether a set consists of genes: in frame all of them, whole nearly all (95 %)."""
    alphabet = sequences.alphabet
    if alphabet.complement is None or alphabet.has_gap or alphabet.size != 4:
        return False
    in_frame = not (sequences.lengths % CODON).any()
    return bool(in_frame and len(sequences) and whole_genes(sequences).mean() >= _MOSTLY)


def _spelled(sequences: SequenceSet, codon: str) -> str:
    return codon.replace("T", "U") if "U" in sequences.alphabet.letters else codon

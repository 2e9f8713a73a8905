"""Codons: genetic codes, reading frames, and whether a set consists of coding sequences."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from Bio.Data.CodonTable import unambiguous_dna_by_id

from biogan.core.errors import ConfigError
from biogan.sequences.dataset import OTHER, SequenceSet, four_codes

_AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
#: The codons in the order of their codes.
CODONS = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"]
#: Code of a codon with a letter that is none of the four.
UNREADABLE = 64


class GeneticCode:
    """One of NCBI's genetic codes, by codon; codon ``16 a + 4 b + c`` with A, C, G, T = 0 to 3.

    Parameters
    ----------
    number : int
        NCBI's number: 1 standard, 2 vertebrate mitochondria, 11 bacteria.

    Attributes
    ----------
    starts, stops : numpy.ndarray, shape (65,), bool
        Codons that may begin, and that end a gene.
    letters : tuple of str, length 64
        Amino acid of each codon, ``*`` for a codon that is none.
    residues : numpy.ndarray, shape (64, 20)
        1 where a codon stands for an amino acid (in alphabetical order of the letters).

    Raises
    ------
    ConfigError
        If there is no such code.
    """

    def __init__(self, number: int) -> None:
        if number not in unambiguous_dna_by_id:
            known = ", ".join(map(str, sorted(unambiguous_dna_by_id)))
            raise ConfigError(f"genetic code {number}: NCBI has {known}")
        table = unambiguous_dna_by_id[number]
        self.number = number
        self.starts = np.array([c in table.start_codons for c in CODONS] + [False])
        # In codes 27, 28 and 31 a codon may be both; inside a gene it is an amino acid.
        self.stops = np.array([c in table.stop_codons for c in CODONS] + [False])
        self.inner_stops = self.stops & ~np.array([c in table.forward_table for c in CODONS]
                                                  + [False])  # fmt: skip
        self.letters = tuple(table.forward_table.get(c, "*") for c in CODONS)
        self.residues = np.array([[x == a for a in _AMINO_ACIDS] for x in self.letters], float)

    def valid(self, sequences: SequenceSet) -> np.ndarray:
        """Tell which records are whole coding sequences.

        In frame (a multiple of three letters, two codons at least), a start codon of the code
        first, a stop codon last and none before, and no letter but the four.

        Returns
        -------
        numpy.ndarray, shape (n,), bool

        Examples
        --------
        >>> genes = SequenceSet.from_strings(["ATGAAATAA", "ATGTAATAA", "ATGAAA", "AAATAA"])
        >>> genetic_code(1).valid(genes).tolist()
        [True, False, False, False]
        """
        codons, offsets = codons_of(sequences)
        count = np.diff(offsets)
        whole = (sequences.lengths % 3 == 0) & (count >= 2)
        first, last = offsets[:-1][whole], offsets[1:][whole] - 1
        good = self.starts[codons[first]] & self.stops[codons[last]]
        whole[whole] = good
        return whole & (self.internal_stops(sequences) == 0) & (_unreadable(codons, offsets) == 0)

    def internal_stops(self, sequences: SequenceSet) -> np.ndarray:
        """Count stop codons in frame before the last codon of each record, shape (n,)."""
        codons, offsets = codons_of(sequences)
        stop = self.inner_stops[codons]
        stop[offsets[1:][np.diff(offsets) > 0] - 1] = False
        return _per_record(stop, offsets)


@lru_cache
def genetic_code(number: int) -> GeneticCode:
    """Return one of NCBI's genetic codes, the same object every time."""
    return GeneticCode(number)


def codons_of(sequences: SequenceSet) -> tuple[np.ndarray, np.ndarray]:
    """Read every record in the frame of its first letter.

    Parameters
    ----------
    sequences : SequenceSet
        Nucleotides without gaps; one or two letters behind the last codon are left.

    Returns
    -------
    codons : numpy.ndarray, shape (total,), uint8
        0 to 63, 64 for a codon with another letter than the four.
    offsets : numpy.ndarray, shape (n + 1,), int64
        Record ``i`` is ``codons[offsets[i]:offsets[i + 1]]``.
    """
    letters, count = four_codes(sequences), sequences.lengths // 3
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
    place = 3 * np.arange(offsets[-1]) + np.repeat(sequences.offsets[:-1] - 3 * offsets[:-1], count)
    three = [letters[place + i] for i in range(3)]
    codons = 16 * (three[0] & 3) + 4 * (three[1] & 3) + (three[2] & 3)
    codons[np.maximum.reduce(three) == OTHER] = UNREADABLE
    return codons, offsets


def codon_counts(sequences: SequenceSet) -> np.ndarray:
    """Count the codons of each record, shape (n, 64); unreadable ones are left out."""
    codons, offsets = codons_of(sequences)
    record = np.repeat(np.arange(len(sequences)), np.diff(offsets))
    cell = record * (UNREADABLE + 1) + codons
    counts = np.bincount(cell, minlength=len(sequences) * (UNREADABLE + 1))
    return counts.reshape(len(sequences), UNREADABLE + 1)[:, :UNREADABLE]


def gc3(sequences: SequenceSet) -> np.ndarray:
    """GC share of the third letters of the codons of each record, shape (n,); 0 without codons."""
    counts = codon_counts(sequences)
    strong = np.array([c[2] in "CG" for c in CODONS])
    return np.asarray(counts[:, strong].sum(1) / np.maximum(counts.sum(1), 1))


def _per_record(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    return np.diff(np.concatenate([np.zeros(1, np.int64), np.cumsum(values)])[offsets])


def _unreadable(codons: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    return _per_record(codons == UNREADABLE, offsets)


#: Letters of a codon.
CODON = 3
#: The standard genetic code, by NCBI's number.
STANDARD = 1
# Share of whole genes from which a set counts as coding.
_MOSTLY = 0.95


def whole_genes(sequences: SequenceSet) -> float:
    """Return the share of records that are coding sequences from end to end.

    See :meth:`biogan.sequences.genetic_code.GeneticCode.valid`, here with the standard code.
    """
    return float(genetic_code(STANDARD).valid(sequences).mean())


def are_coding(sequences: SequenceSet) -> bool:
    """Tell whether a set consists of genes: in frame all of them, whole nearly all (95 %).

    Examples
    --------
    >>> are_coding(SequenceSet.from_strings(["ATGAAATAA", "ATGTGA"]))
    True
    """
    alphabet = sequences.alphabet
    if alphabet.complement is None or alphabet.has_gap or alphabet.size != 4 or not len(sequences):
        return False
    return not (sequences.lengths % CODON).any() and whole_genes(sequences) >= _MOSTLY

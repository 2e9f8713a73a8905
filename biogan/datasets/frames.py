"""Whether a set of records is read in codons."""

from __future__ import annotations

from biogan.datasets.codons import genetic_code
from biogan.datasets.sequences import SequenceSet

#: Letters of a codon.
CODON = 3
#: The standard genetic code, by NCBI's number.
STANDARD = 1
# Share of whole genes from which a set counts as coding.
_MOSTLY = 0.95


def whole_genes(sequences: SequenceSet) -> float:
    """Return the share of records that are coding sequences from end to end.

    See :meth:`biogan.datasets.codons.GeneticCode.valid`, here with the standard code.
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

"""The four nucleotides as fixed codes, whatever the order and the extra letters of an alphabet."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet

#: Code of a letter that is none of the four.
OTHER = 4


def four_codes(sequences: SequenceSet) -> np.ndarray:
    """Codes 0 to 3 for A, C, G and T or U, 4 for any other letter.

    Returns
    -------
    numpy.ndarray, shape (total,), uint8

    Examples
    --------
    >>> four_codes(SequenceSet.from_strings(["ACGU"], alphabet="rna")).tolist()
    [0, 1, 2, 3]
    """
    order = ["ACGT".find("T" if x == "U" else x) for x in sequences.alphabet.letters]
    return np.array([OTHER if x < 0 else x for x in order], np.uint8)[sequences.codes]

"""Sequences read backwards, and the other strand of DNA and RNA."""

from __future__ import annotations

import numpy as np

from biogan.core.errors import ConfigError
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.dataset import SequenceSet


def check_two_strands(alphabet: Alphabet) -> None:
    """Refuse letters that have no other strand.

    Raises
    ------
    ConfigError
        For letters without a complement, and for alignments, whose columns would be moved.
    """
    if alphabet.complement is None:
        raise ConfigError(
            f"--reverse-complement: {alphabet.name} letters have no complement; DNA and RNA have"
        )
    if alphabet.has_gap:
        raise ConfigError(
            "--reverse-complement: the columns of an alignment cannot be reversed; give the "
            "sequences without gaps, or read them with --gaps remove"
        )


def backwards(sequences: SequenceSet) -> SequenceSet:
    """Read every sequence from its last letter to its first; all but the letters stays.

    Examples
    --------
    >>> backwards(SequenceSet.from_strings(["AACG", "", "TC"])).strings()
    ['GCAA', '', 'CT']
    """
    # Letter j of a record that covers [start, stop) is taken from start + stop - 1 - j.
    ends = np.repeat(sequences.offsets[:-1] + sequences.offsets[1:] - 1, sequences.lengths)
    return SequenceSet(
        sequences.alphabet,
        sequences.codes[ends - np.arange(len(sequences.codes))],
        sequences.offsets,
        sequences.ids,
        sequences.labels,
        sequences.weights,
        sequences.report,
    )


def reverse_complement(sequences: SequenceSet) -> SequenceSet:
    """Read every sequence from its other strand, 5' to 3'.

    Parameters
    ----------
    sequences : SequenceSet
        DNA or RNA without gaps; ids, labels and weights stay.

    Returns
    -------
    SequenceSet

    Raises
    ------
    ConfigError
        If the letters have no complement, or the gap is one of them.

    Examples
    --------
    >>> reverse_complement(SequenceSet.from_strings(["AACG", "TTC"])).strings()
    ['CGTT', 'GAA']
    """
    alphabet = sequences.alphabet
    check_two_strands(alphabet)
    partner = alphabet.encode(str(alphabet.complement))
    back = backwards(sequences)
    return SequenceSet(
        alphabet,
        partner[back.codes],
        back.offsets,
        back.ids,
        back.labels,
        back.weights,
        back.report,
    )


def both_strands(sequences: SequenceSet) -> SequenceSet:
    """Return the sequences and, behind them, their reverse complements.

    Examples
    --------
    >>> both_strands(SequenceSet.from_strings(["AACG", "TTC"])).strings()
    ['AACG', 'TTC', 'CGTT', 'GAA']
    """
    return SequenceSet.concatenate([sequences, reverse_complement(sequences)])

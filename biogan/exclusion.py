"""Leaving records out of a stream, such as those that the model was trained on.

A model that has learned a frequent record writes it again, as it should; who wants new sequences
draws until they are new. Records that are near copies stay: they are the evaluation's to find.
"""

from __future__ import annotations

import numpy as np

from biogan.datasets.layout import Layout
from biogan.datasets.sequences import SequenceSet
from biogan.datasets.strands import reverse_complement
from biogan.errors import DataError
from biogan.metrics.inputs import Sequences, as_set
from biogan.sampling import Draw, Drawn

# Blocks that are drawn for the records of one.
_ROUNDS = 20


def excluding(block_of: Draw, layout: Layout, known: Sequences) -> Draw:
    """Return what draws blocks without some records: others take their places.

    Parameters
    ----------
    block_of : callable
        Draws a block (:func:`biogan.sampling.drawer`).
    layout : Layout
        How codes read as sequences.
    known : SequenceSet, list of str or list of SeqRecord
        Records to leave out, letter for letter but for gaps; nucleotides on either strand.

    Returns
    -------
    callable
        All other records are those of ``block_of``. Raises DataError if hardly any is.
    """
    if isinstance(known, SequenceSet) and not layout.alphabet.has_gap:
        known = known.ungapped()
    texts: set[str] = set()
    if len(known):
        plain = as_set(known, "excluded", layout.alphabet, "the model").ungapped()
        texts.update(plain.strings())
        if plain.alphabet.complement is not None:
            texts.update(reverse_complement(plain).strings())

    def stands(rows: np.ndarray) -> np.ndarray:
        return np.array([text in texts for text in layout.decode(rows).ungapped().strings()])

    def others(*stream: str | int) -> Drawn:
        rows = block_of(*stream).rows
        again = stands(rows)
        left = np.flatnonzero(again)
        for k in range(_ROUNDS):
            if not len(left):
                break
            more = block_of("again", *stream, k).rows
            more = more[~stands(more)][: len(left)]
            rows[left[: len(more)]], left = more, left[len(more) :]
        if len(left):
            raise DataError(
                f"--exclude: {len(left)} of {len(rows)} records still stand in the file after "
                f"{_ROUNDS} draws of each: the model writes hardly anything else"
            )
        return Drawn(rows, again)

    return others

"""Which trivial samplers suit a set: Markov chains of the highest order that it can fill."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.metrics.kmers import choose_k

_MAX_ORDER, _MAX_POSITIONAL_ORDER = 5, 4


def suited_chains(train: SequenceSet, fixed: bool) -> list[str]:
    """Name the Markov chains that suit a training set, the strongest of the trivial samplers.

    The order of the plain chain is the highest, up to 5, with ten windows for each k-mer; that of
    the position-specific chain the highest, up to 4, with ten records for each k-mer.

    Parameters
    ----------
    train : SequenceSet
        What the chains will be fitted to.
    fixed : bool
        Whether all sets that are compared have one common length; only then positions mean the
        same in every record.

    Returns
    -------
    list of str
        Names for :func:`biogan.baselines.get_baseline`.

    Examples
    --------
    >>> suited_chains(SequenceSet.from_strings(["ACGTTGCA"] * 200), fixed=True)
    ['markov-2', 'positional-markov-1']
    """
    chains = [f"markov-{max(1, choose_k(train, highest=_MAX_ORDER + 1) - 1)}"]
    if fixed:
        letters = max(2, train.alphabet.size)
        order = int(np.log(max(1, len(train) / 10)) / np.log(letters)) - 1
        chains.append(f"positional-markov-{min(max(1, order), _MAX_POSITIONAL_ORDER)}")
    return chains

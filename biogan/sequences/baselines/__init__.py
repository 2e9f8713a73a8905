"""Samplers that a trained generator has to beat, and which of the trivial ones fit a set.

Markov chains are used up to the highest order that the set has enough data for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from biogan.core.errors import ConfigError
from biogan.core.options import unknown_name
from biogan.sequences.baselines.markov import PWM, MarkovChain
from biogan.sequences.baselines.simple import Baseline, Copies, Shuffle, Uniform
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import choose_k

__all__ = ["BASELINES", "Baseline", "Copies", "MarkovChain", "PWM", "Shuffle", "Uniform",
           "get_baseline"]  # fmt: skip


def autoregressive(**options: Any) -> Baseline:
    """Make the one sampler that needs torch, see :mod:`biogan.sequences.baselines.autoregressive`.

    Parameters
    ----------
    **options
        ``max_time``, ``seed``, ``watch``.
    """
    from biogan.sequences.baselines.autoregressive import Autoregressive

    return Autoregressive(**options)


#: Names as they are printed; K stands for an order.
BASELINES: dict[str, Callable[..., Baseline]] = {
    "markov-K": lambda order: MarkovChain(order),
    "positional-markov-K": lambda order: MarkovChain(order, positional=True),
    "positional-markov-end-K": lambda order: MarkovChain(order, True, from_end=True),
    "pwm": PWM,
    "shuffle": lambda: Shuffle("mono"),
    "dinucleotide-shuffle": lambda: Shuffle("dinucleotide"),
    "uniform": Uniform,
    "copies": Copies,
    "autoregressive": autoregressive,
}


def get_baseline(name: str) -> Baseline:
    """Make a trivial sampler from its printed name.

    Parameters
    ----------
    name : str
        A key of :data:`BASELINES` with a number for K: ``"markov-3"``, ``"pwm"``.

    Returns
    -------
    Baseline
        Not fitted yet.

    Raises
    ------
    ConfigError
        If there is none of that name.

    Examples
    --------
    >>> get_baseline("positional-markov-3").prefix
    'positional_markov3'
    """
    found = re.fullmatch(r"(.+)-(\d+)", name)
    if found and f"{found[1]}-K" in BASELINES:
        return BASELINES[f"{found[1]}-K"](int(found[2]))
    if name in BASELINES and not name.endswith("-K"):
        return BASELINES[name]()
    if f"{name.removesuffix('-K')}-K" in BASELINES:
        raise ConfigError(f"baseline {name!r}: give an order, {name.removesuffix('-K')}-3")
    raise ConfigError(unknown_name("baseline", name, tuple(BASELINES)))


_MAX_ORDER, _MAX_POSITIONAL_ORDER = 5, 4
# Share of the records on which orders are compared where lengths vary.
_COMPARED = 0.2


def plain_chain(train: SequenceSet) -> str:
    """Name the Markov chain of the highest order, 1 to 5, with ten windows for each k-mer.

    Examples
    --------
    >>> plain_chain(SequenceSet.from_strings(["ACGTTGCA"] * 200))
    'markov-2'
    """
    return f"markov-{max(1, choose_k(train, highest=_MAX_ORDER + 1) - 1)}"


def positional_chain(train: SequenceSet) -> str:
    """Name the position-specific chain, of order 1 to 4, with ten records for each k-mer.

    Examples
    --------
    >>> positional_chain(SequenceSet.from_strings(["ACGTTGCA"] * 200))
    'positional-markov-1'
    """
    letters = max(2, train.alphabet.size)
    order = int(np.log(max(1, len(train) / 10)) / np.log(letters)) - 1
    return f"positional-markov-{min(max(1, order), _MAX_POSITIONAL_ORDER)}"


def suited_chains(train: SequenceSet, fixed: bool) -> list[str]:
    """Name the Markov chains that suit a training set, the strongest of the trivial samplers.

    The order of the plain chain is the highest, up to 5, with ten windows for each k-mer. For one
    length, that of the position-specific chain is the highest, up to 4, with ten records for each
    k-mer. Where lengths vary, positions are counted from the start by one chain and from the end
    by another, each of the order, 1 to 4, under which a fifth of the records is likeliest given
    the others, and by one of order 4, or 3 for more than five letters, that writes longer pieces
    of the training data; the end is a symbol of all of them.

    Parameters
    ----------
    train : SequenceSet
        What the chains will be fitted to.
    fixed : bool
        Whether all sets that are compared have one common length.

    Returns
    -------
    list of str
        Names for :func:`biogan.sequences.baselines.get_baseline`.

    Examples
    --------
    >>> suited_chains(SequenceSet.from_strings(["ACGTTGCA"] * 200), fixed=True)
    ['markov-2', 'positional-markov-1']
    """
    chains = [plain_chain(train)]
    if fixed:
        return [*chains, positional_chain(train)]
    letters = max(2, train.alphabet.size)
    highest = _MAX_POSITIONAL_ORDER - (letters > 5)
    likeliest, from_end = (_likeliest_order(train, highest, end) for end in (False, True))
    orders = dict.fromkeys((likeliest, highest))
    return [
        *chains,
        *(f"positional-markov-{order}" for order in orders),
        f"positional-markov-end-{from_end}",
    ]


def _likeliest_order(train: SequenceSet, highest: int, from_end: bool) -> int:
    """Return the order of the position-specific chain that predicts some records best."""
    held = np.arange(len(train)) % round(1 / _COMPARED) == 0
    if held.all() or not held.any():
        return 1
    learned, asked = train.take(np.flatnonzero(~held)), train.take(np.flatnonzero(held))
    # No chain writes a record that is shorter or longer than all that it was fitted to.
    lengths = learned.lengths
    possible = (asked.lengths >= lengths.min()) & (asked.lengths <= lengths.max())
    if not possible.any():
        return 1
    asked = asked.take(np.flatnonzero(possible))
    found = [
        MarkovChain(order, positional=True, from_end=from_end).fit(learned).log_prob(asked).mean()
        for order in range(1, highest + 1)
    ]
    return 1 + int(np.argmax(found))

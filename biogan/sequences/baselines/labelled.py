"""Trivial samplers of records with labels: what a conditional generator has to beat.

One chain a label knows the letters of the label and nothing else; one chain for all, and real
records with labels shuffled, know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from biogan.core.rng import rng
from biogan.evaluation.conditions import Strata
from biogan.evaluation.intervals import GROUPS
from biogan.sequences.baselines import get_baseline, plain_chain, positional_chain
from biogan.sequences.dataset import SequenceSet

#: Draws records, by the training records that have a label, a number and a seed.
Chain = Callable[[SequenceSet], str]
#: Names of the samplers.
CHAIN, LABEL_CHAIN, LABEL_POSITIONAL, SHUFFLED = (
    "chain", "label-chain", "label-positional-chain", "shuffled-labels",
)  # fmt: skip


def by_label(
    train: SequenceSet, strata: Strata, labels: Sequence[str] | np.ndarray, chain: Chain, seed: int
) -> SequenceSet:
    """Draw one record for each label asked for, of a chain fitted to the records that have it.

    Parameters
    ----------
    train : SequenceSet
        Real records with labels.
    strata : Strata
        What a chain is fitted to: the records of a class, of a range of a number, or, of several
        classes at once, those with just these, and where these are fewer than 20, those with the
        rarest of them. Labels beyond the strata are drawn of a chain of all records.
    labels : sequence of str, length n
        What is asked for.
    chain : callable
        Names the chain that suits some records.
    seed : int
        Seed of the draws.

    Returns
    -------
    SequenceSet
        Records in the order of ``labels``, with them as labels.

    Examples
    --------
    >>> texts, kinds = ["AAAAAA"] * 30 + ["CCCCCC"] * 30, ["a"] * 30 + ["c"] * 30
    >>> train = SequenceSet.from_strings(texts, labels={"kind": kinds})
    >>> strata = Strata.of("kind", "class", kinds)
    >>> by_label(train, strata, ["c", "a"], lambda some: "markov-1", 0).strings()
    ['CCCCCC', 'AAAAAA']
    """
    asked = np.asarray(labels, object)
    belongs = strata.members(train.labels[strata.name])
    sizes = belongs.sum(0)
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, row in enumerate(strata.members(asked)):
        own = tuple(np.flatnonzero(row).tolist())
        groups.setdefault(_learned(own, belongs, sizes), []).append(i)
    parts, places = [], []
    for own, rows in sorted(groups.items()):
        some = train.take(np.flatnonzero(_holders(own, belongs))) if own else train
        drawn = get_baseline(chain(some)).fit(some).sample(len(rows), _seed(seed, own))
        parts.append(drawn)
        places += rows
    joined = SequenceSet.concatenate(parts).take(np.argsort(places))
    return _labelled(joined, strata.name, asked)


def _learned(own: tuple[int, ...], belongs: np.ndarray, sizes: np.ndarray) -> tuple[int, ...]:
    """Return the strata whose records a chain is fitted to."""
    if len(own) > 1 and _holders(own, belongs).sum() < GROUPS:
        return (min(own, key=lambda s: (sizes[s], s)),)
    return own


def _holders(own: tuple[int, ...], belongs: np.ndarray) -> np.ndarray:
    """Tell which records have one stratum, or just these several."""
    if len(own) == 1:
        return belongs[:, own[0]]
    exact = np.zeros(belongs.shape[1], bool)
    exact[list(own)] = True
    return np.asarray((belongs == exact).all(1))


def _seed(seed: int, own: tuple[int, ...]) -> int:
    return int(rng(seed, "label chain", *own).integers(2**31))


def _labelled(records: SequenceSet, name: str, labels: np.ndarray) -> SequenceSet:
    records.labels = {name: labels}
    return records


def labelled_samplers(
    strata: Strata, labels: np.ndarray, fixed: bool
) -> dict[str, Callable[[SequenceSet, int, int], SequenceSet]]:
    """Return the trivial samplers of one label by name; each takes real records, n and a seed.

    Parameters
    ----------
    strata : Strata
        The label.
    labels : numpy.ndarray, shape (m,)
        Labels that are asked for: the first n of them.
    fixed : bool
        Whether all records have one common length, so that positions mean something.
    """

    def chains(chain: Chain) -> Callable[[SequenceSet, int, int], SequenceSet]:
        return lambda train, n, seed: by_label(train, strata, labels[:n], chain, seed)

    def one(train: SequenceSet, n: int, seed: int) -> SequenceSet:
        asked = labels[:n]
        drawn = get_baseline(plain_chain(train)).fit(train).sample(len(asked), seed)
        return _labelled(drawn, strata.name, asked)

    def mixed(train: SequenceSet, n: int, seed: int) -> SequenceSet:
        asked = labels[:n]
        rows = np.resize(rng(seed, "shuffled labels").permutation(len(train)), len(asked))
        some = train.take(rows)
        return _labelled(some, strata.name, asked)

    positional = {LABEL_POSITIONAL: chains(positional_chain)} if fixed else {}
    return {LABEL_CHAIN: chains(plain_chain), **positional, CHAIN: one, SHUFFLED: mixed}

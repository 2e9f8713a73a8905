"""Classifier two-sample tests of sequences: how well generated ones can be told from real ones.

A linear classifier reads k-mer counts and letters by position; a small convolutional network finds
motifs wherever they stand. Where lengths vary, both know the length of a record, count positions
from both ends, and know the reading frame of nucleotides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biogan.core.rng import torch_generator
from biogan.evaluation.metric import Value
from biogan.evaluation.two_sample import (
    FOLDS,
    CrossValidation,
    cross_validation,
    ridge_auroc,
    too_few,
)
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import CODON, CODONS, codon_counts
from biogan.sequences.kmers import kmer_names, kmer_table
from biogan.sequences.metrics.comparison import Comparison, Sample, metric
from biogan.sequences.metrics.lengths import outer_letters
from biogan.sequences.metrics.positions import one_hot
from biogan.sequences.overlaps import Overlaps, joined
from biogan.sequences.similarity.pairs import clusters

if TYPE_CHECKING:
    import torch


# Records a class; the error of the AUROC is already below 0.005 there.
_MOST = 10_000
# Blocks of overlapping records, of both classes together.
_BLOCKS = 4 * FOLDS
_MAX_KMER_CELLS = 1000
#: Positions times letters up to which letters are read by position.
MAX_SITE_CELLS = 1500
# Indicators of lengths: bins with as many records each.
_LENGTH_BINS = 20
_NUCLEOTIDES = 4


@metric("auroc", "discriminability", "classifier AUROC", goal="half", high=1.0,
        most=_MOST, alike=False)  # fmt: skip
def classifier_auroc(comparison: Comparison) -> Value:
    """Out-of-fold AUROC of logistic regression on k-mer counts and positions.

    At one length, positions are the letters of each column. Where lengths vary, they are the first
    and the last letters; the length is read as well, of nucleotides also its remainder by three
    and the codons in frame. So a set whose lengths or ends are wrong is told by them.

    0.5: cannot be told apart, 1: always told apart. Folds never part a cluster of near copies, so
    that repeats cannot be learned by heart; where one cluster holds half of the records or more
    there may be nothing left to learn from, and there is no value.
    """
    test = two_samples(comparison.candidate, comparison.reference, comparison.seed)
    if isinstance(test, Value):
        return test
    new, real = test.new, test.real
    cells = int(new.sequences.lengths[0]) * new.sequences.alphabet.size
    by_position = not comparison.missing("columns") and cells <= MAX_SITE_CELLS
    ends = _by_ends(comparison)
    features, names = classifier_features([new, real], by_position, ends)
    note = "k-mers and positions" if by_position else "k-mers"
    if ends:
        note = "k-mers, lengths and both ends"
    return ridge_auroc(features, test.validation, names, note)


def _by_ends(comparison: Comparison) -> bool:
    """Whether lengths and both ends are read: where the records have no common columns."""
    return comparison.lengths_vary and bool(comparison.missing("columns"))


@dataclass(frozen=True)
class TwoSamples:
    """The records of a classifier two-sample test, the generated ones first.

    Attributes
    ----------
    new, real : Sample
        Records of each class, without those that overlap a block of others.
    validation : CrossValidation
        Their folds, which keep clusters of near copies whole.
    """

    new: Sample
    real: Sample
    validation: CrossValidation


def two_samples(candidate: Sample, reference: Sample, seed: int) -> TwoSamples | Value:
    """Put the records of both classes into folds; a value without number where that is no use."""
    new, real = candidate.sequences, reference.sequences
    n = len(new)
    if few := too_few(n, len(real), "record"):
        return Value(None, note=few)
    both = SequenceSet.concatenate([new, real])
    overlaps = Overlaps.of(both)
    pieces = None
    if overlaps.any:
        # Neighbours in one fold, and none beside another fold: letters are learned by heart.
        block, kept = overlaps.blocks(_BLOCKS)
        rows = np.flatnonzero(kept)
        both, pieces, block = both.take(rows), overlaps.stretches[rows], block[rows]
        new, real = both[: int(kept[:n].sum())], both[int(kept[:n].sum()) :]
        if few := too_few(len(new), len(real), "record"):
            return Value(None, note=f"{few}; those that overlap others were left out")
    groups = clusters(both, 0.9)
    if pieces is not None:
        groups, pieces = joined(groups, block), joined(groups, pieces)
    alike = "cluster of near copies" + " or overlapping records" * (pieces is not None)
    validation = cross_validation(len(new), len(real), groups, seed, "record", alike, pieces)
    if isinstance(validation, Value):
        return validation
    return TwoSamples(Sample(new), Sample(real), validation)


def classifier_features(
    samples: Sequence[Sample],
    by_position: bool,
    lengths_vary: bool = False,
    constant: bool = False,
) -> tuple[np.ndarray, list[str]]:
    """Describe records by numbers that a linear classifier learns from.

    Parameters
    ----------
    samples : sequence of Sample
        Sets over one alphabet.
    by_position : bool
        Indicators of the letters at each position too; needs one length.
    lengths_vary : bool
        Lengths, the letters at both ends and the reading frame too.
    constant : bool
        Constant features too: the same ones for any sets.

    Returns
    -------
    features : numpy.ndarray, shape (n of all sets, d), float32
        Counts of k-mers, k = 1 to 4 while there are at most 1,000.
    names : list of str
        Their names.
    """
    alphabet = samples[0].plain.alphabet
    tables, names = [], []
    k = 1
    while k <= 4 and alphabet.size**k <= _MAX_KMER_CELLS:
        tables.append(np.concatenate([kmer_table(s.plain, k) for s in samples]))
        names += kmer_names(alphabet.letters, k)
        k += 1
    letters = samples[0].sequences.alphabet.letters
    if by_position:
        length = samples[0].matrix.shape[1]
        tables.append(np.concatenate([one_hot(s.matrix, len(letters)) for s in samples]))
        names += [f"{letter}@{i + 1}" for i in range(length) for letter in letters]
    if lengths_vary:
        more, named = _by_length([s.plain for s in samples])
        tables.append(more)
        names += named
    features = np.concatenate(tables, axis=1, dtype=np.float32)
    if constant:
        return features, names
    keep = features.std(0) > 0
    return features[:, keep], [name for name, k in zip(names, keep, strict=True) if k]


def _by_length(sets: Sequence[SequenceSet]) -> tuple[np.ndarray, list[str]]:
    """Describe records of varying length: length, frame, codons, first and last letters."""
    every = SequenceSet.concatenate([*sets])
    lengths, letters = every.lengths, every.alphabet.letters
    borders = np.unique(np.quantile(lengths, np.linspace(0, 1, _LENGTH_BINS + 1)[1:-1]))
    tables = [lengths[:, None].astype(np.float32), lengths[:, None] >= borders]
    names = ["length", *(f"length >= {border:g}" for border in borders)]
    if every.alphabet.complement is not None:
        tables += [lengths[:, None] % CODON == np.arange(CODON), codon_counts(every)]
        names += [f"length = {r} mod {CODON}" for r in range(CODON)]
        names += [f"{codon} in frame" for codon in CODONS]
    near = min(int(lengths.max()), max(1, MAX_SITE_CELLS // (2 * len(letters))))
    for from_end in (False, True):
        matrix = outer_letters(every, near, from_end)
        tables.append(
            one_hot(matrix, len(letters) + 1)
            .reshape(len(matrix), near, -1)[:, :, :-1]
            .reshape(len(matrix), -1)
        )
        place = [f"{i} from the end" if from_end else f"{i}" for i in range(1, near + 1)]
        names += [f"{letter}@{where}" for where in place for letter in letters]
    return np.concatenate(tables, axis=1, dtype=np.float32), names


#: Records a class, and letters a class where records are long: what is read at most.
MAX_RECORDS, MAX_LETTERS = 2_000, 100_000
_MAX_LENGTH = 500
_FILTERS, _WIDTH = 64, 11
_WAVES = 4
_DROPOUT = 0.3
_EPOCHS, _BATCH, _PATIENCE = 12, 64, 4
_RATE, _DECAY = 1e-2, 1e-2


@metric("auroc-cnn", "discriminability", "CNN AUROC", goal="half", high=1.0, most=MAX_RECORDS,
        default=False)  # fmt: skip
def network_auroc(comparison: Comparison) -> Value:
    """Out-of-fold AUROC of a convolutional network that reads letters and their places.

    64 filters of 11 letters, the mean and the maximum of each over the record, one linear layer:
    what :func:`classifier_auroc` cannot see are motifs longer
    than four letters, and motifs that shift. The next fold stops the training early. At most
    2,000 records and 100,000 letters a class are read, the first 500 letters of each record. Where
    lengths vary, the distance to the end, the frame and what lies behind the end are read too.

    Notes
    -----
    Lopez-Paz & Oquab 2017, ICLR. The network is that of DeepBind (Alipanahi et al. 2015, Nat.
    Biotechnol. 33:831) with cosine waves of the place beside the letters.
    """
    sets = comparison.candidate.sequences, comparison.reference.sequences
    longest = min(max(int(s.lengths.max(initial=1)) for s in sets), _MAX_LENGTH)
    n = min(max(2 * FOLDS, MAX_LETTERS // max(longest, 1)), *map(len, sets))
    new, real = comparison.candidate.first(n), comparison.reference.first(n)
    test = two_samples(new, real, comparison.seed)
    if isinstance(test, Value):
        return test
    codes = SequenceSet.concatenate([test.new.sequences, test.real.sequences]).matrix(longest)
    states = comparison.reference.sequences.alphabet.size
    scores = cnn_out_of_fold(
        codes, states, test.validation.labels, test.validation.folds, comparison.seed,
        _by_ends(comparison),
    )  # fmt: skip
    n = len(test.new)
    return Value(*test.validation.auroc(scores), n=n, note=f"{n:,} records a class")


def cnn_out_of_fold(
    codes: np.ndarray,
    states: int,
    labels: np.ndarray,
    folds: np.ndarray,
    seed: int,
    lengths_vary: bool = False,
) -> np.ndarray:
    """Score every record with a network that has seen neither its fold nor the next.

    Parameters
    ----------
    codes : numpy.ndarray, shape (n, L), uint8
        Letters; ``states`` and above: behind the end.
    states : int
        Number of letters A.
    labels : numpy.ndarray, shape (n,)
        Class 0 or 1.
    folds : numpy.ndarray, shape (n,), int
        Fold of each record, from 0 to 4.
    seed : int
        Seed of the weights, the order of the records and the dropout.
    lengths_vary : bool
        Also read the distance to the end, the frame, and where a record has ended.

    Returns
    -------
    numpy.ndarray, shape (n,), float64
        Log odds of class 1.
    """
    import torch

    # The row behind the last letter is zero: padding.
    table = torch.cat([torch.eye(states), torch.zeros(1, states)])
    letters = table[torch.from_numpy(np.minimum(codes, states).astype(np.int64))]
    place = (torch.arange(codes.shape[1]) + 0.5) / max(codes.shape[1], 1)
    waves = torch.cos(torch.pi * torch.outer(torch.arange(1.0, _WAVES + 1), place))
    channels = [letters.transpose(1, 2), waves.expand(len(codes), -1, -1)]
    if lengths_vary:
        channels.append(_ends(torch.from_numpy(codes < states), states == _NUCLEOTIDES))
    records = torch.cat(channels, 1).contiguous()  # (n, channels, L)
    classes = torch.from_numpy(labels.astype(np.float32))
    scores = np.zeros(len(labels))
    for fold in np.unique(folds):
        held, inner = folds == fold, folds == (fold + 1) % FOLDS
        # With too few clusters for five folds the next one may be empty, or all that is left.
        learned = ~held & ~inner if len(np.unique(labels[~held & ~inner])) == 2 else ~held
        judged = inner if inner.any() else learned
        scores[held] = _train(
            records,
            classes,
            torch.from_numpy(np.flatnonzero(learned)),
            torch.from_numpy(np.flatnonzero(judged)),
            torch.from_numpy(np.flatnonzero(held)),
            torch_generator(seed, "network", int(fold)),
        )
    return scores


def _ends(inside: torch.Tensor, frames: bool) -> torch.Tensor:
    """Tell how far the end is, where a record has ended, and the frame, from (n, L) of bool."""
    import torch

    n, longest = inside.shape
    lengths, step = inside.sum(1, keepdim=True), torch.arange(longest)
    left = (lengths - step) / max(longest, 1)
    waves = torch.cos(torch.pi * torch.arange(1.0, _WAVES + 1)[:, None] * left[:, None])
    channels = [waves, torch.ones(n, 1, longest)]
    if frames:
        in_frame = step % CODON == torch.arange(CODON)[:, None]
        channels.append(in_frame.float().expand(n, -1, -1))
    return torch.cat(channels, 1) * inside[:, None]


def _train(
    records: torch.Tensor,
    classes: torch.Tensor,
    learned: torch.Tensor,
    judged: torch.Tensor,
    held: torch.Tensor,
    random: torch.Generator,
) -> np.ndarray:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as loss_of

    weights = _weights(records.shape[1], random)
    optimizer = torch.optim.AdamW(weights, lr=_RATE, weight_decay=_DECAY)
    steps = _EPOCHS * -(-len(learned) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
    best, since, kept = float("inf"), 0, weights
    for _ in range(_EPOCHS):
        for batch in learned[torch.randperm(len(learned), generator=random)].split(_BATCH):
            loss = loss_of(_logits(weights, records[batch], random), classes[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            loss = loss_of(_logits(weights, records[judged]), classes[judged])
        since += 1
        if loss.item() < best:
            best, since, kept = loss.item(), 0, [w.detach().clone() for w in weights]
        if since == _PATIENCE:
            break
    with torch.no_grad():
        return _logits(kept, records[held]).double().numpy()


def _weights(channels: int, random: torch.Generator) -> list[torch.Tensor]:
    """Draw filters, biases, linear layer and its bias: uniform within 1 / sqrt(fan in)."""
    import torch

    shapes = [(_FILTERS, channels, _WIDTH), (_FILTERS,), (2 * _FILTERS,), (1,)]
    fan_in = [channels * _WIDTH] * 2 + [2 * _FILTERS] * 2
    return [
        ((2 * torch.rand(shape, generator=random) - 1) / n**0.5).requires_grad_()
        for shape, n in zip(shapes, fan_in, strict=True)
    ]


def _logits(
    weights: list[torch.Tensor], x: torch.Tensor, random: torch.Generator | None = None
) -> torch.Tensor:
    """Logits of shape (n,) for records of shape (n, channels, L); dropout with a generator only."""
    import torch

    filters, bias, linear, offset = weights
    x = torch.conv1d(x, filters, bias, padding=_WIDTH // 2).relu()  # (n, filters, L)
    x = torch.cat([x.mean(2), x.amax(2)], 1)  # (n, 2 filters)
    if random is not None:
        x = x * (torch.rand(x.shape, generator=random) > _DROPOUT) / (1 - _DROPOUT)
    return x @ linear + offset

"""Classifier two-sample test with a small convolutional network: motifs, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison
from biogan.metrics.discriminability import FOLDS, two_samples
from biogan.metrics.intervals import auroc
from biogan.seeds import torch_generator

if TYPE_CHECKING:
    import torch

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
    what :func:`~biogan.metrics.discriminability.classifier_auroc` cannot see are motifs longer
    than four letters, and motifs that shift. The next fold stops the training early. At most
    2,000 records and 100,000 letters a class are read, the first 500 letters of each record.

    Notes
    -----
    Lopez-Paz & Oquab 2017, ICLR. The network is that of DeepBind (Alipanahi et al. 2015, Nat.
    Biotechnol. 33:831) with cosine waves of the place beside the letters.
    """
    sets = comparison.candidate.sequences, comparison.reference.sequences
    longest = min(max(int(s.lengths.max(initial=1)) for s in sets), _MAX_LENGTH)
    test = two_samples(comparison.first(max(2 * FOLDS, MAX_LETTERS // max(longest, 1))))
    if isinstance(test, Value):
        return test
    codes = SequenceSet.concatenate([test.new.sequences, test.real.sequences]).matrix(longest)
    states = comparison.reference.sequences.alphabet.size
    scores = out_of_fold(codes, states, test.labels, test.folds, comparison.seed)
    area, low, high = auroc(scores[: test.n], scores[test.n :], test.groups, out_of_fold=True)
    return Value(area, low, high, n=test.n, note=f"{test.n} records a class")


def out_of_fold(
    codes: np.ndarray, states: int, labels: np.ndarray, folds: np.ndarray, seed: int
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
    records = torch.cat(
        [letters.transpose(1, 2), waves.expand(len(codes), -1, -1)], 1
    ).contiguous()  # (n, A + waves, L)
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

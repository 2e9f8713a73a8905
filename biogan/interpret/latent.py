"""Walks through the latent space, and directions in it, each beside what chance would give.

A walk that stays among real-looking records shows that the model has not merely stored some. It is
held against the shortest path between the same ends: letters that differ are exchanged one by one.
Directions are the singular vectors of the layers that read the latent vector first (Shen & Zhou
2021, CVPR), that along which an oracle's value rises, and those at random; labels that were learned
are moved beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from biogan.core.errors import ConfigError
from biogan.core.oracles import Asked
from biogan.core.rng import rng, torch_generator
from biogan.models.sampling import label_steps
from biogan.sequences.dataset import SequenceSet

# Directions of the first layer, and at random; records that they are tried on; how far both ways.
_DIRECTIONS, _RECORDS, _FAR = 5, 64, 2.0
# Records from which the direction of an oracle's value is learned.
_LEARNED = 512
# Shares of a normal distribution below two standard deviations under and over its mean.
_TAILS = (0.0228, 0.9772)


@dataclass(frozen=True)
class Walks:
    """Records on the way between pairs of ends.

    Attributes
    ----------
    records, mixed : SequenceSet
        Step by step, pair by pair: the model's, and those of the shortest path.
    pairs, steps : int
        How many.
    realism, mixed_realism : numpy.ndarray, shape (pairs, steps)
        Log density ratio in nats, or the critic's logit.
    calibrated : bool
        Whether it is the former.
    edits, mixed_edits : numpy.ndarray, shape (pairs, steps - 1)
        Positions that change at each step.
    values : numpy.ndarray, shape (pairs, steps), or None
        Of an oracle.
    asked : list of str or None
        Labels that were asked for, one a step.
    """

    records: SequenceSet
    mixed: SequenceSet
    pairs: int
    steps: int
    realism: np.ndarray
    mixed_realism: np.ndarray
    calibrated: bool
    edits: np.ndarray
    mixed_edits: np.ndarray
    values: np.ndarray | None
    asked: list[str] | None

    @property
    def detour(self) -> float:
        """Edits of the walk over those of the shortest path, both over all pairs."""
        return float(self.edits.sum() / max(1, self.mixed_edits.sum()))

    @property
    def follows(self) -> float | None:
        """Spearman's correlation of the step and the oracle's value, mean over the pairs."""
        from scipy.stats import spearmanr

        if self.values is None:
            return None
        changing = [row for row in self.values if np.ptp(row) > 0]
        if not changing:
            return None
        steps = np.arange(self.steps)
        return float(np.mean([spearmanr(steps, row).statistic for row in changing]))


class Direction(NamedTuple):
    """What a move both ways changes: of the latent vector, two standard deviations, or of a label.

    Attributes
    ----------
    name : str
        ``first layer 1`` and so on, ``random 1``, ``value of gc``, or ``expr 2 to 14``.
    edits : float
        Positions that differ between both ends, mean over records.
    realism : float
        Change of the mean log density ratio (or logit) from the record to both ends.
    shares : numpy.ndarray, shape (A,)
        Change of the share of each letter from one end to the other.
    value : float or None
        Change of an oracle's value from one end to the other, mean over records.
    """

    name: str
    edits: float
    realism: float
    shares: np.ndarray
    value: float | None = None


def walks(
    gan: Any,
    pairs: int = 8,
    steps: int = 10,
    seed: int = 0,
    label: str | None = None,
    oracle: Asked | None = None,
) -> Walks:
    """Walk between pairs of latent vectors, or from one value of a label to another.

    Parameters
    ----------
    gan : SequenceGAN
        A trained model.
    pairs, steps, seed, label
        As :meth:`biogan.models.gan.GAN.interpolate` takes them.
    oracle : Asked, optional
        Tells a value of every record.

    Raises
    ------
    ConfigError
        If there is no pair, or no such label.
    """
    records = gan.interpolate(pairs, steps, seed, label)
    mixed = shortest(records, pairs, steps, seed)
    calibrated = bool(gan.card.judge)
    score = gan.log_ratio if calibrated else gan.score
    realism, other = (_table(score(some), pairs) for some in (records, mixed))
    values = None
    if oracle is not None:
        values = _table(_values(oracle, records), pairs)
    return Walks(
        records, mixed, pairs, steps, realism, other, calibrated,
        _edits(records, pairs), _edits(mixed, pairs), values,
        None if label is None else label_steps(label, steps),
    )  # fmt: skip


def shortest(records: SequenceSet, pairs: int, steps: int, seed: int = 0) -> SequenceSet:
    """Mix the letters of both ends: each position changes once, at a step drawn at random.

    Parameters
    ----------
    records : SequenceSet
        Walks, one behind another; only their ends are read.
    pairs, steps : int
        How many.
    seed : int
        Seed of the steps.
    """
    ends = records.matrix().reshape(pairs, steps, -1)[:, [0, -1]]
    turn = rng(seed, "mixing").random((pairs, 1, ends.shape[2]))
    at = np.linspace(0, 1, steps)[None, :, None]
    rows = np.where(turn < at, ends[:, 1:], ends[:, :1]).reshape(pairs * steps, -1)
    found = SequenceSet.from_matrix(
        records.alphabet, rows, [f"mixed_{i + 1}" for i in range(len(rows))]
    )
    # Those of the walk: a model with labels judges records with theirs.
    found.labels = dict(records.labels)
    return found


def directions(gan: Any, seed: int = 0, oracle: Asked | None = None) -> list[Direction]:
    """Move records along directions that mean something, and along directions at random.

    Parameters
    ----------
    gan : SequenceGAN
        A trained model.
    seed : int
        Seed of the records and of the random directions.
    oracle : Asked, optional
        Tells a value of every record. The direction along which it rises is found by least
        squares from other records (Shen et al. 2020, CVPR, "Interpreting the latent space").

    Returns
    -------
    list of Direction
        Up to five of the first layer, that of the oracle's value, and up to five at random; then
        the labels that were learned: a number from its 2.3 % to its 97.7 % quantile, which are two
        standard deviations both ways, or the most frequent class to each of up to five others.

    Raises
    ------
    ConfigError
        If no layer of the generator reads the latent vector as it is.
    """
    generator, modality = gan.networks.generator.eval(), gan.modality
    how = modality.sampling(seed=seed)

    def start(n: int, name: str) -> Any:
        noise = generator.noise(n, torch_generator(seed, name))
        return modality.asking(how)(noise, name)

    def write(noise: Any) -> SequenceSet:
        records: SequenceSet = modality.decode(modality.draw(generator, noise, how), "moved", 0)
        return records

    noise = start(_RECORDS, "directions")
    size = noise.latent.shape[1]
    found = min(_DIRECTIONS, size)
    chance = torch.randn(found, size, generator=torch_generator(seed, "random directions"))
    vectors = [(f"first layer {i}", v)
               for i, v in enumerate(_first_layers(generator, noise, size)[:found], 1)]  # fmt: skip
    if oracle is not None:
        known = start(_LEARNED, "oracle direction")
        rising = _rising(known.latent, _values(oracle, write(known)))
        vectors.append((f"value of {oracle.name}", rising))
    vectors += [(f"random {i}", v / v.norm()) for i, v in enumerate(chance, 1)]
    moves = [
        (name, *(noise._replace(latent=noise.latent + sign * _FAR * v) for sign in (-1, 1)))
        for name, v in vectors
    ]
    for name, *texts in _label_moves(gan):
        ends = [
            noise._replace(
                labels=modality.asking(modality.sampling.from_dict({"seed": seed, "label": text}))(
                    noise, "directions"
                ).labels
            )
            for text in texts
        ]
        moves.append((name, *ends))
    calibrated = bool(gan.card.judge)
    score = gan.log_ratio if calibrated else gan.score
    plain = float(score(write(noise)).mean())
    letters = gan.tokenizer.alphabet.size
    out = []
    for name, *both in moves:
        low, high = (write(end) for end in both)
        realism = np.mean([score(some).mean() for some in (low, high)]) - plain
        longest = max(low.longest, high.longest)
        edits = (low.matrix(longest) != high.matrix(longest)).sum(1).mean()
        shares = [
            np.bincount(some.codes, minlength=letters)[:letters] / max(1, len(some.codes))
            for some in (low, high)
        ]
        value = None
        if oracle is not None:
            value = float((_values(oracle, high) - _values(oracle, low)).mean())
        out.append(Direction(name, float(edits), float(realism), shares[1] - shares[0], value))
    return out


def _values(oracle: Asked, records: SequenceSet) -> np.ndarray:
    """Ask an oracle for its one value of each record, shape (n,)."""
    found = oracle(records.ungapped().strings())
    if found.shape[1] > 1:
        raise ConfigError(
            f"--oracle {oracle.name}: has the values {', '.join(oracle.columns)}; give one that "
            "has a single value"
        )
    return found[:, 0]


def _rising(latent: Tensor, values: np.ndarray) -> Tensor:
    """Return the direction of length 1 along which values rise most, by least squares."""
    x = latent.double().cpu().numpy()
    wanted = values - values.mean()
    slope = np.linalg.lstsq(x - x.mean(0), wanted, rcond=None)[0]
    slope = slope / max(float(np.linalg.norm(slope)), 1e-12)
    return torch.from_numpy(slope).float().to(latent)


def _label_moves(gan: Any) -> list[tuple[str, str, str]]:
    """Return the name of each move of a label, and both labels that are asked for."""
    found = []
    for part in gan.conditions:
        if part.kind == "number":
            low, high = (f"{x:.5g}" for x in part.at(np.array(_TAILS)))
            pairs = [(low, high)]
        else:
            order = np.argsort(-np.array(part.counts), kind="stable")[: _DIRECTIONS + 1]
            first, *others = (part.values[i] for i in order.tolist())
            pairs = [(first, other) for other in others]
        found += [(f"{part.name} {a} to {b}", f"{part.name}={a}", f"{part.name}={b}")
                  for a, b in pairs]  # fmt: skip
    return found


def _first_layers(generator: Any, noise: Any, size: int) -> Tensor:
    """Return the right singular vectors of the layers that read the latent vector, (k, latent)."""
    read: list[nn.Linear] = []

    def look(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        x = given[0]
        wide = x.dim() == 2 and x.shape[1] >= size
        if wide and torch.equal(x[:, :size].cpu(), noise.latent.cpu()):
            read.append(layer)  # type: ignore[arg-type]

    layers = [m for m in generator.modules() if isinstance(m, nn.Linear)]
    hooks = [layer.register_forward_pre_hook(look) for layer in layers]
    device = next(generator.parameters()).device
    try:
        with torch.no_grad():
            generator(noise.to(device))
    finally:
        for hook in hooks:
            hook.remove()
    if not read:
        raise ConfigError("directions: no layer of this generator reads the latent vector as it is")
    # Each layer counts as much as the others, however many positions it writes.
    weights = [layer.weight.detach()[:, :size].cpu().double() for layer in dict.fromkeys(read)]
    whole = torch.cat([w / w.norm() for w in weights])
    return torch.linalg.svd(whole, full_matrices=False).Vh.float()


def _table(values: np.ndarray, pairs: int) -> np.ndarray:
    return np.asarray(values, float).reshape(pairs, -1)


def _edits(records: SequenceSet, pairs: int) -> np.ndarray:
    rows = records.matrix()
    rows = rows.reshape(pairs, -1, rows.shape[1])
    return np.asarray((rows[:, 1:] != rows[:, :-1]).sum(2))

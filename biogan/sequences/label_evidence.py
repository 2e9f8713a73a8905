"""How well letters go with the labels that were asked for, by ridge regression of each label.

The letters of a generated record are drawn independently of one another given the noise. Each draw
suits its label on average, but a sum over many letters, as a number mostly is, varies more from
draw to draw than it does among real records of one label. What predictors of the labels say of
training and of generated records tells by how much, and candidates are chosen by it
(:mod:`biogan.models.refinement`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from biogan.core.label_codes import Condition
from biogan.core.label_rows import Conditions
from biogan.core.memory import room_for_blas
from biogan.nn.conditioning import LabelEncoder, join, split, width_of
from biogan.nn.sequence_heads import Shape, likeliest

#: Words of each length are counted up to this many different ones: k to 5 for DNA, 2 for protein.
MOST_WORDS = 1_100
#: Letters by position are read up to this many.
MOST_PLACED = 10_000
# Records that are learned from, and those by which penalty and features are chosen.
_MOST, _CHOOSING = 3_000, 1_000
# Shares of words and of letters by position in what is compared, and penalties (Gaussian process
# regression calls them the variance of the noise, of features of length 1).
_MIXES = ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5))
_PENALTIES = (1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
# Standard deviation of a rank, of U(0, 1).
_SPREAD = 0.29
# Inverse of the ridge penalty on standardised statistics.
_STRENGTH = 10.0
# Up to so many classes are compared one by one, more of them together.
_EACH = 20
# What is computed is the label where ranks differ by no more than this in half of the records.
_SAME_RANK = 0.01
# Log ratio of what has no such value.
_NEVER = -1e4

#: Computes numbers of letters: of codes, shape (n, positions), values by label, NaN where a record
#: has none.
Computed = Callable[[np.ndarray], Mapping[str, np.ndarray]]


class LabelEvidence(nn.Module):
    r"""Log density ratio of real and generated records in what predicts their labels.

    Each label is predicted by ridge regression on counts of words and, where all records have one
    length, letters by position; a number given the other labels of the record, as its meaning may
    change with them. With the label :math:`t` (a rank, or which classes a record has, less their
    shares) and the distance :math:`e` of the prediction from what real records of that label have
    on average, the ratio is linear in :math:`e t`, :math:`e^2` and :math:`t^2`, of each class by
    itself where there are at most 20, and of a number also in the other products up to the third
    power: so is the log ratio of two normal distributions of the prediction given the label with
    other means and variances. It corrects how far generated records follow a label, and how much
    they vary about it, both ways. Numbers that can be computed from a record are not predicted.

    Parameters
    ----------
    shape : Shape
        Channels and positions of the letters.
    conditions : Conditions
        Labels that are learned.
    spelling : Tensor, shape (word, letters, channels)
        Letters of each channel, one-hot; the end symbol has none.
    placed : bool
        Whether the same position means the same in all records.
    computed : callable, optional
        Computes numbers of records; used where they are the labels of the training records.

    Examples
    --------
    >>> found = Conditions.of({"class": ["a", "c"] * 20}, ("class",), np.ones(40))
    >>> evidence = LabelEvidence(Shape(2, 3), found, torch.eye(2)[None], placed=True)
    >>> follows = torch.tensor([[0, 0, 0, 0], [1, 1, 1, 1]] * 20, dtype=torch.uint8)
    >>> ignores = torch.tensor([[0, 0, 0, 0], [0, 0, 0, 1]] * 20, dtype=torch.uint8)
    >>> evidence = evidence.fit(follows, ignores, seed=0)
    >>> letters = torch.eye(2)[torch.tensor([[0, 0, 0]] * 2)].transpose(1, 2)
    >>> labels = LabelEncoder(found)(torch.tensor([[0], [1]], dtype=torch.uint8))
    >>> right, wrong = evidence(torch.cat([letters.flatten(1), labels], 1)).tolist()
    >>> right > wrong + 1
    True
    """

    table: Tensor
    inside: Tensor
    middle: Tensor
    scale: Tensor
    weights: Tensor

    def __init__(
        self,
        shape: Shape,
        conditions: Conditions,
        spelling: Tensor,
        placed: bool,
        computed: Computed | None = None,
    ) -> None:
        super().__init__()
        self.computed = computed
        self.shape, self.encoder = shape, LabelEncoder(conditions)
        self.letters = spelling.shape[1]
        # Letters of each channel as numbers, and whether there are any.
        self.register_buffer("table", spelling.argmax(1), persistent=False)
        self.register_buffer("inside", spelling.any(1)[0], persistent=False)
        longest = next(k for k in itertools.count(1) if self.letters ** (k + 1) > MOST_WORDS)
        self.longest = max(1, min(longest, shape.length * len(spelling)))
        words = sum(self.letters**k for k in range(1, self.longest + 1))
        cells = shape.channels * shape.length
        # Columns of the words, of letters by position, and of the length and a constant.
        self.blocks = (words, cells if placed and cells <= MOST_PLACED else 0, 2)
        width, first = sum(self.blocks), 0
        self.register_buffer("middle", torch.zeros(width))
        self.register_buffer("scale", torch.zeros(width))
        self.parts: list[tuple[Condition, slice]] = []
        for part in conditions:
            if part.size:
                self.parts.append((part, slice(first, first + width_of(part))))
            first += width_of(part)
        for i, (part, _) in enumerate(self.parts):
            outputs = 1 if part.kind == "number" else len(part.values)
            self.register_buffer(f"weights_{i}", torch.zeros(width, outputs))
            self.register_buffer(f"line_{i}", torch.zeros(2))
            if computed is not None:
                self.register_buffer(f"exact_{i}", torch.tensor(False))
            if others := self._others(i):
                columns = sum(len(self.parts[j][0].values) for j in others)
                self.register_buffer(f"changes_{i}", torch.zeros(width, columns))
        size = sum(
            8 if part.kind == "number" else 5 * len(part.values) if _apart(part) else 3
            for part, _ in self.parts
        )
        self.register_buffer("weights", torch.zeros(size))

    def forward(self, records: Tensor) -> Tensor:
        """Return the log ratio of rows of letters and labels, see ``join``, shape (N,)."""
        found = self._statistics(records) @ self.weights
        return found.nan_to_num(nan=_NEVER) if self.computed is not None else found

    def _statistics(self, records: Tensor) -> Tensor:
        letters, labels = split(records, self.shape, self.encoder.width)
        taken = [i for i in range(len(self.parts)) if getattr(self, f"exact_{i}", False)]
        # What is no label here is not computed: it may take longer than all else.
        exact = self._exact(letters) if taken else {}
        features, predictions = self._standardised(self._read(letters)), []
        for i in range(len(self.parts)):
            if i in taken:
                predictions.append(exact[i])
                continue
            predicted = features @ getattr(self, f"weights_{i}")
            if self._others(i):
                by_label = features @ getattr(self, f"changes_{i}")
                change = (by_label * self._centred(labels, i)).sum(1, keepdim=True)
                predicted = predicted + change
            predictions.append(predicted)
        return self._compared(predictions, labels)

    def _exact(self, letters: Tensor) -> dict[int, Tensor]:
        """Compute what can be, in the units of the targets, shape (N, 1), by number of a label."""
        if self.computed is None:
            return {}
        found, exact = self.computed(likeliest(letters).cpu().numpy()), {}
        for i, (part, _) in enumerate(self.parts):
            if part.kind == "number" and part.name in found:
                values = found[part.name]
                ranks = np.where(np.isnan(values), np.nan, part.ranks(values))
                exact[i] = torch.from_numpy((ranks - 0.5) / _SPREAD)[:, None].to(letters)
        return exact

    def _compared(self, predictions: Sequence[Tensor], labels: Tensor) -> Tensor:
        """Hold predictions of each label against the labels, shape (N, statistics)."""
        found = []
        for i, predicted in enumerate(predictions):
            part, place = self.parts[i]
            known, asked = 1 - labels[:, place.stop - 1 : place.stop], self._targets(labels, i)
            middle, slope = getattr(self, f"line_{i}")
            error = predicted - middle - slope * asked
            some = [error * asked, error.square(), asked.square()]
            if _apart(part):
                some += [error, asked]
            else:
                some = [product.mean(1, keepdim=True) for product in some]
            if part.kind == "number":
                some += [some[0] * asked, some[1] * asked, some[2] * asked]
            found += [known * statistic for statistic in some]
        return torch.cat(found, 1)

    @torch.no_grad()
    def fit(self, real: Tensor, generated: Tensor, seed: int) -> LabelEvidence:
        """Learn from training records, and compare with generated ones.

        Parameters
        ----------
        real, generated : Tensor, shape (n, positions + bytes)
            Codes of the letters, then the bytes of the labels.
        seed : int
            Of the draw of 3,000 real records, where there are more.
        """
        order = torch.randperm(len(real), generator=torch.Generator().manual_seed(seed))
        rows = self._rows(real[order[:_MOST]])
        letters, labels = split(rows, self.shape, self.encoder.width)
        features = torch.cat([self._read(some) for some in letters.split(256)])
        spread = features.std(0)
        self.middle.copy_(features.mean(0))
        sizes = torch.tensor(self.blocks).repeat_interleave(torch.tensor(self.blocks))
        self.scale.copy_(torch.where(spread > 0, 1 / (spread * sizes.sqrt()), 0))
        features = self._standardised(features)
        grams = [part @ part.T for part in features.double().split(self.blocks, 1)]
        exact = self._exact(letters)
        predictions = [
            self._taken(labels, exact[i], i)
            if i in exact and self._same(labels, exact[i], i)
            else self._learn(features, labels, grams, i)
            for i in range(len(self.parts))
        ]
        known = self._compared(predictions, labels)
        new = torch.cat([self._statistics(self._rows(some)) for some in generated.split(256)])
        new = new[~new.isnan().any(1)]
        self.weights.copy_(_log_ratio(known, new[(new != 0).any(1)]))
        return self

    def _rows(self, stored: Tensor) -> Tensor:
        codes, labels = stored.split([self.shape.length, stored.shape[1] - self.shape.length], 1)
        letters = torch.eye(self.shape.channels)[codes.long()].transpose(1, 2)
        return join(letters, self.encoder(labels))

    def _learn(self, features: Tensor, labels: Tensor, grams: Sequence[Tensor], i: int) -> Tensor:
        """Learn to predict a label; return what all other records predict of each.

        The residual of a record that is left out is its dual weight over its place of the diagonal
        of the inverse (Rasmussen & Williams 2006, eq. 5.12).
        """
        known = (labels[:, self.parts[i][1].stop - 1] == 0).nonzero()[:, 0]
        targets = self._targets(labels, i)[known].double()
        others = self._centred(labels, i)[known].double()
        alike, some = 1 + others @ others.T, [gram[known][:, known] for gram in grams]
        mix, penalty = _chosen(some, alike, targets, bool(self.blocks[1]))
        kernel = _mixed(some, mix, alike) + penalty * torch.eye(len(known), dtype=torch.float64)
        inverse = torch.cholesky_inverse(torch.linalg.cholesky(kernel))
        dual = inverse @ targets
        mine = features[known].double()
        mine *= torch.tensor((*mix, 1.0)).repeat_interleave(torch.tensor(self.blocks))
        getattr(self, f"weights_{i}").copy_(mine.T @ dual)
        if others.shape[1]:
            getattr(self, f"changes_{i}").copy_(mine.T @ (dual * others))
        found = torch.zeros(len(labels), targets.shape[1])
        left_out = targets - dual / inverse.diagonal()[:, None]
        found[known] = left_out.float()
        slope = (targets * left_out).sum() / targets.square().sum()
        line = torch.stack([left_out.mean() - slope * targets.mean(), slope])
        getattr(self, f"line_{i}").copy_(line)
        return found

    def _same(self, labels: Tensor, computed: Tensor, i: int) -> bool:
        """Whether the labels are what is computed."""
        known = labels[:, self.parts[i][1].stop - 1] == 0
        difference = (self._targets(labels, i) - computed)[known].abs()
        return bool(difference.nanmedian() <= _SAME_RANK / _SPREAD)

    def _taken(self, labels: Tensor, computed: Tensor, i: int) -> Tensor:
        """Note that a label is computed; return it for real records, whose labels it is."""
        getattr(self, f"exact_{i}").fill_(True)
        getattr(self, f"line_{i}").copy_(torch.tensor([0.0, 1.0]))
        return torch.where(computed.isnan(), self._targets(labels, i), computed)

    def _standardised(self, features: Tensor) -> Tensor:
        found = (features - self.middle) * self.scale
        found[:, -1] = 1
        return found

    def _read(self, letters: Tensor) -> Tensor:
        """Return shares of words, letters by position, length and a one: (N, width), float32."""
        channels = likeliest(letters)
        # Behind the first end symbol nothing is read.
        inside = self.inside[channels].cumprod(1).bool()
        codes = self.table[:, channels].permute(1, 2, 0).flatten(1)
        inside = inside.repeat_interleave(len(self.table), 1)
        found, words, whole = [], torch.zeros_like(codes), torch.ones_like(inside)
        for k in range(1, self.longest + 1):
            words = words[:, : codes.shape[1] - k + 1] * self.letters + codes[:, k - 1 :]
            whole = whole[:, : codes.shape[1] - k + 1] & inside[:, k - 1 :]
            counts = torch.zeros(len(codes), self.letters**k, device=letters.device)
            counts.scatter_add_(1, words, whole.to(counts.dtype))
            found.append(counts / whole.sum(1, keepdim=True).clamp(min=1))
        if self.blocks[1]:
            found.append(letters.detach().flatten(1))
        lengths = inside.sum(1, keepdim=True).to(counts.dtype)
        return torch.cat([*found, lengths, torch.ones_like(lengths)], 1)

    def _targets(self, labels: Tensor, i: int) -> Tensor:
        """Return ranks or classes of encoded rows, less their means; 0 where there is no label."""
        part, place = self.parts[i]
        some = labels[:, place]
        known = 1 - some[:, -1:]
        if part.kind == "number":
            return known * (self.encoder.ranks(some)[:, None] - 0.5) / _SPREAD
        shares = torch.tensor(part.counts, device=labels.device) / max(part.records, 1)
        return known * (some[:, :-1] - shares)

    def _others(self, i: int) -> list[int]:
        """Return the classes that a number is predicted given; none for a label of classes."""
        if self.parts[i][0].kind != "number":
            return []
        return [j for j, (part, _) in enumerate(self.parts) if part.kind != "number"]

    def _centred(self, labels: Tensor, i: int) -> Tensor:
        """Return the classes of the other labels less their shares, shape (N, others)."""
        found = [self._targets(labels, j) for j in self._others(i)]
        return torch.cat(found, 1) if found else labels[:, :0]


def _apart(part: Condition) -> bool:
    """Whether each class of a label has statistics of its own."""
    return len(part.values) <= _EACH


def _mixed(grams: Sequence[Tensor], mix: tuple[float, float], alike: Tensor) -> Tensor:
    """Return the kernel of a mix of features, the last of which always count."""
    words, placed, rest = grams
    return (mix[0] * words + mix[1] * placed + rest) * alike


def _chosen(
    grams: Sequence[Tensor], alike: Tensor, targets: Tensor, placed: bool
) -> tuple[tuple[float, float], float]:
    """Choose features and penalty by the error of leaving one of a thousand records out."""
    few = slice(_CHOOSING)
    some = [gram[few, few] for gram in grams]
    alike, targets, best = alike[few, few], targets[few], (np.inf, _MIXES[0], _PENALTIES[0])
    for mix in _MIXES if placed else _MIXES[:1]:
        values, vectors = torch.linalg.eigh(_mixed(some, mix, alike))
        for penalty in _PENALTIES:
            weighed = vectors / (values.clamp(min=0) + penalty)
            residuals = (weighed @ (vectors.T @ targets)) / (weighed * vectors).sum(1)[:, None]
            best = min(best, (float(residuals.square().mean()), mix, penalty))
    return best[1:]


def _log_ratio(real: Tensor, generated: Tensor) -> Tensor:
    """Return the weights of statistics in the log density ratio, by logistic regression."""
    from sklearn.linear_model import LogisticRegression

    both = torch.cat([real, generated]).double().numpy()
    spread = np.maximum(both.std(0), 1e-12)
    labels = np.repeat([1, 0], [len(real), len(generated)])
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=1000)
    room_for_blas()
    model.fit((both - both.mean(0)) / spread, labels)
    return torch.from_numpy(model.coef_[0] / spread).float()

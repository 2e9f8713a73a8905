"""The judge: a classifier of two sets of records, whose log odds are what is explained.

A classifier with classes of equal weight estimates log p_records(x) / p_others(x), the log density
ratio (Sugiyama et al. 2012, "Density ratio estimation in machine learning", chapter 4). Networks
are fitted on five folds that never part near copies, and a record is judged by those that saw
neither its fold nor the next one, by which training was stopped. A line through the logits of all
records, each judged in this way, calibrates them (Platt 1999).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as loss_of

from biogan.core.rng import torch_generator
from biogan.evaluation.two_sample import FOLDS, CrossValidation
from biogan.interpret.quadratic import QuadraticForm
from biogan.nn.layers import draw_rotations, rotated
from biogan.sequences.metrics.discriminability import MAX_SITE_CELLS
from biogan.training.engine import keep_freed_memory

if TYPE_CHECKING:
    from biogan.sequences.alphabet import Alphabet

# Filters and their width; letters of a column that are read together; hidden units.
_FILTERS, _WIDTH, _SITES, _HIDDEN = 32, 9, 48, 32
# Cosine waves that tell a filter where it is.
_WAVES = 4
# Networks that differ in their first weights alone, whose logits are averaged.
_MEMBERS = 3
_DROPOUT = 0.3
# Turns of a circle that are judged.
_TURNS = 4
# Standard errors, and share of it, by which reading all columns at once has to lower the loss.
_SURE, _WORTH = 2.0, 0.1
_EPOCHS, _BATCH, _PATIENCE = 12, 128, 4
_RATE, _DECAY = 5e-3, 0.3
# Letters that are judged at once: what the filters find in them stays in a cache of the processor,
# which takes a third of the time of blocks of tens of megabytes.
_LETTERS = 1 << 13


class JudgeNetwork(nn.Module):
    """Several small networks side by side: letters to one logit each.

    Each has filters that read letters and their place wherever they stand (the mean and the maximum
    over the record), units that read all columns at once where that is asked for, and a hidden
    layer that both meet in: what depends on two places at a time needs it.

    Parameters
    ----------
    letters : int
        Size of the alphabet A.
    length : int
        Columns L.
    fixed : bool
        Whether all records have L letters.
    by_site : bool
        Whether all columns are read at once, too.
    members : int
        Number of networks M.
    random : torch.Generator
        Source of the first weights.
    """

    def __init__(
        self,
        letters: int,
        length: int,
        fixed: bool,
        by_site: bool,
        members: int,
        random: torch.Generator,
    ) -> None:
        super().__init__()
        self.members, self.fixed = members, fixed

        def drawn(*shape: int, fan_in: int) -> nn.Parameter:
            return nn.Parameter((2 * torch.rand(shape, generator=random) - 1) / fan_in**0.5)

        places = _WAVES * (1 if fixed else 2)
        seen = (letters + places) * _WIDTH
        self.filters = drawn(members * _FILTERS, letters + places, _WIDTH, fan_in=seen)
        self.bias = drawn(members * _FILTERS, fan_in=seen)
        cells = letters * length
        self.sites = drawn(cells, members * _SITES, fan_in=cells) if by_site else None
        self.sites_bias = drawn(members * _SITES, fan_in=cells) if by_site else None
        features = 2 * _FILTERS + _SITES * by_site
        self.hidden = drawn(members, features, _HIDDEN, fan_in=features)
        self.hidden_bias = drawn(members, 1, _HIDDEN, fan_in=features)
        self.last = drawn(members, features + _HIDDEN, 1, fan_in=features + _HIDDEN)
        self.offset = drawn(members, 1, 1, fan_in=features + _HIDDEN)

    def forward(self, letters: Tensor, random: torch.Generator | None = None) -> Tensor:
        """Judge records.

        Parameters
        ----------
        letters : Tensor, shape (N, A, L)
            One-hot letters, nothing behind the end of a record.
        random : torch.Generator, optional
            Source of the dropout, in training.

        Returns
        -------
        Tensor, shape (M, N)
            The logit of each network.
        """
        n, members = len(letters), self.members
        inside = letters.detach().sum(1, keepdim=True) > 0
        x = torch.cat([letters, self._places(inside)], 1)
        x = torch.conv1d(x, self.filters, self.bias, padding=_WIDTH // 2).relu() * inside
        lengths = inside.sum(2).clamp(min=1)
        pooled = [x.sum(2) / lengths, x.amax(2)]
        parts = [p.view(n, members, _FILTERS) for p in pooled]
        if self.sites is not None and self.sites_bias is not None:
            at = letters.flatten(1) @ self.sites + self.sites_bias
            parts.append(at.relu().view(n, members, _SITES))
        features = torch.cat(parts, 2).transpose(0, 1)  # (M, N, features)
        if random is not None:
            kept = torch.rand(features.shape, generator=random) > _DROPOUT
            features = features * kept / (1 - _DROPOUT)
        hidden = torch.baddbmm(self.hidden_bias, features, self.hidden).relu()
        both = torch.cat([features, hidden], 2)
        return torch.baddbmm(self.offset, both, self.last).squeeze(2)

    def taken(self, chosen: Tensor, before: dict[str, Tensor] | None) -> dict[str, Tensor]:
        """Return the weights with those of the chosen networks (M,) as now, others as before."""
        now = {name: value.detach().clone() for name, value in self.state_dict().items()}
        if before is None:
            return now
        for name, value in now.items():
            parts = [
                some.unflatten(self._axis(name), (self.members, -1))
                for some in (before[name], value)
            ]
            shape = [1] * parts[0].dim()
            shape[self._axis(name)] = self.members
            now[name] = torch.where(chosen.view(shape), parts[1], parts[0]).view_as(value)
        return now

    @staticmethod
    def _axis(name: str) -> int:
        """Return the axis of a parameter that holds one network behind another."""
        return 1 if name == "sites" else 0

    def _places(self, inside: Tensor) -> Tensor:
        """Tell the distance to the start, and of varying lengths to the end, as cosine waves."""
        longest = inside.shape[2]
        step = torch.arange(longest) + 0.5
        number = torch.arange(1.0, _WAVES + 1)[:, None]
        waves = [torch.cos(torch.pi * number * step / longest).expand(len(inside), -1, -1)]
        if not self.fixed:
            left = (inside.sum(2, keepdim=True) - step) / longest
            waves.append(torch.cos(torch.pi * number * left))
        return torch.cat(waves, 1) * inside


class Judge:
    """Networks of five folds: each record is judged by those that have not seen it.

    Attributes
    ----------
    alphabet : Alphabet
        Letters of the records.
    length : int
        Columns that are read.
    slope, intercept : float
        Calibration of the logits.
    auroc, low, high : float
        Area under the ROC curve of held-out records, and its interval.
    log_ratios : numpy.ndarray, shape (n,)
        Log density ratio of every record that it was fitted to, by the networks that
        have not seen it.

    Parameters
    ----------
    networks : sequence of Module
        One for each fold: letters (n, A, L) to logits (M, n).
    alphabet, length
        See the attributes.
    strands : bool
        Whether records mean the same on both strands: the log ratio is the mean over both then.
    circular : bool
        Whether records are circles: it is the mean over four turns of each then.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        alphabet: Alphabet,
        length: int,
        strands: bool = False,
        circular: bool = False,
    ) -> None:
        self.networks, self.alphabet, self.length = networks, alphabet, length
        self.strands, self.circular = strands, circular
        complement = alphabet.complement if strands else None
        self._partner = torch.from_numpy(alphabet.encode(complement or "").astype(np.int64))
        self.slope, self.intercept = 1.0, 0.0
        self.auroc, self.low, self.high = 0.5, 0.0, 1.0
        self.log_ratios = np.zeros(0)
        table = torch.cat([torch.eye(alphabet.size), torch.zeros(1, alphabet.size)])
        self._table = table

    @classmethod
    def fit(
        cls,
        codes: np.ndarray,
        alphabet: Alphabet,
        validation: CrossValidation,
        seed: int = 0,
        watch: Callable[[int, int], None] = lambda done, total: None,
        strands: bool = False,
        circular: bool = False,
        members: int = _MEMBERS,
    ) -> Judge:
        """Fit the networks and calibrate them.

        Parameters
        ----------
        codes : numpy.ndarray, shape (n, L), uint8
            Letters of both sets; A and above: behind the end.
        alphabet : Alphabet
            Of the A letters.
        validation : CrossValidation
            Labels (1: records, 0: the others) and folds.
        seed : int
            Seed of the weights, the order of the records and the dropout.
        watch : callable
            Receives the number of folds that are done, and of all.
        strands : bool
            Whether records mean the same on both strands.
        circular : bool
            Whether they are circles of one length.
        members : int
            Networks of a fold.

        Raises
        ------
        NonFiniteError
            If a network's logits are no numbers.
        """
        size, length = alphabet.size, codes.shape[1]
        fixed = bool((codes < size).all())
        folds, labels = validation.folds, validation.labels
        networks: list[JudgeNetwork] = []

        def fitted(fold: int, by_site: bool) -> tuple[JudgeNetwork, np.ndarray]:
            random = torch_generator(seed, "judge", fold)
            network = JudgeNetwork(size, length, fixed, by_site, members, random)
            learned, judged = _parts(folds, labels, fold)
            judge = cls([network], alphabet, length, strands, circular)
            judge._train(network, codes, labels, learned, judged, random)
            return network, judge._losses(codes[judged], labels[judged])

        by_site = False
        for fold in range(FOLDS):
            watch(fold, FOLDS)
            network, losses = fitted(fold, by_site)
            if not fold and fixed and not circular and size * length <= MAX_SITE_CELLS:
                more, fewer = fitted(fold, True)
                gain = losses - fewer
                # Weights of every column blur what filters alone find as well.
                sure = _SURE * gain.std() / len(gain) ** 0.5
                by_site = bool(gain.mean() > max(sure, _WORTH * losses.mean()))
                network = more if by_site else network
            networks.append(network)
        watch(FOLDS, FOLDS)
        judge = cls(networks, alphabet, length, strands, circular)
        judge._calibrate(codes, validation)
        return judge

    @classmethod
    def fit_pairs(cls, codes: np.ndarray, alphabet: Alphabet, validation: CrossValidation) -> Judge:
        """Fit quadratic forms, which judge by single columns and pairs of columns alone.

        Parameters
        ----------
        codes, alphabet, validation
            As :meth:`fit` takes them, of records of one length.
        """
        folds, labels = validation.folds, validation.labels
        networks: list[QuadraticForm] = []
        judge = cls(networks, alphabet, codes.shape[1])
        letters = judge.encode(codes)
        for fold in range(FOLDS):
            learned, judged = _parts(folds, labels, fold)
            form = QuadraticForm(letters[learned].mean(0))
            classes, weights = _weighed(labels, learned)
            form.fit(
                letters[learned], classes[learned], weights[learned], letters[judged],
                classes[judged],
            )  # fmt: skip
            networks.append(form)
        judge._calibrate(codes, validation)
        return judge

    def _calibrate(self, codes: np.ndarray, validation: CrossValidation) -> None:
        """Put a line through the logits of all records, each by networks that have not seen it."""
        from biogan.models.refinement import Calibration

        raw = self(codes, validation.folds)
        one, other = validation.labels == 1, validation.labels == 0
        line = Calibration.fit(raw[one], raw[other])
        self.slope, self.intercept = line.slope, line.intercept
        self.auroc, self.low, self.high = validation.auroc(raw)
        self.log_ratios = line.log_ratio(raw)

    def _losses(self, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the loss of each record by the mean logit of the first fold's networks."""
        logits = torch.from_numpy(self(codes, np.zeros(len(codes), np.int64)))
        wanted = torch.from_numpy(labels.astype(np.float64))
        return loss_of(logits, wanted, reduction="none").numpy()

    def encode(self, codes: np.ndarray) -> Tensor:
        """Return one-hot letters, shape (n, A, L), float32."""
        rows = np.minimum(codes, self.alphabet.size).astype(np.int32)
        return self._table[torch.from_numpy(rows)].transpose(1, 2).contiguous()

    def log_ratio(self, letters: Tensor, fold: int) -> Tensor:
        """Return the log density ratio of one-hot letters (n, A, L) by the networks of a fold."""
        return self._logits(self.networks[fold], letters).mean(0) * self.slope + self.intercept

    def _logits(self, network: nn.Module, letters: Tensor) -> Tensor:
        asked = [letters, self.other_strand(letters)] if self.strands else [letters]
        if self.circular:
            turns = [k * letters.shape[2] // _TURNS for k in range(_TURNS)]
            asked = [some.roll(turn, 2) for some in asked for turn in turns]
        found: Tensor = sum(network(some) for some in asked) / len(asked)
        return found

    def other_strand(self, letters: Tensor) -> Tensor:
        """Return the reverse complements of one-hot letters (n, A, L), each from its first."""
        inside = letters.detach().sum(1) > 0
        lengths, step = inside.sum(1, keepdim=True), torch.arange(letters.shape[2])
        from_end = (lengths - 1 - step).clamp(min=0)[:, None].expand_as(letters)
        return letters[:, self._partner].gather(2, from_end) * inside[:, None]

    def __call__(self, codes: np.ndarray, folds: np.ndarray) -> np.ndarray:
        """Judge records.

        Parameters
        ----------
        codes : numpy.ndarray, shape (n, L), uint8
            Letters; A and above: behind the end.
        folds : numpy.ndarray, shape (n,), int
            Fold of each record, whose networks have not seen it.

        Returns
        -------
        numpy.ndarray, shape (n,), float64
            Estimate of log p_records(x) / p_others(x), in nats.
        """
        keep_freed_memory()
        found = np.zeros(len(codes))
        size = max(1, _LETTERS // max(1, codes.shape[1]))
        with torch.no_grad():
            for fold in np.unique(folds):
                rows = np.flatnonzero(folds == fold)
                for part in np.split(rows, range(size, len(rows), size)):
                    found[part] = self.log_ratio(self.encode(codes[part]), int(fold)).numpy()
        return found

    def _train(
        self,
        network: JudgeNetwork,
        codes: np.ndarray,
        labels: np.ndarray,
        learned: np.ndarray,
        judged: np.ndarray,
        random: torch.Generator,
    ) -> None:
        """Train the networks of a fold; each keeps the weights that judged another fold best."""
        classes, weights = _weighed(labels, learned)
        rows, inner = (torch.from_numpy(np.flatnonzero(part)) for part in (learned, judged))
        batch = min(_BATCH, max(16, len(rows) // 16))
        optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
        steps = _EPOCHS * -(-len(rows) // batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
        best, kept, since = torch.full((network.members,), torch.inf), None, 0

        def loss(part: Tensor, random: torch.Generator | None = None) -> Tensor:
            letters = self.encode(codes[part.numpy()])
            if random is None:
                logits = self._logits(network, letters)
            else:
                if self.strands:
                    turned = torch.rand(len(letters), 1, 1, generator=random) < 0.5
                    letters = torch.where(turned, self.other_strand(letters), letters)
                if self.circular:
                    turns = draw_rotations(len(letters), letters.shape[2], random)
                    letters = rotated(letters, turns)
                logits = network(letters, random)
            wanted = classes[part].expand_as(logits)
            return loss_of(logits, wanted, weights[part], reduction="none").mean(1)

        for _ in range(_EPOCHS):
            for part in rows[torch.randperm(len(rows), generator=random)].split(batch):
                optimizer.zero_grad()
                loss(part, random).sum().backward()
                optimizer.step()
                schedule.step()
            with torch.no_grad():
                parts = inner.split(max(1, _LETTERS // codes.shape[1]))
                now = torch.stack([loss(part) * len(part) for part in parts]).sum(0) / len(inner)
            since += 1
            better = now < best
            if better.any():
                best, since = torch.minimum(now, best), 0
                kept = network.taken(better, kept)
            if since == _PATIENCE:
                break
        if kept is not None:
            network.load_state_dict(kept)
        network.requires_grad_(False)


def _parts(folds: np.ndarray, labels: np.ndarray, fold: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which records are learned for a fold, and which stop the training."""
    held, inner = folds == fold, folds == (fold + 1) % FOLDS
    learned = ~held & ~inner if len(np.unique(labels[~held & ~inner])) == 2 else ~held
    return learned, inner if len(np.unique(labels[inner])) == 2 else learned


def _weighed(labels: np.ndarray, learned: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return the labels, and weights that make classes equal, whatever their numbers."""
    classes = torch.from_numpy(labels.astype(np.float32))
    share = float(classes[torch.from_numpy(learned)].mean())
    return classes, torch.where(classes == 1, 0.5 / share, 0.5 / (1 - share))

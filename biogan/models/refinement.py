"""Refinement: a calibrated critic chooses among the generator's records.

Both methods make records of the generator's density p_G more like the data's, p_D, with nothing but
the estimated ratio r(x) = p_D(x) / p_G(x). Neither can write what the generator never writes.

- ``rejection``: a candidate is kept with probability min(1, r(x) / M) (discriminator rejection
  sampling, Azadi et al. 2019). M is capped, and records whose ratio is above it are kept alike.
- ``labels``: as ``mh``, with the ratio in what predicts the labels of a record instead of all that
  the critic sees: it corrects how well records follow their labels, and little else.
- ``mh``: a record is the end of a Metropolis-Hastings chain whose proposals are the generator's
  records, each taken with probability min(1, r(new) / r(old)) (Turner et al. 2019, eq. 5). The
  chains start at the plain records of the seed, not at real ones, which a model does not hold.

Record ``i`` depends on the seed and ``i`` alone: each block of records has candidates of its own.

The critic that training ends with has learned to tell the *last* raw generator from the data; what
is kept is an averaged generator, often of an earlier step. So a copy of the critic is trained on
against that frozen generator, as a classifier (binary cross-entropy and the R1 penalty on training
data). Its logit is no log odds: a classifier that saw its records before is too sure of them. A
line through the logits of records that it never saw, fitted by logistic regression with both
classes weighing the same, makes ``slope * logit + intercept`` an estimate of
log p_data(x) / p_generator(x) (Platt 1999; Turner et al. 2019, section 3.1, for GANs).
"""

from __future__ import annotations

import copy
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from biogan.core.errors import ConfigError, DataError, NonFiniteError
from biogan.core.memory import room_for_blas
from biogan.core.rng import rng, torch_generator
from biogan.evaluation.intervals import auroc
from biogan.models.card import JudgePart, ModelCard
from biogan.models.checkpoint import JUDGE, ModelFolder
from biogan.models.sampling import Draw, critic_logits, spans
from biogan.training.batches import Stream
from biogan.training.config import BY_LABELS, CHAINS
from biogan.training.losses import input_gradient, standard_critic, zero_centred
from biogan.training.modality import Chunk, Modality, Parts
from biogan.training.signals import Signals
from biogan.training.trainer import Trainer

# Inverse of the ridge penalty on the standardised logit: keeps the slope finite where the classes
# fall apart, and is nothing references a hundred records.
_STRENGTH = 10.0
# One outlier's log ratio may be too large for a float; nobody waits for one record in e^50.
_HIGHEST = 50.0


class Calibration(JudgePart, frozen=True, eq=False):
    """What the model card keeps of a calibrated critic, and how it is found and used.

    Examples
    --------
    >>> Calibration(2.0, -1.0, 9.0, 0.7, 0.6, 0.8, 100, 100).log_ratio(np.array([0.5, 1.0]))
    array([0., 1.])
    """

    @classmethod
    def fit(
        cls,
        real: np.ndarray,
        generated: np.ndarray,
        clusters: np.ndarray | None = None,
        besides: np.ndarray | None = None,
    ) -> Calibration:
        """Fit the line.

        Parameters
        ----------
        real, generated : numpy.ndarray, shape (m,) and (n,)
            Logits of records that the critic was not trained on.
        clusters : numpy.ndarray, shape (m,), optional
            Real records with one number are one piece of evidence for the interval of the area; by
            default all differ.
        besides : numpy.ndarray, shape (m + n,), optional
            What is known of the log ratio of each record besides, real ones first; the line is that
            of what is left.

        Raises
        ------
        NonFiniteError
            If a logit is no number.
        """
        both = np.concatenate([real, generated]).astype(np.float64)
        if not np.isfinite(both).all():
            raise NonFiniteError(
                "the critic's logits are no numbers, so that sample --refine has no critic; the "
                "generator is kept. Try --judge-steps 0"
            )
        centre, spread = both.mean(), max(both.std(), 1e-12)
        labels = np.repeat([1, 0], [len(real), len(generated)])
        room_for_blas()
        rise, middle = _line((both - centre) / spread, labels, besides)
        slope = float(rise / spread)
        intercept = float(middle - slope * centre)
        if slope <= 0:
            slope, intercept = 0.0, 0.0
        ratios = slope * both + intercept
        if besides is not None:
            ratios = ratios + besides
            real, generated = np.split(ratios, [len(real)])
        top = float(np.exp(min(float(ratios[len(real) :].max()), _HIGHEST)))
        groups = None
        if clusters is not None:
            alone = np.arange(len(generated)) + int(clusters.max()) + 1
            groups = np.concatenate([clusters, alone])
        area, low, high = auroc(real, generated, groups)
        return cls(slope, intercept, top, area, low, high, len(real), len(generated))

    def log_ratio(self, logits: np.ndarray) -> np.ndarray:
        """Return log p_data / p_generator of each logit, same shape."""
        return self.slope * logits + self.intercept


def _line(
    logits: np.ndarray, labels: np.ndarray, besides: np.ndarray | None
) -> tuple[float, float]:
    """Fit slope and intercept by logistic regression, beside what is known of the log ratio."""
    if besides is None:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=_STRENGTH, class_weight="balanced")
        model.fit(logits[:, None], labels)
        return float(model.coef_[0, 0]), float(model.intercept_[0])
    from scipy.optimize import minimize

    signs = 2 * labels - 1
    weights = len(labels) / (2 * np.bincount(labels)[labels])

    def loss(line: np.ndarray) -> float:
        ratios = line[0] * logits + line[1] + besides
        return float(weights @ np.logaddexp(0, -signs * ratios) + line[0] ** 2 / (2 * _STRENGTH))

    rise, middle = minimize(loss, np.zeros(2)).x
    return float(rise), float(middle)


R1 = 0.1
LR = 1e-3
# Generated records of the calibration; the largest ratio among them estimates Azadi's M.
GENERATED = 4096

NO_CRITIC = (
    "--refine: this model has no calibrated critic; it is made at the end of a run that was not "
    "stopped, has validation records and --judge-steps above 0"
)
Encode = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class CalibratedCritic:
    """A critic and what its logits mean.

    Attributes
    ----------
    critic : nn.Module
        (N, ...) to (N,).
    calibration : Calibration
        From logits to density ratios.
    modality : Modality
        How rows read as records.
    encode : callable
        Stored records to what the critic sees.
    evidence : nn.Module or None
        What is known of a record besides, a summand of the log ratio.
    """

    critic: nn.Module
    calibration: Calibration
    modality: Modality
    encode: Encode
    evidence: nn.Module | None = None

    @property
    def networks(self) -> nn.Module:
        """What is kept in a file."""
        if self.evidence is None:
            return self.critic
        return nn.ModuleDict({"critic": self.critic, "evidence": self.evidence})

    def log_ratio(self, rows: np.ndarray) -> np.ndarray:
        """Return log p_data / p_generator of each row of a generator, shape (n,)."""
        stored, block = self.modality.as_stored(rows), self.modality.block
        logits = critic_logits(self.critic, stored, self.encode, block)
        found = self.calibration.log_ratio(logits)
        return found if self.evidence is None else found + self.by_labels(rows)

    def by_labels(self, rows: np.ndarray) -> np.ndarray:
        """Return log p_data / p_generator in what predicts the labels of each row, shape (n,).

        Raises
        ------
        ConfigError
            If the model has learned no labels.
        """
        if self.evidence is None:
            raise ConfigError("--refine labels: this model has learned no labels")
        return _evident(self.evidence, self.modality, self.modality.as_stored(rows))


def fit_critic(
    trainer: Trainer,
    modality: Modality,
    parts: Parts,
    card: ModelCard,
    folder: ModelFolder | None,
) -> tuple[CalibratedCritic, ModelCard] | None:
    """Train and calibrate a critic of the generator that was kept, the same in every process.

    Parameters
    ----------
    trainer : Trainer
        A finished run.
    modality : Modality
        The kind of data.
    parts : Parts
        Training and validation records.
    card : ModelCard
        The model card.
    folder : ModelFolder or None
        Where both are written.

    Returns
    -------
    tuple of CalibratedCritic and ModelCard, or None
        The critic, and the card with its calibration. None without validation records, or where no
        step of it is asked for.

    Raises
    ------
    Interrupted
        After Ctrl-C or SIGTERM before it was made; the model is whole without it.
    """
    config, engine = trainer.config, trainer.engine
    wanted = modality.refinement_steps(config)
    # No longer than the run itself was: a trial of a few steps stays one.
    steps = min(wanted, trainer.step_count)
    if not steps or not len(parts.held_out):
        return None
    generator, step = trainer.best.network, trainer.adversarial_step
    encode = step.prepare
    critic, calibration = copy.deepcopy(modality.bare(step.critic)), None
    evidence: nn.Module | None = None

    def work() -> None:
        nonlocal critic, calibration, evidence
        real = modality.for_calibration(parts.held_out, config)
        clusters = modality.calibration_clusters(parts.held_out, config)

        def watch(step: int) -> None:
            trainer.tell("on_event", "judge", step=step, steps=steps, wanted=wanted)
            if signals.caught is not None:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            critic = train_critic(critic, generator, step.batches, modality, encode, steps, watch)
            evidence = learned_evidence(generator, modality, parts, config)
            calibration = calibrate(
                critic, generator, real, modality, encode, config.seed, clusters, evidence
            )

    with engine.busy(), Signals(engine.lead) as signals:
        engine.alone(work)
        number, calibration = engine.agree((signals.caught, calibration))
    if calibration is None:
        raise trainer.stopped(number or signal.SIGINT)
    if evidence is not None:
        evidence = engine.place(evidence)
    found = CalibratedCritic(engine.place(critic), calibration, modality, encode, evidence)
    card = msgspec.structs.replace(card, judge=calibration)
    if folder:
        engine.alone(lambda: folder.save(card, {JUDGE: found.networks}))
    return found, card


# Steps of the trial, of which the first is longer than the others.
_TRIAL = 4


def critic_seconds(trainer: Trainer, modality: Modality, parts: Parts) -> float:
    """Return about how long :func:`fit_critic` will take, by a few of its steps; 0 for not at all.

    Parameters
    ----------
    trainer : Trainer
        A run that has not begun; nothing of it is changed.
    modality : Modality
        The kind of data.
    parts : Parts
        Training and validation records.
    """
    steps, encode = modality.refinement_steps(trainer.config), trainer.adversarial_step.prepare
    if not steps or not len(parts.held_out):
        return 0.0
    generator = trainer.adversarial_step.average.network
    batches = trainer.adversarial_step.batches
    critic = modality.bare(trainer.adversarial_step.critic)
    marks: list[float] = []

    def watch(step: int) -> None:
        marks.append(time.monotonic())

    critic = train_critic(critic, generator, batches, modality, encode, _TRIAL, watch)
    watch(_TRIAL)
    some = _generated(generator, modality, modality.block, batches.seed, "calibration", 0)
    critic_logits(critic, some, encode, modality.block)
    watch(_TRIAL + 1)
    blocks = (GENERATED + min(len(parts.held_out), GENERATED)) / modality.block
    began = time.monotonic()
    learned_evidence(generator, modality, parts, trainer.config)
    learned = time.monotonic() - began
    per_step = (marks[_TRIAL] - marks[1]) / (_TRIAL - 1)
    return steps * per_step + blocks * (marks[-1] - marks[-2]) + learned


def train_critic(
    critic: nn.Module,
    generator: Any,
    batches: Stream,
    modality: Modality,
    encode: Encode,
    steps: int,
    watch: Callable[[int], None] = lambda step: None,
) -> nn.Module:
    """Train a copy of a critic to tell a frozen generator's records from training data.

    Parameters
    ----------
    critic, generator : nn.Module
        As training left them; neither is changed.
    batches : Stream
        Training data; their seed is also that of the generated records.
    modality : Modality
        How rows read as records.
    encode : callable
        Stored records to what the critic sees.
    steps : int
        Steps; the learning rate falls to nothing in a line.
    watch : callable
        Receives the number of steps that were taken, before each one.
    """
    # It looks at single records.
    critic = copy.deepcopy(critic).requires_grad_(True).eval()
    optimiser = torch.optim.Adam(critic.parameters(), LR, (0.0, 0.9), fused=True)
    for k in range(steps):
        watch(k)
        optimiser.param_groups[0]["lr"] = LR * (1 - k / steps)
        real = encode(batches[k]).requires_grad_()
        fake = _generated(generator, modality, batches.batch_size, batches.seed, "judge", k)
        logits = critic(torch.cat([real, encode(fake)]))
        penalty = zero_centred(input_gradient(logits, real))
        optimiser.zero_grad()
        (standard_critic(logits[: len(real)], logits[len(real) :]) + R1 * penalty).backward()
        optimiser.step()
    return critic.requires_grad_(False)


def calibrate(
    critic: nn.Module,
    generator: Any,
    real: Tensor,
    modality: Modality,
    encode: Encode,
    seed: int,
    clusters: np.ndarray | None = None,
    evidence: nn.Module | None = None,
) -> Calibration:
    """Calibrate a critic on real and generated records that it never saw.

    Parameters
    ----------
    critic, generator : nn.Module
        The pair.
    real : Tensor, shape (n, ...)
        Stored records that the critic was not trained on.
    modality : Modality
        How rows read as records.
    encode : callable
        Stored records to what the critic sees.
    seed : int
        Seed of the records that are drawn.
    clusters : numpy.ndarray, shape (n,), optional
        Cluster of each real record, see :meth:`Calibration.fit`.
    evidence : nn.Module, optional
        What is known besides, see :meth:`biogan.training.modality.Modality.evidence`.

    Raises
    ------
    NonFiniteError
        If a logit is no number.
    """
    # A block at a time: the noise of long sequences takes more memory than their letters.
    block = modality.block
    fake = _many_generated(generator, modality, seed, "calibration")
    known, new = (critic_logits(critic, stored, encode, block) for stored in (real, fake))
    if evidence is None:
        return Calibration.fit(known, new, clusters)
    besides = [_evident(evidence, modality, stored) for stored in (real, fake)]
    return Calibration.fit(known, new, clusters, np.concatenate(besides))


def _evident(evidence: nn.Module, modality: Modality, stored: Tensor) -> np.ndarray:
    """Return what is known of stored records besides a critic's logit, shape (n,)."""
    encode = modality.encoder(next(evidence.buffers()).device)
    return critic_logits(evidence, stored, encode, modality.block)


def learned_evidence(
    generator: Any, modality: Modality, parts: Parts, config: Any
) -> nn.Module | None:
    """Return what is known of a record besides the critic's logit, None for most kinds of data."""
    if modality.evidence() is None:
        return None
    fake = _many_generated(generator, modality, config.seed, "evidence")
    return modality.evidence(parts.train, fake, config)


def read_critic(
    folder: ModelFolder, card: ModelCard, critic: nn.Module, modality: Modality, encode: Encode
) -> CalibratedCritic | None:
    """Read the calibrated critic of a model, None if it has none.

    Parameters
    ----------
    folder : ModelFolder
        The model.
    card : ModelCard
        What its ``config.json`` holds.
    critic : nn.Module
        The model's critic; a copy takes the weights of the calibrated one.
    modality : Modality
        How rows read as records.
    encode : callable
        Stored records to what the critic sees.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged.
    """
    if not card.judge:
        return None
    calibration = Calibration(**card.judge)
    critic = copy.deepcopy(critic)
    evidence = modality.evidence()
    if evidence is not None:
        evidence = evidence.to(next(critic.parameters()).device)
    found = CalibratedCritic(critic, calibration, modality, encode, evidence)
    folder.read_weights(JUDGE, found.networks)
    return found


def _many_generated(generator: Any, modality: Modality, seed: int, name: str) -> Tensor:
    """Return 4,096 generated records, drawn a block at a time."""
    block = modality.block
    parts = range(GENERATED // block)
    return torch.cat([_generated(generator, modality, block, seed, name, k) for k in parts])


def _generated(generator: Any, modality: Modality, n: int, seed: int, *stream: str | int) -> Tensor:
    """Return generated records in the form of stored ones."""
    noise = generator.noise(n, torch_generator(seed, *stream))
    return modality.as_stored(modality.draw(generator, noise, modality.sampling(seed=seed)))


# Rejection keeps at most one candidate in M; it gives up where it keeps less than one in 50 M.
PATIENCE = 50
# Records by which it may fall short of that before it gives up.
GRACE = 10


def refined(
    draw: Draw,
    modality: Modality,
    critic: CalibratedCritic,
    start: int,
    stop: int,
    how: Any,
) -> Iterator[Chunk]:
    """Yield records ``start`` to ``stop`` of the refined stream of a seed, a block at a time.

    Parameters
    ----------
    draw : callable
        Draws blocks of the generator that the critic was calibrated for.
    modality : Modality
        How rows read as records.
    critic : CalibratedCritic
        Critic and calibration.
    start, stop : int
        Records, counted from 0; ``stop`` is not included.
    how : SamplingConfig
        Seed; method; effort: candidates to spend on a record, the length of a chain, or the cap of
        M.
    """
    propose = proposer(draw, critic.by_labels if how.refinement == BY_LABELS else critic.log_ratio)
    effort, size = how.chosen("effort"), modality.block
    if how.refinement in CHAINS:
        refine = metropolis_hastings(propose, how.seed, effort, size)
    else:
        limit = min(float(effort), critic.calibration.max_ratio)
        refine = rejection(propose, how.seed, limit, size)
    return in_blocks(refine, modality, start, stop, f"gan{how.seed}_{how.refinement}")


class Candidates(NamedTuple):
    """Records of the generator, one a row, log p_D / p_G of each, and whether it was redrawn."""

    rows: np.ndarray
    log_ratio: np.ndarray
    again: np.ndarray


class Refined(NamedTuple):
    """The wanted records of a block; candidates looked at, taken and redrawn for them."""

    rows: np.ndarray
    proposed: int
    accepted: int
    again: int = 0


#: Draws a block of candidates from a named stream.
Propose = Callable[..., Candidates]
#: Refines the records from one place in a block up to another (block, low, high).
Refine = Callable[[int, int, int], Refined]


def in_blocks(
    refine: Refine, modality: Modality, start: int, stop: int, prefix: str
) -> Iterator[Chunk]:
    """Yield records ``start`` to ``stop`` of a refined stream, a block at a time.

    Parameters
    ----------
    refine : callable
        :func:`rejection` or :func:`metropolis_hastings`.
    modality : Modality
        How rows read as records.
    start, stop : int
        Records, counted from 0; ``stop`` is not included.
    prefix : str
        What the ids begin with.
    """
    size = modality.block
    for block, low, high in spans(start, stop, size):
        rows, *numbers = refine(block, low, high)
        records = modality.decode(rows, prefix, block * size + low)
        yield Chunk(records, *numbers)


def proposer(draw: Draw, judge: Callable[[np.ndarray], np.ndarray]) -> Propose:
    """Return what draws a block of candidates from a named stream, with their log ratios."""

    def propose(*stream: str | int) -> Candidates:
        rows, again, _ = draw(*stream)
        return Candidates(rows, judge(rows), again)

    return propose


def rejection(propose: Propose, seed: int, limit: float, size: int) -> Refine:
    """Return what keeps each candidate with probability min(1, r / M).

    Parameters
    ----------
    propose : callable
        Draws candidates (:func:`proposer`).
    seed : int
        Seed of the stream.
    limit : float
        M: records of this ratio and above are always kept.
    size : int
        Records of a block.

    Returns
    -------
    callable
        Raises DataError if hardly any candidate is kept.
    """
    # Below 1 where the critic tells all generated records from real ones.
    rarest = PATIENCE * max(limit, 1)

    def refine(block: int, low: int, high: int) -> Refined:
        kept: list[np.ndarray] = []
        tried = found = redrawn = 0
        while found < high:
            rows, log_ratio, again = propose("rejection", block, tried)
            coins = rng(seed, "rejection coins", block, tried).random(size)
            # A coin of 0 is kept by every ratio.
            chosen = coins < np.exp(log_ratio - np.log(limit))
            kept.append(rows[chosen])
            found, tried, redrawn = found + int(chosen.sum()), tried + 1, redrawn + int(again.sum())
            if found < high and tried * size > rarest * (found + GRACE):
                raise DataError(
                    f"--refine rejection: {found:,} of {size * tried:,} candidates kept, fewer "
                    f"than 1 in {rarest:,.0f}: take --refine mh or another --effort, or "
                    "train longer"
                )
        return Refined(np.concatenate(kept)[low:high], size * tried, found, redrawn)

    return refine


def metropolis_hastings(propose: Propose, seed: int, steps: int, size: int) -> Refine:
    """Return what takes the ends of chains.

    Parameters
    ----------
    propose, seed
        As of :func:`rejection`.
    steps : int
        Proposals in each chain.
    size : int
        Records of a block.
    """

    def refine(block: int, low: int, high: int) -> Refined:
        rows, log_ratio, again = propose("sample", block)
        moves, redrawn = 0, int(again[low:high].sum())
        for k in range(steps):
            new = propose("mh", block, k)
            coins = rng(seed, "mh coins", block, k).random(size)
            moved = coins < np.exp(np.minimum(new.log_ratio - log_ratio, 0))
            rows = np.where(moved.reshape(-1, *[1] * (rows.ndim - 1)), new.rows, rows)
            log_ratio = np.where(moved, new.log_ratio, log_ratio)
            moves += int(moved[low:high].sum())
            redrawn += int(new.again[low:high].sum())
        return Refined(rows[low:high], steps * (high - low), moves, redrawn)

    return refine

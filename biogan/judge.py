"""The judge: a critic that knows the generator that was kept, with its calibration.

The critic that training ends with has learned to tell the *last* raw generator from the data; what
is kept is an averaged generator, often of an earlier step. So a copy of the critic is trained on
against that frozen generator, as a classifier (binary cross-entropy and the R1 penalty on training
data), and then calibrated on the records that were kept for validation.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from biogan.calibration import Calibration
from biogan.circles import draw_turns, turned
from biogan.datasets.drawing import drawn
from biogan.datasets.layout import Layout
from biogan.datasets.sequences import SequenceSet
from biogan.losses import standard_critic
from biogan.modelfile import trusted
from biogan.nets.heads import LetterGenerator
from biogan.penalties import input_gradient, zero_centred
from biogan.sampling import BLOCK, critic_logits, write_codes
from biogan.seeds import torch_generator
from biogan.training.batches import Stream
from biogan.training.folder import JUDGE, ModelFolder

R1 = 0.1
LR = 1e-3
# Generated records of the calibration; the largest ratio among them estimates Azadi's M.
GENERATED = 4096
# Real ones, at most: more would take time and change nothing.
MOST_RECORDS, MOST_LETTERS = 10_000, 5_000_000

NO_JUDGE = (
    "--refine: this model has no calibrated critic; it is made at the end of a run that was not "
    "stopped, has validation records and --judge-steps above 0"
)
Prepare = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Judge:
    """A critic and what its logits mean.

    Attributes
    ----------
    critic : nn.Module
        (N, channels, length) to (N,).
    calibration : Calibration
        From logits to density ratios.
    prepare : callable
        Codes to what the critic sees.
    """

    critic: nn.Module
    calibration: Calibration
    prepare: Prepare

    def log_ratio(self, rows: np.ndarray) -> np.ndarray:
        """Return log p_data / p_generator of each row of codes, shape (n,)."""
        logits = critic_logits(self.critic, torch.from_numpy(rows), self.prepare)
        return self.calibration.log_ratio(logits)


def train_judge(
    critic: nn.Module,
    generator: LetterGenerator,
    batches: Stream,
    layout: Layout,
    prepare: Prepare,
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
    layout : Layout
        How codes read as sequences.
    prepare : callable
        Codes to what the critic sees.
    steps : int
        Steps; the learning rate falls to nothing in a line.
    watch : callable
        Receives the number of steps that were taken, before each one.
    """
    # A judge looks at single records.
    critic = copy.deepcopy(critic).requires_grad_(True).eval()
    optimiser = torch.optim.Adam(critic.parameters(), LR, (0.0, 0.9), fused=True)
    for k in range(steps):
        watch(k)
        optimiser.param_groups[0]["lr"] = LR * (1 - k / steps)
        real = prepare(batches[k]).requires_grad_()
        fake = _generated(generator, layout, batches.batch_size, batches.seed, "judge", k)
        logits = critic(torch.cat([real, prepare(fake)]))
        penalty = zero_centred(input_gradient(logits, real))
        optimiser.zero_grad()
        (standard_critic(logits[: len(real)], logits[len(real) :]) + R1 * penalty).backward()
        optimiser.step()
    return critic.requires_grad_(False)


def calibrate(
    critic: nn.Module,
    generator: LetterGenerator,
    held_out: SequenceSet,
    layout: Layout,
    prepare: Prepare,
    seed: int,
    rotate: bool = False,
) -> Calibration:
    """Calibrate a critic on real and generated records that it never saw.

    Parameters
    ----------
    critic, generator : nn.Module
        The pair.
    held_out : SequenceSet
        Real records that the critic was not trained on; their weights count.
    layout : Layout
        How codes read as sequences.
    prepare : callable
        Codes to what the critic sees.
    seed : int
        Seed of the records that are drawn.
    rotate : bool
        Whether records are circles: the critic knows none that is not turned.

    Raises
    ------
    NonFiniteError
        If a logit is no number.
    """
    some = drawn(held_out, MOST_RECORDS, MOST_LETTERS, seed, "calibration")
    real = torch.from_numpy(layout.encode(some))
    if rotate:
        turns = torch_generator(seed, "calibration turns")
        real = turned(real, draw_turns(len(real), layout.positions, turns))
    # A block at a time: the noise of long sequences takes more memory than their letters.
    fake = torch.cat(
        [
            _generated(generator, layout, BLOCK, seed, "calibration", k)
            for k in range(GENERATED // BLOCK)
        ]
    )
    return Calibration.fit(*(critic_logits(critic, codes, prepare) for codes in (real, fake)))


def read_judge(
    folder: ModelFolder, card: dict[str, Any], critic: nn.Module, prepare: Prepare
) -> Judge | None:
    """Read the judge of a model, None if it has none.

    Parameters
    ----------
    folder : ModelFolder
        The model.
    card : dict
        What its ``config.json`` holds.
    critic : nn.Module
        The model's critic; a copy takes the weights of the judge.
    prepare : callable
        Codes to what the critic sees.

    Raises
    ------
    CheckpointError
        If a file is missing or damaged.
    """
    if card.get("judge") is None:
        return None
    with trusted(folder):
        calibration = Calibration.from_dict(card["judge"])
    critic = copy.deepcopy(critic)
    folder.read_weights(JUDGE, critic)
    return Judge(critic, calibration, prepare)


def _generated(
    generator: LetterGenerator, layout: Layout, n: int, seed: int, *stream: str | int
) -> Tensor:
    """Return generated records as codes, cut at their end like those that a reader sees."""
    noise = generator.noise(n, torch_generator(seed, *stream))
    return torch.from_numpy(layout.cut(write_codes(generator, layout, noise)))

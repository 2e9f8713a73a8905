"""What a fit of an image GAN puts together: the split, the networks, the trainer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from biogan.core.protocols import Callback, Domain, Records
from biogan.core.rng import layers_from
from biogan.images.augment import Augment
from biogan.models.checkpoint import LOG, ModelFolder
from biogan.models.fit import saver
from biogan.models.image_monitor import FEWEST, Film, ImageMonitor
from biogan.nn.image_nets import ImageCritic, RecordShape, join, split
from biogan.nn.layers import exact
from biogan.nn.sequence_nets import Networks
from biogan.training.batches import Batches
from biogan.training.callbacks import JsonLog
from biogan.training.engine import Engine
from biogan.training.presets import ImageGANConfig
from biogan.training.trainer import Trainer


class Augmented(nn.Module):
    """A critic before which real and generated images are changed alike, while it trains."""

    def __init__(self, critic: nn.Module, augment: Augment, shape: RecordShape) -> None:
        super().__init__()
        self.critic, self.augment, self.shape = critic, augment, shape

    def forward(self, records: Tensor) -> Tensor:
        """Judge records, return (N,)."""
        if not self.shape.classes:
            return self.critic(self.augment(records))
        images, classes = split(records, self.shape)
        return self.critic(join(self.augment(images), classes))


def build_networks(config: ImageGANConfig, domain: Domain) -> Networks:
    """Build generator and critic with weights drawn from the seed."""
    with layers_from(config.seed, "weights"):
        return domain.networks(config)


def split_for(records: Records, domain: Domain, config: ImageGANConfig) -> tuple[Records, Records]:
    """Take a part for validation off, unless it would be too small to judge by."""
    if config.validation * len(records) < FEWEST:
        return records, records[:0]
    return domain.split(records, config.validation, config.seed)


def data_card(records: Records, train: Records, held_out: Records, noun: str) -> dict[str, Any]:
    """Say what is trained on and what is kept for validation."""
    return {
        "records": len(records),
        "train": len(train),
        "validation": len(held_out),
        "digest": records.digest,
        "source": records.source,
        "notes": list(records.notes),
        "split": [
            f"{len(train):,} {noun}s to train on, {len(held_out):,} kept for validation"
            if len(held_out)
            else f"{len(train):,} {noun}s to train on, none for validation ({FEWEST} or more are "
            "kept, or none): the last averaged generator is kept"
        ],
    }


def build_trainer(
    config: ImageGANConfig,
    domain: Domain,
    train: Records,
    held_out: Records,
    engine: Engine,
    folder: ModelFolder | None,
    card: dict[str, Any],
    callbacks: Sequence[Callback],
) -> Trainer:
    """Put networks, batches, monitor and files together.

    Parameters
    ----------
    config : ImageGANConfig
        Options with nothing left open.
    domain : Domain
        How records become tensors.
    train, held_out : ImageSet or FragmentSet
        Training and validation records.
    engine : Engine
        Device and processes.
    folder : ModelFolder or None
        Where the model, its state and its log are written.
    card : dict
        The model card, kept up to date at each save.
    callbacks : sequence of Callback
        Further watchers.
    """
    generator, critic = build_networks(config, domain)
    augment = Augment(config.augment)
    if augment:
        assert isinstance(critic, ImageCritic)
        critic = Augmented(critic, augment, critic.shape)
    data = domain.stored(train)
    preview = Film(domain, folder) if folder else None

    def watch(step: int, steps: int) -> None:
        for callback in callbacks:
            callback.on_event("features", step=step, steps=steps)

    def monitor() -> ImageMonitor:
        with engine.busy():
            return ImageMonitor(domain, train, held_out, config.seed, preview, watch)

    log = [JsonLog(lambda: folder.path / LOG)] if folder else []
    return Trainer(
        generator,
        critic,
        Batches(data, np.ones(len(data)), config.chosen("batch_size"), config.seed),
        domain.prepare,
        config,
        engine,
        monitor=monitor() if engine.lead else None,  # the first process judges for all
        callbacks=[*callbacks, *log],
        save=saver(folder, card, bare),
    )


def bare(critic: nn.Module) -> nn.Module:
    """Return a critic without its augmentation."""
    return critic.critic if isinstance(critic, Augmented) else critic


@torch.no_grad()
def logits(critic: nn.Module, data: Tensor, domain: Domain, batch: int = 256) -> np.ndarray:
    """Return the critic's logit of each stored record, shape (n,)."""
    device = next(critic.parameters()).device
    with exact():
        parts = [critic(domain.prepare(part.to(device))) for part in data.split(batch)]
        return torch.cat(parts).cpu().numpy()

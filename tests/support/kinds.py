"""What a fit trains, on random records of every kind that steps differ in."""

import numpy as np
import torch

from biogan import DNA, ImageSet, SequenceSet
from biogan.core.rng import rng
from biogan.images.augment import Augment
from biogan.models.image_fit import Augmented
from biogan.models.image_fit import build_networks as build_image_networks
from biogan.models.registry import domain_of
from biogan.sequences.autoconfig import resolve
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.modality import Letters, build_matching, build_networks
from biogan.sequences.tokenizer import Tokenizer
from biogan.training import presets
from biogan.training.batches import Batches, RotatedBatches
from biogan.training.config import ImageGANConfig
from biogan.training.engine import Engine
from biogan.training.step import AdversarialStep

SEQUENCES = {
    "letters": {},
    "circles": {"rotate": True},
    "attention": {"attention": True, "head": "gumbel"},
    "bf16": {"precision": "bf16", "loss": "wgan-gp"},
    "dense": {"architecture": "dense", "loss": "hinge"},
    "dcgan": {"architecture": "dcgan", "head": "softmax"},
    "codons": {},
    "groups": {"minibatch_std": True},
}
IMAGES = {
    "images": {"preset": "wgan-gp", "augment": "cells,cutout,brightness,contrast"},
    "batch norm": {"preset": "classic"},
}
KINDS = (*SEQUENCES, *IMAGES)


def step_of(kind, **options):
    """Build what a fit of a kind trains."""
    return (images if kind in IMAGES else sequences)(kind, **options)


def sequences(kind, **options):
    codes = rng(0, "records").integers(0, 4, (80, 24)).astype(np.uint8)
    records = genes() if kind == "codons" else SequenceSet.from_matrix(DNA, codes)
    layout = Tokenizer.of(records)
    small = {"width": 4, "depth": 2, "units": 8, "latent": 4, "batch_size": 8, "steps": 9}
    lacking = {"dense": ("width", "depth"), "dcgan": ("units",)}.get(kind, ())
    small = {k: v for k, v in small.items() if k not in lacking}
    config, _ = resolve(SequenceGANConfig(**small, **SEQUENCES[kind], **options), layout)
    networks, engine = build_networks(config, layout), Engine(config)
    rows = torch.from_numpy(layout.encode(records))
    batches = Batches(rows, np.ones(len(rows)), 8, 0)
    return AdversarialStep(
        networks.generator, networks.critic, RotatedBatches(batches) if config.rotate else batches,
        Letters(layout.channels, engine.device), config, engine, build_matching(config, layout),
    )  # fmt: skip


def genes():
    """Return open reading frames of many lengths."""
    draw, sense = rng(0, "genes"), ["GCT", "AAA", "CTG", "GGC", "GAA"]
    texts = ["ATG" + "".join(draw.choice(sense, n)) + "TAA" for n in draw.integers(5, 12, 200)]
    found = SequenceSet.from_strings(texts)
    assert Tokenizer.of(found).word == 3
    return found


def images(kind, **options):
    pixels = rng(0, "pixels").integers(0, 255, (60, 16, 16)).astype(np.uint8)
    records = ImageSet.from_pixels(pixels, labels=np.arange(60) % 3)
    config = ImageGANConfig(width=4, latent=4, batch_size=8, steps=9, **IMAGES[kind], **options)
    domain = domain_of(records, config)
    config, _ = presets.resolve(config, domain)
    generator, critic = build_image_networks(config, domain)
    if changes := Augment(config.augment):
        critic = Augmented(critic, changes, critic.shape)
    rows = domain.stored(records)
    batches = Batches(rows, np.ones(len(rows)), 8, 0)
    return AdversarialStep(generator, critic, batches, domain.prepare, config, Engine(config))

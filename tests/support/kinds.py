"""What a fit trains, on random records of every kind that steps differ in."""

import numpy as np

from biogan import DNA, ImageSet, SequenceSet
from biogan.core.label_rows import Conditions
from biogan.core.rng import rng
from biogan.images.modality import ImageModality
from biogan.sequences.autoconfig import resolve
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.label_lengths import lengths_by_label
from biogan.sequences.modality import SequenceModality
from biogan.sequences.tokenizer import Tokenizer
from biogan.training.batches import Batches, BlurredBatches, RotatedBatches
from biogan.training.config import ImageGANConfig
from biogan.training.engine import Engine
from biogan.training.step import AdversarialStep

SEQUENCES = {
    "letters": {},
    "circles": {"rotate": True},
    "windows": {"shift": 6},
    "attention": {"attention": True, "head": "gumbel"},
    "bf16": {"precision": "bf16", "loss": "wgan-gp"},
    "dense": {"architecture": "dense", "loss": "hinge"},
    "dcgan": {"architecture": "dcgan", "head": "softmax"},
    "codons": {},
    "groups": {"minibatch_std": True},
    "labels": {},
    "labelled genes": {},
}
#: Conditions of the kinds that have labels.
LABELS = {"labels": ("class", "number", "several"), "labelled genes": ("class", "number")}
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
    coding = kind in ("codons", "labelled genes")
    records = genes() if coding else SequenceSet.from_matrix(DNA, codes)
    layout = Tokenizer.of(records)
    small = {"width": 4, "depth": 2, "units": 8, "latent": 4, "batch_size": 8, "steps": 9}
    lacking = {"dense": ("width", "depth"), "dcgan": ("units",)}.get(kind, ())
    small = {k: v for k, v in small.items() if k not in lacking}
    config, _ = resolve(SequenceGANConfig(**small, **SEQUENCES[kind], **options), layout)
    modality = SequenceModality(layout)
    if kind in LABELS:
        n = len(records)
        records.labels = {
            "class": np.array(["a", "b"] * (n // 2), object),
            "number": np.array([str(i / 7) for i in range(n)], object),
            "several": np.array(["x;y", "x"] * (n // 2), object),
        }
        conditions = Conditions.of(records.labels, LABELS[kind], np.ones(n))
        lengths = lengths_by_label(records, conditions, layout) if coding else ()
        modality = SequenceModality(layout, conditions, lengths)
    return stepped(modality, records, config)


def stepped(modality, records, config):
    """Build the step of a kind of data, on records of one weight."""
    networks, engine = modality.networks(config), Engine(config)
    rows = modality.stored(records)
    batches = Batches(rows, np.ones(len(rows)), 8, 0)
    if getattr(config, "rotate", None):
        batches = RotatedBatches(batches)
    if (labels := getattr(modality, "conditions", None)) is not None and labels.size:
        batches = BlurredBatches(batches, labels)
    return AdversarialStep(
        networks.generator, modality.augmented(networks.critic, config), batches,
        modality.encoder(engine.device), config, engine, modality.matching(config),
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
    plan = ImageModality.plan(records, config)
    return stepped(plan.modality, records, plan.config)

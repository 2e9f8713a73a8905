"""Small reports that several tests of pages share."""

import re
from functools import lru_cache

import numpy as np

from biogan.evaluation.report.report import Report
from biogan.images.dataset import ImageSet
from biogan.images.evaluate import evaluate_images
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate

NASTY = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "tab\there",
    "quote\"'&amp;",
    "+1-2@x",
    "line\nbreak\x1b[31m\x9b\u202e\ufeff",
]


def random_dna(n, length, seed, ids=None):
    codes = np.random.default_rng(seed).integers(0, 4, (n, length)).astype(np.uint8)
    return SequenceSet.from_matrix(DNA, codes, ids)


@lru_cache(maxsize=1)
def dna_report() -> Report:
    """Fixed length, with copies among the generated records, and names that hold anything."""
    train, real, held = (random_dna(80, 24, seed) for seed in (1, 2, 3))
    new = random_dna(54, 24, 4)
    ids = NASTY + [f"r{i}" for i in range(54)]
    new = SequenceSet.concatenate([train[:6], new])
    return evaluate(real, SequenceSet(DNA, new.codes, new.offsets, ids), train, held)


@lru_cache(maxsize=1)
def protein_report() -> Report:
    """Lengths vary, and there is nothing but a reference."""
    rng = np.random.default_rng(0)
    letters = list(PROTEIN.letters)
    texts = ["".join(rng.choice(letters, rng.integers(10, 30))) for _ in range(160)]
    return evaluate(*(SequenceSet.from_strings(t, alphabet="protein") for t in
                      (texts[:100], texts[100:])))  # fmt: skip


@lru_cache(maxsize=1)
def image_report() -> Report:
    """Small grey images with copies among the generated ones, two classes, and nasty names."""
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (180, 1, 16, 16)).astype(np.uint8)
    pixels[::2, :, :8] //= 4
    labels = np.arange(180) % 2
    sets = [
        ImageSet.from_pixels(pixels[k : k + 60], labels[k : k + 60], ("dim", NASTY[0]), "im", name)
        for k, name in ((0, "real"), (60, "new"), (120, "held"))
    ]
    copied = np.concatenate([sets[0].pixels[:5], sets[1].pixels[5:]])
    new = ImageSet(copied, tuple([*NASTY, *sets[1].ids[6:]]), source="folder/new.npz")
    return evaluate_images(sets[0], new, held_out=sets[2], features=Halves())


class Halves:
    """Mean of the upper and of the lower half as features; the class is which is darker."""

    classes = ("dim", NASTY[0])

    def __call__(self, images):
        return images.unit().reshape(len(images), 2, -1).mean(2).astype(float)

    def classify(self, images):
        return (self(images)[:, 0] > 0.3).astype(int)


def outside(html: str) -> list[str]:
    """Addresses that a page would load."""
    found = re.findall(r'(?:src|href)="([^"#][^"]*)"|url\(([^#)][^)]*)\)|@import', html)
    return [a or b for a, b in found if not (a or b).startswith("data:")]

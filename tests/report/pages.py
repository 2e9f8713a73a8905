"""Small reports that several tests of pages share."""

import re
from functools import lru_cache

import numpy as np

from biogan.alphabet import DNA, PROTEIN
from biogan.datasets.sequences import SequenceSet
from biogan.evaluation import evaluate
from biogan.report.report import Report

NASTY = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "tab\there",
    "quote\"'&amp;",
    "+1-2@x",
    "line\nbreak",
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


def outside(html: str) -> list[str]:
    """Addresses that a page would load."""
    found = re.findall(r'(?:src|href)="([^"#][^"]*)"|url\(([^#)][^)]*)\)|@import', html)
    return [a or b for a, b in found if not (a or b).startswith("data:")]

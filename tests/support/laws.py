"""Laws that are written down in full: generators with tables of logits, and a test of draws."""

import itertools

import numpy as np
import torch
from scipy.stats import chi2

from biogan.nn.config import SequenceNetConfig
from biogan.nn.sequence_heads import LetterGenerator


class Tabled(LetterGenerator):
    """A generator whose logits stand in a table: by the signs of its latent, and by the length."""

    def __init__(self, shape, grammar, latent=1, rotate=False, seed=0, head="straight-through"):
        config = SequenceNetConfig(latent=latent, position_noise=0, rotate=rotate, head=head)
        super().__init__(config, shape, grammar)
        rng = torch.Generator().manual_seed(seed)
        self.table = torch.nn.Parameter(
            torch.randn(2**latent, shape.length + 1, *shape, generator=rng)
        )
        self.length = None

    def cell(self, latent):
        """Number of the signs of a latent."""
        return ((latent > 0) * 2 ** torch.arange(latent.shape[1])).sum(1)

    def logits(self, latent, noise, lengths, labels=None):
        given = torch.zeros(len(latent), dtype=torch.long) if lengths is None else lengths
        return self.table[self.cell(latent), given]


def letters(channels, positions):
    """All rows of codes, shape (channels ** positions, positions)."""
    return np.array([*itertools.product(range(channels), repeat=positions)])


def chance(seen, expected):
    """Chi-square p-value of counts, cells with fewer than five expected together."""
    assert seen[expected == 0].sum() == 0
    rare = expected < 5
    seen = np.append(seen[~rare], seen[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    used = expected > 0
    statistic = ((seen - expected)[used] ** 2 / expected[used]).sum()
    return chi2.sf(statistic, used.sum() - 1)

"""Verbatim copies of the training data, the control that a test of memorisation must catch."""

from __future__ import annotations

import numpy as np

from biogan.baselines.base import Baseline, draw_records
from biogan.datasets.sequences import SequenceSet


class Copies(Baseline):
    """Draws training sequences as they are: perfect by every distribution metric, and worthless.

    Examples
    --------
    >>> train = SequenceSet.from_strings(["ACGT", "GGG"])
    >>> sorted(Copies().fit(train).sample(2))
    ['ACGT', 'GGG']
    """

    prefix = "copies"

    def _draw(self, train: SequenceSet, n: int, random: np.random.Generator) -> SequenceSet:
        return train.take(draw_records(train, n, random))

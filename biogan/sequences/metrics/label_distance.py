"""The validation distance within labels: a set may be right as a whole and wrong in each part."""

from __future__ import annotations

import numpy as np

from biogan.core.label_rows import Conditions
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.validation_distance import ValidationDistance

#: Held-out records of a group below which its distance would be noise.
FEWEST = 30
#: Groups that are measured at most, those with the most records.
MOST = 24


class LabelDistance:
    """Mean of the validation distance of the records of each class, label, or eighth of a number.

    The mean is geometric, weighted by the root of the number of training records of a group.

    Parameters
    ----------
    train, held_out : SequenceSet
        Real records with labels.
    conditions : Conditions
        Labels that are learned.
    seed : int
        Seed of the draws from ``train``.
    """

    def __init__(
        self, train: SequenceSet, held_out: SequenceSet, conditions: Conditions, seed: int
    ) -> None:
        self.conditions = conditions
        ours, theirs = (self._groups(part) for part in (train, held_out))
        large = [
            name for name in ours if theirs[name].sum() >= FEWEST and ours[name].sum() >= FEWEST
        ]
        large = sorted(large, key=lambda name: -int(ours[name].sum()))[:MOST]
        self.distances = {
            name: ValidationDistance(
                train.take(np.flatnonzero(ours[name])),
                held_out.take(np.flatnonzero(theirs[name])),
                seed,
            )
            for name in large
        }

    def _groups(self, some: SequenceSet) -> dict[str, np.ndarray]:
        return self.conditions.groups(self.conditions.codes(some.labels, len(some)))

    def measure(self, generated: SequenceSet) -> float:
        """Return the distance, 1 where no group is large enough.

        Records without labels are held against every group, as those of a sampler that knows none.
        """
        if not self.distances:
            return 1.0
        labelled = all(part.name in generated.labels for part in self.conditions)
        groups = self._groups(generated) if labelled else {}
        logs, weights = [], []
        for name, distance in self.distances.items():
            some = generated
            if labelled:
                some = generated.take(np.flatnonzero(groups[name]))
            if len(some):
                logs.append(np.log(distance.measure(some).total))
                weights.append(len(distance.train) ** 0.5)
        return float(np.exp(np.average(logs, weights=weights))) if logs else 1.0

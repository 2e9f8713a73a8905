"""A comparison of two sets, for tests of single metrics."""

import numpy as np

from biogan.evaluation.metric import Value
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics import get_metrics
from biogan.sequences.metrics.comparison import Comparison, Sample


def compare(name, new, real, source=None, **options) -> Value:
    """Compute one metric of ``new`` against ``real``."""
    comparison = Comparison(Sample(new), Sample(real), Sample(source or real), **options)
    return get_metrics([name])[0](comparison)


def iid(alphabet: Alphabet, n: int, length: int, seed: int, p=None) -> SequenceSet:
    """Independent letters with probabilities ``p``, uniform without."""
    codes = np.random.default_rng(seed).choice(alphabet.size, (n, length), p=p)
    return SequenceSet.from_matrix(alphabet, codes.astype(np.uint8))

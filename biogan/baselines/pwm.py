"""Position weight matrix: independent letters at every position."""

from __future__ import annotations

import numpy as np

from biogan.baselines.markov import PSEUDOCOUNT, MarkovChain


class PWM(MarkovChain):
    """Draws the letter of every position on its own: a positional chain of order 0.

    Sequences of varying lengths end with the probability that the training data show at each
    position.

    Parameters
    ----------
    pseudocount : float
        Imagined counts at each position, spread equally over the symbols; more than 0.

    Examples
    --------
    >>> from biogan.datasets.sequences import SequenceSet
    >>> pwm = PWM(pseudocount=4).fit(SequenceSet.from_strings(["AC"] * 4))
    >>> pwm.matrix.tolist()
    [[0.625, 0.125, 0.125, 0.125], [0.125, 0.625, 0.125, 0.125]]
    """

    def __init__(self, pseudocount: float = PSEUDOCOUNT) -> None:
        super().__init__(0, positional=True, pseudocount=pseudocount)
        self.prefix = "pwm"

    @property
    def matrix(self) -> np.ndarray:
        """Probabilities of the letters, shape (longest length, letters), rows sum to 1.

        Raises
        ------
        DataError
            If nothing was fitted yet.
        """
        size = self.train.alphabet.size
        position = np.arange(self._longest)
        letters = self._probabilities(position, np.zeros_like(position))[:, :size]
        return letters / letters.sum(1, keepdims=True)

"""The deletion test: whether the score falls without the letters that are said to add to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from biogan.core.rng import rng
from biogan.interpret.attribution import Scorer, plain_letters
from biogan.sequences.alphabet import Alphabet

# Records that are tried, draws of other letters for each, and the share of positions.
_RECORDS, _DRAWS, _SHARE = 200, 5, 0.1


class Deletion(NamedTuple):
    """Mean fall of the score where a tenth of the positions have other letters.

    Attributes
    ----------
    top : float
        Those with the largest attributions.
    random : float
        Positions at random.
    variable : float or None
        Columns whose letters vary most; None where lengths vary.
    n : int
        Records.
    """

    top: float
    random: float
    variable: float | None
    n: int

    @property
    def passed(self) -> bool:
        """Whether the first is the largest."""
        return self.top > max(self.random, -np.inf if self.variable is None else self.variable)


def deletion_test(
    scorer: Scorer, codes: np.ndarray, attributions: np.ndarray, alphabet: Alphabet, seed: int
) -> Deletion | None:
    """Replace a tenth of the letters of each record by others and see how far the score falls.

    Parameters
    ----------
    scorer : Scorer
        What was explained.
    codes : numpy.ndarray, shape (n, L), uint8
        Records.
    attributions : numpy.ndarray, shape (n, L)
        Of their letters.
    alphabet : Alphabet
        Of the letters.
    seed : int
        Seed of the records, positions and letters.

    Returns
    -------
    Deletion or None
        None where records are too short to hold a tenth.
    """
    letters = plain_letters(alphabet)
    chance = rng(seed, "deletion")
    rows = np.sort(chance.permutation(len(codes))[:_RECORDS])
    some = codes[rows]
    there = some < letters
    count = (_SHARE * there.sum(1)).astype(np.int64)
    rows, some, there = rows[count > 0], some[count > 0], there[count > 0]
    count = count[count > 0]
    if not len(rows):
        return None
    own = scorer(some, rows)
    keys = {
        "top": attributions[rows],
        "random": chance.random(some.shape),
    }
    if (codes < alphabet.size).all():
        shares = np.stack([(codes == k).mean(0) for k in range(letters)])
        spread = -(shares * np.log(np.maximum(shares, 1e-12))).sum(0)
        keys["variable"] = np.broadcast_to(spread, some.shape)
    falls = {}
    for name, key in keys.items():
        order = np.argsort(-np.where(there, key, -np.inf), axis=1, kind="stable")
        taken = np.argsort(order, axis=1) < count[:, None]
        total = np.zeros(len(rows))
        for _ in range(_DRAWS):
            # Any other letter: 1 to A - 1 further on.
            step = chance.integers(1, letters, some.shape)
            changed = np.where(taken, (some + step) % letters, some).astype(np.uint8)
            total += own - scorer(changed, rows)
        falls[name] = float(total.mean() / _DRAWS)
    return Deletion(falls["top"], falls["random"], falls.get("variable"), len(rows))

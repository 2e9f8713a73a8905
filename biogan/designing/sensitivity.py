"""Which letters of a design matter, learned from what became of its relatives.

A child whose score is not below that of its parent says that none of the letters that it changed
matters; one that is worse says that at least one of them does. What does not matter can be drawn
anew all at once: one call then tries a letter at each of many positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biogan.designing.proposals import blocks

# Chance that a letter matters of which nothing is known, and how many changes that counts as.
_EXPECTED, _PSEUDO = 0.3, 0.5
# Changes that are looked at, the latest ones, and rounds of the fit.
_LATEST, _ROUNDS = 2_000, 8
# Relatives share at least this part of their positions.
_RELATED = 0.5
# Chance of harm, at most, of the letters that are drawn anew.
_HARM = 0.6


@dataclass(frozen=True)
class Changes:
    """Pairs of a design and one that was made of it: what changed, and whether that did harm.

    Attributes
    ----------
    rows : numpy.ndarray, shape (n, positions), uint8
        The better one of each pair, or either of two that are as good.
    changed : numpy.ndarray, shape (n, positions), bool
        Where the other one differs.
    harm : numpy.ndarray, shape (n,), bool
        Whether the other one is worse.
    """

    rows: np.ndarray
    changed: np.ndarray
    harm: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, scores: np.ndarray, parents: np.ndarray) -> Changes:
        """Compare the latest designs of an archive with their parents.

        Parameters
        ----------
        rows : numpy.ndarray, shape (n, positions), uint8
            The archive.
        scores : numpy.ndarray, shape (n,)
            Higher is better.
        parents : numpy.ndarray, shape (n,), int
            Number of the parent of each, -1 for none.
        """
        made = np.flatnonzero(parents >= 0)[-_LATEST:]
        own, other = rows[made], rows[parents[made]]
        better = scores[made] > scores[parents[made]]
        return cls(
            np.where(better[:, None], own, other),
            own != other,
            scores[made] != scores[parents[made]],
        )

    def matter(self, row: np.ndarray) -> np.ndarray:
        """Return the chance that each letter of a design matters, shape (positions,).

        Changes do harm independently: that of several is 1 minus the product of the chances that
        each does none (noisy-or, Pearl 1988), fitted by expectation-maximisation.

        Parameters
        ----------
        row : numpy.ndarray, shape (positions,), uint8
            Its codes.
        """
        same = self.rows == row
        near = same.mean(1) >= _RELATED
        changed = (self.changed[near] & same[near]).astype(np.float32)
        harm = self.harm[near]
        tried = changed.sum(0) + _PSEUDO
        chance = np.full(len(row), _EXPECTED)
        for _ in range(_ROUNDS):
            intact = np.exp(changed @ np.log1p(-chance))
            blame = np.where(harm, 1 / np.maximum(1 - intact, 1e-9), 0.0)
            blamed = chance * (blame @ changed)
            chance = np.clip((_EXPECTED * _PSEUDO + blamed) / tried, 1e-4, 0.999)
        return chance


def free_letters(chance: np.ndarray, draws: np.random.Generator) -> np.ndarray:
    """Choose letters to be drawn anew, shape (n, positions), bool.

    As many of those that matter least as do harm with a chance that is drawn between 0 and 0.6.

    Parameters
    ----------
    chance : numpy.ndarray, shape (n, positions)
        Chance that each letter of each design matters.

    Examples
    --------
    >>> draws = np.random.default_rng(0)
    >>> free_letters(np.array([[0.001, 0.999, 0.001, 0.999]]), draws).tolist()
    [[True, False, True, False]]
    """
    cost = -np.log1p(-chance)
    order = np.argsort(cost * draws.exponential(size=cost.shape), axis=1, kind="stable")
    allowed = -np.log1p(-draws.uniform(0, _HARM, (len(cost), 1)))
    taken = np.take_along_axis(cost, order, 1).cumsum(1) <= allowed
    taken[:, 0] = True
    free = np.zeros(cost.shape, bool)
    np.put_along_axis(free, order, taken, 1)
    return free


def grafted(
    rows: np.ndarray,
    other: np.ndarray,
    chance: np.ndarray,
    theirs: np.ndarray,
    draws: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Put letters that matter to another design where those of a design do not.

    They come from a stretch of the other one, half of the time some places away.

    Parameters
    ----------
    rows, other : numpy.ndarray, shape (n, positions), uint8
        Designs, and those whose letters are put into them.
    chance, theirs : numpy.ndarray, shape (n, positions)
        Chance that each letter of either matters.

    Returns
    -------
    rows : numpy.ndarray, shape (n, positions), uint8
        The designs with these letters.
    taken : numpy.ndarray, shape (n, positions), bool
        Where they are.
    """
    n, positions = rows.shape
    inside, source = blocks(n, positions, draws, longest=1.0, shift=0.5)
    ours, wanted = draws.random((2, n, positions))
    taken = inside & (np.take_along_axis(theirs, source, 1) > wanted) & (chance < ours)
    found = np.take_along_axis(other, source, 1)
    return np.where(taken, found, rows).astype(np.uint8), taken

"""Searches that begin with given sequences and stay within some edits of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biogan.core.rng import rng
from biogan.designing.proposals import Candidates, Prior, gathered
from biogan.sequences.constraints.language import Language

#: Edits of a first candidate at most, as a share of the positions, where no limit is given.
SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Edited:
    """What keeps the constraints and differs from a given sequence in few positions.

    Attributes
    ----------
    starts : numpy.ndarray, shape (n, positions), uint8
        Codes of the given sequences.
    most : int or None
        Positions in which a sequence may differ from one of them; None for any number.
    language : Language or None
        What else is kept.

    Examples
    --------
    >>> near = Edited(np.zeros((1, 4), np.uint8), 1, None)
    >>> near.holds(np.array([[0, 0, 0, 2], [0, 0, 1, 2]], np.uint8)).tolist()
    [True, False]
    """

    starts: np.ndarray
    most: int | None
    language: Language | None

    def holds(self, rows: np.ndarray) -> np.ndarray:
        """Tell which rows are allowed, shape (n,), bool."""
        held = np.ones(len(rows), bool) if self.language is None else self.language.holds(rows)
        if self.most is not None:
            edits = [(rows != start).sum(1) for start in self.starts]
            held &= np.min(edits, axis=0) <= self.most
        return np.asarray(held)


@dataclass(frozen=True, eq=False)
class StartPrior:
    """Draws edited copies of given sequences; neighbours are those of another prior.

    Attributes
    ----------
    prior : Prior
        The model or sampler of the search.
    allowed : Edited
        The given sequences, and what is kept.
    letters : int
        Codes that may be written.
    """

    prior: Prior
    allowed: Edited
    letters: int

    def fresh(self, n: int, seed: int, *stream: str | int, every: bool = True) -> Candidates:
        """Draw ``n`` copies with 0 edits up to as many as are allowed, in any positions.

        Raises
        ------
        ConfigError
            If hardly any keeps the constraints.
        """
        starts, most = self.allowed.starts, self.allowed.most
        length = starts.shape[1]
        most = max(1, round(SHARE * length)) if most is None else min(most, length)
        draws = rng(seed, "start", *stream)

        def draw(drawn: int) -> tuple[np.ndarray, int]:
            rows = starts[draws.integers(len(starts), size=n)].copy()
            edits = draws.integers(0, most + 1, n)
            order = draws.random(rows.shape).argsort(1).argsort(1)
            steps = draws.integers(1, max(2, self.letters), rows.shape)
            changed = (order < edits[:, None]) & (rows < self.letters)
            rows = np.where(changed, (rows + steps) % self.letters, rows).astype(np.uint8)
            return rows[self.allowed.holds(rows)] if every else rows, n

        failure = (
            f"copies with at most {most:,} edits keep the constraints; raise --max-edits or loosen "
            "them"
        )
        return Candidates(gathered(n, draw, failure, "--start: "))

    def redrawn(
        self, parents: Candidates, free: np.ndarray, seed: int, *stream: str | int
    ) -> Candidates:
        """Draw some letters of each parent anew; constraints may be violated."""
        return self.prior.redrawn(parents, free, seed, *stream)

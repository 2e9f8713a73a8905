"""Search for sequences of a high score: an archive, and proposals that are mixed by their success.

The parents are distinct designs whose scores are close to the best (AdaLead, Sinai et al. 2020,
arXiv:2010.02141), and children come from mutation, from exchange of blocks between parents
(recombination), from the neighbourhood of a parent under a prior, and fresh from it. Letters that
do not matter, by what became of earlier children, are drawn anew all at once. How often each kind
is used follows how often its children became parents (adaptive operator selection, Fialho et al.
2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from biogan.core.rng import rng
from biogan.designing.proposals import (
    Candidates,
    Prior,
    blocks,
    crossed,
    ended,
    likeness,
    mutated,
    shifted,
)
from biogan.designing.screen import Holds
from biogan.designing.sensitivity import Changes, free_letters, grafted
from biogan.designing.surrogate import FACTOR, FEWEST, Surrogate
from biogan.sequences.tokenizer import Tokenizer

#: Kinds of proposals.
KINDS = ("mutation", "exchange", "shift", "near", "redraw", "graft", "fresh")
# No kind is used less often: what helps changes during a search.
_LEAST = 0.02
# Share of the record of successes that is kept from round to round.
_MEMORY = 0.97
# What is believed of each kind before any was made: this share of so many were successes.
_EXPECTED, _PSEUDO = np.array([0.02, 0.02, 0.02, 0.01, 0.02, 0.02, 0.001]), 50.0
# Parents at most, and how far below the best they may be, as a share of the way from the median of
# the first draws to the best.
_PARENTS, _FEWEST_PARENTS, _THRESHOLD = 20, 5, 0.2
# Calls up to which surrogates choose among candidates: later they would take longer than they save.
_FEW_CALLS = 1_000
# Rounds without a better best after which every second round has as many parents, so that designs
# behind the best become better, too.
_STALLED, _WIDE = 10, 100
# Rounds of proposals without a single new candidate, after which a search ends.
_TRIES = 50


@dataclass(frozen=True)
class Proposed:
    """Candidates of a round, none of which was scored before.

    Attributes
    ----------
    candidates : Candidates
        Rows and latent vectors.
    parents : numpy.ndarray, shape (n,), int
        Number of the parent in the archive, -1 for fresh draws.
    kinds : numpy.ndarray, shape (n,), int
        Index into :data:`KINDS`.
    """

    candidates: Candidates
    parents: np.ndarray
    kinds: np.ndarray


@dataclass
class Evolution:
    """A search that is asked for candidates and told their scores.

    All draws of a round come from the seed and the number of the round: the same scores lead to the
    same candidates, so that a search is resumed by telling it again what was scored.

    Parameters
    ----------
    tokenizer : Tokenizer
        How codes read as sequences.
    prior : Prior
        Draws fresh records and neighbours.
    language : Holds, optional
        What all candidates keep.
    seed : int
        Seed of all draws.
    max_identity : float
        Parents share at most this part of their positions.

    Attributes
    ----------
    rows, scores, parents : numpy.ndarray
        The archive: every candidate that was scored, in order, and the number of its parent, -1
        where there is none.
    """

    tokenizer: Tokenizer
    prior: Prior
    language: Holds | None = None
    seed: int = 0
    max_identity: float = 0.9
    rows: np.ndarray = field(init=False)
    scores: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.rows = np.zeros((0, self.tokenizer.positions), np.uint8)
        self.states: np.ndarray | None = None
        self.parents = np.zeros(0, int)
        self.scores = np.zeros(0)
        self._seen: set[bytes] = set()
        self._round = 0
        self._tried, self._won = np.full(len(KINDS), _PSEUDO), _EXPECTED * _PSEUDO
        self._first: float | None = None
        self._asked: Proposed | None = None
        self._changes: Changes | None = None
        self._matter: dict[int, np.ndarray] = {}
        self._parents, self._since = np.zeros(0, int), 0

    @property
    def shares(self) -> np.ndarray:
        """How often each kind of proposal is used now, shape (kinds,)."""
        rates = self._won / self._tried
        return _LEAST + (1 - _LEAST * len(KINDS)) * rates / rates.sum()

    def pool(self, wide: bool = False) -> np.ndarray:
        """Return the parents: numbers of distinct designs of the archive, the best first.

        Parameters
        ----------
        wide : bool
            Many, however far below the best.
        """
        finite = self.scores[np.isfinite(self.scores)]
        best = finite.max(initial=-np.inf)
        first = best if self._first is None else self._first
        lowest = -np.inf if wide or not len(finite) else best - _THRESHOLD * max(best - first, 0.0)
        return self.distinct(_WIDE if wide else _PARENTS, lowest)

    def distinct(
        self, most: int, lowest: float = -np.inf, order: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the numbers of the best designs that differ from each other, the best first.

        Parameters
        ----------
        most : int
            Designs at most.
        lowest : float
            Designs of a score below it are taken only up to the fifth.
        order : numpy.ndarray of int, optional
            Numbers of the designs that are chosen from, the best first; by default all feasible
            ones by their scores.
        """
        if order is None:
            finite = np.flatnonzero(np.isfinite(self.scores))
            order = finite[np.argsort(-self.scores[finite], kind="stable")]
        found: list[int] = []
        for i in order.tolist():
            if len(found) == most or (self.scores[i] < lowest and len(found) >= _FEWEST_PARENTS):
                break
            alike = likeness(self.rows[found], self.rows[i], self.tokenizer.end)
            if not (alike > self.max_identity).any():
                found.append(i)
        return np.array(found, int)

    def ask(self, n: int) -> Proposed:
        """Return at most ``n`` candidates that keep the constraints and were never scored."""
        self._round += 1
        wide = self._since >= _STALLED and self._round % 2 == 0
        pool = self._parents = self.pool(wide)
        chosen = len(self.scores) < _FEW_CALLS and np.isfinite(self.scores).sum() >= FEWEST
        most = n * FACTOR if chosen else n
        parts: list[Proposed] = []
        new: set[bytes] = set()
        found = 0
        for attempt in range(_TRIES):
            # Candidates are free then: fresh ones lead to what parents are far from.
            fresh = chosen and attempt == 0
            some = self._proposed(most // 2 if fresh else most, pool, attempt, fresh)
            keep: list[int] = []
            for i, row in enumerate(some.candidates.rows):
                key = row.tobytes()
                if key not in self._seen and key not in new and found + len(keep) < most:
                    new.add(key)
                    keep.append(i)
            parts.append(_taken(some, np.array(keep, int)))
            found += len(keep)
            if found == most:
                break
        asked = _joined(parts)
        if chosen:
            spelled = self.tokenizer.letters
            learned = Surrogate(spelled(self.rows), self.scores, self.tokenizer.alphabet)
            rows = spelled(asked.candidates.rows)
            asked = _taken(asked, learned.chosen(rows, min(n, found)))
        self._asked = asked
        return asked

    def tell(self, scores: np.ndarray) -> None:
        """Receive the score of each candidate that was asked for last; higher is better.

        NaN says that it was not scored: it counts as never asked for.
        """
        asked = self._asked
        assert asked is not None
        asked, scores = _taken(asked, np.flatnonzero(~np.isnan(scores))), scores[~np.isnan(scores)]
        before = self._parents
        bar = self.scores[before].min() if len(before) else -np.inf
        if len(before):
            above = np.where(asked.parents >= 0, self.scores[asked.parents], bar)
            won = (scores > above) & (scores >= bar)
            forgotten = (1 - _MEMORY) * np.stack([np.ones(len(KINDS)), _EXPECTED]) * _PSEUDO
            tried, succeeded = (
                np.bincount(some, minlength=len(KINDS)) for some in (asked.kinds, asked.kinds[won])
            )
            self._tried = _MEMORY * self._tried + tried + forgotten[0]
            self._won = _MEMORY * self._won + succeeded + forgotten[1]
        elif np.isfinite(scores).any():
            self._first = float(np.median(scores[np.isfinite(scores)]))
        rose = scores.max(initial=-np.inf) > self.scores.max(initial=-np.inf)
        self._since = 0 if rose else self._since + 1
        rows, states = asked.candidates
        self.rows = np.concatenate([self.rows, rows])
        self.parents = np.concatenate([self.parents, asked.parents])
        self.scores = np.concatenate([self.scores, scores])
        if states is not None:
            self.states = states if self.states is None else np.concatenate([self.states, states])
        self._seen.update(row.tobytes() for row in rows)
        self._asked = None
        self._changes, self._matter = None, {}

    def _proposed(self, n: int, pool: np.ndarray, attempt: int, fresh: bool) -> Proposed:
        """Make n candidates, all fresh or of all kinds; leave out what violates the constraints."""
        stream = (self._round, attempt)
        if not len(pool):
            some = self.prior.fresh(n, self.seed, "fresh", *stream)
            fresh_ones = Proposed(some, np.full(n, -1), np.full(n, KINDS.index("fresh")))
            # A prior keeps the constraints by itself, but knows no screen.
            held = np.ones(n, bool) if self.language is None else self.language.holds(some.rows)
            return _taken(fresh_ones, np.flatnonzero(held))
        draws = rng(self.seed, "evolve", *stream)
        kinds = draws.choice(len(KINDS), n, p=self.shares)
        kinds = np.full(n, KINDS.index("fresh")) if fresh else kinds
        parents = pool[draws.integers(len(pool), size=n)]
        others = pool[draws.integers(len(pool), size=n)]
        states = None if self.states is None else self.states[parents]
        rows = self.rows[parents].copy()
        letters = self.tokenizer.end
        for kind, name in enumerate(KINDS):
            mine = np.flatnonzero(kinds == kind)
            if not len(mine):
                continue
            own = None if states is None else states[mine]
            if name == "mutation":
                rows[mine] = mutated(rows[mine], letters, draws)
            elif name == "shift":
                rows[mine] = shifted(rows[mine], letters, draws)
            elif name == "exchange":
                rows[mine] = crossed(rows[mine], self.rows[others[mine]], draws)
            else:
                if name == "fresh":
                    # There are parents: what violates the constraints is left out below.
                    some = self.prior.fresh(len(mine), self.seed, name, *stream, every=False)
                else:
                    changed, free = self._opened(name, parents[mine], others[mine], draws)
                    begun = Candidates(changed, own)
                    some = self.prior.redrawn(begun, free, self.seed, name, *stream)
                rows[mine] = some.rows
                if states is not None and some.states is not None:
                    states[mine] = some.states
                if name == "fresh":
                    parents[mine] = -1
        rows = ended(rows, letters)
        kept = np.ones(n, bool) if self.language is None else self.language.holds(rows)
        return _taken(Proposed(Candidates(rows, states), parents, kinds), np.flatnonzero(kept))

    def _opened(
        self, name: str, parents: np.ndarray, others: np.ndarray, draws: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return parents, and which of their letters the prior is to draw anew."""
        rows = self.rows[parents]
        if name == "near":
            return rows, blocks(len(rows), rows.shape[1], draws)[0]
        chance = self._chances(parents)
        free = free_letters(chance, draws)
        if name == "redraw":
            return rows, free
        rows, taken = grafted(rows, self.rows[others], chance, self._chances(others), draws)
        return rows, free & ~taken

    def _chances(self, numbers: np.ndarray) -> np.ndarray:
        """Return the chance that each letter of designs matters, shape (n, positions)."""
        if self._changes is None:
            self._changes = Changes.of(self.rows, self.scores, self.parents)
        for i in np.unique(numbers).tolist():
            if i not in self._matter:
                self._matter[i] = self._changes.matter(self.rows[i])
        return np.stack([self._matter[i] for i in numbers.tolist()])


def _taken(some: Proposed, index: np.ndarray) -> Proposed:
    rows, states = some.candidates
    part = Candidates(rows[index], None if states is None else states[index])
    return Proposed(part, some.parents[index], some.kinds[index])


def _joined(parts: Sequence[Proposed]) -> Proposed:
    rows = np.concatenate([part.candidates.rows for part in parts])
    states = [part.candidates.states for part in parts if part.candidates.states is not None]
    return Proposed(
        Candidates(rows, np.concatenate(states) if states else None),
        np.concatenate([part.parents for part in parts]),
        np.concatenate([part.kinds for part in parts]),
    )

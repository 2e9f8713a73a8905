"""What else would have found: draws, random sequences, and the same search without the model.

Each control asks the oracle as often as the search did, keeps the same constraints, and has a table
of calls of its own. What a control reaches, too, is no merit of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core.errors import BioganError
from biogan.core.files import claim_folder
from biogan.designing.calls import CallTable
from biogan.designing.comparison import Scored
from biogan.designing.evolve import KINDS, Evolution, Proposed
from biogan.designing.proposals import Candidates, ChainPrior, Prior
from biogan.designing.screen import Holds, Screened
from biogan.designing.search import CONTROLS, Proposer, Search
from biogan.designing.start import Edited
from biogan.sequences.baselines import get_baseline
from biogan.sequences.constraints.language import Language
from biogan.sequences.constraints.uniform import Feasible
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.tokenizer import Tokenizer

#: The sampler of the search without the model.
CHAIN = "markov-3"
# Draws of a round that are made anew, where all were known already.
_TRIES = 50


class Draws:
    """A search that does not search: draws of a prior, each asked about once.

    Parameters
    ----------
    prior : Prior
        What draws.
    language : Holds or None
        What all draws keep.
    seed : int
        Seed of the draws.

    Attributes
    ----------
    rows, scores : numpy.ndarray
        All draws, in order.
    """

    def __init__(self, prior: Prior, language: Holds | None, seed: int) -> None:
        self._prior, self._language, self._seed = prior, language, seed
        self.rows, self.scores = np.zeros((0, 0), np.uint8), np.zeros(0)
        self._round, self._seen = 0, set[bytes]()
        self._asked = self.rows

    def ask(self, n: int) -> Proposed:
        """Return at most ``n`` draws that keep the constraints and were not drawn before."""
        self._round += 1
        found: dict[bytes, np.ndarray] = {}
        for attempt in range(_TRIES):
            rows = self._prior.fresh(n, self._seed, "draws", self._round, attempt).rows
            held = np.ones(n, bool) if self._language is None else self._language.holds(rows)
            new = {row.tobytes(): row for row in rows[held]}
            found |= {key: row for key, row in new.items() if key not in self._seen}
            if len(found) >= n:
                break
        self._asked = np.array([*found.values()][:n], np.uint8).reshape(-1, rows.shape[1])
        many = len(self._asked)
        return Proposed(
            Candidates(self._asked), np.full(many, -1), np.full(many, KINDS.index("fresh"))
        )

    def tell(self, scores: np.ndarray) -> None:
        """Receive the score of each draw that was asked for last."""
        self._seen.update(row.tobytes() for row in self._asked)
        before = self.rows if len(self.rows) else self._asked[:0]
        self.rows = np.concatenate([before, self._asked])
        self.scores = np.concatenate([self.scores, scores])


class _Sampler:
    """Random sequences as a sampler."""

    def __init__(self, feasible: Feasible, tokenizer: Tokenizer) -> None:
        self._feasible, self._tokenizer = feasible, tokenizer

    def sample(self, n: int, seed: int) -> SequenceSet:
        return self._tokenizer.decode(self._feasible.draw(n, seed))


@dataclass(frozen=True)
class Control:
    """What a control has found.

    Attributes
    ----------
    name : str
        For files: ``samples``, ``no_prior``, ``chain_prior`` or ``random``.
    title : str
        What it is.
    texts : list of str
        Its best distinct sequences, as many as designs, without gaps.
    values : numpy.ndarray, shape (n, names)
        Their values by the oracle, to be raised.
    scores : numpy.ndarray, shape (calls,)
        Score of every call.
    checked : numpy.ndarray, shape (n, names), or None
        Their values by the check, to be raised.
    """

    name: str
    title: str
    texts: list[str]
    values: np.ndarray
    scores: np.ndarray
    checked: np.ndarray | None = None

    def summary(self, scored: Scored) -> dict[str, Any]:
        """Return it for a file, in the units of the oracle and of the check."""
        found = {
            "what": self.title, "calls": len(self.scores), "n": len(self.texts),
            "oracle": scored.spreads(self.values),
        }  # fmt: skip
        return found if self.checked is None else {**found, "check": scored.spreads(self.checked)}


def controls(
    search: Search,
    n: int,
    real: SequenceSet | None = None,
    out: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[Control]:
    """Run the controls of a search, one after the other.

    Parameters
    ----------
    search : Search
        The search that was run.
    n : int
        Sequences of each at most.
    real : SequenceSet, optional
        Real records, to which a Markov chain is fitted where the prior is a model.
    out : Path, optional
        Folder of the run. Tables of calls that are there are gone on with.
    say : callable
        Receives which control is run.

    Raises
    ------
    OracleError
        If the oracle fails; what was asked until then is in the tables.
    """
    for name, title, run, found in _ways(search, real):
        say(title)
        table = CallTable(None)
        if out is not None:
            claim_folder(out / CONTROLS)
            table = CallTable(out / CONTROLS / f"{name}.tsv")
            table.read()
        run.run(table, found)
        values = np.array([table.known[text] for text in run.texts(found.rows)], float)
        numbers = run.chosen(found, values, n)
        texts = run.texts(found.rows[numbers])
        wanted = run.objective.wanted(values[numbers], run.oracle.columns)
        yield Control(name, title, texts, wanted, found.scores)


def _ways(search: Search, real: SequenceSet | None) -> Iterator[tuple[str, str, Search, Proposer]]:
    """Yield name, title, search and what proposes its candidates."""
    kept, language, screen = search.language, None, None
    if isinstance(search.language, Screened):
        kept, screen = search.language.kept, search.language.screen
    if isinstance(kept, Language):
        language = kept
    edited = isinstance(kept, Edited)

    def held() -> Holds | None:
        return kept if screen is None else Screened(screen, search.tokenizer, kept)

    def of(prior: Prior) -> tuple[Search, Evolution]:
        own = replace(search, prior=prior, language=held())
        return own, own.evolution()

    seed = search.config.seed
    title = "random edits of --start" if edited else f"best of draws of {search.source}"
    yield "samples", title, replace(search, language=held()), Draws(search.prior, held(), seed)
    if edited or language is None:
        return
    feasible = Feasible(search.tokenizer, language)
    flat = ChainPrior(_Sampler(feasible, search.tokenizer), search.tokenizer, language, feasible)
    yield "no_prior", "the search without prior", *of(flat)
    if real is not None and "model" in search.told:
        try:
            rows = search.tokenizer.encode(real)
            exact = Feasible(search.tokenizer, language, rows)
            chain = get_baseline(CHAIN).fit(real)
        except BioganError:
            # Real records that the model cannot read.
            chain = None
        if chain is not None:
            prior = ChainPrior(chain, search.tokenizer, language, exact)
            yield "chain_prior", f"the search with {CHAIN} as prior", *of(prior)
    yield "random", "random feasible", replace(search, language=held()), Draws(flat, held(), seed)

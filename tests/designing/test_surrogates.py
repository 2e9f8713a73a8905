"""Surrogates: regressions that choose what an oracle is asked about, where calls are few."""

import numpy as np
import pytest

from biogan import SequenceSet
from biogan.core.rng import rng
from biogan.designing import evolve
from biogan.designing.evolve import Evolution
from biogan.designing.proposals import ChainPrior
from biogan.designing.surrogate import Surrogate
from biogan.sequences.alphabet import DNA
from biogan.sequences.tokenizer import FIXED, Tokenizer

TOKENIZER = Tokenizer(DNA, 30, FIXED)


class Uniform:
    def sample(self, n, seed):
        codes = rng(seed, "uniform").integers(0, 4, (n, 30)).astype(np.uint8)
        return SequenceSet.from_matrix(DNA, codes)


WEIGHTS = rng(5, "weights").normal(size=(30, 4))


def smooth(rows):
    return WEIGHTS[np.arange(30), rows].sum(1)


def best_after(calls, seed):
    search = Evolution(TOKENIZER, ChainPrior(Uniform(), TOKENIZER), seed=seed)
    while len(search.rows) < calls:
        search.tell(smooth(search.ask(10).candidates.rows))
    return search.scores.max()


def test_a_smooth_oracle_needs_fewer_calls(monkeypatch):
    with_them = [best_after(150, seed) for seed in (1, 2, 3)]
    monkeypatch.setattr(evolve, "_FEW_CALLS", 0)
    without = [best_after(300, seed) for seed in (1, 2, 3)]
    assert np.median(with_them) > np.median(without)


def test_a_batch_uses_and_doubts_what_is_known():
    rows = Uniform().sample(120, 1).matrix()
    learned = Surrogate(rows, smooth(rows), DNA)
    candidates = Uniform().sample(400, 2).matrix()
    mean, doubt = learned(candidates)
    assert np.corrcoef(mean, smooth(candidates))[0, 1] > 0.6
    # What was asked about is less uncertain than what was not.
    assert learned(rows[:20])[1].mean() < 0.7 * doubt.mean()
    assert learned.chosen(candidates, 1) == [mean.argmax()]
    some = learned.chosen(candidates, 20)
    assert len({*some.tolist()}) == 20 and (np.diff(some) > 0).all()
    assert smooth(candidates[some]).mean() > np.quantile(smooth(candidates), 0.8)


def test_infeasible_and_equal_scores_are_learned_from():
    rows = Uniform().sample(100, 1).matrix()
    scores = np.where(rows[:, 0] == 0, -np.inf, 1.0)
    learned = Surrogate(rows, scores, DNA)
    mean, _ = learned(rows)
    assert mean[rows[:, 0] == 0].mean() < mean[rows[:, 0] != 0].mean()
    flat = Surrogate(rows, np.ones(100), DNA)(rows)
    assert np.isfinite(flat[0]).all() and np.isfinite(flat[1]).all()


def test_designs_behind_the_best_become_better_once_the_best_stalls(monkeypatch):
    """A bounded oracle has many equally good sequences: the search goes on to others."""

    def bounded(rows):
        return np.minimum(smooth(rows), 12)

    def distinct(stalled):
        monkeypatch.setattr(evolve, "_STALLED", stalled)
        search = Evolution(TOKENIZER, ChainPrior(Uniform(), TOKENIZER), seed=1, max_identity=0.5)
        while len(search.rows) < 1500:
            search.tell(bounded(search.ask(30).candidates.rows))
        assert search.scores.max() == pytest.approx(12)
        return search.scores[search.pool(wide=True)].mean()

    assert distinct(10) > distinct(10_000)


def test_candidates_may_all_be_longer_than_what_was_learned_from():
    """Features are the same for both: k-mers only where no row of either has an end."""
    rows = np.random.default_rng(0).integers(0, 4, (60, 10)).astype(np.uint8)
    short = np.where(np.arange(10) < 6, rows, 4).astype(np.uint8)
    learned = Surrogate(short, (short == 2).sum(1).astype(float), DNA)
    assert len(learned.chosen(rows, 5)) == 5


def test_records_shorter_than_a_word_have_none_in_common():
    rows = np.random.default_rng(0).integers(0, 4, (60, 2)).astype(np.uint8)
    mean, doubt = Surrogate(rows, (rows == 2).sum(1).astype(float), DNA)(rows[:5])
    assert np.isfinite(mean).all() and np.isfinite(doubt).all()

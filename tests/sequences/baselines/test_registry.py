"""What all trivial samplers share, the simplest two, and the registry."""

import numpy as np
import pytest
from helpers import shared_data

from biogan import read_fasta
from biogan.core.errors import ConfigError, DataError
from biogan.core.protocols import Sampler
from biogan.sequences.baselines import BASELINES, get_baseline
from biogan.sequences.baselines.markov import MarkovChain
from biogan.sequences.baselines.simple import Copies, Uniform
from biogan.sequences.dataset import SequenceSet

NAMES = [name.replace("-K", "-2") for name in BASELINES]
TRAIN = SequenceSet.from_strings(["ACGTTGCA", "AACC", "GATTACA", "TTTTGGGG", "CAGT"])


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    monkeypatch.setattr("biogan.sequences.baselines.autoregressive._BLIND_STEPS", 3)


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_is_a_sampler_that_repeats_itself(name):
    sampler = get_baseline(name)
    assert isinstance(sampler, Sampler)
    assert sampler.fit(TRAIN) is sampler
    first, again, other = (sampler.sample(30, seed) for seed in (1, 1, 2))
    assert first.strings() == again.strings() != other.strings()
    assert len(first) == len(set(first.ids)) == 30
    assert first.alphabet == TRAIN.alphabet
    assert set(first.lengths) <= set(range(4, 9))


@pytest.mark.parametrize("name", NAMES)
def test_a_second_fit_forgets_the_first(name):
    other = SequenceSet.from_strings(["AAAAA", "AAAAC", "AACAA"])
    twice = get_baseline(name).fit(TRAIN).fit(other).sample(9, seed=1)
    assert twice.strings() == get_baseline(name).fit(other).sample(9, seed=1).strings()


@pytest.mark.parametrize("name", NAMES)
def test_fit_comes_first_and_needs_sequences(name):
    with pytest.raises(DataError, match="is not fitted: call fit"):
        get_baseline(name).sample(1)
    with pytest.raises(DataError, match="cannot be fitted: there are no sequences"):
        get_baseline(name).fit(TRAIN[:0])
    for n in (0, 2.5):
        with pytest.raises(ConfigError, match=f"n {n}: a whole number is needed, at least 1 seque"):
            get_baseline(name).fit(TRAIN).sample(n)


def test_ids_tell_the_sampler():
    ids = {name: get_baseline(name).fit(TRAIN).sample(1).ids[0] for name in NAMES}
    assert ids == {
        "markov-2": "markov2_1",
        "positional-markov-2": "positional_markov2_1",
        "positional-markov-end-2": "positional_markov_end2_1",
        "pwm": "pwm_1",
        "shuffle": "shuffle_1",
        "dinucleotide-shuffle": "dinucleotide_shuffle_1",
        "uniform": "uniform_1",
        "copies": "copies_1",
        "autoregressive": "autoregressive_1",
    }


def test_names_become_samplers():
    chain = get_baseline("positional-markov-12")
    assert isinstance(chain, MarkovChain) and (chain.order, chain.positional) == (12, True)
    with pytest.raises(ConfigError, match="baseline 'markov': give an order, markov-3"):
        get_baseline("markov")
    with pytest.raises(ConfigError, match="baseline 'markov-K': give an order, markov-3"):
        get_baseline("markov-K")
    with pytest.raises(ConfigError, match="unknown baseline 'unifrom': did you mean 'uniform'"):
        get_baseline("unifrom")
    with pytest.raises(ConfigError, match="unknown baseline 'pwm-3'"):
        get_baseline("pwm-3")


def test_copies_are_verbatim_and_follow_the_weights():
    train = SequenceSet.from_strings(["AC", "GG", "AC", "TT"]).unique()
    drawn = Copies().fit(train).sample(8, seed=5).strings()
    assert sorted(drawn[:4]) == sorted(drawn[4:]) == ["AC", "AC", "GG", "TT"]


def test_uniform_letters_and_the_lengths_of_the_data():
    train = SequenceSet.from_strings(["A" * 10, "A" * 30])
    drawn = Uniform().fit(train).sample(4000, seed=1)
    assert sorted(set(drawn.lengths.tolist())) == [10, 30]
    assert drawn.lengths.mean() == 20
    share = np.bincount(drawn.codes, minlength=4) / len(drawn.codes)
    # 80,000 letters: a standard error of 0.0015; four of them.
    assert share == pytest.approx([0.25] * 4, abs=0.006)


def test_real_promoters():
    train = read_fasta(shared_data("dna/ecoli50_promoters.train.fasta.gz"))
    pwm, chain = (get_baseline(n).fit(train) for n in ("pwm", "positional-markov-3"))
    drawn = chain.sample(5000, seed=1)
    # Nats a letter. The chain's own samples are a little less likely than what it was fitted to.
    found = [s.log_prob(x).mean() / 50 for s in (pwm, chain) for x in (train, drawn)]
    assert found == pytest.approx([-1.3468, -1.3473, -1.3015, -1.3104], abs=0.002)
    real, new = (np.eye(4)[s.matrix()].mean(0) for s in (train, drawn))
    # Four standard errors of a share of one half among 5,000.
    assert new == pytest.approx(real, abs=4 * 0.5 / 5000**0.5)

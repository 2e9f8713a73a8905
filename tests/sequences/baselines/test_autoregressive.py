"""The autoregressive network: what it writes is what it says that it writes."""

import itertools

import numpy as np
import pytest

from biogan.core.errors import ConfigError, DataError
from biogan.sequences.alphabet import RNA
from biogan.sequences.baselines.autoregressive import Autoregressive
from biogan.sequences.dataset import SequenceSet


def records(n=400, seed=0, low=2, high=4):
    """Strings that alternate between two letters."""
    rng = np.random.default_rng(seed)
    return ["".join("AC"[(i + start) % 2] for i in range(size))
            for start, size in zip(rng.integers(0, 2, n), rng.integers(low, high + 1, n),
                                   strict=True)]  # fmt: skip


@pytest.fixture(scope="module")
def peer():
    return Autoregressive(max_time="100s", seed=1).fit(SequenceSet.from_strings(records()))


def test_probabilities_of_all_strings_sum_to_one(peer):
    every = ["".join(word) for k in range(1, 5) for word in itertools.product("ACGT", repeat=k)]
    some = SequenceSet.from_strings(every)
    share = np.exp(peer.log_prob(some))
    # Records have 2 to 4 letters, and the network is asked for nothing else.
    assert share.sum() == pytest.approx(1, abs=1e-5)
    assert not share[some.lengths < 2].any()


def test_samples_come_as_often_as_the_probabilities_say(peer):
    drawn = peer.sample(20_000, seed=3).strings()
    for text in ("AC", "CAC", "ACAC", "AA"):
        share = np.exp(peer.log_prob(SequenceSet.from_strings([text])))[0]
        assert drawn.count(text) / len(drawn) == pytest.approx(share, abs=0.012)


def test_letters_far_back_are_remembered():
    # The last letter is the first one: no Markov chain of a low order can know it.
    rng = np.random.default_rng(0)
    texts = []
    for _ in range(2000):
        inner = "".join(rng.choice(list("ACGT"), 12))
        texts.append(inner[0] + inner[1:] + inner[0])
    found = Autoregressive(max_time="60s").fit(SequenceSet.from_strings(texts)).sample(500)
    assert np.mean([text[0] == text[-1] for text in found.strings()]) > 0.9


def test_it_stops_by_itself_and_gives_the_same_again(peer):
    again = Autoregressive(max_time="100s", seed=1).fit(SequenceSet.from_strings(records()))
    assert again.sample(50, seed=2).strings() == peer.sample(50, seed=2).strings()
    assert peer.kept_at <= peer.steps < 2000 and np.isfinite(peer.validation_loss)


def test_bad_input_is_one_line(peer):
    with pytest.raises(DataError, match="was fitted to sequences over 'ACGT'"):
        peer.log_prob(SequenceSet.from_strings(["ACGU"], alphabet=RNA))
    assert peer.log_prob(SequenceSet.from_strings(["ACACACAC"])).tolist() == [-np.inf]
    with pytest.raises(ConfigError, match="soon"):
        Autoregressive(max_time="soon").fit(SequenceSet.from_strings(["ACGT"] * 9))

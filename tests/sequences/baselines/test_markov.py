"""Markov chains and the PWM: probabilities by hand, known truths recovered."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest

from biogan.core.errors import ConfigError, DataError
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.baselines import markov
from biogan.sequences.baselines.markov import BACKOFFS, PWM, MarkovChain, likeliest_backoff
from biogan.sequences.dataset import SequenceSet


def dna(*strings):
    return SequenceSet.from_strings(strings)


def four_mers(s):
    matrix = s.matrix().astype(np.int64)
    width = matrix.shape[1] - 3
    key = sum(matrix[:, k : k + width] * 4 ** (3 - k) for k in range(4))
    return np.bincount(key.ravel(), minlength=256) / key.size


def divergence(p, q):
    """Jensen-Shannon divergence in bits."""
    m = (p + q) / 2
    parts = [np.sum(x[x > 0] * np.log2(x[x > 0] / m[x > 0])) for x in (p, q)]
    return sum(parts) / 2


def markov3(n, length, table, random):
    codes = random.integers(0, 4, (n, length))
    for i in range(3, length):
        share = np.cumsum(table[codes[:, i - 3] * 16 + codes[:, i - 2] * 4 + codes[:, i - 1]], 1)
        codes[:, i] = (share < random.random((n, 1))).sum(1).clip(0, 3)
    return SequenceSet.from_matrix(DNA, codes.astype(np.uint8))


def test_log_prob_by_hand_for_equal_shares():
    # 16 letters, 4 of each: with one count spread over four letters still 1/4 each.
    chain = MarkovChain(0).fit(dna("ACGT", "CGTA", "GTAC", "TACG"))
    assert chain.log_prob(dna("AAAA", "ACGT")) == pytest.approx([4 * math.log(0.25)] * 2)


def test_log_prob_by_hand_for_order_0():
    # A: 3 of 4, C: 1 of 4; one imagined count makes them (3 + .25) / 5 and (1 + .25) / 5.
    chain = MarkovChain(0).fit(dna("AA", "AC"))
    a, c, g = 3.25 / 5, 1.25 / 5, 0.25 / 5
    wanted = np.log([a * a, a * c, g * g])
    assert chain.log_prob(dna("AA", "AC", "GT")) == pytest.approx(wanted)


def test_log_prob_by_hand_for_order_1():
    # Empty context: A 3, C 1. Start -> A twice. A -> A, C. The order-1 tables add 2 counts.
    chain = MarkovChain(1, backoff=2).fit(dna("AA", "AC"))
    a, c, g = 3.25 / 5, 1.25 / 5, 0.25 / 5
    start = {"A": (2 + 2 * a) / 4, "C": 2 * c / 4, "G": 2 * g / 4}
    after_a = {"A": (1 + 2 * a) / 4, "C": (1 + 2 * c) / 4}
    wanted = [start["A"] * after_a["A"], start["A"] * after_a["C"], start["C"] * c, start["G"] * g]
    # C and G were never followed by anything: the empty context answers.
    assert chain.log_prob(dna("AA", "AC", "CC", "GG")) == pytest.approx(np.log(wanted))


def test_log_prob_by_hand_for_each_position():
    chain = MarkovChain(1, positional=True, backoff=2).fit(dna("AC", "AG"))
    first = {"A": 2.25 / 3, "C": 0.25 / 3}
    second = {"A": 0.25 / 3, "C": 1.25 / 3}
    start = {x: (2 * (x == "A") + 2 * first[x]) / 4 for x in "AC"}
    after_a = (1 + 2 * second["C"]) / 4
    wanted = [start["A"] * after_a, start["C"] * second["A"]]
    assert chain.log_prob(dna("AC", "CA")) == pytest.approx(np.log(wanted))


def test_log_prob_by_hand_where_lengths_vary():
    # Symbols A C G T end. Ends are counted after A (once); AA is the longest and must end.
    chain = MarkovChain(0).fit(dna("A", "AA"))
    a, end, other = 3.2 / 5, 1.2 / 5, 0.2 / 5
    not_end = 1 - end
    wanted = [a / not_end * end, a / not_end * a, other / not_end * other]
    assert chain.log_prob(dna("A", "AA", "CG")) == pytest.approx(np.log(wanted))
    assert chain.log_prob(dna("", "AAA")).tolist() == [-math.inf, -math.inf]


@pytest.mark.parametrize("positional", [False, True])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_probabilities_of_all_sequences_sum_to_1(order, positional):
    train = SequenceSet.from_strings(["AC", "CCA", "AAAC", "CA"], alphabet="custom:AC")
    everything = [
        "".join(letters) for n in (2, 3, 4) for letters in itertools.product("AC", repeat=n)
    ]
    chain = MarkovChain(order, positional).fit(train)
    s = SequenceSet.from_strings(everything, alphabet="custom:AC")
    assert np.exp(chain.log_prob(s)).sum() == pytest.approx(1)


@pytest.mark.parametrize("positional", [False, True])
def test_sampling_follows_log_prob(positional):
    train = SequenceSet.from_strings(["AC", "CCA", "AAA", "CA"], alphabet="custom:AC")
    chain = MarkovChain(1, positional, backoff=1).fit(train)
    drawn = chain.sample(20_000, seed=1).strings()
    everything = ["".join(p) for n in (2, 3) for p in itertools.product("AC", repeat=n)]
    wanted = np.exp(chain.log_prob(SequenceSet.from_strings(everything, alphabet="custom:AC")))
    found = np.array([drawn.count(s) for s in everything]) / len(drawn)
    # Four standard errors of the most uncertain share.
    assert found == pytest.approx(wanted, abs=4 * 0.5 / math.sqrt(20_000))
    assert found.sum() == 1


def test_a_transition_matrix_is_recovered():
    random = np.random.default_rng(0)
    truth = np.array([[0.7, 0.1, 0.1, 0.1], [0, 0.5, 0.5, 0], [0.25] * 4, [0.1, 0.2, 0.3, 0.4]])
    codes = random.integers(0, 4, (500, 200))
    for i in range(1, 200):
        share = np.cumsum(truth[codes[:, i - 1]], axis=1)
        codes[:, i] = (share <= random.random((500, 1))).sum(1).clip(0, 3)
    train = SequenceSet.from_matrix(DNA, codes.astype(np.uint8))
    drawn = MarkovChain(1).fit(train).sample(500, seed=2).matrix()
    pairs = np.zeros((4, 4))
    np.add.at(pairs, (drawn[:, :-1], drawn[:, 1:]), 1)
    assert pairs / pairs.sum(1, keepdims=True) == pytest.approx(truth, abs=0.02)


def test_a_strong_order_3_truth_is_matched_from_order_3_on():
    found = []
    for seed in range(4):
        random = np.random.default_rng(seed)
        table = random.dirichlet([0.4] * 4, 64)
        train, held_out = (markov3(2000, 100, table, random) for _ in range(2))
        reference = four_mers(held_out)
        chains = [MarkovChain(k).fit(train).sample(2000, seed) for k in range(5)]
        found.append([divergence(four_mers(s), reference) for s in [*chains, train]])
    mean = np.mean(found, axis=0)
    # Orders 0 to 4, then other real data. The tables are drawn, so low orders vary between draws.
    assert mean[:3] == pytest.approx([0.306, 0.283, 0.144], abs=0.04)
    assert mean[3:] == pytest.approx([0.0008, 0.0006, 0.0005], abs=0.0003)


def test_a_positional_chain_keeps_what_a_plain_chain_smears():
    train = dna(*["AAAAACCCCC", "CCCCCAAAAA"] * 200)
    drawn = MarkovChain(2, positional=True).fit(train).sample(400, seed=1)
    assert np.isin(drawn.strings(), train.strings()).mean() == pytest.approx(1, abs=0.02)
    # AA is followed by A six times and by C once: three times on, one turn, three times on.
    plain = MarkovChain(2).fit(train).sample(4000, seed=1)
    wanted = (6 / 7) ** 3 * (1 / 7) * (6 / 7) ** 3
    assert np.isin(plain.strings(), train.strings()).mean() == pytest.approx(wanted, abs=0.012)


def test_lengths_follow_the_data():
    random = np.random.default_rng(3)
    lengths = random.choice([5, 20], 2000, p=[0.3, 0.7])
    train = SequenceSet.from_strings(["".join(random.choice(list("ACGT"), n)) for n in lengths])
    drawn = MarkovChain(1, positional=True).fit(train).sample(2000, seed=1).lengths
    assert (drawn == 5).mean() == pytest.approx(0.3, abs=0.04)
    assert (drawn == 20).mean() == pytest.approx(0.7, abs=0.04)
    plain = MarkovChain(1).fit(train).sample(2000, seed=1).lengths
    assert plain.min() == 5 and plain.max() == 20


@pytest.mark.parametrize("lengths", [[5, 9, 31, 32], [32], [3, 4000]])
def test_the_width_of_the_blocks_changes_nothing(monkeypatch, lengths):
    random = np.random.default_rng(4)
    texts = ["".join(random.choice(list("ACGT"), n)) for n in lengths * 3]
    chain = MarkovChain(1, positional=max(lengths) < 100).fit(SequenceSet.from_strings(texts))
    drawn = []
    for width in (4, 256, 10_000):
        monkeypatch.setattr(markov, "COLUMNS", width)
        drawn.append(chain.sample(50, seed=1).strings())
    assert drawn[0] == drawn[1] == drawn[2]
    assert {len(text) for text in drawn[0]} <= set(range(min(lengths), max(lengths) + 1))


def test_one_long_record_costs_no_padding():
    # 5,001 ends beside 120,000 letters; one of two thousand hardly reaches a tenth of 40,000.
    train = dna(*["ACGTTGCAACGTTGCA"] * 5000, "ACGT" * 10_000)
    chain = MarkovChain(0).fit(train)
    tracemalloc.start()
    try:
        drawn = chain.sample(2000, seed=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert drawn.lengths.min() >= 16 and drawn.lengths.max() < 1000
    assert peak < 10e6  # 2,000 rows of 40,000 would be 80 MB


def test_weights_count_as_repeats():
    repeated = dna("ACGT", "ACGT", "ACGT", "AAAA")
    collapsed = repeated.unique()
    query = dna("ACGT", "AAAA", "CCCC")
    for order in (0, 2):
        both = [MarkovChain(order).fit(s).log_prob(query) for s in (repeated, collapsed)]
        assert both[0] == pytest.approx(both[1])


def test_backoff_is_chosen_by_leave_one_out():
    random = np.random.default_rng(5)
    prior = np.full((200, 4), 0.25)
    same = np.stack([random.multinomial(20, p) for p in prior]).astype(float)
    own = np.stack([random.multinomial(20, p) for p in random.dirichlet([0.2] * 4, 200)])
    assert likeliest_backoff(same, prior) == BACKOFFS[-1]
    # Dirichlet(.2, .2, .2, .2) is a prior of 0.8 counts.
    assert likeliest_backoff(own.astype(float), prior) == 1.0


def test_pwm_is_a_positional_chain_of_order_0():
    train = dna("ACC", "ACG", "AGG")
    pwm = PWM().fit(train)
    assert pwm.matrix[1] == pytest.approx([0.25 / 4, 2.25 / 4, 1.25 / 4, 0.25 / 4])
    assert pwm.log_prob(dna("ACG")) == pytest.approx([math.log(3.25 / 4 * 2.25 / 4 * 2.25 / 4)])
    assert pwm.sample(2, seed=0).ids == ["pwm_1", "pwm_2"]
    longer = PWM().fit(dna("AC", "A", "ACC"))
    assert longer.matrix.shape == (3, 4)
    assert longer.matrix.sum(1) == pytest.approx([1, 1, 1])


def test_proteins_of_high_order():
    random = np.random.default_rng(6)
    texts = ["".join(random.choice(list(PROTEIN.letters), 30)) for _ in range(20)]
    chain = MarkovChain(6).fit(SequenceSet.from_strings(texts, alphabet="protein"))
    assert chain.sample(10, seed=1).lengths.tolist() == [30] * 10
    with pytest.raises(ConfigError, match="order 14: too high for an alphabet of 20 letters"):
        MarkovChain(14).fit(SequenceSet.from_strings(texts, alphabet="protein"))


def test_contexts_that_do_not_fit_a_number_are_refused():
    random = np.random.default_rng(7)
    train = SequenceSet.from_matrix(DNA, random.integers(0, 4, (20, 50)).astype(np.uint8))
    for order, positional in ((23, True), (25, False)):
        chain = MarkovChain(order, positional, backoff=0.3).fit(train)
        assert np.isfinite(chain.log_prob(train)).all()
        assert chain.sample(10, seed=1).lengths.tolist() == [50] * 10
        with pytest.raises(ConfigError, match=f"order {order + 1}: too high"):
            MarkovChain(order + 1, positional, backoff=0.3).fit(train)
    with pytest.raises(ConfigError, match="order 500: too high"):
        MarkovChain(500).fit(train)


def test_bad_options_are_refused_in_one_line():
    for options in ({"order": -1}, {"order": 1, "pseudocount": 0}, {"order": 1, "backoff": -2}):
        with pytest.raises(ConfigError, match="must be"):
            MarkovChain(**options)
    with pytest.raises(DataError, match="fitted to sequences over 'ACGT', these are over 'ACGU'"):
        MarkovChain(1).fit(dna("ACGT")).log_prob(SequenceSet.from_strings(["A"], None, "rna"))

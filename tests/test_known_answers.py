"""Cases with known answers, most of them mistakes that published tools have made.

Where each case is tested (files under ``tests/metrics`` where no folder is named):

====  ===================================================================  ========================
case  what                                                                 test
====  ===================================================================  ========================
1     identical sets: no divergence, AUROC 0.5, correlations and slope 1   ``test_spectrum``,
                                                                           ``test_sites``,
                                                                           ``test_discriminability``
2, 3  disjoint spectra are 1 bit apart; two more divergences by hand       ``test_kmers``
4     overlapping windows are all counted                                  ``test_kmers``
5     two samples of one source: bias by theory, 0 inside the interval     ``test_kmers``,
                                                                           ``test_spectrum``
6     GC 0.40 against 0.50: W1, divergence, AUROC of two Gaussians         ``test_composition``,
                                                                           ``test_discriminability``
7     chains of orders 0 to 4 fitted to a chain of order 3                 here
8     a shuffle that keeps 2-mers                                          ``test_shuffle``
9     Frechet distance of two Gaussians, from their moments                ``test_manifold``
10    its jackknife: 0.25 inside the interval, plug-in far above           ``test_features``
11    density and coverage of two samples of one source                    ``test_manifold``
12    every point seven times: shares stay 1                               ``test_manifold``
13    one record 600 times; 14: ten clusters of ten (Neff, Vendi)          ``test_diversity``,
                                                                           ``test_manifold``
15    5 % copies with one mutation                                         ``test_novelty``, here
16    verbatim copies: only novelty tells                                  ``test_evaluation``
17    fresh records beside training data ten times as many                 here, ``test_novelty``
18    every record five times: no classifier learns that                   ``test_discriminability``
19    planted couplings, and such of half the strength                     ``test_position``
20    random frames without a stop codon: (61/64)^n                        ``test_genes``
21    the protein of the Biopython documentation                           ``test_proteins``
22    a protein family against its profile                                 ``test_profile``
23    a consensus planted in 30 % of the records                           ``test_scan``
25    dirty input                                                          ``io/test_nasty``,
                                                                           ``test_evaluation``
26    order and names of records, both strands                             here
27    long records: no overflow in identities                              ``test_novelty``
29    labels shuffled, swapped, one record for each, typical records       ``test_followed_labels``
====  ===================================================================  ========================

Case 24 is about molecules and case 28 about images, which biogan does not evaluate.
"""

import numpy as np
import pytest

from biogan.evaluation.distances import jsd
from biogan.evaluation.report.results import EXCESS, FLOOR, REAL, UNREAD
from biogan.sequences.alphabet import DNA
from biogan.sequences.baselines import get_baseline
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.demo import load_demo
from biogan.sequences.evaluate import evaluate
from biogan.sequences.kmers import kmer_counts
from biogan.sequences.strands import reverse_complement

LENGTH = 100


def chain_of_order_three(seed: int) -> np.ndarray:
    """Probabilities of the letter after each 3-mer, shape (64, 4), far from even."""
    return np.random.default_rng(seed).dirichlet([0.4] * 4, 64)


def stationary(steps: np.ndarray) -> np.ndarray:
    """Probabilities of 3-mers in a long sequence of the chain, shape (4, 4, 4)."""
    share = np.full((4, 4, 4), 1 / 64)
    for _ in range(500):
        share = np.einsum("abc,abcd->bcd", share, steps.reshape(4, 4, 4, 4))
    return share


def draw(steps: np.ndarray, n: int, seed: int) -> SequenceSet:
    """Sequences of the chain, which begin anywhere in its long run."""
    random = np.random.default_rng(seed)
    context = random.choice(64, n, p=stationary(steps).ravel())
    letters = [context // 16, context // 4 % 4, context % 4]
    cumulated = steps.cumsum(1)
    for _ in range(LENGTH - 3):
        letter = (cumulated[context, :3] < random.random(n)[:, None]).sum(1)
        letters.append(letter)
        context = context % 16 * 4 + letter
    return SequenceSet.from_matrix(DNA, np.stack(letters, 1).astype(np.uint8))


def four_mers(steps: np.ndarray, order: int) -> np.ndarray:
    """4-mer probabilities of the best chain of a lower order, by hand from those of the truth."""
    true = stationary(steps)[..., None] * steps.reshape(4, 4, 4, 4)
    if order >= 3:
        return true
    shorter = true.sum(tuple(range(3 - order)))  # words of order + 1 letters
    after = shorter / shorter.sum(-1, keepdims=True)
    begin = shorter
    word = "abcd"[: order + 1]
    for last in "abcd"[order + 1 :]:
        step = f"{word[len(word) - order :]}{last}"
        begin = np.einsum(f"{word},{step}->{word}{last}", begin, after)
        word += last
    return begin


@pytest.mark.parametrize("order", range(5))
def test_case_7_a_chain_of_lower_order_misses_what_it_cannot_know(order):
    steps = chain_of_order_three(0)
    truth, other = draw(steps, 2000, 1), draw(steps, 2000, 2)
    new = get_baseline(f"markov-{order}").fit(truth).sample(2000, 3)
    found = float(jsd(kmer_counts(new, 4), kmer_counts(other, 4)))
    expected = float(jsd(four_mers(steps, order).ravel(), four_mers(steps, 3).ravel()))
    # Below 0.001 there is only the noise of 2,000 records.
    assert found == pytest.approx(expected, rel=0.03, abs=0.001)
    assert (expected > 0.05) == (order < 3)


def iid(n: int, seed: int) -> SequenceSet:
    codes = np.random.default_rng(seed).integers(0, 4, (n, 30), np.uint8)
    return SequenceSet.from_matrix(DNA, codes)


@pytest.fixture(scope="module")
def new_and_real() -> tuple[SequenceSet, SequenceSet, SequenceSet]:
    return iid(500, 0), iid(500, 1), iid(5000, 2)


def test_case_15_share_of_near_copies_is_exact(new_and_real):
    new, real, train = new_and_real
    codes = new.matrix()
    codes[:25] = train.matrix()[:25]
    codes[:25, 7] = (codes[:25, 7] + 1) % 4
    report = evaluate(
        real, SequenceSet.from_matrix(DNA, codes), train=train,
        metrics=["copies", "near-copies", "near-excess"], floors=[],
    )  # fmt: skip
    assert report["copies"].generated.value == 0
    assert report["near-copies"].ceiling.value == 0
    assert report["near-excess"].generated.value == pytest.approx(0.05)
    assert report["near-excess"].status == EXCESS


def test_case_17_more_training_than_held_out_data_is_no_copying(new_and_real):
    new, real, train = new_and_real
    report = evaluate(
        real, new, train=train, identity=0.6, metrics=["near-copies", "near-excess"], floors=[]
    )
    # At 60 % identity half of random records have a relative: nearness alone says nothing.
    assert report["near-copies"].generated.value == pytest.approx(0.5, abs=0.3)
    excess = report["near-excess"].generated
    assert excess.low < 0 < excess.high
    assert excess.value == pytest.approx(0, abs=0.06)
    assert report["near-excess"].status == REAL


def ragged(seed: int, n: int = 240) -> SequenceSet:
    random = np.random.default_rng(seed)
    texts = ["".join(random.choice(list("AACGT"), random.integers(30, 50))) for _ in range(n)]
    return SequenceSet.from_strings(texts)


@pytest.mark.parametrize("kind", ["one length", "varying lengths"])
def test_case_26_order_and_names_change_no_metric(kind):
    make = ragged if kind == "varying lengths" else lambda seed: iid(240, seed)
    sets = [make(seed) for seed in range(3)]
    other = [s[np.random.default_rng(9).permutation(len(s))] for s in sets]
    other = [SequenceSet.from_strings(s.strings(), [f"x{i}" for i in range(len(s))]) for s in other]
    one, two = (evaluate(a, b, train=c, floors=[]) for a, b, c in (sets, other))
    assert len(one.rows) > 9
    for row, same in zip(one.rows, two.rows, strict=True):
        assert row.generated == same.generated, row.metric.name
        assert row.ceiling == same.ceiling, row.metric.name


def test_case_26_both_strands_score_alike():
    sets = [ragged(seed) for seed in range(3)]
    one = evaluate(*sets[:2], train=sets[2], floors=[])
    new, real, train = (reverse_complement(s) for s in (sets[1], sets[0], sets[2]))
    two = evaluate(real, new, train=train, floors=[])
    for name in ("copies", "near-copies", "unique", "length-w1", "gc-w1", "kmer-jsd", "letter-jsd"):
        value, same = one[name].generated, two[name].generated
        # Uncorrected where there is a correction: records are dealt to jackknife groups anew.
        assert (same.value if value.plain is None else same.plain) == pytest.approx(
            value.value if value.plain is None else value.plain, abs=1e-12
        ), name
        assert one[name].status == two[name].status, name


def test_few_records_prove_nothing_and_many_tell_the_real_ones_from_uniform_letters():
    """40 records of a good generator have no mark ``=``; 500 have, and uniform letters fail."""
    train, held_out = load_demo()
    names = ["copies", "near-excess", "auroc", "kmer-jsd", "site-pair-jsd", "gc-w1", "recall"]
    rest = train.take(np.arange(1000))
    learned = train.take(np.arange(2000, 3000))

    def statuses(new, n):
        report = evaluate(
            learned, new, held_out=held_out, n=n, metrics=names, floors=["markov-3", "uniform"]
        )
        return {row.metric.name: row.status for row in report.rows}, report

    few, report = statuses(rest, 40)
    assert set(few.values()) == {UNREAD}
    assert all(97 <= row.needed <= 390 for row in report.rows)
    assert statuses(rest, 500)[0] == dict.fromkeys(names, REAL)
    bad = statuses(get_baseline("uniform").fit(train).sample(500, 3), 500)[0]
    assert {name for name, status in bad.items() if status == FLOOR} == {
        "auroc", "kmer-jsd", "site-pair-jsd", "gc-w1"
    }  # fmt: skip

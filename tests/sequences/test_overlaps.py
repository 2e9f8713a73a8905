"""Overlapping records are one piece of evidence in every interval and test."""

import numpy as np
import pytest

from biogan.evaluation.intervals import GROUPS, auroc, clustered_share
from biogan.sequences.autoconfig import resolve
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.dataset import SequenceSet, cut_windows
from biogan.sequences.metrics import SEQUENCE_METRICS
from biogan.sequences.metrics.comparison import Comparison, Sample
from biogan.sequences.metrics.composition import gc_content
from biogan.sequences.metrics.discriminability import two_samples
from biogan.sequences.metrics.symmetry import placement, strandedness
from biogan.sequences.overlaps import Overlaps
from biogan.sequences.tokenizer import Tokenizer


def tiled(n, window, stride, seed, named=True, name="chr"):
    """Overlapping windows of independent letters, in a random order."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, 4, (n - 1) * stride + window).astype(np.uint8)
    genome = SequenceSet.from_strings(["A"], [name])
    genome = SequenceSet(genome.alphabet, codes, np.array([0, len(codes)]), [name])
    windows = cut_windows(genome, window, stride)[0].take(random.permutation(n))
    return windows if named else SequenceSet.from_strings(windows.strings())


@pytest.mark.parametrize("named", [True, False])
def test_chains_stretches_and_groups_of_windows(named):
    windows = tiled(400, 80, 20, 1)
    found = Overlaps.of(windows if named else SequenceSet.from_strings(windows.strings()))
    assert found.any and found.overlapping == 400
    assert set(found.chain) == {0}
    assert found.depth[0] == pytest.approx(4, abs=0.05)
    assert found.worth == pytest.approx(100, abs=1)
    place = windows.regions.start // 20
    by_rank = place[np.argsort(found.rank)]
    assert set(np.abs(np.diff(by_rank))) == {1}
    groups = found.groups(GROUPS)
    assert np.bincount(groups).tolist() == [20] * 20
    assert all(np.ptp(place[groups == g]) == 19 for g in range(GROUPS))
    sizes = np.bincount(found.stretches)
    assert 8 <= sizes.min() and sizes.max() <= 20
    block, kept = found.blocks(10)
    assert 3 * 9 <= (~kept).sum() <= 4 * 9
    start = windows.regions.start
    for one in np.unique(block):
        mine, others = start[kept & (block == one)], start[kept & (block != one)]
        assert np.abs(mine[:, None] - others).min() >= 80


def test_records_that_do_not_overlap_are_independent():
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("ACGT"), 50)) for _ in range(45)]
    for s in (
        SequenceSet.from_strings(texts),
        SequenceSet.from_strings(texts[:3] * 15),
        tiled(45, 40, 40, 0),
    ):
        found = Overlaps.of(s)
        assert not found.any and found.overlapping == 0 and found.worth == 45
        assert found.groups(GROUPS).tolist() == [i % GROUPS for i in range(45)]
        assert found.stretches.tolist() == list(range(45))


def test_few_windows_that_overlap_stay_in_one_group():
    random = np.random.default_rng(3)
    singles = ["".join(random.choice(list("ACGT"), 60)) for _ in range(100)]
    shifted = [t[25:] + "".join(random.choice(list("ACGT"), 25)) for t in singles[:10]]
    found = Overlaps.of(SequenceSet.from_strings(singles + shifted))
    assert found.overlapping == 20
    groups, stretches = found.groups(GROUPS), found.stretches
    assert (groups[:10] == groups[100:]).all() and (stretches[:10] == stretches[100:]).all()
    assert len(set(stretches)) == 100


def test_the_interval_of_a_share_of_overlapping_windows_has_its_coverage():
    # Share of windows with more than half G or C in i.i.d. letters; its expectation is known from
    # many windows. Counting windows would cover it in half of the cases.
    share = (gc_content(tiled(100_000, 100, 1, 99)) > 0.5).mean()
    inside, naive = 0, 0
    for seed in range(100):
        windows = tiled(800, 100, 10, seed)
        hits = gc_content(windows) > 0.5
        _, low, high = clustered_share(hits, Overlaps.of(windows).stretches)
        inside += low <= share <= high
        _, low, high = clustered_share(hits, np.arange(800))
        naive += low <= share <= high
    assert inside >= 87
    assert naive < 65


def test_a_classifier_does_not_tell_windows_of_one_kind_apart():
    wrong, areas = 0, []
    for seed in range(1000, 1016, 2):
        sets = tiled(300, 60, 15, seed), tiled(300, 60, 15, seed + 1, name="other")
        new, real = (Sample(s) for s in sets)
        comparison = Comparison(new, real, real)
        test = two_samples(new, real, comparison.seed)
        assert not isinstance(test, str)
        starts = [s.sequences.regions.start for s in (test.new, test.real)]
        folds = np.split(test.validation.folds, [len(test.new)])
        for start, fold in zip(starts, folds, strict=True):
            near = np.abs(start[:, None] - start) < 60
            assert not (near & (fold[:, None] != fold)).any()
        value = SEQUENCE_METRICS["auroc"](comparison)
        areas.append(value.value)
        wrong += not value.low <= 0.5 <= value.high
    assert np.mean(areas) == pytest.approx(0.5, abs=0.08)
    assert wrong <= 2  # 8 of 8 where windows count as independent and folds cut anywhere


@pytest.mark.parametrize("name", ["kmer-jsd", "letter-jsd", "frechet", "mmd"])
def test_intervals_of_windows_of_one_kind_hold_zero(name):
    metric, wrong = SEQUENCE_METRICS[name], 0
    for seed in range(10):
        new, real = (Sample(tiled(400, 40, 10, 2 * seed + k, name="ab"[k])) for k in (0, 1))
        value = metric(Comparison(new, real, real))
        wrong += value.low > 0
    assert wrong <= 2


def test_no_interval_where_too_few_windows_lie_side_by_side():
    new, real = (Sample(tiled(60, 60, 3, k, name="ab"[k])) for k in (0, 1))
    value = SEQUENCE_METRICS["kmer-jsd"](Comparison(new, real, real))
    assert value.low is None
    assert value.note.endswith("records overlap, in fewer than 20 stretches: no interval")
    value = SEQUENCE_METRICS["auroc"](Comparison(new, real, real))
    assert value.value is None and "overlap" in value.note


def test_strands_of_windows_of_independent_letters_are_alike_at_the_level():
    # 5 % of such sets are told apart; with windows as independent records most are.
    p = [strandedness(tiled(600, 60, 6, seed, named=bool(seed % 2))).p for seed in range(40)]
    assert sum(x < 0.05 for x in p) <= 5


def test_places_of_windows_of_independent_letters_are_alike():
    z = []
    for seed in range(40):
        found = placement(tiled(600, 60, 6, seed))
        z.append(found.bits / found.error)
        assert min(found.single, found.paired) > 1e-3
    assert abs(np.mean(z)) < 0.6
    assert 0.5 < np.std(z) < 1.6


def test_overlapping_windows_are_too_few_to_choose_both_strands():
    windows = tiled(600, 60, 15, 0)
    layout = Tokenizer.of(windows, None)
    assert not resolve(SequenceGANConfig(), layout, windows)[0].reverse_complement
    assert resolve(SequenceGANConfig(), layout, tiled(600, 60, 60, 0))[0].reverse_complement


def test_groups_of_an_auroc_are_pieces_of_evidence():
    scores = np.random.default_rng(0).normal(size=40)
    once = auroc(scores[:20], scores[20:])
    twice = auroc(np.repeat(scores[:20], 2), np.repeat(scores[20:], 2), np.repeat(np.arange(40), 2))
    assert once == pytest.approx(twice)

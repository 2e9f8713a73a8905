"""No near copy across the sides, on real families too; repeatable; nothing lost."""

import numpy as np
import pytest
from helpers import shared_data
from hypothesis import given, settings
from hypothesis import strategies as st

from biogan import read_fasta
from biogan.core.errors import ConfigError, DataError
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.dataset import SequenceSet, cut_windows
from biogan.sequences.modality import SequenceModality
from biogan.sequences.similarity.pairs import clusters, has_near_copy
from biogan.sequences.similarity.words import covered
from biogan.sequences.splits import split
from biogan.sequences.strands import reverse_complement

REAL = [
    "dna/ecoli50_promoters.train.fasta.gz",
    "protein/pf00014_kunitz.aligned.train.fasta",
    "rna/rf00379_cdiamp_riboswitch.aligned.train.fasta",
    "protein/fbgan_amp_peptides.train.fasta",
]


def random_set(n, length, seed=0):
    codes = np.random.default_rng(seed).integers(0, 4, (n, length))
    return SequenceSet.from_strings(["".join("ACGT"[c] for c in row) for row in codes])


@pytest.mark.parametrize("name", REAL)
def test_no_near_pair_lies_across_the_sides_of_a_real_set(name):
    sequences = read_fasta(shared_data(name))
    parts = split(sequences, 0.1)
    assert parts.identity == 0.9
    assert not has_near_copy(parts.held_out, parts.train, 0.9).any()
    n = len(sequences.unique())
    assert len(parts.held_out) == round(0.1 * n)
    assert len(parts.train) == n - len(parts.held_out)
    assert parts.train.weights.sum() + parts.held_out.weights.sum() == len(sequences)


def test_weights_labels_and_ids_stay_with_their_sequences():
    texts = random_set(40, 30).strings()
    labels = {"of": [str(i) for i in range(50)]}
    s = SequenceSet.from_strings(texts + texts[:10], labels=labels)
    parts = split(s, 0.25)
    weights = {}
    for side in (parts.train, parts.held_out):
        for text, i, of, weight in zip(
            side.strings(), side.ids, side.labels["of"], side.weights, strict=True
        ):
            assert texts[int(of)] == text and i == f"seq_{int(of) + 1}"
            weights[text] = weight
    assert [weights[t] for t in texts] == [2.0] * 10 + [1.0] * 30
    assert len(parts.held_out) == 10


def test_the_same_sets_for_any_order_of_the_records_and_other_sets_for_another_seed():
    s = random_set(60, 20)
    held = set(split(s, 0.2, seed=3).held_out)
    shuffled = s[np.random.default_rng(1).permutation(60)]
    assert set(split(shuffled, 0.2, seed=3).held_out) == held
    assert set(split(s, 0.2, seed=4).held_out) != held
    assert len(held) == 12


def test_whole_clusters_go_to_one_side():
    roots = random_set(30, 40, seed=5).strings()
    texts = [r[:k] + ("A" if r[k] != "A" else "C") + r[k + 1 :] for r in roots for k in range(4)]
    s = SequenceSet.from_strings(texts)
    labels = clusters(s)
    assert labels.max() == 29
    side = np.isin(texts, split(s, 0.3).held_out.strings())
    assert side.sum() == 36
    assert all(len(set(side[labels == k])) == 1 for k in range(30))


def test_the_report_counts_everything():
    s = random_set(20, 30)
    parts = split(s[np.r_[0:20, 0:5]], 0.1)
    assert parts.report == (
        "25 records, 5 exact duplicates collapsed",
        "20 clusters at 90 % identity, the largest with 1 of 20 sequences",
        "held out 2 of 20 sequences (10.0 %, asked for 10.0 %); no near copy at 90 % identity "
        "across, nor a stretch of 20 letters (on either strand)",
    )


def steps(root, places):
    """A chain: each text differs from the one before in one more letter."""
    out, text = [root], root
    for k in places:
        text = text[:k] + ("A" if text[k] != "A" else "C") + text[k + 1 :]
        out.append(text)
    return out


def test_one_giant_cluster_raises_the_identity_and_says_so():
    # Neighbours in the chain have identity 29/30 = 0.967: one cluster at 0.9 and at 0.95.
    chain = steps(random_set(1, 30).strings()[0], range(25))
    parts = split(SequenceSet.from_strings(chain), 0.2)
    assert parts.identity == 1.0
    assert len(parts.held_out) == 5
    assert sum("identity raised" in line for line in parts.report) == 2
    assert "at 100 % identity across" in parts.report[-1]
    # Neighbours of identity 14/15 = 0.933: one cluster at 0.9, single ones at 0.95.
    chain = steps(random_set(1, 15).strings()[0], range(12))
    parts = split(SequenceSet.from_strings(chain), 0.2)
    assert parts.identity == 0.95
    assert len(parts.held_out) == 3


def test_a_cluster_above_the_share_is_taken_where_that_is_nearer():
    pairs = [t for r in random_set(6, 30).strings() for t in steps(r, [3])]
    parts = split(SequenceSet.from_strings(pairs), 0.1)
    assert parts.identity == 0.9
    assert len(parts.held_out) == 2


def test_nothing_is_held_out_for_fraction_0():
    parts = split(SequenceSet.from_strings(["ACGT", "ACGT"]), 0)
    assert (len(parts.train), len(parts.held_out)) == (1, 0)
    assert parts.train.weights.tolist() == [2.0]


def test_two_sequences_are_split_one_each_however_alike():
    parts = split(SequenceSet.from_strings(["ACGTACGTAC", "ACGTACGTAG"]), 0.9)
    assert (len(parts.train), len(parts.held_out), parts.identity) == (1, 1, 0.95)


def test_what_cannot_be_split_is_refused_in_one_line():
    with pytest.raises(DataError, match="^1 distinct sequence of 2 cannot be split: give at least"):
        split(SequenceSet.from_strings(["ACGT", "ACGT"]))
    with pytest.raises(DataError, match="^0 distinct sequences of 0 cannot be split"):
        split(SequenceSet.from_strings([]))
    with pytest.raises(ConfigError, match="fraction 1"):
        split(random_set(3, 5), 1)
    with pytest.raises(ConfigError, match="identity 0"):
        split(random_set(3, 5), 0.1, identity=0)


@pytest.mark.parametrize(("n", "held"), [(12, 0), (60, 6)])
def test_a_fit_collapses_duplicates_once(n, held, monkeypatch):
    sequences, collapsed = random_set(n, 30), []
    once = SequenceSet.unique
    monkeypatch.setattr(SequenceSet, "unique", lambda s: collapsed.append(len(s)) or once(s))
    twice = sequences[np.r_[0:n, 0:n]]
    parts = SequenceModality(None).split(twice, SequenceGANConfig(reverse_complement=False))
    assert collapsed == [2 * n]
    assert (len(parts.train), len(parts.held_out)) == (n - held, held)
    first = f"{2 * n:,} records, {n:,} exact duplicates collapsed"
    assert parts.report[0] == first
    few = (
        first,
        "nothing held out",
        "no validation split: 12 distinct records, 50 needed; the last averaged generator is kept",
    )
    assert (parts.report == few) == (held == 0)


@pytest.mark.parametrize("validation", [0.0, 0.2])
def test_repeats_are_read_as_often_as_they_stand_there_or_once(validation):
    sequences = random_set(60, 30)
    thrice = sequences[np.r_[0:60, 0:20, 0:20]]
    options = {"reverse_complement": False, "validation": validation}
    for repeats, total in (("all", 100), ("once", 60)):
        parts = SequenceModality(None).split(thrice, SequenceGANConfig(repeats=repeats, **options))
        weights = np.concatenate([parts.train.weights, parts.held_out.weights])
        assert (weights.sum(), len(weights)) == (total, 60)
    assert thrice.weights.tolist() == [1.0] * 100


def test_fewer_than_the_fewest_are_not_split():
    assert len(split(random_set(9, 30), 0.2, fewest=10).held_out) == 0
    assert len(split(random_set(10, 30), 0.2, fewest=10).held_out) == 2
    # Without a validation split nobody asked for one: no word about it.
    assert SequenceModality(None).split(
        random_set(9, 30), SequenceGANConfig(validation=0.0, reverse_complement=False)
    ).report[1:] == ("nothing held out",)


def letters_of(regions):
    return {
        (source, place)
        for source, start, stop in zip(regions.source, regions.start, regions.stop, strict=True)
        for place in range(start, stop)
    }


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 60),
    st.integers(1, 60),
    st.lists(st.integers(0, 400), min_size=1, max_size=4),
    st.sampled_from([0.1, 0.3, 0.5]),
    st.integers(0, 99),
)
def test_no_letter_of_a_genome_is_on_both_sides(window, stride, lengths, fraction, seed):
    random = np.random.default_rng(seed)
    genome = SequenceSet.from_strings(
        ["".join(random.choice(list("ACGT"), n)) for n in lengths],
        [f"c{n}" for n in range(len(lengths))],
    )
    windows, _ = cut_windows(genome, window, stride)
    distinct = windows.unique()
    if len(distinct) < 2:
        return
    parts = split(windows, fraction, seed=seed)
    every = dict(zip(windows.ids, range(len(windows)), strict=True))
    whose = {text: [] for text in distinct.strings()}
    for i, text in enumerate(windows.strings()):
        whose[text].append(i)
    sides = [
        windows.regions.take(np.array([i for t in side.strings() for i in whose[t]], int))
        for side in (parts.train, parts.held_out)
    ]
    if stride < window:
        assert not letters_of(sides[0]) & letters_of(sides[1])
    assert len(parts.train) + len(parts.held_out) + parts.left_out == len(distinct)
    assert every and len(parts.train)
    if not len(parts.held_out):
        assert parts.report[-1] == "nothing held out"
        assert "none can be held out" in parts.report[-2]


def tiled(n, window, stride, seed=0):
    random = np.random.default_rng(seed)
    letters = "".join(random.choice(list("ACGT"), (n - 1) * stride + window))
    return cut_windows(SequenceSet.from_strings([letters], ["chr"]), window, stride)[0]


def test_windows_are_split_by_region_with_a_window_between():
    windows = tiled(1000, 200, 50)
    parts = split(windows, 0.1)
    held, train = parts.held_out.regions, parts.train.regions
    assert len(parts.held_out) == 100
    gaps = np.maximum(train.start[:, None] - held.stop, held.start - train.stop[:, None])
    assert gaps.min() >= 200
    assert 0 < parts.left_out <= 25
    assert not covered(parts.held_out, parts.train).any()
    said = " ".join(parts.report)
    assert "1,000 of 1,000 records overlap another one" in said
    assert f"{parts.left_out} of 1,000 sequences are left out of training" in said
    assert "nor a stretch of 20 letters (on either strand)" in parts.report[-1]
    # The same for another order of the file, and other blocks for another seed.
    again = split(windows[np.random.default_rng(0).permutation(1000)], 0.1)
    assert set(again.held_out.ids) == set(parts.held_out.ids)
    assert set(split(windows, 0.1, seed=1).held_out.ids) != set(parts.held_out.ids)


def test_windows_without_a_name_are_split_by_what_they_share():
    windows = tiled(800, 100, 25)
    random = np.random.default_rng(0)
    plain = windows[random.permutation(800)]
    turned = random.random(800) < 0.5
    both = [plain.strings(), reverse_complement(plain).strings()]
    texts = [both[int(t)][i] for i, t in enumerate(turned)]
    parts = split(SequenceSet.from_strings(texts), 0.1)
    assert len(parts.held_out) == 80
    assert 0 < parts.left_out < 40
    assert not covered(parts.held_out, parts.train, 20).any()
    assert "800 of 800 sequences share a stretch of 20 letters" in parts.report[1]


def test_windows_that_do_not_overlap_are_split_as_other_records():
    windows = tiled(100, 60, 60)
    plain = SequenceSet.from_strings(windows.strings())
    parts, others = split(windows, 0.1), split(plain, 0.1)
    assert parts.held_out.strings() == others.held_out.strings()
    assert parts.report == others.report
    assert not parts.left_out


def test_an_adapter_of_all_records_ties_none_of_them():
    adapter = random_set(1, 25, seed=9).strings()[0]
    texts = [adapter + t for t in random_set(300, 40).strings()]
    parts = split(SequenceSet.from_strings(texts), 0.1)
    assert len(parts.held_out) == 30
    assert not parts.left_out
    assert "shared stretches no longer keep sequences together" in " ".join(parts.report)
    assert "but 30 of them share a stretch of 20 letters" in parts.report[-1]

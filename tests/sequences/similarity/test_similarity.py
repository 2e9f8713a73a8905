"""Near pairs, clusters and nearest neighbours against brute force with edlib and numpy."""

import edlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biogan.core.errors import ConfigError, DataError
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.similarity import edits, hamming, pairs
from biogan.sequences.similarity.hamming import AllPairs
from biogan.sequences.similarity.pairs import clusters, has_near_copy, near_pairs, nearest


def identity(x, y, fixed):
    if fixed:
        d = sum(p != q for p, q in zip(x, y, strict=True))
    else:
        d = edlib.align(x, y, mode="NW", task="distance")["editDistance"]
    return 1 - d / max(len(x), len(y), 1)


def brute(a, b, threshold):
    """All pairs (i, j) at or above the threshold, and their identities."""
    other = a if b is None else b
    lengths = {len(s) for s in [*a, *other]}
    pairs = {}
    for i, x in enumerate(a):
        for j, y in enumerate(other):
            if b is not None or i < j:
                value = identity(x, y, len(lengths) == 1)
                if value >= threshold - 1e-9:
                    pairs[i, j] = value
    return pairs


def as_dict(found):
    i, j, value = found
    return dict(zip(zip(i.tolist(), j.tolist(), strict=True), value.tolist(), strict=True))


def mutate(random, text, n, letters, indels):
    """Apply ``n`` random edits."""
    out = list(text)
    for _ in range(n):
        kind = random.integers(3) if indels else 0
        place = int(random.integers(len(out) + (kind == 1))) if out or kind == 1 else 0
        if kind == 1:
            out.insert(place, letters[random.integers(len(letters))])
        elif kind == 2 and len(out) > 1:
            del out[place]
        else:
            out[place] = letters[random.integers(len(letters))]
    return "".join(out)


def family(random, n, low, high, letters="ACGT", indels=True, share=0.1):
    """Random sequences, each followed by some mutants with about ``share`` edits a letter."""
    out = []
    while len(out) < n:
        root = "".join(random.choice(list(letters), random.integers(low, high + 1)))
        out.append(root)
        for _ in range(random.integers(3)):
            edits_ = int(random.integers(int(share * len(root) * 1.4) + 2))
            out.append(mutate(random, root, edits_, letters, indels))
    return out[:n]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    span=st.sampled_from([(1, 4), (3, 12), (8, 8), (9, 40), (30, 60), (60, 120)]),
    threshold=st.sampled_from([0.1, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0]),
    indels=st.booleans(),
    letters=st.sampled_from(["AC", "ACGT"]),
)
def test_near_pairs_are_all_pairs_that_brute_force_finds(seed, span, threshold, indels, letters):
    random = np.random.default_rng(seed)
    a = family(random, 14, *span, letters, indels, 1 - threshold)
    b = [mutate(random, s, int(random.integers(4)), letters, indels) for s in a[:7]]
    b += family(random, 5, *span, letters, indels)
    sets = [SequenceSet.from_strings(s) for s in (a, b)]

    alone = as_dict(near_pairs(sets[0], identity=threshold))
    across = as_dict(near_pairs(*sets, identity=threshold))
    assert alone == pytest.approx(brute(a, None, threshold))
    assert across == pytest.approx(brute(a, b, threshold))

    copies = np.isin(np.arange(len(a)), [i for i, _ in across])
    assert has_near_copy(*sets, identity=threshold).tolist() == copies.tolist()

    i, _, best = nearest(*sets)
    everything = brute(a, b, 0)
    wanted = [max(everything[q, k] for k in range(len(b))) for q in range(len(a))]
    assert i.tolist() == list(range(len(a)))
    assert best == pytest.approx(wanted)


@pytest.mark.parametrize("low,high", [(20, 60), (40, 40)])
def test_proteins(low, high):
    random = np.random.default_rng(1)
    texts = family(random, 60, low, high, PROTEIN.letters, low < high)
    s = SequenceSet.from_strings(texts, alphabet="protein")
    assert as_dict(near_pairs(s)) == pytest.approx(brute(texts, None, 0.9))


def test_matrix_products_and_seeds_find_the_same_pairs(monkeypatch):
    random = np.random.default_rng(2)
    texts = family(random, 400, 30, 30, indels=False)
    a = SequenceSet.from_strings(texts).matrix()
    found = []
    for cost in (0, 10**9):
        monkeypatch.setattr(hamming, "CANDIDATE_COST", cost)
        monkeypatch.setattr(hamming, "BLOCK", 64)
        hits = hamming.near(a, None, 3, AllPairs())
        found.append({(i, j, d) for h in hits for i, j, d in zip(*h, strict=True)})
    assert found[0] == found[1]
    assert len(found[0]) == len(brute(texts, None, 0.9))


@pytest.mark.parametrize("fixed", [True, False])
def test_search_in_small_pieces_loses_nothing(monkeypatch, fixed):
    random = np.random.default_rng(3)
    texts = family(random, 120, 40, 40 if fixed else 60, indels=not fixed)
    monkeypatch.setattr(hamming, "CHUNK", 7)
    monkeypatch.setattr(edits, "WINDOWS", 50)
    monkeypatch.setattr(edits, "ROWS", 9)
    monkeypatch.setattr(edits, "VERIFIED", 3)
    s = SequenceSet.from_strings(texts)
    assert as_dict(near_pairs(s)) == pytest.approx(brute(texts, None, 0.9))


def test_long_sequences_do_not_overflow_small_integers():
    random = np.random.default_rng(4)
    for length in (127, 128, 249, 256, 300, 1000):
        root = "".join(random.choice(list("ACGT"), length))
        s = SequenceSet.from_strings([root, root, root.translate(str.maketrans("ACGT", "CGTA"))])
        assert as_dict(near_pairs(s)) == {(0, 1): 1.0}
        assert nearest(s[:1], s[1:])[2].tolist() == [1.0]
        longer = SequenceSet.from_strings([root, root + "A"])
        assert near_pairs(longer)[2] == pytest.approx([1 - 1 / (length + 1)])


def test_word_counts_beyond_255_still_bound_the_distance():
    s = SequenceSet.from_strings(["A" * 2000, "A" * 1900, "C" * 2000])
    assert as_dict(near_pairs(s)) == pytest.approx({(0, 1): 0.95})


@pytest.mark.parametrize("length,edits_,near", [(10, 1, True), (10, 2, False), (9, 1, False)])
def test_the_threshold_itself_counts_as_near(length, edits_, near):
    texts = ["ACGTACGTAC"[:length], ("TTTTTTTTTT"[:edits_] + "ACGTACGTAC"[edits_:length])]
    texts[1] = "GG"[:edits_] + texts[0][edits_:]
    s = SequenceSet.from_strings(texts)
    assert bool(has_near_copy(s[:1], s[1:])[0]) is near


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), fixed=st.booleans(), threshold=st.sampled_from([0.8, 0.9, 1.0]))
def test_clusters_are_the_connected_components_of_the_near_pairs(seed, fixed, threshold):
    random = np.random.default_rng(seed)
    texts = family(random, 25, 20, 20 if fixed else 35, indels=not fixed, share=1 - threshold)
    texts += texts[:3]
    wanted = list(range(len(texts)))
    for i, j in brute(texts, None, threshold):
        old, new = max(wanted[i], wanted[j]), min(wanted[i], wanted[j])
        wanted = [new if k == old else k for k in wanted]
    numbers = {first: n for n, first in enumerate(dict.fromkeys(wanted))}
    found = clusters(SequenceSet.from_strings(texts), threshold)
    assert found.tolist() == [numbers[k] for k in wanted]


def test_a_chain_of_near_pairs_is_one_cluster():
    s = SequenceSet.from_strings(["AAAAAAAAAA", "AAAAAAAACC", "AAAAAAAAAC", "GGGGGGGGGG"])
    assert clusters(s, 0.9).tolist() == [0, 0, 0, 1]
    assert clusters(s, 1.0).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("indels", [False, True])
def test_clusters_beside_one_that_holds_most(monkeypatch, indels):
    random = np.random.default_rng(8)
    root = "".join(random.choice(list("ACGT"), 40))
    texts = [mutate(random, root, int(random.integers(6)), "ACGT", indels) for _ in range(150)]
    texts += family(random, 50, 40, 40, indels=indels)
    s = SequenceSet.from_strings([texts[k] for k in random.permutation(200)])
    monkeypatch.setattr(pairs, "FEW", 200)
    wanted = clusters(s)
    monkeypatch.setattr(pairs, "FEW", 0)
    assert clusters(s).tolist() == wanted.tolist()
    monkeypatch.setattr(pairs, "FEW", 60)
    linked = []
    link = pairs._link
    monkeypatch.setattr(pairs, "_link", lambda *a: linked.append(len(a[3])) or link(*a))
    assert clusters(s).tolist() == wanted.tolist()
    assert linked[:2] == [60, 60] and linked[2] < 100
    found = near_pairs(s)
    assert (wanted[found[0]] == wanted[found[1]]).all()
    assert 1 < len(set(wanted)) < 100


def test_a_collapsed_set_costs_no_more_memory_than_its_labels():
    random = np.random.default_rng(5)
    root = "".join(random.choice(list("ACGT"), 100))
    texts = [mutate(random, root, 2, "ACGT", True) for _ in range(1500)]
    s = SequenceSet.from_strings(texts)
    assert set(clusters(s)) == {0}
    assert has_near_copy(s, s[:10]).all()


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_left_of_the_queries_is_measured_like_the_whole(monkeypatch, order):
    texts = SequenceSet.from_matrix(DNA, np.random.default_rng(9).integers(0, 4, (2, 20)))[::order]
    # Two edits make the second of length 20 too, and its Hamming distance large.
    queries = SequenceSet.from_strings([texts[0][:-1], "A" + texts[1][:-1]])
    monkeypatch.setattr(pairs, "FEW", 1)
    assert has_near_copy(queries, texts).tolist() == [True, True]
    assert has_near_copy(queries[1:], texts).tolist() == [False]


def test_nearest_leaves_the_query_itself_out_but_not_its_copies():
    for texts in (["AAAA", "AAAA", "CCCC", "CCCA"], ["AAAA", "AAAA", "CCCCC", "CCCCA"]):
        i, j, value = nearest(SequenceSet.from_strings(texts))
        assert j.tolist() == [1, 0, 3, 2]
        assert value[:2].tolist() == [1, 1] and (i != j).all()


def test_nearest_over_several_blocks(monkeypatch):
    random = np.random.default_rng(6)
    codes = random.integers(0, 4, (150, 12)).astype(np.uint8)
    monkeypatch.setattr(hamming, "BLOCK", 16)
    s = SequenceSet.from_matrix(DNA, codes)
    same = (codes[:, None] == codes[None]).sum(2)
    np.fill_diagonal(same, -1)
    _, j, value = nearest(s)
    assert value.tolist() == pytest.approx(same.max(1) / 12)
    assert j.tolist() == same.argmax(1).tolist()


def test_a_sample_of_queries_is_exact_and_repeatable():
    random = np.random.default_rng(7)
    s = SequenceSet.from_strings(family(random, 50, 20, 30))
    everything = nearest(s)
    i, j, value = nearest(s, sample=10, seed=1)
    assert len(i) == 10 and (np.diff(i) > 0).all()
    assert (j == everything[1][i]).all() and (value == everything[2][i]).all()
    assert (nearest(s, sample=10, seed=1)[0] == i).all()
    assert (nearest(s, sample=10, seed=2)[0] != i).any()


def test_empty_sets_and_empty_sequences():
    none, some = SequenceSet.from_strings([]), SequenceSet.from_strings(["", "ACGT", ""])
    assert [len(x) for x in near_pairs(none, some)] == [0, 0, 0]
    assert has_near_copy(some, none).tolist() == [False] * 3
    assert clusters(none).tolist() == []
    assert clusters(some).tolist() == [0, 1, 0]


def test_what_cannot_be_compared_is_refused_in_one_line():
    dna, protein = (
        SequenceSet.from_strings(["ACGT"]),
        SequenceSet.from_strings(["ACGT"], None, PROTEIN),
    )
    with pytest.raises(DataError, match="'ACGT' cannot be compared with sequences over 'ACDEF"):
        near_pairs(dna, protein)
    with pytest.raises(ConfigError, match="identity 1.3: must be above 0 and at most 1"):
        clusters(dna, 1.3)
    with pytest.raises(DataError, match="need sequences to compare with, found 1"):
        nearest(dna)
    with pytest.raises(DataError, match="need sequences to compare with, found 0"):
        nearest(dna, dna[:0])

"""Matching of mean k-mer counts: counts by hand, the distance it goes down, what is remembered."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
import torch

from biogan.core.label_rows import Conditions
from biogan.nn.conditioning import LabelEncoder, join
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmer_matching import KmerMatching, mean_counts, placed_shares, running_product
from biogan.sequences.kmers import kmer_counts
from biogan.sequences.label_matching import LabelMatching
from biogan.sequences.tokenizer import Tokenizer


def one_hot(records, letters):
    codes = torch.tensor([[letters.index(letter) for letter in record] for record in records])
    return torch.eye(len(letters))[codes].transpose(1, 2)


def random_letters(n, channels=4, positions=20, seed=0, shares=None):
    rng = torch.Generator().manual_seed(seed)
    shares = torch.ones(channels) if shares is None else torch.tensor(shares)
    drawn = torch.multinomial(shares, n * positions, replacement=True, generator=rng)
    return torch.eye(channels)[drawn.view(n, positions)].transpose(1, 2)


@pytest.mark.parametrize("k", range(1, 8))
def test_counts_are_those_of_a_loop(k):
    records = ["ACGTACGTTA", "AAAAAACGGG", "TTGCATGCAT"]
    words = Counter(record[i : i + k] for record in records for i in range(len(record) - k + 1))
    expected = [words["".join(word)] / len(records) for word in product("ACGT", repeat=k)]
    for longest in (k, 9):
        counts = mean_counts(one_hot(records, "ACGT"), longest)
        assert counts[k - 1].tolist() == pytest.approx(expected)


def test_codons_are_counted_by_the_letters_they_spell():
    records = ["ATGAAATAG", "ATGCCCGATTAA", "ATGTGA"]
    sequences = SequenceSet.from_strings(records)
    layout = Tokenizer(DNA, 12, "variable", 3)
    codes = torch.from_numpy(layout.encode(sequences)).long()
    words = torch.eye(layout.channels)[codes].transpose(1, 2)
    matching = KmerMatching(layout.channels, 4, 1.0, spelling=torch.from_numpy(layout.spelling))
    assert matching.lengths == [1, 2, 3, 4, 5, 6] and matching.placed == []
    # The records have ends, and no word reaches over them.
    expected = [kmer_counts(sequences, k) / len(records) for k in matching.lengths]
    assert matching._counts(words).tolist() == pytest.approx(np.concatenate(expected).tolist())


def test_the_share_that_has_ended_is_matched_in_each_place():
    # Letters A and C, an end symbol; lengths 1, 2, 2, 4.
    records = one_hot(["A///", "CA//", "AC//", "CCAA"], "AC/")
    matching = KmerMatching(3, 4, 1.0, end=2)
    counts = matching._counts(records)
    assert counts[-4:].tolist() == [0, 0.25, 0.75, 0.75]
    # What stands behind the first end is not there.
    assert torch.equal(matching._counts(one_hot(["A/C/", "CA/A", "AC//", "CCAA"], "AC/")), counts)
    without = KmerMatching(3, 4, 1.0)
    longer = one_hot(["A///", "CAC/", "AC//", "CCAA"], "AC/")
    # One record more goes on at the third place: its share there is 1/4 less, of 3/4 + 1/4; the
    # distances of all kinds, one more here, are averaged.
    kinds = len(without.lengths)
    expected = without(records, longer).item() * kinds + (1 / 4) ** 2
    assert matching(records, longer).item() * (kinds + 1) == pytest.approx(expected)


@pytest.mark.parametrize("k", [1, 2])
def test_shares_in_places_are_those_of_a_loop(k):
    records = ["ACGTA", "AAAAC", "TTGCA", "ACGCA"]
    words = ["".join(word) for word in product("ACGT", repeat=k)]
    expected = [
        [sum(record[i : i + k] == word for record in records) / len(records) for word in words]
        for i in range(len("ACGTA") - k + 1)
    ]
    assert placed_shares(one_hot(records, "ACGT"), k).tolist() == expected


@pytest.mark.parametrize(
    ("channels", "positions", "lengths"),
    [
        (4, 50, [1, 2, 3, 4, 5, 6]),
        (5, 50, [1, 2, 3, 4, 5]),
        (22, 50, [1, 2]),
        (65, 9, [1]),
        (4, 2, [1, 2]),
    ],
)
def test_lengths_of_words_follow_the_letters(channels, positions, lengths):
    assert KmerMatching(channels, positions, 1.0).lengths == lengths


@pytest.mark.parametrize("length", [1, 2, 7, 8])
def test_a_running_product_has_the_derivatives_of_torch(length):
    rows = torch.rand(3, length, dtype=torch.double)
    rows[0, length // 2] = 0
    rows.requires_grad_()
    weights, found = torch.rand(3, length, dtype=torch.double), []
    for product_of in (running_product, lambda x: x.cumprod(1)):
        rows.grad = None
        products = product_of(rows)
        (products * weights).sum().backward()
        found.append((products.detach(), rows.grad))
    assert all(torch.allclose(a, b) for a, b in zip(*found, strict=True))


def test_the_value_is_the_chi_square_distance_of_the_first_batches():
    real, fake = random_letters(64), random_letters(64, seed=1, shares=[4.0, 1.0, 1.0, 1.0])
    matching, expected = KmerMatching(4, 20, 3.0), 0.0
    for r, g in zip(mean_counts(real, 6), mean_counts(fake, 6), strict=True):
        expected += 3.0 / 6 * ((g - r) ** 2 / (r + r.mean() / 2)).sum().item()
    assert matching(real, fake).item() == pytest.approx(expected, rel=1e-5)


def test_words_in_places_are_matched_where_all_places_together_are():
    real, fake = one_hot(["ACGT", "ACGT"], "ACGT"), one_hot(["CATG", "GTAC"], "ACGT")
    assert KmerMatching(4, 4, 2.0, longest_placed=2).placed == [1, 2]
    expected = KmerMatching(4, 4, 2.0)(real, fake).item() * 4
    for k in (1, 2):
        r, g = placed_shares(real, k), placed_shares(fake, k)
        expected += 2.0 * ((g - r) ** 2 / (r + 0.5 / 4**k)).sum().item()
    assert KmerMatching(4, 4, 2.0, longest_placed=2)(real, fake).item() == pytest.approx(
        expected / 6
    )
    assert KmerMatching(4, 4, 2.0, longest_placed=1)(real, fake).item() > 0


@pytest.mark.parametrize(("channels", "positions", "placed"), [(4, 1, [1]), (21, 3000, [1])])
def test_places_are_counted_where_there_are_not_too_many(channels, positions, placed):
    assert KmerMatching(channels, positions, 1.0, longest_placed=2).placed == placed


def test_descent_brings_the_words_together():
    """A generator of independent positions learns the composition, which alone is off."""
    shares = [0.4, 0.3, 0.2, 0.1]
    real = random_letters(2000, shares=shares)
    logits = torch.zeros(4, 1, requires_grad=True)
    optimiser, matching = torch.optim.SGD([logits], 0.01), KmerMatching(4, 20, 1.0)
    for step in range(600):
        torch.manual_seed(step)
        fake = torch.nn.functional.gumbel_softmax(logits.expand(64, 4, 20), hard=True, dim=1)
        optimiser.zero_grad()
        matching(real[step % 31 :: 31], fake).backward()
        optimiser.step()
    assert logits.softmax(0)[:, 0].tolist() == pytest.approx(shares, abs=0.03)


def test_the_mean_of_real_counts_is_that_of_all_batches():
    matching = KmerMatching(4, 20, 1.0)
    batches = [random_letters(8, seed=i) for i in range(200)]
    for batch in batches:
        matching(batch, random_letters(8, seed=999))
    expected = torch.cat(mean_counts(torch.cat(batches), 6))
    assert torch.allclose(matching.real, expected, atol=1e-4)


def test_what_is_remembered_is_saved():
    first, second = KmerMatching(4, 20, 1.0), KmerMatching(4, 20, 1.0)
    real, fake = random_letters(8), random_letters(8, seed=1)
    for _ in range(3):
        first(real, random_letters(8, seed=2))
    second.load_state_dict(first.state_dict())
    assert first(real, fake).item() == second(real, fake).item()
    assert KmerMatching(4, 20, 1.0)(real, fake).item() != first(real, fake).item()


@pytest.mark.parametrize(("records", "own"), [(100, True), (0.01, False)])
def test_a_group_is_held_to_its_own_words_where_they_are_counted_often(records, own):
    # Real records of class a have A and C alone, those of class b G and T alone; all data together
    # have all four alike, and so has all that is written.
    conditions = Conditions.of({"k": ["a", "b"] * 100}, ("k",), np.ones(200))
    labels = LabelEncoder(conditions)(torch.tensor([[0], [1]] * 20, dtype=torch.uint8))
    matching = LabelMatching((4, 20), conditions, 40, 1.0)
    matching.sizes.fill_(records)
    for seed in range(20):
        a, b = (random_letters(20, seed=seed, shares=x) for x in ([1.0, 1, 0, 0], [0.0, 0, 1, 1]))
        real = torch.stack([a, b], 1).flatten(0, 1)
        fake = random_letters(40, seed=100 + seed).requires_grad_()
        (slope,) = torch.autograd.grad(matching(join(real, labels), join(fake, labels)), fake)
    lowered = slope[::2].mean((0, 2)), slope[1::2].mean((0, 2))
    more = [x[of].max() < x[[c for c in range(4) if c not in of]].min()
            for x, of in zip(lowered, ([0, 1], [2, 3]), strict=True)]  # fmt: skip
    assert all(more) if own else not all(more)

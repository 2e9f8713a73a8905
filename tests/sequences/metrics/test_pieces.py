"""Pieces of training records are found wherever they stand."""

import numpy as np
import pytest
from Bio.Seq import Seq
from comparing import compare, iid

from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import word_numbers
from biogan.sequences.metrics import novelty as module
from biogan.sequences.metrics.novelty import stands_in, word_length
from biogan.sequences.strands import reverse_complement


def test_numbers_of_words_are_those_of_a_loop():
    texts = ["ACGTAC", "AC", "", "GGGT", "T" * 9]
    numbers, owners = word_numbers(SequenceSet.from_strings(texts), 4)
    expected = [
        (sum("ACGT".index(letter) * 4 ** (3 - j) for j, letter in enumerate(text[i : i + 4])), n)
        for n, text in enumerate(texts)
        for i in range(len(text) - 3)
    ]
    assert list(zip(numbers.tolist(), owners.tolist(), strict=True)) == expected


@pytest.mark.parametrize("letters", [1, 50, 3_000])
def test_words_are_found_as_in_strings(monkeypatch, letters):
    monkeypatch.setattr(module, "_LETTERS", letters)
    known, asked = iid(DNA, 60, 40, 0), iid(DNA, 30, 40, 1)
    numbers, _ = word_numbers(asked, 5)
    text = " ".join(known.strings())
    kmers = [t[i : i + 5] for t in asked.strings() for i in range(36)]
    assert stands_in(numbers, [known], 5).tolist() == [word in text for word in kmers]


def test_words_are_rare_by_chance_and_fit_a_number():
    for states in (2, 4, 20):
        k = word_length(states, 10_000)
        assert states ** (k - 1) < 1e7 <= states**k
    assert 4 ** word_length(4, 10**18) < 2**62


def test_patchwork_turned_and_moved_copies_are_found():
    train = iid(DNA, 200, 100, 0)
    texts = train.strings()
    k = word_length(4, 2 * 200 * 100)
    kmers = 100 - k + 1

    def share(made):
        return compare("pieces", SequenceSet.from_strings(made), train)

    turned = share([text[37:] + text[:37] for text in texts])
    assert turned.value == pytest.approx((kmers - (k - 1)) / kmers, abs=0.01)
    assert turned.note == f"{k} letters" and len(turned.details) == 5
    patched = share([a[:50] + b[50:] for a, b in zip(texts[:100], texts[100:], strict=True)])
    assert patched.value == pytest.approx((kmers - (k - 1)) / kmers, abs=0.01)
    assert share(texts).value == 1.0
    assert share(reverse_complement(train).strings()).value == 1.0
    fresh = compare("pieces", iid(DNA, 500, 100, 1), train)
    assert fresh.value < 0.002 and fresh.low <= fresh.value <= fresh.high


def test_the_interval_is_that_of_records():
    """One in ten records is a copy: 0.1, give or take two standard errors of a share."""
    train = iid(DNA, 500, 60, 0)
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(60):
        fresh = iid(DNA, 300, 60, seed + 1).strings()
        made = [train.strings()[i] if rng.random() < 0.1 else t for i, t in enumerate(fresh)]
        found = compare("pieces", SequenceSet.from_strings(made), train)
        covered += found.low <= 0.1 <= found.high
    assert covered >= 50


def test_short_records_and_proteins():
    assert compare("pieces", iid(DNA, 20, 5, 0), iid(DNA, 20, 5, 1)).value is None
    train = iid(PROTEIN, 50, 40, 0)
    assert compare("pieces", train, train).value == 1.0


@pytest.mark.parametrize("letters", ["N", "RYN", "-N"])
def test_the_other_strand_is_read_with_further_letters(letters):
    alphabet = DNA.with_letters(letters)
    more = len(letters)
    train = iid(alphabet, 200, 100, 0, [*[(1 - 0.01 * more) / 4] * 4, *[0.01] * more])
    turned = [str(Seq(text).reverse_complement()) for text in train.strings()]
    patched = [a[:50] + b[50:] for a, b in zip(turned[:100], turned[100:], strict=True)]
    new = SequenceSet.from_strings(patched, alphabet=alphabet)
    found = compare("pieces", new, train)
    k = int(found.note.removesuffix(" letters"))
    kmers = 100 - k + 1
    assert found.value == pytest.approx((kmers - (k - 1)) / kmers, abs=0.02)
    assert compare("pieces", iid(alphabet, 100, 100, 1), train).value < 0.005


def test_rare_further_letters_make_words_no_shorter():
    alphabet = DNA.with_letters("RYKMSWBDHVN")
    shares = [*[(1 - 0.011) / 4] * 4, *[0.001] * 11]
    train, fresh = (iid(alphabet, 200, 100, seed, shares) for seed in (0, 1))
    found = compare("pieces", fresh, train)
    # 40,000 letters of both strands: 4^13 is above 1,000 times as many.
    assert found.note == "13 letters" and found.value < 0.003
    # Base 15 fits 63 bits up to 15 letters, however many records there are.
    assert word_length(4, 10**9, 15) == 15

"""Shared words, covered letters and overlaps of windows: all that brute force finds."""

import numpy as np
import pytest

from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet, cut_windows
from biogan.sequences.similarity import words
from biogan.sequences.similarity.words import SharedWords, covered, dovetails, word_size

TURN = str.maketrans("ACGT", "TGCA")


def turned(text):
    return text.translate(TURN)[::-1]


def random_texts(n, low, high, seed, letters="AC"):
    random = np.random.default_rng(seed)
    return ["".join(random.choice(list(letters), random.integers(low, high))) for _ in range(n)]


def words_of(text, k, strands):
    found = {text[i : i + k] for i in range(len(text) - k + 1)}
    return found | {turned(w) for w in found} if strands else found


@pytest.mark.parametrize("strands", [False, True])
@pytest.mark.parametrize("block", [7, 1 << 22])
def test_shared_words_by_brute_force(strands, block, monkeypatch):
    monkeypatch.setattr(words, "_BLOCK", block)
    texts, k = random_texts(40, 2, 16, 3), 7
    s = SequenceSet.from_strings(texts)
    shared = SharedWords(s, k, strands)
    sets = [words_of(t, k, strands) for t in texts]
    meets = np.array([[bool(a & b) for b in sets] for a in sets])
    for i in range(len(texts)):
        assert (shared.near(np.arange(40) == i) == (meets[i] & (meets.sum(1) > 1))).all() or (
            not meets[i, np.arange(40) != i].any() and not shared.near(np.arange(40) == i).any()
        )
    np.fill_diagonal(meets, False)
    assert (shared.holders() == meets.any(1)).all()
    assert meets[shared.pairs].all()


def test_letters_that_stand_for_several_make_no_word():
    s = SequenceSet.from_strings(["N" * 30, "N" * 30 + "A"], alphabet=DNA.with_letters("N"))
    assert not SharedWords(s, 20).holders().any()


def test_words_of_dna_count_on_either_strand_and_those_of_rna_do_not():
    text = random_texts(1, 60, 61, 0, "ACG")[0]
    dna = SequenceSet.from_strings([text, turned(text)])
    assert SharedWords(dna).holders().all()
    rna = SequenceSet.from_strings([x.replace("T", "U") for x in dna.strings()], alphabet="rna")
    assert not SharedWords(rna).holders().any()


def test_the_size_of_a_word():
    peptides = SequenceSet.from_strings(["ACDEFGHIKLMNPQ"], alphabet="protein")
    assert word_size(peptides) == 10
    assert word_size(SequenceSet.from_strings(["ACGT" * 10])) == 20
    # 4**24 pairs of words: more letters, so that no two are equal by chance.
    assert word_size(SequenceSet.from_strings(["ACGT" * (4**11)])) == 24


def test_covered_letters_by_brute_force():
    new, known, k = random_texts(30, 3, 30, 1), random_texts(5, 20, 40, 2), 6
    found = covered(SequenceSet.from_strings(new), SequenceSet.from_strings(known), k)
    sets = set().union(*(words_of(t, k, True) for t in known))
    for text, letters in zip(new, found.tolist(), strict=True):
        inside = {
            i + x for i in range(len(text) - k + 1) if text[i : i + k] in sets for x in range(k)
        }
        assert letters == len(inside)


def test_windows_dovetail_and_records_with_a_common_piece_do_not():
    random = np.random.default_rng(0)
    genome = SequenceSet.from_strings(["".join(random.choice(list("ACGT"), 500))], ["g"])
    windows, _ = cut_windows(genome, 60, 25)
    texts = [turned(t) if i % 3 == 0 else t for i, t in enumerate(windows.strings())]
    i, j = dovetails(SequenceSet.from_strings(texts))
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == {
        (k, k + 1) for k in range(len(texts) - 1)
    }
    piece = texts[0][:30]
    apart = SequenceSet.from_strings(
        [piece + texts[5], piece + texts[9], texts[12] + piece + texts[14]]
    )
    assert not len(dovetails(apart)[0])
    same = SequenceSet.from_strings([texts[0]] * 5)
    assert not len(dovetails(same)[0])
    part = SequenceSet.from_strings([texts[0], texts[0][10:50]])
    assert len(dovetails(part)[0]) == 1

import itertools

import numpy as np
import pytest
from comparing import iid

from biogan.sequences.alphabet import DNA, RNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.motifs import Motif
from biogan.sequences.metrics.motifs import Scanner, letter_counts, present, score_threshold

EVEN = np.full(4, 0.25)


def sharp(word: str) -> Motif:
    return Motif(word, np.eye(4)[["ACGT".index(x) for x in word]])


def test_threshold_is_exact():
    rng = np.random.default_rng(0)
    steps, background = rng.integers(-9, 9, (5, 4)), np.array([0.3, 0.2, 0.2, 0.3])
    words = np.array(list(itertools.product(range(4), repeat=5)))
    scores = steps[np.arange(5), words].sum(1)
    chances = background[words].prod(1)
    for p in (0.3, 0.05, 0.01):
        threshold, reachable = score_threshold(steps, background, p)
        assert reachable
        assert chances[scores >= threshold].sum() <= p * (1 + 1e-9)
        assert chances[scores >= threshold - 1].sum() > p
    # The rarest of 4**5 words is more frequent than 1e-9.
    assert score_threshold(steps, background, 1e-9)[1] is False


def test_sites_of_both_strands_are_those_of_a_plain_search(monkeypatch):
    monkeypatch.setattr("biogan.sequences.metrics.motifs._BLOCK", 50)
    rng = np.random.default_rng(1)
    motifs = [Motif(f"m{w}", rng.dirichlet([0.4] * 4, w)) for w in (4, 6, 9, 13)]
    records = SequenceSet.from_strings(
        ["".join(rng.choice(list("ACGT"), n)) for n in (0, 3, 40, 200, 13, 75)]
    )
    scanner = Scanner(motifs, EVEN, p_value=0.02)
    expected = []
    for r, text in enumerate(records.strings()):
        for m, motif in enumerate(motifs):
            odds = motif.log_odds(EVEN)
            steps = np.rint(odds * (4000 / np.ptp(odds, axis=1).sum())).astype(int)
            threshold = score_threshold(steps, EVEN, 0.02)[0]
            for start in range(len(text) - motif.width + 1):
                codes = DNA.encode(text[start : start + motif.width]).astype(int)
                other = 3 - codes[::-1]
                best = max(steps[np.arange(motif.width), c].sum() for c in (codes, other))
                if best >= threshold:
                    expected.append([r, m, start])
    assert len(expected) > 20
    assert scanner.hits(records).tolist() == expected


def test_a_site_never_crosses_a_border_or_another_letter():
    scanner = Scanner([sharp("GATTACA")], EVEN)
    apart = SequenceSet.from_strings(
        ["GATT", "ACAGATTACA", "GATNACA"], alphabet=DNA.with_letters("N")
    )
    assert scanner.hits(apart).tolist() == [[1, 0, 3]]
    both = SequenceSet.from_strings(["CGATTACA", "TGTAATC"])
    assert scanner.hits(both).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_a_site_of_rna_lies_on_one_strand():
    motif = sharp("GATTACA")
    rna = SequenceSet.from_strings(["CGAUUACA", "UGUAAUC"], alphabet=RNA)
    assert Scanner([motif], EVEN, one_strand=True).hits(rna).tolist() == [[0, 0, 1]]
    # So does one whose file says "strands: +", beside others.
    given = Motif("given", motif.frequencies, both_strands=False)
    found = Scanner([given, motif], EVEN).hits(SequenceSet.from_strings(["TGTAATC"]))
    assert found.tolist() == [[0, 1, 0]]


def test_the_chance_of_a_site_of_one_strand_is_that_of_its_letters():
    # 60 % A: AAAAAAAA has a chance of 0.6**8 = 0.017 on one strand; 0.3**8 = 6.6e-5 < 1e-4 on both.
    few = np.array([0.6, 0.2, 0.2, 1e-9])
    assert Scanner([sharp("A" * 8)], few).short == []
    assert Scanner([sharp("A" * 8)], few, one_strand=True).short == ["A" * 8]


def test_motifs_too_short_for_the_p_value_are_named():
    # 4**-6 = 0.00024 > 1e-4 >= 4**-7.
    scanner = Scanner([sharp("GATTAC"), sharp("GATTACA")], EVEN)
    assert scanner.short == ["GATTAC"]
    found = scanner.hits(SequenceSet.from_strings(["GATTACA"]))
    assert present(found, 1, 2).tolist() == [[False, True]]
    assert Scanner([], EVEN).hits(SequenceSet.from_strings(["ACGT"])).shape == (0, 3)


def test_share_of_records_with_a_planted_consensus():
    plain = iid(DNA, 2000, 200, 0)
    matrix = plain.matrix()
    matrix[:600, 50:58] = DNA.encode("TGACTCAG")
    scanner = Scanner([sharp("TGACTCAG")], letter_counts(plain))
    before = present(scanner.hits(plain), 2000, 1)[:, 0]
    after = present(scanner.hits(SequenceSet.from_matrix(DNA, matrix)), 2000, 1)[:, 0]
    assert after.mean() == pytest.approx(0.3 + 0.7 * before[600:].mean())
    # 2 strands of 193 places with the highest score only: 386 * 4**-8 = 0.0059 a record.
    assert before.mean() == pytest.approx(0.0059, abs=0.005)


def test_background_counts_letters_and_one_more():
    counts = letter_counts(SequenceSet.from_strings(["AAAAAA", "CC"]))
    assert counts.tolist() == [7, 3, 1, 1]

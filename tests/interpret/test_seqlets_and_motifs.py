"""Seqlets, motifs, spacings and matches of planted words."""

import dataclasses
import itertools

import numpy as np
import pytest

from biogan.core.rng import rng
from biogan.interpret.matching import matches
from biogan.interpret.motifs import Explained, correlation, discovered, distinct, spacings
from biogan.interpret.seqlets import Seqlets, found_seqlets, score_threshold, segments
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.motifs import Motif, meme_text, read_motifs
from biogan.sequences.strands import reverse_complement

BOXES = [DNA.encode("TTGACA"), DNA.encode("TATAAT")]
PARTNER = DNA.encode("TGCA")


def best_segment(row):
    """Sum of the best segment, by trying all."""
    return max(row[i:j].sum() for i in range(len(row)) for j in range(i + 1, len(row) + 1))


def planted(n=300, length=60, strands=False, one=False):
    """Records with two boxes 16-18 apart, effects of their letters, and noise."""
    chance = rng(3, "planted")
    codes = chance.integers(0, 4, (n, length)).astype(np.uint8)
    effects = chance.normal(0, 0.05, (n, length, 4)).astype(np.float32)
    turned = chance.random(n) < 0.5 * strands
    for i in range(n):
        first = int(chance.integers(4, 20))
        places = [first, first + 6 + int(chance.integers(16, 19))]
        for place, box in list(zip(places, BOXES, strict=True))[: 1 if one else 2]:
            codes[i, place : place + 6] = box
            effects[i, np.arange(place, place + 6), box] += 1
        if turned[i]:
            codes[i], effects[i] = PARTNER[codes[i, ::-1]], effects[i, ::-1][:, PARTNER]
    return Explained(codes, effects)


def seqlets_of(explained):
    n, length = explained.codes.shape
    own = np.take_along_axis(explained.effects, explained.codes[..., None].astype(int), 2)[..., 0]
    null = rng(4, "null").normal(0, 0.05, (n, length)).astype(np.float32)
    return found_seqlets(own, null, 0.1)[0]


def test_the_best_segment_of_a_record_is_found():
    rows = rng(0, "segments").normal(0, 1, (50, 15))
    found = segments(rows, 0.3)
    for i, row in enumerate(rows):
        mine = found.record == i
        due = best_segment(row - 0.3)
        got = found.score[mine] - 0.3 * (found.stop - found.start)[mine]
        assert got.max(initial=0) == pytest.approx(max(due, 0))
        assert (found.start[mine][1:] >= found.stop[mine][:-1]).all()


def test_nothing_is_found_where_records_are_like_shuffled_ones():
    found = 0
    for seed in range(20):
        real, null = (rng(seed, name).normal(0, 1, (200, 40)) for name in ("a", "b"))
        found += len(found_seqlets(real, null, 0.1)[0]) > 10
    assert found <= 1
    assert score_threshold(np.zeros(5), np.ones(5), 1.0, 0.1) == np.inf


def test_two_boxes_and_their_spacing_are_found():
    explained = planted()
    motifs = discovered(explained, seqlets_of(explained))
    assert sorted(m.consensus("ACGT") for m in motifs) == ["TATAAT", "TTGACA"]
    motifs.sort(key=lambda motif: motif.consensus("ACGT"), reverse=True)
    assert all(len(m.sites) > 280 for m in motifs)
    assert np.isin(motifs[0].sites.start, range(4, 20)).mean() > 0.98
    near = {(s.first, s.second): s for s in spacings(motifs, 300)}
    assert near[0, 1].frequent == (16, 17, 18)
    assert near[0, 1].usual == (16, 18)


def test_one_motif_suffices():
    explained = planted(60, 30, one=True)
    motifs = discovered(explained, seqlets_of(explained))
    assert [m.consensus("ACGT") for m in motifs] == ["TTGACA"]


def test_sites_on_the_other_strand_are_turned():
    explained = planted(strands=True)
    motifs = discovered(explained, seqlets_of(explained), PARTNER)
    assert len(motifs) == 2
    for motif in motifs:
        assert 0.3 < motif.sites.reverse.mean() < 0.7
        assert motif.consensus("ACGT") in ("TTGACA", "TATAAT", "TGTCAA", "ATTATA")
        some = SequenceSet.from_matrix(DNA, explained.codes)
        back = reverse_complement(some)
        for record, start, reverse in list(zip(*motif.sites[:3], strict=True))[:40]:
            text = back[int(record)] if reverse else some[int(record)]
            at = 60 - start - 6 if reverse else start
            assert text[at : at + 6] == motif.consensus("ACGT")


def test_a_motif_that_is_found_twice_counts_once():
    explained = planted()
    found = discovered(explained, seqlets_of(explained))
    # A part of TATAAT is a part of its other strand, too.
    one, other = sorted(found, key=lambda motif: motif.consensus("ACGT"), reverse=True)
    longer = dataclasses.replace(one, counts=np.concatenate([one.counts, np.ones((3, 4))]))
    assert distinct([one, longer, other]) == [0, 2]
    turned = dataclasses.replace(one, counts=one.counts[::-1, PARTNER])
    assert distinct([one, turned, other]) == [0, 1, 2]
    assert distinct([one, turned, other], PARTNER) == [0, 2]


def test_few_seqlets_make_no_motif():
    explained = planted(5)
    assert discovered(explained, seqlets_of(explained)) == []
    nothing = Seqlets(*(np.zeros(0, np.int64) for _ in range(3)), np.zeros(0))
    assert discovered(explained, nothing) == []


def test_a_match_is_told_from_others():
    chance = rng(0, "known")
    known = [
        Motif(f"m{i}", chance.dirichlet([0.3] * 4, int(chance.integers(6, 15)))) for i in range(60)
    ]
    box = 0.85 * np.eye(4)[BOXES[1]] + 0.0375
    known.append(Motif("box", np.concatenate([np.full((2, 4), 0.25), box])))
    found = matches(0.7 * np.eye(4)[BOXES[1]] + 0.075, known)
    best = min(found, key=lambda match: match.p)
    assert best.name == "box" and best.e < 0.05 and best.offset == -2 and not best.reverse
    turned = matches((0.7 * np.eye(4)[BOXES[1]] + 0.075)[::-1, ::-1], known)
    assert min(turned, key=lambda match: match.p).reverse
    # Of random motifs one in twenty is as good by chance.
    small = [
        match.p < 0.05
        for i in range(20)
        for match in matches(chance.dirichlet([0.3] * 4, 8), known[:60])
    ]
    assert np.mean(small) < 0.1


def test_the_chance_of_a_match_is_that_of_all_targets_one_by_one():
    chance = rng(1, "columns")
    known = [Motif(f"m{i}", chance.dirichlet([0.5] * 4, 3)) for i in range(7)]
    query = chance.dirichlet([0.5] * 4, 4)
    columns = np.concatenate([motif.frequencies for motif in known])
    distance = np.sqrt(np.square(query[:, None] - columns).sum(2))
    scores = np.median(distance, 1, keepdims=True) - distance
    every = np.array([*itertools.product(range(21), repeat=3)])
    # Sum at each offset of each target of three columns that can be drawn.
    sums = np.stack([
        scores[np.arange(max(0, o), min(4, o + 3))[:, None],
               every[:, max(0, -o) : min(3, 4 - o)].T].sum(0)
        for o in range(-2, 4)
    ])  # fmt: skip
    for k, match in enumerate(matches(query, known, strands=False)):
        own = (every == np.arange(3 * k, 3 * k + 3)).all(1)
        best = sums[:, own].max() - 1e-9
        assert match.offset == int(sums[:, own].argmax()) - 2
        independent = 1 - np.prod(1 - (sums >= best).mean(1))
        assert match.p == pytest.approx(independent, rel=0.02)
        assert match.p == pytest.approx((sums.max(0) >= best).mean(), rel=0.1)


def test_written_motifs_are_read_again(tmp_path):
    path = tmp_path / "motifs.meme"
    shares = np.eye(4)[BOXES[0]] * 0.6 + 0.1
    path.write_text(meme_text({"box": (shares, 30)}, "ACGT", np.ones(4)))
    (motif,) = read_motifs(path)
    assert motif.name == "box" and motif.sites == 30 and not motif.both_strands
    assert np.allclose(motif.frequencies, shares)
    assert correlation(motif.frequencies, shares) == (pytest.approx(1.0), 0)

"""Regions are read from every form that tools write, and tell what overlaps."""

import numpy as np
import pytest

from biogan import read_fasta
from biogan.sequences.dataset import SequenceSet, cut_windows
from biogan.sequences.regions import Regions
from biogan.sequences.strands import both_strands, reverse_complement


@pytest.mark.parametrize(
    "name",
    [
        "chr1:101-110",
        "chr1:100-110",
        "chr1:100-110(-)",
        "peak_7::chr1:100-110(+)",
        "chr1:101-110/rc",
        "chr1:c110-101",
        "chr1/110-101",
        "chr1:1,101-1,110",
        "chr1:1-500:101-110",
        "chr1:1-500:1-300:101-110",
        "chr1:1-210(-):101-110",
    ],
)
def test_one_region_in_the_words_of_all_tools(name):
    found = Regions.named([name], np.array([10]))
    shift = 1000 if "," in name else 0
    assert (found.start[0] - shift, found.stop[0] - shift) == (100, 110)
    both = Regions.named([name, "chr1:300-310"], np.array([10, 10]))
    assert both.source.tolist() == [0, 0]


@pytest.mark.parametrize("name", ["chr1:101-111", "chr1", "seq_1", "chr1:110", "x-1:2", "c:-5-4"])
def test_a_name_that_does_not_fit_the_record_is_no_region(name):
    assert not Regions.named([name], np.array([9])).known.any()


def test_a_header_of_ucsc_names_a_region(tmp_path):
    file = tmp_path / "ucsc.fa"
    lines = [
        f">hg38_dna range=chr1:{s}-{s + 9} 5'pad=0 3'pad=0 strand=+ repeatMasking=none\n{t}\n"
        for s, t in ((101, "ACGTTGCATT"), (106, "GCATTACCAG"))
    ]
    file.write_text("".join(lines))
    found = read_fasta(file)
    assert found.regions.start.tolist() == [100, 105]
    assert found[1:].regions.start.tolist() == [105]
    assert found.regions.overlapping().all()


def test_regions_stay_with_their_records(tmp_path):
    from biogan.sequences.io.write import write_fasta

    genome = SequenceSet.from_strings(["ACGTTGCATTACCAGTTA", "ACGTTGCA"], ["chr1:11-28", "x"])
    windows, _ = cut_windows(genome, 6, 3)
    assert windows.regions.source.tolist() == [0] * 5 + [1]
    assert windows.regions.start.tolist() == [10, 13, 16, 19, 22, 0]
    some = windows[[4, 1]]
    for same in (
        some,
        some.unique(),
        some.expanded(),
        reverse_complement(some),
        SequenceSet.concatenate([some]),
        some.ungapped(),
    ):
        assert same.regions.start.tolist() == [22, 13]
    assert both_strands(some).regions.overlapping().all()
    write_fasta(windows, tmp_path / "w.fa")
    again = read_fasta(tmp_path / "w.fa")
    assert again.regions.start.tolist() == windows.regions.start.tolist()


def test_gaps_of_an_alignment_are_no_letters_of_a_region():
    s = SequenceSet.from_strings(["AC--GT", "A----T"], ["p/1-4", "p/1-6"], alphabet="custom:ACGT-")
    assert s.alphabet.has_gap
    assert s.regions.known.tolist() == [True, False]


@pytest.mark.parametrize("gap", [0, 1, 7])
def test_near_and_joined_by_brute_force(gap):
    random = np.random.default_rng(gap)
    for _ in range(20):
        n = 30
        start = random.integers(0, 120, n)
        r = Regions(random.integers(-1, 3, n), start, start + random.integers(1, 12, n))
        meets = (
            (r.source[:, None] == r.source)
            & (r.source >= 0)
            & (r.start[:, None] < r.stop + gap)
            & (r.start < r.stop[:, None] + gap)
        )
        chosen = random.random(n) < 0.2
        assert (r.near(chosen, gap) == meets[:, chosen].any(1)).all()
        i, j = r.joined(gap)
        assert meets[i, j].all()
        np.fill_diagonal(meets, False)
        if gap == 0:
            assert (r.overlapping() == meets.any(1)).all()
        # Whatever meets is joined by a path.
        reach = np.eye(n, dtype=bool)
        reach[i, j] = reach[j, i] = True
        for _ in range(6):
            reach = reach @ reach
        assert reach[meets].all()

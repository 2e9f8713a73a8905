import numpy as np
import pytest
from comparing import compare, iid
from scipy.stats import fisher_exact

from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate
from biogan.sequences.io.motifs import Motif
from biogan.sequences.metrics.comparison import Comparison, Sample
from biogan.sequences.metrics.context import Extras
from biogan.sequences.metrics.motifs import motif_table

WORDS = ("TGACTCAG", "CCAAGGTA", "GTTTAACC")
MOTIFS = tuple(Motif(w, np.eye(4)[["ACGT".index(x) for x in w]]) for w in WORDS)
EXTRAS = Extras(motifs=MOTIFS)
NAMES = ("motif-rate", "motif-pairs", "motif-positions")


def planted(seed: int, places: dict[int, list[tuple[int, int]]], n: int = 400) -> SequenceSet:
    """Records of 100; motif m from record 0 up to each (records, position) of ``places[m]``."""
    matrix = iid(DNA, n, 100, seed).matrix()
    for m, some in places.items():
        for records, position in some:
            matrix[:records, position : position + 8] = DNA.encode(WORDS[m])
    return SequenceSet.from_matrix(DNA, matrix)


REAL = planted(0, {0: [(100, 20)], 1: [(100, 60)]})
NEW = planted(5, {0: [(100, 20)], 1: [(100, 60)]})


def test_rates_by_hand():
    new = planted(1, {0: [(200, 20)], 1: [(100, 60)]})
    found = compare("motif-rate", new, REAL, extras=EXTRAS)
    table = motif_table(Comparison(Sample(new), Sample(REAL), Sample(REAL), extras=EXTRAS))
    first = table[0]
    a, b = round(first["real"] * 400), round(first["generated"] * 400)
    assert (a, b) == (pytest.approx(102, abs=4), pytest.approx(202, abs=4))
    assert first["log2_ratio"] == pytest.approx(np.log2((b + 0.5) / (a + 0.5)))
    assert first["p"] == pytest.approx(fisher_exact([[b, 400 - b], [a, 400 - a]]).pvalue)
    assert first["q"] == pytest.approx(3 * first["p"])  # the smallest of three
    assert found.plain == pytest.approx(np.mean([abs(row["log2_ratio"]) for row in table]))
    assert f"TGACTCAG {first['log2_ratio']:+.2f}" in found.details


def test_pairs_see_what_rates_do_not():
    # The second motif in as many records, but in others than the first.
    matrix = REAL.matrix()
    apart = iid(DNA, 400, 100, 2).matrix()
    apart[:100, 20:28] = matrix[0, 20:28]
    apart[300:, 60:68] = matrix[0, 60:68]
    other = SequenceSet.from_matrix(DNA, apart)
    fresh = planted(3, {0: [(100, 20)], 1: [(100, 60)]})
    assert compare("motif-pairs", fresh, REAL, extras=EXTRAS).low == 0
    assert compare("motif-pairs", other, REAL, extras=EXTRAS).value > 5
    assert compare("motif-pairs", REAL, REAL, extras=EXTRAS).value == 0


def test_positions_see_what_rates_do_not():
    moved = planted(4, {0: [(100, 75)], 1: [(100, 60)]})
    fresh = planted(5, {0: [(100, 20)], 1: [(100, 60)]})
    # One of two motifs has moved from the third to the ninth tenth: 1 bit of 2.
    assert compare("motif-positions", moved, REAL, extras=EXTRAS).value == pytest.approx(
        0.5, abs=0.1
    )
    assert compare("motif-positions", fresh, REAL, extras=EXTRAS).low == 0
    assert compare("motif-positions", moved, REAL, extras=EXTRAS).note == "2 motifs"


def test_the_order_of_the_records_changes_nothing():
    new = planted(6, {0: [(150, 20)], 1: [(80, 60)]})
    turned = new[np.random.default_rng(0).permutation(400)]
    options = {"metrics": list(NAMES), "floors": [], "motifs": MOTIFS}
    one, two = evaluate(REAL, new, **options), evaluate(REAL[::-1], turned, **options)
    for row, other in zip(one.rows, two.rows, strict=True):
        assert row.generated == other.generated and row.generated.value is not None
    assert one.tables == two.tables


def test_without_motifs_there_is_no_row_and_no_table():
    report = evaluate(REAL, NEW, floors=[], metrics=["motif-rate"])
    assert report["motif-rate"].generated.note == "no motifs given: --motifs"
    assert report.tables == {}
    proteins = iid(PROTEIN, 30, 9, 0)
    assert compare("motif-rate", proteins, proteins, extras=EXTRAS).note == "nucleotides only"


def test_motifs_that_cannot_be_found():
    short = Extras(motifs=(Motif("GATC", np.eye(4)[[2, 0, 3, 1]]),))
    rate = compare("motif-rate", REAL, REAL, extras=short)
    assert rate.note == "all motifs are too short to be told from chance"
    assert compare("motif-pairs", REAL, REAL, extras=short).note.startswith("no two motifs stand")
    assert compare("motif-positions", REAL, REAL, extras=short).note.startswith("no motif has 20")
    (row,) = motif_table(Comparison(Sample(REAL), Sample(REAL), Sample(REAL), extras=short))
    assert row == {"motif": "GATC", "width": 4, "strands": 2, "real": None, "generated": None,
                   "log2_ratio": None, "p": None, "q": None}  # fmt: skip


def test_motifs_without_a_site_prove_nothing():
    """No site in either set was a ratio of 0 [0, 0], with a green mark."""
    wide = Motif("wide", np.tile(np.eye(4), (26, 1)))
    none = compare("motif-rate", REAL, REAL, extras=Extras(motifs=(wide,)))
    assert none.value is None
    assert none.note == (
        "no motif has a site in the generated or the real set; they are wider than the longest "
        "record (100 letters)"
    )
    some = compare("motif-rate", NEW, REAL, extras=Extras(motifs=(*MOTIFS[:2], wide)))
    assert some.note == "1 without a site in either set"


def test_the_table_is_part_of_the_report():
    report = evaluate(REAL, NEW, floors=[], metrics=["motif-rate"], motifs=MOTIFS)
    frame = report.to_frame("motifs")
    assert frame["motif"].tolist() == list(WORDS)
    assert report.to_dict()["tables"]["motifs"][0]["width"] == 8

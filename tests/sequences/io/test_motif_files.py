import gzip

import numpy as np
import pytest

from biogan.core.errors import BioganError, DataError
from biogan.sequences.io.motifs import Motif, read_motifs

MEME = """MEME version 4

ALPHABET= ACGT

strands: + -

MOTIF box TATA
letter-probability matrix: alength= 4 w= 2 nsites= 17 E= 4.1e-009
 0.000000\t0.176471  0.000000  0.823529
 0.25 0.25 0.25 0.25

MOTIF other
letter-probability matrix:
 1 0 0 0
URL http://example.org
"""
JASPAR = """>MA0004.1 Arnt
A [ 4 19 ]
C [16  0 ]
G [ 0  1 ]
T [ 0  0 ]
"""


def read(tmp_path, text):
    path = tmp_path / "m.txt"
    path.write_text(text)
    return read_motifs(path)


def test_meme(tmp_path):
    box, other = read(tmp_path, MEME)
    assert (box.name, box.width, box.sites) == ("box", 2, 17)
    # Not rounded to 14 of 17 sites.
    assert box.frequencies[0] == pytest.approx([0, 0.176471, 0, 0.823529], abs=1e-9)
    assert (other.name, other.width, other.sites) == ("other", 1, 20)


def test_jaspar_packed(tmp_path):
    path = tmp_path / "m.jaspar.gz"
    path.write_bytes(gzip.compress(JASPAR.encode()))
    (arnt,) = read_motifs(path)
    assert (arnt.name, arnt.sites) == ("MA0004.1 Arnt", 20)
    assert arnt.frequencies == pytest.approx(np.array([[0.2, 0.8, 0, 0], [0.95, 0, 0.05, 0]]))


def test_log_odds_are_smoothed_by_a_tenth_of_a_site():
    motif = Motif("x", np.array([[1.0, 0, 0, 0]]), sites=19.9)
    background = np.full(4, 0.25)
    # (19.9 + 0.025) / 20 / 0.25 and 0.025 / 20 / 0.25.
    expected = np.log2([3.985, 0.005, 0.005, 0.005])
    assert motif.log_odds(background)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty|neither"),
        ("id,seq\n1,ACGT\n", "begins with neither 'MEME version' nor '>'"),
        (">one\nACGT\n", "m.txt: no motifs in the format of MEME or JASPAR: line 2: .* not 'ACGT'"),
        (JASPAR.replace("19 ]", "x ]"), "line 2: a row of counts is expected"),
        (MEME.replace("ACGT", "ACDEFGHIKLMNPQRSTVWY"), "nucleotides are needed"),
        (MEME.replace("0.25 0.25 0.25 0.25", "0.25 0.25 0.25"), "no motifs in the format"),
        (MEME.replace("MOTIF other", "MOTIF box"), "two motifs are called 'box'"),
        (MEME.partition("MOTIF")[0], "holds no motif"),
        (MEME.replace("1 0 0 0", "0 0 0 0"), "motif other: frequencies are at least 0"),
    ],
)
def test_what_is_no_motif_file_is_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(BioganError, match=said) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_matrix_has_four_columns():
    with pytest.raises(DataError, match=r"motif x: not a matrix of width x 4 letters: \(3,\)"):
        Motif("x", np.ones(3))

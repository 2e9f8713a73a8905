import gzip
import io
import time

import numpy as np
import pytest
from Bio import motifs as biopython
from helpers import shared_data

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
STARS = "*" * 80
# MEME's own output: the same motif as scores, as sites and as probabilities.
MEME_TEXT = f"""{STARS}
MEME - Motif discovery tool
{STARS}
MEME version 5.5.5 (Release date: Mon Jan 1 00:00:00 2024)
{STARS}
TRAINING SET
{STARS}
ALPHABET "RNA" RNA-LIKE
A "Adenine" CC0000
C "Cytosine = 1" 0000CC
G "Guanine" FFB300
U "Uracil" 008000
N "Any base" = ACGU
T = U
END ALPHABET
strands: +
Background letter frequencies (from file dataset with add-one prior applied):
A 0.25 C 0.25 G 0.25 U 0.25
{STARS}
MOTIF GA MEME-1\twidth =   2  sites =  30  llr = 200  E-value = 1.0e-020
{STARS}
\tMotif GA MEME-1 Description
BL   MOTIF GA width=2 seqs=30
log-odds matrix: alength= 4 w= 2 n= 20000 bayes= 8.5 E= 1.0e-020
-306  -306   186  -306
 186  -306  -306  -306
{"-" * 80}
letter-probability matrix: alength= 4 w= 2 nsites= 30 E= 1.0e-020
 0.000000  0.100000  0.900000  0.000000
 0.900000  0.000000  0.000000  0.100000
{"-" * 80}
{STARS}
MOTIF GA MEME-2\twidth =   1  sites =  10  llr = 200  E-value = 1.0e-020
{STARS}
letter-probability matrix: alength= 4 w= 1 nsites= 10 E= 1.0e-020
 0.000000  1.000000  0.000000  0.000000
{STARS}
SUMMARY OF MOTIFS
"""
DREME = """# DREME 5.0.2
# command: dreme -p a.fa

MEME version 5.0.2

ALPHABET "DNA" DNA-LIKE
A "Adenine" CC0000 ~ T "Thymine" 008000
C "Cytosine" 0000CC ~ G "Guanine" FFB300
N "Any base" = ACGT
END ALPHABET

strands: + -

Background letter frequencies (from dataset):
A 0.250 C 0.250 G 0.250 T 0.250

MOTIF CGA DREME-1

#             Word    RC Word        Pos        Neg    P-value    E-value
# BEST         CGA        TCG         30          0   1.0e-009   1.0e-005

letter-probability matrix: alength= 4 w= 3 nsites= 35 E= 1.0e-005
0.000000 1.000000 0.000000 0.000000
0.000000 0.000000 1.000000 0.000000
1.000000 0.000000 0.000000 0.000000

Time 0.10 secs.
"""
HOMER = """>GATTAC\t1-GATTAC(AP,x)\t6.05\t-23791.5\t0\tT:311.0(44.00%),B:24.0(5.00%),P:1e-100
0.001\t0.001\t0.997\t0.001
0.997\t0.001\t0.001\t0.001
0.001\t0.001\t0.001\t0.997
0.001\t0.001\t0.001\t0.997
0.997\t0.001\t0.001\t0.001
0.001\t0.997\t0.001\t0.001
"""
CLUSTER_BUSTER = """# cis-elements
>one
# WEIGHT: 2
0 0 9 1
10 0 0 0
0 0 0 10
0 0 0 10
10 0 0 0
0 10 0 0
"""
TRANSFAC = """VV  TRANSFAC MATRIX TABLE, Rel.3.2 26-06-1997
XX
//
AC  M00001
XX
ID  V$MYOD_01
XX
NA  MyoD
XX
P0      T      C      G      A
01      0      0      5      0      G
02      0      1      0      4      A
XX
BA  5 functional elements
//
"""
UNIPROBE = """Protein: Cbf1\tSeed k-mer: GA\tEnrichment Score: 0.49

A:\t0.05\t0.90
C:\t0.00\t0.05
G:\t0.95\t0.00
T:\t0.00\t0.05

Gene:\tOther
A:\t1
C:\t0
G:\t0
T:\t0
"""


def read(tmp_path, text):
    path = tmp_path / "m.txt"
    path.write_text(text)
    return read_motifs(path)


def consensus(motif):
    return "".join("ACGT"[i] for i in motif.frequencies.argmax(1))


def test_meme(tmp_path):
    box, other = read(tmp_path, MEME)
    assert (box.name, box.width, box.sites) == ("box", 2, 17)
    # Not rounded to 14 of 17 sites.
    assert box.frequencies[0] == pytest.approx([0, 0.176471, 0, 0.823529], abs=1e-9)
    assert (other.name, other.width, other.sites) == ("other", 1, 20)


@pytest.mark.parametrize("said", ["1e5", "1e+05", "100000.0", "100000", "1E5"])
def test_a_number_of_sites_may_be_written_in_any_way(tmp_path, said):
    assert read(tmp_path, MEME.replace("= 17", f"= {said}"))[0].sites == 100_000
    assert read(tmp_path, MEME.replace("= 17", f"={said}"))[0].sites == 100_000


def test_the_whole_output_of_meme_is_read(tmp_path):
    first, second = read(tmp_path, MEME_TEXT)
    # Of two motifs with one name, the second has its other name behind it.
    assert (first.name, second.name) == ("GA", "GA MEME-2")
    assert (first.sites, second.sites) == (30, 10)
    assert (consensus(first), consensus(second)) == ("GA", "C")
    assert not first.both_strands


def test_the_output_of_dreme_is_read(tmp_path):
    (motif,) = read(tmp_path, DREME)
    assert (motif.name, motif.sites, consensus(motif)) == ("CGA", 35, "CGA")
    assert motif.both_strands


def test_a_file_of_two_files_of_meme_has_the_header_of_each(tmp_path):
    rna = MEME.replace("ACGT", "ACGU").replace("MOTIF ", "MOTIF rna_")
    found = read(tmp_path, rna + MEME)
    assert [m.both_strands for m in found] == [False, False, True, True]


@pytest.mark.parametrize(
    ("old", "new", "both"),
    [
        ("x", "x", True),
        ("strands: + -", "strands: +", False),
        ("strands: + -", "", True),
        ("ACGT", "ACGU", False),
    ],
)
def test_on_which_strands_sites_lie(tmp_path, old, new, both):
    assert {m.both_strands for m in read(tmp_path, MEME.replace(old, new))} == {both}


def test_blank_lines_may_stand_anywhere(tmp_path):
    spaced = read(tmp_path, MEME.replace("\n", "\n\n \n"))
    assert [m.frequencies.tolist() for m in spaced] == [
        m.frequencies.tolist() for m in read(tmp_path, MEME)
    ]


def test_jaspar_packed(tmp_path):
    path = tmp_path / "m.jaspar.gz"
    path.write_bytes(gzip.compress(JASPAR.encode()))
    (arnt,) = read_motifs(path)
    assert (arnt.name, arnt.sites) == ("MA0004.1 Arnt", 20)
    assert arnt.frequencies == pytest.approx(np.array([[0.2, 0.8, 0, 0], [0.95, 0, 0.05, 0]]))


@pytest.mark.parametrize(
    "text",
    [
        ">MA0004.1 Arnt\n4 19\n16 0\n0 1\n0 0\n",
        ">MA0004.1\tArnt\nA 4 19\nC 16 0\nG 0 1\nT 0 0\n",
        ">MA0004.1 Arnt\nT|0\t0\na | 4 19\nG:0 1\nc = 16 0",
        ">MA0004.1 Arnt\n[4 19]\n[16 0 ]\n[ 0 1]\n[ 0 0 ]\n",
        ">MA0004.1 Arnt\r\n\r\nA  [ 4 19 ]\r\nC  [16 0 ]\r\nG  [ 0 1 ]\r\nU  [ 0 0 ]\r\n",
    ],
)
def test_variants_of_jaspar(tmp_path, text):
    (arnt,) = read(tmp_path, text)
    assert (arnt.name, arnt.sites) == ("MA0004.1 Arnt", 20)
    assert (arnt.frequencies * 20).round(9).tolist() == [[4, 16, 0, 0], [19, 0, 1, 0]]
    assert arnt.both_strands == ("U" not in text)


def test_rows_without_a_name_have_that_of_the_file(tmp_path):
    (motif,) = read(tmp_path, "4 19\n16 0\n0 1\n0 0\n")
    assert (motif.name, consensus(motif)) == ("m", "CA")


@pytest.mark.parametrize("text", [HOMER, CLUSTER_BUSTER])
def test_rows_of_four_are_positions(tmp_path, text):
    (motif,) = read(tmp_path, text)
    assert (motif.width, consensus(motif)) == (6, "GATTAC")
    # HOMER's are frequencies, Cluster-Buster's counts.
    assert (motif.name, motif.sites) == (
        ("GATTAC 1-GATTAC(AP,x)", 20) if text == HOMER else ("one", 10)
    )


def test_rna_of_homer_lies_on_one_strand(tmp_path):
    rna = HOMER.replace("GATTAC", "GAUUAC")
    assert [m.both_strands for m in read(tmp_path, rna + HOMER)] == [False, True]


def test_four_rows_of_four_are_read_by_their_sums(tmp_path):
    jaspar = ">j\n9 0 0 0\n1 10 0 0\n0 0 10 3\n0 0 0 7\n"
    assert consensus(read(tmp_path, jaspar)[0]) == "ACGT"
    cluster = ">c\n0 0 9 1\n0 0 9 1\n10 0 0 0\n0 0 0 10\n"
    assert consensus(read(tmp_path, cluster)[0]) == "GGAT"
    with pytest.raises(DataError, match=r"line 1: four rows .* two ways; write A, C, G, T before"):
        read(tmp_path, ">both\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n")


def test_transfac(tmp_path):
    (motif,) = read(tmp_path, TRANSFAC)
    assert (motif.name, motif.sites, consensus(motif)) == ("M00001 V$MYOD_01", 5, "GA")
    assert motif.frequencies[1].tolist() == [0.8, 0.2, 0, 0]
    assert not read(tmp_path, TRANSFAC.replace("  T  ", "  U  "))[0].both_strands


def test_uniprobe(tmp_path):
    one, other = read(tmp_path, UNIPROBE)
    assert (one.name, one.sites, consensus(one)) == ("Cbf1", 20, "GA")
    assert other.frequencies.tolist() == [[1, 0, 0, 0]]


def test_biopython_reads_the_same(tmp_path):
    rng = np.random.default_rng(0)
    counts = {f"M{i} n{i}": rng.integers(1, 99, (4, rng.integers(2, 30))) for i in range(20)}
    text = "".join(
        f">{name}\n" + "".join(f"{a} [ {' '.join(map(str, row))} ]\n"
                               for a, row in zip("ACGT", rows, strict=True))
        for name, rows in counts.items()
    )  # fmt: skip
    for ours, theirs in zip(
        read(tmp_path, text), biopython.parse(io.StringIO(text), "jaspar"), strict=True
    ):
        assert ours.name == f"{theirs.matrix_id} {theirs.name}"
        plain = np.array([theirs.counts[x] for x in "ACGT"]).T
        assert ours.frequencies == pytest.approx(plain / plain.sum(1, keepdims=True))


def test_an_open_file_is_read(tmp_path):
    (motif,) = read_motifs(io.StringIO("4 19\n16 0\n0 1\n0 0\n"))
    assert consensus(motif) == "CA"


def test_numbers_of_any_size_are_read_or_refused(tmp_path):
    for number in ("1e308", "1e-320", "9" * 5000, "-0", "1_0", "٣"):
        text = ">x\n" + "\n".join(f"{a} {number} {number}" for a in "ACGT")
        if number in ("1e-320",):
            assert np.isfinite(read(tmp_path, text)[0].frequencies).all()
        else:
            with pytest.raises(DataError):
                read(tmp_path, text)


def test_log_odds_are_smoothed_by_a_tenth_of_a_site():
    motif = Motif("x", np.array([[1.0, 0, 0, 0]]), sites=19.9)
    background = np.full(4, 0.25)
    # (19.9 + 0.025) / 20 / 0.25 and 0.025 / 20 / 0.25.
    expected = np.log2([3.985, 0.005, 0.005, 0.005])
    assert motif.log_odds(background)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("id,seq\n1,ACGT\n", "line 1: 'id,seq': no file of motifs begins so; read are MEME"),
        ("<?xml version='1.0'?>\n<MEME>\n", "line 1: .* as text"),
        ("HMMER3/f [3.3]\n", "line 1: .* --hmm"),
        ("\x1b[31m\n", r"line 1: '\\x1b\[31m': no file"),
        # MEME.
        (MEME.replace("ACGT", "ACDEFGHIKLMNPQRSTVWY"), "line 3: .* nucleotides are needed"),
        (MEME.replace("0.25 0.25 0.25 0.25", "0.25 0.25 0.25"), "line 10: row 2 .* 3 numbers"),
        (MEME.replace("0.25 0.25 0.25 0.25", "0.25 0,25 0.25 0.25"), "line 10: '0,25': a number"),
        (MEME.replace("0.25 0.25 0.25 0.25", "0.25 nan 0.25 0.25"), "line 10: 'nan': a number"),
        (MEME.replace("0.25 0.25 0.25 0.25", "-1.2 0.7 0.7 0.8"), "line 10: '-1.2': .* scores"),
        (MEME.replace("MOTIF other", "MOTIF box"), "line 12: two motifs are called 'box'"),
        (MEME.partition("MOTIF")[0], "line 6: the end, and no motif"),
        (MEME.partition("letter")[0], "line 7: motif box has no letter-probability matrix"),
        (MEME.replace("1 0 0 0", "0 0 0 0"), "line 14: frequencies are at least 0 and add up to 1"),
        (MEME.replace("1 0 0 0", "20 0 0 0"), "line 14: .* not to 20"),
        (MEME.replace("w= 2", "w= 3"), "line 8: w= 3, but 2 rows below it"),
        (MEME.replace("w= 2", "w= 1"), "line 8: w= 1, but 2 rows"),
        (MEME.replace("w= 2", "w= two"), "line 8: w= 'two': a whole number"),
        (MEME.replace("alength= 4", "alength= 20"), "line 8: alength= 20"),
        (MEME.replace("= 17", "= 0"), "line 8: nsites= '0': a number from 1"),
        (MEME.replace("= 17", "= -5"), "line 8: nsites= '-5'"),
        (MEME.replace("= 17", "= inf"), "line 8: nsites= 'inf'"),
        (MEME.replace("= 17", "= many"), "line 8: nsites= 'many'"),
        (MEME.replace("MOTIF other", ""), "line 13: a matrix without a line MOTIF"),
        (MEME.replace("MOTIF other", "MOTIF"), "line 12: MOTIF has no name"),
        (MEME_TEXT.replace("MEME version", ""), "no line 'MEME version'"),
        (MEME_TEXT.replace("END ALPHABET", ""), "line 8: the alphabet does not end"),
        # JASPAR and its like.
        (">one\nACGT\n", "m.txt, line 2: a row of numbers is expected, not 'ACGT'"),
        (">one\n>two\n", "line 1: no matrix below '>one'"),
        (">\nA [1]\nC [1]\nG [1]\nT [1]\n", "line 1: a motif without a name"),
        (JASPAR.replace("19 ]", "x ]"), "line 2: 'x': a number from 0"),
        (JASPAR.replace("19 ]", "]"), "line 3: 2 numbers, where line 2 has 1"),
        (JASPAR.replace("[ 0  1 ]", "[ 0"), "line 4: a row with one bracket"),
        (JASPAR.partition("T [")[0], "line 1: .* has rows of A, C, G; one of each"),
        (JASPAR.replace("T [", "A ["), "line 1: .* has rows of A, C, G, A"),
        (JASPAR.replace("T [", "["), "line 5: rows with and without a letter"),
        (JASPAR.replace("19", "-1"), "line 2: '-1': .* scores"),
        (JASPAR.replace("19", "0").replace("0  1", "0  0"), "line 1: position 2 .* no counts"),
        (JASPAR + "more\n", "line 6: a row of numbers is expected, not 'more'"),
        (">x\n1 2 3\n4 5 6\n", "line 1: 2 rows of 3 numbers; JASPAR has four rows"),
        (HOMER.rpartition("0.001\t0.997")[0] + "0.001\t0.9", "line 7: 2 numbers, where line 2 has"),
        (HOMER.rpartition("0.001\t0.997")[0], "line 1: GATTAC has 6 letters, but the matrix 5"),
        # TRANSFAC.
        (TRANSFAC.partition("XX\nBA")[0], "line 12: the matrix does not end"),
        (TRANSFAC.replace("02  ", "03  "), "line 12: row 03 of the matrix behind row 1"),
        (TRANSFAC.replace("4      A", ""), "line 12: row 02 of the matrix: 4 numbers"),
        (TRANSFAC.replace("P0 ", "P1 "), "line 10: a line of TRANSFAC is expected, not 'P1 "),
        ("ID   X56; SV 1\nXX\n//\n", "line 3: a motif without rows below a line P0"),
    ],
)  # fmt: skip
def test_what_is_no_motif_file_is_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(BioganError, match=said) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_matrix_has_four_columns():
    with pytest.raises(DataError, match=r"motif x: not a matrix of width x 4 letters: \(3,\)"):
        Motif("x", np.ones(3))
    with pytest.raises(DataError, match="motif x: sites=0: a number above 0"):
        Motif("x", np.ones((2, 4)), sites=0)


def test_many_and_wide_motifs_take_linear_time(tmp_path):
    """Eight times as much takes eight times as long, not 64 times.

    By the time of this process, in one run, the better of two: whatever else runs.
    """
    row = " 0.25 0.25 0.25 0.25\n"
    head = MEME.partition("MOTIF")[0]

    def many(n):
        one = f"\nletter-probability matrix: w= 1\n{row}"
        return head + "".join(f"MOTIF m{i}{one}" for i in range(n))

    def of_rows(n):
        return f"{head}MOTIF m\nletter-probability matrix:\n{row * n}"

    def homer(n):
        return ">m\n" + row * n

    def jaspar(n):
        return ">m\n" + ("1 " * n + "\n") * 4

    def seconds(text):
        start = time.process_time()
        try:
            read(tmp_path, text)
        except DataError as error:
            assert "a motif of more than 1,000 positions" in str(error)
        return time.process_time() - start

    for make, most in ((many, 8_000), (of_rows, 40_000), (homer, 40_000), (jaspar, 40_000)):
        few, all_ = (min(seconds(make(n)) for _ in range(2)) for n in (most // 8, most))
        assert all_ < 24 * few + 0.1
    assert len(read(tmp_path, many(2_000))) == 2_000
    with pytest.raises(DataError, match="a motif of more than 1,000 positions"):
        read(tmp_path, of_rows(2_000))


# --- files that people met ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sites", "both"),
    [
        ("motif_rows_of_four.motif", 20, True),
        ("motif_nsites_1e5.meme", 100_000, True),
        ("motif_meme_full_text.txt", 200, True),
        ("motif_blank_before_matrix.meme", 200, True),
        ("motif_row_u.jaspar", 100, False),
        ("rna_one_strand.meme", 20, False),
    ],
)
def test_files_of_the_field_are_read(name, sites, both):
    (motif,) = read_motifs(shared_data(f"field/{name}"))
    assert (consensus(motif), motif.sites, motif.both_strands) == ("TGACTCATCC", sites, both)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("motif_w10_six_rows.meme", r"meme, line 12: w= 10, but 6 rows"),
        ("motif_cut_in_row.meme", r"meme, line 21: row 9 of the matrix has 3 numbers"),
        ("motif_nsites_0.meme", r"meme, line 12: nsites= '0'"),
    ],
)
def test_damaged_files_of_the_field_are_refused_with_their_line(name, said):
    with pytest.raises(DataError, match=said):
        read_motifs(shared_data(f"field/{name}"))

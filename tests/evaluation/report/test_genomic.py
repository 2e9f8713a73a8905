import re

import numpy as np
import pytest
from pages import protein_report, random_dna

from biogan.sequences import panels as drawings
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate
from biogan.sequences.io.motifs import Motif

WORD = "TATAAAAG"
FREQUENCIES = np.array([[0.97 if c == x else 0.01 for c in "ACGT"] for x in WORD])


def with_word(n, seed):
    matrix = random_dna(n, 30, seed).matrix().copy()
    matrix[:, 8:16] = DNA.encode(WORD)
    return SequenceSet.from_matrix(DNA, matrix)


def gene_set(n, seed):
    """Genes of ten codons: ATG, eight GCT or AAA, TAA."""
    rng = np.random.default_rng(seed)
    texts = ["ATG" + "".join(rng.choice(["GCT", "AAA"], 8)) + "TAA" for _ in range(n)]
    return SequenceSet.from_strings(texts, alphabet="dna")


def text_of(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", str(svg))


def test_genes_have_bars_beside_chance_and_codons_by_amino_acid():
    report = evaluate(
        gene_set(80, 0), gene_set(40, 1), floors=["uniform"], metrics=["cds", "codon-jsd"]
    )
    valid, codons = report.panels("generated")["genes"]
    # Nine codons before the last one: (61/64)**9 = .649.
    assert valid.caption.startswith("(61/64)^9 by chance")
    assert "no stop in 9 random codons: 0.65" in text_of(valid.svg)
    assert {"generated", "held-out", "uniform"} <= set(text_of(valid.svg))
    labels = [t for t in text_of(codons.svg) if re.fullmatch(r"[ACGT]{3} [A-Z*]", t)]
    assert len(labels) == 64
    assert labels[:4] == ["GCA A", "GCC A", "GCG A", "GCT A"]
    assert labels[-3:] == ["TAA *", "TAG *", "TGA *"]


def test_a_lost_motif_has_a_star_and_a_short_one_no_line():
    motifs = [
        Motif("TATA", FREQUENCIES), Motif("other", FREQUENCIES[::-1]), Motif("one", FREQUENCIES[:1])
    ]  # fmt: skip
    report = evaluate(
        with_word(120, 0), random_dna(60, 30, 1), floors=[], metrics=["motif-rate"], motifs=motifs
    )
    (panel,) = report.panels("generated")["motifs"]
    words = text_of(panel.svg)
    assert "TATA *" in words and "other" in words and "other *" not in words
    assert not any(w.startswith("one") for w in words)
    assert panel.caption == "* differs, q < 0.05 (Fisher, Benjamini-Hochberg)"
    only = evaluate(with_word(80, 0), with_word(40, 1), floors=[], metrics=["motif-rate"],
                    motifs=motifs[2:])  # fmt: skip
    assert drawings.motifs(only, ["generated"]) == []


@pytest.mark.parametrize("most", [1, 30])
def test_only_the_motifs_that_differ_most_are_drawn(most, monkeypatch):
    monkeypatch.setattr(drawings, "_MOTIFS", most)
    motifs = [Motif("other", FREQUENCIES[::-1]), Motif("TATA", FREQUENCIES)]
    report = evaluate(
        with_word(80, 0), random_dna(40, 30, 1), floors=[], metrics=["motif-rate"], motifs=motifs
    )
    (panel,) = drawings.motifs(report, ["generated"])
    assert ("other" in text_of(panel.svg)) is (most == 30)
    assert panel.caption.startswith("the 1 of 2 that differ most; ") is (most == 1)


def test_information_by_distance_for_nucleotides_only():
    report = evaluate(with_word(120, 0), random_dna(60, 30, 1), floors=[], metrics=["kmer-jsd"])
    (panel,) = drawings.decay(report, ["generated"])
    words = text_of(panel.svg)
    assert "distance in letters" in words and "0.01" in words
    assert not any("$" in w for w in words)
    assert drawings.decay(protein_report(), ["generated"]) == []

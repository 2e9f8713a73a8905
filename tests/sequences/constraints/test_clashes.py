"""What is refused: constraints that do not fit a model, or one another."""

import numpy as np
import pytest

from biogan import (
    DNA,
    GC,
    PROTEIN,
    RNA,
    Avoid,
    AvoidMotif,
    Fixed,
    MaxRun,
    OpenReadingFrame,
    Require,
    Template,
    Translation,
)
from biogan.core.errors import ConfigError
from biogan.sequences.constraints.joint import language
from biogan.sequences.constraints.language import Automaton
from biogan.sequences.io.motifs import Motif
from biogan.sequences.tokenizer import FIXED, VARIABLE, Tokenizer

FIFTY = Tokenizer(DNA, 50, FIXED)
PEPTIDES = Tokenizer(PROTEIN, 30, VARIABLE, lengths=(0,) * 10 + (1,) * 21)
GENES = Tokenizer(DNA, 30, VARIABLE, 3, lengths=(0, 0) + (1,) * 9)
WIDE = Motif("wide", np.random.default_rng(0).dirichlet([2] * 4, 24))


@pytest.mark.parametrize("constraint, tokenizer, said", [
    (Template("ACGT"), FIFTY, "--template ACGT: has 4 letters, the records of this model have 50"),
    (Template("A" * 51), GENES, "has 51 letters, the records of this model have up to 30"),
    (Template("ACGT"), GENES, "has 4 letters, the records of this model have up to 30, in words"),
    (Template("ACGJ"), FIFTY, "'J' is no letter of dna"),
    (Fixed("49-51=ACG"), FIFTY, "--fix '49-51=ACG': goes to place 51"),
    (Fixed("4-6=AC"), FIFTY, "4-6 are 3 places, 'AC' has 2 letters"),
    (Avoid("BsaX"), FIFTY, "unknown enzyme 'BsaX': did you mean BsaXI or BsaI"),
    (Avoid("Qqqqqq"), FIFTY, "no enzyme has a name like this ('Q' is no letter of dna)"),
    (Avoid("GG[AC"), FIFTY, "'GG[AC': a bracket that is not closed"),
    (Avoid("[^N]"), FIFTY, "leaves no letter"),
    (Avoid(""), FIFTY, "has 1 to 1,000 letters, not 0"),
    (Avoid("+BsaI"), FIFTY, "+BsaI: the sites of an enzyme lie on both strands"),
    (Avoid("U"), PEPTIDES, "'U' is no letter of protein"),  # and does not ban C
    (Template("C" * 9 + "O"), PEPTIDES, "'O' is no letter of protein (ACDEFGHIKLMNPQRSTVWY and "),
    (Avoid("BsaI"), PEPTIDES, "BsaI: is an enzyme, which cuts DNA, and these are protein letters"),
    (Avoid("A", flanks=("N", "")), FIFTY, "--flanks 'N': has letters that are none of ACGT"),
    (Require("TATAAT", 46), FIFTY, "the word has 6 letters, and there is room for 5"),
    (GC(0.4, 0.6), PEPTIDES, "--gc 0.4:0.6: protein letters have no GC content"),
    (GC(0.4, 0.6, 1, 60), FIFTY, "--gc 0.4:0.6@1-60: the records of this model have at most 50"),
    (OpenReadingFrame(), FIFTY, "--orf: a reading frame has"),
    (OpenReadingFrame(), PEPTIDES, "--orf: protein letters are not read in codons"),
    (Translation("MKV"), FIFTY, "3 amino acids take 9 letters, 12 with a stop codon; the records"),
    (Translation("M" * 11), GENES, "11 amino acids take 33 letters"),
    (AvoidMotif(WIDE, 0.3), FIFTY, "too many sites score higher"),
    (AvoidMotif(WIDE, 0.3), PEPTIDES, "motifs are of nucleotides, these are protein"),
    (GC(0.5, 0.5, 1, 3), FIFTY, "no sequence of this model keeps --gc 0.5:0.5@1-3: loosen it"),
], ids=str)  # fmt: skip
def test_what_does_not_fit_a_model_is_one_line(constraint, tokenizer, said):
    with pytest.raises(ConfigError) as caught:
        language([constraint], tokenizer)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("make, said", [
    (lambda: GC.parse("0.6:0.4"), "--gc '0.6:0.4': shares from 0 to 1, or percent"),
    (lambda: GC(0.6, 0.4), "--gc 0.6:0.4: shares from 0 to 1, or percent"),
    (lambda: GC.parse("half"), "--gc 'half': write LOW:HIGH"),
    (lambda: GC.parse(":"), "--gc ':': write LOW:HIGH"),
    (lambda: GC.parse("120:130"), "--gc '120:130': shares from 0 to 1, or percent"),
    (lambda: GC.parse("0:1@0-3"), "--gc 0:1@0-3: places are counted from 1"),
    (lambda: Require.parse("@3:4"), "--require '@3:4': write WORD"),
    (lambda: Template(" "), "a template has at least one letter"),
    (lambda: GC(0.4, 0.6, window=20), "a sliding window has 1 to 12 letters"),
    (lambda: GC(0.4, 0.6, 9, 3), "--gc 0.4:0.6@9-3: places are counted from 1"),
    (lambda: Fixed("0=A"), "--fix '0=A': write FIRST-LAST=LETTERS"),
    (lambda: Require.parse("TA@3"), "--require 'TA@3': write WORD or WORD@FIRST:LAST"),
    (lambda: Require("TA", 5, 3), "places are counted from 1"),
    (lambda: MaxRun(0), "--max-run 0: must be at least 1"),
    (lambda: Translation("MU"), "--translate MU: no codon of genetic code 1 stands for 'U'"),
    (lambda: Translation("M*K"), "stands for '*'"),
    (lambda: Translation("*"), "no amino acid is given"),
    (lambda: OpenReadingFrame(7), "genetic code 7: NCBI has 1, 2"),
    (lambda: AvoidMotif(WIDE, 1.2), "--avoid-motifs wide:1.2: a share of the best score"),
    (lambda: AvoidMotif(Motif("flat", np.ones((3, 4))), 0.9), "all letters are equally frequent"),
])  # fmt: skip
def test_what_is_written_wrongly_is_one_line(make, said):
    with pytest.raises(ConfigError) as caught:
        make()
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("constraints, said", [
    ([GC(0.4, 0.6), Avoid("TATAAT"), MaxRun(5), Require("TATAAT")],
     "no sequence keeps --avoid TATAAT and --require TATAAT together"),
    ([Fixed("1-2=AA"), MaxRun(2), Fixed("3=A"), Avoid("BsaI")],
     "no sequence keeps --fix 1-2=AA, --max-run 2 and --fix 3=A together"),
    ([Avoid("BsaI") & GC(0, 0.2), Template("G" * 20 + "N" * 30)],
     "no sequence keeps --gc 0:0.2 and --template GGGGGGGGGGGGGGGGGGGGNNN"),
    # The same words with other flanks are two constraints.
    ([Avoid("TT"), Avoid("TT", flanks=("T", "")), Fixed("1=T")],
     "no sequence keeps --avoid TT and --fix 1=T together"),
])  # fmt: skip
def test_the_smallest_set_that_clashes_is_named(constraints, said):
    with pytest.raises(ConfigError) as caught:
        language(constraints, FIFTY)
    assert str(caught.value).startswith(said)


def test_a_smaller_set_than_the_first_found_is_named():
    """Leaving out one after the other from the first finds the three, the pair is smaller."""
    three = [Fixed("1-2=AA"), MaxRun(2), Fixed("3=A")]
    pair = [Require("GATC", 5, 8), Avoid("GATC")]
    for constraints in ([*three, *pair], [*pair, *three]):
        with pytest.raises(ConfigError, match="keeps --(require|avoid) GATC.* and .* together"):
            language(constraints, FIFTY)


def test_rules_of_a_model_are_named_in_its_words():
    never = Automaton([np.array([[0, 0, 0, -1]])])
    with pytest.raises(ConfigError, match="keeps --fix 2=T and the letters of this model together"):
        language([MaxRun(3), Fixed("2=T")], FIFTY, {"the letters of this model": never})


def test_words_of_one_constraint_alone_and_none_at_all():
    assert language(Fixed("1=A"), FIFTY).log_count() == pytest.approx(49 * np.log(4))
    assert language([], FIFTY).log_count() == pytest.approx(50 * np.log(4))


def test_too_many_states_say_what_to_loosen(monkeypatch):
    monkeypatch.setattr("biogan.sequences.constraints.language.MOST_STATES", 100)
    with pytest.raises(ConfigError, match="loosen the widest of them"):
        language([GC(0.4, 0.6), GC(0.25, 0.75, window=6)], FIFTY)


def test_rna_is_written_with_u_or_t_and_its_words_have_one_strand():
    rna = Tokenizer(RNA, 4, FIXED)
    assert language([Template("TUNN")], rna).log_count() == pytest.approx(2 * np.log(4))
    assert Avoid("GGA").violations("UCCA", RNA) == []
    assert Avoid("GGA").violations("TCCA", DNA)
    assert Avoid("+GGA").violations("TCCA", DNA) == []
    assert Avoid("DpnII").violations("GAUC", RNA)


def test_shares_are_fractions_or_percent():
    assert (
        {GC.parse(x) for x in ("0.4:0.6", "40:60", "40%:60%", "40:60%", "40%:0.6", ".4:.6")}
        == {GC(0.4, 0.6)}
        == {GC(40, 60)}
    )
    assert GC.parse("1:1") == GC(1, 1) and GC.parse("0.5%:1%") == GC(0.005, 0.01)
    assert GC.parse("50:") == GC(0.5) and GC.parse(":.25@3-/2") == GC(0, 0.25, 3, None, 2)
    # 0.55 * 20 is a little more than 11 in floating point.
    assert not GC(0.55, 1).violations("G" * 11 + "A" * 9)
    assert language([GC(0.55, 0.55)], Tokenizer(DNA, 20, FIXED)).log_count() > 0


def test_a_name_that_is_also_letters():
    """DrdV is the one enzyme whose name has IUPAC letters alone."""
    from Bio.Restriction import AllEnzymes

    both = [str(e) for e in AllEnzymes if set(str(e).upper()) <= set("ACGTRYSWKMBDHVN")]
    assert both == ["DrdV"]
    assert Avoid("DrdV").violations("CATGAAC", DNA) and not Avoid("DrdV").violations("GATC", DNA)
    assert Avoid("DRDV").violations("GATC", DNA) and Avoid("drdv").violations("GATC", DNA)

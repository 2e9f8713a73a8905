"""Each constraint as an automaton against its own check of texts, by all short sequences."""

from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biogan import (
    DNA,
    GC,
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
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.constraints.joint import language
from biogan.sequences.constraints.language import compiled
from biogan.sequences.io.motifs import Motif
from biogan.sequences.tokenizer import ALIGNED, FIXED, VARIABLE, Tokenizer

TATA = Motif("TATA", np.array([[1, 1, 1, 7], [7, 1, 1, 1], [1, 2, 1, 6], [4, 1, 4, 1]]), 10)
SMALL = Alphabet("protein", "NPSTK")
TOKENIZERS = {
    "dna": Tokenizer(DNA, 6, FIXED),
    "rna": Tokenizer(RNA, 5, FIXED),
    "varying": Tokenizer(DNA, 5, VARIABLE, lengths=(0, 1, 1, 1, 1, 1)),
    "aligned": Tokenizer(DNA.with_letters("-"), 5, ALIGNED),
    "with n": Tokenizer(DNA.with_letters("N"), 5, FIXED),
    "codons": Tokenizer(DNA, 6, VARIABLE, 3, lengths=(0, 1, 1)),
    "whole codons": Tokenizer(DNA, 6, FIXED, 3),
    "protein": Tokenizer(SMALL, 5, VARIABLE, lengths=(0, 1, 1, 1, 1, 1)),
}


@lru_cache
def every(name):
    """All sequences of a tokenizer, as rows and as texts."""
    tokenizer = TOKENIZERS[name]
    shortest = 1 if tokenizer.kind == VARIABLE else tokenizer.positions
    rows = [
        codes + (tokenizer.end,) * (tokenizer.positions - length)
        for length in range(shortest, tokenizer.positions + 1)
        for codes in product(range(tokenizer.end), repeat=length)
    ]
    found = np.array(rows, np.uint8)
    return found, tokenizer.decode(found).strings()


def check(name, *constraints, some=slice(None)):
    tokenizer = TOKENIZERS[name]
    rows, texts = (found[some] for found in every(name))
    kept = compiled([c.automaton(tokenizer) for c in constraints], tokenizer).holds(rows)
    found = [any(c.violations(text, tokenizer.alphabet) for c in constraints) for text in texts]
    wrong = np.flatnonzero(kept == np.array(found))
    assert not len(wrong), (constraints, texts[wrong[0]], bool(kept[wrong[0]]))
    return int(kept.sum())


NUCLEOTIDES = [
    Avoid("TA"),
    Avoid("+TAR"),
    Avoid("GANTC", "CCWGG"),
    Avoid("MboI"),
    Avoid("ANNT", flanks=("GA", "TG")),
    Avoid("GGA", "TT", flanks=("TTGG", "ACC")),
    Avoid("AANNNNNNTT", flanks=("AA", "TT")),
    Require("TA"),
    Require("RY", 2, 4),
    Require("DpnI"),
    Require("AN[CT]", None, 4),
    Require("C.", 3),
    GC(0.4, 0.6),
    GC(0, 0.34, 2, 4),
    GC(0.5, 1, 4),
    GC(0.3, 0.7, window=3),
    GC(0.25, 0.8, 2, 5, window=2),
    GC(0, 0, window=1),
    MaxRun(1),
    MaxRun(2),
    MaxRun(3, flanks=("CAA", "GG")),
    MaxRun(2, flanks=("TTTT", "ACT")),
    AvoidMotif(TATA, 0.7),
    AvoidMotif(TATA, 0.5, flanks=("TA", "AT")),
]


@pytest.mark.parametrize("constraint", NUCLEOTIDES, ids=str)
@pytest.mark.parametrize("name", ["dna", "varying", "aligned", "with n", "codons"])
def test_the_automaton_accepts_what_violates_nothing(name, constraint):
    check(name, constraint)


@pytest.mark.parametrize("name, constraint", [
    ("dna", Template("NNTRAN")),
    ("dna", Template("[AC]{G}..-n")),
    ("aligned", Template("A-NRN")),
    ("aligned", Template("[^-][^-]--.")),
    ("with n", Template("NNNRA")),
    ("varying", Template("ANT")),
    ("rna", Template("NNTUA")),
    ("rna", Avoid("TA")),
    ("rna", Avoid("MboI")),
    ("rna", GC(0.4, 0.6)),
    ("rna", AvoidMotif(TATA, 0.7, ("T", "U"))),
    ("codons", Template("NTA")),
    ("dna", Fixed("2-4=TRA")),
    ("dna", Fixed("6=[GC]")),
    ("aligned", Fixed("2-3=-A")),
    ("varying", Fixed("3-4=AY")),
    ("codons", Fixed("3-4=AY")),
    ("codons", OpenReadingFrame()),
    ("dna", OpenReadingFrame(11)),
    ("dna", OpenReadingFrame(27)),
    ("whole codons", OpenReadingFrame(2)),
    ("codons", Translation("LS")),
    ("codons", Translation("M*")),
    ("codons", Translation("L")),
    ("dna", Translation("XR")),
    ("dna", Translation("R*")),
    ("whole codons", Translation("BJ")),
    ("protein", Avoid("N[^P][ST]")),
    ("protein", Avoid("NXS", flanks=("N", "PS"))),
    ("protein", Avoid("nn", "ss")),
    ("protein", Require("N{P}[ST]", 1, 4)),
    ("protein", Template("XXT")),
    ("protein", MaxRun(2)),
], ids=str)  # fmt: skip
def test_letters_genes_and_proteins(name, constraint):
    assert check(name, constraint)


def test_an_orf_of_gapped_columns():
    tokenizer = Tokenizer(DNA.with_letters("-"), 8, ALIGNED)
    whole = compiled([OpenReadingFrame().automaton(tokenizer)], tokenizer)
    texts = ["ATG-T-AA", "ATGAATAA", "--ATGTAA", "AT-GTATC", "--------"]
    kept = whole.holds(np.stack([tokenizer.alphabet.encode(text) for text in texts]))
    clean = [not OpenReadingFrame().violations(text, tokenizer.alphabet) for text in texts]
    assert kept.tolist() == clean == [True, False, True, False, False]


WORD = st.text("ACGTRYSWKMBDHVN", min_size=1, max_size=5)
FLANK = st.text("ACGT", max_size=4)
FLANKS = st.tuples(FLANK, FLANK)
SHARES = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted)
RANDOM = st.one_of(
    st.builds(lambda a, b, f: Avoid(a, b, flanks=f), WORD, WORD, FLANKS),
    st.builds(lambda w, a, n: Require(w, a, min(5, a + len(w) + n)), WORD,
              st.integers(1, 2), st.integers(0, 2)),
    st.builds(lambda s, w: GC(s[0] / 20, s[1] / 20, window=w), SHARES,
              st.none() | st.integers(1, 5)),
    st.builds(lambda s, a, n: GC(s[0] / 20, s[1] / 20, a, a + n), SHARES, st.integers(1, 3),
              st.integers(0, 2)),
    st.builds(MaxRun, st.integers(1, 4), FLANKS),
    st.builds(lambda m, s, f: AvoidMotif(Motif("m", np.array(m)), s, f),
              st.lists(st.tuples(*[st.integers(0, 9)] * 3, st.integers(10, 20)), min_size=1,
                       max_size=4), st.floats(0.1, 1), FLANKS),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["varying", "aligned"]), st.lists(RANDOM, min_size=1, max_size=4))
def test_random_products(name, constraints):
    try:
        for constraint in constraints:
            constraint.automaton(TOKENIZERS[name])
    except ConfigError as error:
        assert "there is room for" in str(error)
        return
    check(name, *constraints, some=slice(None, None, 7))


@pytest.mark.parametrize("texts", [["BsaI"], ["bsmbi", "EcoRI"], ["BstXI", "XcmI"], ["DrdV"]])
def test_enzymes_against_biopython(texts):
    from Bio import Restriction
    from Bio.Seq import Seq

    names = {str(e).lower(): e for e in Restriction.AllEnzymes}
    enzymes = [names[text.lower()] for text in texts]
    flanks = ("GGCTACGGTC", "TCCAGAATGG")
    tokenizer = Tokenizer(DNA, 40, FIXED)
    found = language([Avoid(*texts, flanks=flanks)], tokenizer)
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (600, 40), np.uint8)
    # Sites, and parts of sites at the junctions.
    for i, row in enumerate(codes):
        site = Seq(enzymes[i % len(enzymes)].site)
        site = str(site.reverse_complement() if i % 2 else site)
        letters = "".join(rng.choice(list("ACGT")) if x not in "ACGT" else x for x in site)
        cut = int(rng.integers(1, len(letters)))
        if i % 3 == 0:
            row[: len(letters) - cut] = DNA.encode(letters[cut:])
        elif i % 3 == 1:
            row[-cut:] = DNA.encode(letters[:cut])
        elif i % 4 == 0:
            row[cut : cut + len(letters)] = DNA.encode(letters)

    def sites(text):
        sequence = Seq(flanks[0] + text + flanks[1])
        hits = {
            (place, len(enzyme.site))
            for enzyme in enzymes
            for site in {enzyme.site, str(Seq(enzyme.site).reverse_complement())}
            for place in positions(str(sequence), site)
        }
        # Biopython agrees on whether there is a site; it leaves out those that cut beyond the end.
        longer = Seq("A" * 60) + sequence + Seq("A" * 60)
        assert bool(hits) == any(enzyme.search(longer) for enzyme in enzymes)
        return any(p + n > len(flanks[0]) and p < len(flanks[0]) + 40 for p, n in hits)

    wanted = [not sites(DNA.decode(row)) for row in codes]
    assert 50 < sum(wanted) < 590
    assert found.holds(codes).tolist() == wanted


def positions(text, site):
    import re

    from Bio.Data.IUPACData import ambiguous_dna_values

    places = "".join(f"[{ambiguous_dna_values[x]}]" for x in site)
    return [match.start() for match in re.finditer(f"(?={places})", text)]


def test_long_stretches_of_n_take_few_states():
    tokenizer = Tokenizer(DNA, 60, FIXED)
    many = Avoid("BstXI", "XcmI", "SfiI", "BsaI", "EcoRI", "BsmBI")
    assert many.automaton(tokenizer).states < 20_000
    # Its minimal automaton is not larger than that.
    assert Avoid("BstXI").automaton(tokenizer).states < 200

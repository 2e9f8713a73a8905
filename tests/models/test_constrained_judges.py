"""Constrained records judged by tools that were written by others: Bio.Restriction, DnaChisel."""

import pytest
from Bio.Restriction import BsaI, EcoRI
from Bio.Seq import Seq

from biogan import GC, Avoid, Fixed, MaxRun, SequenceGAN, SequenceSet
from biogan.core.rng import rng

FLANKS = "GGCTAGGTC", "TCCTTGCGA"
RULES = [
    Fixed("15-20=TTGACA"),
    Fixed("38-43=TATAAT"),
    Avoid("BsaI", "EcoRI", flanks=FLANKS),
    GC(0.4, 0.6),
    MaxRun(5),
]


def violations_by_biopython(texts):
    """Texts with a site of an enzyme, between the flanks."""
    left, right = FLANKS
    return [
        text
        for text in texts
        for enzyme in (BsaI, EcoRI)
        if enzyme.search(Seq(left + text + right))
    ]


def violations_by_dnachisel(texts):
    """Texts that one specification of DnaChisel or more does not pass."""
    chisel = pytest.importorskip("dnachisel")
    left, right = FLANKS
    start, stop = len(left), len(left) + 50

    def problem(text):
        inside = chisel.Location(start, stop)
        runs = [chisel.HomopolymerPattern(letter, 6) for letter in "ACGT"]
        return chisel.DnaOptimizationProblem(
            left + text + right,
            constraints=[
                chisel.AvoidPattern("BsaI_site"),
                chisel.AvoidPattern("EcoRI_site"),
                chisel.EnforceGCContent(mini=0.4, maxi=0.6, location=inside),
                chisel.EnforcePatternOccurence(
                    "TTGACA", location=chisel.Location(start + 14, start + 20)
                ),
                chisel.EnforcePatternOccurence(
                    "TATAAT", location=chisel.Location(start + 37, start + 43)
                ),
                *(chisel.AvoidPattern(run, location=inside) for run in runs),
            ],
            logger=None,
        )

    return [text for text in texts if not problem(text).all_constraints_pass()]


@pytest.fixture(scope="module")
def gan():
    random = rng(0, "reads")
    reads = ["".join(random.choice(list("ACGT"), 50)) for _ in range(100)]
    options = {"width": 8, "depth": 1, "latent": 8, "batch_size": 16, "steps": 2, "seed": 1}
    return SequenceGAN(**options).fit(SequenceSet.from_strings(reads))


@pytest.mark.parametrize("n", [200, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("judge", [violations_by_biopython, violations_by_dnachisel])
def test_independent_tools_find_no_violation(gan, judge, n):
    assert not judge(gan.sample(n, constraints=RULES, latents="free").strings())


def test_biopython_finds_violations(gan):
    good = gan.sample(1, constraints=RULES, latents="free").strings()[0]
    inside = good[:23] + "GAGACC" + good[29:]
    across = "TC" + good[2:]  # GGTC stands before it
    assert violations_by_biopython([good, inside, across]) == [inside, across]


def test_dnachisel_finds_violations(gan):
    good = gan.sample(1, constraints=RULES, latents="free").strings()[0]
    inside, across = good[:23] + "GAGACC" + good[29:], "TC" + good[2:]
    others = [inside, across, good[:14] + "C" + good[15:], "C" * 14 + good[14:]]
    assert violations_by_dnachisel([good, *others]) == others

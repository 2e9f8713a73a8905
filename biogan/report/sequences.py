"""Reports of sequences: their words, and letters under letters for the closest pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from biogan.report.kind import Column, Facts, Floor, Kind, Pairs
from biogan.report.neighbours import Pair, closest_pairs, to_frame
from biogan.report.panels import panels
from biogan.report.words import WORDS

if TYPE_CHECKING:
    from biogan.report.report import Report

_PAIR = Markup(
    '<div class="pair"><p class="who"><b>{identity:.1%}</b> &nbsp; {generated} &nbsp;·&nbsp; '
    '{real}</p><pre class="align">{top}\n<span class="bars">{bars}</span>\n{bottom}</pre></div>'
)


def _length(facts: Facts, thousands: str = "") -> str:
    low, high = (f"{facts[key]:{thousands}}" for key in ("shortest", "longest"))
    return low if low == high else f"{low}-{high}"


def _near(report: Report) -> str:
    assert report.identity is not None
    return f"are at least {100 * report.identity:g} % identical to"


def _pairs(report: Report) -> Pairs | None:
    found = closest_pairs(report)
    if not found:
        return None
    source = "training records" if "train" in report.sets else "reference records"
    question = (
        f"The {len(found)} generated records that are most like {source}, aligned. Differences "
        "are marked."
    )
    return Pairs(question, Markup("").join(_pair(pair) for pair in found))


def _pair(pair: Pair) -> Markup:
    """Mark the letters that differ."""
    same = [a == b for a, b in zip(pair.top, pair.bottom, strict=True)]
    top, bottom = (
        Markup("").join(
            escape(letter) if equal else Markup("<i>{}</i>").format(letter)
            for letter, equal in zip(row, same, strict=True)
        )
        for row in (pair.top, pair.bottom)
    )
    bars = "".join("|" if equal else " " for equal in same)
    return _PAIR.format(identity=pair.identity, generated=pair.generated, real=pair.real,
                        top=top, bars=bars, bottom=bottom)  # fmt: skip


KIND = Kind(
    name="sequences",
    noun="record",
    describe=lambda facts: f"length {_length(facts)}",
    columns=(
        Column("length", lambda facts: _length(facts, ",")),
        Column("letters", lambda facts: str(facts["alphabet"]), code=True),
    ),
    near=_near,
    exact="letter for letter",
    subjects={
        "auroc": "Discriminability",
        "kmer-jsd": "k-mers",
        "site-pair-jsd": "Positions",
        "pair-pearson": "Long range",
        "unique": "Diversity",
        "length-w1": "Lengths",
    },
    floors={
        "markov": Floor("markov", "Markov chain of that order"),
        "positional-markov": Floor("posmk", "Markov chain with its own table at every position"),
        "pwm": Floor("pwm", "letters drawn position by position"),
        "dinucleotide-shuffle": Floor("dishuf", "real records shuffled, 2-mer counts kept"),
        "shuffle": Floor("shuf", "real records shuffled"),
        "uniform": Floor("unif", "random letters"),
    },
    words=WORDS,
    sources="k-mer and letter divergence: Lin 1991, IEEE Trans. Inf. Theory 37:145. Pair "
    "correlations: Muntoni et al. 2021, BMC Bioinformatics 22:528. Classifier two-sample test: "
    "Lopez-Paz & Oquab 2017, ICLR. Logos: Schneider & Stephens 1990, Nucleic Acids Res. 18:6097.",
    panels=panels,
    nearest=to_frame,
    pairs=_pairs,
    settings=lambda report: [("Identity of a near copy", f"{report.identity}")],
    digest="letters",
    packages=("numpy", "scipy", "scikit-learn", "biopython"),
)

"""What reports of sequences say: sections, names of trivial samplers, the closest pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from biogan.core.display import shown
from biogan.core.errors import percentage
from biogan.evaluation.report.spec import Column, Facts, Floor, Pairs, ReportSpec, Section
from biogan.sequences.baselines import labelled
from biogan.sequences.panels import PANELS, Pair, closest_pairs, nearest_records

if TYPE_CHECKING:
    from biogan.evaluation.report.results import Results


SECTIONS = {
    "novelty": Section(
        "Memorisation and novelty",
        "Are the generated records new, or copies of what the generator was trained on?",
        "Each curve says what share of a set has a nearest training record at least as alike as "
        "the value below it; copying lifts the generated curve above that of held-out real data at "
        "the right end.",
        "Records that stand in the training data letter for letter or with a few changes, more "
        "often than real records that were not trained on.",
    ),
    "discriminability": Section(
        "Discriminability",
        "Can a classifier tell generated from real records?",
        "A map made of real records: a good set covers the cloud of real records and nothing "
        "else, while trivial samplers gather in its middle. The classifier behind the number sees "
        "far more than these two axes.",
        "Anything systematic: a missing motif, a favoured word, a wrong letter at one position.",
    ),
    "k-mers": Section(
        "k-mers",
        "Are short words as frequent as in real records?",
        "Every point is a k-mer; on the diagonal it is as frequent as in real records. The green "
        "drawing shows other real records: that is how narrow the cloud can be at this number of "
        "records. Rest the pointer on a point to see its k-mer. The curve of mutual "
        "information says how far letters depend on one another: a short-sighted model falls below "
        "that of real records at large distances.",
        "Points far off the diagonal. A Markov chain matches short words by construction, so a "
        "narrow cloud alone proves little.",
    ),
    "positions": Section(
        "Positions",
        "Is the right letter in the right column, and do columns vary together?",
        "Logos should show the same letters at the same height. In the drawings of pair "
        "correlations, points on the diagonal are pairs of columns that vary together as in real "
        "records; a flat cloud means that columns are drawn one by one.",
        "Motifs lost or smeared over columns; a slope below that of held-out data, where the "
        "pattern is right but too weak.",
    ),
    "features": Section(
        "Feature space",
        "Do the sets fill the same region of a feature space?",
        "Distances should be near those of held-out data; precision alone proves nothing, as even "
        "noise can fall near some real record: read recall and coverage beside it.",
        "Regions of real records that no generated record reaches, or generated records far from "
        "all real ones.",
    ),
    "composition": Section(
        "Composition",
        "Are letters, lengths and GC content those of real records?",
        "The outlines should lie on one another; not only their middle but their width matters.",
        "Lengths or GC content shifted or collapsed to their mean; letters that do not belong to "
        "the alphabet.",
    ),
    "diversity": Section(
        "Diversity",
        "Are the generated records as different from one another as real ones?",
        "Identities of random pairs within a set: a curve to the right of that of real records "
        "means that generated records resemble one another too much.",
        "Mode collapse: the same records, or variants of a few, again and again.",
    ),
    "motifs": Section(
        "Motifs",
        "Do known motifs occur as often, and in the same places?",
        "Each line is a motif: the ring is its share of real records, the dot that of generated "
        "ones, the green stroke that of held-out data. A star marks what chance does not explain.",
        "A motif that is lost, far too frequent, or in other places.",
    ),
    "genes": Section(
        "Genes",
        "Are the records valid coding sequences?",
        "Compare each rate with that of held-out real data and with that of chance, the dashed "
        "line. Codons are grouped by amino acid: grey bars are real records, dots on them "
        "generated ones.",
        "Frames broken by stops, missing start or stop codons, foreign codon usage.",
    ),
    "conditions": Section(
        "Conditions",
        "Do records follow the labels that they were asked for, as real records do?",
        "Predictors learned each label from training records. Of a number, points should spread "
        "round the line as those of real records do; of classes, the square of generated records "
        "should look like that of real ones, and hold no more on its diagonal: records that are "
        "more typical of their label than real ones are lack what real ones have.",
        "Labels that are ignored or swapped, one class that is right and another that is not, and "
        "one record, or few, written for each label.",
    ),
    "protein": Section(
        "Protein properties",
        "Are the physical properties those of real proteins?",
        "Each number is a distance of distributions in units of the spread of real records.",
        "Charge, hydropathy or weight shifted, or domains that a profile no longer finds.",
    ),
}


_PAIR = Markup(
    '<div class="pair"><p class="who"><b>{identity}</b> &nbsp; {generated} &nbsp;·&nbsp; '
    '{real}</p><pre class="align">{top}\n<span class="bars">{bars}</span>\n{bottom}</pre></div>'
)


def _length(facts: Facts, thousands: str = "") -> str:
    low, high = (f"{facts[key]:{thousands}}" for key in ("shortest", "longest"))
    return low if low == high else f"{low}-{high}"


def _near_copy(results: Results) -> str:
    assert results.identity is not None
    return f"are at least {100 * results.identity:g} % identical to"


def _pairs(results: Results) -> Pairs | None:
    found = closest_pairs(results)
    if not found:
        return None
    source = "training records" if "train" in results.sets else "reference records"
    question = (
        f"The {len(found):,} generated records that are most like {source}, aligned. Differences "
        "are marked."
    )
    return Pairs(question, Markup("").join(pair_of(pair) for pair in found))


def pair_of(pair: Pair) -> Markup:
    """Draw two aligned records; the letters that differ are marked."""
    same = [a == b for a, b in zip(pair.top, pair.bottom, strict=True)]
    top, bottom = (
        Markup("").join(
            escape(letter) if equal else Markup("<i>{}</i>").format(letter)
            for letter, equal in zip(row, same, strict=True)
        )
        for row in (pair.top, pair.bottom)
    )
    bars = "".join("|" if equal else " " for equal in same)
    names = {"generated": shown(pair.generated), "real": shown(pair.real)}
    return _PAIR.format(
        identity=percentage(pair.identity, 1), **names, top=top, bars=bars, bottom=bottom
    )


#: Words and drawings of the reports of sequences.
SEQUENCE_REPORT = ReportSpec(
    name="sequences",
    noun="record",
    describe=lambda facts: f"length {_length(facts)}",
    columns=(
        Column("length", lambda facts: _length(facts, ",")),
        Column("letters", lambda facts: str(facts["alphabet"]), code=True),
    ),
    near_copy=_near_copy,
    exact_copy="letter for letter",
    subjects={
        "auroc": "Discriminability",
        "kmer-jsd": "k-mers",
        "site-pair-jsd": "Positions",
        "pair-pearson": "Long range",
        "unique": "Diversity",
        "length-jsd": "Lengths",
        "label-accuracy": "Labels",
        "label-r": "Labels",
    },
    floors={
        "markov": Floor("markov", "Markov chain of that order"),
        "positional-markov": Floor("posmk", "Markov chain with its own table at every position"),
        "pwm": Floor("pwm", "letters drawn position by position"),
        "dinucleotide-shuffle": Floor("dishuf", "real records shuffled, 2-mer counts kept"),
        "shuffle": Floor("shuf", "real records shuffled"),
        "uniform": Floor("unif", "random letters"),
        labelled.LABEL_CHAIN: Floor("label-mk", "one Markov chain a label"),
        labelled.LABEL_POSITIONAL: Floor(
            "label-pos", "one chain a label with its own table at every position"
        ),
        labelled.CHAIN: Floor("no-label", "one Markov chain for all labels"),
        labelled.SHUFFLED: Floor("shuf-lab", "real records with the labels of others"),
    },
    sections=SECTIONS,
    sources="k-mer and letter divergence: Lin 1991, IEEE Trans. Inf. Theory 37:145. Pair "
    "correlations: Muntoni et al. 2021, BMC Bioinformatics 22:528. Classifier two-sample test: "
    "Lopez-Paz & Oquab 2017, ICLR. Logos: Schneider & Stephens 1990, Nucleic Acids Res. 18:6097.",
    panels=PANELS,
    nearest=nearest_records,
    pairs=_pairs,
    settings=lambda results: [("Identity of a near copy", f"{results.identity}")],
    digest="letters",
    packages=("numpy", "scipy", "scikit-learn", "biopython"),
)

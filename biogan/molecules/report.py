"""What reports of molecules say and draw: sections, properties, drawings, nearest molecules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup, escape

from biogan.core.display import shown
from biogan.evaluation.report.plots import curves, scatter
from biogan.evaluation.report.results import TARGET, Results, nearest_table
from biogan.evaluation.report.spec import Column, Floor, Pairs, Panel, ReportSpec, Section
from biogan.molecules.drawings import drawing, grid
from biogan.molecules.features import LEAST_RINGS
from biogan.molecules.metrics import MOST_NEAREST, NEAR, MoleculeSample

if TYPE_CHECKING:
    import pandas as pd


SECTIONS = {
    "properties": Section(
        "Properties",
        "Are the molecules as large, as lipophilic, as drug-like as real ones?",
        "Distributions of what RDKit computes. A generator that has learned only how strings look "
        "writes molecules that are too small or have too few rings.",
        "Small molecules, long chains of carbon, rings that no chemist makes. Drug-likeness says "
        "nothing about safety.",
    ),
    "novelty": Section(
        "Memorisation and novelty",
        "Are the generated molecules new, or copies of what the generator was trained on?",
        "Tanimoto similarity to the most similar training molecule. Copying lifts the generated "
        "curve above that of held-out molecules at the right end.",
        "Training molecules, and those with a Tanimoto similarity of 0.8 or more to one, more "
        "often than among molecules that were not trained on.",
    ),
    "validity": Section(
        "Validity",
        "How many of the texts that were written are molecules?",
        "Of SELFIES all are, by construction: uniformly random SELFIES have 100 %, too. biogan "
        "sample draws others in the place of what is no molecule, unless --invalid keep is given.",
        "Brackets and rings that are not closed, atoms with too many bonds.",
    ),
    "discriminability": Section(
        "Discriminability",
        "Can a classifier tell generated from real molecules?",
        "A map of Morgan environments, made of real molecules. The classifier behind the number "
        "sees 1,024 of them, and never a molecule of a scaffold that it has learned from.",
        "Anything systematic: a group that no real molecule has, a ring that is missing.",
    ),
    "similarity": Section(
        "Fragments and scaffolds",
        "Are they made of the parts of real molecules, in the same shares?",
        "SNN is the similarity to the nearest real molecule, FCD a distance of the activations of "
        "a network that was trained to predict bioactivity. The drawings are the scaffolds that "
        "generated molecules have most often, with both shares.",
        "Parts that real molecules lack, or a few scaffolds again and again.",
    ),
    "diversity": Section(
        "Diversity",
        "Are the generated molecules as different from one another as real ones?",
        "Internal diversity is one minus the mean similarity of two molecules of the set.",
        "Mode collapse: the same molecule, or variants of a few.",
    ),
    "filters": Section(
        "Alerts",
        "Do they have groups that medicinal chemists leave out, as often as real ones?",
        "A molecule without alerts is not safe: the catalogues list groups that disturb assays or "
        "react, nothing else.",
        "Reactive or unstable groups.",
    ),
}

# Molecules of a gallery, closest pairs, scaffolds, points of a map.
_GALLERY, _PAIRS, _SCAFFOLDS, _POINTS = 12, 12, 12, 600
#: The floor that is drawn: made of real parts.
_FLOOR = "brics"
# Property, heading and quantity of each overlay; the first ones stand above all numbers.
_FIRST = (
    ("logP", "logP", "logP"),
    ("weight", "Weight", "molecular weight, g/mol"),
    ("heavy-atoms", "Heavy atoms", "heavy atoms"),
    ("QED", "Drug-likeness", "QED"),
)
_FURTHER = (("SA", "Synthetic accessibility", "SA score"), ("rings", "Rings", "rings"))
# Molecules of which slow properties are drawn.
_DRAWN = 1_000


def gallery(results: Results, new: Sequence[str]) -> list[Panel]:
    """Draw the distributions of properties, and the first molecules of each set."""
    drawn = _overlays(results, new, _FIRST)
    for name, sample in results.named_samples(*new, TARGET).items():
        some = sample.molecules[:_GALLERY]
        caption = f"{len(some):,} of {len(sample):,}, drawn at random"
        drawn.append(Panel(name.capitalize(), caption, grid(some.smiles, some.ids), wide=True))
    return drawn


def _overlays(
    results: Results, new: Sequence[str], wanted: Sequence[tuple[str, str, str]]
) -> list[Panel]:
    drawn = []
    sets = {k: s.first(_DRAWN) for k, s in _sets(results, *new).items()}
    for name, title, quantity in wanted:
        found = {k: s.computed(name) for k, s in sets.items() if len(s.molecules)}
        svg = curves.overlay(f"property-{name.lower()}", found, quantity, noun="molecules")
        drawn.append(Panel(title, "", svg))
    return drawn


def closest(results: Results) -> Pairs | None:
    """Draw the generated molecules that are most similar to a training molecule, beside it."""
    sample, rows, values = _near(results, "generated")
    if not len(values):
        return None
    source = results.samples["source"].searched.molecules
    some = sample.molecules
    order = np.lexsort((np.arange(len(values)), -values))[:_PAIRS]
    figures = []
    for i, j in zip(order.tolist(), rows[order].tolist(), strict=True):
        figures.append(
            Markup(
                '<figure class="molecules" style="background:#fff;color:#24292f">{}{}'
                "<figcaption>{:.2f} {} | {}</figcaption></figure>"
            ).format(
                drawing(some.smiles[i]), drawing(source.smiles[j]), values[i],
                escape(shown(some.ids[i], 30)), escape(shown(source.ids[j], 30)),
            )
        )  # fmt: skip
    what = "training" if "train" in results.sets else "reference"
    question = (
        f"The {len(order):,} generated molecules that are most similar to {what} molecules (of the "
        f"first {len(values):,}), each on the left of its nearest. The number is the Tanimoto "
        "similarity."
    )
    return Pairs(question, Markup('<div class="picturepairs">{}</div>').format(
        Markup("").join(figures)))  # fmt: skip


def nearest_molecules(results: Results) -> pd.DataFrame:
    """Return the nearest training molecule of each generated one asked for, nearest first."""
    sample, rows, values = _near(results, "generated")
    source = results.samples["source"].searched.molecules
    order = np.lexsort((np.arange(len(values)), -values))
    ids = sample.molecules.ids, [source.ids[j] for j in rows]
    return nearest_table(*ids, order, tanimoto=values.round(4))


def _properties(results: Results, new: Sequence[str]) -> list[Panel]:
    return _overlays(results, new, _FURTHER)


def _novelty(results: Results, new: Sequence[str]) -> list[Panel]:
    names = {name: name for name in new}
    if "fresh" in results.samples:
        names["held-out"] = "fresh"
    found = {key: _near(results, name)[2] for key, name in names.items()}
    if not all(len(values) for values in found.values()):
        return []
    svg = curves.exceedance("nearest", found, "Tanimoto similarity", NEAR)
    return [Panel("Nearest training molecules", f"from {NEAR}: a near copy", svg)]


def _map(results: Results, new: Sequence[str]) -> list[Panel]:
    from sklearn.preprocessing import StandardScaler

    sets = {k: s.first(_POINTS) for k, s in _sets(results, *new).items()}
    tables = {
        k: np.minimum(s.feature("features:counts"), 3).astype(float)
        for k, s in sets.items()
        if len(s.molecules) > 1
    }
    if TARGET not in tables:
        return []
    scale = StandardScaler().fit(tables[TARGET])
    svg = scatter.principal_components({k: scale.transform(t) for k, t in tables.items()})
    caption = f"of Morgan environments, up to {_POINTS:,} molecules a set"
    return [] if svg is None else [Panel("Principal components", caption, svg)]


def _scaffolds(results: Results, new: Sequence[str]) -> list[Panel]:
    real = results.samples["target"]
    shares = {
        name: Counter(filter(None, s.feature("features:scaffolds", LEAST_RINGS)))
        for name, s in {**{n: results.samples[n] for n in new}, TARGET: real}.items()
    }
    drawn = []
    for name in new:
        first = sorted(shares[name].items(), key=lambda item: (-item[1], item[0]))[:_SCAFFOLDS]
        n, m = (max(1, len(s.molecules)) for s in (results.samples[name], real))
        captions = [
            f"{100 * count / n:.1f} %, real {100 * shares[TARGET][text] / m:.1f} %"
            for text, count in first
        ]
        if first:
            svg = grid([text for text, _ in first], captions)
            title = f"Most frequent scaffolds: {name}"
            drawn.append(Panel(title, "with two rings or more", svg, wide=True))
    return drawn


def _sets(results: Results, *new: str) -> dict[str, MoleculeSample]:
    """Return the samples that drawings show, with the floor that looks most like them."""
    found: dict[str, MoleculeSample] = results.named_samples(TARGET, *new, "held-out", floor=_FLOOR)
    return found


def _near(results: Results, name: str) -> tuple[MoleculeSample, np.ndarray, np.ndarray]:
    """Give the molecules that the metrics looked up, and what they found."""
    sample = results.samples[name].first(MOST_NEAREST)
    if not len(sample.molecules):
        return sample, np.zeros(0, int), np.zeros(0)
    return sample, *sample.nearest(results.samples["source"])


#: Drawings by group of metrics.
PANELS: dict[str, Callable[[Results, Sequence[str]], list[Panel]]] = {
    "properties": _properties,
    "novelty": _novelty,
    "discriminability": _map,
    "similarity": _scaffolds,
}

#: Words and drawings of the reports of molecules.
MOLECULE_REPORT = ReportSpec(
    name="molecules",
    noun="molecule",
    describe=lambda facts: f"{facts['valid']:,} valid",
    columns=(Column("valid", lambda facts: f"{facts['valid']:,}"),),
    near_copy=lambda results: f"have a Tanimoto similarity of {NEAR} or more to",
    exact_copy="by their canonical SMILES",
    subjects={
        "auroc": "Discriminability",
        "valid": "Validity",
        "fcd": "ChemNet",
        "scaffolds": "Scaffolds",
        "weight-w1": "Size",
        "qed-w1": "Drug-likeness",
        "unique-1000": "Diversity",
    },
    floors={
        "uniform-selfies": Floor("uniform", "SELFIES of random tokens, as long as real ones"),
        "smiles-markov": Floor("smimk", "a Markov chain of SMILES tokens"),
        "selfies-markov": Floor("selmk", "a Markov chain of SELFIES tokens"),
        "brics": Floor("brics", "fragments of training molecules, joined by the rules of BRICS"),
    },
    sections=SECTIONS,
    sources="MOSES: Polykovskiy et al. 2020, Front. Pharmacol. 11:565644. GuacaMol: Brown et al. "
    "2019, J. Chem. Inf. Model. 59:1096. FCD: Preuer et al. 2018, J. Chem. Inf. Model. 58:1736. "
    "SELFIES: Krenn et al. 2020, Mach. Learn. Sci. Technol. 1:045024. BRICS: Degen et al. 2008, "
    "ChemMedChem 3:1503. Classifier two-sample test: Lopez-Paz & Oquab 2017, ICLR.",
    panels=PANELS,
    nearest=nearest_molecules,
    pairs=closest,
    gallery=gallery,
    digest="canonical SMILES",
    packages=("numpy", "scipy", "scikit-learn", "rdkit", "selfies"),
)

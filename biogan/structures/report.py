"""What reports of protein fragments say and draw: sections, distance maps, distributions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from biogan.evaluation.report.plots import curves, scatter
from biogan.evaluation.report.plots.canvas import embedded, grid, picture_pairs
from biogan.evaluation.report.results import TARGET, Results, nearest_table
from biogan.evaluation.report.spec import Column, Floor, Pairs, Panel, ReportSpec, Section
from biogan.structures import metrics as measures
from biogan.structures.geometry import (
    bond_angles,
    contact_order,
    pseudo_torsions,
    radius_of_gyration,
)
from biogan.structures.metrics import MOST_NEAREST, FragmentSample, Measure, described
from biogan.structures.write import map_pictures

if TYPE_CHECKING:
    import pandas as pd


SECTIONS = {
    "novelty": Section(
        "Memorisation and novelty",
        "Are the generated fragments new, or copies of what the generator was trained on?",
        "The distance of a fragment from its nearest training fragment, after the best "
        "superposition. Copying lifts the generated curve above that of held-out fragments at the "
        "left end. Short fragments are near one another by nature: a helix of 16 residues is a "
        "helix.",
        "Training fragments with less than 1 Angstrom of change, more often than among fragments "
        "of families that were not trained on.",
    ),
    "discriminability": Section(
        "Discriminability",
        "Can a classifier tell generated from real fragments?",
        "A map of local and global distances, made of real fragments: a good set covers the cloud "
        "of real ones and nothing else. The classifier behind the number sees far more than these "
        "two axes.",
        "Anything systematic: too few strands, helices that are too long, folds that are too "
        "loose.",
    ),
    "bonds": Section(
        "Bonds and near neighbours",
        "Are residues near one another along the chain as far apart in space as in real ones?",
        "Neighbours are 3.8 Angstrom apart. Distances of residues two and three apart have a peak "
        "for helices (5.5 and 5.0) and one for strands (6.7 and 10).",
        "Maps that are no distances of any chain; a single peak in the place of two.",
    ),
    "twists": Section(
        "Helices, strands and turns",
        "Is the chain bent and twisted as in real fragments?",
        "Angle at each residue and pseudo-torsion along each bond; the right-handed helix has 50 "
        "degrees, strands about -170. A chain of real twists matches them by construction, so "
        "twists alone prove little.",
        "Missing helices or strands, left-handed turns, angles that no protein has.",
    ),
    "folds": Section(
        "Compactness and contacts",
        "Are fragments as compact as real ones, and do contacts reach as far along the chain?",
        "A fragment that does not fold is too wide, and its contacts are near along the chain. "
        "Real maps with noise match both by construction, and fail at the bonds.",
        "Chains that wander, or collapse.",
    ),
    "diversity": Section(
        "Diversity",
        "Are the generated fragments as different from one another as real ones?",
        "RMSD of random pairs within a set: a curve to the left of that of real fragments means "
        "that generated ones resemble one another too much.",
        "Mode collapse: one fold, or variants of a few, again and again.",
    ),
}


# Pixels that a grid is wide, rows of it, closest pairs, points of a set in a map.
_WIDE, _ROWS, _PAIRS, _POINTS = 340, 4, 12, 1000
#: The floor that is drawn: right bonds and twists, no fold.
_FLOOR = "local-markov"

# By group of metrics: name, heading, what is measured, quantity with unit, largest value drawn.
_DISTRIBUTIONS: dict[str, list[tuple[str, str, Measure, str, float]]] = {
    "bonds": [
        ("second", "Two residues apart", measures.second_neighbours,
         "distance of i and i + 2, Angstrom", 8.0),
        ("third", "Three residues apart", measures.third_neighbours,
         "distance of i and i + 3, Angstrom", 12.0),
    ],
    "twists": [
        ("angles", "Angles", bond_angles, "angle at a residue, degrees", 180.0),
        ("torsions", "Pseudo-torsions", pseudo_torsions, "torsion, degrees", 180.0),
    ],
    "folds": [
        ("gyration", "Compactness", radius_of_gyration, "radius of gyration, Angstrom", np.inf),
        ("contacts", "Contact order", contact_order, "relative contact order", 1.0),
    ],
}  # fmt: skip


def gallery(results: Results, new: Sequence[str]) -> list[Panel]:
    """Show the maps of the first fragments of the generated sets and of the real one."""
    drawn = []
    for name, sample in results.named_samples(*new, TARGET).items():
        columns = max(1, _WIDE // sample.fragments.residues)
        some = sample.fragments[: columns * _ROWS]
        caption = f"{len(some):,} of {len(sample):,} distance maps, dark where residues are near"
        picture = grid(map_pictures(some), columns)
        drawn.append(Panel(name.capitalize(), caption, embedded(picture, f"{name} maps")))
    return drawn


def closest(results: Results) -> Pairs | None:
    """Show the maps of the generated fragments that are most like a training fragment."""
    sample, rows, values = _near(results, "generated")
    source = results.samples["source"].fragments
    order = np.lexsort((np.arange(len(values)), values))[:_PAIRS]
    pairs = [
        (values[i], sample.fragments.ids[i], source.ids[j],
         np.concatenate([map_pictures(sample.fragments[i : i + 1]),
                         map_pictures(source[j : j + 1])]))
        for i, j in zip(order.tolist(), rows[order].tolist(), strict=True)
    ]  # fmt: skip
    what = "training" if "train" in results.sets else "reference"
    question = (
        f"The {len(order):,} generated fragments that are most like {what} fragments (of the first "
        f"{len(values):,}), each on the left of its nearest. The number is the RMSD in Angstrom."
    )
    return Pairs(question, picture_pairs(pairs))


def nearest_structures(results: Results) -> pd.DataFrame:
    """Return the nearest training fragment of each generated one asked for, nearest first."""
    sample, rows, values = _near(results, "generated")
    source = results.samples["source"].fragments
    order = np.lexsort((np.arange(len(values)), values))
    ids = sample.fragments.ids, [source.ids[j] for j in rows]
    return nearest_table(*ids, order, rmsd=values.round(4))


def _distributions(group: str, results: Results, new: Sequence[str]) -> list[Panel]:
    sets = _sets(results, *new)
    drawn = []
    for name, title, measure, what, top in _DISTRIBUTIONS[group]:
        found = {k: np.minimum(s.values(measure).ravel(), top) for k, s in sets.items()}
        noun = "fragments" if measure in (radius_of_gyration, contact_order) else "places"
        drawn.append(Panel(title, "", curves.overlay(name, found, what, noun=noun)))
    return drawn


def _novelty(results: Results, new: Sequence[str]) -> list[Panel]:
    names = {name: name for name in new}
    if "fresh" in results.samples:
        names["held-out"] = "fresh"
    found = {key: _near(results, name)[2] for key, name in names.items()}
    svg = curves.overlay("nearest", found, "RMSD to the nearest training fragment, Angstrom",
                         noun="fragments")  # fmt: skip
    return [Panel("Nearest training fragments", "below 1 Angstrom: a near copy", svg)]


def _map(results: Results, new: Sequence[str]) -> list[Panel]:
    from sklearn.preprocessing import StandardScaler

    tables = {k: s.values(described)[:_POINTS] for k, s in _sets(results, *new).items()}
    scale = StandardScaler().fit(tables[TARGET])
    svg = scatter.principal_components({k: scale.transform(t) for k, t in tables.items()})
    caption = f"of local and global distances, up to {_POINTS:,} fragments a set"
    return [] if svg is None else [Panel("Principal components", caption, svg)]


def _pairs(results: Results, new: Sequence[str]) -> list[Panel]:
    found = {k: measures.pairs(s) for k, s in _sets(results, *new).items()}
    if min(map(len, found.values())) < 1:
        return []
    svg = curves.overlay("pairs", found, "RMSD of two fragments, Angstrom", noun="pairs")
    return [Panel("Random pairs", "how far two fragments of a set are apart", svg)]


def _sets(results: Results, *new: str) -> dict[str, FragmentSample]:
    """Return the samples that drawings show, with the floor that is locally right."""
    return results.named_samples(TARGET, *new, "held-out", floor=_FLOOR)


def _near(results: Results, name: str) -> tuple[FragmentSample, np.ndarray, np.ndarray]:
    """Give the fragments that the metrics looked up, and what they found."""
    sample = results.samples[name].first(MOST_NEAREST)
    return sample, *sample.nearest(results.samples["source"])


#: Drawings by group of metrics.
PANELS: dict[str, Callable[[Results, Sequence[str]], list[Panel]]] = {
    **{group: partial(_distributions, group) for group in _DISTRIBUTIONS},
    "novelty": _novelty,
    "discriminability": _map,
    "diversity": _pairs,
}

#: Words and drawings of the reports of structures.
STRUCTURE_REPORT = ReportSpec(
    name="structures",
    noun="fragment",
    describe=lambda facts: f"{facts['residues']} residues, {facts['families']} families",
    columns=(
        Column("residues", lambda facts: str(facts["residues"])),
        Column("families", lambda facts: f"{facts['families']:,}"),
    ),
    near_copy=lambda results: "are within 1 Angstrom of",
    exact_copy="within 0.05 Angstrom",
    subjects={
        "auroc": "Discriminability",
        "bond-share": "Bonds",
        "twist-jsd": "Twists",
        "third-w1": "Secondary structure",
        "gyration-w1": "Compactness",
        "pair-rmsd": "Diversity",
    },
    floors={
        "random-walk": Floor("walk", "bonds of 3.8 Angstrom in random directions"),
        "local-markov": Floor("localmk", "real angles and torsions, each as it follows the last"),
        "noise-map": Floor("noise", "real maps with noise of 1 Angstrom, brought back to space"),
    },
    sections=SECTIONS,
    sources="Distance maps: Anand & Huang 2018, NeurIPS. Scaling: Torgerson 1952, Psychometrika "
    "17:401; de Leeuw 1977. Contact order: Plaxco et al. 1998, J. Mol. Biol. 277:985. "
    "Superposition: Kabsch 1976, Acta Cryst. A32:922; Theobald 2005, Acta Cryst. A61:478. "
    "Classifier two-sample test: Lopez-Paz & Oquab 2017, ICLR.",
    panels=PANELS,
    nearest=nearest_structures,
    pairs=closest,
    gallery=gallery,
    digest="coordinates and families",
    packages=("numpy", "scipy", "scikit-learn", "biopython"),
)

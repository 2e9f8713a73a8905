"""What the page says about each group of metrics of structures."""

from __future__ import annotations

from biogan.report.words import Words

WORDS = {
    "novelty": Words(
        "Memorisation and novelty",
        "Are the generated fragments new, or copies of what the generator was trained on?",
        "The distance of a fragment from its nearest training fragment, after the best "
        "superposition. Copying lifts the generated curve above that of held-out fragments at the "
        "left end. Short fragments are near one another by nature: a helix of 16 residues is a "
        "helix.",
        "Training fragments with less than 1 Angstrom of change, more often than among fragments "
        "of families that were not trained on.",
    ),
    "discriminability": Words(
        "Discriminability",
        "Can a classifier tell generated from real fragments?",
        "A map of local and global distances, made of real fragments: a good set covers the cloud "
        "of real ones and nothing else. The classifier behind the number sees far more than these "
        "two axes.",
        "Anything systematic: too few strands, helices that are too long, folds that are too "
        "loose.",
    ),
    "bonds": Words(
        "Bonds and near neighbours",
        "Are residues near one another along the chain as far apart in space as in real ones?",
        "Neighbours are 3.8 Angstrom apart. Distances of residues two and three apart have a peak "
        "for helices (5.5 and 5.0) and one for strands (6.7 and 10).",
        "Maps that are no distances of any chain; a single peak in the place of two.",
    ),
    "twists": Words(
        "Helices, strands and turns",
        "Is the chain bent and twisted as in real fragments?",
        "Angle at each residue and pseudo-torsion along each bond; the right-handed helix has 50 "
        "degrees, strands about -170. A chain of real twists matches them by construction, so "
        "twists alone prove little.",
        "Missing helices or strands, left-handed turns, angles that no protein has.",
    ),
    "folds": Words(
        "Compactness and contacts",
        "Are fragments as compact as real ones, and do contacts reach as far along the chain?",
        "A fragment that does not fold is too wide, and its contacts are near along the chain. "
        "Real maps with noise match both by construction, and fail at the bonds.",
        "Chains that wander, or collapse.",
    ),
    "diversity": Words(
        "Diversity",
        "Are the generated fragments as different from one another as real ones?",
        "RMSD of random pairs within a set: a curve to the left of that of real fragments means "
        "that generated ones resemble one another too much.",
        "Mode collapse: one fold, or variants of a few, again and again.",
    ),
}

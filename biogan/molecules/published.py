"""The benchmark table of MOSES: generated molecules by its protocol, beside published models.

The rows of other columns of an evaluation are cut to one n; here generated molecules are held
against whole sets of test molecules, as the published numbers were.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from scipy.stats import wasserstein_distance

from biogan.evaluation.distances import frechet
from biogan.molecules import chemnet
from biogan.molecules.features import LEAST_RINGS, nearest
from biogan.molecules.metrics import MoleculeSample, cosine

#: Test molecules that are read at most.
MOST = 30_000
# Polykovskiy et al. 2020, tables 1 to 3: means of three runs of 30,000 molecules.
_PUBLISHED = {
    "training data": {"valid": 1.0, "FCD": 0.008, "novelty": 1.0},
    "CharRNN": {"valid": 0.975, "FCD": 0.073, "novelty": 0.842},
    "VAE": {"valid": 0.977, "FCD": 0.099, "novelty": 0.695},
    "AAE": {"valid": 0.937, "FCD": 0.556, "novelty": 0.793},
    "LatentGAN": {"valid": 0.897, "FCD": 0.297, "novelty": 0.950},
    "NGram": {"valid": 0.238, "FCD": 5.51},
    "combinatorial": {"valid": 1.0, "FCD": 4.24},
    "HMM": {"valid": 0.076, "FCD": 24.5},
}
_WASSERSTEIN = ("logP", "SA", "QED", "weight")


def moses_rows(
    new: MoleculeSample, source: MoleculeSample, test: MoleculeSample, frames: MoleculeSample | None
) -> list[dict[str, Any]]:
    """Return one row a quantity, with a column for each set of test molecules.

    Parameters
    ----------
    new : MoleculeSample
        Generated molecules.
    source : MoleculeSample
        Training molecules.
    test : MoleculeSample
        Test molecules.
    frames : MoleculeSample or None
        Test molecules of scaffolds that were not trained on.
    """
    columns = {"test": test} | ({"scaffold test": frames} if frames is not None else {})
    some = new.molecules.smiles
    rows: list[dict[str, Any]] = []

    def add(quantity: str, **values: float | None) -> None:
        rows.append({"quantity": quantity, "generated": None, **dict.fromkeys(columns), **values})

    add("valid", generated=len(some) / max(1, len(new)))
    for k in (1_000, 10_000):
        if len(some) >= k:
            add(f"unique@{k:,}", generated=len(set(some[:k])) / k)
    if len(some) < 2:
        return rows
    distinct = set(some)
    add("novelty", generated=len(distinct - source.known) / len(distinct))
    shared: dict[str, dict[str, float]] = {}
    for name, other in columns.items():
        shared[name] = _against(new, other)
    for quantity in shared["test"]:
        add(quantity, **{name: values[quantity] for name, values in shared.items()})
    for name in _WASSERSTEIN:
        a, b = new.computed(name), test.computed(name)
        add(f"{name} W1", test=float(wasserstein_distance(a, b)))
    return rows


def _against(new: MoleculeSample, other: MoleculeSample) -> dict[str, float]:
    found = {}
    if not chemnet.missing():
        both = [s.feature("chemnet:activations").astype(float) for s in (new, other)]
        found["FCD"] = frechet(*_gaussian(both[0]), *_gaussian(both[1]))
    found["SNN"] = float(nearest(new.bits, other.bits)[1].mean())
    parts = [s.feature("features:fragments") for s in (new, other)]
    found["Frag"] = cosine(*(Counter(text for row in rows for text in row) for rows in parts))
    frames = [s.feature("features:scaffolds", LEAST_RINGS) for s in (new, other)]
    found["Scaf"] = cosine(*(Counter(filter(None, texts)) for texts in frames))
    return found


def _gaussian(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return points.mean(0), np.cov(points.T)


def published_rows() -> list[dict[str, Any]]:
    """Return what Polykovskiy et al. 2020 published of other models, one row a model."""
    names = ("valid", "FCD", "novelty")
    return [{"model": k, **{n: v.get(n) for n in names}} for k, v in _PUBLISHED.items()]

"""The evaluation of molecules."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from biogan.core.errors import DataError
from biogan.core.protocols import Sampler
from biogan.core.rng import rng
from biogan.evaluation.evaluate import EvaluationSpec, Progress, Scoring, evaluate_sets
from biogan.evaluation.metric import Metric
from biogan.evaluation.parts import Floor, Samples
from biogan.evaluation.protocol import Roles, Split
from biogan.evaluation.report.report import Report
from biogan.molecules import chemnet
from biogan.molecules.baselines import MOST_LEARNED, molecule_baseline
from biogan.molecules.dataset import MoleculeSet
from biogan.molecules.features import CATALOGUES
from biogan.molecules.metrics import (
    MOLECULE_METRICS,
    MOST_NEAREST,
    MOST_SOURCE,
    MoleculeComparison,
    MoleculeSample,
)
from biogan.molecules.properties import PROPERTIES
from biogan.molecules.published import MOST, moses_rows, published_rows
from biogan.molecules.report import MOLECULE_REPORT
from biogan.molecules.splits import split

#: Trivial samplers by name, from the worst to the best.
FLOORS = ("uniform-selfies", "smiles-markov-9", "selfies-markov-6", "brics")
# Distinct molecules from which the table of the benchmark is made.
_BENCHMARK = 1_000


def evaluate_molecules(
    real: MoleculeSet,
    generated: MoleculeSet | Sampler,
    train: MoleculeSet | None = None,
    held_out: MoleculeSet | None = None,
    scaffold_test: MoleculeSet | None = None,
    seed: int = 0,
    n: int | None = None,
    metrics: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Score generated molecules beside held-out real ones and trivial samplers.

    Parameters
    ----------
    real : MoleculeSet
        Real molecules, the reference.
    generated : MoleculeSet or Sampler
        What is judged, with what is no molecule; a sampler is asked for ``n``, 10,000 by default.
    train : MoleculeSet, optional
        What the generator was trained on: needed to speak about memorisation.
    held_out : MoleculeSet, optional
        Real molecules that the generator has not seen. Which set plays which part is said in
        :mod:`biogan.evaluation.protocol`.
    scaffold_test : MoleculeSet, optional
        Real molecules of scaffolds that were not trained on: a column of the table ``moses``.
    seed : int
        Seed of subsamples, floors and folds.
    n : int, optional
        Molecules of each set that are read at most, by default all.
    metrics : list of str, optional
        Names of metrics, all by default.
    progress : callable, optional
        Receives, before a set is scored, its name, how many were scored and how many there are.

    Returns
    -------
    Report
        The same for any order, any names and any way of writing the molecules.

    Raises
    ------
    DataError
        If a set is empty.
    ConfigError
        If ``n`` is below 1, a metric unknown, or RDKit is not installed.

    Examples
    --------
    >>> texts = [f"{'C' * i}N{'C' * j}" for i in range(1, 9) for j in range(1, 9)]
    >>> real, new = MoleculeSet.from_smiles(texts[:60]), MoleculeSet.from_smiles(texts[60:])
    >>> evaluate_molecules(real, new, metrics=["valid"])["valid"].generated.value
    1.0
    """
    return MoleculeEvaluation(scaffold_test).report_of(
        real, generated, train, held_out, metrics, seed, n, progress
    )


class MoleculeEvaluation(EvaluationSpec[MoleculeSet]):
    """How molecules are evaluated.

    Parameters
    ----------
    scaffold_test : MoleculeSet, optional
        Real molecules of scaffolds that were not trained on.
    """

    noun = "molecule"
    report = MOLECULE_REPORT
    registry = MOLECULE_METRICS

    def __init__(self, scaffold_test: MoleculeSet | None = None) -> None:
        self.scaffold_test = scaffold_test

    def report_of(self, real: MoleculeSet, generated: Any, *given: Any) -> Report:
        """Score one set, see :func:`evaluate_molecules`."""
        return evaluate_sets(self, real, {"generated": generated}, *given)["generated"]

    def keys(self, records: MoleculeSet) -> list[bytes]:
        """Return a hash of each canonical SMILES; texts that are no molecules are compared too."""
        return [
            hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
            for text in records.smiles
        ]

    def together(self, sets: Sequence[MoleculeSet]) -> MoleculeSet | None:
        """Put sets of real molecules into one."""
        return MoleculeSet.concatenate(list(sets))

    def check(self, name: str, records: MoleculeSet, reference: MoleculeSet) -> None:
        """Refuse real sets with texts that are no molecules."""
        if name != "generated" and not records.valid.all() and records is reference:
            raise DataError(
                f"the {name} set has {int((~records.valid).sum()):,} texts that are no molecules: "
                "read it with read_molecules, which leaves them out"
            )

    def split(self, real: MoleculeSet, n: int, seed: int) -> Split[MoleculeSet]:
        """Split by scaffold, so that no series stands on both sides; large sets at random."""
        rest, target, how = split(real, n, seed)
        return Split(real[target], real[rest], how)

    def floors(self, roles: Roles[MoleculeSet]) -> Mapping[str, Floor[MoleculeSet]]:
        """Return chains on tokens, uniform tokens, and recombined fragments."""
        orders = ((name, *name.rpartition("-")[::2]) for name in FLOORS)
        return {
            name: molecule_baseline(stem, int(k)) if k.isdigit() else molecule_baseline(name)
            for name, stem, k in orders
        }

    def scoring(
        self,
        metrics: Sequence[Metric],
        roles: Roles[MoleculeSet],
        generated: Mapping[str, MoleculeSet],
        seed: int,
        progress: Callable[[str], None],
    ) -> Scoring[MoleculeSet]:
        """Compare molecules by their fingerprints, fragments, scaffolds and properties."""
        notes = [
            "all but validity is read of valid molecules alone; MOSES' definitions where it has "
            "the metric (fingerprints: Morgan, radius 2, 1,024 bits)",
            f"filters: RDKit's catalogues {' and '.join(CATALOGUES)}, in the place of MOSES' own",
        ]
        if len(roles.fit) > MOST_LEARNED:
            notes.append(f"trivial samplers learn from {MOST_LEARNED:,} molecules drawn at random")
        if len(roles.source) > MOST_SOURCE:
            notes.append(
                f"near copies of {MOST_NEAREST:,} molecules are sought among {MOST_SOURCE:,} of "
                f"{len(roles.source):,} drawn at random; exact copies among all"
            )
        if why := chemnet.missing():
            notes.append(f"FCD {why}")
        # A few metrics that were asked for by name are no benchmark.
        asked = {"snn", "scaffolds", "fragments"} <= {m.name for m in metrics}
        tables = partial(self._tables, test=roles.target if asked else None, seed=seed)
        return Scoring(
            MoleculeSample, partial(MoleculeComparison, seed=seed), tuple(notes), tables=tables
        )

    def _tables(
        self, samples: Samples, test: MoleculeSet | None, seed: int
    ) -> dict[str, list[dict[str, Any]]]:
        """Return the benchmark table, where there are molecules enough for one."""
        new = samples["generated"]
        asked = asked_rows(new)
        tables = {"asked": asked} if asked else {}
        both = [_some(some, seed) for some in (test, self.scaffold_test)]
        if both[0] is None or len(set(new.molecules.smiles)) < _BENCHMARK:
            return tables
        return tables | {
            "moses": moses_rows(new, samples["source"], both[0], both[1]),
            "published": published_rows(),
        }

    def describe(self, records: MoleculeSet) -> dict[str, Any]:
        """Return numbers and origin of a set."""
        facts: dict[str, Any] = {
            "source": records.source,
            "records": len(records),
            "valid": int(records.valid.sum()),
            "sha256": records.digest,
        }
        if records.notes:
            facts["notes"] = list(records.notes)
        return facts


def asked_rows(new: MoleculeSample) -> list[dict[str, Any]]:
    """Say how the properties that molecules were asked for agree with those that they have.

    Parameters
    ----------
    new : MoleculeSample
        Generated molecules with labels, as ``biogan sample --label logP=2.5 -o new.tsv`` writes.

    Examples
    --------
    >>> labels = {"heavy-atoms": ["2", "3", "4"]}
    >>> some = MoleculeSet.from_smiles(["CC", "CCC", "CCCCC"], labels=labels)
    >>> asked_rows(MoleculeSample(some))[0]["spearman"]
    1.0
    """
    rows = []
    for name, column in new.molecules.labels.items():
        if name not in PROPERTIES:
            continue
        asked = pd.to_numeric(pd.Series(column), errors="coerce").to_numpy(float)
        known = np.isfinite(asked)
        if known.sum() < 2:
            continue
        a, b = asked[known], new.computed(name)[known]
        constant = len(np.unique(a)) < 2 or len(np.unique(b)) < 2
        rows.append({
            "label": name,
            "molecules": int(known.sum()),
            "spearman": None if constant else round(float(spearmanr(a, b).statistic), 6),
            "median error": float(np.median(np.abs(a - b))),
            "asked": float(np.median(a)),
            "computed": float(np.median(b)),
        })  # fmt: skip
    return rows


def _some(records: MoleculeSet | None, seed: int) -> MoleculeSample | None:
    """Return a sample of a set, of a large one some molecules drawn at random."""
    if records is None:
        return None
    if len(records) > MOST:
        records = records[np.sort(rng(seed, "benchmark").permutation(len(records))[:MOST])]
    return MoleculeSample(records)

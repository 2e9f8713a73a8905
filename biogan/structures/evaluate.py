"""The evaluation of protein fragments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from biogan.core.errors import DataError, plural
from biogan.core.protocols import Sampler
from biogan.evaluation.evaluate import EvaluationSpec, Progress, Scoring, evaluate_sets
from biogan.evaluation.metric import Metric
from biogan.evaluation.parts import Floor
from biogan.evaluation.protocol import Roles, Split
from biogan.evaluation.report.report import Report
from biogan.evaluation.samples import row_keys
from biogan.structures.baselines import local_markov, noise_maps, random_walk
from biogan.structures.dataset import FragmentSet
from biogan.structures.metrics import STRUCTURE_METRICS, FragmentComparison, FragmentSample
from biogan.structures.read import split_families
from biogan.structures.report import STRUCTURE_REPORT

#: Trivial samplers by name, from the worst to the best.
FLOORS: dict[str, Callable[[FragmentSet, int, int], FragmentSet]] = {
    "random-walk": random_walk,
    "local-markov": local_markov,
    "noise-map": noise_maps,
}
#: Fragments that are drawn of each trivial sampler at most.
FLOOR_FRAGMENTS = 2_000


def evaluate_structures(
    real: FragmentSet,
    generated: FragmentSet | Sampler,
    train: FragmentSet | None = None,
    held_out: FragmentSet | None = None,
    seed: int = 0,
    n: int | None = None,
    metrics: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Score generated fragments beside held-out real ones and trivial samplers.

    Parameters
    ----------
    real : FragmentSet
        Real fragments, the reference.
    generated : FragmentSet or Sampler
        What is judged; a sampler is asked for ``n`` fragments, 10,000 by default. With ``maps``,
        these are asked for violations of the triangle inequality.
    train : FragmentSet, optional
        What the generator was trained on: needed to speak about memorisation.
    held_out : FragmentSet, optional
        Real fragments of families that the generator has not seen. Which set plays which part is
        said in :mod:`biogan.evaluation.protocol`.
    seed : int
        Seed of subsamples, floors and folds.
    n : int
        Fragments of each set that are read at most, by default all. Metrics whose value depends on
        it cut every set to the size of the smallest. Those that take long read fewer,
        and their rows say how many.
    metrics : list of str, optional
        Names of metrics, all by default.
    progress : callable, optional
        Receives, before a set is scored, its name, how many were scored and how many there are.

    Returns
    -------
    Report
        The same for any order and any names of the fragments.

    Raises
    ------
    DataError
        If a set is empty, or their numbers of residues differ.
    ConfigError
        If ``n`` is below 1 or a metric unknown.

    Examples
    --------
    >>> walks = np.random.default_rng(0).normal(size=(1200, 16, 3)).cumsum(1).astype(np.float32)
    >>> real, new = (
    ...     FragmentSet(x, tuple(map(str, range(len(x)))), np.arange(len(x)))
    ...     for x in (walks[:800], walks[800:])
    ... )
    >>> report = evaluate_structures(real, new, metrics=["gyration-w1"])
    >>> report.n, report["gyration-w1"].status
    (400, 'indistinguishable')
    """
    spec = StructureEvaluation()
    return evaluate_sets(
        spec, real, {"generated": generated}, train, held_out, metrics, seed, n, progress
    )["generated"]


class StructureEvaluation(EvaluationSpec[FragmentSet]):
    """How fragments are evaluated."""

    noun = "fragment"
    report = STRUCTURE_REPORT
    registry = STRUCTURE_METRICS
    floor_limit = FLOOR_FRAGMENTS

    def keys(self, records: FragmentSet) -> list[bytes]:
        """Return a hash of the coordinates of each fragment."""
        return row_keys(records.xyz.astype(np.float32, copy=False))

    def check(self, name: str, records: FragmentSet, reference: FragmentSet) -> None:
        """Refuse fragments of another length, and coordinates that are no numbers."""
        if records.residues != reference.residues:
            raise DataError(
                f"the {name} set has fragments of {records.residues} residues, the reference of "
                f"{reference.residues}: give both the same --residues"
            )
        if not np.isfinite(records.xyz).all():
            raise DataError(f"the {name} set has coordinates that are no finite numbers")

    def split(self, real: FragmentSet, n: int, seed: int) -> Split[FragmentSet]:
        """Split by families, so that neither side holds a relative of the other."""
        if len(set(real.families.tolist())) < 2:
            raise DataError(
                f"{real.source}: {plural(len(real), 'fragment')} of one family, at least two "
                "families are needed to take a ceiling from: give more, or held-out fragments "
                "(--held-out)"
            )
        rest, target = split_families(real, n / len(real), seed)
        return Split(real[target], real[rest], "by families")

    def floors(self, roles: Roles[FragmentSet]) -> dict[str, Floor[FragmentSet]]:
        """Return random walks, chains of real angles, and noisy maps."""
        return dict(FLOORS)

    def scoring(
        self,
        metrics: Sequence[Metric],
        roles: Roles[FragmentSet],
        generated: Mapping[str, FragmentSet],
        seed: int,
        progress: Callable[[str], None],
    ) -> Scoring[FragmentSet]:
        """Compare coordinates."""
        note = "intervals are those of families, as fragments of one chain are alike"
        return Scoring(FragmentSample, partial(FragmentComparison, seed=seed), (note,))

    def describe(self, records: FragmentSet) -> dict[str, Any]:
        """Return length, families and origin of a set."""
        facts: dict[str, Any] = {
            "source": records.source,
            "records": len(records),
            "residues": records.residues,
            "families": len(set(records.families.tolist())),
            "sha256": records.digest,
        }
        if records.notes:
            facts["notes"] = list(records.notes)
        return facts

"""Judge generated fragments: every metric beside a ceiling of real ones and trivial floors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from biogan.core.errors import DataError
from biogan.evaluation.evaluate import Scoring, Watch, score
from biogan.evaluation.report.report import Report
from biogan.structures.baselines import local_markov, noise_maps, random_walk
from biogan.structures.dataset import FragmentSet
from biogan.structures.metrics import get_structure_metrics
from biogan.structures.report import STRUCTURE_REPORT
from biogan.structures.samples import FRAGMENTS, FragmentComparison, FragmentSample

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
    generated: FragmentSet,
    train: FragmentSet | None = None,
    held_out: FragmentSet | None = None,
    seed: int = 0,
    n: int | None = None,
    metrics: Sequence[str] | None = None,
    progress: Watch | None = None,
) -> Report:
    """Score generated fragments beside held-out real ones and trivial samplers.

    Parameters
    ----------
    real : FragmentSet
        Real fragments, the reference.
    generated : FragmentSet
        What is judged; with ``maps``, these are asked for violations of the triangle inequality.
    train : FragmentSet, optional
        What the generator was trained on: needed to speak about memorisation.
    held_out : FragmentSet, optional
        Real fragments of families that the generator has not seen. Which set plays which part is
        said in :mod:`biogan.evaluation.protocol`.
    seed : int
        Seed of subsamples, floors and folds.
    n : int
        Fragments of each set that are read at most, by default all; every set is cut to the size
        of the smallest. Metrics that are dear read fewer, and their rows say how many.
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
    >>> walks = np.random.default_rng(0).normal(size=(120, 16, 3)).cumsum(1).astype(np.float32)
    >>> real, new = (
    ...     FragmentSet(x, tuple(map(str, range(len(x)))), np.arange(len(x)))
    ...     for x in (walks[:80], walks[80:])
    ... )
    >>> report = evaluate_structures(real, new, metrics=["gyration-w1"])
    >>> report.n, report["gyration-w1"].status
    (40, 'indistinguishable')
    """
    note = "intervals are those of families, as fragments of one chain are alike"
    return score(
        SCORING, real, generated, train, held_out, seed, n, metrics, progress,
        lambda chosen: (FragmentSample, [note]),
    )  # fmt: skip


def _check(name: str, fragments: FragmentSet, real: FragmentSet) -> None:
    if fragments.residues != real.residues:
        raise DataError(
            f"the {name} set has fragments of {fragments.residues} residues, the reference of "
            f"{real.residues}: give both the same --residues"
        )
    if not np.isfinite(fragments.xyz).all():
        raise DataError(f"the {name} set has coordinates that are no finite numbers")


def _describe(fragments: FragmentSet) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "source": fragments.source,
        "records": len(fragments),
        "residues": fragments.residues,
        "families": len(set(fragments.families.tolist())),
        "sha256": fragments.digest,
    }
    if fragments.notes:
        facts["notes"] = list(fragments.notes)
    return facts


#: How fragments are scored.
SCORING = Scoring(
    report=STRUCTURE_REPORT,
    dealing=FRAGMENTS,
    metrics=get_structure_metrics,
    comparison=FragmentComparison,
    floors=FLOORS,
    drawn=FLOOR_FRAGMENTS,
    check=_check,
    describe=_describe,
)

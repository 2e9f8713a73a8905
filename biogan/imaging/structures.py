"""Judge generated fragments: every metric beside a ceiling of real ones and trivial floors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import biogan
from biogan.errors import ConfigError, DataError
from biogan.metrics.base import Value
from biogan.report.report import CONTROL, Report, Row
from biogan.structures.floors import local_markov, noise_maps, random_walk
from biogan.structures.fragments import FragmentSet
from biogan.structures.metrics import get_structure_metrics
from biogan.structures.roles import FragmentRoles, assign_roles
from biogan.structures.samples import FragmentComparison, FragmentSample, keys, shuffled

Watch = Callable[[str, int, int], None]

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
        said in :mod:`biogan.structures.roles`.
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
    if n is not None and n < 1:
        raise ConfigError(f"n={n}: at least 1")
    chosen = get_structure_metrics(metrics)
    given = {"generated": generated, "reference": real, "train": train, "held-out": held_out}
    sets = {name: some for name, some in given.items() if some is not None}
    for name, some in sets.items():
        _check(name, some, real)
    roles = assign_roles(real, train, held_out, seed)
    least = len(generated)
    size = min(least, len(roles.target), len(roles.ceiling), least if n is None else n)
    samples = _samples(roles, generated, size, seed)
    columns = ["generated", "held-out", *FLOORS, CONTROL]
    fresh = samples.get("fresh")

    def compared(sample: FragmentSample) -> FragmentComparison:
        return FragmentComparison(sample, samples["target"], samples["source"], fresh, seed)

    found: dict[str, dict[str, Value]] = {}
    for place, name in enumerate(columns):
        if progress is not None and chosen:
            progress(name, place, len(columns))
        found[name] = {m.name: m(compared(samples[name])) for m in chosen}
    # Likeness to the training data is read on fragments outside it, the ceiling's need not be.
    for m in (m for m in chosen if m.group == "novelty"):
        found["held-out"][m.name] = (
            Value(None, note="no held-out fragments to compare with")
            if fresh is None
            else m(compared(fresh))
        )
    return Report(
        rows=[Row(m, {name: found[name][m.name] for name in columns}) for m in chosen],
        n=size,
        seed=seed,
        identity=None,
        sets={name: _describe(some) for name, some in sets.items()},
        notes=(
            f"every set is read at n = {size}, the smallest of {'' if n is None else f'-n {n}, '}"
            f"generated {least}, target {len(roles.target)} and ceiling {len(roles.ceiling)}",
            *([f"floors at n = {FLOOR_FRAGMENTS}"] if size > FLOOR_FRAGMENTS else []),
            *roles.notes,
            "intervals are those of families, as fragments of one chain are alike",
        ),
        version=biogan.__version__,
        samples=samples,
        kind="structures",
    )


def _samples(
    roles: FragmentRoles, generated: FragmentSet, size: int, seed: int
) -> dict[str, FragmentSample]:
    """Cut and draw every set; held-out fragments for copies are their own sample."""
    target = roles.target[:size]
    sets = {"target": target, "source": roles.source}
    if roles.fresh is not None:
        sets["fresh"] = roles.fresh[:size]
    sets["generated"] = shuffled(generated, seed)[:size]
    sets["held-out"] = roles.ceiling[:size]
    drawn = min(size, FLOOR_FRAGMENTS)
    for name, sampler in FLOORS.items():
        sets[name] = sampler(roles.fit, drawn, seed)
    # What is scored against is no copy of itself, where there are others.
    mixed = shuffled(roles.source, seed)
    own = set(keys(target))
    apart = np.array([key not in own for key in keys(mixed)])
    sets[CONTROL] = mixed[np.argsort(~apart, kind="stable")[:drawn]]
    return {name: FragmentSample(fragments) for name, fragments in sets.items()}


def _check(name: str, fragments: FragmentSet, real: FragmentSet) -> None:
    if not len(fragments):
        raise DataError(f"the {name} set has no fragments: nothing to evaluate")
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

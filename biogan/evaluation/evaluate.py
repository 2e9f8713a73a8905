"""The evaluation of images and of fragments: every metric beside a ceiling and trivial floors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np

import biogan
from biogan.core.errors import ConfigError, DataError
from biogan.evaluation.metric import ALL, Metric, Value
from biogan.evaluation.protocol import Dealing, Records, Roles, assign_roles
from biogan.evaluation.report.report import Report
from biogan.evaluation.report.results import CONTROL, Results, Row
from biogan.evaluation.report.spec import ReportSpec

#: Receives, before a set is scored, its name, how many were scored and how many there are.
Watch = Callable[[str, int, int], None]
#: Makes of a set what metrics read.
Sampled = Callable[[Records], Any]


@dataclass(frozen=True)
class Scoring(Generic[Records]):
    """What :func:`score` has to know about a kind of data.

    Attributes
    ----------
    report : ReportSpec
        Words and drawings of its reports.
    dealing : Dealing
        How real records get their parts, and what a record is called.
    metrics : callable
        Gives the metrics of these names, or all for ``None``.
    comparison : callable
        Puts a sample beside target, source, fresh and seed.
    floors : dict of str to callable
        Trivial samplers by name, from the worst to the best: of real records, n and a seed.
    drawn : int
        Records that are drawn of each at most.
    check : callable
        Raises :class:`~biogan.core.errors.DataError` for a set (its name, the set, the reference)
        that cannot be compared.
    describe : callable
        What the report says about a set, beside its source and size.
    fixed : frozenset of str
        Needs of metrics that the data decide, alike for every column: what is not met has no row.
    """

    report: ReportSpec[Results]
    dealing: Dealing[Records]
    metrics: Callable[[Sequence[str] | None], list[Metric]]
    comparison: Callable[..., Any]
    floors: Mapping[str, Callable[[Records, int, int], Records]]
    drawn: int
    check: Callable[[str, Records, Records], None]
    describe: Callable[[Records], dict[str, Any]]
    fixed: frozenset[str] = frozenset()

    @property
    def columns(self) -> list[str]:
        """Columns of the report, in order."""
        return ["generated", "held-out", *self.floors, CONTROL]


def score(
    scoring: Scoring[Records],
    real: Records,
    generated: Records,
    train: Records | None,
    held_out: Records | None,
    seed: int,
    n: int | None,
    metrics: Sequence[str] | None,
    progress: Watch | None,
    prepare: Callable[[Sequence[Metric]], tuple[Sampled[Records], Sequence[str]]],
) -> Report:
    """Score generated records beside held-out real ones and trivial samplers.

    Parameters
    ----------
    scoring : Scoring
        The kind of data.
    real, generated, train, held_out, seed, n, metrics, progress
        See :func:`biogan.images.evaluate.evaluate_images`.
    prepare : callable
        Given the metrics, makes what turns a set into a sample, and notes about it. Called once
        all sets have been checked, as it may be dear.

    Raises
    ------
    DataError
        If a set is empty or too small, or cannot be compared.
    ConfigError
        If ``n`` is below 1 or a metric unknown.
    """
    if n is not None and n < 1:
        raise ConfigError(f"n={n}: at least 1")
    chosen = scoring.metrics(metrics)
    noun = scoring.dealing.noun
    given = {"generated": generated, "reference": real, "train": train, "held-out": held_out}
    sets = {name: some for name, some in given.items() if some is not None}
    for name, some in sets.items():
        if not len(some):
            raise DataError(f"the {name} set has no {noun}s: nothing to evaluate")
        scoring.check(name, some, real)
    roles = assign_roles(scoring.dealing, real, train, held_out, seed)
    least = len(generated)
    size = min(least, len(roles.target), len(roles.ceiling), least if n is None else n)
    sampled, about = prepare(chosen)
    samples = {k: sampled(some) for k, some in _cut(scoring, roles, generated, size, seed).items()}
    unfit: dict[str, str] = {}
    if not metrics or ALL in metrics:
        unfit = _unfit(chosen, compared(scoring, samples, "target", seed), scoring.fixed)
    chosen = [m for m in chosen if m.name not in unfit]
    columns = scoring.columns
    found: dict[str, dict[str, Value]] = {}
    for place, name in enumerate(columns):
        if progress is not None and chosen:
            progress(name, place, len(columns))
        comparison = compared(scoring, samples, name, seed)
        found[name] = {m.name: m(comparison) for m in chosen}
    # Likeness to the training data is read on records outside it, the ceiling's need not be.
    novelty = [m for m in chosen if m.group == "novelty"]
    if "fresh" in samples:
        comparison = compared(scoring, samples, "fresh", seed)
        found["held-out"] |= {m.name: m(comparison) for m in novelty}
    else:
        none = Value(None, note=f"no held-out {noun}s to compare with")
        found["held-out"] |= {m.name: none for m in novelty}
    return Report(
        rows=[Row(m, {name: found[name][m.name] for name in columns}) for m in chosen],
        n=size,
        seed=seed,
        spec=scoring.report,
        identity=None,
        sets={name: scoring.describe(some) for name, some in sets.items()},
        notes=(
            f"every set is read at n = {size}, the smallest of {'' if n is None else f'-n {n}, '}"
            f"generated {least}, target {len(roles.target)} and ceiling {len(roles.ceiling)}",
            *([f"floors at n = {scoring.drawn}"] if size > scoring.drawn else []),
            *roles.notes,
            *about,
            *_left_out(unfit),
        ),
        version=biogan.__version__,
        samples=samples,
    )


def compared(scoring: Scoring[Records], samples: Mapping[str, Any], name: str, seed: int) -> Any:
    """Put one of the samples of a report beside the real ones."""
    real = samples["target"], samples["source"], samples.get("fresh")
    return scoring.comparison(samples[name], *real, seed)


def _cut(
    scoring: Scoring[Records], roles: Roles[Records], generated: Records, size: int, seed: int
) -> dict[str, Records]:
    """Cut and draw every set; held-out records for copies are their own."""
    dealing = scoring.dealing
    target = roles.target[:size]
    sets = {"target": target, "source": roles.source}
    if roles.fresh is not None:
        sets["fresh"] = roles.fresh[:size]
    sets["generated"] = dealing.shuffled(generated, seed)[:size]
    sets["held-out"] = roles.ceiling[:size]
    drawn = min(size, scoring.drawn)
    for name, sampler in scoring.floors.items():
        sets[name] = sampler(roles.fit, drawn, seed)
    # What is scored against is no copy of itself, where there are others.
    mixed = dealing.shuffled(roles.source, seed)
    own = set(dealing.keys(target))
    apart = np.array([key not in own for key in dealing.keys(mixed)])
    sets[CONTROL] = mixed[np.argsort(~apart, kind="stable")[:drawn]]
    return sets


def _unfit(metrics: Sequence[Metric], comparison: Any, fixed: frozenset[str]) -> dict[str, str]:
    """For metrics that no candidate can have, the reason by name."""
    reasons = {
        m.name: next((why for k in m.needs if k in fixed and (why := comparison.missing(k))), "")
        for m in metrics
    }
    return {name: why for name, why in reasons.items() if why}


def _left_out(unfit: Mapping[str, str]) -> list[str]:
    if not unfit:
        return []
    return [f"not for this data: {', '.join(unfit)} ({next(iter(unfit.values()))})"]

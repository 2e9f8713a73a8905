"""The evaluation of generated records: every metric beside a ceiling of real data and floors.

One loop, :func:`evaluate_sets`, scores every kind of data. What it has to know about a kind is an
:class:`EvaluationSpec`; which set plays which part is decided in
:mod:`biogan.evaluation.protocol`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Generic

import numpy as np

from biogan.core import __version__
from biogan.core.errors import ConfigError, DataError
from biogan.core.protocols import Sampler
from biogan.core.rng import rng
from biogan.evaluation.metric import ALL, Metric, MetricRegistry, Value
from biogan.evaluation.protocol import Records, Roles, Split, assign_roles, check_sets
from biogan.evaluation.report.report import Report
from biogan.evaluation.report.results import CONTROL, Results, Row
from biogan.evaluation.report.spec import ReportSpec
from biogan.evaluation.samples import BaseComparison, BaseSample, random_order

#: Receives, before a set is scored, its name, how many were scored and how many there are.
Progress = Callable[[str, int, int], None]
#: A trivial sampler: real records, a number and a seed to records.
Floor = Callable[[Records, int, int], Records]
#: The samples of an evaluation by name, as :class:`~biogan.evaluation.report.results.Results`
#: holds them.
Samples = Mapping[str, Any]

#: What the reader of a classifier's area has to know.
RISES = "an AUROC rises with n: compare it with others at this n only"
#: Records that a sampler is asked for where no number is given.
DRAWN = 10_000


@dataclass(frozen=True)
class Scoring(Generic[Records]):
    """What one evaluation measures with.

    Attributes
    ----------
    sample : callable
        Makes of a set what metrics read.
    comparison : callable
        Puts a sample beside target, source and fresh.
    notes : tuple of str
        What the reader has to know.
    warnings : tuple of str
        What the reader has to know before anything else.
    tables : callable
        Further tables of the report from all samples.
    extras : object
        What the drawings of the report need beyond the samples.
    worth : callable
        Independent records that a sample is worth: all of them by default.
    """

    sample: Callable[[Records], Any]
    comparison: Callable[[Any, Any, Any, Any], Any]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: Callable[[Samples], dict[str, list[dict[str, Any]]]] = field(default=lambda samples: {})
    extras: Any = None
    worth: Callable[[Any], float] = len

    def compare(self, samples: Samples, name: str) -> Any:
        """Put one of the samples beside the real ones."""
        real = samples["target"], samples["source"], samples.get("fresh")
        return self.comparison(samples[name], *real)


class EvaluationSpec(ABC, Generic[Records]):
    """What :func:`evaluate_sets` has to know about a kind of data.

    Attributes
    ----------
    noun : str
        One record, in messages.
    report : ReportSpec
        Words and drawings of its reports.
    registry : MetricRegistry
        Its metrics.
    floor_limit : int
        Records that are drawn of each trivial sampler at most.
    fixed_needs : frozenset of str
        Needs of metrics that the data decide, alike for every column: what is not met has no row.
    identity : float or None
        Identity of a near copy; ``None`` where nearness is no identity.
    """

    noun: ClassVar[str] = "record"
    report: ClassVar[ReportSpec[Results]]
    registry: ClassVar[MetricRegistry]
    floor_limit: ClassVar[int] = 10_000
    fixed_needs: ClassVar[frozenset[str]] = frozenset()
    identity: float | None = None

    def metrics(self, names: Sequence[str] | None) -> list[Metric]:
        """Return the metrics of these names, the default ones for ``None``."""
        return self.registry.choose(names)

    @abstractmethod
    def keys(self, records: Records) -> Sequence[bytes]:
        """Return a hash of each record, equal for equal ones."""

    def check(self, name: str, records: Records, reference: Records) -> None:  # noqa: B027 - any can be compared
        """Raise :class:`~biogan.core.errors.DataError` for a set that cannot be compared."""

    def split(self, real: Records, n: int, seed: int) -> Split[Records]:
        """Split real records, so that about ``n`` are on the side of the target.

        By default at random: a kind with relatives among its records has to write its own.
        """
        order = rng(seed, "split").permutation(len(real))
        most = min(n, len(real) // 2)
        return Split(real[order[:most]], real[order[most:]], "at random")

    @abstractmethod
    def floors(self, roles: Roles[Records]) -> Mapping[str, Floor[Records]]:
        """Return the trivial samplers by name, in the order of the report."""

    def scoring(
        self,
        metrics: Sequence[Metric],
        roles: Roles[Records],
        generated: Mapping[str, Records],
        seed: int,
        progress: Callable[[str], None],
    ) -> Scoring[Records]:
        """Return what to measure with.

        Called once all sets have been checked, as it may take long; ``progress`` receives what is
        done meanwhile. By default metrics read the records as they are.
        """
        return Scoring(BaseSample[Records], partial(BaseComparison, seed=seed))

    def describe(self, records: Records) -> dict[str, Any]:
        """Return what the report says about a set: ``records``, ``sha256``, ``source`` ..."""
        return {"records": len(records), "sha256": records.digest}

    def control(self, records: Records, n: int, seed: int) -> Records:
        """Copy real records verbatim, each once before any comes up again."""
        order = rng(seed, CONTROL).permutation(len(records))
        return records[np.resize(order, n)]

    def shuffled(self, records: Records, seed: int, part: str = "") -> Records:
        """Put records into a random order that depends on them, not on the order of the file."""
        return records[random_order(self.keys(records), seed, part)]

    def assign_roles(
        self, real: Records, train: Records | None, held_out: Records | None, n: int, seed: int
    ) -> Roles[Records]:
        """Give each set its part; see :func:`biogan.evaluation.protocol.assign_roles`."""
        keys: Callable[[Records], Sequence[Hashable]] = self.keys
        return assign_roles(
            real, train, held_out, n, noun=self.noun, keys=keys,
            split=lambda records, most: self.split(records, most, seed),
        )  # fmt: skip


def evaluate_sets(
    spec: EvaluationSpec[Records],
    real: Records,
    generated: Mapping[str, Records | Sampler],
    train: Records | None = None,
    held_out: Records | None = None,
    metrics: Sequence[str] | None = None,
    seed: int = 0,
    n: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Report]:
    """Score generated sets beside held-out real records and trivial samplers.

    Ceiling and floors are computed once, and every set is cut to one n.

    Parameters
    ----------
    spec : EvaluationSpec
        The kind of data, with its options.
    real : set of records
        Real records, the reference.
    generated : mapping of str to set of records or Sampler
        What is judged, by name; a sampler is asked for ``n`` records, 10,000 by default.
    train, held_out : set of records, optional
        What the generator was trained on, and real records that it has not seen.
    metrics : list of str, optional
        Names of metrics, or ``["all"]``; by default all that fit the data and cost little.
    seed : int
        Seed of every random choice.
    n : int, optional
        Records of each set that are read at most.
    progress : callable, optional
        Receives, before a set is scored, its name, how many were scored and how many there are.

    Returns
    -------
    dict of str to Report
        One report a set, in the same order.

    Raises
    ------
    DataError
        If a set is empty or too small, or cannot be compared.
    ConfigError
        If ``n`` is below 1, there is nothing to score, or a metric is unknown.
    """
    if n is not None and n < 1:
        raise ConfigError(f"n={n}: at least 1")
    if not generated:
        raise ConfigError("nothing to compare: give at least one generated set")
    chosen = spec.metrics(metrics)
    judged: dict[str, Records] = {
        name: some.sample(n or DRAWN, seed) if isinstance(some, Sampler) else some
        for name, some in generated.items()
    }
    given = {"reference": real} | {
        name: some for name, some in (("train", train), ("held-out", held_out)) if some is not None
    }
    for name, some in [*judged.items(), *given.items()]:
        if not len(some):
            raise DataError(f"the {name} set has no {spec.noun}s: nothing to evaluate")
        spec.check(name, some, real)
    keys: Callable[[Records], Sequence[Hashable]] = spec.keys
    warnings = check_sets(
        {name: keys(some) for name, some in judged.items()},
        keys(real),
        None if train is None else keys(train),
        None if held_out is None else keys(held_out),
        spec.noun,
    )
    least = min(map(len, judged.values()))
    most = least if n is None else min(n, least)
    roles = spec.assign_roles(real, train, held_out, most, seed)
    size = min(most, len(roles.target), len(roles.ceiling))
    floors = dict(spec.floors(roles))
    floors.setdefault(CONTROL, spec.control)
    columns = [*judged, "held-out", *floors]

    def tell(name: str) -> None:
        if progress is not None and chosen:
            place = columns.index(name) if name in columns else 0
            progress(name, place, len(columns))

    scoring = spec.scoring(chosen, roles, judged, seed, tell)
    samples = {
        "target": scoring.sample(spec.shuffled(roles.target, seed, "target")[:size]),
        "source": scoring.sample(roles.source),
    }
    if roles.fresh is not None:
        samples["fresh"] = scoring.sample(spec.shuffled(roles.fresh, seed)[:size])
    unfit: dict[str, str] = {}
    if not metrics or ALL in metrics:
        unfit = _unfit(chosen, scoring.compare(samples, "target"), spec.fixed_needs)
    chosen = [m for m in chosen if m.name not in unfit]

    def score(sample: Any, some: Iterable[Metric]) -> dict[str, Value]:
        comparison = scoring.compare({**samples, "candidate": sample}, "candidate")
        worth = int(min(scoring.worth(sample), scoring.worth(samples["target"])))
        values = {m.name: m(comparison) for m in some}
        return {
            name: replace(value, worth=worth) if value.n is not None and worth < value.n else value
            for name, value in values.items()
        }

    new, found = {}, {}
    for name, some in judged.items():
        tell(name)
        new[name] = scoring.sample(spec.shuffled(some, seed)[:size])
        found[name] = score(new[name], chosen)
    tell("held-out")
    samples["held-out"] = scoring.sample(spec.shuffled(roles.ceiling, seed)[:size])
    # Likeness to the training data is read on records outside it, the ceiling's need not be.
    novelty = [m for m in chosen if m.group == "novelty"]
    shared = {"held-out": score(samples["held-out"], [m for m in chosen if m not in novelty])}
    shared["held-out"] |= (
        score(samples["fresh"], novelty)
        if "fresh" in samples
        else {
            m.name: Value(None, note=f"no held-out {spec.noun}s to compare with") for m in novelty
        }
    )
    fitted = spec.shuffled(roles.fit, seed)
    for name, floor in floors.items():
        tell(name)
        drawn = floor(fitted, min(size, spec.floor_limit), seed)
        samples[name] = scoring.sample(spec.shuffled(drawn, seed)[:size])
        shared[name] = score(samples[name], chosen)
    limit = f"floors and {CONTROL} at n = {spec.floor_limit}"
    notes = (
        f"every set is read at n = {size:,}, the smallest of {'' if n is None else f'-n {n:,}, '}"
        f"generated {least:,}, target {len(roles.target):,} and ceiling {len(roles.ceiling):,}",
        *([limit] if size > spec.floor_limit else []),
        *roles.notes,
        *scoring.notes,
        *([RISES] if any(m.goal == "half" for m in chosen) else []),
        *_left_out(unfit),
    )

    def report(name: str) -> Report:
        values = {"generated": found[name], **shared}
        own = {**samples, "generated": new[name]}
        sets = {"generated": judged[name], **given}
        return Report(
            rows=[Row(m, {label: some[m.name] for label, some in values.items()}) for m in chosen],
            n=size,
            seed=seed,
            spec=spec.report,
            identity=spec.identity,
            sets={label: spec.describe(some) for label, some in sets.items()},
            notes=notes,
            warnings=(*warnings[name], *scoring.warnings),
            version=__version__,
            tables=scoring.tables(own),
            samples=own,
            extras=scoring.extras,
        )

    return {name: report(name) for name in judged}


def _unfit(metrics: Sequence[Metric], comparison: Any, fixed: frozenset[str]) -> dict[str, str]:
    """For metrics that no candidate can have, the reason by name."""
    reasons = {
        m.name: next((why for k in m.needs if k in fixed and (why := comparison.missing(k))), "")
        for m in metrics
    }
    return {name: why for name, why in reasons.items() if why}


def _left_out(unfit: Mapping[str, str]) -> list[str]:
    """One note for all metrics without a row."""
    by_reason: dict[str, list[str]] = {}
    for name, why in unfit.items():
        by_reason.setdefault(why, []).append(name)
    listed = "; ".join(f"{', '.join(names)} ({why})" for why, names in by_reason.items())
    return [f"not for this data: {listed}"] if listed else []

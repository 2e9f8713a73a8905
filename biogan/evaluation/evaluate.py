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
from biogan.evaluation.parts import MOST, Floor, Parts, Samples
from biogan.evaluation.protocol import Records, Roles, Split, assign_roles, check_sets
from biogan.evaluation.report.report import Report
from biogan.evaluation.report.results import CONTROL, Results, Row
from biogan.evaluation.report.spec import ReportSpec
from biogan.evaluation.samples import BaseComparison, BaseSample, random_order

#: Receives, before a set is scored, its name, how many were scored and how many there are.
Progress = Callable[[str, int, int], None]

#: What the reader of a classifier's area has to know.
RISES = "an AUROC rises with n: compare it with others at this n only"
#: Records that a sampler is asked for where no number is given.
DRAWN = 10_000
#: How many times as many records as the smaller of two compared sets the larger one has at most:
#: more hardly narrow an interval, which has the root of 1/m + 1/n.
TIMES = 4


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
    parts : callable
        Metrics with trivial samplers of their own, from the samples ``target``, ``source`` and
        ``held-out`` and the generated ones by name; by default there are none.
    """

    sample: Callable[[Records], Any]
    comparison: Callable[[Any, Any, Any, Any], Any]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tables: Callable[[Samples], dict[str, list[dict[str, Any]]]] = field(default=lambda samples: {})
    extras: Any = None
    worth: Callable[[Any], float] = len
    parts: Callable[[Samples, Samples], Parts[Records]] = field(
        default=lambda samples, generated: Parts()
    )

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
    untold : frozenset of str
        Reasons why there is no row that are not worth a note.
    identity : float or None
        Identity of a near copy; ``None`` where nearness is no identity.
    """

    noun: ClassVar[str] = "record"
    report: ClassVar[ReportSpec[Results]]
    registry: ClassVar[MetricRegistry]
    floor_limit: ClassVar[int] = 10_000
    fixed_needs: ClassVar[frozenset[str]] = frozenset()
    untold: ClassVar[frozenset[str]] = frozenset()
    identity: float | None = None

    def metrics(self, names: Sequence[str] | None) -> list[Metric]:
        """Return the metrics of these names, the default ones for ``None``."""
        return self.registry.choose(names)

    @abstractmethod
    def keys(self, records: Records) -> Sequence[bytes]:
        """Return a hash of each record, equal for equal ones."""

    def together(self, sets: Sequence[Records]) -> Records | None:
        """Put sets of real records into one, ``None`` where they are not judged together.

        Where the target is small, all real records there are are a second scale.
        """
        return None

    def check(self, name: str, records: Records, reference: Records) -> None:  # noqa: B027 - any can be compared
        """Raise :class:`~biogan.core.errors.DataError` for a set that cannot be compared."""

    def doubts(self, generated: Records, real: Records) -> list[str]:
        """Return what makes a comparison doubtful, one sentence each; by default nothing."""
        return []

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

    Ceiling and floors are computed once. Every set is cut to one n for the metrics whose value
    depends on it; others read sets whole, or up to four times the smaller one where they compare
    two (:class:`~biogan.evaluation.metric.Metric`).

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
    sizes = Sizes(most, len(roles.target), len(roles.ceiling))
    size, whole = sizes.alike, TIMES * most if n is None else n
    floors = dict(spec.floors(roles))
    floors.setdefault(CONTROL, spec.control)
    columns = [*judged, "held-out", *floors]

    def tell(name: str) -> None:
        if progress is not None and chosen:
            place = columns.index(name) if name in columns else 0
            progress(name, place, len(columns))

    scoring = spec.scoring(chosen, roles, judged, seed, tell)
    samples = {
        "target": scoring.sample(spec.shuffled(roles.target, seed, "target")[:whole]),
        "source": scoring.sample(roles.source),
    }
    if roles.fresh is not None:
        samples["fresh"] = scoring.sample(spec.shuffled(roles.fresh, seed)[:whole])
    new = {name: scoring.sample(spec.shuffled(some, seed)[:most]) for name, some in judged.items()}
    samples["held-out"] = scoring.sample(spec.shuffled(roles.ceiling, seed)[:whole])

    def alike(some: Samples, n: int = size) -> dict[str, Any]:
        """Cut sets to one size, as drawings, tables and labels read them."""
        return {k: s if k == "source" else _cut(s, n) for k, s in some.items()}

    few = min(size, MOST)
    parts = scoring.parts(alike(samples, few), alike(new, few))
    chosen = [m for m in chosen if m.name not in parts.handled]
    columns += ["labels"] * bool(parts.parts)
    unfit: dict[str, str] = {}
    if not metrics or ALL in metrics:
        unfit = _unfit(chosen, scoring.compare(samples, "target"), spec.fixed_needs)
    chosen = [m for m in chosen if m.name not in unfit]

    def score(
        sample: Any, some: Iterable[Metric], reads: Sizes = sizes, target: Any = None
    ) -> dict[str, Value]:
        real = samples if target is None else {**samples, "target": target}
        comparison = scoring.compare({**real, "candidate": sample}, "candidate")
        return {m.name: _measured(m, comparison, reads.of(m), scoring.worth) for m in some}

    found = {}
    for name in judged:
        tell(name)
        found[name] = score(new[name], chosen)
    every = _every(spec, roles, most, seed)
    beside: dict[str, dict[str, Value]] = {}
    if every is not None:
        kept = scoring.sample(every.records[: TIMES * most])
        compared = [m for m in chosen if not m.alone]
        reads = Sizes(most, len(kept), len(kept))
        beside = {name: score(some, compared, reads, kept) for name, some in new.items()}
    tell("held-out")
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
    # A share of few floor records says enough; where n matters, there are as many as generated.
    drawn = max([size, *(sizes.of(m) for m in chosen if m.alike or not m.alone)])
    for name, floor in floors.items():
        tell(name)
        made = floor(fitted, min(most, drawn, spec.floor_limit), seed)
        samples[name] = scoring.sample(spec.shuffled(made, seed))
        shared[name] = score(samples[name], chosen, replace(sizes, alone=size))
    samples, new = alike(samples), alike(new)

    def draw(floor: Floor[Records]) -> Any:
        return scoring.sample(spec.shuffled(floor(fitted, few, seed), seed))

    def measured(metric: Metric, comparison: Any) -> Value:
        return _measured(metric, comparison, few, scoring.worth)

    labelled: dict[str, list[Row]] = {name: [] for name in judged}
    for part in parts.parts:
        tell("labels")
        for name, rows in part.rows(alike(samples, few), alike(new, few), draw, measured).items():
            labelled[name] += rows
    limit = f"floors and {CONTROL} at n = {spec.floor_limit:,}"
    notes = (
        f"{size:,} records of every set are read, as many as the smallest has "
        f"({'' if n is None else f'-n {n:,}; '}generated {least:,}; "
        f"real ones to compare with {len(roles.target):,}; ceiling {len(roles.ceiling):,})",
        *([limit] if size > spec.floor_limit else []),
        *roles.notes,
        *([] if every is None or not chosen else [every.note]),
        *_read_whole(chosen, sizes),
        *scoring.notes,
        *parts.notes,
        *([RISES] if any(m.goal == "half" for m in chosen) else []),
        *_left_out({name: why for name, why in unfit.items() if why not in spec.untold}),
    )
    shown = {"labels": [part.shown for part in parts.parts]} if parts.parts else {}

    def report(name: str) -> Report:
        values = {"generated": found[name], **shared}

        def against(metric: Metric) -> Value | None:
            value = beside.get(name, {}).get(metric.name)
            return None if value is None or value.value is None else value

        own = {**samples, **shown, "generated": new[name]}
        sets = {"generated": judged[name], **given}
        return Report(
            rows=[
                Row(m, {label: some[m.name] for label, some in values.items()}, against(m))
                for m in chosen
            ]
            + labelled[name],
            n=size,
            seed=seed,
            spec=spec.report,
            identity=spec.identity,
            sets={label: spec.describe(some) for label, some in sets.items()},
            notes=notes,
            warnings=(*warnings[name], *spec.doubts(judged[name], real), *scoring.warnings),
            version=__version__,
            tables=scoring.tables(own),
            samples=own,
            extras=scoring.extras,
        )

    return {name: report(name) for name in judged}


@dataclass(frozen=True)
class Sizes:
    """Records of each set that metrics read.

    Attributes
    ----------
    judged, target, ceiling : int
        Records of the generated set, of those that everything is scored against, and of the
        ceiling.
    alone : int or None
        Records of the candidate that are read where neither n nor the target matter, all for
        ``None``.
    """

    judged: int
    target: int
    ceiling: int
    alone: int | None = None

    @property
    def alike(self) -> int:
        """Records that every set has."""
        return min(self.judged, self.target, self.ceiling)

    def of(self, metric: Metric) -> int:
        """Return the records of each set that a metric reads at most."""
        if metric.alike:
            return min(self.judged, self.ceiling) if metric.alone else self.alike
        if metric.alone:
            return max(self.judged, self.target, self.ceiling) if self.alone is None else self.alone
        return TIMES * min(self.judged, self.target)


def _measured(
    metric: Metric, comparison: Any, limit: int, worth_of: Callable[[Any], float]
) -> Value:
    """Compute a metric of the first ``limit`` records, and how many independent ones these are."""
    sets = [comparison.candidate] if metric.alone else [comparison.candidate, comparison.reference]
    few = comparison.first(limit) if max(map(len, sets)) > limit else comparison
    value = metric(few)
    worth = int(min(worth_of(some) for some in (
        [few.candidate] if metric.alone else [few.candidate, few.reference]
    )))  # fmt: skip
    return replace(value, worth=worth) if value.n is not None and worth < value.n else value


def _cut(sample: Any, n: int) -> Any:
    return sample.first(n) if len(sample) > n else sample


def _read_whole(metrics: Sequence[Metric], sizes: Sizes) -> list[str]:
    """Say which metrics read other numbers of records than most, and how many."""
    found: dict[str, list[str]] = {}
    for m in metrics:
        limit = min(sizes.of(m), m.most or sizes.of(m))
        read, real = min(limit, sizes.judged), min(limit, sizes.target)
        if m.alone and read != min(sizes.alike, m.most or read):
            found.setdefault(f"{read:,} generated", []).append(m.title)
        elif not m.alone and {read, real} != {min(sizes.alike, m.most or read)}:
            found.setdefault(f"{read:,} generated and {real:,} real", []).append(m.title)
    said = "; ".join(f"{', '.join(titles)}: {how}" for how, titles in found.items())
    return [f"read at another n, as it does not sway them: {said}"] if said else []


@dataclass(frozen=True)
class _Every(Generic[Records]):
    """All real records there are, and what the reader has to know of them."""

    records: Records
    note: str


def _every(
    spec: EvaluationSpec[Records], roles: Roles[Records], most: int, seed: int
) -> _Every[Records] | None:
    """Put all real records together, where the target has fewer than are judged."""
    if not roles.more or len(roles.target) >= most:
        return None
    parts, known = [roles.target], set(spec.keys(roles.target))
    for some in roles.more:
        keys = spec.keys(some)
        parts.append(some[np.flatnonzero([key not in known for key in keys])])
        known.update(keys)
    trained = len(parts[-1])
    together = spec.together(parts) if trained else None
    if together is None:
        return None
    note = (
        f"all real: the same against {len(together):,} real {spec.noun}s, of which {trained:,} are "
        "training data, so that a copier looks good there: what is told there differs, what is not "
        "told proves nothing"
    )
    return _Every(spec.shuffled(together, seed, "every"), note)


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

"""A kind of data made up for tests of the evaluation: rows of an array."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from biogan.core.errors import ConfigError, DataError
from biogan.evaluation.evaluate import EvaluationSpec, Scoring
from biogan.evaluation.metric import Metric, Value
from biogan.evaluation.protocol import Split
from biogan.evaluation.samples import row_keys
from biogan.sequences.report import SEQUENCE_REPORT


class Rows(np.ndarray):
    """An array as a sample."""

    def first(self, n):
        return self[:n]


@dataclass
class RowComparison:
    """A candidate beside real rows."""

    candidate: np.ndarray
    reference: np.ndarray
    source: np.ndarray
    fresh: np.ndarray | None

    def first(self, n):
        fresh = None if self.fresh is None else self.fresh[:n]
        return RowComparison(self.candidate[:n], self.reference[:n], self.source, fresh)

    def missing(self, need):
        return f"no {need} here"


def made(name, group, function, needs=(), **flags):
    return Metric(name, group, "low", 0.0, None, needs, "", name, function, **flags)


def mean(pair):
    return Value(float(pair.candidate.mean()), n=len(pair.candidate))


def known(pair):
    return Value(float(np.isin(pair.candidate, pair.source).mean()), n=len(pair.candidate))


ALL = [
    made("mean", "middle", mean),
    made("known", "novelty", known),
    made("colour", "middle", mean, ("colours",)),
]


@dataclass
class RowEvaluation(EvaluationSpec[Any]):
    """How rows are evaluated; ``asked`` collects the metrics that were prepared for."""

    asked: list = field(default_factory=list)

    noun = "row"
    report = replace(SEQUENCE_REPORT, name="rows", noun="row")
    floor_limit = 25
    fixed_needs = frozenset({"colours"})

    def metrics(self, names):
        if names and names[0] == "none":
            raise ConfigError("unknown metric")
        return [m for m in ALL if not names or m.name in names]

    def keys(self, records):
        return row_keys(records)

    def check(self, name, records, reference):
        if records.shape[1] != reference.shape[1]:
            raise DataError(f"{name}: other columns")

    def split(self, real, n, seed):
        mixed = self.shuffled(real, seed)
        return Split(mixed[:n], mixed[n:], "at random")

    def floors(self, roles):
        return {"zero": lambda rows, n, seed: np.zeros((n, rows.shape[1]), rows.dtype)}

    def scoring(self, metrics, roles, generated, seed, progress):
        self.asked.append([m.name for m in metrics])
        return Scoring(lambda rows: rows.view(Rows), partial(RowComparison), ("as it is",))

    def describe(self, records):
        return {"records": len(records)}

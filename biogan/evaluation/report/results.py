"""The results of an evaluation as plain data: rows of metrics, and what was compared.

A :class:`Row` is one metric in all columns, and says where the generated set stands among them;
:class:`Results` holds the rows with everything that a report says or draws about them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from biogan.core.display import visible
from biogan.core.files import tsv
from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.metric import Metric, Value
from biogan.evaluation.report.spec import Panel, ReportSpec

if TYPE_CHECKING:
    import pandas as pd

#: Version of the JSON layout.
SCHEMA = "biogan.report/1"
#: The memorisation control: verbatim copies of the training data.
CONTROL = "copies"
#: The metric that is itself a difference from held-out data.
DIFFERENCE = "near-excess"

#: What drawings call the records that every set is scored against.
TARGET = "real"
REAL, BETWEEN, FLOOR, EXCESS, UNREAD = (
    "indistinguishable", "between", "no better than a floor", "more than held-out", "not assessed",
)  # fmt: skip
#: What counts as a failure.
FAILED = (FLOOR, EXCESS)
#: Records of each set with which two means that are 0.4 and 0.2 standard deviations apart have
#: intervals that part: (2 * 1.96 / d)**2, d being Cohen's (1988, Statistical Power Analysis).
MEDIUM_EFFECT, SMALL_EFFECT = 97, 385
#: Of the way from real data to the worst floor, and to verbatim copies, what has to be told.
HALF_WAY, FEW_COPIES = 0.5, 0.1
#: A difference of shares that has to be told at most, whatever the floors have: 5 records in 100.
SHARE = 0.05


@dataclass(frozen=True)
class Row:
    """One metric with all its columns.

    Attributes
    ----------
    metric : Metric
        What was measured.
    columns : dict of str to Value
        ``generated``, ``held-out`` (the ceiling), the floors and, but for metrics of labels,
        ``copies`` (the control).
    all_real : Value or None
        The generated set against all real records, training data among them, where the target is
        smaller than the generated set.
    """

    metric: Metric
    columns: Mapping[str, Value]
    all_real: Value | None = None

    @property
    def generated(self) -> Value:
        """What is judged."""
        return self.columns["generated"]

    @property
    def ceiling(self) -> Value:
        """Held-out real data."""
        return self.columns["held-out"]

    @property
    def floors(self) -> dict[str, Value]:
        """The trivial samplers."""
        return {
            k: v for k, v in self.columns.items() if k not in ("generated", "held-out", CONTROL)
        }

    def loss(self, value: float) -> float:
        """Distance of a value from the goal of the metric, which may be the ceiling."""
        return self.metric.loss(value, self.ceiling.value)

    @property
    def best_floor(self) -> str | None:
        """The trivial sampler that comes nearest to the goal."""
        read = {k: self.loss(v.value) for k, v in self.floors.items() if v.value is not None}
        return min(read, key=lambda k: read[k]) if read else None

    @cached_property
    def status(self) -> str:
        """Where the generated set stands, relative to ceiling and floors only."""
        return self.status_of("generated")

    @property
    def unread(self) -> str:
        """Why nothing can be said, empty where something can or nobody knows why not."""
        if self.generated.value is None:
            return self.generated.note
        if self.proves_nothing:
            low, high = self.ceiling.low, self.ceiling.high
            return f"held-out data may be anything ({low:.2f} to {high:.2f}), and so may the others"
        return ""

    @property
    def needed(self) -> int | None:
        """Records of each set that the mark ``=`` would need, ``None`` where they are enough.

        An estimate, to two digits: intervals are taken to narrow with the root of n.
        """
        return self.needed_by("generated")

    def needed_by(self, column: str) -> int | None:
        """Return :attr:`needed` for a column that stands where ``generated`` does."""
        found, ceiling = self.columns[column], self.ceiling
        if not (_judged(found) and _judged(ceiling)) or self.proves_nothing:
            return None
        if not self._reaches(found, ceiling):
            return None
        return self._lacks_power(found)

    @property
    def proves_nothing(self) -> bool:
        """Whether held-out data may be so far from chance that noise would pass."""
        half = self.metric.goal == "half" and _judged(self.ceiling)
        return half and _far(self.ceiling) >= 0.5

    def status_of(self, column: str) -> str:
        """Return the status of a column: of a floor too, to say what it proves."""
        found = self.columns[column]
        if not (_judged(found) and _judged(self.ceiling)):
            return UNREAD
        if self.proves_nothing:
            return UNREAD
        if self._reaches(found, self.ceiling):
            return REAL if self._lacks_power(found) is None else UNREAD
        if self.metric.group == "novelty":
            return EXCESS
        best = self.best_floor
        if best is not None and column != best and found.value is not None:
            floor = self.floors[best].value
            assert floor is not None
            if self.loss(found.value) >= self.loss(floor):
                return FLOOR
        return BETWEEN

    @property
    def told_by_all(self) -> bool:
        """Whether all real records tell the generated set, by more than held-out data differ.

        Training data are among them, so that only a difference means something.
        """
        found, ceiling = self.all_real, self.ceiling
        if found is None or not (_judged(found) and _judged(ceiling)):
            return False
        if self.metric.goal == "half" and found.low is not None and found.low <= 0.5:
            return False
        return not self._reaches(found, ceiling)

    def _reaches(self, found: Value, ceiling: Value) -> bool:
        """Whether a value cannot be told from that of held-out data."""
        assert found.value is not None and ceiling.value is not None
        assert found.low is not None and found.high is not None
        assert ceiling.low is not None and ceiling.high is not None
        if self.metric.name == DIFFERENCE:
            # Held-out data are in the value already: its interval alone decides.
            return found.low <= 0
        if self.metric.goal == "half":
            # Which side of chance a classifier falls on means nothing: only how far from it.
            near = min(self.loss(found.low), self.loss(found.high))
            return found.low <= 0.5 <= found.high or near <= _far(ceiling)
        if self.loss(found.value) <= self.loss(ceiling.value):
            return True
        return found.low <= ceiling.high and ceiling.low <= found.high

    def _lacks_power(self, found: Value) -> int | None:
        """Return the n at which "indistinguishable" would say something, ``None`` if it does.

        The rule and its reason are in docs/metrics.md, "Power".
        """
        both = (found, self.ceiling)
        sizes = [size for v in both for size in (v.n, v.worth) if size is not None]
        n = min(sizes, default=SMALL_EFFECT)
        told = self._told(found)
        limits = [self._scale * (FEW_COPIES if self.metric.group == "novelty" else HALF_WAY)]
        if self.metric.unit == "share":
            limits.append(SHARE)
        if n >= SMALL_EFFECT:
            limits.append(self._range / 2)
        reached = self._floor_reached(found)
        if n >= MEDIUM_EFFECT and not reached and told <= max(limits):
            return None
        # The cheapest way to a judgement: to narrow the interval, or to reach a small effect.
        ways = [n * (told / x) ** 2 for x in (limits[:1] if reached else limits) if x > 0]
        if n < SMALL_EFFECT and not reached:
            ways.append(SMALL_EFFECT)
        return _rounded_up(found.takes * max(MEDIUM_EFFECT, min(ways, default=SMALL_EFFECT)))

    def _told(self, found: Value) -> float:
        """Return the largest difference from held-out data that would still pass."""
        if self.metric.name == DIFFERENCE:
            assert found.value is not None and found.low is not None
            return found.value - found.low
        assert found.value is not None and self.ceiling.value is not None
        arm = self._beyond(found)
        if self.loss(found.value) > self.loss(self.ceiling.value):
            # What lets it pass is the end that lies nearer to real data.
            arm = max(arm, self._before(found))
        return arm + (
            _far(self.ceiling) if self.metric.goal == "half" else self._beyond(self.ceiling)
        )

    def _beyond(self, value: Value) -> float:
        """Return how much worse than its value the worse end of an interval is."""
        assert value.value is not None and value.low is not None and value.high is not None
        ends = self.loss(value.low), self.loss(value.high)
        return max(ends) - self.loss(value.value)

    def _before(self, value: Value) -> float:
        """Return how much better than its value the better end of an interval is."""
        assert value.value is not None and value.low is not None and value.high is not None
        aims = {"low": -np.inf, "high": np.inf, "half": 0.5, "same": 1.0}
        aim = aims.get(self.metric.goal, self.ceiling.value)
        assert aim is not None
        return self.loss(value.value) - self.loss(min(max(aim, value.low), value.high))

    @property
    def _zero(self) -> float:
        """Distance from the goal of real data."""
        assert self.ceiling.value is not None
        # A classifier cannot tell real from real data: what held-out data show beyond is chance.
        return 0.0 if self.metric.goal == "half" else self.loss(self.ceiling.value)

    @property
    def _worst_floor(self) -> Value | None:
        """The set that is farthest from real data: of floors, which do not copy, or copies."""
        columns = self.floors
        if self.metric.group == "novelty":
            columns = {k: v for k, v in self.columns.items() if k == CONTROL}
        read = [value for value in columns.values() if value.value is not None]
        return max(read, key=lambda v: self.loss(v.value or 0.0), default=None)

    @property
    def _scale(self) -> float:
        """Return how much worse than real data the worst floor is, 0 where none is."""
        worst = self._worst_floor
        if worst is None or worst.value is None:
            return 0.0
        return max(0.0, self.loss(worst.value) - self._zero)

    @property
    def _range(self) -> float:
        """Return the largest difference that two values can have."""
        if self.metric.goal == "half":
            return 0.5
        low, high = self.metric.low, self.metric.high
        return np.inf if low is None or high is None else high - low

    def _floor_reached(self, found: Value) -> bool:
        """Whether the worst floor, which is told from real data, lies within an interval."""
        worst = self._worst_floor
        if worst is None or not _judged(worst) or self._reaches(worst, self.ceiling):
            return False
        assert worst.value is not None and found.value is not None
        return self.loss(found.value) + self._beyond(found) >= self.loss(worst.value)


@dataclass(frozen=True)
class Results:
    """What an evaluation found: plain data, which text, page and tables are made of.

    Attributes
    ----------
    rows : list of Row
        The metrics in the order of the report.
    n : int
        Records read of every set.
    seed : int
        Seed of every random choice.
    spec : ReportSpec
        Words and drawings of the kind of data; its name is the ``kind`` in the JSON.
    identity : float or None
        Identity of a near copy; ``None`` where nearness is no identity.
    sets : dict
        For each set given: records, sha256, for sequences alphabet, shortest and longest, for
        images shape and depth; and where it was read from records of any form, ``source``,
        ``read`` and ``dropped`` (numbers of records, by reason).
    notes : tuple of str
        What was chosen and what could not be done.
    version : str
        Version of biogan.
    tables : dict of str to list of dict
        Further tables, one dictionary a row: ``motifs`` where motifs were given, ``labels``
        where generated and real records share labels.
    samples : dict of str to object
        What was scored, record by record: ``target`` (what every column is compared with),
        ``source`` (where copies are sought), ``fresh`` (the held-out records that their number is
        compared with, where there are any) and each column; ``labels`` are the labels that were
        read, where there are any. Not part of the JSON.
    extras : object
        What the caller gave beyond the sets, for the kind's own drawings. Not part of the JSON.
    warnings : tuple of str
        What makes the sets doubtful, as where files seem swapped.
    """

    rows: list[Row]
    n: int
    seed: int
    spec: ReportSpec[Results]
    identity: float | None
    sets: dict[str, dict[str, Any]]
    notes: tuple[str, ...]
    version: str
    tables: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    samples: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    extras: Any = field(default=None, repr=False, compare=False)
    warnings: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Row:
        """Return the row of a metric.

        Raises
        ------
        KeyError
            If the metric was not computed.
        """
        for row in self.rows:
            if row.metric.name == name:
                return row
        raise KeyError(name)

    def __contains__(self, name: str) -> bool:
        return any(row.metric.name == name for row in self.rows)

    @property
    def kind(self) -> str:
        """Kind of data: ``sequences``, ``images`` or ``structures``."""
        return self.spec.name

    @property
    def groups(self) -> list[str]:
        """Groups of the metrics in the order of the report."""
        return list(dict.fromkeys(row.metric.group for row in self.rows))

    @property
    def first_floor(self) -> str | None:
        """The trivial sampler that stands first in the report, ``None`` where there is none."""
        return next(iter(self.rows[0].floors), None) if self.rows else None

    @property
    def blocks(self) -> list[list[Row]]:
        """The rows in order, those beside the same trivial samplers together."""
        found: dict[tuple[str, ...], list[Row]] = {}
        for row in self.rows:
            found.setdefault(tuple(row.floors), []).append(row)
        return [*found.values()]

    @property
    def floors(self) -> list[str]:
        """Names of all trivial samplers, in the order of the rows."""
        return [*dict.fromkeys(name for row in self.rows for name in row.floors)]

    def has_samples(self, *names: str) -> bool:
        """Tell whether all these samples are there; results made by hand have none."""
        return set(names) <= set(self.samples)

    def panels(self, *new: str) -> dict[str, list[Panel]]:
        """Draw what the samples allow, by group of metrics.

        A group without rows, and results without samples, have no drawings.

        Parameters
        ----------
        *new : str
            Names of the generated sets among samples and columns.
        """
        if not self.has_samples("target", *new):
            return {}
        drawn = self.spec.panels.items()
        return {group: draw(self, new) for group, draw in drawn if group in self.groups}

    def named_samples(self, *names: str, floor: str | None = None) -> dict[str, Any]:
        """Return the samples that there are, by what drawings call them.

        Parameters
        ----------
        *names : str
            Keys of ``samples``, and ``real`` for the records that every set is scored against.
        floor : str, optional
            A trivial sampler to add as ``floor (NAME)``, if there is one of this name.
        """
        held = {**self.samples, TARGET: self.samples["target"]}
        found = {name: held[name] for name in names if name in held}
        if floor in self.samples:
            found[f"floor ({floor})"] = self.samples[str(floor)]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; a number that could not be read is ``None``."""
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "biogan": self.version,
            "n": self.n,
            "seed": self.seed,
            "identity": self.identity,
            "sets": self.sets,
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "metrics": [
                {
                    "name": row.metric.name,
                    "group": row.metric.group,
                    "goal": row.metric.goal,
                    "unit": row.metric.unit,
                    "range": [row.metric.low, row.metric.high],
                    "status": row.status,
                    "needed": row.needed,
                    "best_floor": row.best_floor,
                    "columns": {k: _plain(v) for k, v in row.columns.items()},
                    **({} if row.all_real is None else {"all_real": _plain(row.all_real)}),
                }
                for row in self.rows
            ],
            "tables": dict(self.tables),
        }

    def to_json(self) -> str:
        """Return :meth:`to_dict` as indented JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def to_frame(self, table: str = "metrics") -> pd.DataFrame:
        """Return a table as a data frame.

        Parameters
        ----------
        table : str
            ``metrics``, one row a metric: values of all columns, intervals, status; or a key of
            ``tables``.

        Raises
        ------
        KeyError
            If there is no such table.
        """
        import pandas as pd

        if table != "metrics":
            return pd.DataFrame(self.tables[table])
        beside = any(row.all_real for row in self.rows)
        return pd.DataFrame([
            {
                "metric": row.metric.name,
                "group": row.metric.group,
                "goal": row.metric.goal,
                "unit": row.metric.unit,
                "n": self.n,
                "status": row.status,
                "needed": row.needed,
                "generated": row.generated.value,
                "generated_low": row.generated.low,
                "generated_high": row.generated.high,
                "held_out": row.ceiling.value,
                "held_out_low": row.ceiling.low,
                "held_out_high": row.ceiling.high,
                **{k: row.columns[k].value if k in row.columns else None
                   for k in (*self.floors, CONTROL)},
                **(_all_real(row.all_real) if beside else {}),
                "note": row.generated.note,
            }
            for row in self.rows
        ])  # fmt: skip

    def to_tsv(self) -> str:
        """Return :meth:`to_frame` as TSV; what could not be read is empty."""
        return tsv(self.to_frame())


def _plain(value: Value) -> dict[str, Any]:
    found = {**asdict(value), "details": list(value.details)}
    del found["takes"]  # "needed" counts records already
    return found


def _all_real(value: Value | None) -> dict[str, float | None]:
    low, high = (None, None) if value is None else (value.low, value.high)
    found = None if value is None else value.value
    return {"all_real": found, "all_real_low": low, "all_real_high": high}


#: Why a row that looks like real data is not assessed.
FEW = (
    "too few records, a trivial sampler may pass too; in brackets the number of independent "
    "records that is needed, estimated"
)


def unread(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return the titles of metrics that say nothing, by the reason."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.generated.value is None or row.unread:
            reasons.setdefault(row.unread, []).append(row.metric.title)
        elif row.needed is not None:
            reasons.setdefault(FEW, []).append(f"{row.metric.title} ({row.needed:,})")
    return reasons


def _far(ceiling: Value) -> float:
    """Return how far from chance a classifier may be on held-out data, 0 to 0.5.

    Few clusters of real records can push it far below, which is no licence for others: then only
    the width of its interval counts.
    """
    assert ceiling.low is not None and ceiling.high is not None
    return max(ceiling.high - 0.5, (ceiling.high - ceiling.low) / 2)


def _rounded_up(n: float) -> int:
    """Return the next number of two digits and zeros.

    Examples
    --------
    >>> _rounded_up(96.04), _rounded_up(385), _rounded_up(1234.5)
    (97, 390, 1300)
    """
    step = 10 ** max(0, int(np.floor(np.log10(n))) - 1)
    return int(np.ceil(n / step - 1e-9)) * step


def _judged(value: Value) -> bool:
    """Whether a value can carry a claim: too few records look alike whatever they are."""
    few = value.n is not None and value.n < GROUPS
    return value.value is not None and value.low is not None and not few


# What a spreadsheet would read as the beginning of a formula.
_FORMULA = ("=", "+", "-", "@")


def spreadsheet_text(text: str) -> str:
    r"""Make a text safe for a cell of a table.

    Examples
    --------
    >>> spreadsheet_text("=1+1"), spreadsheet_text("a\tb\nc"), spreadsheet_text("seq_1")
    ("'=1+1", 'a b c', 'seq_1')
    """
    plain = visible(" ".join(text.split()))
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def nearest_table(
    generated: Sequence[str], real: Sequence[str], order: np.ndarray, **numbers: np.ndarray
) -> pd.DataFrame:
    """Return a table of generated records, the training record nearest to each, and numbers.

    An id that a spreadsheet would read as a formula has an apostrophe before it; tabs and line
    breaks are spaces.

    Parameters
    ----------
    generated, real : sequence of str
        Ids of generated records and of the nearest training record of each.
    order : numpy.ndarray of int
        The order of the rows.
    **numbers : numpy.ndarray
        Further columns, in the order of ``generated``.
    """
    import pandas as pd

    return pd.DataFrame({
        "generated": [spreadsheet_text(generated[i]) for i in order],
        "nearest": [spreadsheet_text(real[i]) for i in order],
        **{name: values[order] for name, values in numbers.items()},
    })  # fmt: skip

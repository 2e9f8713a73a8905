"""Parts of an evaluation with trivial samplers of their own: the metrics of a label, mostly.

The other metrics share one set of trivial samplers, see :mod:`biogan.evaluation.evaluate`. Those
draw records without a label, so that whatever reads one needs others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from biogan.evaluation.metric import Metric, Value
from biogan.evaluation.protocol import Records
from biogan.evaluation.report.results import Row

#: Records of each set that parts read at most.
MOST = 10_000
#: A trivial sampler: real records, a number and a seed to records.
Floor = Callable[[Records, int, int], Records]
#: The samples of an evaluation by name, as :class:`~biogan.evaluation.report.results.Results`
#: holds them.
Samples = Mapping[str, Any]


@dataclass(frozen=True)
class Part(Generic[Records]):
    """Metrics that have trivial samplers of their own, as those of a label.

    Attributes
    ----------
    metrics : tuple of Metric
        What is measured.
    unseen : frozenset of str
        Names of those for which held-out data are the target itself: they learn from the records
        that floors are fitted to, which may be the ceiling, and do not read the target.
    floors : mapping of str to callable
        The trivial samplers by name.
    comparison : callable
        As that of :class:`~biogan.evaluation.evaluate.Scoring`.
    shown : object
        What the drawings of the report need of it.
    """

    metrics: tuple[Metric, ...]
    unseen: frozenset[str]
    floors: Mapping[str, Floor[Records]]
    comparison: Callable[[Any, Any, Any, Any], Any]
    shown: Any = None

    def rows(
        self,
        samples: Samples,
        generated: Samples,
        draw: Callable[[Floor[Records]], Any],
        measured: Callable[[Metric, Any], Value],
    ) -> dict[str, list[Row]]:
        """Score generated sets beside held-out real data and the trivial samplers.

        Parameters
        ----------
        samples, generated : mapping of str to sample
            ``target``, ``source``, ``held-out`` and ``fresh``, and the sets that are judged.
        draw : callable
            Makes a sample of what a trivial sampler draws.
        measured : callable
            Computes a metric of a comparison.
        """

        def score(sample: Any, some: Iterable[Metric]) -> dict[str, Value]:
            real = samples["target"], samples["source"], samples.get("fresh")
            comparison = self.comparison(sample, *real)
            return {m.name: measured(m, comparison) for m in some}

        def real(unseen: bool) -> list[Metric]:
            return [m for m in self.metrics if (m.name in self.unseen) == unseen]

        held_out = score(samples["held-out"], real(False)) | score(samples["target"], real(True))
        shared = {"held-out": held_out} | {
            name: score(draw(floor), self.metrics) for name, floor in self.floors.items()
        }
        found = {}
        for name, sample in generated.items():
            columns = {"generated": score(sample, self.metrics), **shared}
            found[name] = [
                Row(m, {label: some[m.name] for label, some in columns.items()})
                for m in self.metrics
            ]
        return found


@dataclass(frozen=True)
class Parts(Generic[Records]):
    """All parts of an evaluation, and what the reader has to know of them.

    Attributes
    ----------
    parts : tuple of Part
    handled : frozenset of str
        Names of metrics that have no rows beside the other trivial samplers.
    notes : tuple of str
    """

    parts: tuple[Part[Records], ...] = ()
    handled: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

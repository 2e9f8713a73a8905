"""Every metric of sequences as a function of two sets, without a report around it.

The functions have the names of ``docs/metrics.md`` with underscores. They take lists of strings,
Biopython records or sets and return a :class:`~biogan.evaluation.metric.Value`. See
:func:`biogan.metrics.measure` for their options.

Examples
--------
>>> from biogan.metrics import gc_w1
>>> gc_w1(["AACC", "GGCC"], ["AAAA", "AACC"]).value
0.5
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from biogan.core.errors import ConfigError
from biogan.evaluation.metric import Metric, Value
from biogan.evaluation.protocol import fresh_records
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import Sequences, as_set, shuffled
from biogan.sequences.metrics import SEQUENCE_METRICS, get_metrics
from biogan.sequences.metrics.comparison import Comparison, Sample
from biogan.sequences.metrics.conditions import GROUP as CONDITIONS
from biogan.sequences.metrics.context import read_extras
from biogan.sequences.metrics.labelled import labelled


def measure(
    name: str,
    real: Sequences,
    generated: Sequences,
    train: Sequences | None = None,
    *,
    seed: int = 0,
    identity: float = 0.9,
    **extras: Any,
) -> Value:
    """Compute one metric; the same as the function of that name in :mod:`biogan.metrics`.

    Nothing is cut to one size here, and there is no ceiling: :func:`biogan.evaluate` does both.

    Parameters
    ----------
    name : str
        Name of the metric.
    real, generated : SequenceSet, list of str or list of Bio.SeqRecord.SeqRecord
        Real sequences and those that are judged.
    train : as ``real``, optional
        What the generator was trained on, by default ``real``: where copies are sought, and what a
        profile is built from. Real records that stand in it too do not count as held-out.
    seed : int
        Seed of random pairs and folds.
    identity : float
        Identity from which a record is a near copy, above 0 to 1.
    **extras
        Motifs, labels (``conditions``) and so on, see
        :func:`biogan.sequences.metrics.context.read_extras`.

    Returns
    -------
    Value
        ``value`` is ``None`` where the metric cannot be read, and ``note`` says why.

    Raises
    ------
    DataError, AlphabetError
        If a set is empty, or letters do not belong to the alphabet of ``real``.
    ConfigError
        If there is no such metric, or a number is out of its range.

    Examples
    --------
    >>> measure("gc-w1", ["AACC", "GGCC"], ["AAAA", "AACC"]).value
    0.5
    """
    if not 0 < identity <= 1:
        raise ConfigError(f"identity={identity}: in (0, 1]")
    (metric,) = get_metrics([name])
    reference = as_set(real, "real")
    candidate = as_set(generated, "generated", reference.alphabet)
    source = reference if train is None else as_set(train, "train", reference.alphabet)
    lengths = {int(x) for s in (reference, candidate) for x in set(s.ungapped().lengths)}
    fresh = None
    if train is not None:
        fresh, _ = fresh_records(reference, source, SequenceSet.strings, "record", "training data")
    # Orders as in biogan.sequences.evaluate, so that both give one interval.
    comparison = Comparison(
        Sample(shuffled(candidate, seed)),
        Sample(shuffled(reference, seed, "target")),
        Sample(source),
        None if fresh is None else Sample(shuffled(fresh, seed)),
        seed,
        lengths_vary=len(lengths) > 1,
        identity=identity,
        extras=read_extras(**extras),
    )
    return metric(labelled(comparison, metric.needs) if metric.group == CONDITIONS else comparison)


def functions() -> dict[str, Callable[..., Value]]:
    """Return a function for every registered metric, by its name with underscores."""
    return {name.replace("-", "_"): _function(found) for name, found in SEQUENCE_METRICS.items()}


def _function(metric: Metric) -> Callable[..., Value]:
    def call(
        real: Sequences, generated: Sequences, train: Sequences | None = None, **options: Any
    ) -> Value:
        return measure(metric.name, real, generated, train, **options)

    call.__name__ = call.__qualname__ = metric.name.replace("-", "_")
    call.__doc__ = f"{metric.function.__doc__}\n\n    See :func:`biogan.metrics.measure`."
    return call


def __getattr__(name: str) -> Any:
    """Make the function of a metric when it is first asked for."""
    found = {} if name.startswith("_") else functions()
    if name not in found:
        raise AttributeError(f"module 'biogan.metrics' has no attribute {name!r}")
    return found[name]


def __dir__() -> list[str]:
    """List the metrics."""
    return sorted([*globals(), *functions()])

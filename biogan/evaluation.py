"""Judge generated sequences: every metric beside a ceiling of real data and trivial floors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import biogan
from biogan.baselines import get_baseline
from biogan.baselines.suited import suited_chains
from biogan.datasets.sequences import SequenceSet
from biogan.errors import ConfigError
from biogan.metrics.base import Metric, Value
from biogan.metrics.catalogue import get_metrics
from biogan.metrics.comparison import Comparison, Sample
from biogan.metrics.roles import Roles, Sequences, as_set, assign_roles, shuffled
from biogan.protocols import Sampler
from biogan.report.report import CONTROL, Report, Row
from biogan.similarity import has_near_copy

#: Records of each set that are scored at most.
MAX_RECORDS = 10_000


def evaluate(
    real: Sequences,
    generated: Sequences | Sampler,
    train: Sequences | None = None,
    held_out: Sequences | None = None,
    metrics: Sequence[str] | None = None,
    seed: int = 0,
    n: int = MAX_RECORDS,
    identity: float = 0.9,
    floors: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Score generated sequences beside held-out real ones and trivial samplers.

    Parameters
    ----------
    real : SequenceSet or list of str
        Real sequences, the reference.
    generated : SequenceSet, list of str or Sampler
        What is judged; a sampler is asked for ``n`` sequences.
    train : SequenceSet or list of str, optional
        What the generator was trained on: needed to speak about memorisation.
    held_out : SequenceSet or list of str, optional
        Real records that the generator has not seen. Which set plays which part is said in
        :mod:`biogan.metrics.roles`.
    metrics : list of str, optional
        Names of metrics, by default all.
    seed : int
        Seed of subsamples, floors and folds.
    n : int
        Records of each set that are scored at most; all are cut to the size of the smallest set.
    identity : float
        Identity from which a record counts as a near copy, above 0 to 1.
    floors : list of str, optional
        Names of trivial samplers; by default :func:`default_floors`.
    progress : callable, optional
        Receives the name of every set before it is scored.

    Returns
    -------
    Report
        The same for any order and any names of the records.

    Raises
    ------
    DataError, AlphabetError
        If a set is empty, or generated letters do not belong to the reference's alphabet.
    ConfigError
        If a number is out of its range or a metric or floor unknown.
    """
    if n < 1 or not 0 < identity <= 1:
        raise ConfigError(f"n={n}, identity={identity}: n is at least 1, identity in (0, 1]")
    chosen = get_metrics(metrics)
    reference = as_set(real, "reference")
    given = {
        name: as_set(some, name, reference.alphabet)
        for name, some in (("train", train), ("held-out", held_out))
        if some is not None
    }
    drawn = generated.sample(n, seed) if isinstance(generated, Sampler) else generated
    judged = as_set(drawn, "generated", reference.alphabet)
    roles = assign_roles(
        reference, given.get("train"), given.get("held-out"), min(n, len(judged)), seed, identity
    )
    size = min(n, len(judged), len(roles.target), len(roles.ceiling))
    target, source = Sample(shuffled(roles.target, seed)[:size]), Sample(roles.source)
    fresh_rate = _fresh_rate(roles, chosen, size, seed, identity)
    real_and_new = (judged, roles.target, roles.ceiling)
    lengths_vary = len({int(x) for s in real_and_new for x in set(s.ungapped().lengths)}) > 1

    def score(label: str, sequences: SequenceSet, some: Sequence[Metric]) -> dict[str, Value]:
        if progress is not None and some:
            progress(label)
        candidate = Sample(shuffled(sequences, seed)[:size])
        comparison = Comparison(candidate, target, source, fresh_rate, lengths_vary, identity, seed)
        return {m.name: m(comparison) for m in some}

    columns = {"generated": score("generated", judged, chosen)}
    # Likeness to the training data is read on records outside it, the ceiling's need not be.
    novelty = [m for m in chosen if m.group == "novelty"]
    columns["held-out"] = score("held-out", roles.ceiling, [m for m in chosen if m not in novelty])
    columns["held-out"] |= (
        {m.name: Value(None, note="no held-out records to compare with") for m in novelty}
        if roles.fresh is None
        else score("held-out", roles.fresh, novelty)
    )
    names = default_floors(roles) if floors is None else list(floors)
    for name in dict.fromkeys([*names, CONTROL]):
        sampled = get_baseline(name).fit(roles.fit).sample(size, seed)
        columns[name] = score(name, sampled, chosen)
    return Report(
        rows=[Row(m, {label: found[m.name] for label, found in columns.items()}) for m in chosen],
        n=size,
        seed=seed,
        identity=identity,
        sets={
            name: _describe(some)
            for name, some in {"generated": judged, "reference": reference, **given}.items()
        },
        notes=(
            f"every set is read at n = {size}, the smallest of --n {n}, generated {len(judged)}, "
            f"target {len(roles.target)} and ceiling {len(roles.ceiling)}",
            *roles.notes,
        ),
        version=biogan.__version__,
    )


def default_floors(roles: Roles) -> list[str]:
    """Name the trivial samplers that fit the data.

    Markov chains as :func:`biogan.baselines.suited.suited_chains` chooses them, a PWM for one
    length, a shuffle and uniform letters.
    """
    fixed = roles.fit.is_fixed_length and roles.target.is_fixed_length
    nucleotides = roles.fit.alphabet.complement is not None
    return [
        *suited_chains(roles.fit, fixed),
        *(["pwm"] if fixed else []),
        "dinucleotide-shuffle" if nucleotides else "shuffle",
        "uniform",
    ]


def _fresh_rate(
    roles: Roles, metrics: Sequence[Metric], size: int, seed: int, identity: float
) -> tuple[int, int] | None:
    if roles.fresh is None or not any("fresh" in m.needs for m in metrics):
        return None
    near = has_near_copy(shuffled(roles.fresh, seed)[:size], roles.source, identity)
    return int(near.sum()), len(near)


def _describe(sequences: SequenceSet) -> dict[str, object]:
    lengths = sequences.lengths
    return {
        "records": len(sequences),
        "alphabet": sequences.alphabet.letters,
        "shortest": int(lengths.min()),
        "longest": int(lengths.max()),
        "sha256": sequences.digest,
    }

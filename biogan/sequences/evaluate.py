"""Judge generated sequences: every metric beside a ceiling of real data and trivial floors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import biogan
from biogan.core.errors import ConfigError
from biogan.core.protocols import Sampler
from biogan.evaluation.metric import ALL, Metric, Value
from biogan.evaluation.protocol import Roles
from biogan.evaluation.report.report import Report
from biogan.evaluation.report.results import CONTROL, Row
from biogan.sequences.baselines import get_baseline, suited_chains
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import Sequences, as_set, shuffled
from biogan.sequences.io.motifs import Motif
from biogan.sequences.metrics.catalogue import get_metrics
from biogan.sequences.metrics.comparison import KINDS, Comparison, Sample, assign_roles
from biogan.sequences.metrics.context import Extras, Features, Profile, read_extras
from biogan.sequences.metrics.labels import label_table
from biogan.sequences.metrics.motifs import motif_table
from biogan.sequences.metrics.novelty import duplicate_table, rarefaction_table
from biogan.sequences.report import SEQUENCE_REPORT

Watch = Callable[[str, int, int], None]

#: Sequences that a sampler is asked for.
DRAWN = 10_000
#: Sequences that are drawn of each trivial sampler at most: their values hardly change beyond.
FLOOR_RECORDS = 100_000


def evaluate(
    real: Sequences,
    generated: Sequences | Sampler,
    train: Sequences | None = None,
    held_out: Sequences | None = None,
    metrics: Sequence[str] | None = None,
    seed: int = 0,
    n: int | None = None,
    identity: float = 0.9,
    floors: Sequence[str] | None = None,
    progress: Watch | None = None,
    motifs: str | Path | Sequence[Motif] = (),
    hmm: str | Path | Profile | None = None,
    coding: bool | None = None,
    code: int = 1,
    features: Features | None = None,
) -> Report:
    """Score generated sequences beside held-out real ones and trivial samplers.

    Parameters
    ----------
    real : SequenceSet, list of str or list of Bio.SeqRecord.SeqRecord
        Real sequences, the reference.
    generated : SequenceSet, list of str, list of SeqRecord or Sampler
        What is judged; a sampler is asked for ``n`` sequences, 10,000 by default.
    train : as ``real``, optional
        What the generator was trained on: needed to speak about memorisation.
    held_out : as ``real``, optional
        Real records that the generator has not seen. Which set plays which part is said in
        :mod:`biogan.sequences.metrics.comparison`.
    metrics : list of str, optional
        Names of metrics, or ``["all"]``; by default all that fit the data and cost little.
    seed : int
        Seed of subsamples, floors and folds.
    n : int
        Records of each set that are read at most, by default all; every set is cut to the size of
        the smallest. Metrics that are dear read fewer, and their rows say how many.
    identity : float
        Identity from which a record counts as a near copy, above 0 to 1.
    floors : list of str, optional
        Names of trivial samplers; by default :func:`default_floors`.
    progress : callable, optional
        Receives, before a set is scored, its name, how many were scored and how many there are.
    motifs, hmm, coding, code, features
        What is known beyond the sequences, see
        :func:`biogan.sequences.metrics.context.read_extras`.

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
    one = {"generated": generated}
    extras = {"motifs": motifs, "hmm": hmm, "coding": coding, "code": code, "features": features}
    return compare(
        real, one, train, held_out, metrics, seed, n, identity, floors, progress, **extras
    )["generated"]


def compare(
    real: Sequences,
    generated: Mapping[str, Sequences | Sampler],
    train: Sequences | None = None,
    held_out: Sequences | None = None,
    metrics: Sequence[str] | None = None,
    seed: int = 0,
    n: int | None = None,
    identity: float = 0.9,
    floors: Sequence[str] | None = None,
    progress: Watch | None = None,
    **extras: Any,
) -> dict[str, Report]:
    """Score several generated sets against the same real records, at one n, beside one scale.

    Ceiling and floors are computed once. The parameters are those of :func:`evaluate`, but for

    Parameters
    ----------
    generated : mapping of str to SequenceSet, list of str, list of SeqRecord or Sampler
        The sets by name; all are cut to the size of the smallest.

    Returns
    -------
    dict of str to Report
        One report a set, in the same order.
    """
    if (n is not None and n < 1) or not 0 < identity <= 1:
        raise ConfigError(f"n={n}, identity={identity}: n is at least 1, identity in (0, 1]")
    if not generated:
        raise ConfigError("nothing to compare: give at least one generated set")
    chosen = get_metrics(metrics)
    beyond = read_extras(**extras)
    reference = as_set(real, "reference")
    given = {
        name: as_set(some, name, reference.alphabet)
        for name, some in (("train", train), ("held-out", held_out))
        if some is not None
    }
    judged = {
        name: as_set(
            some.sample(n or DRAWN, seed) if isinstance(some, Sampler) else some,
            name,
            reference.alphabet,
        )
        for name, some in generated.items()
    }
    least = min(map(len, judged.values()))
    most = least if n is None else min(n, least)
    roles = assign_roles(reference, given.get("train"), given.get("held-out"), most, seed, identity)
    size = min(most, len(roles.target), len(roles.ceiling))
    samples = {
        "target": Sample(shuffled(roles.target, seed, "target")[:size]),
        "source": Sample(roles.source),
    }
    if roles.fresh is not None:
        samples["fresh"] = Sample(shuffled(roles.fresh, seed)[:size])
    target, source, fresh = samples["target"], samples["source"], samples.get("fresh")
    unfit = (
        {}
        if metrics and ALL not in metrics
        else _unfit(chosen, Comparison(target, target, source, extras=beyond))
    )
    chosen = [m for m in chosen if m.name not in unfit]
    floors = default_floors(roles) if floors is None else floors
    floors = list(dict.fromkeys([*floors, CONTROL]))
    columns = [*judged, "held-out", *floors]
    real_and_new = (*judged.values(), roles.target, roles.ceiling)
    lengths_vary = len({x for s in real_and_new for x in set(s.ungapped().lengths.tolist())}) > 1

    def score(label: str, candidate: Sample, some: Sequence[Metric]) -> dict[str, Value]:
        if progress is not None and some:
            progress(label, columns.index(label), len(columns))
        comparison = Comparison(
            candidate, target, source, fresh, lengths_vary, identity, seed, beyond
        )
        return {m.name: m(comparison) for m in some}

    new = {name: Sample(shuffled(some, seed)[:size]) for name, some in judged.items()}
    found = {name: score(name, sample, chosen) for name, sample in new.items()}
    # Likeness to the training data is read on records outside it, the ceiling's need not be.
    novelty = [m for m in chosen if m.group == "novelty"]
    samples["held-out"] = Sample(shuffled(roles.ceiling, seed)[:size])
    others = [m for m in chosen if m not in novelty]
    scale = {"held-out": score("held-out", samples["held-out"], others)}
    scale["held-out"] |= (
        {m.name: Value(None, note="no held-out records to compare with") for m in novelty}
        if roles.fresh is None
        else score("held-out", samples["fresh"], novelty)
    )
    fitted = shuffled(roles.fit, seed)
    for name in floors:
        sampled = get_baseline(name).fit(fitted).sample(min(size, FLOOR_RECORDS), seed)
        samples[name] = Sample(shuffled(sampled, seed)[:size])
        scale[name] = score(name, samples[name], chosen)

    def report(name: str) -> Report:
        values = {"generated": found[name], **scale}
        rows = [Row(m, {label: some[m.name] for label, some in values.items()}) for m in chosen]
        sets = {"generated": judged[name], "reference": reference, **given}
        return Report(
            rows=rows,
            n=size,
            seed=seed,
            spec=SEQUENCE_REPORT,
            identity=identity,
            sets={label: _describe(some) for label, some in sets.items()},
            notes=(
                f"every set is read at n = {size}, the smallest of "
                f"{'' if n is None else f'-n {n}, '}generated {least}, target "
                f"{len(roles.target)} and ceiling {len(roles.ceiling)}",
                *([f"floors and {CONTROL} at n = {FLOOR_RECORDS}"] if size > FLOOR_RECORDS else []),
                *roles.notes,
                *_left_out(unfit),
            ),
            version=biogan.__version__,
            tables=_tables({**samples, "generated": new[name]}, lengths_vary, seed, beyond),
            samples={**samples, "generated": new[name]},
            extras=beyond,
        )

    return {name: report(name) for name in judged}


def default_floors(roles: Roles[SequenceSet]) -> list[str]:
    """Name the trivial samplers that fit the data.

    Markov chains as :func:`biogan.sequences.baselines.suited_chains` chooses them, a PWM for one
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


def _unfit(metrics: Sequence[Metric], comparison: Comparison) -> dict[str, str]:
    """For metrics that this kind of data cannot have, the reason by name."""
    reasons = {
        m.name: next(
            (why for need in m.needs if need in KINDS and (why := comparison.missing(need))), ""
        )
        for m in metrics
    }
    return {name: why for name, why in reasons.items() if why}


def _left_out(unfit: dict[str, str]) -> list[str]:
    """One note for all metrics without a row."""
    by_reason: dict[str, list[str]] = {}
    for name, why in unfit.items():
        by_reason.setdefault(why, []).append(name)
    listed = "; ".join(f"{', '.join(names)} ({why})" for why, names in by_reason.items())
    return [f"not for this data: {listed}"] if listed else []


def _tables(
    samples: Mapping[str, Sample], lengths_vary: bool, seed: int, extras: Extras
) -> dict[str, list[dict[str, Any]]]:
    """Tables of the generated set beside the metrics; none is empty."""
    comparison = Comparison(
        samples["generated"], samples["target"], samples["source"], extras=extras
    )
    tables = {
        "motifs": [] if comparison.missing("motifs") else motif_table(comparison),
        "labels": label_table(samples, lengths_vary, seed, extras),
        "duplicates": duplicate_table(samples["generated"], samples["source"]),
        "rarefaction": rarefaction_table({k: samples[k] for k in ("generated", "held-out")}),
    }
    return {name: rows for name, rows in tables.items() if rows}


def _describe(sequences: SequenceSet) -> dict[str, object]:
    lengths, report = sequences.lengths, sequences.report
    facts = {
        "records": len(sequences),
        "alphabet": sequences.alphabet.letters,
        "shortest": int(lengths.min()),
        "longest": int(lengths.max()),
        "sha256": sequences.digest,
    }
    if report is None:
        return facts
    return {"source": report.source, **facts, "read": report.records, "dropped": report.dropped}

"""The evaluation of sequences: one generated set, or several on one scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core.conditions import kind_of, parse_condition
from biogan.core.display import shown
from biogan.core.errors import ConfigError, DataError, few, percentage, plural
from biogan.core.protocols import Sampler
from biogan.evaluation.evaluate import (
    DRAWN,
    EvaluationSpec,
    Progress,
    Scoring,
    evaluate_sets,
)
from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.metric import Metric
from biogan.evaluation.parts import Floor, Part, Parts
from biogan.evaluation.protocol import OVERLAP, Roles, Split
from biogan.evaluation.report.report import Report
from biogan.evaluation.report.results import CONTROL
from biogan.sequences.baselines import get_baseline, suited_chains
from biogan.sequences.baselines.labelled import labelled_samplers
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import Sequences, as_set
from biogan.sequences.io.motifs import Motif
from biogan.sequences.metrics import get_metrics
from biogan.sequences.metrics.comparison import (
    FIXED_NEEDS,
    NO_CONDITION,
    Comparison,
    Sample,
)
from biogan.sequences.metrics.conditions import GROUP as CONDITIONS
from biogan.sequences.metrics.conditions import UNSEEN
from biogan.sequences.metrics.context import Extras, Features, Profile, read_extras
from biogan.sequences.metrics.labelled import (
    NEEDS,
    LabelledComparison,
    LabelReader,
    label_kinds,
    suits,
)
from biogan.sequences.metrics.labels import label_table
from biogan.sequences.metrics.motifs import motif_table
from biogan.sequences.metrics.novelty import duplicate_table, rarefaction_table
from biogan.sequences.overlaps import Overlaps
from biogan.sequences.report import SEQUENCE_REPORT
from biogan.sequences.similarity.words import covered, word_size
from biogan.sequences.splits import split

#: Sequences that are drawn of each trivial sampler at most: their values hardly change beyond.
FLOOR_RECORDS = 100_000
# Letters of the name of a label in the title of a row.
_NAME = 16
#: Records in which overlaps and shared letters are looked for, to say how many there are.
MOST_LOOKED_AT = 10_000


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
    progress: Progress | None = None,
    motifs: str | Path | Sequence[Motif] = (),
    hmm: str | Path | Profile | None = None,
    coding: bool | None = None,
    code: int = 1,
    features: Features | None = None,
    conditions: str | Sequence[str] = (),
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
        :mod:`biogan.evaluation.protocol`.
    metrics : list of str, optional
        Names of metrics, or ``["all"]``; by default all that fit the data and cost little.
    seed : int
        Seed of subsamples, floors and folds.
    n : int
        Records of each set that are read at most, by default all. Metrics whose value depends on
        it cut every set to the size of the smallest; those that take long read fewer, and their
        rows say how many.
    identity : float
        Identity from which a record counts as a near copy, above 0 to 1.
    floors : list of str, optional
        Names of trivial samplers; by default :func:`default_floors`.
    progress : callable, optional
        Receives, before a set is scored, its name, how many were scored and how many there are.
    motifs, hmm, coding, code, features, conditions
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
    extras = {"motifs": motifs, "hmm": hmm, "coding": coding, "code": code, "features": features,
              "conditions": conditions}  # fmt: skip
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
    progress: Progress | None = None,
    **extras: Any,
) -> dict[str, Report]:
    """Score several generated sets against the same real records, at one n, beside one scale.

    Ceiling and floors are computed once. The parameters are those of :func:`evaluate`, but for

    Parameters
    ----------
    generated : mapping of str to SequenceSet, list of str, list of SeqRecord or Sampler
        The sets by name; all are cut to the size of the smallest of them.

    Returns
    -------
    dict of str to Report
        One report a set, in the same order.
    """
    if not 0 < identity <= 1:
        raise ConfigError(f"identity={identity}: identity is in (0, 1]")
    known = read_extras(**extras)
    reference = as_set(real, "reference")

    def like(name: str, some: Sequences | None) -> SequenceSet | None:
        return None if some is None else as_set(some, name, reference.alphabet)

    trained, held = like("train", train), like("held-out", held_out)
    judged = {
        name: as_set(
            some.sample(n or DRAWN, seed) if isinstance(some, Sampler) else some,
            name,
            reference.alphabet,
        )
        for name, some in generated.items()
    }
    narrowed, taught = "", None
    seen = [reference] if held is None else [reference, held]
    if label := shared_class(known.conditions, seen, [*judged.values()]):
        taught = reference if trained is None else trained
        whole, reference = len(reference), of_class(reference, *label)
        trained, held = (s if s is None else of_class(s, *label) for s in (trained, held))
        narrowed = (
            f"all generated records have {shown(label[0], _NAME)}={shown(label[1], _NAME)}: they "
            f"are compared with the real records of this label alone, {len(reference):,} of "
            f"{whole:,} of the reference"
        )
    spec = SequenceEvaluation(identity, known, floors, narrowed, taught)
    return evaluate_sets(
        spec, reference, judged, trained, held, metrics, seed, n, progress=progress
    )


@dataclass(frozen=True)
class SequenceEvaluation(EvaluationSpec[SequenceSet]):
    """How sequences are evaluated.

    Attributes
    ----------
    identity : float
        Identity from which a record is a near copy, and which a split never parts.
    extras : Extras
        What is known beyond the sequences.
    chosen_floors : sequence of str or None
        Names of trivial samplers, :func:`default_floors` for ``None``.
    narrowed : str
        Which real records were chosen by their label; empty where all are read.
    taught : SequenceSet or None
        Records of all labels, from which labels are learned where others were chosen.
    """

    identity: float = 0.9
    extras: Extras = field(default_factory=Extras)
    chosen_floors: Sequence[str] | None = None
    narrowed: str = ""
    taught: SequenceSet | None = None

    noun = "record"
    report = SEQUENCE_REPORT
    floor_limit = FLOOR_RECORDS
    fixed_needs = FIXED_NEEDS
    untold = frozenset({NO_CONDITION})

    def metrics(self, names: Sequence[str] | None) -> list[Metric]:
        """Return the metrics of sequences with these names."""
        return get_metrics(names)

    def keys(self, records: SequenceSet) -> list[bytes]:
        """Return the letters of each record."""
        return [text.encode() for text in records.strings()]

    def together(self, sets: Sequence[SequenceSet]) -> SequenceSet:
        """Put sets of real records into one."""
        return SequenceSet.concatenate(sets)

    def check(self, name: str, records: SequenceSet, reference: SequenceSet) -> None:
        """Nothing is left to check: all sets were brought to the reference's alphabet."""

    def doubts(self, generated: SequenceSet, real: SequenceSet) -> list[str]:
        """Say so where generated records have one value of a label of which real ones have more."""
        return [*filter(None, [one_label(real, generated)])]

    def split(self, real: SequenceSet, n: int, seed: int) -> Split[SequenceSet]:
        """Split by clusters of alike records; repeats of a sequence stay on its side."""
        # The share is one of distinct sequences; the repeats of each go to its side.
        parts = split(real, n / len(real), seed, self.identity)
        if not len(parts.held_out):
            raise DataError(
                "the records of the reference overlap so far that none can be kept apart: give "
                "held-out records of another sequence (--held-out), or a larger --stride"
            )
        alike = f"clusters of {percentage(parts.identity)} identity"
        how = f"by {'exact copies' if parts.identity == 1 else alike}"
        if parts.left_out:
            how += (
                f", in blocks of neighbours ({plural(parts.left_out, 'record')} that overlap or "
                "resemble both sides left out)"
            )
        warnings = []
        if parts.identity > self.identity:
            warnings.append(
                f"clusters of {percentage(self.identity)} were too large, so near copies stand "
                f"on both sides"
            )
        elif parts.shared:
            warnings.append(
                f"{parts.shared:,} of {len(parts.held_out):,} distinct records on the first side "
                f"share a long stretch of letters with the other side, as too many records do"
            )
        sides = parts.held_out.expanded(), parts.train.expanded()
        return Split(*sides, how, "; ".join(warnings))

    def floors(self, roles: Roles[SequenceSet]) -> dict[str, Floor[SequenceSet]]:
        """Return the baselines asked for, by default those that fit the data."""
        names = default_floors(roles) if self.chosen_floors is None else self.chosen_floors
        samplers = {name: get_baseline(name) for name in [*names, CONTROL]}

        def floor(name: str) -> Floor[SequenceSet]:
            return lambda records, n, seed: samplers[name].fit(records).sample(n, seed)

        return {name: floor(name) for name in samplers}

    def scoring(
        self,
        metrics: Sequence[Metric],
        roles: Roles[SequenceSet],
        generated: Mapping[str, SequenceSet],
        seed: int,
        progress: Callable[[str], None],
    ) -> Scoring[SequenceSet]:
        """Compare letters; lengths count where any set has more than one."""
        compared = (*generated.values(), roles.target, roles.ceiling)
        lengths_vary = len({x for s in compared for x in s.ungapped().lengths.tolist()}) > 1
        comparison = partial(Comparison, lengths_vary=lengths_vary, identity=self.identity,
                             seed=seed, extras=self.extras)  # fmt: skip
        tables = partial(_tables, lengths_vary=lengths_vary, seed=seed, extras=self.extras)
        said = {"target": roles.target, "ceiling": roles.ceiling, **generated}
        notes = [self.narrowed, *(overlapping(name, some) for name, some in said.items())]
        warning = ""
        if roles.fresh is not None:
            note, warning = shared_with_training(roles.fresh, roles.source)
            notes.append(note)
        wanted = [m for m in metrics if m.group == CONDITIONS]
        labelled = partial(LabelledComparison, lengths_vary=lengths_vary, identity=self.identity,
                           seed=seed, extras=self.extras)  # fmt: skip
        parts = partial(self._parts, metrics=wanted, roles=roles, comparison=labelled, seed=seed)
        return Scoring(
            Sample, comparison, tuple(filter(None, notes)), tuple(filter(None, [warning])),
            tables, self.extras, lambda sample: sample.overlaps.worth, parts,
        )  # fmt: skip

    def _parts(
        self,
        samples: Mapping[str, Sample],
        generated: Mapping[str, Sample],
        metrics: Sequence[Metric],
        roles: Roles[SequenceSet],
        comparison: Callable[..., LabelledComparison],
        seed: int,
    ) -> Parts[SequenceSet]:
        """Read every label by metrics and trivial samplers of its own."""
        fit = roles.fit if self.taught is None else self.taught
        real = {"the real records": fit, "the held-out records": samples["target"].sequences}
        new = {
            "the generated records" if name == "generated" else name: some.sequences
            for name, some in generated.items()
        }
        if not metrics:
            return Parts()
        kinds = label_kinds(self.extras.conditions, real, new)
        parts, notes = [], []
        for name, kind in kinds.items():
            condition = LabelReader(
                name, kind, fit, samples["target"], samples["held-out"],
                [*generated.values()], self.identity, seed,
            )  # fmt: skip
            if why := condition.unreadable:
                if self.extras.conditions:
                    notes.append(f"label {name} is not read: {why}")
                continue
            own = [m for m in metrics if all(suits(condition, x) for x in m.needs if x in NEEDS)]
            if len(kinds) > 1:
                own = [
                    replace(m, name=f"{m.name}:{name}", title=f"{m.title}, {shown(name, _NAME)}")
                    for m in own
                ]
            floors: Mapping[str, Floor[SequenceSet]] = {}
            if self.chosen_floors is None or self.chosen_floors:
                floors = labelled_samplers(
                    condition.strata, condition.column(samples["target"]), condition.by_position
                )
            unseen = frozenset(m.name for m in own if m.name.partition(":")[0] in UNSEEN)
            compared = partial(comparison, condition=condition)
            parts.append(Part(tuple(own), unseen, floors, compared, condition))
            if condition.left_out:
                notes.append(
                    f"label {name}: too few records in a set to compare within "
                    f"{few(condition.left_out)}"
                )
        if kinds and not any(part.metrics for part in parts):
            asked = ", ".join(m.name for m in metrics)
            notes.append(f"{asked}: nothing to be read of {', '.join(kinds)}")
        handled = frozenset(m.name for m in metrics if kinds)
        return Parts(tuple(parts), handled, tuple(notes))

    def describe(self, records: SequenceSet) -> dict[str, Any]:
        """Return alphabet, lengths and origin of a set."""
        lengths, report = records.lengths, records.report
        facts = {
            "records": len(records),
            "alphabet": records.alphabet.letters,
            "shortest": int(lengths.min()),
            "longest": int(lengths.max()),
            "sha256": records.digest,
        }
        if report is None:
            return facts
        return {"source": report.source, **facts, "read": report.records,
                "dropped": report.dropped}  # fmt: skip


def overlapping(name: str, records: SequenceSet) -> str:
    """Say how many records of a set overlap, so that they count as fewer; empty where none does.

    Examples
    --------
    >>> from biogan.sequences.dataset import cut_windows
    >>> windows, _ = cut_windows(SequenceSet.from_strings(["ACGTTGCAAC"], ["chr"]), 4, 2)
    >>> overlapping("target", windows)
    '4 of 4 target records overlap others, as windows of one sequence do: intervals and tests count
    them as about 2'
    """
    found = Overlaps.of(records[:MOST_LOOKED_AT])
    if not found.any:
        return ""
    return (
        f"{found.overlapping:,} of {len(found):,} {name} records overlap others, as windows of one "
        f"sequence do: intervals and tests count them as about {found.worth:,.0f}"
    )


def shared_with_training(fresh: SequenceSet, source: SequenceSet) -> tuple[str, str]:
    """Say where one in a hundred unseen records shares a long stretch of letters with training.

    Returns
    -------
    note, warning : str
        Of any stretch, and of stretches that make half of a record; empty where there are few.
    """
    some = fresh[:MOST_LOOKED_AT]
    if fresh.alphabet.has_gap or not len(some):
        return "", ""
    k = word_size(source)
    letters = covered(some, source, k)
    whole = int((2 * letters >= np.maximum(some.lengths, 1)).sum())
    any_word = int((letters > 0).sum())
    if any_word < OVERLAP * len(some):
        return "", ""
    far = whole >= OVERLAP * len(some)
    said = (
        f"{whole if far else any_word:,} of {len(some):,} real records that do not stand in the "
        f"training data share {'half of their letters, in words' if far else 'a word'} of {k} "
        "letters with a training record, as shifted windows do: floors, copies and the ceiling "
        "look too good"
    )
    return ("", said) if far else (said, "")


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


def one_label(real: SequenceSet, generated: SequenceSet) -> str:
    """Say that generated records have one value of a label of which real ones have several.

    Parameters
    ----------
    real, generated : SequenceSet
        Records with labels.

    Returns
    -------
    str
        Empty where there is nothing to say.

    Examples
    --------
    >>> real = SequenceSet.from_strings(["AC", "AG"], labels={"kind": ["hot", "cold"]})
    >>> one_label(real, SequenceSet.from_strings(["AC"], labels={"kind": ["hot"]}))
    'all generated records have kind=hot, as 50 % of the real ones: all metrics but those of ...'
    """
    found = []
    for name in generated.labels.keys() & real.labels.keys():
        values, known = set(map(str, generated.labels[name])), [*map(str, real.labels[name])]
        if len(values) == 1 and "" not in values and len(set(known) - {""}) > 1:
            value = values.pop()
            share = percentage(known.count(value) / len(known))
            found.append(f"{shown(name, _NAME)}={shown(value, _NAME)}, as {share}")
    if not found:
        return ""
    return (
        f"all generated records have {' and '.join(sorted(found))} of the real ones: all "
        "metrics but those of labels compare with every real record; give a reference of this "
        "label alone, or --condition with the name of a label of classes"
    )


def shared_class(
    asked: Sequence[str], real: Sequence[SequenceSet], generated: Sequence[SequenceSet]
) -> tuple[str, str] | None:
    """Return the class that all generated records have and that others of the real ones have not.

    Parameters
    ----------
    asked : sequence of str
        Labels that are to be read, ``NAME`` or ``NAME=KIND``; of no others a class is taken.
    real : sequence of SequenceSet
        The reference and what is held out.
    generated : sequence of SequenceSet
        All sets that are judged.

    Returns
    -------
    tuple of str or None
        Name of the label and the class; ``None`` where there is none with 20 records in every real
        set, or where several labels have one value.

    Examples
    --------
    >>> real = SequenceSet.from_strings(["AC", "AG"] * 20, labels={"kind": ["hot", "cold"] * 20})
    >>> shared_class(["kind"], [real], [real[:1]]), shared_class(["kind"], [real], [real])
    (('kind', 'hot'), None)
    """
    found = []
    for name, kind in (parse_condition(text) for text in asked):
        if any(name not in some.labels for some in (*real, *generated)):
            continue
        values = {str(value) for some in generated for value in some.labels[name]}
        known = [[*map(str, some.labels[name])] for some in real]
        kind = kind or kind_of(known[0])
        if kind != "class" or len(values) != 1 or len({*known[0]} - {""}) < 2:
            continue
        value = values.pop()
        if all(column.count(value) >= GROUPS for column in known):
            found.append((name, value))
    return found[0] if len(found) == 1 else None


def of_class(some: SequenceSet, name: str, value: str) -> SequenceSet:
    """Return the records of a class; of a set without the label all."""
    if name not in some.labels:
        return some
    return some.take(np.flatnonzero(some.labels[name].astype(str) == value))


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

"""Oracles that are fitted to labelled records, kept in folders, with a check of other records.

They are the predictors that evaluations use (:mod:`biogan.sequences.metrics.predictors`): two
families, none of which predicts more than the labels that it has learned from hold. A genetic
search on an unbounded linear one reached 43 where the largest label is 17, and measured nothing but
its faults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from biogan.core import __version__
from biogan.core.conditions import ConditionKind, chosen_conditions, members, numbers
from biogan.core.errors import CheckpointError, DataError
from biogan.core.files import check_fields, claim_folder, read_json, reading, write_json, writing
from biogan.evaluation.conditions import Measured, class_accuracy, multi_accuracy, rank_correlation
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.predictors import (
    MODELS,
    Described,
    Family,
    Model,
    from_ranks,
    learned,
    quantiles,
    ranks,
)
from biogan.sequences.similarity.pairs import clusters
from biogan.sequences.splits import split

#: Files of a predictor.
FACTS, WEIGHTS = "oracle.json", "weights.safetensors"
#: Records that a predictor needs at least.
FEWEST = 40
# Share of the records that is held out to say how good a predictor is.
_HELD_OUT = 0.2


@dataclass(frozen=True, eq=False)
class Predictor:
    """A predictor of one label, which can be asked as an oracle.

    A number is learned as its rank among the labels and read back from their distribution, so that
    predictions stay within them; a class as a number from 0 to 1, the probability of records that
    have it if all classes were equally frequent (``ridge``), or their share (``boosting``).

    Attributes
    ----------
    label, kind : str
        Name of the label and what it is.
    family : {"boosting", "ridge"}
        How it predicts.
    names : tuple of str
        Columns: the label, or its classes.
    described : Described
        What it reads.
    model : Ridge, Logistic or Trees
        What it has learned.
    quantiles : numpy.ndarray, shape (q,)
        Distribution of a number; empty for classes.
    records : int
        How many it has learned from.
    assessed : dict
        What :func:`assess` has found; empty if it was not assessed.

    Examples
    --------
    >>> texts = ["ACGT" * 3, "AAGT" * 3, "GGGC" * 3, "TTTA" * 3] * 20
    >>> reads = SequenceSet.from_strings(texts, labels={"gc": [f"{t.count('G')}" for t in texts]})
    >>> predict = Predictor.fitted(reads, "gc", kind="number")
    >>> predict(["GGGCGGGCGGGC"])["gc"].round(1).tolist(), predict.names
    ([9.0], ('gc',))
    """

    label: str
    kind: ConditionKind
    family: Family
    names: tuple[str, ...]
    described: Described
    model: Model
    quantiles: np.ndarray
    records: int
    assessed: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def fitted(
        cls,
        records: SequenceSet,
        label: str,
        family: Family = "boosting",
        kind: ConditionKind | None = None,
        seed: int = 0,
    ) -> Predictor:
        """Learn a label from records; those without one do not count.

        Parameters
        ----------
        records : SequenceSet
            Labelled records; alignment gaps are taken out.
        label : str
            Name of the label.
        family : {"boosting", "ridge"}
            How it predicts.
        kind : {"class", "multi", "number"}, optional
            What the label is; found from its values.
        seed : int
            Seed of the trees.

        Raises
        ------
        ConfigError
            If there is no such label.
        DataError
            If too few records have one, or all have the same.
        """
        asked = label if kind is None else f"{label}={kind}"
        found = chosen_conditions([asked], records.labels, "the records")[label]
        records = labelled(records, label).ungapped()
        if len(records) < FEWEST:
            raise DataError(
                f"label {label!r}: {len(records):,} records have one, {FEWEST} are needed"
            )
        names, targets = _targets(records.labels[label], label, found)
        if (np.ptp(targets, 0) == 0).all():
            raise DataError(f"label {label!r}: all {len(records):,} records have the same")
        distribution = np.zeros(0)
        if found == "number":
            distribution = quantiles(numbers(records.labels[label]))
        described = Described.by(records)
        if not described.size:
            raise DataError(
                f"label {label!r}: all sequences that have it are alike; nothing can be learned"
            )
        model = learned(described.of(records), targets, family, found, seed)
        return cls(label, found, family, names, described, model, distribution, len(records))

    def __call__(self, sequences: list[str]) -> dict[str, np.ndarray]:
        """Predict sequences.

        Returns
        -------
        dict of str to numpy.ndarray, shape (n,)
            The number within the labels that were learned from; of each class 0 to 1.

        Raises
        ------
        DataError, AlphabetError
            If a sequence has another length or other letters than the records it has learned from.
        """
        records = SequenceSet.from_strings(sequences, alphabet=self.described.alphabet)
        length = self.described.length
        if length and (records.lengths != length).any():
            other = records.lengths[records.lengths != length][0]
            raise DataError(
                f"a sequence of {other:,} letters; this predictor reads positions, of {length:,}"
            )
        found = np.clip(self.model(self.described.of(records)), 0, 1)
        if self.kind == "number":
            found = from_ranks(found, self.quantiles)
        return dict(zip(self.names, found.T, strict=True))

    @property
    def spread(self) -> float | None:
        """Standard deviation of the numbers that it has learned from; None of classes."""
        return float(self.quantiles.std()) if self.kind == "number" else None

    def save(self, folder: Path) -> None:
        """Write ``oracle.json`` and ``weights.safetensors`` into a folder.

        Raises
        ------
        OutputError
            If they cannot be written.
        """
        claim_folder(folder)
        own = {key: np.ascontiguousarray(value) for key, value in vars(self.model).items()}
        described = {name: getattr(self.described, name) for name in ("kept", "middle", "spread")}
        with writing(folder / WEIGHTS):
            (folder / WEIGHTS).write_bytes(save(own | described | {"quantiles": self.quantiles}))
        write_json(
            {
                "version": __version__, "label": self.label, "kind": self.kind,
                "family": self.family, "model": type(self.model).__name__,
                "names": list(self.names), "records": self.records,
                "alphabet": self.described.alphabet.to_dict(), "length": self.described.length,
                "assessed": self.assessed,
            },
            folder / FACTS,
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> Predictor:
        """Read what :meth:`save` has written.

        Raises
        ------
        CheckpointError
            If it is no such folder, or damaged.
        """
        facts = check_fields(
            str(folder / FACTS), read_json(folder / FACTS, CheckpointError),
            {"label": str, "kind": ConditionKind, "family": Family, "model": str,
             "names": list[str], "records": int, "alphabet": dict, "length": int, "assessed": dict},
        )  # fmt: skip
        path = folder / WEIGHTS
        with reading(path, "damaged or not a safetensors file", CheckpointError):
            try:
                found = load(path.read_bytes())
            except SafetensorError as error:
                raise CheckpointError(f"{path}: damaged or not a safetensors file") from error
        with reading(folder, "weights of another predictor", CheckpointError):
            alphabet = Alphabet.from_dict(facts.pop("alphabet"))
            read = (found.pop(name) for name in ("kept", "middle", "spread"))
            described = Described(alphabet, facts.pop("length"), *read)
            quantiles = found.pop("quantiles")
            model = MODELS[facts.pop("model")](**found)
            targets = model(np.zeros((1, described.size), np.float32)).shape[1]
        if targets != len(facts["names"]):
            raise CheckpointError(
                f"{folder}: weights of {targets:,} targets for {len(facts['names']):,}"
            )
        names = tuple(facts.pop("names"))
        return cls(**facts, names=names, described=described, model=model, quantiles=quantiles)


def labelled(records: SequenceSet, label: str) -> SequenceSet:
    """Return the records that have a label."""
    return records[np.array([bool(str(value).strip()) for value in records.labels[label]])]


def _targets(
    values: np.ndarray, label: str, kind: ConditionKind
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the columns and what is learned, shape (n, columns), 0 to 1."""
    if kind == "number":
        return (label,), ranks(numbers(values))[:, None]
    have = [members(v) if kind == "multi" else (str(v).strip(),) for v in values]
    names = tuple(sorted({name for some in have for name in some}))
    return names, np.array([[name in some for name in names] for some in have], float)


def assess(
    records: SequenceSet,
    label: str,
    family: Family = "boosting",
    kind: ConditionKind | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Say how well a label of held-out records is predicted, none of which has a near copy.

    Parameters
    ----------
    records, label, family, kind, seed
        As for :meth:`Predictor.fitted`; the seed decides also what is held out.

    Returns
    -------
    dict
        ``measure`` (Spearman's ``r``, or ``accuracy``, balanced over classes), its ``value``,
        ``low`` and ``high`` (95 %), ``held_out`` (records) and ``identity`` across the split.
    """
    # One copy of each sequence: a copy on both sides would be known by heart.
    parts = split(labelled(records, label).ungapped(), _HELD_OUT, seed)
    predictor = Predictor.fitted(parts.train, label, family, kind, seed)
    held = parts.held_out
    found = _measured(predictor, held)
    return {
        "measure": "r" if predictor.kind == "number" else "accuracy",
        **found._asdict(), "held_out": len(held), "identity": parts.identity,
    }  # fmt: skip


def _measured(predictor: Predictor, held: SequenceSet) -> Measured:
    predicted = np.stack([*predictor(held.strings()).values()], 1)
    groups = clusters(held, 0.9)
    if predictor.kind == "number":
        true = numbers(held.labels[predictor.label])
        if min(np.ptp(true), np.ptp(predicted)) == 0:
            return Measured(0.0, -1.0, 1.0)
        return rank_correlation(true, predicted[:, 0], groups)
    names, true = _targets(held.labels[predictor.label], predictor.label, predictor.kind)
    own = [predictor.names.index(name) for name in names if name in predictor.names]
    true = true[:, [name in predictor.names for name in names]].astype(bool)
    if predictor.kind == "multi":
        both = true.any(0) & ~true.all(0)
        return multi_accuracy(true[:, both], predicted[:, own][:, both] > 0.5, groups).all
    known = true.any(1)
    asked = np.array(own)[true[known].argmax(1)]
    return class_accuracy(asked, predicted[known].argmax(1), groups[known]).all


def other(family: Family) -> Family:
    """Return the family that checks another one."""
    return "boosting" if family == "ridge" else "ridge"


def halves(records: SequenceSet, label: str, seed: int) -> Sequence[SequenceSet]:
    """Part labelled records into two halves without near copies between them.

    Raises
    ------
    DataError
        If they cannot be parted.
    """
    parts = split(labelled(records, label).ungapped(), 0.5, seed)
    if min(len(parts.train), len(parts.held_out)) < FEWEST:
        raise DataError(
            f"label {label!r}: the records cannot be parted into two halves of {FEWEST} without "
            "near copies between them: give a second predictor with --check"
        )
    return parts.train, parts.held_out

"""Contrasts: the two sets of records whose difference is to be explained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core.display import shown
from biogan.core.errors import ConfigError, DataError, few, plural
from biogan.core.rng import rng
from biogan.evaluation.two_sample import FOLDS
from biogan.sequences.baselines import BASELINES, get_baseline
from biogan.sequences.baselines.simple import dinucleotide_shuffled, letters_shuffled
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import read_fasta, reading_like
from biogan.sequences.overlaps import Overlaps, joined
from biogan.sequences.similarity.pairs import clusters

#: What records can be held against, for messages.
NAMED = (
    "generated (with a RUN), dinucleotide, shuffle, markov-3 or another baseline, NAME=VALUE of a "
    "label, or a FASTA"
)
#: Records of the model of the run.
GENERATED = "generated"
# What is made of each record, in words.
_SHUFFLES = {"dinucleotide": "dinucleotide shuffles", "shuffle": "shuffles"}
# Records of a class that the judge learns from at most.
MOST = 10_000
# Blocks of overlapping records, of both classes together.
_BLOCKS = 4 * FOLDS
# Records of a class: fewer cannot be put into folds, and nothing can be learned of them.
FEWEST = 50


@dataclass(frozen=True)
class Contrast:
    """Two sets, and which of their records are alike.

    Attributes
    ----------
    records, others : SequenceSet
        What is explained, and what it is held against.
    groups : numpy.ndarray, shape (n of both,), int
        Records with one number are near copies, overlap, or are a record and what was made of it.
    against : str
        What the others are, in words.
    left_out : int
        Records that stand between two blocks of overlapping ones.
    """

    records: SequenceSet
    others: SequenceSet
    groups: np.ndarray
    against: str
    left_out: int = 0


def contrast(
    records: SequenceSet,
    against: str | SequenceSet,
    model: Any = None,
    label: str | None = None,
    seed: int = 0,
) -> Contrast:
    """Choose or draw the records that others are held against.

    Parameters
    ----------
    records : SequenceSet
        What is to be explained.
    against : str or SequenceSet
        The others, or what they are: ``generated``, ``dinucleotide`` or ``shuffle`` (of the same
        records), the name of a baseline such as ``markov-3``, ``NAME=VALUE`` of a label, or a file.
    model : SequenceGAN, optional
        The model of ``generated``.
    label : str, optional
        ``NAME=VALUE``: only these records are explained.
    seed : int
        Seed of what is drawn.

    Raises
    ------
    ConfigError, DataError
        If there are no such records, or fewer than 50 of either set.

    Examples
    --------
    >>> reads = SequenceSet.from_strings(["ACGTACGTAC", "TTGTACGAAC"] * 50)
    >>> contrast(reads, "dinucleotide").against
    'dinucleotide shuffles of the records'
    """
    whole, shuffled = records, False
    if label is not None:
        records = records[_labelled(records, label, "--label")]
        if not len(records):
            raise DataError(f"--label {label}: no record has this label")
    if isinstance(against, str) and "=" in against and not Path(against).exists():
        chosen = _labelled(whole, against, "--against")
        others, said = whole[chosen], f"records with {against}"
        if label is None:
            records = whole[~chosen]
        elif (_labelled(whole, label, "--label") & chosen).any():
            raise ConfigError(f"--label {label}: some of these records have {against}, too")
        records, others = _some(records, seed), _some(others, seed)
    else:
        records = _some(records, seed)
        if isinstance(against, SequenceSet):
            others, said = _some(against, seed), "other records"
        elif against in _SHUFFLES:
            others, shuffled = shuffles(records, against, seed), True
            said = f"{_SHUFFLES[against]} of the records"
        elif against == GENERATED:
            others, said = _generated(records, model, seed), "records of the model"
        elif Path(against).is_file():
            others = _some(read_fasta(against, reading_like(records.alphabet)), seed)
            said = f"records of {Path(against).name}"
        elif against in BASELINES or against.rpartition("-")[2].isdigit():
            others = get_baseline(against).fit(records).sample(len(records), seed)
            said = f"records of {against}"
        else:
            raise ConfigError(f"--against {shown(against)}: is no file and no name; give {NAMED}")
    if records.alphabet.letters != others.alphabet.letters:
        raise DataError(
            f"--against: letters {others.alphabet.letters}, the records have "
            f"{records.alphabet.letters}"
        )
    kept, groups = _relatives(records, others, shuffled)
    n = len(records)
    records, others = records[np.flatnonzero(kept[:n])], others[np.flatnonzero(kept[n:])]
    for what, some in (("--records", records), ("--against", others)):
        if len(some) < FEWEST:
            raise DataError(f"{what}: {plural(len(some), 'record')}; at least {FEWEST} are needed")
    return Contrast(records, others, groups[kept], said, int((~kept).sum()))


def _relatives(
    records: SequenceSet, others: SequenceSet, shuffled: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return which records of both sets are kept, bool, and groups that share letters.

    Long chains of overlapping records, as windows of one chromosome, are cut into blocks: a few
    records between two blocks are left out.
    """
    # What was made of a record is in its fold: both have its letters.
    both = records if shuffled else SequenceSet.concatenate([records, others])
    groups, overlaps = clusters(both, 0.9), Overlaps.of(both)
    kept = np.ones(len(both), bool)
    if overlaps.any:
        block, kept = overlaps.blocks(_BLOCKS)
        groups = joined(groups, block)
    if shuffled:
        kept, groups = np.tile(kept, 2), np.tile(groups, 2)
    return kept, groups


def shuffles(records: SequenceSet, kind: str = "dinucleotide", seed: int = 0) -> SequenceSet:
    """Shuffle each record; shuffle ``i`` is that of record ``i``.

    Parameters
    ----------
    records : SequenceSet
        Records.
    kind : {"dinucleotide", "shuffle"}
        Whether neighbours are kept.
    seed : int
        Seed.
    """
    change = dinucleotide_shuffled if kind == "dinucleotide" else letters_shuffled
    codes = change(records, rng(seed, "explain shuffles"))
    return SequenceSet(records.alphabet, codes, records.offsets)


def _some(records: SequenceSet, seed: int) -> SequenceSet:
    """Draw the records that are read, in their order."""
    if len(records) <= MOST:
        return records
    return records.take(np.sort(rng(seed, "explain").permutation(len(records))[:MOST]))


def _labelled(records: SequenceSet, text: str, flag: str) -> np.ndarray:
    name, _, value = text.partition("=")
    if name not in records.labels:
        known = few(sorted(records.labels)) if records.labels else "none"
        raise DataError(f"{flag} {shown(text)}: no label of this name; the records have {known}")
    found = np.array([v == value for v in records.labels[name]])
    if not found.any():
        values = few(sorted({str(v) for v in records.labels[name]}))
        raise DataError(f"{flag} {shown(text)}: no record has this label; it is {values}")
    return found


def _generated(records: SequenceSet, model: Any, seed: int) -> SequenceSet:
    if model is None:
        raise ConfigError("--against generated: of which model? name its folder, RUN")
    found: SequenceSet = model.sample(len(records), seed)
    return found

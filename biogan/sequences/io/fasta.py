"""Reading sequences: from a path, strings or Biopython records to a clean :class:`SequenceSet`.

Everything that was not clean in the input is counted in a report.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from biogan.core.errors import AlphabetError, DataError, FastaError, plural
from biogan.core.files import enough_memory
from biogan.core.inputs import Readable, name_of
from biogan.core.labels import header_labels, join_labels
from biogan.evaluation.samples import random_order
from biogan.sequences.alphabet import ALPHABETS, Alphabet
from biogan.sequences.config import ReadingConfig
from biogan.sequences.dataset import SequenceSet, cut_windows
from biogan.sequences.io.chunks import Raw, Watch, iter_chunks
from biogan.sequences.io.detect import Whole
from biogan.sequences.io.input_report import (
    Finding,
    FindingCount,
    InputReport,
    add_up,
    named,
)
from biogan.sequences.io.policies import Policies
from biogan.sequences.io.records import Letters, Record

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord


class Counts(NamedTuple):
    """What the policies found and did in some records.

    Attributes
    ----------
    records, kept, letters, valid : int
        Records read; records and letters kept; records that were clean before any policy.
    finding_counts : list of FindingCount
        What was not clean.
    """

    records: int
    kept: int
    letters: int
    valid: int
    finding_counts: list[FindingCount]


class Clean(NamedTuple):
    """What the policies made of some records.

    Attributes
    ----------
    alphabet : Alphabet
        The alphabet, that of the whole file.
    letters : Letters
        The letters of the records that are kept.
    keep : numpy.ndarray, shape (n,), bool
        Which records are kept.
    counts : Counts
        What was found and done.
    """

    alphabet: Alphabet
    letters: Letters
    keep: np.ndarray
    counts: Counts


def clean(raw: Raw, config: ReadingConfig, source: str, whole: Whole, part: int = 0) -> Clean:
    """Apply the policies to some records of a file, or to all of them.

    Raises
    ------
    FastaError
        If a policy says ``error`` and is met.
    """
    work = Policies(raw.letters, config, source, raw.ids, raw.lines, whole, part)
    alphabet = work.apply()
    known = set((alphabet.letters + alphabet.letters.lower()).encode())
    foreign = bytes(c for c in range(256) if c not in known)
    letters = raw.letters.without(string.whitespace.encode())
    valid = (letters.per_record(letters.positions(foreign)) == 0) & (letters.lengths > 0)
    keep = ~work.gone
    kept = work.letters.take(keep)
    sums = len(keep), int(keep.sum()), len(kept.data), int(valid.sum())
    return Clean(alphabet, kept, keep, Counts(*sums, work.finding_counts))


def summary(
    counts: Sequence[Counts],
    alphabet: Alphabet,
    config: ReadingConfig,
    source: str,
    whole: Whole,
    notes: list[str],
) -> InputReport:
    """Say what was found and done in all parts of a file.

    Raises
    ------
    FastaError
        If no record is left.
    """
    reason = whole.evidence["alphabet"].reason()
    if whole.whose:
        # Nobody looked at these letters when the alphabet was chosen.
        doubt = whole.evidence["alphabet"].doubt(alphabet)
        reason = f"that of {whole.whose}" + (f"; {doubt}" if doubt else "")
    elif config.alphabet:
        reason = "asked for by --alphabet"
    report = InputReport(
        source=source,
        alphabet=alphabet.name,
        alphabet_reason=reason,
        records=sum(part.records for part in counts),
        kept=sum(part.kept for part in counts),
        letters=sum(part.letters for part in counts),
        valid_records=sum(part.valid for part in counts),
        findings=add_up(count for part in counts for count in part.finding_counts),
        notes=notes,
        options=config.to_dict(),
    )
    if not report.kept:
        reasons = "; ".join(f.line() for f in report.findings if f.dropped)
        raise FastaError(
            f"no record is left of {report.records:,} for alphabet {alphabet.name} "
            f"({report.alphabet_reason}): {reasons}",
            source,
        )
    return report


def clean_records(
    records: Iterable[Record] | Raw,
    config: ReadingConfig | None = None,
    source: str = "records",
    notes: list[str] | None = None,
    whose: str = "",
) -> SequenceSet:
    """Turn raw records into sequences of one alphabet.

    Parameters
    ----------
    records : iterable of Record
        Raw records, e.g. from :func:`biogan.sequences.io.records.iter_records`.
    config : ReadingConfig, optional
        The policies; the defaults are in ``docs/input.md``.
    source : str
        Name of the file, for messages.
    notes : list of str, optional
        Notes about the file, kept in the report. Read after the last record.
    whose : str
        Whose alphabet ``config`` names, see :func:`biogan.read_fasta`.

    Returns
    -------
    SequenceSet
        With an :class:`InputReport` as ``report``.

    Raises
    ------
    FastaError
        If a policy says ``error`` and is met, or if no record is left.
    DataError
        If a table of labels does not fit.

    Examples
    --------
    >>> s = clean_records([Record("a", "", "acgt", 1), Record("b", "", "AC GN", 3)])
    >>> s.strings(), s.report.dropped
    (['ACGT'], {'ambiguous': 1})
    """
    config = config or ReadingConfig()
    notes = [] if notes is None else notes
    raw = records if isinstance(records, Raw) else Raw.of(records)
    if not raw.ids:
        raise FastaError("no record found", source)
    whole = Whole(whose=whose)
    cleaned = clean(raw, config, source, whole)
    report = summary([cleaned.counts], cleaned.alphabet, config, source, whole, notes)
    ids = _name(raw, report.findings)
    columns, more = header_labels(raw.descriptions)
    notes += more
    if config.labels is not None:
        columns, more = join_labels(columns, config.labels, ids, raw.ids)
        notes += more
    keep = cleaned.keep.tolist()
    sequences = SequenceSet(
        cleaned.alphabet,
        cleaned.alphabet.encode(cleaned.letters.data),
        cleaned.letters.offsets,
        list(compress(ids, keep)),
        {name: list(compress(values, keep)) for name, values in columns.items()},
        report=report,
    )
    if config.window is None:
        return sequences
    windows, counts = windows_of(sequences, config)
    notes.append(counts.note(config, source))
    return windows


class WindowCounts(NamedTuple):
    """How records were cut into windows.

    Attributes
    ----------
    windows, left_out : int
        Windows that are kept, and those with ambiguous letters, which are not.
    left_over : int
        Letters behind the last window of a record.
    """

    windows: int = 0
    left_out: int = 0
    left_over: int = 0

    def plus(self, other: WindowCounts) -> WindowCounts:
        """Return the counts of both parts."""
        return WindowCounts(*(a + b for a, b in zip(self, other, strict=True)))

    def note(self, config: ReadingConfig, source: str) -> str:
        """Say into how many windows the records were cut.

        Raises
        ------
        FastaError
            If there is none.
        """
        lost = f", {self.left_out:,} with ambiguous letters are left out" * (self.left_out > 0)
        if not self.windows:
            raise FastaError(f"no window of {config.window:,} letters is left{lost}", source)
        return (
            f"cut into {plural(self.windows, 'window')} of {config.window:,} letters, "
            f"{config.stride or config.window} apart{lost}; {plural(self.left_over, 'letter')} "
            "left over behind the last window of a record"
        )


def windows_of(sequences: SequenceSet, config: ReadingConfig) -> tuple[SequenceSet, WindowCounts]:
    """Cut records into windows as the options say."""
    assert config.window is not None
    windows, left_over = cut_windows(sequences, config.window, config.stride)
    steps = (sequences.lengths - config.window) // (config.stride or config.window)
    there = int(np.maximum(steps + 1, 0).sum())
    return windows, WindowCounts(len(windows), there - len(windows), left_over)


def _name(raw: Raw, findings: list[Finding]) -> list[str]:
    """Give every record an id of its own: ``record_<n>`` without one, ``id#2`` for a second."""
    ids = raw.ids
    if "" in ids:
        unnamed = np.array([not name for name in ids])
        ids = [name or f"record_{n}" for n, name in enumerate(ids, 1)]
        done = "named record_<n> by their place in the file"
        first = named(raw.ids, raw.lines, unnamed)
        findings.append(Finding("no id", "no id", done, int(unnamed.sum()), first=first))
    if len(set(ids)) == len(ids):
        return ids
    seen: dict[str, int] = {}
    before, ids = ids, list(ids)
    taken, renamed = set(ids), np.zeros(len(ids), np.bool_)
    for i, name in enumerate(before):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 1:
            continue
        while f"{name}#{seen[name]}" in taken:
            seen[name] += 1
        ids[i] = f"{name}#{seen[name]}"
        taken.add(ids[i])
        renamed[i] = True
    done, first = "renamed id#2, id#3 ...", named(before, raw.lines, renamed)
    count = int(renamed.sum())
    findings.append(Finding("repeated id", "a repeated id", done, count, first=first))
    return ids


def read_fasta(
    path: Readable,
    config: ReadingConfig | None = None,
    *,
    watch: Watch | None = None,
    whose: str = "",
    **options: object,
) -> SequenceSet:
    """Read FASTA, FASTQ or bare sequences, plain or compressed.

    Parameters
    ----------
    path : str, Path or open file
        File name, ``-`` for standard input, or a file that is open for bytes or text. It is opened
        once and read from its beginning to its end, so that a pipe will do.
    config : ReadingConfig, optional
        The policies for doubtful letters; the defaults are in ``docs/input.md``.
    watch : callable, optional
        Receives now and then how many bytes of the file were read, and how many it has (``None``
        for a pipe).
    whose : str
        Whose alphabet ``config`` names, for messages: ``"the reference"``; by default it was asked
        for.
    **options
        Fields of :class:`~biogan.sequences.config.ReadingConfig`, over those of ``config``.

    Returns
    -------
    SequenceSet
        Its ``report`` says what was found and done, see :meth:`InputReport.lines`.

    Raises
    ------
    FastaError
        If the file cannot be read whole, a policy says ``error``, or no record is left.
    DataError
        If a table of labels does not fit, or memory does not suffice.
    ConfigError
        If an option is unknown or out of range.

    Examples
    --------
    >>> read_fasta("promoters.fa.gz", ambiguous="resolve", length=50)  # doctest: +SKIP
    SequenceSet(10696 dna sequences, length 50)
    """
    config = (config or ReadingConfig()).replace(**options)
    notes: list[str] = []
    hint = "give a smaller file, or let biogan train --store read it in parts"
    with enough_memory(name_of(path), hint):
        chunks = iter_chunks(path, config.format, notes, watch, ratio=config.unpack_ratio)
        return clean_records(Raw.join(list(chunks)), config, name_of(path), notes, whose)


#: Whose alphabet further inputs are read with, for messages.
REFERENCE = "the reference"
Sequences = SequenceSet | Sequence[str] | Sequence["SeqRecord"]


def as_set(
    sequences: Sequences, name: str, alphabet: Alphabet | None = None, whose: str = REFERENCE
) -> SequenceSet:
    """Take sequences in any form, over the alphabet of the reference.

    Strings and Biopython records are cleaned like those of a file, with the default policies of
    ``docs/input.md``; the ``report`` of the set says what was found and done.

    Parameters
    ----------
    sequences : SequenceSet, list of str or list of Bio.SeqRecord.SeqRecord
        Records.
    name : str
        What an error calls them.
    alphabet : Alphabet, optional
        Alphabet to bring them to; found from the letters by default.
    whose : str
        Whose alphabet that is, for errors.

    Raises
    ------
    DataError
        If there is no record, or something is no sequence.
    AlphabetError
        If a letter is not in the alphabet, or no record of strings is left after cleaning.

    Examples
    --------
    >>> as_set(["acgt", "ACNT"], "reference").strings()
    ['ACGT']
    """
    if not isinstance(sequences, SequenceSet):
        sequences = _cleaned(sequences, name, alphabet, whose)
    if not len(sequences):
        raise DataError(f"the {name} set has no records: nothing to evaluate")
    if alphabet is None or sequences.alphabet.letters == alphabet.letters:
        return sequences
    try:
        converted = SequenceSet.from_strings(
            sequences.strings(), sequences.ids, alphabet, sequences.labels
        )
    except AlphabetError as error:
        raise AlphabetError(f"the {name} set does not fit {whose}: {error}") from None
    converted.weights, converted.report = sequences.weights, sequences.report
    return converted


def reading_like(alphabet: Alphabet, config: ReadingConfig | None = None) -> ReadingConfig:
    """Return the options that read a further input with the alphabet of the reference.

    Labels of the table of the reference are not looked for in the other inputs.
    """
    config = config or ReadingConfig()
    known = alphabet.name in ALPHABETS
    return config.replace(
        alphabet=alphabet.name if known else f"custom:{alphabet.letters}",
        gaps="letter" if alphabet.has_gap else config.gaps,
        labels=None,
    )


def shuffled(sequences: SequenceSet, seed: int, part: str = "") -> SequenceSet:
    """Put records into a random order that depends on their letters, not on the file's order.

    ``part`` is that of :func:`biogan.evaluation.samples.random_order`.
    """
    keys = [text.encode() for text in sequences.strings()]
    return sequences.take(random_order(keys, seed, part))


def _cleaned(
    sequences: Sequence[str] | Sequence[SeqRecord],
    name: str,
    alphabet: Alphabet | None,
    whose: str,
) -> SequenceSet:
    if isinstance(sequences, str | bytes):
        raise DataError(
            f"the {name} set is one string: give a list of sequences, or read a file with "
            "biogan.read_fasta"
        )
    records = [_record(item, i, name) for i, item in enumerate(sequences, 1)]
    if not records:
        raise DataError(f"the {name} set has no records: nothing to evaluate")
    config = None if alphabet is None else reading_like(alphabet)
    try:
        return clean_records(records, config, name, whose="" if alphabet is None else whose)
    except FastaError as error:
        fits = "cannot be read" if alphabet is None else f"does not fit {whose}"
        raise AlphabetError(f"the {name} set {fits}: {error}") from None


def _record(item: object, number: int, name: str) -> Record:
    if isinstance(item, str):
        return Record(f"seq_{number}", "", item, number)
    text, record_id = getattr(item, "seq", None), getattr(item, "id", None)
    if text is None or record_id is None:
        raise DataError(
            f"record {number} of the {name} set is of type {type(item).__name__}: give strings, "
            "Biopython records or a SequenceSet"
        )
    described = str(getattr(item, "description", ""))
    return Record(str(record_id), described.removeprefix(str(record_id)), str(text), number)

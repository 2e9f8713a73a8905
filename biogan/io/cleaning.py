"""Raw records in, one :class:`SequenceSet` out, with a report of all that was not clean."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np

from biogan.alphabet import Alphabet
from biogan.config import ReadingConfig
from biogan.datasets.sequences import SequenceSet
from biogan.datasets.windows import cut_windows
from biogan.errors import FastaError
from biogan.io.chunks import Raw
from biogan.io.input_report import Finding, InputReport, plural
from biogan.io.labels import header_labels, join_labels
from biogan.io.letters import Letters
from biogan.io.policies import Policies
from biogan.io.records import Record
from biogan.io.tally import Tally, add_up
from biogan.io.whole import Whole


class Counts(NamedTuple):
    """What the policies found and did in some records.

    Attributes
    ----------
    records, kept, letters, valid : int
        Records read; records and letters kept; records that were clean before any policy.
    tallies : list of Tally
        What was not clean.
    """

    records: int
    kept: int
    letters: int
    valid: int
    tallies: list[Tally]


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
    return Clean(alphabet, kept, keep, Counts(*sums, work.tallies))


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
        findings=add_up(tally for part in counts for tally in part.tallies),
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
        Raw records, e.g. from :func:`biogan.io.records.iter_records`.
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
    ids = _name(raw.ids, report.findings)
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
    windows, left_over = cut_windows(sequences, config.window, config.stride)
    notes.append(windows_note(len(windows), left_over, config))
    return windows


def windows_note(windows: int, left_over: int, config: ReadingConfig) -> str:
    """Say into how many windows the records were cut."""
    return (
        f"cut into {plural(windows, 'window')} of {config.window} letters, "
        f"{config.stride or config.window} apart; {plural(left_over, 'letter')} left over behind "
        "the last window of a record"
    )


def _name(raw: list[str], findings: list[Finding]) -> list[str]:
    """Give every record an id of its own: ``record_<n>`` without one, ``id#2`` for a second."""
    ids, unnamed = raw, raw.count("")
    if unnamed:
        ids = [name or f"record_{n}" for n, name in enumerate(raw, 1)]
        done = "named record_<n> by their place in the file"
        findings.append(Finding("no id", "no id", done, unnamed))
    if len(set(ids)) == len(ids):
        return ids
    seen: dict[str, int] = {}
    ids = list(ids)
    taken, renamed, first = set(ids), 0, ""
    for i, name in enumerate(ids):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 1:
            continue
        while f"{name}#{seen[name]}" in taken:
            seen[name] += 1
        ids[i] = f"{name}#{seen[name]}"
        taken.add(ids[i])
        renamed, first = renamed + 1, first or name
    findings.append(
        Finding(
            "repeated id", f"a repeated id (first {first!r})", "renamed id#2, id#3 ...", renamed
        )
    )
    return ids

"""Raw records in, one :class:`SequenceSet` out, with a report of all that was not clean."""

from __future__ import annotations

import string
from collections.abc import Iterable

import numpy as np

from biogan.config import ReadingConfig
from biogan.datasets.sequences import SequenceSet
from biogan.datasets.windows import cut_windows
from biogan.errors import FastaError
from biogan.io.input_report import Finding, InputReport, plural
from biogan.io.labels import header_labels, join_labels
from biogan.io.letters import Letters
from biogan.io.policies import Policies
from biogan.io.records import Record


def clean_records(
    records: Iterable[Record],
    config: ReadingConfig | None = None,
    source: str = "records",
    notes: list[str] | None = None,
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
    raw_ids, descriptions, texts, lines = [], [], [], []
    for name, description, text, line in records:
        raw_ids.append(name)
        descriptions.append(description)
        texts.append(text)
        lines.append(line)
    if not texts:
        raise FastaError("no record found", source)
    raw = Letters.from_texts(texts)
    del texts
    work = Policies(raw, config, source, raw_ids, lines)
    alphabet, reason = work.apply()
    ids = _name(raw_ids, work.findings)
    columns, more = header_labels(descriptions)
    notes += more
    if config.labels is not None:
        columns, more = join_labels(columns, config.labels, ids, raw_ids)
        notes += more
    keep = ~work.gone
    letters = work.letters.take(keep)
    foreign = bytes(set(range(256)) - set((alphabet.letters + alphabet.letters.lower()).encode()))
    raw = raw.without(string.whitespace.encode())
    valid = (raw.per_record(raw.positions(foreign)) == 0) & (raw.lengths > 0)
    report = InputReport(
        source=source,
        alphabet=alphabet.name,
        alphabet_reason=reason,
        records=len(ids),
        kept=int(keep.sum()),
        letters=len(letters.data),
        valid_records=int(valid.sum()),
        findings=work.findings,
        notes=notes,
        options=config.to_dict(),
    )
    kept = np.flatnonzero(keep).tolist()
    sequences = SequenceSet(
        alphabet,
        alphabet.encode(letters.data),
        letters.offsets,
        [ids[i] for i in kept],
        {name: [values[i] for i in kept] for name, values in columns.items()},
        report=report,
    )
    if config.window is None:
        return sequences
    windows, left_over = cut_windows(sequences, config.window, config.stride)
    notes.append(
        f"cut into {plural(len(windows), 'window')} of {config.window} letters, "
        f"{config.stride or config.window} apart; {plural(left_over, 'letter')} left over behind "
        "the last window of a record"
    )
    return windows


def _name(raw: list[str], findings: list[Finding]) -> list[str]:
    """Give every record an id of its own: ``record_<n>`` without one, ``id#2`` for a second."""
    ids = [name or f"record_{n}" for n, name in enumerate(raw, 1)]
    unnamed = raw.count("")
    if unnamed:
        findings.append(
            Finding("no id", "no id", "named record_<n> by their place in the file", unnamed)
        )
    if len(set(ids)) == len(ids):
        return ids
    seen: dict[str, int] = {}
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

"""The report of reading an input: counts of what was found and changed, and the same as sentences.

Counts of single chunks are added up over a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from biogan.core.display import code_point, shown
from biogan.core.errors import plural


@dataclass(frozen=True)
class Finding:
    """One kind of doubtful thing in an input.

    Attributes
    ----------
    kind : str
        Short name: ``"ambiguous"``, ``"lower case"``, ``"empty"``.
    what : str
        The kind in words, with the letters seen.
    done : str
        What was done, with the flag that changes it.
    records, letters : int
        How many records and letters it concerns (letters are 0 where it is about whole records).
    dropped : int
        Records dropped for this reason; each dropped record counts for one reason only.
    first : tuple of str
        The first few of the records that were dropped or renamed, each with its line.
    """

    kind: str
    what: str
    done: str
    records: int
    letters: int = 0
    dropped: int = 0
    first: tuple[str, ...] = ()

    def line(self) -> str:
        """Return the finding as a sentence."""
        many = plural(self.records, "record")
        if self.letters:
            many += f" ({plural(self.letters, 'letter')})"
        first = f"; first: {', '.join(self.first)}" if self.first else ""
        return f"{many} with {self.what}: {self.done}{first}"


@dataclass
class InputReport:
    """What reading an input found and did.

    Attributes
    ----------
    source : str
        The file, ``-`` for standard input.
    alphabet : str
        Name of the alphabet.
    alphabet_reason : str
        Why this one.
    records : int
        Records read; always ``kept + sum(dropped.values())``.
    kept : int
        Records kept, before they are cut into windows.
    letters : int
        Letters kept.
    valid_records : int
        Records that held only letters of the alphabet, in any case, before any cleaning (white
        space aside). For generated sequences ``valid_records / records`` is their validity.
    findings : list of Finding
        Everything that was not clean, in the order in which it was dealt with.
    notes : list of str
        Oddities of the file itself, one sentence each.
    options : dict
        The reading options that were in force.

    Examples
    --------
    >>> report = InputReport("a.fa", "dna", "letters A C G T", 3, 2, 8, 2)
    >>> report.findings.append(Finding("empty", "no letters", "dropped", 1, dropped=1))
    >>> for line in report.lines():
    ...     print(line)
    a.fa: 3 records read, 2 kept (8 letters), 1 dropped (1 empty)
    alphabet dna: letters A C G T
    1 record with no letters: dropped
    """

    source: str
    alphabet: str
    alphabet_reason: str
    records: int
    kept: int
    letters: int
    valid_records: int
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def dropped(self) -> dict[str, int]:
        """Records dropped, by reason; only reasons that occurred."""
        return {f.kind: f.dropped for f in self.findings if f.dropped}

    def finding(self, kind: str) -> Finding | None:
        """Return the finding of one kind, ``None`` if there was nothing of the kind."""
        return next((f for f in self.findings if f.kind == kind), None)

    def lines(self) -> list[str]:
        """Return the report as plain sentences, the first a summary."""
        name = "standard input" if self.source == "-" else self.source
        reasons = ", ".join(f"{count:,} {kind}" for kind, count in self.dropped.items())
        dropped = f", {self.records - self.kept:,} dropped ({reasons})" if reasons else ""
        return [
            f"{name}: {plural(self.records, 'record')} read, {self.kept:,} kept "
            f"({plural(self.letters, 'letter')}){dropped}",
            f"alphabet {self.alphabet}: {self.alphabet_reason}",
            *self.notes,
            *(finding.line() for finding in self.findings),
        ]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> InputReport:
        """Rebuild a report written by :meth:`to_dict`."""
        kept = {key: value for key, value in data.items() if key != "dropped"}
        rows = [{**row, "first": tuple(row.get("first", ()))} for row in data["findings"]]
        return cls(**kept | {"findings": [Finding(**row) for row in rows]})

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a plain dictionary, ready for JSON."""
        return {
            "source": self.source,
            "alphabet": self.alphabet,
            "alphabet_reason": self.alphabet_reason,
            "records": self.records,
            "kept": self.kept,
            "letters": self.letters,
            "valid_records": self.valid_records,
            "dropped": self.dropped,
            "findings": [{**vars(f)} for f in self.findings],
            "notes": list(self.notes),
            "options": dict(self.options),
        }


SEEN, MAY_BE = "{seen}", "{may be}"
# What letters that no alphabet has may come from.
_HINTS = {
    ">": "'>' inside a line: behind a blank, or files joined where one has no last line end?",
    "()": "a line of brackets, as RNA folding programs write, is no sequence",
    "[]": "a variant such as [A/G] has a letter of its own, here R",
    "/": "'//' ends an entry of GenBank or EMBL, take such lines out",
    "~_?": "gaps are read where they are '-' or '.'",
    "&{}\\": "HTML or RTF instead of plain text?",
    "\"'": "quotes: save the file as plain text without them",
    "@+": "FASTQ? --format fastq reads it",
}
MOST_SHOWN = 8  # letters
MOST_NAMED = 3  # records
# The order in which the policies deal with things, and the report tells them.
ORDER = (
    "white space", "digits", "a2m insert", "lower case", "mask", "U to T", "T to U",
    "internal stop", "stop", "empty", "gap", "foreign", "ambiguous", "too long", "too short",
    "no id", "repeated id",
)  # fmt: skip


@dataclass(frozen=True)
class FindingCount:
    """One kind of doubtful thing in some records.

    Attributes
    ----------
    finding : Finding
        The counts and the words; ``{seen}`` in them stands for the letters seen, ``{may be}`` for
        what such letters may come from.
    seen : Counter of str
        How often each letter that is to be shown occurs.
    """

    finding: Finding
    seen: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: FindingCount) -> FindingCount:
        mine, new = self.finding, other.finding
        both = replace(
            mine,
            records=mine.records + new.records,
            letters=mine.letters + new.letters,
            dropped=mine.dropped + new.dropped,
            first=(*mine.first, *new.first)[:MOST_NAMED],
        )
        return FindingCount(both, self.seen + other.seen)

    def told(self) -> Finding:
        """Return the finding, with the letters seen in words, the most frequent first."""
        if SEEN not in self.finding.what:
            return self.finding
        done = self.finding.done.replace(MAY_BE, hints(self.seen))
        letters = sorted(self.seen, key=lambda c: (-self.seen[c], c))
        more = f" and {len(letters) - MOST_SHOWN:,} more" if len(letters) > MOST_SHOWN else ""
        # Names of code points have several words.
        words = [c if "!" <= c <= "~" else code_point(c) for c in letters[:MOST_SHOWN]]
        shown = (" " if all(len(word) == 1 for word in words) else ", ").join(words) + more
        return replace(self.finding, what=self.finding.what.replace(SEEN, shown), done=done)


def hints(seen: Iterable[str]) -> str:
    """Say what letters that no alphabet has may come from, at most two things.

    Examples
    --------
    >>> hints("@A"), hints("A")
    ('; FASTQ? --format fastq reads it', '')
    """
    letters = set(seen)
    told = [f"; {what}" for some, what in _HINTS.items() if letters & set(some)]
    return "".join(told[:2])


def named(
    ids: Sequence[str], lines: Sequence[int] | np.ndarray, mask: np.ndarray
) -> tuple[str, ...]:
    """Name the first few records of a mask, each with its line.

    Examples
    --------
    >>> named(["a", "", "c"], [1, 3, 5], np.array([True, True, False]))
    ('a (line 1)', 'line 3')
    """
    first = np.flatnonzero(mask)[:MOST_NAMED].tolist()
    return tuple(
        f"{shown(ids[i], 40)} (line {lines[i]:,})" if ids[i] else f"line {lines[i]:,}"
        for i in first
    )


def add_up(finding_counts: Iterable[FindingCount]) -> list[Finding]:
    """Add up the finding_counts of each kind; return the findings in the order of the policies.

    Examples
    --------
    >>> one = FindingCount(Finding("empty", "no letters", "dropped", 1, 0, 1))
    >>> [finding.line() for finding in add_up([one, one])]
    ['2 records with no letters: dropped']
    """
    total: dict[str, FindingCount] = {}
    for count in finding_counts:
        kind = count.finding.kind
        total[kind] = total[kind] + count if kind in total else count
    return [total[kind].told() for kind in sorted(total, key=ORDER.index)]

"""What the policies found in one chunk of records, added up over the chunks of a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from biogan.io.input_report import Finding
from biogan.io.letters import frequent

SEEN = "{seen}"
MOST_SHOWN = 8
# The order in which the policies deal with things, and the report tells them.
ORDER = (
    "white space", "digits", "a2m insert", "lower case", "U to T", "T to U", "internal stop",
    "stop", "empty", "gap", "foreign", "ambiguous", "too long", "too short", "no id", "repeated id",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tally:
    """One kind of doubtful thing in some records.

    Attributes
    ----------
    finding : Finding
        The counts and the words; ``{seen}`` in them stands for the letters seen.
    letters : bytes
        The letters that are to be shown where they occur.
    counts : numpy.ndarray, shape (256,), optional
        How often each byte occurs.
    """

    finding: Finding
    letters: bytes = b""
    counts: np.ndarray | None = None

    def __add__(self, other: Tally) -> Tally:
        mine, new = self.finding, other.finding
        both = replace(
            mine,
            records=mine.records + new.records,
            letters=mine.letters + new.letters,
            dropped=mine.dropped + new.dropped,
        )
        if self.counts is None or other.counts is None:
            return Tally(both)
        return Tally(both, self.letters, self.counts + other.counts)

    def told(self) -> Finding:
        """Return the finding, with the letters seen in words, the most frequent first."""
        if self.counts is None:
            return self.finding
        letters = frequent(self.counts, self.letters)
        seen = [chr(c) if 32 < c < 127 else f"0x{c:02x}" for c in letters]
        more = f" and {len(seen) - MOST_SHOWN} more" if len(seen) > MOST_SHOWN else ""
        shown = " ".join(seen[:MOST_SHOWN]) + more
        return replace(self.finding, what=self.finding.what.replace(SEEN, shown))


def add_up(tallies: Iterable[Tally]) -> list[Finding]:
    """Add up the tallies of each kind; return the findings in the order of the policies.

    Examples
    --------
    >>> one = Tally(Finding("empty", "no letters", "dropped", 1, 0, 1))
    >>> [finding.line() for finding in add_up([one, one])]
    ['2 records with no letters: dropped']
    """
    total: dict[str, Tally] = {}
    for tally in tallies:
        kind = tally.finding.kind
        total[kind] = total[kind] + tally if kind in total else tally
    return [total[kind].told() for kind in sorted(total, key=ORDER.index)]

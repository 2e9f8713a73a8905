"""The policies of :class:`ReadingConfig`, one method each.

The letters of all records lie in one array; each step finds its letters by a byte table and touches
only those. Every step counts what it found, and no record goes without a reason.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from biogan.core.display import code_point
from biogan.core.errors import FastaError
from biogan.core.rng import rng
from biogan.sequences.alphabet import GAP, Alphabet, get_alphabet
from biogan.sequences.config import ReadingConfig
from biogan.sequences.io.detect import (
    A2M,
    DOT,
    LOWER,
    Found,
    GapLetter,
    LetterUse,
    OneLength,
    Whole,
)
from biogan.sequences.io.input_report import MAY_BE, SEEN, Finding, FindingCount, hints, named
from biogan.sequences.io.records import Letters

STOP = "*"
MASK = "X"


class Policies:
    """The steps in order; ``letters`` holds all records until the end, ``gone`` marks the dropped.

    Parameters
    ----------
    letters : Letters
        All records as the file has them.
    config : ReadingConfig
        The policies.
    source, ids, lines
        Where the records come from, for messages.
    whole : Whole
        Answers what is to be known about all records, of which these may be a part.
    part : int
        Number of this part, from 0; each draws from a random stream of its own.
    """

    def __init__(
        self,
        letters: Letters,
        config: ReadingConfig,
        source: str,
        ids: Sequence[str],
        lines: Sequence[int] | np.ndarray,
        whole: Whole,
        part: int = 0,
    ) -> None:
        self.letters, self.config, self.whole, self.part = letters, config, whole, part
        self.source, self.ids, self.lines = source, ids, lines
        self.gone = np.zeros(len(ids), np.bool_)
        self.finding_counts: list[FindingCount] = []
        self.empty = "dropped"
        # An alphabet of one's own may have digits, '.', '*' or '-' as letters.
        self.given = None if config.alphabet is None else get_alphabet(config.alphabet)
        self.own = self.given.letters if self.given else ""

    def apply(self) -> Alphabet:
        """Apply every policy; return the alphabet."""
        self.blanks()
        self.lower_case()
        if "." not in self.own:
            self.letters = self.letters.replaced(DOT, GAP.encode())
        found = self.whole.ask("alphabet", LetterUse.of(self.letters))
        alphabet = self.given or found
        self.masked(alphabet)
        self.thymine_uracil(alphabet)
        stops, gaps = self.stops(), self.gaps()
        alphabet = alphabet.with_letters(gaps + stops)
        self.foreign(alphabet, found)
        alphabet = self.ambiguous(alphabet)
        self.lengths()
        return alphabet

    def found(
        self,
        kind: str,
        what: str,
        done: str,
        positions: np.ndarray,
        drop: bool = False,
        seen: bytes = b"",
    ) -> None:
        """Record a finding about letters at these positions; drop their records if asked to."""
        if len(positions):
            mask = self.letters.per_record(positions) > 0
            counted = Finding(kind, what, done, int(mask.sum()), len(positions))
            finding = self.drop(mask, counted) if drop else counted
            self.finding_counts.append(FindingCount(finding, self.letters.seen(seen)))

    def drop(self, mask: np.ndarray, finding: Finding) -> Finding:
        """Drop records; return the finding with how many, and which, were not dropped before."""
        new = mask & ~self.gone
        self.gone |= mask
        first = named(self.ids, self.lines, new)
        return replace(finding, dropped=int(new.sum()), first=first)

    def fail(self, what: str, hint: str, positions: np.ndarray) -> None:
        """Stop at the first of these positions, if there is one."""
        if len(positions):
            i = int(self.letters.record_of(positions[:1])[0])
            column = int(positions[0] - self.letters.offsets[i]) + 1
            letter = code_point(self.letters.letter(int(positions[0])))
            raise FastaError(
                f"{what} {letter} at letter {column}; {hint}",
                self.source,
                int(self.lines[i]),
                self.ids[i] or None,
            )

    def blanks(self) -> None:
        """Take out white space and digits, as a GenBank page has them."""
        for kind, what, letters in (
            ("white space", "white space inside the sequence", string.whitespace.encode()),
            ("digits", "digits inside the sequence", string.digits.encode()),
        ):
            letters = bytes(c for c in letters if chr(c) not in self.own)
            self.found(kind, what, "taken out", self.letters.positions(letters))
            before, self.letters = self.letters.lengths, self.letters.without(letters)
        if ((before > 0) & (self.letters.lengths == 0)).any():
            self.empty = "dropped (numbers alone: a file of qualities?)"

    def lower_case(self) -> None:
        """Read lower case as upper case, or take out the inserts of an A2M alignment."""
        policy, lower = self.config.case, self.letters.positions(LOWER)
        if policy == "error":
            self.fail("lower case", "--case upper reads it", lower)
        if policy == "a2m" or (policy == "auto" and self.whole.ask("a2m", A2M.of(self.letters))):
            done = "A2M inserts, taken out with '.' (--case upper reads them as letters)"
            columns = self.letters.without(LOWER + DOT)
            if not self.whole.ask("columns", OneLength.of(columns)):
                done += "; the records then differ in length, so the file may be no A2M"
            self.found("a2m insert", "lower case", done, lower)
            self.letters = columns
        elif len(lower):
            done = "read as upper case (soft-masking; --case a2m takes it out as inserts)"
            self.found("lower case", "lower case", done, lower)
            self.letters = self.letters.upper()

    def masked(self, alphabet: Alphabet) -> None:
        """Read X, with which programs mask repeats of DNA, as N."""
        if alphabet.name in ("dna", "rna") and MASK not in self.own:
            positions = self.letters.positions(MASK.encode())
            self.found("mask", f"'{MASK}'", "read as N, any letter (masked repeats)", positions)
            self.letters = self.letters.replaced(MASK.encode(), b"N")

    def thymine_uracil(self, alphabet: Alphabet) -> None:
        """Turn U into T in DNA and T into U in RNA."""
        if alphabet.name in ("dna", "rna"):
            old, new = ("U", "T") if alphabet.name == "dna" else ("T", "U")
            self.found(
                f"{old} to {new}",
                old,
                f"read as {new} (--alphabet {'rna' if old == 'U' else 'dna'} keeps {old})",
                self.letters.positions(old.encode()),
            )
            self.letters = self.letters.replaced(old.encode(), new.encode())

    def stops(self) -> str:
        """Deal with ``*``; return it if it is to be a letter."""
        policy, stops = self.config.stop, self.letters.positions(STOP.encode())
        if STOP in self.own:
            return ""
        if policy == "keep":
            self.found("stop", "'*'", "kept as a letter", stops)
            return STOP
        if policy == "error":
            self.fail("stop", "--stop strip, keep or drop reads on", stops)
        if policy == "drop":
            self.found("stop", "'*'", "dropped (--stop strip or keep keeps them)", stops, drop=True)
        elif len(stops):
            data, offsets = self.letters.data, self.letters.offsets
            record = self.letters.record_of(stops)
            # Behind the last letter of a record only '*' and gaps stand.
            last = offsets[:-1].copy()
            for i in np.unique(record).tolist():
                last[i] += len(data[offsets[i] : offsets[i + 1]].rstrip(b"*-"))
            final = stops >= last[record]
            inside = "dropped (--stop keep makes '*' a letter)"
            self.found("internal stop", "'*' inside", inside, stops[~final], drop=True)
            self.found("stop", "'*' at the end", "'*' taken off", stops[final])
            self.letters = self.letters.without_at(stops[final])
        return ""

    def gaps(self) -> str:
        """Deal with ``-``; return it if it is to be a letter. Drop records without a residue."""
        policy, gaps = self.config.gaps, self.letters.positions(GAP.encode())
        empty = self.letters.lengths == self.letters.per_record(gaps)
        if empty.any():
            found = Finding("empty", "no letters", self.empty, int(empty.sum()))
            self.finding_counts.append(FindingCount(self.drop(empty, found)))
        if GAP in self.own:
            return ""
        if policy == "error":
            self.fail("gap", "--gaps letter or remove reads on", gaps)
        evidence = GapLetter(len(gaps), OneLength.of(self.letters))
        if policy == "letter" or (policy == "auto" and self.whole.ask("gaps", evidence)):
            why = "all records have one length" if policy == "auto" else "as asked for"
            done = f"kept as a letter, {why} (--gaps remove takes them out)"
            self.found("gap", "gaps", done, gaps)
            return GAP
        why = ", the records differ in length" if policy == "auto" else ""
        self.found("gap", "gaps", f"taken out{why} (--gaps letter keeps them)", gaps)
        self.letters = self.letters.without(GAP.encode())
        return ""

    def foreign(self, alphabet: Alphabet, found: Alphabet) -> None:
        """Drop records with letters that are neither of the alphabet nor ambiguous."""
        # A '*' that is still here stands in a record that the stop policy dropped.
        known = set((alphabet.letters + "".join(alphabet.ambiguity) + STOP).encode())
        other = bytes(c for c in range(256) if c not in known)
        positions = self.letters.positions(other)
        hint, whose = "--alphabet chooses another", self.whole.whose
        if self.given and found.name != alphabet.name:
            hint = f"--alphabet {found.name} may fit better"
            if whose:
                hint = f"the file looks like {found.name}, and {whose} is {alphabet.name}"
        if self.config.foreign == "error":
            hint = (
                f"--foreign drop leaves such records out, {hint}{hints(self.letters.seen(other))}"
            )
            self.fail(f"letter that alphabet {alphabet.name} does not have:", hint, positions)
        what = f"letters that alphabet {alphabet.name} does not have ({SEEN})"
        done = f"dropped ({hint}{MAY_BE})"
        self.found("foreign", what, done, positions, drop=True, seen=other)

    def ambiguous(self, alphabet: Alphabet) -> Alphabet:
        """Drop, resolve or keep ambiguous letters; return the alphabet with those kept."""
        codes = "".join(alphabet.ambiguity).encode()
        positions = self.letters.positions(codes)
        policy, what = self.config.ambiguous, f"ambiguous letters ({SEEN})"
        if policy == "error":
            self.fail("ambiguous letter", "--ambiguous drop, resolve or keep reads on", positions)
        if policy == "drop" and self.config.window is not None:
            # A genome has some: they cost the windows that hold them, not the whole record.
            done = "windows with them are left out (--ambiguous resolve or keep keeps them)"
            self.found("ambiguous", what, done, positions, seen=codes)
            return alphabet
        if policy == "drop":
            done = "dropped (--ambiguous resolve or keep keeps them)"
            self.found("ambiguous", what, done, positions, drop=True, seen=codes)
            return alphabet
        if policy == "resolve":
            done = "resolved to a random possible letter"
            self.found("ambiguous", what, done, positions, seen=codes)
            self._resolve(alphabet, positions)
            return alphabet
        self.found("ambiguous", what, "kept as letters of their own", positions, seen=codes)
        data = np.frombuffer(self.letters.data, np.uint8)
        there = positions[~self.gone[self.letters.record_of(positions)]]
        here = Found(frozenset(chr(c) for c in np.unique(data[there])))
        letters = self.whole.ask("kept letters", here)
        # With its complement, so that the reverse complement of every record can be written.
        return alphabet.with_letters(sorted({*letters, *map(alphabet.complement_of, letters)}))

    def _resolve(self, alphabet: Alphabet, positions: np.ndarray) -> None:
        if not len(positions):
            return
        random = rng(0, "ambiguous letters", *([self.part] if self.part else []))
        old = np.frombuffer(self.letters.data, np.uint8)[positions]
        new = old.copy()
        for code in np.unique(old):
            choices = np.frombuffer(alphabet.ambiguity[chr(code)].encode(), np.uint8)
            new[old == code] = random.choice(choices, int((old == code).sum()))
        self.letters = self.letters.with_letters_at(positions, new)

    def lengths(self) -> None:
        """Drop records that are too long, or too short for a window."""
        limit, window, lengths = self.config.length, self.config.window, self.letters.lengths
        for kind, mask, what, flag in (
            (
                "too long",
                lengths > (limit or np.inf),
                f"more than {limit or 0:,} letters",
                "--length",
            ),
            (
                "too short",
                lengths < (window or 0),
                f"fewer than {window or 0:,} letters",
                "--window",
            ),
        ):
            mask = mask & ~self.gone
            if mask.any():
                found = Finding(kind, what, f"dropped ({flag})", int(mask.sum()))
                self.finding_counts.append(FindingCount(self.drop(mask, found)))

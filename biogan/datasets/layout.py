"""How sequences become rectangles of codes for a network, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biogan.alphabet import UNKNOWN, Alphabet
from biogan.datasets.sequences import SequenceSet
from biogan.datasets.store import SequenceStore
from biogan.errors import DataError

FIXED, ALIGNED, VARIABLE = "fixed", "aligned", "variable"


@dataclass(frozen=True)
class Layout:
    """The rectangle that a network reads and writes.

    Parameters
    ----------
    alphabet : Alphabet
        Letters in code order.
    length : int
        Positions; the longest sequence where lengths vary.
    kind : str
        ``"fixed"`` (one length), ``"aligned"`` (one length, the gap is a letter) or ``"variable"``
        (an end symbol behind each sequence).

    Examples
    --------
    >>> s = SequenceSet.from_strings(["ACG", "T"])
    >>> layout = Layout.of(s)
    >>> layout.kind, layout.channels, layout.encode(s).tolist()
    ('variable', 5, [[0, 1, 2], [3, 4, 4]])
    """

    alphabet: Alphabet
    length: int
    kind: str

    @classmethod
    def of(cls, sequences: SequenceSet | SequenceStore) -> Layout:
        """Find the layout of a set.

        Parameters
        ----------
        sequences : SequenceSet or SequenceStore
            Training data.

        Raises
        ------
        DataError
            If there is nothing to lay out.
        """
        longest = sequences.longest
        if not longest:
            raise DataError("no letters to train on: every record is empty or was dropped")
        if not sequences.is_fixed_length:
            return cls(sequences.alphabet, longest, VARIABLE)
        return cls(sequences.alphabet, longest, ALIGNED if sequences.alphabet.has_gap else FIXED)

    @property
    def channels(self) -> int:
        """Letters, and the end symbol where lengths vary."""
        return self.alphabet.size + (self.kind == VARIABLE)

    def encode(self, sequences: SequenceSet) -> np.ndarray:
        """Return the codes as a rectangle, shape (n, length), uint8.

        Raises
        ------
        DataError
            If a sequence does not fit: other letters, too long, or of another fixed length.
        """
        if sequences.alphabet.letters != self.alphabet.letters:
            raise DataError(
                f"the sequences have the letters {sequences.alphabet.letters}, "
                f"the model {self.alphabet.letters}"
            )
        lengths = sequences.lengths
        wrong = lengths > self.length if self.kind == VARIABLE else lengths != self.length
        if wrong.any():
            i = int(wrong.argmax())
            wanted = "at most " * (self.kind == VARIABLE) + str(self.length)
            raise DataError(
                f"record {sequences.ids[i]!r} has length {lengths[i]}, {wanted} is needed "
                f"({int(wrong.sum())} such records)"
            )
        if (sequences.codes == UNKNOWN).any():
            raise DataError(f"some letters are not in the alphabet {self.alphabet.letters}")
        return sequences.matrix(self.length)

    def decode(self, rows: np.ndarray, ids: Sequence[str] | None = None) -> SequenceSet:
        """Turn rows of codes into sequences, each up to its first end symbol."""
        return SequenceSet.from_matrix(self.alphabet, rows, ids)

    def cut(self, rows: np.ndarray) -> np.ndarray:
        """Return rows with nothing but end symbols behind the first one, as they are decoded."""
        ended = np.logical_or.accumulate(rows >= self.alphabet.end, axis=1)
        return np.where(ended, np.uint8(self.alphabet.end), rows)

    def malformed(self, rows: np.ndarray) -> int:
        """Count the rows with letters behind an end symbol; decoding cuts those letters off."""
        ends = rows >= self.alphabet.end
        behind = np.logical_or.accumulate(ends, axis=1)
        return int((behind & ~ends).any(1).sum())

    def describe(self) -> str:
        """Say the layout in words."""
        words = {
            FIXED: f"all of length {self.length}",
            ALIGNED: f"aligned, {self.length} columns, the gap is a letter",
            VARIABLE: f"up to {self.length} letters and an end symbol",
        }
        return words[self.kind]

    def to_dict(self) -> dict[str, object]:
        """Return what ``config.json`` keeps."""
        return {"alphabet": self.alphabet.to_dict(), "length": self.length, "kind": self.kind}

    @classmethod
    def from_dict(cls, data: dict) -> Layout:
        """Rebuild a layout written by :meth:`to_dict`."""
        return cls(Alphabet.from_dict(data["alphabet"]), int(data["length"]), str(data["kind"]))

"""A set of sequences of one alphabet: their codes, ids, labels and weights.

:class:`SequenceSet` holds the records. The file also has functions that cut long records into
windows of one length, and fixed codes of the four nucleotides that do not depend on the order of
letters in an alphabet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from biogan.core.display import code_point
from biogan.core.errors import AlphabetError, DataError
from biogan.sequences.alphabet import GAP, UNKNOWN, Alphabet, get_alphabet
from biogan.sequences.regions import RANGE, Regions

if TYPE_CHECKING:
    import pandas as pd
    from Bio.SeqRecord import SeqRecord

    from biogan.sequences.io.input_report import InputReport


class SequenceSet:
    """Sequences of one alphabet.

    Codes lie in one flat array, so that a set with one very long record costs no padding. Treat a
    set as immutable: every method returns a new one.

    Parameters
    ----------
    alphabet : Alphabet
        The letters and their order.
    codes : numpy.ndarray, shape (total,), uint8
        All sequences one behind another.
    offsets : numpy.ndarray, shape (n + 1,), int64
        Sequence ``i`` is ``codes[offsets[i]:offsets[i + 1]]``.
    ids : sequence of str, optional
        Identifiers, ``seq_1`` … by default.
    labels : mapping of str to sequence of str, optional
        Columns of labels, one value a record.
    weights : numpy.ndarray, shape (n,), optional
        How often each sequence occurred before exact duplicates were collapsed; ones by default.
    report : InputReport, optional
        What reading the input found and did.

    Raises
    ------
    DataError
        If the parts do not have the same number of records.

    Examples
    --------
    >>> s = SequenceSet.from_strings(["GATTACA", "ACGT"], alphabet="dna")
    >>> len(s), s[0], s.lengths.tolist()
    (2, 'GATTACA', [7, 4])
    """

    def __init__(
        self,
        alphabet: Alphabet,
        codes: np.ndarray,
        offsets: np.ndarray,
        ids: Sequence[str] | None = None,
        labels: Mapping[str, Sequence[str] | np.ndarray] | None = None,
        weights: np.ndarray | None = None,
        report: InputReport | None = None,
    ) -> None:
        n = len(offsets) - 1
        self.alphabet = alphabet
        self.codes = np.asarray(codes, np.uint8)
        self.offsets = np.asarray(offsets, np.int64)
        self.ids = [f"seq_{i + 1}" for i in range(n)] if ids is None else list(ids)
        self.labels = {k: np.asarray(v, dtype=object) for k, v in (labels or {}).items()}
        self.weights = np.ones(n) if weights is None else np.asarray(weights, float)
        self.report = report
        parts = {"ids": len(self.ids), "weights": len(self.weights)}
        parts.update({name: len(values) for name, values in self.labels.items()})
        for what, have in parts.items():
            if have != n:
                raise DataError(f"{n} sequences but {have} {what}")

    @classmethod
    def from_strings(
        cls,
        strings: Sequence[str],
        ids: Sequence[str] | None = None,
        alphabet: Alphabet | str = "dna",
        labels: Mapping[str, Sequence[str] | np.ndarray] | None = None,
    ) -> SequenceSet:
        """Make a set from plain strings.

        Parameters
        ----------
        strings : sequence of str
            A list, an array or a column of a table.
        ids : sequence, optional
            Ids; what is no string is written as one.
        alphabet : Alphabet or str
            Of the letters.
        labels : mapping of str to sequence, optional
            Labels by name; None and NaN are no label, ``""``.

        Raises
        ------
        AlphabetError
            If a letter is not in the alphabet; use :func:`biogan.clean_records` for dirty input.
        DataError
            If there is one string alone, or something that is no string among them.

        Examples
        --------
        >>> some = SequenceSet.from_strings(["AC", "GT"], ids=[1, 2], labels={"x": [None, "b"]})
        >>> some.ids, some.labels["x"].tolist()
        (['1', '2'], ['', 'b'])
        """
        alphabet = get_alphabet(alphabet)
        if isinstance(strings, str):
            raise DataError("one string, where a list of sequences is needed")
        strings = list(strings)
        for i, text in enumerate(strings, 1):
            if not isinstance(text, str):
                raise DataError(f"sequence {i:,} is of type {type(text).__name__}, not a string")
        ids = None if ids is None else [str(name) for name in ids]
        labels = {str(k): [_told(value) for value in v] for k, v in (labels or {}).items()}
        codes, offsets = alphabet.encode_many(strings)
        bad = np.flatnonzero(codes == UNKNOWN)
        if len(bad):
            record = int(np.searchsorted(offsets, bad[0], "right")) - 1
            letter = strings[record][bad[0] - offsets[record]]
            raise AlphabetError(
                f"sequence {record + 1}: letter {code_point(letter)} is not in the {alphabet.name} "
                f"alphabet {alphabet.letters}"
            )
        return cls(alphabet, codes, offsets, ids, labels)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[str]:
        return iter(self.strings())

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice | np.ndarray | Sequence[int]) -> SequenceSet: ...

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        """Return one sequence as a string, or a subset for a slice, a mask or indices."""
        if isinstance(index, (int, np.integer)):
            i = range(len(self))[index]
            return self.alphabet.decode(self.codes[self.offsets[i] : self.offsets[i + 1]])
        return self.take(np.arange(len(self))[index])

    def __repr__(self) -> str:
        if not len(self):
            return f"SequenceSet(0 {self.alphabet.name} sequences)"
        low, high = self.lengths.min(), self.lengths.max()
        span = f"{low}" if low == high else f"{low}-{high}"
        return f"SequenceSet({len(self):,} {self.alphabet.name} sequences, length {span})"

    @property
    def lengths(self) -> np.ndarray:
        """Length of each sequence in letters, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def longest(self) -> int:
        """Length of the longest sequence, 0 for an empty set."""
        return int(self.lengths.max(initial=0))

    @property
    def is_fixed_length(self) -> bool:
        """Whether all sequences have the same length."""
        return len(self) > 0 and int(self.lengths.min()) == int(self.lengths.max())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over alphabet, order and letters: two sets with one digest hold the same data."""
        h = hashlib.sha256("".join(self.alphabet.symbols).encode())
        h.update(self.offsets.tobytes())
        h.update(self.codes.tobytes())
        return h.hexdigest()

    @cached_property
    def regions(self) -> Regions:
        """Which part of which longer sequence each record is, as ids or UCSC's headers name it.

        Examples
        --------
        >>> windows, _ = cut_windows(SequenceSet.from_strings(["ACGTACG"], ["chr"]), 4, 3)
        >>> windows[1:].regions.start.tolist(), windows[1:].regions.stop.tolist()
        ([3], [7])
        """
        return Regions.named(self.ids, self._gapless_lengths(), self.labels.get(RANGE))

    def _gapless_lengths(self) -> np.ndarray:
        if not self.alphabet.has_gap:
            return self.lengths
        gaps = np.cumsum(np.append(0, self.codes == self.alphabet.letters.index(GAP)))
        return self.lengths - np.diff(gaps[self.offsets])

    def take(self, index: np.ndarray) -> SequenceSet:
        """Return the records at ``index`` (integers, repeats allowed), in that order."""
        index = np.arange(len(self))[np.asarray(index, np.int64)]  # negative ones from the end
        lengths = self.lengths[index]
        offsets = np.zeros(len(index) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return SequenceSet(
            self.alphabet,
            self._letters(index, lengths),
            offsets,
            [self.ids[i] for i in index],
            {k: v[index] for k, v in self.labels.items()},
            self.weights[index],
            self.report,
        )

    def _letters(self, index: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Codes of the records at ``index``, which have these lengths."""
        if self.is_fixed_length:
            return self.codes.reshape(len(self), -1)[index].ravel()
        # Position of every letter of the result in the old flat array.
        first = np.cumsum(lengths) - lengths
        where = np.repeat(self.offsets[index] - first, lengths)
        where += np.arange(len(where))
        return self.codes[where]

    def strings(self) -> list[str]:
        """Return the sequences as strings."""
        return self.alphabet.decode_many(self.codes, self.offsets)

    def matrix(self, length: int | None = None) -> np.ndarray:
        """Return the codes as a rectangle, filled with the end symbol behind each sequence.

        Parameters
        ----------
        length : int, optional
            Number of columns, by default the longest sequence; longer sequences are cut.

        Returns
        -------
        numpy.ndarray, shape (n, length), uint8
        """
        width = int(self.lengths.max(initial=0)) if length is None else length
        out = np.full((len(self), width), self.alphabet.end, np.uint8)
        if self.is_fixed_length and int(self.lengths[0]) == width:
            return self.codes.reshape(len(self), width).copy()
        kept = np.minimum(self.lengths, width)
        rows = np.repeat(np.arange(len(self)), kept)
        columns = np.arange(kept.sum()) - np.repeat(np.cumsum(kept) - kept, kept)
        out[rows, columns] = self.codes[self.offsets[rows] + columns]
        return out

    @classmethod
    def from_matrix(
        cls, alphabet: Alphabet, matrix: np.ndarray, ids: Sequence[str] | None = None
    ) -> SequenceSet:
        """Make a set from rows of codes, each read up to its first end symbol."""
        inside = np.logical_and.accumulate(matrix < alphabet.end, axis=1)
        offsets = np.zeros(len(matrix) + 1, np.int64)
        np.cumsum(inside.sum(1), out=offsets[1:])
        return cls(alphabet, matrix[inside], offsets, ids)

    @classmethod
    def concatenate(cls, sets: Sequence[SequenceSet]) -> SequenceSet:
        """Join sets over one alphabet, one behind another, with the labels that all of them have.

        Raises
        ------
        AlphabetError, DataError
            If their letters differ, or there is no set.

        Examples
        --------
        >>> a, b = (SequenceSet.from_strings(s) for s in (["AC"], ["G", "TT"]))
        >>> SequenceSet.concatenate([a, b]).strings()
        ['AC', 'G', 'TT']
        """
        if not sets:
            raise DataError("no sets to join")
        letters = {s.alphabet.symbols: s.alphabet.described for s in sets}
        if len(letters) > 1:
            raise AlphabetError(f"sets over {' and '.join(letters.values())} cannot be joined")
        lengths = np.concatenate([np.zeros(1, np.int64), *(s.lengths for s in sets)])
        common = [name for name in sets[0].labels if all(name in s.labels for s in sets)]
        return cls(
            sets[0].alphabet,
            np.concatenate([s.codes for s in sets]),
            np.cumsum(lengths),
            [name for s in sets for name in s.ids],
            {name: np.concatenate([s.labels[name] for s in sets]) for name in common},
            weights=np.concatenate([s.weights for s in sets]),
        )

    def unique(self) -> SequenceSet:
        """Collapse exact duplicates; the first record stays and the weights are summed.

        Examples
        --------
        >>> u = SequenceSet.from_strings(["AC", "GG", "AC"]).unique()
        >>> u.strings(), u.weights.tolist()
        (['AC', 'GG'], [2.0, 1.0])
        """
        first: dict[str, int] = {}
        owner = np.array([first.setdefault(s, i) for i, s in enumerate(self.strings())], np.int64)
        keep = np.array(sorted(first.values()), np.int64)
        out = self.take(keep)
        out.weights = np.bincount(owner, self.weights, minlength=len(self))[keep]
        return out

    def expanded(self) -> SequenceSet:
        """Give collapsed duplicates back, each as often as its weight says (rounded)."""
        times = np.maximum(1, np.rint(self.weights)).astype(np.int64)
        out = self.take(np.repeat(np.arange(len(self)), times))
        out.weights = np.ones(len(out))
        return out

    def ungapped(self) -> SequenceSet:
        """Return the sequences without gaps, over the alphabet without the gap letter."""
        if not self.alphabet.has_gap:
            return self
        plain = Alphabet(
            self.alphabet.name,
            self.alphabet.letters.replace(GAP, ""),
            dict(self.alphabet.ambiguity),
            self.alphabet.complement and self.alphabet.complement.replace(GAP, ""),
        )
        texts = [s.replace(GAP, "") for s in self.strings()]
        codes, offsets = plain.encode_many(texts)
        return SequenceSet(plain, codes, offsets, self.ids, self.labels, self.weights, self.report)

    def to_frame(self) -> pd.DataFrame:
        """Return a data frame with the columns ``id``, ``sequence`` and one a label."""
        import pandas as pd

        return pd.DataFrame({"id": self.ids, "sequence": self.strings(), **self.labels})

    def to_records(self) -> list[SeqRecord]:
        """Return Biopython records; labels stand in the description as ``key=value``."""
        from Bio.Seq import Seq
        from Bio.SeqRecord import SeqRecord

        return [
            SeqRecord(Seq(text), id=self.ids[i], name=self.ids[i], description=self.header(i))
            for i, text in enumerate(self.strings())
        ]

    def header(self, i: int) -> str:
        """Return the FASTA header of record ``i``: its id and its labels as ``key=value``."""
        return " ".join(
            [self.ids[i], *(f"{k}={v[i]}" for k, v in self.labels.items() if v[i] != "")]
        )


#: Code of a letter that is none of the four.
OTHER = 4


def four_codes(sequences: SequenceSet) -> np.ndarray:
    """Codes 0 to 3 for A, C, G and T or U, 4 for any other letter.

    Returns
    -------
    numpy.ndarray, shape (total,), uint8

    Examples
    --------
    >>> four_codes(SequenceSet.from_strings(["ACGU"], alphabet="rna")).tolist()
    [0, 1, 2, 3]
    """
    order = ["ACGT".find("T" if x == "U" else x) for x in sequences.alphabet.letters]
    return np.array([OTHER if x < 0 else x for x in order], np.uint8)[sequences.codes]


def cut_windows(
    sequences: SequenceSet, window: int, stride: int | None = None
) -> tuple[SequenceSet, int]:
    """Cut every record into windows.

    Parameters
    ----------
    sequences : SequenceSet
        Records; those shorter than a window give none.
    window : int
        Letters in a window, at least 1.
    stride : int, optional
        Letters from the start of one window to the start of the next, ``window`` by default.

    Returns
    -------
    windows : SequenceSet
        Windows in order, named ``id:start-end`` (from 1, both ends inside); labels and weights are
        those of the record. Windows with a letter that the alphabet does not have are left out.
    left_over : int
        Letters behind the last window of each record, and of records without a window.

    Examples
    --------
    >>> windows, left_over = cut_windows(SequenceSet.from_strings(["ACGTACG"], ["chr"]), 3)
    >>> windows.strings(), windows.ids, left_over
    (['ACG', 'TAC'], ['chr:1-3', 'chr:4-6'], 1)
    """
    step = window if stride is None else stride
    lengths = sequences.lengths
    per_record = np.maximum((lengths - window) // step + 1, 0)
    record = np.repeat(np.arange(len(sequences)), per_record)
    inside = np.arange(len(record)) - np.repeat(np.cumsum(per_record) - per_record, per_record)
    starts = inside * step
    if len(record):
        views = np.lib.stride_tricks.sliding_window_view(sequences.codes, window)
        rows = views[sequences.offsets[record] + starts]
        if (sequences.codes == UNKNOWN).any():
            known = (rows != UNKNOWN).all(1)
            rows, record, starts = rows[known], record[known], starts[known]
        codes = rows.reshape(-1)
    else:
        codes = np.empty(0, np.uint8)
    covered = np.where(per_record > 0, (per_record - 1) * step + window, 0)
    return (
        SequenceSet(
            sequences.alphabet,
            codes,
            np.arange(len(record) + 1) * window,
            [
                f"{sequences.ids[i]}:{start + 1}-{start + window}"
                for i, start in zip(record.tolist(), starts.tolist(), strict=True)
            ],
            {name: values[record] for name, values in sequences.labels.items()},
            sequences.weights[record],
            sequences.report,
        ),
        int((lengths - covered).sum()),
    )


def _told(label: Any) -> Any:
    """Return a label; ``""``, as a file has it, where there is none (None, NaN)."""
    return "" if label is None or label != label else label

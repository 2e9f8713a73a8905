"""The tokenizer: sequences to matrices of codes for a network, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from biogan.core.errors import ConfigError, DataError
from biogan.sequences.alphabet import UNKNOWN, Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import CODON, are_coding
from biogan.sequences.store import SequenceStore

FIXED, ALIGNED, VARIABLE = "fixed", "aligned", "variable"
# A code is one byte, and one value of it is kept for letters that are none.
MOST_CHANNELS = 255
# Start codons of any genetic code, at most.
_OPENINGS = 7
# Records for each opening or closing word, from which it is believed that there are no others.
_RECORDS = 20


def check_words(store: SequenceStore, word: int) -> None:
    """Refuse stored records that are not made of words.

    Raises
    ------
    DataError
        If a length is no multiple of ``word``.
    """
    if word == 1:
        return
    found, first, seen = 0, 0, 0
    for lengths in store.lengths():
        split = lengths % word > 0
        if split.any() and not found:
            first = seen + int(split.argmax()) + 1
        found, seen = found + int(split.sum()), seen + len(lengths)
    if found:
        raise DataError(
            f"{found} of {len(store):,} stored records have a length that is no multiple of "
            f"--word {word}, the first is record {first}"
        )


def _length_counts(
    sequences: SequenceSet | SequenceStore, word: int, longest: int
) -> tuple[int, ...]:
    """Count the records by their length in words."""
    counts = np.zeros(longest // word + 1, np.int64)
    parts = [sequences.lengths] if isinstance(sequences, SequenceSet) else sequences.lengths()
    for lengths in parts:
        counts += np.bincount(lengths // word, minlength=len(counts))
    return tuple(counts.tolist())


def spread_shares(counts: np.ndarray) -> np.ndarray:
    """Return shares of lengths by their counts, see :attr:`Tokenizer.length_shares`.

    Parameters
    ----------
    counts : numpy.ndarray, shape (positions + 1,)
        Records with 0, 1, 2 ... positions; may be empty.
    """
    if not len(counts):
        return counts
    n, places = counts.sum(), np.arange(len(counts))
    found = np.flatnonzero(counts)
    unseen = min(1.0, (counts == 1).sum() / n)
    mean = (counts @ places) / n
    spread = np.sqrt(counts @ (places - mean) ** 2 / n)
    # Silverman's rule for the width of a normal kernel.
    width = max(0.5, 1.06 * spread * n**-0.2)
    kernel = np.exp(-0.5 * ((places[:, None] - found) / width) ** 2)
    kernel[: found[0]] = kernel[found[-1] + 1 :] = 0
    spread_out = (kernel / kernel.sum(0)) @ counts[found]
    return np.asarray(((1 - unseen) * counts + unseen * spread_out) / n)


@dataclass(frozen=True)
class Tokenizer:
    """Encodes sequences as rows of token codes of one length, and decodes them.

    A token is a letter, or a word of several letters such as a codon; where lengths vary, there is
    also an end symbol.

    Parameters
    ----------
    alphabet : Alphabet
        Letters in code order.
    length : int
        Positions; the longest sequence where lengths vary.
    kind : str
        ``"fixed"`` (one length), ``"aligned"`` (one length, the gap is a letter) or ``"variable"``
        (an end symbol behind each sequence).
    word : int
        Letters that are written together: 1, or 3 for codons. The network then chooses among all
        words of that length, so that a reading frame cannot slip.
    closing : tuple of int
        Codes of the words that close every training record and stand nowhere else (stop codons).
    opening : tuple of int
        Codes of the few words with which every training record begins (start codons).
    lengths : tuple of int
        Training records with 0, 1, 2 ... positions, where they vary; empty where they do not, and
        for models of before 0.3, which write an end symbol like a letter.

    Examples
    --------
    >>> s = SequenceSet.from_strings(["ACG", "T"])
    >>> tokenizer = Tokenizer.of(s)
    >>> tokenizer.kind, tokenizer.channels, tokenizer.encode(s).tolist()
    ('variable', 5, [[0, 1, 2], [3, 4, 4]])
    >>> codons = Tokenizer.of(SequenceSet.from_strings(["ATGTAA", "ATG"]), word=3)
    >>> codons.channels, codons.positions, codons.encode(SequenceSet.from_strings(["AACTTT"]))
    (65, 2, array([[ 1, 63]], dtype=uint8))
    """

    alphabet: Alphabet
    length: int
    kind: str
    word: int = 1
    closing: tuple[int, ...] = ()
    opening: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()

    @classmethod
    def of(cls, sequences: SequenceSet | SequenceStore, word: int | None = None) -> Tokenizer:
        """Find the tokenizer that fits a set.

        Parameters
        ----------
        sequences : SequenceSet or SequenceStore
            Training data.
        word : int, optional
            Letters written together; by default 3 for open reading frames
            (:func:`biogan.sequences.genetic_code.are_coding`), else 1.

        Raises
        ------
        DataError
            If there are no letters, or the records are not made of such words.
        """
        longest = sequences.longest
        if not longest:
            raise DataError("no letters to train on: every record is empty or was dropped")
        kind = FIXED if sequences.is_fixed_length else VARIABLE
        if kind == FIXED and sequences.alphabet.has_gap:
            kind = ALIGNED
        if word is None:
            # A store is not read through for this; --word 3 says it.
            genes = isinstance(sequences, SequenceSet) and are_coding(sequences)
            word = CODON if genes else 1
        lengths = _length_counts(sequences, word, longest) if kind == VARIABLE else ()
        tokenizer = cls(sequences.alphabet, longest, kind, word, lengths=lengths)
        if tokenizer.channels > MOST_CHANNELS:
            raise DataError(
                f"--word {word}: {sequences.alphabet.size} letters make {tokenizer.channels} "
                f"words, at most {MOST_CHANNELS} can be told apart"
            )
        if kind != VARIABLE and longest % word:
            raise DataError(f"every record has length {longest}, no multiple of --word {word}")
        if isinstance(sequences, SequenceStore):
            check_words(sequences, word)
        if word > 1 and kind != ALIGNED and isinstance(sequences, SequenceSet):
            rows = tokenizer.encode(sequences)
            closing = tokenizer._closing(rows, sequences.lengths)
            return replace(tokenizer, closing=closing, opening=tokenizer._opening(rows))
        return tokenizer

    def _opening(self, rows: np.ndarray) -> tuple[int, ...]:
        """Find the words one of which opens each sequence, if they are few."""
        words = np.unique(rows[:, 0])
        few = len(words) <= _OPENINGS and self.end not in words
        return tuple(words.tolist()) if few and len(rows) >= len(words) * _RECORDS else ()

    def _closing(self, rows: np.ndarray, lengths: np.ndarray) -> tuple[int, ...]:
        """Find the words one of which closes each sequence, and none of which stands elsewhere."""
        last = rows[np.arange(len(rows)), np.maximum(lengths // self.word, 1) - 1]
        words, ends = np.unique(last, return_counts=True)
        anywhere = np.bincount(rows.ravel(), minlength=self.channels)[words]
        # Of few records it would be chance.
        if self.end in words or len(rows) < len(words) * _RECORDS or (anywhere > ends).any():
            return ()
        return tuple(words.tolist())

    @property
    def length_shares(self) -> tuple[float, ...]:
        """Share of the sequences to be written with 0, 1, 2 ... positions.

        The shares of the training records, of which a part is spread to neighbouring lengths. This
        part is the share of the records whose length no other record has, which estimates how many
        further records would have a length that was not seen (Good 1953, Biometrika 40:237).
        Lengths beyond the shortest and the longest record have share 0.
        """
        return tuple(spread_shares(np.array(self.lengths, float)).tolist())

    def length_range(self, asked: str | None) -> tuple[int, int | None]:
        """Read a range of lengths in letters as one in positions.

        Parameters
        ----------
        asked : str or None
            ``"60:90"``, ``"60:"``, ``":90"`` or ``"75"``, both ends included; None for all.

        Returns
        -------
        low, high : int or None
            First and last length; None: up to the longest.

        Raises
        ------
        ConfigError
            If it is no range, the lengths of this model cannot be chosen, or no training record
            has such a length.

        Examples
        --------
        >>> tokenizer = Tokenizer.of(SequenceSet.from_strings(["ACGTACGT", "ACGT"]))
        >>> tokenizer.length_range("4:6"), tokenizer.length_range("5:"), tokenizer.length_range("8")
        ((4, 6), (5, None), (8, 8))
        """
        if asked is None:
            return 0, None
        found = re.fullmatch(r"(\d{0,9})(?:(:)(\d{0,9}))?", asked)
        if not found or not (found[1] or found[3]):
            raise ConfigError(f"--length {asked}: give a range such as 60:90, or one length")
        low = int(found[1] or 0)
        high = int(found[3]) if found[3] else None if found[2] else low
        if high is not None and high < low:
            raise ConfigError(f"--length {asked}: {low} is more than {high}")
        if self.kind != VARIABLE:
            raise ConfigError(f"--length {asked}: the records of this model have one length")
        if not self.lengths:
            raise ConfigError(
                f"--length {asked}: this model was trained by biogan 0.2 or before and cannot be "
                "told a length; train it again"
            )
        first, last = -(-low // self.word), None if high is None else high // self.word
        if not any(self.length_shares[: None if last is None else last + 1][first:]):
            places = np.flatnonzero(self.lengths) * self.word
            raise ConfigError(
                f"--length {asked}: no training record has such a length; they have "
                f"{places[0]} to {places[-1]:,} letters"
            )
        return first, last

    @property
    def end(self) -> int:
        """Code of the end symbol: one more than those of the words."""
        return self.alphabet.size**self.word

    @property
    def channels(self) -> int:
        """Words (single letters for ``word`` 1), and the end symbol where lengths vary."""
        return self.end + (self.kind == VARIABLE)

    @property
    def positions(self) -> int:
        """Words in the longest sequence."""
        return self.length // self.word

    def encode(self, sequences: SequenceSet) -> np.ndarray:
        """Return the codes, one row a sequence, shape (n, positions), uint8.

        Raises
        ------
        DataError
            If a sequence does not fit: other letters, too long, or of another fixed length.
        """
        if sequences.alphabet.symbols != self.alphabet.symbols:
            raise DataError(
                f"the sequences have the {sequences.alphabet.noun} {sequences.alphabet.described}, "
                f"the model {self.alphabet.described}"
            )
        lengths = sequences.lengths
        wrong = lengths > self.length if self.kind == VARIABLE else lengths != self.length
        if wrong.any():
            i = int(wrong.argmax())
            wanted = "at most " * (self.kind == VARIABLE) + str(self.length)
            raise DataError(
                f"record {sequences.ids[i]!r} has length {lengths[i]:,}, {wanted} is needed "
                f"({int(wrong.sum()):,} such records)"
            )
        if (sequences.codes == UNKNOWN).any():
            raise DataError(f"some letters are not in the alphabet {self.alphabet.described}")
        split = lengths % self.word > 0
        if split.any():
            i = int(split.argmax())
            raise DataError(
                f"record {sequences.ids[i]!r} has length {lengths[i]:,}, no multiple of --word "
                f"{self.word} ({int(split.sum()):,} such records)"
            )
        matrix = sequences.matrix(self.length)
        if self.word == 1:
            return matrix
        words = matrix.reshape(len(matrix), self.positions, self.word)
        codes = (words @ self._places).astype(np.uint8)
        return np.where(words[:, :, 0] == self.alphabet.end, np.uint8(self.end), codes)

    @property
    def _places(self) -> np.ndarray:
        """What a letter at each place of a word counts, the first most."""
        return self.alphabet.size ** np.arange(self.word - 1, -1, -1)

    @property
    def spelling(self) -> np.ndarray:
        """Letters of each code, one-hot: shape (word, letters, channels), the end symbol has none.

        Examples
        --------
        >>> dna = SequenceSet.from_strings(["ACGT"]).alphabet
        >>> table = Tokenizer(dna, 6, "variable", 2).spelling
        >>> table.shape, table.argmax(1)[:, 7].tolist(), bool(table[:, :, 16].any())
        ((2, 4, 17), [1, 3], False)
        """
        words = np.arange(self.end)[:, None] // self._places % self.alphabet.size
        table = np.zeros((self.word, self.alphabet.size, self.channels), np.float32)
        for place in range(self.word):
            table[place, words[:, place], np.arange(self.end)] = 1
        return table

    def decode(self, rows: np.ndarray, ids: Sequence[str] | None = None) -> SequenceSet:
        """Turn rows of codes into sequences, each up to its first end symbol."""
        return SequenceSet.from_matrix(self.alphabet, self.letters(rows), ids)

    def letters(self, rows: np.ndarray) -> np.ndarray:
        """Spell rows of codes as letters and end symbols, shape (n, length), uint8."""
        if self.word == 1:
            return rows
        letters = rows[:, :, None] // self._places % self.alphabet.size
        letters[rows == self.end] = self.alphabet.end
        return letters.reshape(len(rows), self.length).astype(np.uint8)

    def describe(self) -> str:
        """Describe the tokens and lengths in words."""
        words = {
            FIXED: f"all of length {self.length:,}",
            ALIGNED: f"aligned, {self.length:,} columns, the gap is a letter",
            VARIABLE: f"up to {self.length:,} {self.alphabet.noun} and an end symbol",
        }
        read = f", read in words of {self.word}" if self.word > 1 else ""
        if self.opening:
            read += f", {' or '.join(self.words(self.opening))} first in all"
        if self.closing:
            read += f", {' or '.join(self.words(self.closing))} last in all and nowhere else"
        return words[self.kind] + read

    def words(self, codes: Sequence[int]) -> list[str]:
        """Spell codes out.

        Examples
        --------
        >>> Tokenizer(SequenceSet.from_strings(["ACGT"]).alphabet, 6, "fixed", 3).words([48, 63])
        ['TAA', 'TTT']
        """
        places = np.array(codes)[:, None] // self._places % self.alphabet.size
        return ["".join(self.alphabet.symbols[i] for i in word) for word in places.tolist()]

    def to_dict(self) -> dict[str, object]:
        """Return what ``config.json`` keeps."""
        return {
            "alphabet": self.alphabet.to_dict(),
            "length": self.length,
            "kind": self.kind,
            "word": self.word,
            "closing": list(self.closing),
            "opening": list(self.opening),
            **({"lengths": list(self.lengths)} if self.lengths else {}),
        }

    @classmethod
    def from_dict(cls, data: dict) -> Tokenizer:
        """Rebuild a tokenizer from the result of :meth:`to_dict`."""
        return cls(
            Alphabet.from_dict(data["alphabet"]),
            int(data["length"]),
            str(data["kind"]),
            int(data.get("word", 1)),
            tuple(map(int, data.get("closing", ()))),
            tuple(map(int, data.get("opening", ()))),
            tuple(map(int, data.get("lengths", ()))),
        )

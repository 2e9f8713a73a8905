"""Long words that records share: what shifted windows have in common and identity does not see.

Two windows of one genome that are shifted by a quarter of their length share three quarters of
their letters, and yet have the identity of unrelated sequences. A word of 20 nucleotides hardly
ever stands in two sequences by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from biogan.core.rng import mixed
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.similarity.hamming import Index, window_hashes

#: Letters of a word of nucleotides, and the least and most of a word of other letters.
NUCLEOTIDES, LEAST, MOST = 20, 10, 20
# Words are hashed this many at a time, and at most so many are compared.
_BLOCK, _MOST_WORDS = 1 << 22, 1 << 25
# Cells of the table that tells most words of one set from all of another.
_TABLE = 1 << 24
# Records with one first word that are compared with whatever holds the word.
_ALIKE = 4


def word_size(sequences: SequenceSet) -> int:
    """Return the letters of a word that unrelated records do not share.

    20 nucleotides. A protein tells more with each letter, and relatives share short pieces: a
    quarter of the median length, 10 to 20 residues. More of either in sets so large that random
    letters would share some.

    Examples
    --------
    >>> word_size(SequenceSet.from_strings(["ACGT" * 10]))
    20
    >>> word_size(SequenceSet.from_strings(["MKV" * 20], alphabet="protein"))
    15
    """
    nucleotides = sequences.alphabet.complement is not None
    letters = max(1, len(sequences.codes))
    # In N letters there are N**2 / 2 pairs of words, on two strands twice as many: one is let pass.
    chance = math.ceil(2 * math.log(letters) / math.log(4 if nucleotides else 18))
    if nucleotides or not len(sequences):
        return max(NUCLEOTIDES, chance)
    return max(chance, min(MOST, max(LEAST, int(np.median(sequences.lengths)) // 4)))


def both_strands_count(alphabet: Alphabet) -> bool:
    """Whether a word is the same on the other strand: for DNA it is, for RNA it is not."""
    return alphabet.complement is not None and "T" in alphabet.letters and not alphabet.has_gap


def iter_words(
    sequences: SequenceSet, k: int, strands: bool = False
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield hashes of all words of ``k`` letters, some millions at a time.

    Parameters
    ----------
    sequences : SequenceSet
        Records without gaps; those shorter than ``k`` hold no word.
    k : int
        Letters of a word, at least 1.
    strands : bool
        Give a word and its reverse complement one hash.

    Yields
    ------
    hashes : numpy.ndarray, shape (words,), uint64
    owners, places : numpy.ndarray, shape (words,), int64
        Record of each word, and where it begins there. Words with a letter that stands for several
        are left out.
    """
    alphabet = sequences.alphabet
    vague = np.array([x not in _clear(alphabet) for x in alphabet.letters] + [True] * 256)[:256]
    partner = alphabet.encode(str(alphabet.complement)) if strands else None
    ends = np.cumsum(sequences.lengths)
    cuts = np.flatnonzero(np.diff(ends // _BLOCK, prepend=0))
    for first, last in zip([0, *cuts], [*cuts, len(sequences)], strict=True):
        start, lengths = sequences.offsets[first], sequences.lengths[first:last]
        codes = sequences.codes[start : sequences.offsets[last]]
        each = np.maximum(lengths - k + 1, 0)
        owners = np.repeat(np.arange(first, last), each)
        if not len(owners):
            continue
        places = np.arange(len(owners)) - np.repeat(np.cumsum(each) - each, each)
        at = sequences.offsets[owners] - start + places
        hashes = mixed(window_hashes(codes, k)[at])
        if partner is not None:
            # All turned round as one text: a word begins where its last letter stood.
            turned = window_hashes(partner[codes[::-1]], k)
            hashes = np.minimum(hashes, mixed(turned[len(codes) - k - at]))
        unclear = np.concatenate([[0], np.cumsum(vague[codes])])
        clear = unclear[at + k] == unclear[at]
        if not clear.all():
            hashes, owners, places = hashes[clear], owners[clear], places[clear]
        yield hashes, owners, places


def _clear(alphabet: Alphabet) -> str:
    """Letters that stand for one base or residue."""
    return "ACGTU" if alphabet.complement is not None else "ACDEFGHIKLMNPQRSTVWY"


class SharedWords:
    """The words that stand in more than one record.

    Parameters
    ----------
    sequences : SequenceSet
        Records without gaps.
    k : int, optional
        Letters of a word, by default :func:`word_size`.
    strands : bool, optional
        Whether a word may stand on the other strand; by default it may in DNA.

    Attributes
    ----------
    k : int
    strands : bool
    step : int
        One word in so many was looked up: more than one where there are more than 33 million.
    record, word : numpy.ndarray, shape (entries,), int64
        Each record with each of its shared words, sorted by word. Words are numbered from 0.

    Examples
    --------
    >>> some = SequenceSet.from_strings(["AACCGGATAC", "GGATACTTCT", "AGAAGTATCC", "CTTTAGGCAT"])
    >>> shared = SharedWords(some, 6)
    >>> shared.holders().tolist(), shared.near(np.arange(4) == 0).tolist()
    ([True, True, True, False], [True, True, True, False])
    """

    def __init__(
        self, sequences: SequenceSet, k: int | None = None, strands: bool | None = None
    ) -> None:
        self.n = n = len(sequences)
        self.k = word_size(sequences) if k is None else k
        self.strands = both_strands_count(sequences.alphabet) if strands is None else strands
        total = int(np.maximum(sequences.lengths - self.k + 1, 0).sum())
        self.step = -(-total // _MOST_WORDS)
        bits = np.uint64(max(1, (n - 1).bit_length()))
        parts = [np.zeros(0, np.uint64)]
        for hashes, owners, _ in iter_words(sequences, self.k, self.strands):
            if self.step > 1:
                few = hashes % np.uint64(self.step) == 0
                hashes, owners = hashes[few], owners[few]
            # Hash and record in one number: one sort, no permutation. The bits of the hash that are
            # lost are the low ones, by which words were chosen.
            parts.append((hashes >> bits << bits) | owners.astype(np.uint64))
        keys = np.concatenate(parts)
        del parts
        keys.sort()
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]]
        words = keys >> bits
        again = words[1:] == words[:-1]
        kept = np.concatenate([again, [False]]) | np.concatenate([[False], again])
        kept = kept[: len(keys)]
        words, keys = words[kept], keys[kept]
        first = np.concatenate([[True], words[1:] != words[:-1]])[: len(words)]
        self.word = np.cumsum(first) - 1
        self.record = (keys & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)

    def holders(self) -> np.ndarray:
        """Tell which records hold a word that another one holds, shape (n,), bool."""
        found = np.zeros(self.n, bool)
        found[self.record] = True
        return found

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of records, each once, that join all holders of a word by a path."""
        same = np.flatnonzero(self.word[1:] == self.word[:-1])
        both = np.unique(self.record[same] * self.n + self.record[same + 1])
        return both // max(self.n, 1), both % max(self.n, 1)

    def near(self, chosen: np.ndarray) -> np.ndarray:
        """Tell which records hold a word of a chosen record, shape (n,), bool."""
        held = np.zeros(int(self.word.max(initial=-1)) + 1, bool)
        held[self.word[chosen[self.record]]] = True
        found = np.zeros(self.n, bool)
        found[self.record[held[self.word]]] = True
        return found

    def without_common(self, most: int) -> tuple[SharedWords, int]:
        """Leave out words of more than ``most`` records; return the rest, and how many held one."""
        kept = (np.bincount(self.word) <= most)[self.word]
        rest = object.__new__(SharedWords)
        rest.n, rest.k, rest.strands, rest.step = self.n, self.k, self.strands, self.step
        rest.record, rest.word = self.record[kept], self.word[kept]
        return rest, len(np.unique(self.record[~kept]))


def covered(a: SequenceSet, b: SequenceSet, k: int | None = None) -> np.ndarray:
    """Count the letters of each record of ``a`` that lie in a word which stands in ``b``, too.

    Parameters
    ----------
    a, b : SequenceSet
        Records without gaps over one alphabet; of DNA both strands are looked up.
    k : int, optional
        Letters of a word, by default :func:`word_size` of ``b``.

    Returns
    -------
    numpy.ndarray, shape (len(a),), int64
        0 where no word is shared, else ``k`` to the length of the record.

    Examples
    --------
    >>> some = SequenceSet.from_strings(["AACCGGATAC", "TTTTTTTTTT"])
    >>> covered(some, SequenceSet.from_strings(["GTATCCAAAC"]), 6).tolist()
    [6, 0]
    """
    k = word_size(b) if k is None else k
    strands = both_strands_count(a.alphabet)
    parts = list(iter_words(a, k, strands))
    if not parts:
        return np.zeros(len(a), np.int64)
    hashes, owners, places = (np.concatenate(part) for part in zip(*parts, strict=True))
    wanted, where = np.unique(hashes, return_inverse=True)
    table = np.zeros(_TABLE, bool)
    table[wanted % np.uint64(_TABLE)] = True
    found = np.zeros(len(wanted), bool)
    for others, _, _ in iter_words(b, k, strands):
        maybe = others[table[others % np.uint64(_TABLE)]]
        at = np.minimum(np.searchsorted(wanted, maybe), len(wanted) - 1)
        found[at[wanted[at] == maybe]] = True
    hits = found[where]
    # Each word adds the letters that lie behind the one before it.
    owners, places = owners[hits], places[hits]
    new = np.full(len(owners), k)
    same = np.flatnonzero(owners[1:] == owners[:-1]) + 1
    new[same] = np.minimum(k, places[same] - places[same - 1])
    return np.bincount(owners, new, minlength=len(a)).astype(np.int64)


def dovetails(sequences: SequenceSet, k: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find records of which one begins inside another and goes on as that does, to an end of one.

    That is how windows of one sequence overlap; records that merely have a piece in common do not,
    nor do records that are equal. Of DNA either strand may be turned.

    Parameters
    ----------
    sequences : SequenceSet
        Records without gaps.
    k : int, optional
        Letters that two records share at least, by default :func:`word_size`.

    Returns
    -------
    i, j : numpy.ndarray, shape (pairs,), int64
        Pairs of different records, each once, i < j. Of more than four records with one beginning,
        four are looked up.

    Examples
    --------
    >>> some = SequenceSet.from_strings(["AACCGGATAC", "GGATACTTCT", "AGAAGTATCC", "CCTTAGGCAT"])
    >>> i, j = dovetails(some, 6)
    >>> list(zip(i.tolist(), j.tolist()))
    [(0, 1), (0, 2)]
    """
    k = word_size(sequences) if k is None else k
    n = len(sequences)
    if both_strands_count(sequences.alphabet):
        from biogan.sequences.strands import both_strands

        both = both_strands(sequences)
    else:
        both = sequences
    long = np.flatnonzero(both.lengths >= k)
    if not len(long):
        return long, long
    first = both.codes[(both.offsets[long][:, None] + np.arange(k)).ravel()]
    heads = window_hashes(first, k)[::k]
    # Of equal beginnings the first few stand for all.
    order = np.argsort(heads, kind="stable")
    fresh = np.flatnonzero(np.diff(heads[order], prepend=heads[order[:1]] + np.uint64(1)))
    rank = np.arange(len(order)) - np.repeat(fresh, np.diff(fresh, append=len(order)))
    some = order[rank < _ALIKE]
    index = Index(heads[some])
    table = np.zeros(_TABLE, bool)
    table[heads % np.uint64(_TABLE)] = True
    ends, last = both.offsets[1:], len(both.codes) - k + 1
    found = [np.zeros(0, np.int64)]
    for start in range(0, last, _BLOCK):
        here = window_hashes(both.codes[start : start + _BLOCK + k - 1], k)
        places = np.arange(start, start + len(here))
        maybe = table[here % np.uint64(_TABLE)]
        places, here = places[maybe], here[maybe]
        holder = np.searchsorted(ends, places, "right")
        inside = (places > both.offsets[holder]) & (places + k <= ends[holder])
        places, here, holder = places[inside], here[inside], holder[inside]
        for left, right in index.pairs(here):
            i, j, at = holder[left], long[some[right]], places[left]
            shared = np.minimum(ends[i] - at, both.lengths[j])
            same = _agree(both.codes, at, both.offsets[j], shared)
            i, j = i[same] % n, j[same] % n
            found.append((np.minimum(i, j) * n + np.maximum(i, j))[i != j])
    pairs = np.unique(np.concatenate(found))
    return pairs // n, pairs % n


def _agree(codes: np.ndarray, a: np.ndarray, b: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Tell whether the letters from two places on are the same, for so many letters."""
    same = np.ones(len(a), bool)
    step = max(1, _BLOCK // int(lengths.max(initial=1)))
    for start in range(0, len(a), step):
        rows = slice(start, start + step)
        each = lengths[rows]
        pair = np.repeat(np.arange(len(each)), each)
        within = np.arange(len(pair)) - np.repeat(np.cumsum(each) - each, each)
        differ = codes[a[rows][pair] + within] != codes[b[rows][pair] + within]
        same[rows] = np.bincount(pair, differ, minlength=len(each)) == 0
    return same

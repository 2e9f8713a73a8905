"""Pairs of columns: what two changes do together that they do not do one by one.

For records of one length, such as alignments. The interaction of columns i and j in a record is
f(both changed) - f(i changed) - f(j changed) + f(record), for one new letter each (epistasis). An
exclusive-or of two columns, or a base pair, shows in it and in no single change.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.core.errors import ConfigError, DataError, percentage
from biogan.core.files import reading
from biogan.core.rng import rng
from biogan.interpret.attribution import Scorer, mutagenesis, own_letters, plain_letters
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.metrics.positions import dependence

# Changed records that are scored at most, records that are taken, and how many at once.
_MOST, _RECORDS, _BLOCK = 2_000_000, 200, 1 << 14
#: Pairs of an alignment that precision is told of, and the least distance of their columns.
BEST, APART = 50, 4
_BRACKETS = {"(": ")", "<": ">", "[": "]", "{": "}"}


class ColumnPairs(NamedTuple):
    """Interactions of pairs of columns.

    Attributes
    ----------
    first, second : numpy.ndarray, shape (pairs,), int64
        Columns, from 0, the first one below the second.
    interaction : numpy.ndarray, shape (pairs,)
        Root mean square over records and letters, in the unit of the score.
    corrected : numpy.ndarray, shape (pairs,)
        Less the product of the means of both columns over the mean of all (Dunn et al. 2008,
        Bioinformatics 24:333).
    coupling : numpy.ndarray, shape (pairs,)
        Frobenius norm of C_ij, how much both columns vary together.
    single : numpy.ndarray, shape (L,)
        Mean over these records of what the letter of each column adds.
    records : int
        Records in which columns were changed.
    paired : numpy.ndarray, shape (pairs,), bool, or None
        Whether a consensus structure pairs them.
    """

    first: np.ndarray
    second: np.ndarray
    interaction: np.ndarray
    corrected: np.ndarray
    coupling: np.ndarray
    single: np.ndarray
    records: int
    paired: np.ndarray | None = None

    def best(self, by: np.ndarray, most: int = BEST) -> np.ndarray:
        """Return the numbers of the pairs of the highest values, at least 4 columns apart."""
        far = np.flatnonzero(self.second - self.first >= APART)
        return far[np.argsort(-by[far], kind="stable")[:most]]

    def precision(self, by: np.ndarray, most: int = BEST) -> float | None:
        """Return the share of the best pairs that the structure pairs, None without one."""
        if self.paired is None:
            return None
        best = self.best(by, most)
        return float(self.paired[best].mean()) if len(best) else None


def chosen_columns(text: str, length: int) -> np.ndarray:
    """Read columns, counted from 1.

    Parameters
    ----------
    text : str
        ``all``, or numbers and ranges with commas.
    length : int
        Columns that there are.

    Returns
    -------
    numpy.ndarray of int64
        Counted from 0, in order.

    Raises
    ------
    ConfigError
        If it is none of these, or there are fewer than two columns.

    Examples
    --------
    >>> chosen_columns("2-4,9", 10).tolist()
    [1, 2, 3, 8]
    """
    if text == "all":
        return np.arange(length)
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if match is None:
            raise ConfigError(f"--pairs {text}: write columns such as 3-40,52, or all")
        low, high = int(match[1]), int(match[2] or match[1])
        if not 1 <= low <= high <= length:
            raise ConfigError(f"--pairs {text}: the records have columns 1 to {length:,}")
        found |= set(range(low - 1, high))
    if len(found) < 2:
        raise ConfigError(f"--pairs {text}: at least two columns are needed")
    return np.array(sorted(found), np.int64)


def read_structure(path: str | Path, length: int) -> np.ndarray:
    """Read the pairs of a consensus structure.

    Parameters
    ----------
    path : str or Path
        A text file; its last line of dots and brackets ``()<>[]{}`` counts, with one sign a column.
        Letters pair, too, upper case with lower case (pseudoknots); ``, - _ : ~`` are unpaired.
    length : int
        Columns of the alignment.

    Returns
    -------
    numpy.ndarray, shape (L, L), bool
        Which columns pair, symmetric.

    Raises
    ------
    DataError
        If there is no such line, or its brackets do not match.
    """
    with reading(path, "no text of a structure"):
        lines = Path(path).read_text(encoding="utf-8").split()
    lines = [line for line in lines if re.fullmatch(r"[.,:_~()<>\[\]{}A-Za-z-]+", line)]
    lines = [line for line in lines if set(line) & set("()<>[]{}")]
    if not lines:
        raise DataError(f"--structure {path}: no line of dots and brackets")
    text = lines[-1]
    if len(text) != length:
        raise DataError(
            f"--structure {path}: has {len(text):,} columns, the records have {length:,}"
        )
    closing = {close: open_ for open_, close in _BRACKETS.items()}
    stacks: dict[str, list[int]] = {}
    found = np.zeros((length, length), bool)
    for i, sign in enumerate(text):
        if sign in _BRACKETS or sign.isupper():
            stacks.setdefault(sign, []).append(i)
        elif sign in closing or sign.islower():
            stack = stacks.get(closing.get(sign, sign.upper()), [])
            if not stack:
                raise DataError(f"--structure {path}: column {i + 1:,}: {sign} closes nothing")
            j = stack.pop()
            found[i, j] = found[j, i] = True
    if any(stacks.values()):
        raise DataError(f"--structure {path}: a bracket is not closed")
    return found


def interactions(
    scorer: Scorer,
    codes: np.ndarray,
    alphabet: Alphabet,
    columns: np.ndarray,
    structure: np.ndarray | None = None,
    seed: int = 0,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> ColumnPairs:
    """Change pairs of columns together.

    All pairs of new letters are tried where they are few, else one pair of letters drawn at random
    for each record and pair of columns, in up to 200 records and 2,000,000 changed records in all.

    Parameters
    ----------
    scorer : Scorer
        What is explained.
    codes : numpy.ndarray, shape (n, L), uint8
        Records of one length.
    alphabet : Alphabet
        Of the letters; gaps are left as they are.
    columns : numpy.ndarray
        Columns, from 0.
    structure : numpy.ndarray, shape (L, L), bool, optional
        Columns that pair.
    seed : int
        Seed of the records and letters.
    watch : callable
        Receives records that are done, and all.

    Returns
    -------
    ColumnPairs
    """
    letters = plain_letters(alphabet)
    pairs = np.array([*combinations(columns.tolist(), 2)], np.int64)
    chance = rng(seed, "pairs")
    every = (letters - 1) ** 2
    n = min(_RECORDS, len(codes))
    each = every if len(pairs) * every * n <= _MOST else 1
    n = max(1, min(n, _MOST // max(1, len(pairs) * each)))
    rows = np.sort(chance.permutation(len(codes))[:n])
    # What each change does alone.
    effects = mutagenesis(lambda some, which: scorer(some, rows[which]), codes[rows], alphabet)
    steps = np.array([(a, b) for a in range(1, letters) for b in range(1, letters)])
    squares, counts = np.zeros(len(pairs)), np.zeros(len(pairs))
    for done, row in enumerate(rows.tolist()):
        watch(done, n)
        record, own = codes[row], effects[done]
        there = np.flatnonzero((record[pairs] < letters).all(1))
        which = np.repeat(there, each)
        if not len(which):
            continue
        at = pairs[which]
        if each == every:
            step = np.tile(steps, (len(there), 1))
        else:
            step = chance.integers(1, letters, (len(which), 2))
        old = record[at]
        new = (old + step) % letters
        both = np.empty(len(which))
        for some in np.split(np.arange(len(which)), range(_BLOCK, len(which), _BLOCK)):
            changed = np.repeat(record[None], len(some), 0)
            changed[np.arange(len(some))[:, None], at[some]] = new[some]
            both[some] = scorer(changed, np.full(len(some), row))
        plain = float(scorer(record[None], np.array([row]))[0])
        alone = (own[at, new] - own[at, old]).sum(1)
        squares += np.bincount(which, np.square(both - plain - alone), len(pairs))
        counts += np.bincount(which, minlength=len(pairs))
    watch(n, n)
    found = np.sqrt(squares / np.maximum(counts, 1))
    strength, _ = dependence(codes, alphabet.size)
    first, second = pairs.T
    return ColumnPairs(
        first, second, found, _corrected(found, first, second), np.sqrt(strength[first, second]),
        own_letters(effects, codes[rows]).mean(0), n,
        None if structure is None else structure[first, second],
    )  # fmt: skip


def _corrected(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Take the average product of the columns off."""
    size = int(second.max()) + 1
    total = np.bincount(first, values, size) + np.bincount(second, values, size)
    count = np.bincount(first, minlength=size) + np.bincount(second, minlength=size)
    means = total / np.maximum(count, 1)
    return np.asarray(values - means[first] * means[second] / max(float(values.mean()), 1e-12))


def said_of(pairs: ColumnPairs) -> str:
    """Say which pair acts together most, and how far a structure agrees."""
    best = pairs.best(pairs.corrected, 1)
    if not len(best):
        return f"pairs: no two columns at least {APART} apart"
    i = int(best[0])
    said = (
        f"pairs: columns {pairs.first[i] + 1:,} and {pairs.second[i] + 1:,} act together most "
        f"({pairs.interaction[i]:.3g} on average)"
    )
    mine, other = pairs.precision(pairs.corrected), pairs.precision(pairs.coupling)
    if mine is not None and other is not None:
        said += (
            f"; of the {BEST} best {percentage(mine)} are paired in the structure, by C_ij "
            f"{percentage(other)}"
        )
    return said

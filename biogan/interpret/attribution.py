"""Attribution: how much each letter of a record adds to a score.

*In-silico mutagenesis* changes one letter at a time to each other letter and asks for the score: it
is exact and needs no gradient. *Gradient times input* is one backward pass a record; one-hot
letters lie on a simplex, so only differences of the gradient between letters of a position mean
something, and its mean over the letters is subtracted (Majdandzic et al. 2023, Genome Biol.
24:109).
*Integrated gradients* (Sundararajan et al. 2017, ICML) are its mean along the straight line from
even letters to the record; their sum is the difference of the scores of both ends.

All three are returned alike: for each position and letter the change of the score if that letter
stood there, centred over the letters of the position. The attribution of a position is the value
of its own letter.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from biogan.core.errors import CheckpointError, DataError
from biogan.core.files import writing
from biogan.core.oracles import Asked
from biogan.interpret.judge import Judge
from biogan.sequences.alphabet import GAP, Alphabet

# Mutants that are scored at once.
_MUTANTS = 1 << 14
# Steps of the line of integrated gradients, doubled until the sum fits, and the last number.
_STEPS, _MOST_STEPS = 32, 512
#: Relative difference up to which integrated gradients are complete.
COMPLETE = 0.01

#: Receives records that are done, and all of them.
Watch = Callable[[int, int], None]


class Scorer(Protocol):
    """Scores rows of letters, each as the record that it was made of."""

    def __call__(self, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Score rows.

        Parameters
        ----------
        codes : numpy.ndarray, shape (n, L), uint8
            Letters; A and above: behind the end.
        rows : numpy.ndarray, shape (n,), int
            Number of the record that each is a variant of.

        Returns
        -------
        numpy.ndarray, shape (n,), float64
        """
        ...


class JudgeScorer:
    """The log density ratio by the networks that have not seen a record.

    Parameters
    ----------
    judge : Judge
        Fitted networks.
    folds : numpy.ndarray, shape (records,), int
        Fold of each record.
    """

    def __init__(self, judge: Judge, folds: np.ndarray) -> None:
        self.judge, self.folds = judge, folds

    def __call__(self, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the log density ratios in nats, shape (n,)."""
        return self.judge(codes, self.folds[rows])


class OracleScorer:
    """A value of an oracle.

    Parameters
    ----------
    oracle : Asked
        What is asked.
    alphabet : Alphabet
        Letters of the records; gaps are left out of the questions.
    value : str, optional
        Which of its values; the only one by default.
    """

    def __init__(self, oracle: Asked, alphabet: Alphabet, value: str | None = None) -> None:
        self.oracle, self.alphabet, self.value = oracle, alphabet, value

    def __call__(self, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the values, shape (n,).

        Raises
        ------
        OracleError
            If the oracle fails.
        DataError
            If it has several values and none was chosen, or not this one.
        """
        inside = codes < self.alphabet.size
        offsets = np.append(0, np.cumsum(inside.sum(1)))
        texts = self.alphabet.decode_many(codes[inside], offsets)
        texts = [text.replace(GAP, "") for text in texts]
        distinct = [*dict.fromkeys(texts)]
        values = self.oracle(distinct)
        names = self.oracle.columns
        if self.value is None and len(names) > 1:
            raise DataError(
                f"{self.oracle.name}: has the values {', '.join(names)}; choose one with --value"
            )
        if self.value is not None and self.value not in names:
            raise DataError(f"--value {self.value}: {self.oracle.name} has {', '.join(names)}")
        column = 0 if self.value is None else names.index(self.value)
        if not np.isfinite(values[:, column]).all():
            wrong = distinct[int(np.flatnonzero(~np.isfinite(values[:, column]))[0])]
            raise DataError(
                f"{self.oracle.name}: calls {wrong} not feasible; effects need a number for every "
                "single change"
            )
        known = dict(zip(distinct, values[:, column].tolist(), strict=True))
        return np.array([known[text] for text in texts])


def plain_letters(alphabet: Alphabet) -> int:
    """Return the number of letters without a gap, which stands behind them.

    Raises
    ------
    DataError
        If it stands before one of them.
    """
    letters = alphabet.letters
    if GAP in letters[:-1]:
        raise DataError(f"the letters {letters}: the gap has to be the last one")
    return len(letters.removesuffix(GAP))


def centred(effects: np.ndarray, codes: np.ndarray, letters: int) -> np.ndarray:
    """Subtract the mean over the letters of each position that has one.

    Parameters
    ----------
    effects : numpy.ndarray, shape (n, L, A)
        Change of the score with each letter.
    codes : numpy.ndarray, shape (n, L), uint8
        Letters of the records.
    letters : int
        Letters without a gap: the first so many.

    Returns
    -------
    numpy.ndarray, shape (n, L, A), float32
        0 behind the end and at gaps.
    """
    found = np.array(effects, np.float32)
    found[..., :letters] -= found[..., :letters].mean(2, keepdims=True)
    found[..., letters:] = 0
    found[codes >= letters] = 0
    return found


def mutagenesis(
    scorer: Scorer,
    codes: np.ndarray,
    alphabet: Alphabet,
    out: np.ndarray | None = None,
    watch: Watch = lambda done, total: None,
) -> np.ndarray:
    """Score all records with one letter changed.

    Parameters
    ----------
    scorer : Scorer
        What is explained.
    codes : numpy.ndarray, shape (n, L), uint8
        Letters; A and above: behind the end. Letters are changed, never inserted or taken out: a
        gap stays one, and none is made.
    alphabet : Alphabet
        Of the A letters.
    out : numpy.ndarray, shape (n, L, A), float32, optional
        Where the effects go, NaN where they are still to be found (:func:`part_file`).
    watch : callable
        Receives the number of records that are done.

    Returns
    -------
    numpy.ndarray, shape (n, L, A), float32
        Score with that letter there, less the mean over the letters of the position; 0 where
        nothing was changed.

    Examples
    --------
    >>> from biogan.sequences.alphabet import DNA
    >>> count = lambda codes, rows: (codes == 0).sum(1).astype(float)
    >>> mutagenesis(count, np.array([[0, 1]], np.uint8), DNA)[0].tolist()
    [[0.75, -0.25, -0.25, -0.25], [0.75, -0.25, -0.25, -0.25]]
    """
    n, length, size = len(codes), codes.shape[1], alphabet.size
    out, left = _begun(out, (n, length, size))
    letters = np.arange(plain_letters(alphabet))
    block = max(1, _MUTANTS // max(1, length * (size - 1)))
    watch(n - len(left), n)
    for part in np.split(left, range(block, len(left), block)):
        if not len(part):
            continue
        # Record in the part, position and new letter of each mutant.
        which, place = np.nonzero(np.isin(codes[part], letters))
        which, place = (np.repeat(x, len(letters)) for x in (which, place))
        letter = np.tile(letters, len(which) // len(letters))
        new = codes[part][which, place] != letter
        which, place, letter = which[new], place[new], letter[new]
        found = np.zeros((len(part), length, size), np.float32)
        own = scorer(codes[part], part)
        for some in np.split(np.arange(len(which)), range(_MUTANTS, len(which), _MUTANTS)):
            mutants = codes[part[which[some]]]
            mutants[np.arange(len(some)), place[some]] = letter[some]
            scores = scorer(mutants, part[which[some]]) if len(some) else np.zeros(0)
            found[which[some], place[some], letter[some]] = scores - own[which[some]]
        out[part] = centred(found, codes[part], len(letters))
        if isinstance(out, np.memmap):
            out.flush()
        watch(n - len(left) + int(np.searchsorted(left, part[-1], "right")), n)
    return out


def part_file(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """Open the effects of a run that may be stopped and resumed: NaN where they are not known yet.

    Parameters
    ----------
    path : Path
        File that is made, or read where it exists.
    shape : tuple of int
        Records, positions, letters.

    Raises
    ------
    CheckpointError
        If the file has another size.
    """
    size = int(np.prod(shape)) * 4
    if path.exists():
        if path.stat().st_size != size:
            raise CheckpointError(
                f"{path}: has {path.stat().st_size:,} bytes, {size:,} are due; begin anew with "
                "--overwrite"
            )
        return np.memmap(path, np.float32, "r+", shape=shape)
    with writing(path):
        made = np.memmap(path, np.float32, "w+", shape=shape)
        for row in made:
            row[:] = np.nan
        made.flush()
    return made


def _begun(out: np.ndarray | None, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return where the effects go, and the numbers of the records without."""
    if out is None:
        out = np.full(shape, np.nan, np.float32)
    left = [i for i in range(len(out)) if np.isnan(out[i]).any()]
    return out, np.array(left, np.int64)


def own_letters(effects: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the attribution of each position: the centred effect of its letter, shape (n, L)."""
    rows = np.minimum(codes, effects.shape[2] - 1).astype(np.int64)
    found = np.take_along_axis(effects, rows[..., None], 2)[..., 0]
    return np.where(codes < effects.shape[2], found, 0).astype(np.float32)


def gradient_effects(
    judge: Judge,
    codes: np.ndarray,
    folds: np.ndarray,
    out: np.ndarray | None = None,
    watch: Watch = lambda done, total: None,
) -> np.ndarray:
    """Return gradients with respect to the letters of each record, shape (n, L, A), float32.

    Parameters
    ----------
    judge : Judge
        What is explained.
    codes : numpy.ndarray, shape (n, L), uint8
        Letters; A and above: behind the end.
    folds : numpy.ndarray, shape (n,), int
        Fold of each record.
    out, watch
        As in :func:`mutagenesis`.
    """
    return _by_gradient(judge, codes, folds, out, watch, lambda fold, letters: _slope(
        judge, fold, letters))  # fmt: skip


class Integrated(NamedTuple):
    """Integrated gradients and how nearly they add up.

    Attributes
    ----------
    effects : numpy.ndarray, shape (n, L, A), float32
        Mean gradients along the line, with respect to each letter.
    error : float
        Largest difference, over the records, of the sum of the attributions from the difference of
        the scores at both ends, as a share of the spread of that difference (its root mean square).
    """

    effects: np.ndarray
    error: float


def integrated_gradients(
    judge: Judge,
    codes: np.ndarray,
    folds: np.ndarray,
    out: np.ndarray | None = None,
    watch: Watch = lambda done, total: None,
) -> Integrated:
    """Average gradients on the line from even letters to each record, by the midpoint rule.

    The number of steps doubles until the sum fits within a hundredth.

    Parameters
    ----------
    judge, codes, folds, out, watch
        As in :func:`gradient_effects`.
    """
    errors: list[tuple[float, float]] = []

    def along(fold: int, letters: Tensor) -> Tensor:
        inside = letters.sum(1, keepdim=True)
        even = inside / letters.shape[1]
        with torch.no_grad():
            due = judge.log_ratio(letters, fold) - judge.log_ratio(even * torch.ones_like(letters),
                                                                   fold)  # fmt: skip
        spread = due.square().mean().sqrt().clamp(min=1e-6)
        steps = _STEPS
        while True:
            total = torch.zeros_like(letters)
            for k in range(steps):
                t = (k + 0.5) / steps
                total += _slope(judge, fold, t * letters + (1 - t) * even)
            total /= steps
            wrong = ((total * (letters - even)).sum((1, 2)) - due).abs().max()
            if wrong <= COMPLETE * spread or steps >= _MOST_STEPS:
                break
            steps *= 2
        errors.append((float(wrong), float(spread)))
        return total

    effects = _by_gradient(judge, codes, folds, out, watch, along)
    error = max((wrong / spread for wrong, spread in errors), default=0.0)
    return Integrated(effects, error)


def _slope(judge: Judge, fold: int, letters: Tensor) -> Tensor:
    """Return the gradient of the log ratio with respect to (n, A, L) letters."""
    x = letters.detach().requires_grad_()
    found: Tensor = torch.autograd.grad(judge.log_ratio(x, fold).sum(), x)[0]
    return found


def _by_gradient(
    judge: Judge,
    codes: np.ndarray,
    folds: np.ndarray,
    out: np.ndarray | None,
    watch: Watch,
    work: Callable[[int, Tensor], Tensor],
) -> np.ndarray:
    n, length = codes.shape
    out, left = _begun(out, (n, length, judge.alphabet.size))
    block = max(1, _MUTANTS * 8 // max(1, length * judge.alphabet.size))
    done = n - len(left)
    watch(done, n)
    for fold in np.unique(folds):
        rows = left[folds[left] == fold]
        for part in np.split(rows, range(block, len(rows), block)):
            if len(part):
                found = work(int(fold), judge.encode(codes[part])).transpose(1, 2).numpy()
                out[part] = centred(found, codes[part], plain_letters(judge.alphabet))
                done += len(part)
                watch(done, n)
    return out

"""Oracles: any callable that tells how good a sequence is, and one whose answers are checked.

An oracle takes a list of sequences and returns a number for each, or several. Whatever goes wrong
in it, an exception, rubbish, no answer, ends in one line that names the sequence.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from biogan.core.display import shown
from biogan.core.errors import BioganError, first_line, plural

#: The column of an oracle that gives one number and no name.
SCORE = "score"
#: Letters of a sequence that a message shows.
LETTERS = 60
# Largest value: means and variances of such values are numbers, too.
_LARGEST = 1e100


class Oracle(Protocol):
    """Any callable from a list of sequences to their values."""

    def __call__(self, sequences: list[str]) -> Any:
        """Score sequences.

        Parameters
        ----------
        sequences : list of str
            Letters without gaps.

        Returns
        -------
        array_like, shape (n,) or (n, k), or mapping of str to array_like
            One value or several for each; -inf says that a sequence is not feasible.
        """
        ...


class OracleError(BioganError):
    """An oracle that raised, did not answer, or returned something else than a number each."""


class Asked:
    """An oracle whose answers are checked.

    Parameters
    ----------
    oracle : Oracle
        What is asked.
    name : str
        What it is called in messages.
    timeout : float, optional
        Seconds that one question may take.

    Attributes
    ----------
    columns : tuple of str
        Names of its values, known after the first answer.

    Examples
    --------
    >>> length = Asked(lambda sequences: [len(s) for s in sequences], "length")
    >>> length(["ACG", "A"]).tolist(), length.columns
    ([[3.0], [1.0]], ('score',))
    """

    def __init__(self, oracle: Oracle, name: str, timeout: float | None = None) -> None:
        self.oracle, self.name, self.timeout = oracle, name, timeout
        self.columns: tuple[str, ...] = ()

    def __call__(self, sequences: Sequence[str]) -> np.ndarray:
        """Return the values, shape (n, columns).

        Raises
        ------
        OracleError
            If it fails for a sequence.
        """
        asked = list(sequences)
        try:
            return self._answer(asked)
        except OracleError as error:
            if len(asked) > 1 and not isinstance(error.__cause__, TimeoutError | _TooLongError):
                for one in asked:
                    # The first one that fails on its own is named.
                    self._answer([one])
            raise

    def _answer(self, asked: list[str]) -> np.ndarray:
        try:
            found = _within(self.timeout, lambda: self.oracle(list(asked)))
        except _TooLongError as error:
            raise OracleError(
                f"{self.name}: no answer within {self.timeout:g} s for {described(asked)}; raise "
                "--oracle-timeout or look at the program"
            ) from error
        except OracleError:
            raise
        except (Exception, SystemExit) as error:
            raise OracleError(
                f"{self.name}: {type(error).__name__} for {described(asked)}: {first_line(error)}"
            ) from error
        columns, values = self._table(found, asked)
        if self.columns and columns != self.columns:
            raise OracleError(
                f"{self.name}: gave the columns {', '.join(columns)} for {described(asked)}, "
                f"before {', '.join(self.columns)}"
            )
        odd = np.isnan(values) | ((np.abs(values) > _LARGEST) & (values != -np.inf))
        if odd.any():
            row, column = np.argwhere(odd)[0]
            raise OracleError(
                f"{self.name}: {columns[column]} is {values[row, column]} for "
                f"{described([asked[row]])}; numbers are needed, -inf for what is not feasible, "
                f"and none beyond {_LARGEST:.0e}"
            )
        self.columns = columns
        return values

    def _table(self, found: Any, asked: list[str]) -> tuple[tuple[str, ...], np.ndarray]:
        """Return the names of the columns and the values, shape (n, columns)."""
        names: tuple[str, ...] = ()
        try:
            if isinstance(found, Mapping) or hasattr(found, "columns"):
                names = tuple(map(str, found.keys()))
                if any(not name.strip() or not name.isprintable() for name in names):
                    raise ValueError("a name of its values is empty, or has a tab or line break")
                if len({*names}) < len(names):
                    raise ValueError("two of its values have one name")
                found = np.stack([np.asarray(found[name], float) for name in found], 1)
            values = np.asarray(found, float)
        except Exception as error:  # whatever was returned turns itself into numbers
            raise OracleError(
                f"{self.name}: no numbers for {described(asked)}: {first_line(error)}"
            ) from error
        if not values.ndim:
            raise OracleError(
                f"{self.name}: {found!r} for {described(asked)}, which is no table of numbers"
            )
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or len(values) != len(asked) or not values.shape[1]:
            raise OracleError(
                f"{self.name}: values of shape {np.shape(found)} for "
                f"{plural(len(asked), 'sequence')}: one number each is needed, or one row each"
            )
        k = values.shape[1]
        return names or ((SCORE,) if k == 1 else tuple(f"{SCORE}{i + 1}" for i in range(k))), values


def described(asked: Sequence[str]) -> str:
    """Name one sequence, or say how many there were.

    Examples
    --------
    >>> described(["ACG"]), described(["A", "C"])
    ('ACG', '2 sequences')
    """
    if len(asked) > 1:
        return f"{len(asked):,} sequences"
    return shown(asked[0], LETTERS) if asked else "no sequence"


class _TooLongError(Exception):
    """A question that was not answered within the time that it may take."""


def _within(seconds: float | None, work: Callable[[], Any]) -> Any:
    """Do some work, in a thread that is left behind if it takes too long."""
    if seconds is None:
        return work()
    result: list[Any] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise _TooLongError
    if raised:
        raise raised[0]
    return result[0]

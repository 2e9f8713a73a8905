"""Errors that a person can act on.

Every error that biogan raises on purpose is a :class:`BioganError` whose text is one line: what was
read (file, line, record or flag), what was found, what to do. The command line prints that line and
exits with ``exit_code``; anything else that escapes is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from biogan.core.display import message, shown, visible


class BioganError(Exception):
    """Base class of every deliberate error.

    Attributes
    ----------
    exit_code : int
        Exit status of the command line: 1 for bad data, 2 for wrong usage, 3 for a check that was
        asked for and could not be made.
    """

    exit_code = 1

    def __str__(self) -> str:
        return message(super().__str__())


class FastaError(BioganError):
    """A sequence file that cannot be read whole.

    Parameters
    ----------
    message : str
        What was found and what to do about it.
    path : str or Path
        The file, ``-`` for standard input.
    line : int, optional
        Line number, counted from 1.
    record : str, optional
        Identifier of the record.

    Examples
    --------
    >>> print(FastaError("no '>' found", "a.fa", line=1))
    a.fa, line 1: no '>' found
    """

    def __init__(
        self,
        message: str,
        path: str | Path,
        line: int | None = None,
        record: str | None = None,
    ) -> None:
        self.message, self.path, self.line, self.record = message, str(path), line, record
        where = "standard input" if self.path == "-" else self.path
        if line is not None:
            where += f", line {line}"
        if record is not None:
            where += f", record {record!r}"
        super().__init__(f"{where}: {message}")

    def __reduce__(self) -> tuple[type[FastaError], tuple[str, str, int | None, str | None]]:
        """Travel between processes: an exception is pickled by its text alone otherwise."""
        return type(self), (self.message, self.path, self.line, self.record)


class AlphabetError(BioganError):
    """Letters that do not belong to the alphabet, or an alphabet that makes no sense."""


class DataError(BioganError):
    """Sequences that were read but cannot be used: too few, too long, labels without records."""


class OutputError(BioganError):
    """An output that cannot be written, or would overwrite somebody's work."""


class QualityError(BioganError):
    """Generated sequences that fail a check which was asked for."""


class UnassessedError(QualityError):
    """A check that was asked for and could not be made: too few records, or none that fit."""

    exit_code = 3


class CheckpointError(BioganError):
    """A model folder with a missing, foreign or damaged file."""


class UnverifiedModel(UserWarning):
    """A model folder of an earlier version, which kept no digests of its files."""


class AdjustedRequest(UserWarning):
    """What was asked for could not be followed to the letter; the message says what was done."""


class ConfigError(BioganError):
    """An option out of its range, unknown, or in conflict with another."""

    exit_code = 2


class AlphabetNameError(AlphabetError, ConfigError):
    """A name that stands for no alphabet, or custom letters that make none."""


class DivergedError(BioganError):
    """Training went wrong again after every rollback, and no check had found a good generator."""


class NonFiniteError(DivergedError):
    """A term or a weight became NaN or infinite again; the best generator so far was kept."""


class ProcessError(BioganError):
    """Another process of a run has ended, or cannot be reached."""


class Interrupted(BioganError):  # noqa: N818 - a stop that was asked for, not a fault
    """Training stopped by a signal after saving its state.

    Parameters
    ----------
    message : str
        What was saved and how to go on.
    exit_code : int
        128 and the number of the signal: 130 after SIGINT (Ctrl-C), 143 after SIGTERM.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[type[Interrupted], tuple[str, int]]:
        """Travel between processes with the exit code."""
        return type(self), (str(self), self.exit_code)


class Stopped(BaseException):  # noqa: N818 - as KeyboardInterrupt, of which it is a kin
    """A signal that ends the process, on its way up from wherever it arrived.

    No ``except Exception`` may catch it: who tells the faults of a library by one line would take
    it for damaged data, and who goes on without something that failed would go on.

    Parameters
    ----------
    number : int
        Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


#: Letters of the text of a foreign error that are shown.
_SHOWN = 200


def first_line(error: BaseException) -> str:
    r"""Return the first line of what an error says, or the error itself where it says nothing.

    Libraries quote what they stumble over: what cannot be shown is written as an escape, and what
    is very long is cut.

    Examples
    --------
    >>> first_line(RuntimeError("no room")), first_line(MemoryError())
    ('no room', 'MemoryError()')
    >>> first_line(ValueError("odd byte \x1b"))
    'odd byte \\x1b'
    """
    said = next(filter(None, map(str.strip, str(error).splitlines())), repr(error))
    return visible(said if len(said) <= _SHOWN else f"{said[:_SHOWN]}...")


def few(names: Sequence[str], most: int = 3, count: int | None = None) -> str:
    """Name the first few, as :func:`~biogan.core.display.shown`, and say how many more there are.

    Examples
    --------
    >>> few(["a", "b", "c", "d", "e"]), few(["a", "b"]), few(["a", "b", "c"], count=9)
    ('a, b, c and 2 more', 'a, b', 'a, b, c and 6 more')
    """
    more = (len(names) if count is None else count) - min(len(names), most)
    return ", ".join(map(shown, names[:most])) + (f" and {more:,} more" if more else "")


def percentage(share: float, digits: int = 0) -> str:
    """Return a share in percent, with a space before the sign as everywhere in biogan.

    Examples
    --------
    >>> percentage(0.9), percentage(0.12345, 1)
    ('90 %', '12.3 %')
    """
    return f"{100 * share:.{digits}f} %"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "record"), plural(1200, "letter")
    ('1 record', '1,200 letters')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")

"""Oracles by name: a function, a program, motifs, a fitted predictor of a label."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import math
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.core.display import shown
from biogan.core.errors import BioganError, ConfigError, first_line
from biogan.core.inputs import check_once
from biogan.core.oracles import LETTERS, SCORE, Asked, Oracle, OracleError, described
from biogan.designing.predictor import FACTS, Predictor, halves
from biogan.molecules.dataset import MoleculeSet
from biogan.molecules.goals import KINDS, goal
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.motifs import Motif, read_motifs

#: How an oracle can be named, for messages.
NAMED = (
    "a folder of biogan oracle, labels:NAME, gc, motif:FILE, cmd:PROGRAM, FILE.py:FUNCTION or "
    "MODULE:FUNCTION; of molecules rdkit:NAME or guacamol:NAME"
)
#: What names a program.
COMMAND = "cmd:"
#: What names an oracle that is fitted to labels.
LABELS = "labels:"


def load_oracle(text: str, timeout: float | None = None, flag: str = "--oracle") -> Asked:
    """Return the oracle that a text names.

    Parameters
    ----------
    text : str
        A folder that ``biogan oracle`` has written; ``gc`` (share of G and C); ``motif:FILE``
        (log-odds score of the best site of each motif, in bits, on either strand);
        ``cmd:PROGRAM`` (FASTA on its standard input; a line ``id<TAB>value...`` for each record on
        its standard output, after an optional line of names that begins with ``id``);
        ``FILE.py:FUNCTION`` or ``MODULE:FUNCTION``; of molecules ``rdkit:NAME`` (a property) and
        ``guacamol:NAME`` (:mod:`biogan.molecules.goals`).
    timeout : float, optional
        Seconds that one question may take.
    flag : str
        What asked for it, for messages.

    Raises
    ------
    ConfigError
        If there is no such oracle.

    Examples
    --------
    >>> load_oracle("gc")(["GGCA", "TTTT"]).tolist()
    [[0.75], [0.0]]
    """
    kind, separator, rest = text.partition(":")
    if (Path(text) / FACTS).is_file():
        return Asked(Predictor.load(Path(text)), text, timeout)
    if kind in KINDS:
        return Asked(goal(text), text, timeout)
    if text == "gc":
        return Asked(gc, "gc")
    if kind == "motif" and rest:
        return Asked(_motifs(rest), text, timeout)
    if kind == "cmd" and rest.strip():
        return Asked(Program(rest.strip(), timeout), text)
    if separator and rest.isidentifier():
        return Asked(_function(kind, rest, flag), text, timeout)
    raise ConfigError(f"{flag} {shown(text)}: no oracle of this name; give {NAMED}")


class Pair(NamedTuple):
    """What is optimised, what checks it, and how both came about.

    Attributes
    ----------
    oracle : Asked
        What is optimised.
    check : Asked or None
        What is asked once at the end.
    notes : tuple of str
        Lines to be said.
    """

    oracle: Asked
    check: Asked | None
    notes: tuple[str, ...] = ()


def load_pair(
    oracle: Oracle | str,
    check: Oracle | str | None = None,
    records: SequenceSet | MoleculeSet | None = None,
    timeout: float | None = None,
    seed: int = 0,
) -> Pair:
    """Return an oracle and its check, by name or as functions.

    ``labels:NAME`` learns a label of ``records``: boosted trees. Without a check they learn from
    one half of them, and a linear model that has learned from the other half is the check; the two
    halves have no near copies between them.

    Parameters
    ----------
    oracle, check : Oracle or str
        Functions, or what :func:`load_oracle` takes, or ``labels:NAME``.
    records : SequenceSet or MoleculeSet, optional
        Labelled records for ``labels:NAME``.
    timeout : float, optional
        Seconds that one question may take.
    seed : int
        Seed of the halves and of the trees.

    Raises
    ------
    ConfigError, DataError
        If there is no such oracle, or no such label.
    """
    notes: list[str] = []
    checker = None
    if isinstance(check, str):
        checker = load_oracle(check, timeout, "--check")
    elif check is not None:
        checker = Asked(check, "the check", timeout)
    if not isinstance(oracle, str):
        return Pair(Asked(oracle, "the oracle", timeout), checker)
    label = oracle.removeprefix(LABELS)
    if label == oracle:
        return Pair(load_oracle(oracle, timeout), checker)
    if records is None:
        raise ConfigError(f"--oracle {shown(oracle)}: give the labelled records with --real")
    if not isinstance(records, SequenceSet):
        raise ConfigError(
            f"--oracle {shown(oracle)}: a label of sequences, and these are molecules"
        )
    parts: Sequence[SequenceSet] = [records]
    if checker is None:
        if label in records.labels:
            parts = halves(records, label, seed)
        second = Predictor.fitted(parts[-1], label, "ridge", seed=seed)
        checker = Asked(second, f"ridge on the other half of {oracle}")
        notes.append(
            f"--check: none given; {len(parts[1]):,} labelled records were held out, a linear "
            "model (ridge) that has learned from them is the check"
        )
    first = Predictor.fitted(parts[0], label, "boosting", seed=seed)
    notes.insert(
        0, f"--oracle {shown(oracle)}: boosted trees on {first.described.what} of "
        f"{first.records:,} labelled records",
    )  # fmt: skip
    return Pair(Asked(first, oracle), checker, tuple(notes))


def gc(sequences: list[str]) -> dict[str, list[float]]:
    """Return the share of G and C in each sequence, 0 for an empty one."""
    return {"gc": [(s.count("G") + s.count("C")) / max(1, len(s)) for s in sequences]}


def _motifs(path: str) -> Oracle:
    check_once(path)
    motifs = read_motifs(path)

    def scores(sequences: list[str]) -> dict[str, list[float]]:
        return {motif.name: [_best_site(motif, text) for text in sequences] for motif in motifs}

    return scores


def _best_site(motif: Motif, text: str) -> float:
    """Return the log-odds score of the best site, in bits; -inf where the sequence is too short."""
    codes = np.array(["ACGT".find(letter) for letter in text.upper().replace("U", "T")])
    one = motif.log_odds(np.full(4, 0.25))
    width = len(one)
    if len(codes) < width:
        return -math.inf
    # A letter that is none of the four scores nothing.
    scores = np.column_stack([one, np.full(width, -np.inf)])
    strands = [scores]
    if motif.both_strands:
        strands.append(np.column_stack([one[::-1, ::-1], np.full(width, -np.inf)]))
    sites = np.lib.stride_tricks.sliding_window_view(codes, width)
    return float(max(own[np.arange(width), sites].sum(1).max() for own in strands))


def _function(home: str, name: str, flag: str) -> Oracle:
    """Import a function from a file or from a module."""
    try:
        if home.endswith(".py"):
            if not Path(home).is_file():
                raise ConfigError(f"{flag} {shown(home)}: no such file")
            spec = importlib.util.spec_from_file_location(Path(home).stem, home)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules.setdefault(Path(home).stem, module)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(home)
        function = getattr(module, name)
    except BioganError:
        raise
    except AttributeError as error:
        raise ConfigError(f"{flag} {shown(home)}: has no function {name!r}") from error
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"{flag} {shown(home)}: cannot be imported: {type(error).__name__}: "
            + first_line(error)
        ) from error
    if not callable(function):
        raise ConfigError(f"{flag} {shown(home)}: {name!r} is no function")
    found: Oracle = function
    return found


class Program:
    """A program that is given FASTA and prints a table.

    Parameters
    ----------
    line : str
        Program and arguments, as a shell splits them; no shell is started.
    timeout : float, optional
        Seconds that it may take.

    Raises
    ------
    ConfigError
        If it cannot be split.
    """

    def __init__(self, line: str, timeout: float | None = None) -> None:
        try:
            self.words, self.timeout = shlex.split(line), timeout
        except ValueError as error:
            raise ConfigError(f"cmd: {shown(line)}: {first_line(error)}") from error

    def __call__(self, sequences: list[str]) -> dict[str, list[float]]:
        """Run it once for all sequences and read its table."""
        return self._read(self.run(sequences), sequences)

    def run(self, sequences: list[str]) -> str:
        """Return what it prints, given the sequences as ``s0``, ``s1`` and so on.

        Raises
        ------
        OracleError
            If it cannot be run, fails, or takes too long.
        """
        text = "".join(f">s{i}\n{s}\n" for i, s in enumerate(sequences))
        pipe = subprocess.PIPE
        try:
            # A session of its own, so that all that it has started ends with it.
            with subprocess.Popen(
                self.words, stdin=pipe, stdout=pipe, stderr=pipe, text=True,
                errors="backslashreplace", start_new_session=True,
            ) as process:  # fmt: skip
                try:
                    said, complained = process.communicate(text, timeout=self.timeout)
                except BaseException:
                    _end(process)
                    raise
        except subprocess.TimeoutExpired:
            raise OracleError(
                f"cmd: {shown(self.words[0])}: no answer within {self.timeout:g} s for "
                f"{described(sequences)}; raise --oracle-timeout or look at the program"
            ) from TimeoutError()
        except OSError as error:
            raise OracleError(
                f"cmd: {shown(self.words[0])}: cannot be run: {error.strerror}"
            ) from error
        if process.returncode:
            why = first_line(RuntimeError(complained)) if complained.strip() else "said nothing"
            raise OracleError(
                f"cmd: {shown(self.words[0])}: ended with exit code {process.returncode} for "
                f"{described(sequences)}: {why}"
            )
        return said

    def _read(self, text: str, sequences: list[str]) -> dict[str, list[float]]:
        names: list[str] | None = None
        rows: dict[str, list[float]] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            name, *cells = line.rstrip("\n").split("\t")
            if names is None and name.lower() == "id":
                names = cells
                if len({*names}) < len(names):
                    raise OracleError(
                        f"cmd: {shown(self.words[0])}, line {number:,} of its output: "
                        f"{shown(line, LETTERS)} names two values alike"
                    )
                continue
            try:
                rows[name] = [float(cell) for cell in cells]
            except ValueError as error:
                raise OracleError(
                    f"cmd: {shown(self.words[0])}, line {number:,} of its output: "
                    f"{shown(line, LETTERS)} is not id<TAB>number"
                ) from error
            due = len(names or next(iter(rows.values()))) or 1
            if len(cells) != due:
                raise OracleError(
                    f"cmd: {shown(self.words[0])}, line {number:,} of its output: "
                    f"{shown(line, LETTERS)} has {len(cells):,} values, {due:,} are due"
                )
        missing = [i for i in range(len(sequences)) if f"s{i}" not in rows]
        if missing:
            raise OracleError(
                f"cmd: {shown(self.words[0])}: no line for {len(missing):,} of "
                f"{len(sequences):,} sequences, the first is {described([sequences[missing[0]]])}"
            )
        table = [rows[f"s{i}"] for i in range(len(sequences))]
        k = len(table[0]) if table else 1
        names = names or ([SCORE] if k == 1 else [f"{SCORE}{i + 1}" for i in range(k)])
        return {name: [row[i] for row in table] for i, name in enumerate(names)}


def _end(process: subprocess.Popen[str]) -> None:
    """Kill a program and what it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
